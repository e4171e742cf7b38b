// SPDX-License-Identifier: MIT
// Updaters in two phases: first every range of weights says how far it would move the score, then all move by one factor.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "../core/concepts.hpp"

namespace rivulet::inline RIVULET_ABI {

/// What one outcome pulls a score with. An updater in two phases sees g_i = weight * slope * x_i, where x_i = d score / d w_i.
template <class T> struct pull {
    T slope;       ///< d loss / d score
    T weight = 1;  ///< the outcome's importance, above 0
};

/// What ranges of weights found out together about the step to come.
struct foresight {
    double movement = 0;  ///< how far it would move the score, at a factor of 1: sum of x_i d_i; in units of the score
    double size = 0;      ///< sum of (x_i / N_i)^2: how many features there are, each counted by how large it is beside its largest
    foresight& operator+=(const foresight& more) noexcept {
        movement += more.movement;
        size += more.size;
        return *this;
    }
};

/// What is kept over all steps, once a pipeline: the weights of the outcomes learned, and their weighted sizes.
struct mean_size {
    double weight = 0, size = 0;
    /// With one more outcome.
    mean_size with(double importance, double of) const noexcept { return {weight + importance, size + importance * of}; }
};

/// The whole of a step, over ranges of weights that are walked one after the other:
///
///     foresight ahead;
///     for (each range) ahead += updater.measure(g, state, n, pull);
///     total = total.with(pull.weight, ahead.size);
///     T factor = updater.template factor<T>(total, steps);
///     factor *= damping(loss, score, label, pull.slope, factor * ahead.movement);
///     for (each range) updater.step(w, g, state, n, pull, factor);
template <class U, class T>
concept foresighted_updater = requires(const U& u, T* w, const T* g, updater_state<T> state, std::size_t n, pull<T> with, T factor) {
    { U::state } -> std::convertible_to<std::size_t>;
    { u.validate() } -> std::same_as<status>;
    { u.measure(g, state, n, with) } -> std::same_as<foresight>;
    { u.template factor<T>(mean_size{}, std::uint64_t(0)) } -> std::same_as<T>;
    u.step(w, g, state, n, with, factor);
};

/// What a step is to be multiplied by, in (0, 1], to move the score as far as the same step infinitely divided; `movement` is how far it
/// would move it undivided, 0 or more. 1 for a slope or a movement of 0.
template <class T, divisible_loss<T> Loss> T damping(const Loss& loss, T score, T label, T slope, T movement) noexcept {
    const T steep = std::abs(slope);
    if (!(steep > T(1e-18)) || !(movement > T(0))) return T(1);
    return std::min(T(1), std::abs(loss.movement(score, label, movement / steep)) / movement);
}

}  // namespace rivulet::inline RIVULET_ABI
