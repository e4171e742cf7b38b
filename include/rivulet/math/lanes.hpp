// SPDX-License-Identifier: MIT
// Products and transposition for numbers that lie side by side in lanes: what many vectors have in one place is contiguous.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "../core/rows.hpp"
#include "simd.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// How many registers a tile is wide: 6 rows of 4 keep both multipliers busy, and 6 of 2 where there are 16 registers.
template <class Arch> inline constexpr std::size_t tile_registers = simd::many_registers<Arch> ? 4 : 2;

/// y(r)[..] = (fresh ? 0 : y(r)[..]) + sum over i < depth of factor(i, r) x[i], r < Rows: Registers across, all sums in registers.
/// x: (depth, stride); y(r): where row r lies. `highest`: null, or what is raised to the largest number of each column.
template <std::size_t Rows, std::size_t Registers, class T, class Arch, class Factor, class Row>
[[gnu::always_inline]] inline void multiply_tile(std::size_t depth, const Factor& factor, const T* x, std::size_t stride, bool fresh,
                                                 const Row& y, T* highest = nullptr) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>;
    simd::batch<T, Arch> sums[Rows][Registers];
    if (fresh) {
#pragma GCC unroll 8
        for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 8
            for (std::size_t c = 0; c < Registers; ++c) sums[r][c] = simd::batch<T, Arch>(T(0));
    } else {
#pragma GCC unroll 8
        for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 8
            for (std::size_t c = 0; c < Registers; ++c) sums[r][c] = simd::load<T, Arch>(y(r) + c * step);
    }
    for (std::size_t i = 0; i < depth; ++i, x += stride) {
        simd::batch<T, Arch> right[Registers];
#pragma GCC unroll 8
        for (std::size_t c = 0; c < Registers; ++c) right[c] = simd::load<T, Arch>(x + c * step);
#pragma GCC unroll 8
        for (std::size_t r = 0; r < Rows; ++r) {
            const simd::batch<T, Arch> left(factor(i, r));
#pragma GCC unroll 8
            for (std::size_t c = 0; c < Registers; ++c) sums[r][c] = simd::fma(left, right[c], sums[r][c]);
        }
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 8
        for (std::size_t c = 0; c < Registers; ++c) simd::store(y(r) + c * step, sums[r][c]);
    if (!highest) return;
#pragma GCC unroll 8
    for (std::size_t r = 1; r < Rows; ++r)
#pragma GCC unroll 8
        for (std::size_t c = 0; c < Registers; ++c) sums[0][c] = simd::max(sums[0][c], sums[r][c]);
#pragma GCC unroll 8
    for (std::size_t c = 0; c < Registers; ++c)
        simd::store(highest + c * step, simd::max(simd::load<T, Arch>(highest + c * step), sums[0][c]));
}

/// f(std::integral_constant of how many rows, first row) for `count` rows in groups of 6, a few of them of 5 where that leaves no rest, for
/// small groups do not keep both multipliers busy; the rest in groups of 2 and 1.
template <class F> inline void each_tile(std::size_t count, const F& f) noexcept {
    const std::size_t fives = (6 - count % 6) % 6, in_fives = 5 * fives <= count ? 5 * fives : 0;
    std::size_t r = 0;
    for (; r < in_fives; r += 5) f(std::integral_constant<std::size_t, 5>{}, r);
    for (; r + 6 <= count; r += 6) f(std::integral_constant<std::size_t, 6>{}, r);
    for (; r + 2 <= count; r += 2) f(std::integral_constant<std::size_t, 2>{}, r);
    if (r < count) f(std::integral_constant<std::size_t, 1>{}, r);
}

/// to[c][r] = factor(c) * from[r][c] for c < columns. to: (columns, from.count).
template <class T, class Arch = simd::native, class Factor>
inline void transpose(rows<const T> from, std::size_t columns, rows<T> to, Factor&& factor) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>;
    for (std::size_t r = 0; r < from.count; r += step)
        for (std::size_t c = 0; c < columns; c += step) {
            const std::size_t high = std::min(step, from.count - r), wide = std::min(step, columns - c);
            simd::batch<T, Arch> block[step];
            if (high == step && wide == step) {
                for (std::size_t i = 0; i < step; ++i) block[i] = simd::load<T, Arch>(from[r + i] + c);
                simd::transpose(block);
                for (std::size_t i = 0; i < step; ++i) simd::store(to[c + i] + r, block[i] * simd::batch<T, Arch>(factor(c + i)));
            } else {
                for (std::size_t j = 0; j < wide; ++j)
                    for (std::size_t i = 0; i < high; ++i) to[c + j][r + i] = factor(c + j) * from[r + i][c + j];
            }
        }
}

}  // namespace rivulet::inline RIVULET_ABI::math
