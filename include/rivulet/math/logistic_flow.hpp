// SPDX-License-Identifier: MIT
// How far a score flows down the log loss in a given time: the closed form behind steps that do not overshoot.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "../core/config.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// x in [0, most] with f(x) = target, f rising: Newton's method, by halves wherever it leaves the bracket. Where |f''| <= f' max(1, 1 / x)
/// the last round's error is below a rounding of x. Two or three rounds from a start that is near; without NaN, so -ffast-math is safe.
/// `f(x)` gives f and f' together, which share what is costly.
template <class T, class F> T inverse(const F& f, T target, T start, T most) noexcept {
    constexpr T enough = sizeof(T) == 4 ? T(2e-4) : T(1e-8);  // about sqrt(eps / 2); squares of what is compared may underflow
    T low = 0, high = most, x = start;
    for (int round = 0; round < 100; ++round) {
        const auto [value, slope] = f(x);
        const T beyond = value - target;
        (beyond > T(0) ? high : low) = x;
        T next = x - beyond / slope;
        if (next < low || next > high) next = low + (high - low) / 2;
        const T step = std::abs(next - x);
        x = next;
        if (step <= enough * std::min(x, T(1))) break;
    }
    return x;
}

/// The distance d >= 0 that z, below the logit of y in (0, 1], rises in the time t under dz/dt = y - p(z), p the logistic function.
///
/// With p and q = y - p at the start, and X = (1 - exp(-(1 - y) t')) / (1 - y) (t' where y = 1): y t = t' + d and p (e^d - 1) = q X.
/// For y = 1 that is q d + p (e^d - 1) = q t, whose solution in terms of the score is Lambert's W (Karampatziakis & Langford 2011, table
/// 1). Nothing in this form cancels, however short the way, and nothing overflows, however long: log p is known where p is nothing.
template <class T> T logistic_rise(T z, T y, T t) noexcept {
    // Where p is nothing beside y the pace is y. A label of 1 needs no such case; of others, p itself enters, which must not be subnormal.
    if (const T outside = T(-60) - z; outside > T(0) && y < T(1) && y > T(1e-20))
        return y * t <= outside ? y * t : outside + logistic_rise(T(-60), y, t - outside / y);
    const T e = std::exp(-std::abs(z)), p = (z >= 0 ? T(1) : e) / (T(1) + e), log_p = std::min(z, T(0)) - std::log1p(e);
    const T rest = T(1) - y, q = rest > T(0) ? y - p : (z >= 0 ? e : T(1)) / (T(1) + e), whole = q * t;
    if (!(whole > T(0))) return T(0);
    if (rest > T(0)) {
        const auto faded = [&](T x) { return q * (-std::expm1(-rest * x) / rest); };  // q X
        const auto risen = [&](T qx) { return qx < p ? std::log1p(qx / p) : std::log(p + qx) - log_p; };
        const auto passed = [&](T x) {
            const T qx = faded(x);
            return std::pair(x + risen(qx), T(1) + q * std::exp(-rest * x) / (p + qx));
        };
        const T x = inverse(passed, y * t, p * t, y * t);
        return risen(faded(x));
    }
    const auto passed = [&](T d) {
        const T risen = d < T(1) ? p * std::expm1(d) : std::exp(d + log_p) - p;
        return std::pair(q * d + risen, T(1) + risen);
    };
    const T most = std::min(whole, std::log(p + whole) - log_p);  // each term alone is at most the whole
    return inverse(passed, whole, most, whole);
}

}  // namespace rivulet::inline RIVULET_ABI::detail
