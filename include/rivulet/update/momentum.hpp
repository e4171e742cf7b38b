// SPDX-License-Identifier: MIT
// Gradient descent with momentum, Polyak's or Nesterov's: steps that agree add up, steps that disagree cancel.
#pragma once

#include <cstddef>

#include "../core/concepts.hpp"
#include "../math/vector.hpp"
#include "schedule.hpp"

namespace rivulet::inline RIVULET_ABI {

/// v = mu v + g; w -= rate * v, or with Nesterov's look ahead w -= rate * (g + mu v) (Polyak 1964; Sutskever et al. 2013, with the rate
/// outside v, as in PyTorch's SGD without dampening). A gradient that stays moves a weight by rate / (1 - mu) a step.
struct momentum {
    float rate = 0.01f;  ///< eta; above 0
    float mu = 0.9f;     ///< the share of the velocity that lasts to the next step; from 0 to below 1
    bool nesterov = false;
    rivulet::schedule schedule{};

    static constexpr std::size_t state = 1;  // v; any finite number can be one

    status validate() const noexcept {
        return detail::first_refusal({detail::above_zero(rate, "momentum.rate must be a finite number above 0"),
                                      detail::below_one(mu, "momentum.mu must be a number from 0 to below 1"), schedule.validate()});
    }
    template <class T> void step(T* w, const T* g, updater_state<T> kept, std::size_t n) const noexcept {
        if constexpr (kernel::apart<T>) return kernels::in_use().momentum(this, w, g, &kept, n);
        T* const velocity = kept.numbers;
        // One loop for both: w += a g + b v with (a, b) = -rate * (0, 1) or -rate * (1, mu).
        const T pace = -schedule.rate<T>(rate, kept.steps), lasts = static_cast<T>(mu), a = nesterov ? pace : T(0),
                b = nesterov ? pace * lasts : pace;
        const T least = static_cast<T>(math::tiny_slope);
        const simd::batch<T> all_last(lasts), all_a(a), all_b(b), all_least(least);
        math::sweep<T, simd::native>(
            n,
            [&](std::size_t i) {
                const auto slope = simd::load(g + i);
                const auto v = math::settled(simd::fma(all_last, simd::load(velocity + i), slope), all_least);
                simd::store(velocity + i, v);
                simd::store(w + i, simd::fma(all_b, v, simd::fma(all_a, slope, simd::load(w + i))));
            },
            [&](std::size_t i) {
                velocity[i] = math::settled(simd::fma(lasts, velocity[i], g[i]), least);
                w[i] = simd::fma(b, velocity[i], simd::fma(a, g[i], w[i]));
            });
    }
};

}  // namespace rivulet::inline RIVULET_ABI
