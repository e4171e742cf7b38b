// SPDX-License-Identifier: MIT
// Adam: momentum over the size of recent gradients, both corrected for having started at zero.
#pragma once

#include <cmath>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../math/vector.hpp"
#include "schedule.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// The step of Adam and AdamW; the weights are multiplied by 1 - rate * decay before it. The two corrections move out of the loop, into the
/// rate and epsilon: (m / c1) / (sqrt(v / c2) + epsilon) = sqrt(c2) / c1 * m / (sqrt(v) + epsilon sqrt(c2)).
template <class T, class Settings>
void adam_step(const Settings& with, double decay, T* w, const T* g, updater_state<T> kept, std::size_t n) noexcept {
    T *const mean = kept.numbers, *const mean_square = kept.numbers + kept.apart;
    const double t = static_cast<double>(kept.steps) + 1, rate = static_cast<double>(with.rate) * with.schedule.factor(kept.steps);
    const double root = std::sqrt(1 - std::pow(static_cast<double>(with.beta2), t));
    const T pace = static_cast<T>(-rate * root / (1 - std::pow(static_cast<double>(with.beta1), t)));
    const T least = static_cast<T>(static_cast<double>(with.epsilon) * root), remains = static_cast<T>(1 - rate * decay);
    const T lasts = static_cast<T>(with.beta1), enters = T(1) - lasts, square_lasts = static_cast<T>(with.beta2),
            square_enters = T(1) - square_lasts;
    const T tiny = static_cast<T>(math::tiny_slope), tiny_squared = static_cast<T>(math::tiny_square);
    const simd::batch<T> tinies(tiny), tinies_squared(tiny_squared), paces(pace), all_least(least), all_remain(remains), all_last(lasts),
        all_enter(enters), squares_last(square_lasts), squares_enter(square_enters);
    math::sweep<T, simd::native>(
        n,
        [&](std::size_t i) {
            const auto slope = simd::load(g + i);
            const auto m = math::settled(simd::fma(all_last, simd::load(mean + i), all_enter * slope), tinies);
            const auto v =
                math::settled(simd::fma(squares_last, simd::load(mean_square + i), squares_enter * slope * slope), tinies_squared);
            simd::store(mean + i, m);
            simd::store(mean_square + i, v);
            simd::store(w + i, simd::fma(all_remain, simd::load(w + i), paces * m / (simd::sqrt(v) + all_least)));
        },
        [&](std::size_t i) {
            mean[i] = math::settled(simd::fma(lasts, mean[i], enters * g[i]), tiny);
            mean_square[i] = math::settled(simd::fma(square_lasts, mean_square[i], square_enters * g[i] * g[i]), tiny_squared);
            w[i] = simd::fma(remains, w[i], pace * mean[i] / (std::sqrt(mean_square[i]) + least));
        });
}

}  // namespace detail

/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w -= rate * (m / c1) / (sqrt(v / c2) + epsilon), where at step t, counted
/// from 1, c1 = 1 - beta1^t and c2 = 1 - beta2^t (Kingma & Ba 2015, algorithm 1). What deep rankers are usually trained with.
struct adam {
    float rate = 0.001f;    ///< alpha: about the most that a weight moves in a step; above 0
    float beta1 = 0.9f;     ///< the share of the mean gradient that lasts to the next step; from 0 to below 1
    float beta2 = 0.999f;   ///< the same of the mean square; from 0 to below 1
    float epsilon = 1e-8f;  ///< added to the root mean square; above 0
    rivulet::schedule schedule{};

    static constexpr std::size_t state = 2;  // m, v
    /// Whether a number can be m (kind 0) or v (kind 1): what a snapshot is checked for.
    template <class T> static bool accepts(T number, std::size_t kind) noexcept { return kind == 0 || number >= T(0); }

    status validate() const noexcept {
        return detail::first_refusal({detail::above_zero(rate, "adam.rate must be a finite number above 0"),
                                      detail::below_one(beta1, "adam.beta1 must be a number from 0 to below 1"),
                                      detail::below_one(beta2, "adam.beta2 must be a number from 0 to below 1"),
                                      detail::above_zero(epsilon, "adam.epsilon must be a finite number above 0"), schedule.validate()});
    }
    template <class T> void step(T* w, const T* g, updater_state<T> kept, std::size_t n) const noexcept {
        if constexpr (kernel::apart<T>) return kernels::in_use().adam(this, w, g, &kept, n);
        detail::adam_step(*this, 0, w, g, kept, n);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
