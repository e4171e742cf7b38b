// SPDX-License-Identifier: MIT
// Seeded random numbers that are the same on every platform: integers and exact divisions only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.hpp"

namespace rivulet::inline RIVULET_ABI {

/// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, passes BigCrush; not for secrets.
class random {
public:
    constexpr explicit random(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t bits() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    /// In [0, 1), a multiple of 2^-53.
    constexpr double unit() noexcept { return static_cast<double>(bits() >> 11) * 0x1p-53; }
    /// In [-limit, limit).
    constexpr double around_zero(double limit) noexcept { return (2 * unit() - 1) * limit; }
    /// In [0, count); the bias is below count / 2^53. `count` must not be 0.
    constexpr std::size_t below(std::size_t count) noexcept { return static_cast<std::size_t>(unit() * static_cast<double>(count)); }

private:
    std::uint64_t state_;
};

}  // namespace rivulet::inline RIVULET_ABI
