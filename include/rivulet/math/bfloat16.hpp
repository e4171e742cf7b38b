// SPDX-License-Identifier: MIT
// bfloat16, the upper half of a float: half the memory, all of the range, 8 bits of precision. For numbers that are kept, not computed
// with.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A float's sign, exponent and first 7 bits behind the point.
struct bfloat16 {
    std::uint16_t bits = 0;

    bfloat16() = default;
    /// To the nearest, ties to even: off by at most 2^-8 of x where x is normal. What rounds beyond the largest becomes infinity, NaN stays NaN.
    explicit bfloat16(float x) noexcept {
        const auto whole = std::bit_cast<std::uint32_t>(x), rounded = whole + 0x7fffu + (whole >> 16 & 1u);
        const bool nan = (whole & 0x7fffffffu) > 0x7f800000u;  // whose payload must not be rounded into infinity
        bits = static_cast<std::uint16_t>((nan ? whole | 0x400000u : rounded) >> 16);
    }
    /// Exact.
    explicit operator float() const noexcept { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

namespace math {
namespace detail {

/// The next numbers in a register.
template <class Arch> simd::batch<float, Arch> expanded(const bfloat16* from) noexcept {
    float lane[simd::lanes<float, Arch>];  // never written to memory: compilers make one widening load and a shift of it
#pragma GCC unroll 16
    for (std::size_t i = 0; i < simd::lanes<float, Arch>; ++i) lane[i] = static_cast<float>(from[i]);
    return simd::load<float, Arch>(lane);
}

}  // namespace detail

/// y = x rounded. O(n).
inline void round_to(const float* x, bfloat16* y, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) y[i] = bfloat16(x[i]);
}
/// out = x + y, or max(x + y, 0) with NaN as NaN: the bits of sum_of with y expanded. O(n).
template <bool Rectified, class Arch = simd::native> void sum_of(const float* x, const bfloat16* y, float* out, std::size_t n) noexcept {
    sweep<float, Arch>(
        n,
        [&](std::size_t at) {
            const auto sum = simd::load<float, Arch>(x + at) + detail::expanded<Arch>(y + at);
            simd::store(out + at, Rectified ? simd::rectified(sum) : sum);
        },
        [&](std::size_t i) {
            const float sum = x[i] + static_cast<float>(y[i]);
            out[i] = Rectified && sum < 0 ? 0 : sum;
        });
}

}  // namespace math
}  // namespace rivulet::inline RIVULET_ABI
