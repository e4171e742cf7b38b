// SPDX-License-Identifier: MIT
// Stochastic gradient descent: the plain step, and the file to copy for a new updater.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/concepts.hpp"
#include "../math/slopes.hpp"
#include "../math/vector.hpp"
#include "schedule.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// line += pace (factor numbers), the slope rounded as if it had been written down. O(n).
template <class T, class Arch = simd::native>
inline void descend_line(T pace, T factor, const T* numbers, T* line, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().descend_line(pace, factor, numbers, line, n);
    const simd::batch<T, Arch> paces(pace), factors(factor);
    math::sweep<T, Arch>(
        n,
        [&](std::size_t i) {
            simd::store(line + i, simd::fma(paces, factors * simd::load<T, Arch>(numbers + i), simd::load<T, Arch>(line + i)));
        },
        [&](std::size_t i) { line[i] = simd::fma(pace, factor * numbers[i], line[i]); });
}

}  // namespace detail

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
    /// Optional: the same, to the last bit, along slopes that are not written down; false if they are not lines times one row. Worth it
    /// here, where making a slope costs as much as the step.
    template <class T> bool step(T* w, const outer_product<T>& g, std::uint64_t steps) const noexcept {
        const T pace = -schedule.rate<T>(rate, steps);
        return g.each_line([&](std::size_t first, T factor, const T* numbers, std::size_t n) {
            detail::descend_line(pace, factor, numbers, w + first, n);
        });
    }
};

}  // namespace rivulet::inline RIVULET_ABI
