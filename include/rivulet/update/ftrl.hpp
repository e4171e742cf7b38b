// SPDX-License-Identifier: MIT
// FTRL-proximal: AdaGrad's rates with an L1 term that keeps weights at exactly zero until they are worth having.
#pragma once

#include <cmath>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../math/vector.hpp"
#include "schedule.hpp"

namespace rivulet::inline RIVULET_ABI {

/// s = (sqrt(n + g^2) - sqrt(n)) / alpha; z += g - s w; n += g^2; w = 0 where |z| <= l1, else -(z - sign(z) l1) / d with
/// d = (beta + sqrt(n)) / alpha + l2 (McMahan et al. 2013, algorithm 1; there w is formed when it is next read).
///
/// It is computed from w itself: where w is not 0 the last line says z = -(w d + sign(w) l1), and s is what d grows by, so that
/// z + g - s w = g - (w d + sign(w) l1) with the new d. That takes one root instead of two, needs z only where w is 0, and makes w what
/// counts: first weights that are not zero stay, and so does whatever a host, a schedule or a re-expressed basis has made of them. From
/// such a start l1 and l2 act as if gradients had led there. Sparse models need the start at zero of the paper: a linear ranker over
/// features has it; components with weights of their own, and an MLP, draw theirs and must not start so.
struct ftrl {
    float rate = 0.05f;  ///< alpha; above 0
    float beta = 1;      ///< keeps the first steps small; above 0
    float l1 = 0;        ///< lambda1: gradients must add up to more than this for a weight to leave 0; of the unit of a gradient; 0 or more
    float l2 = 0;        ///< lambda2: a pull towards 0, of the unit of a gradient over a weight; 0 or more
    rivulet::schedule schedule{};

    static constexpr std::size_t state = 2;  // z, n
    /// Whether a number can be z (kind 0) or n (kind 1): what a snapshot is checked for.
    template <class T> static bool accepts(T number, std::size_t kind) noexcept { return kind == 0 || number >= T(0); }

    status validate() const noexcept {
        return detail::first_refusal({detail::above_zero(rate, "ftrl.rate must be a finite number above 0"),
                                      detail::above_zero(beta, "ftrl.beta must be a finite number above 0"),
                                      detail::zero_or_more(l1, "ftrl.l1 must be a finite number of 0 or more"),
                                      detail::zero_or_more(l2, "ftrl.l2 must be a finite number of 0 or more"), schedule.validate()});
    }
    template <class T> void step(T* w, const T* g, updater_state<T> kept, std::size_t n) const noexcept {
        if constexpr (kernel::apart<T>) return kernels::in_use().ftrl(this, w, g, &kept, n);
        T *const sum = kept.numbers, *const squares = kept.numbers + kept.apart;
        const T alpha = schedule.rate<T>(rate, kept.steps), gate = static_cast<T>(l1);
        if (alpha < T(1e-18)) return;  // the end of a fall to 0: d would leave the range of a float
        const T inverse = T(1) / alpha, base = static_cast<T>(beta) * inverse + static_cast<T>(l2);
        const simd::batch<T> inverses(inverse), bases(base), gates(gate), nothing(T(0));
        math::sweep<T, simd::native>(
            n,
            [&](std::size_t i) {
                const auto slope = simd::load(g + i), old = simd::load(w + i);
                const auto seen = simd::fma(slope, slope, simd::load(squares + i));
                const auto d = simd::fma(simd::sqrt(seen), inverses, bases), pull = nothing - old * d;
                const auto z =
                    slope + simd::where_positive(old, pull - gates, simd::where_positive(nothing - old, pull + gates, simd::load(sum + i)));
                const auto next = (simd::rectified(nothing - z - gates) - simd::rectified(z - gates)) / d;
                simd::store(sum + i, z);
                simd::store(squares + i, seen);
                // Without a slope exactly the old weight: going to z and back may round.
                simd::store(w + i, simd::where_positive(slope, next, simd::where_positive(nothing - slope, next, old)));
            },
            [&](std::size_t i) {
                squares[i] = simd::fma(g[i], g[i], squares[i]);
                const T d = simd::fma(std::sqrt(squares[i]), inverse, base), pull = -(w[i] * d);
                const T z = g[i] + (w[i] > T(0) ? pull - gate : w[i] < T(0) ? pull + gate : sum[i]);
                sum[i] = z;
                if (g[i] > T(0) || g[i] < T(0)) w[i] = z < -gate ? (-z - gate) / d : z > gate ? (gate - z) / d : T(0);
            });
    }
};

}  // namespace rivulet::inline RIVULET_ABI
