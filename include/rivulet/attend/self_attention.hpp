// SPDX-License-Identifier: MIT
// Multi-head self-attention on rows in the caller's memory: every row of a sequence asks all of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "../core/random.hpp"
#include "../core/rows.hpp"
#include "../math/dense.hpp"
#include "scaled_dot_product.hpp"
#include "sequence_keys.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// y = x W + b for all rows, w: W (in, padded(out)), then b (padded(out)). x: (n, in), y: (n, padded(out)).
template <class T> void affine(rows<const T> x, std::size_t in, const T* w, std::size_t out, rows<T> y) noexcept {
    math::affine<T>(x, in, w, w + in * padded(out), out, y);
}
/// Adds to the slopes of W, b and x. dy: (n, padded(out)), its padding zero.
template <class T>
void affine_backward(rows<const T> x, std::size_t in, const T* w, std::size_t out, rows<const T> dy, rows<T> dx, T* g) noexcept {
    math::add_outer<T>(x, in, dy, out, g);
    for (std::size_t r = 0; r < dy.count; ++r) math::add_scaled(T(1), dy[r], g + in * padded(out), padded(out));
    math::multiply_transposed<T>(dy, out, w, in, dx);
}
constexpr std::size_t affine_weights(std::size_t in, std::size_t out) { return (in + 1) * padded(out); }

template <class T> void clear(rows<T> x, std::size_t width) noexcept {
    for (std::size_t r = 0; r < x.count; ++r) std::fill_n(x[r], width, T(0));
}

}  // namespace detail

/// out = concat over heads of softmax(Q_h K_h' / sqrt(Width / heads)) V_h, times W_o + b_o, with [Q K V] = x W_i + b_i (Vaswani et al.
/// 2017, section 3.2.2; the weights of PyTorch's MultiheadAttention, transposed). Answers can be asked for the last n of `time` rows only.
/// Weights: W_i (Width, padded(3 Width)), b_i, W_o (Width, padded(Width)), b_o.
/// Cost: time 3 Width^2 + n Width^2 + 2 n time Width multiply-adds. Nothing of the size n * time is kept: backward recomputes the shares.
template <std::size_t Width> struct self_attention {
    std::size_t heads = 1;  ///< h; must divide Width
    bool causal = false;    ///< whether a row sees only itself and what came before it

    static constexpr std::size_t projected = padded(3 * Width), stride = padded(Width);
    static constexpr std::size_t out_at = detail::affine_weights(Width, 3 * Width);
    static constexpr std::size_t weights = out_at + detail::affine_weights(Width, Width);

    template <class T> void start(T* w, random& seeded) const noexcept {
        std::fill_n(w, weights, T(0));
        detail::start_dense(w, Width, 3 * Width, seeded);
        detail::start_dense(w + out_at, Width, Width, seeded);
    }

    /// x: (time, Width). Kept for backward: projections, (time, projected), and attended, (n, stride). out: (n, stride), shares: (time).
    /// bias: empty, or (heads, time), what each head adds to its logits of a row's key.
    template <class T>
    void forward(const T* w, rows<const T> x, rows<T> projections, rows<T> attended, rows<T> out, std::span<T> shares,
                 rows<const T> bias = {}) const noexcept {
        const std::size_t depth = Width / heads, n = out.count;
        detail::affine<T>(x, Width, w, 3 * Width, projections);
        const rows<const T> queries = projections.from(x.count - n, n);
        for (std::size_t h = 0; h < heads; ++h) {
            const std::size_t first = h * depth;
            scaled_dot_product<T>(queries.columns(first), depth, projections.columns(Width + first), projections.columns(2 * Width + first),
                                  depth, attended.columns(first), shares, mask<T>(bias, h, n));
        }
        detail::affine<T>(attended, Width, w + out_at, Width, out);
    }

    /// From the slope of `out`, (n, stride), its padding zero, adds to x_slope, (time, Width), to bias_slope as `bias` and to g.
    /// Scratch: projection_slopes (time, projected), attended_slopes (n, stride), shares (2 time).
    template <class T>
    void backward(const T* w, rows<const T> x, rows<const T> projections, rows<const T> attended, rows<const T> out_slope,
                  rows<T> projection_slopes, rows<T> attended_slopes, std::span<T> shares, rows<T> x_slope, T* g, rows<const T> bias = {},
                  rows<T> bias_slope = {}) const noexcept {
        const std::size_t depth = Width / heads, n = out_slope.count;
        detail::clear(attended_slopes, Width);
        detail::affine_backward<T>(attended, Width, w + out_at, Width, out_slope, attended_slopes, g + out_at);
        detail::clear(projection_slopes, projected);
        const rows<const T> queries = projections.from(x.count - n, n);
        const rows<T> query_slopes = projection_slopes.from(x.count - n, n);
        for (std::size_t h = 0; h < heads; ++h) {
            const std::size_t first = h * depth;
            scaled_dot_product_backward<T>(queries.columns(first), depth, projections.columns(Width + first),
                                           projections.columns(2 * Width + first), depth, attended_slopes.columns(first),
                                           query_slopes.columns(first), projection_slopes.columns(Width + first),
                                           projection_slopes.columns(2 * Width + first), shares, mask<T>(bias, h, n),
                                           bias_slope.data ? rows<T>{bias_slope[h], n, 0} : rows<T>{});
        }
        detail::affine_backward<T>(x, Width, w, 3 * Width, projection_slopes, x_slope, g);
    }

private:
    template <class T> attention_mask<T> mask(rows<const T> bias, std::size_t head, std::size_t n) const noexcept {
        return {.valid = {}, .causal = causal, .added = bias.data ? rows<const T>{bias[head], n, 0} : rows<const T>{}};
    }
};

}  // namespace rivulet::inline RIVULET_ABI
