// SPDX-License-Identifier: MIT
// Schedules: from the count of steps to a factor of an updater's rate.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "../math/settings.hpp"

namespace rivulet::inline RIVULET_ABI {

/// How a rate falls. `inverse_square_root` never ends, which is what a stream wants; `line` and `cosine` are for a known number of steps.
enum class curve : std::uint8_t { constant, inverse_square_root, line, cosine };

/// Every updater has one: `adam{.schedule = {.curve = curve::cosine, .over = 10'000, .floor = 0.01f, .warm_up = 500}}`. With t the steps
/// taken before this one, W = warm_up, N = over and s = t - W, the factor is (t + 1) / W while t < W, and then floor + (1 - floor) c, where
///     constant             c = 1
///     inverse_square_root  c = 1 / sqrt(1 + s / N)         of N = W: the schedule of Vaswani et al. 2017, 5.3
///     line                 c = 1 - s / N, from N on 0
///     cosine               c = (1 + cos(pi s / N)) / 2, from N on 0      (Loshchilov & Hutter 2017, eq. 5, without restarts)
struct schedule {
    rivulet::curve curve = rivulet::curve::constant;
    std::uint64_t over = 1;     ///< N: steps that the fall takes after the warm-up; of the inverse square root: until 0.71; 1 or more
    float floor = 0;            ///< the share of the rate that the fall approaches; 0 to 1
    std::uint64_t warm_up = 0;  ///< W: steps that the rate takes to rise from rate / W to all of it; 0 is none

    status validate() const noexcept {
        if (over == 0) return {errc::setting, "schedule.over must be 1 or more", 0, 0};
        if (!math::finite(floor) || floor < 0 || floor > 1)
            return {errc::setting, "schedule.floor must be a number from 0 to 1", 0, static_cast<double>(floor)};
        return {};
    }
    /// O(1), in double: once a step, not once a weight.
    double factor(std::uint64_t steps) const noexcept {
        if (steps < warm_up) return (static_cast<double>(steps) + 1) / static_cast<double>(warm_up);
        if (curve == rivulet::curve::constant) return 1;
        const double gone = static_cast<double>(steps - warm_up) / static_cast<double>(over), lowest = static_cast<double>(floor);
        switch (curve) {
        case rivulet::curve::inverse_square_root:
            return lowest + (1 - lowest) / std::sqrt(1 + gone);
        case rivulet::curve::line:
            return gone < 1 ? lowest + (1 - lowest) * (1 - gone) : lowest;
        case rivulet::curve::cosine:
            return gone < 1 ? lowest + (1 - lowest) * (1 + std::cos(std::numbers::pi * gone)) / 2 : lowest;
        case rivulet::curve::constant:
            break;
        }
        return 1;
    }
    /// The rate of a step, rounded once.
    template <class T> T rate(float all, std::uint64_t steps) const noexcept {
        return static_cast<T>(static_cast<double>(all) * factor(steps));
    }
};

}  // namespace rivulet::inline RIVULET_ABI
