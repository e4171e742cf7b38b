// SPDX-License-Identifier: MIT
// The ranker whose score is the sum of what its parts give, and a bias.
#pragma once

#include "mlp.hpp"

namespace rivulet::inline RIVULET_ABI {

/// score = the sum of the fused numbers + b. Only b is learned here: for parts that carry their own weights, such as hashed<> and
/// factorisation<>, where a linear ranker would learn a factor of a factor.
struct additive {
    static constexpr std::size_t layers = linear::layers, first = linear::first, weights = linear::weights, outputs = linear::outputs,
                                 activations = linear::activations;
    static constexpr auto widths = linear::widths;
    static constexpr auto layer_begin = linear::layer_begin;
    static constexpr bool adds_up = true, drops = linear::drops;  // adds_up: the pipeline's first layer is ones

    static double first_limit(std::size_t in) noexcept { return linear::first_limit(in); }
    template <class T> void start(T*, random&) const noexcept {}
    template <class T> void forward(const T* w, rows<T> sums, rows<T> hidden, rows<T> scores, noise dropping = {}) const noexcept {
        linear{}.forward(w, sums, hidden, scores, dropping);
    }
    template <class T>
    void backward(const T* w, rows<const T> sums, rows<const T> hidden, rows<const T> score_slopes, rows<T> hidden_slopes,
                  rows<T> sum_slopes, std::type_identity_t<slope_place<T>> g, noise dropping = {}) const noexcept {
        linear{}.backward(w, sums, hidden, score_slopes, hidden_slopes, sum_slopes, g, dropping);
    }
    template <class T> void clear(T*) const noexcept {}
};

}  // namespace rivulet::inline RIVULET_ABI
