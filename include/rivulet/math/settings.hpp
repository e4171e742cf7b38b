// SPDX-License-Identifier: MIT
// The checks of settings that updaters and the pipeline share.
#pragma once

#include <initializer_list>
#include <string_view>

#include "../core/error.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// The checks of settings; `sentence` names the setting and must be a literal. Finite is asked first: comparisons alone let NaN through
/// under -ffast-math.
inline status above_zero(float x, std::string_view sentence) noexcept {
    return math::finite(x) && x > 0 ? status{} : status{errc::setting, sentence, 0, static_cast<double>(x)};
}
inline status zero_or_more(float x, std::string_view sentence) noexcept {
    return math::finite(x) && x >= 0 ? status{} : status{errc::setting, sentence, 0, static_cast<double>(x)};
}
inline status below_one(float x, std::string_view sentence) noexcept {
    return math::finite(x) && x >= 0 && x < 1 ? status{} : status{errc::setting, sentence, 0, static_cast<double>(x)};
}
inline status first_refusal(std::initializer_list<status> checks) noexcept {
    for (const status& checked : checks)
        if (!checked) return checked;
    return {};
}

}  // namespace rivulet::inline RIVULET_ABI::detail
