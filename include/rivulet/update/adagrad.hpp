// SPDX-License-Identifier: MIT
// AdaGrad: a rate for every weight, falling with the gradients it has seen.
#pragma once

#include <cmath>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../math/vector.hpp"
#include "schedule.hpp"

namespace rivulet::inline RIVULET_ABI {

/// G += g^2; w -= rate * g / sqrt(initial + G) (Duchi, Hazan, Singer 2011, with the diagonal of G; `initial` is their delta).
/// Frequent features slow down, rare ones keep learning: what sparse feedback wants.
struct adagrad {
    float rate = 0.05f;    ///< eta; above 0
    float initial = 0.1f;  ///< delta: what a weight is taken to have seen; keeps the first steps from all being +-rate; above 0
    rivulet::schedule schedule{};

    static constexpr std::size_t state = 1;  // G
    /// Whether a number can be G: what a snapshot is checked for.
    template <class T> static bool accepts(T seen) noexcept { return seen >= T(0); }

    status validate() const noexcept {
        return detail::first_refusal({detail::above_zero(rate, "adagrad.rate must be a finite number above 0"),
                                      detail::above_zero(initial, "adagrad.initial must be a finite number above 0"), schedule.validate()});
    }
    template <class T> void step(T* w, const T* g, updater_state<T> kept, std::size_t n) const noexcept {
        if constexpr (kernel::apart<T>) return kernels::in_use().adagrad(this, w, g, &kept, n);
        T* const total = kept.numbers;
        const T pace = -schedule.rate<T>(rate, kept.steps), before = static_cast<T>(initial);
        const simd::batch<T> paces(pace), seen_before(before);
        math::sweep<T, simd::native>(
            n,
            [&](std::size_t i) {
                const auto slope = simd::load(g + i);
                const auto seen = simd::fma(slope, slope, simd::load(total + i));
                simd::store(total + i, seen);
                simd::store(w + i, simd::load(w + i) + paces * slope / simd::sqrt(seen_before + seen));
            },
            [&](std::size_t i) {
                total[i] += g[i] * g[i];
                w[i] += pace * g[i] / std::sqrt(before + total[i]);
            });
    }
};

}  // namespace rivulet::inline RIVULET_ABI
