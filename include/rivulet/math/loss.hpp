// SPDX-License-Identifier: MIT
// Losses of one score against one label: value, slope, how far an undivided and a divided step move the score, and which labels they take.
#pragma once

#include <cmath>
#include <cstddef>

#include "../core/error.hpp"
#include "logistic_flow.hpp"
#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// Labels between two limits. Finite is asked first: comparisons alone let NaN through under -ffast-math.
inline bool label_within(float label, double lowest, double highest) noexcept {
    return math::finite(label) && static_cast<double>(label) >= lowest && static_cast<double>(label) <= highest;
}

/// log(1 + x) of 0 <= x <= 1. For float in double, whose logarithm is several times as quick as log1p of a float.
template <class T> T log_one_plus(T x) noexcept {
    if constexpr (sizeof(T) == 4)
        return x < T(1e-3) ? x * (T(1) - x * (T(0.5) - x / T(3))) : static_cast<T>(std::log(1 + static_cast<double>(x)));
    else
        return std::log1p(x);
}

}  // namespace detail

// movement(score, label, reach): where ds/dt = -slope(s, label) leads a score within the time `reach`, as a distance from it. That is what
// becomes of a step cut into infinitely many, each along the slope that the one before has left; undivided it would move the score by
// -reach slope(score, label) (Karampatziakis & Langford 2011, eq. 6 and table 1). The divided step goes the same way, at most as far, and
// never past the label, but for the rounding of score + movement; reach a and from there b is reach a + b. `reach`: finite, 0 or more.

/// Log loss of a probability, from its logit: log(1 + exp(z)) - y z for y in [0, 1] (cross-entropy, Bishop 2006 eq. 4.90).
struct logistic {
    template <class T> T value(T score, T label) const noexcept {
        // no exp overflows, and a confident and right score does not drown in the difference of max(z, 0) and y z
        return detail::log_one_plus(std::exp(-std::abs(score))) + (score > 0 ? (T(1) - label) * score : -label * score);
    }
    /// d value / d score = p - y.
    template <class T> T slope(T score, T label) const noexcept { return probability(score) - label; }
    /// p = 1 / (1 + exp(-z)), for any finite z.
    template <class T> static T probability(T score) noexcept {
        const T e = std::exp(-std::abs(score));
        return (score >= 0 ? T(1) : e) / (T(1) + e);
    }
    template <class T> T movement(T score, T label, T reach) const noexcept {
        const bool up = probability(score) < label || label == T(1);
        return up ? detail::logistic_rise(score, label, reach) : -detail::logistic_rise(-score, T(1) - label, reach);
    }
    static bool accepts(float label, std::size_t) noexcept { return detail::label_within(label, 0, 1); }
    static status validate() noexcept { return {}; }
};

/// Half the squared distance, (z - y)^2 / 2, whose slope is z - y.
struct squared {
    template <class T> T value(T score, T label) const noexcept { return (score - label) * (score - label) / 2; }
    template <class T> T slope(T score, T label) const noexcept { return score - label; }
    /// The distance fades like exp(-t).
    template <class T> T movement(T score, T label, T reach) const noexcept { return (score - label) * std::expm1(-reach); }
    static bool accepts(float label, std::size_t) noexcept { return detail::label_within(label, -1e30, 1e30); }
    static status validate() noexcept { return {}; }
};

/// Half the squared distance up to `delta`, and from there delta |z - y| - delta^2 / 2 (Huber 1964): an outlier pulls with delta, not more.
struct huber {
    float delta = 1;  ///< above 0, in units of the label

    template <class T> T value(T score, T label) const noexcept {
        const T far = std::abs(score - label), most = static_cast<T>(delta);
        return far <= most ? far * far / 2 : most * (far - most / 2);
    }
    template <class T> T slope(T score, T label) const noexcept {
        const T apart = score - label, most = static_cast<T>(delta);
        return apart > most ? most : apart < -most ? -most : apart;
    }
    /// At a constant pace down to `delta`, from there fading as under the squared loss.
    template <class T> T movement(T score, T label, T reach) const noexcept {
        const T far = std::abs(score - label), most = static_cast<T>(delta), outside = far > most ? far - most : T(0);
        const T time = outside / most;  // until the distance is `delta`
        const T moved = reach < time ? most * reach : outside - (far - outside) * std::expm1(time - reach);
        return score > label ? -moved : moved;
    }
    static bool accepts(float label, std::size_t) noexcept { return detail::label_within(label, -1e30, 1e30); }
    status validate() const noexcept {
        if (math::finite(delta) && delta > 0) return {};
        return {errc::setting, "huber.delta must be a finite number above 0", 0, static_cast<double>(delta)};
    }
};

}  // namespace rivulet::inline RIVULET_ABI
