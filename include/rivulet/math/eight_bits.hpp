// SPDX-License-Identifier: MIT
// Numbers as 8-bit codes and a scale, and how far from the numbers the codes are: a bound that holds in float.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// The least float that is not below x, a double of 0 or more. What is below the normal numbers becomes the first of them, so that a
/// bound survives where subnormal numbers are flushed to zero; what is beyond the floats becomes the largest.
inline float rounded_up(double x) noexcept {
    if (!(x > 0)) return 0;
    if (x < static_cast<double>(std::numeric_limits<float>::min())) return std::numeric_limits<float>::min();
    if (!(x < static_cast<double>(std::numeric_limits<float>::max()))) return std::numeric_limits<float>::max();
    const auto near = static_cast<float>(x);
    return static_cast<double>(near) < x ? std::bit_cast<float>(std::bit_cast<std::uint32_t>(near) + 1) : near;
}

namespace detail {

/// The root of a sum of n squares that was taken in double, not below the true one: n additions, n products, what is squared
/// and the root round.
inline float root_above(double squares, std::size_t n) noexcept {
    return rounded_up(std::sqrt(squares) * (1 + static_cast<double>(n + 8) * std::numeric_limits<double>::epsilon()));
}
/// x to the nearest integer in [low, high]; NaN becomes low. A conversion that cuts off, since every machine has one for registers.
inline int nearest_code(float x, float low, float high) noexcept {
    const float inside = x > low ? (x < high ? x : high) : low;
    return static_cast<int>(inside + (inside < 0 ? -0.5f : 0.5f));
}
/// max(|x|) / steps, or 0 where a quotient could leave the normal numbers.
inline float scale_of(const float* x, std::size_t n, float steps) noexcept {
    float largest = 0;
    for (std::size_t i = 0; i < n; ++i) largest = std::abs(x[i]) > largest ? std::abs(x[i]) : largest;
    const float scale = largest / steps;
    return scale < 4 * std::numeric_limits<float>::min() ? 0 : scale;
}
template <class Code> void encode(const float* x, std::size_t n, float scale, float low, float high, Code* codes) noexcept {
    const float inverse = scale > 0 ? 1 / scale : 0;
    for (std::size_t i = 0; i < n; ++i) codes[i] = static_cast<Code>(nearest_code(x[i] * inverse, low, high));
}

}  // namespace detail

/// Signed codes of finite numbers: x is about scale * code, codes in [-127, 127]. Gives the scale, max(|x|) / 127; of zeros, and of numbers
/// below 6e-36, it is 0 and so are the codes. O(n).
inline float encode_signed(const float* x, std::size_t n, std::int8_t* codes) noexcept {
    const float scale = detail::scale_of(x, n, 127);
    detail::encode(x, n, scale, -127, 127, codes);
    return scale;
}
/// The same under a scale that is known already, 0 or a normal number; what is beyond 127 scales is cut off, NaN becomes -127.
inline void encode_signed(const float* x, std::size_t n, float scale, std::int8_t* codes) noexcept {
    detail::encode(x, n, scale, -127, 127, codes);
}

/// Unsigned codes of finite numbers of 0 or more, such as rectified activations: codes in [0, 255], scale max(x) / 255.
inline float encode_unsigned(const float* x, std::size_t n, std::uint8_t* codes) noexcept {
    const float scale = detail::scale_of(x, n, 255);
    detail::encode(x, n, scale, 0, 255, codes);
    return scale;
}
/// The same under a scale that is known already, 0 or a normal number; what is beyond 255 scales is cut off, NaN and what is below 0
/// becomes 0.
inline void encode_unsigned(const float* x, std::size_t n, float scale, std::uint8_t* codes) noexcept {
    detail::encode(x, n, scale, 0, 255, codes);
}

/// |x|, not below the true norm. O(n).
inline float norm_above(const float* x, std::size_t n) noexcept {
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return detail::root_above(squares, n);
}
/// |scale * codes|, not below the true norm. O(n).
template <class Code> float norm_above(const Code* codes, std::size_t n, float scale) noexcept {
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += static_cast<double>(codes[i]) * static_cast<double>(codes[i]);
    return rounded_up(static_cast<double>(detail::root_above(squares, n)) * static_cast<double>(scale));
}
/// |x - scale * codes|, what the codes miss, not below the true norm: in double scale * code is exact, so a difference rounds once. O(n).
template <class Code> float residual_above(const float* x, const Code* codes, std::size_t n, float scale) noexcept {
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double missed = static_cast<double>(x[i]) - static_cast<double>(scale) * static_cast<double>(codes[i]);
        squares += missed * missed;
    }
    return detail::root_above(squares, n);
}

}  // namespace rivulet::inline RIVULET_ABI::math
