// SPDX-License-Identifier: MIT
// Losses of one score against one label: value, slope, and which labels they take.
#pragma once

#include <cmath>

#include "../core/config.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Log loss of a probability, from its logit: log(1 + exp(z)) - y z for y in [0, 1] (cross-entropy, Bishop 2006 eq. 4.90).
struct logistic {
    static constexpr double lowest = 0, highest = 1;  // labels

    template <class T> T value(T score, T label) const noexcept {
        // no exp overflows, and a confident and right score does not drown in the difference of max(z, 0) and y z
        return std::log1p(std::exp(-std::abs(score))) + (score > 0 ? (T(1) - label) * score : -label * score);
    }
    /// d value / d score = p - y.
    template <class T> T slope(T score, T label) const noexcept { return probability(score) - label; }
    /// p = 1 / (1 + exp(-z)), for any finite z.
    template <class T> static T probability(T score) noexcept {
        const T e = std::exp(-std::abs(score));
        return (score >= 0 ? T(1) : e) / (T(1) + e);
    }
};

/// Half the squared distance, (z - y)^2 / 2, whose slope is z - y.
struct squared {
    static constexpr double lowest = -1e30, highest = 1e30;

    template <class T> T value(T score, T label) const noexcept { return (score - label) * (score - label) / 2; }
    template <class T> T slope(T score, T label) const noexcept { return score - label; }
};

}  // namespace rivulet::inline RIVULET_ABI
