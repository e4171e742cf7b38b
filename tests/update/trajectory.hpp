// SPDX-License-Identifier: MIT
// Runs an updater beside a twin in double, over every size, and along a golden trajectory.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include <rivulet/core/concepts.hpp>

#include "../golden/updaters.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace test {

/// Twenty steps of n weights from random first ones, for every n; every fourth slope is zero. `twin(w, g, state, t)` steps one weight in
/// double, `state` being its numbers and `t` the steps before. Weights, state and guards are compared. `magnitude`: of weights and steps.
template <class T, class Updater, class Twin> void equals_twin(const Updater& updater, double magnitude, Twin&& twin) {
    constexpr std::size_t steps = 20, kinds = Updater::state, gap = 5;
    rivulet::random draw(1);
    for (const std::size_t n : sizes) {
        CAPTURE(n);
        guarded<T> w(draw, n);
        guarded_rows<T> state(kinds, n, n + gap);
        state.fill(T(0));
        std::vector<double> twin_w(w.data(), w.data() + n), twin_state(n * kinds);
        for (std::size_t t = 0; t < steps; ++t) {
            guarded<T> g(draw, n, 2);
            for (std::size_t i = t % 4; i < n; i += 4) g.data()[i] = T(0);
            const std::vector<T> before(w.data(), w.data() + n);
            updater.step(w.data(), g.data(), rivulet::updater_state<T>{state[0], n + gap, t}, n);
            for (std::size_t i = 0; i < n; ++i) twin(twin_w[i], static_cast<double>(g.data()[i]), twin_state.data() + i * kinds, t);
            CHECK(g.intact());
        }
        for (std::size_t i = 0; i < n; ++i) {
            CAPTURE(i);
            REQUIRE(within(static_cast<double>(w.data()[i]), twin_w[i], tolerance::trajectory<T>(steps, magnitude)));
            for (std::size_t k = 0; k < kinds; ++k) {
                const double expected = twin_state[i * kinds + k];
                REQUIRE(within(static_cast<double>(state[k][i]), expected, tolerance::trajectory<T>(steps, std::abs(expected) + 1)));
            }
        }
        CHECK(w.intact());
        CHECK(state.intact());
    }
}

/// Takes the golden steps and compares every weight after each. The three weights are laid out eleven times, so that registers of every
/// width and the rest behind them see each. Weights and steps are at most 1 + |w|.
template <class T, class Updater>
void follows_golden(const Updater& updater, const double (&expected)[golden::steps][golden::weights], bool from_zero = false) {
    constexpr std::size_t n = 11 * golden::weights;
    guarded<T> w(n), g(n);
    std::vector<T> state(n * Updater::state);
    for (std::size_t i = 0; i < n; ++i) w.data()[i] = from_zero ? T(0) : static_cast<T>(golden::first[i % golden::weights]);
    for (std::size_t t = 0; t < golden::steps; ++t) {
        CAPTURE(t);
        for (std::size_t i = 0; i < n; ++i) g.data()[i] = static_cast<T>(golden::slopes[t][i % golden::weights]);
        updater.step(w.data(), g.data(), rivulet::updater_state<T>{state.data(), n, t}, n);
        for (std::size_t i = 0; i < n; ++i) {
            CAPTURE(i);
            const double after = expected[t][i % golden::weights];
            REQUIRE(within(static_cast<double>(w.data()[i]), after, tolerance::trajectory<T>(t + 1, 1 + std::abs(after))));
        }
    }
}

/// What an updater remembers fades to numbers that a processor is fast with, never to subnormal ones, and moves no weight any more.
template <class T, class Updater> void fades_without_subnormal_numbers(const Updater& updater, std::uint64_t steps) {
    constexpr std::size_t n = 33;
    rivulet::random draw(2);
    guarded<T> w(draw, n), g(draw, n);
    std::vector<T> state(n * Updater::state);
    updater.step(w.data(), g.data(), rivulet::updater_state<T>{state.data(), n, 0}, n);
    g.fill(T(0));
    guarded<T> before = w;
    for (std::uint64_t t = 1; t < steps; ++t) {
        if (t == steps / 2) before = w;
        updater.step(w.data(), g.data(), rivulet::updater_state<T>{state.data(), n, t}, n);
    }
    for (const T number : state) REQUIRE(std::fpclassify(number) != FP_SUBNORMAL);
    for (std::size_t i = 0; i < n; ++i) REQUIRE(w.data()[i] == before.data()[i]);
}

/// Each of `bad` in a setting is refused, and the message is "<name> must be <what>, got -0.5" for -0.5.
template <class Updater> void refuses(float Updater::*setting, std::initializer_list<float> bad, const std::string& sentence) {
    CAPTURE(sentence);
    Updater updater;
    CHECK(updater.validate());
    for (const float value : bad) {
        CAPTURE(value);
        updater.*setting = value;
        CHECK(updater.validate().code == rivulet::errc::setting);
    }
    updater.*setting = -0.5f;
    CHECK(updater.validate().message() == sentence + ", got -0.5");
}
inline constexpr float infinite = std::numeric_limits<float>::infinity(), not_a_number = std::numeric_limits<float>::quiet_NaN();

/// An updater refuses what its schedule refuses, and steps at the schedule's rate: halfway down a line, half of the way.
template <class Updater> void heeds_its_schedule(Updater updater) {
    updater.schedule = {.over = 0};
    CHECK(updater.validate().message() == "schedule.over must be 1 or more, got 0");
    updater.schedule = {.curve = rivulet::curve::line, .over = 2};
    CHECK(updater.validate());
    // The same second step with the whole rate and with half of it, from the same state.
    double w[2] = {0, 0}, g = 0.5, state[2][std::max<std::size_t>(Updater::state, 1)] = {};
    for (int which = 0; which < 2; ++which) {
        for (double& number : state[which]) number = 0.25;
        if (which == 0)
            updater.schedule = {};
        else
            updater.schedule = {.curve = rivulet::curve::line, .over = 2};
        updater.step(&w[which], &g, rivulet::updater_state<double>{state[which], 1, 1}, 1);
    }
    CHECK(w[0] < 0);
    CHECK(within(w[1] / w[0], 0.5, 1e-12));
}

}  // namespace test
