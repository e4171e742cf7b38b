// SPDX-License-Identifier: MIT
// AdaGrad, by hand and against a scalar twin over many steps.
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <vector>

#include <rivulet/update/adagrad.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"
#include "trajectory.hpp"

namespace rv = rivulet;
using test::within;

TEST_CASE("two steps by hand") {
    const rv::adagrad step{.rate = 0.5f, .initial = 7};
    double w[] = {1, 1}, seen[] = {0, 0};
    const double g[] = {3, 0};
    step.step(w, g, rv::updater_state<double>{seen, 2, 0}, 2);
    CHECK(seen[0] == 9);
    CHECK(within(w[0], 1 - 0.5 * 3 / 4, 1e-15));  // sqrt(7 + 9) = 4
    CHECK(w[1] == 1);
    step.step(w, g, rv::updater_state<double>{seen, 2, 1}, 2);
    CHECK(seen[0] == 18);
    CHECK(within(w[0], 1 - 0.5 * 3 / 4 - 0.5 * 3 / 5, 1e-15));  // sqrt(7 + 18) = 5
    CHECK(seen[1] == 0);
}

TEST_CASE_TEMPLATE("many steps of many weights equal a twin in double, each weight alone", T, float, double) {
    rv::random draw(1);
    const rv::adagrad step{.rate = 0.3f, .initial = 0.1f};
    constexpr int steps = 20;
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        test::guarded<T> w(draw, n), seen(n);
        seen.fill(T(0));
        std::vector<double> twin_w(w.data(), w.data() + n), twin_seen(n);
        for (int s = 0; s < steps; ++s) {
            const test::guarded<T> g(draw, n, 2);
            step.step(w.data(), g.data(), rv::updater_state<T>{seen.data(), n, static_cast<std::uint64_t>(s)}, n);
            for (std::size_t i = 0; i < n; ++i) {
                const double slope = static_cast<double>(g.data()[i]);
                twin_seen[i] += slope * slope;
                twin_w[i] -= static_cast<double>(0.3f) * slope / std::sqrt(static_cast<double>(0.1f) + twin_seen[i]);
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(within(static_cast<double>(seen.data()[i]), twin_seen[i], test::tolerance::sum<T>(steps, twin_seen[i])));
            REQUIRE(within(static_cast<double>(w.data()[i]), twin_w[i], steps * test::tolerance::rounding<T>(4)));
        }
        CHECK(w.intact());
        CHECK(seen.intact());
    }
}

TEST_CASE_TEMPLATE("a weight without a slope stays exactly where it is, and what it has seen too", T, float, double) {
    rv::random draw(2);
    const rv::adagrad step;
    for (const std::size_t n : test::sizes) {
        test::guarded<T> w(draw, n), seen(draw, n), g(n);
        for (std::size_t i = 0; i < n; ++i) seen.data()[i] = std::abs(seen.data()[i]);
        g.fill(T(0));
        const auto before = w, before_seen = seen;
        step.step(w.data(), g.data(), rv::updater_state<T>{seen.data(), n, 3}, n);
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(w.data()[i] == before.data()[i]);
            REQUIRE(seen.data()[i] == before_seen.data()[i]);
        }
    }
}

TEST_CASE("settings that are not finite numbers above zero are refused in words") {
    CHECK(rv::adagrad{}.validate());
    for (const float bad : {0.0f, -0.0f, -0.5f, std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
        CHECK(rv::adagrad{.rate = bad}.validate().code == rv::errc::setting);
        CHECK(rv::adagrad{.initial = bad}.validate().code == rv::errc::setting);
    }
    CHECK(rv::adagrad{.rate = -0.5f}.validate().message() == "adagrad.rate must be a finite number above 0, got -0.5");
    CHECK(rv::adagrad{.initial = -2}.validate().message() == "adagrad.initial must be a finite number above 0, got -2");
}

TEST_CASE("a sum of squares is not negative, which is how a snapshot knows a bad one") {
    CHECK(rv::adagrad::accepts(0.0f));
    CHECK(rv::adagrad::accepts(-0.0f));
    CHECK(rv::adagrad::accepts(1e30));
    CHECK_FALSE(rv::adagrad::accepts(-1e-30f));
    CHECK_FALSE(rv::adagrad::accepts(-1.0));
}

TEST_CASE_TEMPLATE("twenty steps as PyTorch's Adagrad takes them", T, float, double) {
    test::follows_golden<T>(rv::adagrad{.rate = 0.1f, .initial = 0.1f}, golden::adagrad);
}

TEST_CASE("a schedule is refused with its updater, and heeded") { test::heeds_its_schedule(rv::adagrad{}); }
