// SPDX-License-Identifier: MIT
// Dropout without storage: masks that are a pure function of a step's seed, a row's number, the layer and the unit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../core/random.hpp"

namespace rivulet::inline RIVULET_ABI {

/// What makes a training step's forward pass random, and its backward pass random in the same way. Seed 0 is serving: no noise.
struct noise {
    std::uint64_t seed = 0;  ///< of the step; the same seed, the same masks
    std::uint64_t row = 0;   ///< the number, within the step, of the first row of a call; the others follow

    constexpr explicit operator bool() const noexcept { return seed != 0; }
    /// Noise of one of several layers or heads, independent of the others'; may be nested.
    constexpr noise of(std::uint64_t part) const noexcept {
        return seed == 0 ? *this : noise{random(random(seed).bits() ^ part).bits() | 1u, row};
    }
    /// Noise of the rows from `first` on.
    constexpr noise from(std::uint64_t first) const noexcept { return {seed, row + first}; }
};

namespace math {

/// y[i] = x[i] / (1 - share) where unit i of this row is kept, else 0 x[i]: inverted dropout (Srivastava et al. 2014, section 10), whose
/// mean is x. `by.row` is the row's number; 0 <= share < 1. Without noise y = x. The slope goes the same way: call it on dy.
/// x, y: (n), y may be x. NaN and infinity show (as NaN) even where they are dropped. O(n), one SplitMix64 a unit.
template <class T> void dropout(const T* x, T* y, std::size_t n, float share, const noise& by) noexcept {
    if (!by || share <= 0) return static_cast<void>(x == y ? y : std::copy_n(x, n, y));
    const double lost = static_cast<double>(share);
    const std::uint64_t first_kept = static_cast<std::uint64_t>(lost * 0x1p53);
    const T scale = static_cast<T>(1 / (1 - lost));
    random draw(random(random(by.seed).bits() ^ by.row).bits());
    for (std::size_t i = 0; i < n; ++i) y[i] = x[i] * ((draw.bits() >> 11) < first_kept ? T(0) : scale);
}

}  // namespace math
}  // namespace rivulet::inline RIVULET_ABI
