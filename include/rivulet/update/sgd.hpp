// SPDX-License-Identifier: MIT
// Stochastic gradient descent: the plain step, and the file to copy for a new updater.
#pragma once

#include <cstddef>

#include "../core/concepts.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI {

/// w -= rate * g (Robbins & Monro 1951).
struct sgd {
    float rate = 0.01f;  ///< eta; above 0

    static constexpr std::size_t state = 0;  // numbers kept a weight

    status validate() const noexcept {
        if (math::finite(rate) && rate > 0) return {};
        return {errc::setting, "sgd.rate must be a finite number above 0", 0, static_cast<double>(rate)};
    }
    template <class T> void step(T* w, const T* g, updater_state<T>, std::size_t n) const noexcept {
        math::add_scaled(-static_cast<T>(rate), g, w, n);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
