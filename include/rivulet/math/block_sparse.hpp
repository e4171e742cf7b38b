// SPDX-License-Identifier: MIT
// Products with a dense layer's weights of which whole blocks are zero: those blocks are neither kept nor multiplied.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/rows.hpp"
#include "kernels.hpp"
#include "simd.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// A block is what one input gives to 16 outputs side by side: whole registers everywhere, one in AVX-512 and two in AVX2, so that a kept
/// block costs what it costs in the dense product and a zero one costs nothing.
inline constexpr std::size_t sparse_block = 16;

/// Whether a block of weights is zero. block: (sparse_block).
template <class T> bool zero_block(const T* block) noexcept {
    return std::all_of(block, block + sparse_block, [](T w) { return w == T(0); });
}

/// The blocks of W (in, out) that are not zero, in somebody's memory: see block_sparse.
template <class T> struct block_sparse_view {
    const std::uint32_t *begin, *inputs;
    const T* weights;
    std::size_t chunks;
};

/// The blocks of W (in, out) that are not zero, chunk of 16 outputs by chunk; out a multiple of 16.
template <class T> struct block_sparse {
    std::vector<std::uint32_t> begin;   // (out / 16 + 1): where the blocks of each chunk begin
    std::vector<std::uint32_t> inputs;  // which input a block belongs to, ascending in a chunk
    std::vector<T> weights;             // (blocks, 16)

    /// w: (in, out). O(in out). Throws std::bad_alloc.
    block_sparse(const T* w, std::size_t in, std::size_t out) : begin(1) {
        for (std::size_t column = 0; column < out; column += sparse_block) {
            for (std::size_t i = 0; i < in; ++i)
                if (const T* const block = w + i * out + column; !zero_block(block)) {
                    inputs.push_back(static_cast<std::uint32_t>(i));
                    weights.insert(weights.end(), block, block + sparse_block);
                }
            begin.push_back(static_cast<std::uint32_t>(inputs.size()));
        }
    }
    block_sparse_view<T> view() const noexcept { return {begin.data(), inputs.data(), weights.data(), begin.size() - 1}; }
    std::size_t memory() const noexcept { return (begin.size() + inputs.size()) * sizeof(std::uint32_t) + weights.size() * sizeof(T); }
};

namespace detail {

/// y[r] = start + the products of the `count` blocks of one chunk, r < Rows, all accumulators in registers.
template <std::size_t Rows, class T, class Arch>
inline void multiply_chunk(rows<const T> x, const std::uint32_t* inputs, std::size_t count, const T* w, const T* start,
                           rows<T> y) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>, columns = sparse_block / step;
    simd::batch<T, Arch> sums[Rows][columns];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (std::size_t c = 0; c < columns; ++c) sums[r][c] = simd::load<T, Arch>(start + c * step);
    for (std::size_t b = 0; b < count; ++b, w += sparse_block) {
        const T* const input = x.data + inputs[b];
        simd::batch<T, Arch> weights[columns];
#pragma GCC unroll 16
        for (std::size_t c = 0; c < columns; ++c) weights[c] = simd::load<T, Arch>(w + c * step);
#pragma GCC unroll 16
        for (std::size_t r = 0; r < Rows; ++r) {
            const simd::batch<T, Arch> number(input[r * x.stride]);
#pragma GCC unroll 16
            for (std::size_t c = 0; c < columns; ++c) sums[r][c] = simd::fma(number, weights[c], sums[r][c]);
        }
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (std::size_t c = 0; c < columns; ++c) simd::store(y[r] + c * step, sums[r][c]);
}

template <std::size_t Rows, class T, class Arch>
inline void affine_rows(rows<const T> x, const block_sparse_view<T>& w, const T* bias, rows<T> y) noexcept {
    for (std::size_t chunk = 0; chunk < w.chunks; ++chunk) {
        const std::size_t from = w.begin[chunk], column = chunk * sparse_block;
        multiply_chunk<Rows, T, Arch>(x, w.inputs + from, w.begin[chunk + 1] - from, w.weights + from * sparse_block, bias + column,
                                      y.columns(column));
    }
}

}  // namespace detail

/// y = b + x W for all rows, to the last bit what affine gives with the zeros in W, if all of x is finite: what is left out are products
/// that add zero, and the others are added in the same order. x: (n, in), b: (out), y: (n, out). 16 n multiply-adds a block.
template <class T, class Arch = simd::native>
void affine(rows<const T> x, const block_sparse_view<T>& w, const T* bias, rows<T> y) noexcept {
    if constexpr (kernel::apart<T, Arch>)
        return kernels::in_use().affine_sparse(x.data, x.stride, x.count, w.begin, w.chunks, w.inputs, w.weights, bias, y.data, y.stride);
    // Twelve accumulators, as many rows as that is; with the weights and a number of x they fill 16 registers.
    constexpr std::size_t group = 12 * simd::lanes<T, Arch> / sparse_block;
    std::size_t r = 0;
    for (; r + group <= x.count; r += group) detail::affine_rows<group, T, Arch>(x.from(r, group), w, bias, y.from(r, group));
    for (; r + 2 <= x.count; r += 2) detail::affine_rows<2, T, Arch>(x.from(r, 2), w, bias, y.from(r, 2));
    if (r < x.count) detail::affine_rows<1, T, Arch>(x.from(r, 1), w, bias, y.from(r, 1));
}

}  // namespace rivulet::inline RIVULET_ABI::math
