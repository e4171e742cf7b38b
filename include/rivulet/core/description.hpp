// SPDX-License-Identifier: MIT
// What a description (a component, a layer, a ranker) says of itself, if it says anything: whether its settings are in range, and its name.
#pragma once

#include <string>

#include "error.hpp"
#include "type_name.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// The first setting that is out of range.
template <class Description> status check_settings(const Description& of) noexcept {
    if constexpr (requires { of.validate(); })
        return of.validate();
    else
        return {};
}

/// Its name, and in braces what a file of its weights should say of its settings.
template <class Description> std::string described(const Description& of) {
    std::string text(type_name<Description>());
    if constexpr (requires { of.settings(); }) text += "{" + of.settings() + "}";
    return text;
}

}  // namespace rivulet::inline RIVULET_ABI::detail
