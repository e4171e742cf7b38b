// SPDX-License-Identifier: MIT
// Stochastic gradient descent: the plain step, and the file to copy for a new updater.
#pragma once

#include <cstddef>

#include "../core/concepts.hpp"
#include "../math/vector.hpp"
#include "schedule.hpp"

namespace rivulet::inline RIVULET_ABI {

/// w -= rate * g (Robbins & Monro 1951).
struct sgd {
    float rate = 0.01f;  ///< eta; above 0
    rivulet::schedule schedule{};

    static constexpr std::size_t state = 0;  // numbers kept a weight

    status validate() const noexcept {
        return detail::first_refusal({detail::above_zero(rate, "sgd.rate must be a finite number above 0"), schedule.validate()});
    }
    template <class T> void step(T* w, const T* g, updater_state<T> kept, std::size_t n) const noexcept {
        math::add_scaled(-schedule.rate<T>(rate, kept.steps), g, w, n);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
