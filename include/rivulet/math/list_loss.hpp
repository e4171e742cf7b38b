// SPDX-License-Identifier: MIT
// Losses of a request's outcomes together: which of the items shown was taken, and which of two is preferred.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "loss.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Softmax cross-entropy over the items shown: - sum over i of t_i log p_i with p = softmax(scores) and t_i = weight_i label_i
/// (Cao et al. 2007, ListNet with top-one probabilities). Labels are 0 or more; usually 1 for what was taken, 0 for the others. A list
/// whose labels are all 0 teaches nothing.
/// With `feedback.probability` set to the chance with which each item came into the list, the scores are corrected by its logarithm
/// before they come here: sampled softmax (Bengio & Senecal 2008; Yi et al. 2019, eq. 4). O(n).
struct softmax_cross_entropy {
    template <class T> double over(const T* scores, const T* labels, const T* weights, T* slopes, std::size_t n) const noexcept {
        T top = scores[0];
        for (std::size_t i = 1; i < n; ++i) top = scores[i] > top ? scores[i] : top;
        double total = 0, taken = 0, loss = 0;
        for (std::size_t i = 0; i < n; ++i) total += std::exp(static_cast<double>(scores[i] - top));
        const double log_total = std::log(total);
        for (std::size_t i = 0; i < n; ++i) taken += static_cast<double>(weights[i] * labels[i]);
        for (std::size_t i = 0; i < n; ++i) {
            const double log_p = static_cast<double>(scores[i] - top) - log_total, t = static_cast<double>(weights[i] * labels[i]);
            if (t > 0) loss -= t * log_p;
            slopes[i] = static_cast<T>(taken * std::exp(log_p) - t);
        }
        return loss;
    }
    static bool accepts(float label, std::size_t) noexcept { return detail::label_within(label, 0, 1e30); }
    static status validate() noexcept { return {}; }
};

/// Bayesian personalised ranking (Rendle et al. 2009): for every pair of outcomes of which one has the higher label,
/// weight_i weight_j log(1 + exp(-(z_i - z_j))). What `prefer(a, b)` is learned with. O(n^2).
struct pairwise {
    template <class T> double over(const T* scores, const T* labels, const T* weights, T* slopes, std::size_t n) const noexcept {
        std::fill_n(slopes, n, T(0));
        double loss = 0;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) {
                if (!(labels[i] > labels[j])) continue;
                const T counts = weights[i] * weights[j], apart = scores[i] - scores[j];
                loss += static_cast<double>(counts * logistic{}.value(apart, T(1)));
                const T slope = counts * logistic{}.slope(apart, T(1));
                slopes[i] += slope;
                slopes[j] -= slope;
            }
        return loss;
    }
    static bool accepts(float label, std::size_t) noexcept { return detail::label_within(label, -1e30, 1e30); }
    static status validate() noexcept { return {}; }
};

}  // namespace rivulet::inline RIVULET_ABI
