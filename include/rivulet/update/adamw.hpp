// SPDX-License-Identifier: MIT
// AdamW: Adam with weights that decay apart from the gradient.
#pragma once

#include <cstddef>

#include "adam.hpp"

namespace rivulet::inline RIVULET_ABI {

/// w -= rate * decay * w, then the step of Adam (Loshchilov & Hutter 2019, algorithm 2, with the decay times the rate as in PyTorch). Every
/// weight decays alike, whatever its gradients: decay inside the gradient, where Adam divides it by their size, does not. Biases decay too.
struct adamw {
    float rate = 0.001f;    ///< alpha: about the most that a gradient moves a weight in a step; above 0
    float beta1 = 0.9f;     ///< the share of the mean gradient that lasts to the next step; from 0 to below 1
    float beta2 = 0.999f;   ///< the same of the mean square; from 0 to below 1
    float epsilon = 1e-8f;  ///< added to the root mean square; above 0
    float decay = 0.01f;    ///< lambda: a weight loses the share rate * decay of itself a step; 0 or more, rate * decay at most 1
    rivulet::schedule schedule{};

    static constexpr std::size_t state = adam::state;  // m, v
    /// Whether a number can be m (kind 0) or v (kind 1): what a snapshot is checked for.
    template <class T> static bool accepts(T number, std::size_t kind) noexcept { return adam::accepts(number, kind); }

    status validate() const noexcept {
        return detail::first_refusal(
            {detail::above_zero(rate, "adamw.rate must be a finite number above 0"),
             detail::below_one(beta1, "adamw.beta1 must be a number from 0 to below 1"),
             detail::below_one(beta2, "adamw.beta2 must be a number from 0 to below 1"),
             detail::above_zero(epsilon, "adamw.epsilon must be a finite number above 0"),
             detail::zero_or_more(decay, "adamw.decay must be a finite number of 0 or more"),
             rate * decay > 1 ? status{errc::setting, "adamw.rate * decay must be at most 1", 0, static_cast<double>(rate * decay)}
                              : status{},
             schedule.validate()});
    }
    template <class T> void step(T* w, const T* g, updater_state<T> kept, std::size_t n) const noexcept {
        if constexpr (kernel::apart<T>) return kernels::in_use().adamw(this, w, g, &kept, n);
        detail::adam_step(*this, static_cast<double>(decay), w, g, kept, n);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
