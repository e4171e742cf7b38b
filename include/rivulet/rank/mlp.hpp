// SPDX-License-Identifier: MIT
// Rankers: what turns a fused vector into one score. A multi-layer perceptron of any depth, and its shallow end, the linear model.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include "../core/random.hpp"
#include "../core/rows.hpp"
#include "../math/dense.hpp"
#include "../math/dropout.hpp"
#include "../math/slopes.hpp"

namespace rivulet::inline RIVULET_ABI {

/// fused -> Units... -> 1, a rectifier after every layer but the last. The first layer is the pipeline's, which splits it by binding
/// time; what lies here takes its sums. Weights: for every further layer W (in, padded(out)), then b (padded(out)).
template <std::size_t... Units> struct mlp {
    static constexpr std::size_t layers = sizeof...(Units) + 1;
    static constexpr std::array<std::size_t, layers> widths{Units..., 1};  // outputs of each layer
    static constexpr std::size_t first = widths[0];                        // outputs of the pipeline's layer

    static constexpr std::size_t layer_weights(std::size_t layer) { return (widths[layer - 1] + 1) * padded(widths[layer]); }
    static constexpr std::size_t offset(std::size_t layer) {
        std::size_t at = 0;
        for (std::size_t l = 1; l < layer; ++l) at += layer_weights(l);
        return at;
    }
    static constexpr std::size_t bias_offset(std::size_t layer) { return offset(layer) + widths[layer - 1] * padded(widths[layer]); }
    static constexpr std::size_t weights = offset(layers);
    static constexpr std::size_t outputs = 1;
    static constexpr bool drops = false;  // takes no noise
    /// Where the weights of each layer begin: the first is the pipeline's; the end comes last.
    static constexpr std::array<std::size_t, layers + 1> layer_begin = [] {
        std::array<std::size_t, layers + 1> begin{};
        for (std::size_t l = 1; l <= layers; ++l) begin[l] = offset(l);
        return begin;
    }();

    /// Outputs of the layers between the first and the score, side by side in one row.
    static constexpr std::size_t activation(std::size_t layer) {
        std::size_t at = 0;
        for (std::size_t l = 1; l < layer; ++l) at += padded(widths[l]);
        return at;
    }
    static constexpr std::size_t activations = activation(layers - 1) + 1;

    /// He et al. 2015: uniform in +-sqrt(6 / in) before a rectifier. A linear model starts at zero.
    static double first_limit(std::size_t in) noexcept { return layers == 1 ? 0.0 : std::sqrt(6.0 / static_cast<double>(in)); }
    template <class T> void start(T* w, random& seeded) const noexcept {
        for (std::size_t l = 1; l < layers; ++l) {
            const double limit = std::sqrt((l + 1 == layers ? 3.0 : 6.0) / static_cast<double>(widths[l - 1]));
            for (std::size_t i = 0; i < widths[l - 1]; ++i)
                for (std::size_t j = 0; j < widths[l]; ++j)
                    w[offset(l) + i * padded(widths[l]) + j] = static_cast<T>(seeded.around_zero(limit));
        }
    }

    /// sums: (n, padded(first)), rectified in place; hidden: (n, activations); scores: (n, 1).
    template <class T> void forward(const T* w, rows<T> sums, rows<T> hidden, rows<T> scores, noise = {}) const noexcept {
        rows<T> in = sums;
        for (std::size_t l = 1; l < layers; ++l) {
            for (std::size_t r = 0; r < in.count; ++r) math::rectify(in[r], widths[l - 1]);
            const rows<T> out = l + 1 == layers ? scores : hidden.columns(activation(l));
            math::affine<T>(in, widths[l - 1], w + offset(l), w + bias_offset(l), widths[l], out);
            in = out;
        }
        if constexpr (layers == 1)
            for (std::size_t r = 0; r < sums.count; ++r) *scores[r] = *sums[r];
    }

    /// The same scores, for one who asks for nothing else: of sums that are rectified already, where there is a layer behind them, and
    /// without leaving the last activations rectified.
    static constexpr bool serves_rectified = layers > 1;
    template <class T> void serve(const T* w, rows<T> sums, rows<T> hidden, rows<T> scores) const noexcept {
        rows<T> in = sums;
        for (std::size_t l = 1; l + 1 < layers; ++l) {
            if (l > 1)
                for (std::size_t r = 0; r < in.count; ++r) math::rectify(in[r], widths[l - 1]);
            const rows<T> out = hidden.columns(activation(l));
            math::affine<T>(in, widths[l - 1], w + offset(l), w + bias_offset(l), widths[l], out);
            in = out;
        }
        if constexpr (layers == 1)
            for (std::size_t r = 0; r < in.count; ++r) *scores[r] = *sums[r];
        else {
            constexpr std::size_t last = widths[layers - 2];
            const T* const out = w + offset(layers - 1);
            for (std::size_t r = 0; r < in.count; ++r) *scores[r] = out[last] + math::dot<last, true>(in[r], out);
        }
    }

    /// From what forward left in `sums` and `hidden`: sum_slopes (n, padded(first)), overwritten; hidden_slopes is scratch of hidden's
    /// shape; adds to g.
    template <class T>
    void backward(const T* w, rows<const T> sums, rows<const T> hidden, rows<const T> score_slopes, rows<T> hidden_slopes,
                  rows<T> sum_slopes, std::type_identity_t<slope_place<T>> g, noise = {}) const noexcept {
        if constexpr (layers == 1)
            for (std::size_t r = 0; r < sums.count; ++r) {
                std::fill_n(sum_slopes[r], padded(first), T(0));
                *sum_slopes[r] = *score_slopes[r];
            }
        rows<const T> out_slope = score_slopes;
        for (std::size_t l = layers - 1; l >= 1; --l) {
            const rows<const T> in = l == 1 ? sums : hidden.columns(activation(l - 1));
            const rows<T> in_slope = l == 1 ? sum_slopes : hidden_slopes.columns(activation(l - 1));
            const std::size_t from = widths[l - 1], to = widths[l];
            (g + offset(l)).add_outer(in, from, out_slope, to);
            T* const bias = g + bias_offset(l);
            for (std::size_t r = 0; r < in.count; ++r) {
                math::add_scaled(T(1), out_slope[r], bias, padded(to));
                std::fill_n(in_slope[r], padded(from), T(0));
            }
            math::multiply_transposed<T>(out_slope, to, w + offset(l), from, in_slope);
            for (std::size_t r = 0; r < in.count; ++r) math::rectify_backward(in[r], in_slope[r], from);
            out_slope = in_slope;
        }
    }
    /// Zeroes what backward adds to where products are kept: the biases.
    template <class T> void clear(T* g) const noexcept {
        for (std::size_t l = 1; l < layers; ++l) std::fill_n(g + bias_offset(l), padded(widths[l]), T(0));
    }
};

/// score = w . fused + b.
using linear = mlp<>;

}  // namespace rivulet::inline RIVULET_ABI
