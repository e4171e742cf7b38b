// SPDX-License-Identifier: MIT
// AdamW, by hand, against a twin in double and against PyTorch.
#include <rivulet/update/adamw.hpp>

#include "trajectory.hpp"

namespace rv = rivulet;
using test::within;

TEST_CASE("a step by hand: decay first, and without a slope decay alone") {
    const rv::adamw step{.rate = 0.5f, .beta1 = 0.5f, .beta2 = 0.75f, .epsilon = 1, .decay = 0.25f};
    double w[] = {8, 8}, state[] = {0, 0, 0, 0};
    const double g[] = {4, 0};
    step.step(w, g, rv::updater_state<double>{state, 2, 0}, 2);
    CHECK(within(w[0], 7 - 0.5 * 4 / (4 + 1), 1e-15));
    CHECK(w[1] == 7);
}

TEST_CASE_TEMPLATE("many steps of many weights equal a twin in double", T, float, double) {
    const rv::adamw step{.rate = 0.05f, .beta1 = 0.8f, .beta2 = 0.9f, .epsilon = 1e-4f, .decay = 0.5f};
    test::equals_twin<T>(step, 4, [](double& w, double g, double* state, std::size_t t) {
        const double beta1 = static_cast<double>(0.8f), beta2 = static_cast<double>(0.9f), n = static_cast<double>(t) + 1;
        const double rate = static_cast<double>(0.05f);
        state[0] = beta1 * state[0] + (1 - beta1) * g;
        state[1] = beta2 * state[1] + (1 - beta2) * g * g;
        const double m = state[0] / (1 - std::pow(beta1, n)), v = state[1] / (1 - std::pow(beta2, n));
        w -= rate * 0.5 * w;
        w -= rate * m / (std::sqrt(v) + static_cast<double>(1e-4f));
    });
}

TEST_CASE_TEMPLATE("twenty steps as PyTorch's AdamW takes them", T, float, double) {
    test::follows_golden<T>(rv::adamw{.rate = 0.1f, .decay = 0.3f}, golden::adamw);
}

TEST_CASE("settings outside their range are refused in words") {
    test::refuses(&rv::adamw::rate, {0.0f, -1.0f, test::infinite, test::not_a_number}, "adamw.rate must be a finite number above 0");
    test::refuses(&rv::adamw::beta1, {1.0f, 2.0f, -0.1f, test::infinite, test::not_a_number},
                  "adamw.beta1 must be a number from 0 to below 1");
    test::refuses(&rv::adamw::beta2, {1.0f, 2.0f, -0.1f, test::infinite, test::not_a_number},
                  "adamw.beta2 must be a number from 0 to below 1");
    test::refuses(&rv::adamw::epsilon, {0.0f, -1.0f, test::infinite, test::not_a_number}, "adamw.epsilon must be a finite number above 0");
    test::refuses(&rv::adamw::decay, {-1.0f, test::infinite, test::not_a_number}, "adamw.decay must be a finite number of 0 or more");
    CHECK(rv::adamw{.decay = 0}.validate());
    CHECK(rv::adamw{.rate = 0.5f, .decay = 2}.validate());
    CHECK(rv::adamw{.rate = 0.5f, .decay = 4}.validate().message() == "adamw.rate * decay must be at most 1, got 2");
    test::heeds_its_schedule(rv::adamw{});
}

TEST_CASE("it keeps what Adam keeps") {
    CHECK(rv::adamw::state == rv::adam::state);
    CHECK(rv::adamw::accepts(-1.0f, 0));
    CHECK_FALSE(rv::adamw::accepts(-1.0f, 1));
}
