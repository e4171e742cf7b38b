// SPDX-License-Identifier: MIT
// Products with a dense layer's weights, forward and backward, on rows in anyone's memory.
//
// Weights are stored input-major, W: (in, padded(out)): every input scales one contiguous row, so a sparse or rectified input skips a
// row, a column split of the layer is a split of rows, and a gradient is a sum of rows. The padding is zero and stays zero.
#pragma once

#include <algorithm>
#include <cstddef>

#include "../core/rows.hpp"
#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {
namespace detail {

/// y[0..Rows)[0..Columns registers) = start + x W, all accumulators in registers.
template <std::size_t Rows, std::size_t Columns, class T, class Arch>
inline void multiply_block(rows<const T> x, std::size_t in, const T* w, std::size_t stride, rows<const T> start, rows<T> y) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>;
    simd::batch<T, Arch> sums[Rows][Columns];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 8
        for (std::size_t c = 0; c < Columns; ++c) sums[r][c] = simd::load<T, Arch>(start[r] + c * step);
    for (std::size_t i = 0; i < in; ++i, w += stride) {
        simd::batch<T, Arch> weights[Columns];
#pragma GCC unroll 8
        for (std::size_t c = 0; c < Columns; ++c) weights[c] = simd::load<T, Arch>(w + c * step);
#pragma GCC unroll 8
        for (std::size_t r = 0; r < Rows; ++r) {
            const simd::batch<T, Arch> input(x[r][i]);
#pragma GCC unroll 8
            for (std::size_t c = 0; c < Columns; ++c) sums[r][c] = simd::fma(input, weights[c], sums[r][c]);
        }
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 8
        for (std::size_t c = 0; c < Columns; ++c) simd::store(y[r] + c * step, sums[r][c]);
}

/// All columns for one group of rows: wide blocks first, then ever narrower ones.
template <std::size_t Rows, std::size_t Columns, class T, class Arch>
inline void multiply_rows(rows<const T> x, std::size_t in, const T* w, std::size_t out, std::size_t stride, rows<const T> start,
                          rows<T> y) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>;
    std::size_t at = 0;
    for (; at + Columns * step <= out; at += Columns * step)
        multiply_block<Rows, Columns, T, Arch>(x, in, w + at, stride, start.columns(at), y.columns(at));
    if constexpr (Columns > 1)
        if (at < out) multiply_rows<Rows, Columns / 2, T, Arch>(x, in, w + at, out - at, stride, start.columns(at), y.columns(at));
}

}  // namespace detail

/// y = start + x W for all rows and `out` columns, a multiple of 16, of a wider W. x: (n, in), w: (in, stride), y: (n, out); start: (n,
/// out) too, y itself or with stride 0 one row for all, such as a bias.
template <class T, class Arch = simd::native>
void multiply_columns(rows<const T> x, std::size_t in, const T* w, std::size_t out, std::size_t stride, rows<const T> start,
                      rows<T> y) noexcept {
    if constexpr (kernel::apart<T, Arch>)
        return kernels::in_use().multiply_columns(x.data, x.stride, x.count, in, w, out, stride, start.data, start.stride, y.data,
                                                  y.stride);
    // Blocks of 6 rows x 4 registers use 24 accumulators and keep both multipliers busy; with 16 registers 6 x 2 is what fits. A single row
    // takes 8 registers across, or the latency of the multiply-add would set the pace.
#if defined(__clang__)
    // clang 14 loads so far ahead that one of the 12 sums is in memory, at half the speed.
    constexpr std::size_t group = simd::many_registers<Arch> ? 6 : 4;
#else
    constexpr std::size_t group = 6;
#endif
    constexpr std::size_t across = simd::many_registers<Arch> ? 4 : 2;
    // Where rows of W lie 2 KB apart or more, the lines of one column share a few places in the caches: some inputs at a time, so that the
    // next group finds them there still. The order of additions is the same.
    const std::size_t deep = x.count <= group || stride * sizeof(T) < 2048 ? in : 32;
    std::size_t from = 0;
    do {
        const std::size_t depth = std::min(deep, in - from);
        const rows<const T> input = x.columns(from), sum = from == 0 ? start : y;
        const T* const weights = w + from * stride;
        std::size_t r = 0;
        for (; r + group <= x.count; r += group)
            detail::multiply_rows<group, across, T, Arch>(input.from(r, group), depth, weights, out, stride, sum.from(r, group),
                                                          y.from(r, group));
        for (; r + 2 <= x.count; r += 2)
            detail::multiply_rows<2, 4, T, Arch>(input.from(r, 2), depth, weights, out, stride, sum.from(r, 2), y.from(r, 2));
        if (r < x.count) detail::multiply_rows<1, 8, T, Arch>(input.from(r, 1), depth, weights, out, stride, sum.from(r, 1), y.from(r, 1));
        from += depth;
    } while (from < in);
}
/// y += x W.
template <class T, class Arch = simd::native>
void multiply_columns(rows<const T> x, std::size_t in, const T* w, std::size_t out, std::size_t stride, rows<T> y) noexcept {
    multiply_columns<T, Arch>(x, in, w, out, stride, y, y);
}

/// y += x W for all rows. x: (n, in), w: (in, padded(out)), y: (n, padded(out)). n in out multiply-adds.
template <class T, class Arch = simd::native>
void multiply(rows<const T> x, std::size_t in, const T* w, std::size_t out, rows<T> y) noexcept {
    if (out == 1)
        for (std::size_t r = 0; r < x.count; ++r) *y[r] += dot<T, Arch>(x[r], w, in);
    else
        multiply_columns<T, Arch>(x, in, w, padded(out), padded(out), y);
}

/// y = b + x W for all rows. b: (padded(out)).
template <class T, class Arch = simd::native>
void affine(rows<const T> x, std::size_t in, const T* w, const T* bias, std::size_t out, rows<T> y) noexcept {
    if (out == 1)
        for (std::size_t r = 0; r < x.count; ++r) *y[r] = *bias + dot<T, Arch>(x[r], w, in);
    else
        multiply_columns<T, Arch>(x, in, w, padded(out), padded(out), {bias, x.count, 0}, y);
}

/// dx += dy W': the slope of the inputs. dy: (n, padded(out)), w: (in, padded(out)), dx: (n, in). n in out multiply-adds.
template <class T, class Arch = simd::native>
void multiply_transposed(rows<const T> dy, std::size_t out, const T* w, std::size_t in, rows<T> dx) noexcept {
    if constexpr (kernel::apart<T, Arch>)
        return kernels::in_use().multiply_transposed(dy.data, dy.stride, dy.count, out, w, in, dx.data, dx.stride);
    const std::size_t stride = padded(out);
    for (std::size_t r = 0; r < dy.count; ++r) {
        if (out == 1)
            add_scaled<T, Arch>(*dy[r], w, dx[r], in);
        else
            for (std::size_t i = 0; i < in; ++i) dx[r][i] += dot<T, Arch>(dy[r], w + i * stride, stride);
    }
}

/// dw += x' dy: the slope of the weights. x: (n, in), dy: (n, padded(out)), dw: (in, padded(out)). At most n in out multiply-adds:
/// inputs that are zero cost nothing.
template <class T, class Arch = simd::native>
void add_outer(rows<const T> x, std::size_t in, rows<const T> dy, std::size_t out, T* dw) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().add_outer(x.data, x.stride, x.count, in, dy.data, dy.stride, out, dw);
    const std::size_t stride = padded(out);
    for (std::size_t r = 0; r < x.count; ++r) {
        if (out == 1)
            add_scaled<T, Arch>(*dy[r], x[r], dw, in);
        else
            for (std::size_t i = 0; i < in; ++i)
                if (x[r][i] != T(0)) add_scaled<T, Arch>(x[r][i], dy[r], dw + i * stride, stride);
    }
}

}  // namespace rivulet::inline RIVULET_ABI::math
