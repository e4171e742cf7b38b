// SPDX-License-Identifier: MIT
// RMSProp: a rate for every weight, set by the size of its recent gradients.
#pragma once

#include <cmath>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../math/vector.hpp"
#include "schedule.hpp"

namespace rivulet::inline RIVULET_ABI {

/// v = rho v + (1 - rho) g^2; w -= rate * g / (sqrt(v) + epsilon) (Tieleman & Hinton 2012, lecture 6.5; epsilon outside the root, as in
/// PyTorch's RMSprop, which calls rho alpha). It forgets where AdaGrad adds up: for what drifts.
struct rmsprop {
    float rate = 0.01f;     ///< eta; above 0
    float rho = 0.99f;      ///< the share of the mean square that lasts to the next step; from 0 to below 1
    float epsilon = 1e-8f;  ///< added to the root mean square; above 0
    rivulet::schedule schedule{};

    static constexpr std::size_t state = 1;  // v
    /// Whether a number can be v: what a snapshot is checked for.
    template <class T> static bool accepts(T mean_square) noexcept { return mean_square >= T(0); }

    status validate() const noexcept {
        return detail::first_refusal({detail::above_zero(rate, "rmsprop.rate must be a finite number above 0"),
                                      detail::below_one(rho, "rmsprop.rho must be a number from 0 to below 1"),
                                      detail::above_zero(epsilon, "rmsprop.epsilon must be a finite number above 0"), schedule.validate()});
    }
    template <class T> void step(T* w, const T* g, updater_state<T> kept, std::size_t n) const noexcept {
        if constexpr (kernel::apart<T>) return kernels::in_use().rmsprop(this, w, g, &kept, n);
        T* const mean_square = kept.numbers;
        const T pace = -schedule.rate<T>(rate, kept.steps), lasts = static_cast<T>(rho), enters = T(1) - lasts,
                least = static_cast<T>(epsilon);
        const T tiny = static_cast<T>(math::tiny_square);
        const simd::batch<T> tinies(tiny), paces(pace), all_last(lasts), all_enter(enters), all_least(least);
        math::sweep<T, simd::native>(
            n,
            [&](std::size_t i) {
                const auto slope = simd::load(g + i);
                const auto v = math::settled(simd::fma(all_last, simd::load(mean_square + i), all_enter * slope * slope), tinies);
                simd::store(mean_square + i, v);
                simd::store(w + i, simd::load(w + i) + paces * slope / (simd::sqrt(v) + all_least));
            },
            [&](std::size_t i) {
                mean_square[i] = math::settled(simd::fma(lasts, mean_square[i], enters * g[i] * g[i]), tiny);
                w[i] += pace * g[i] / (std::sqrt(mean_square[i]) + least);
            });
    }
};

}  // namespace rivulet::inline RIVULET_ABI
