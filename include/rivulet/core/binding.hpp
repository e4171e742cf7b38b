// SPDX-License-Identifier: MIT
// Binding time: the earliest moment at which a value is known, which decides how often it is computed.
#pragma once

#include <cstdint>

#include "config.hpp"

namespace rivulet::inline RIVULET_ABI {

enum class binding : std::uint8_t {
    candidate,  ///< when an item enters the catalogue or its weights are refreshed: computed once an item
    context,    ///< when a request arrives: computed once a request
    pair        ///< when the two meet: computed once a candidate and request
};

/// When a value made of two others is known.
constexpr binding meet(binding a, binding b) noexcept { return a == b ? a : binding::pair; }

}  // namespace rivulet::inline RIVULET_ABI
