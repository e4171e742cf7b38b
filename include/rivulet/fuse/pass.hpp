// SPDX-License-Identifier: MIT
// The component that hands a feature on as it is.
#pragma once

#include <algorithm>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = the feature. Bound like the feature, no weights.
template <class Feature> struct pass {
    static_assert(!detail::is_sequence<Feature>, "pass<> takes one vector; a sequence needs attend<>, or a mean that you compute");
    static_assert(!detail::is_ids<Feature>, "pass<> takes numbers; ids go into embed<>, hashed<> or factorisation<>");
    using inputs = features<Feature>;
    static constexpr std::size_t width = Feature::width;
    static constexpr binding bound = Feature::bound;
    static constexpr std::size_t weights = 0;

    template <class T, class Side> void forward(const T*, const Side& side, T* out) const noexcept {
        std::copy_n(side.template get<Feature>().data, width, out);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
