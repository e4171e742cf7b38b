// SPDX-License-Identifier: MIT
// Slopes by central differences in double: what every backward pass is measured against.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace test {

/// (f(x + h) - f(x - h)) / 2h, with h = cbrt(eps) in the scale of x. `f` reads `x` where it lies; `x` is put back.
template <class F> double central_difference(double& x, F&& f) {
    const double here = x, h = std::cbrt(std::numeric_limits<double>::epsilon()) * std::max(1.0, std::abs(here));
    x = here + h;
    const double up = x, above = f();
    x = here - h;
    const double below = f(), width = up - x;  // what was really stepped
    x = here;
    return (above - below) / width;
}

/// The largest distance of `slopes` from central differences of `f` in each of `numbers`, relative to 1 + |slope|; infinite when one is
/// not finite or the two differ in length.
template <class F> double worst_slope(std::span<double> numbers, std::span<const double> slopes, F&& f) {
    if (numbers.size() != slopes.size()) return std::numeric_limits<double>::infinity();
    double worst = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double expected = central_difference(numbers[i], f);
        const double distance = std::abs(slopes[i] - expected) / (1 + std::abs(expected));
        if (!std::isfinite(distance)) return std::numeric_limits<double>::infinity();
        worst = std::max(worst, distance);
    }
    return worst;
}

}  // namespace test
