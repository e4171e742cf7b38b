// SPDX-License-Identifier: MIT
// The plain step, by hand and against a scalar twin.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <rivulet/update/sgd.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"
#include "trajectory.hpp"

namespace rv = rivulet;
using test::within;

TEST_CASE("three steps by hand") {
    const rv::sgd step{.rate = 0.5f};
    float w[] = {1, -2, 0};
    const float g[] = {2, 4, -1};
    const rv::updater_state<float> none{nullptr, 0, 0};
    step.step(w, g, none, 3);
    CHECK(w[0] == 0);
    CHECK(w[1] == -4);
    CHECK(w[2] == 0.5f);
    step.step(w, g, none, 2);
    CHECK(w[0] == -1);
    CHECK(w[1] == -6);
    CHECK(w[2] == 0.5f);
    step.step(w, g, none, 0);
    CHECK(w[0] == -1);
}

TEST_CASE_TEMPLATE("a step moves every weight against its slope and no other", T, float, double) {
    rv::random draw(1);
    const rv::sgd step{.rate = 0.037f};
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        test::guarded<T> w(draw, n);
        const test::guarded<T> g(draw, n, 3), before = w;
        step.step(w.data(), g.data(), rv::updater_state<T>{nullptr, 0, 7}, n);
        for (std::size_t i = 0; i < n; ++i) {
            const double move = static_cast<double>(0.037f) * static_cast<double>(g.data()[i]), old = static_cast<double>(before.data()[i]);
            REQUIRE(within(static_cast<double>(w.data()[i]), old - move, test::tolerance::rounding<T>(std::abs(old) + std::abs(move))));
        }
        CHECK(w.intact());
        CHECK(g.intact());
    }
}

TEST_CASE("a rate that is not a finite number above zero is refused in words") {
    for (const float good : {1e-30f, 0.01f, 1.0f, std::numeric_limits<float>::max()}) CHECK(rv::sgd{.rate = good}.validate());
    CHECK(rv::sgd{}.validate());
    for (const float bad : {0.0f, -0.0f, -0.5f, std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()})
        CHECK(rv::sgd{.rate = bad}.validate().code == rv::errc::setting);
    CHECK(rv::sgd{.rate = -0.5f}.validate().message() == "sgd.rate must be a finite number above 0, got -0.5");
    CHECK(rv::sgd{.rate = 0}.validate().message() == "sgd.rate must be a finite number above 0, got 0");
}

TEST_CASE_TEMPLATE("twenty steps as PyTorch's SGD takes them, under each of its schedulers", T, float, double) {
    const auto scheduled = [](rv::schedule schedule) { return rv::sgd{.rate = 0.1f, .schedule = schedule}; };
    test::follows_golden<T>(scheduled({}), golden::sgd);
    test::follows_golden<T>(scheduled({.curve = rv::curve::inverse_square_root, .over = 4, .warm_up = 4}), golden::sgd_inverse_square_root);
    test::follows_golden<T>(scheduled({.curve = rv::curve::line, .over = 12, .floor = 0.25f, .warm_up = 4}), golden::sgd_linear);
    test::follows_golden<T>(scheduled({.curve = rv::curve::cosine, .over = 16, .floor = 0.125f, .warm_up = 4}), golden::sgd_cosine);
}

TEST_CASE("a schedule is refused with its updater, and heeded") { test::heeds_its_schedule(rv::sgd{}); }
