// SPDX-License-Identifier: MIT
// Adam, by hand, against a twin in double and against PyTorch.
#include <rivulet/update/adam.hpp>

#include "trajectory.hpp"

namespace rv = rivulet;
using test::within;

TEST_CASE("two steps by hand") {
    const rv::adam step{.rate = 0.5f, .beta1 = 0.5f, .beta2 = 0.75f, .epsilon = 1};
    double w[] = {1, 5}, state[] = {0, 0, 0, 0};
    const double g[] = {4, 0}, other[] = {-4, 0};
    step.step(w, g, rv::updater_state<double>{state, 2, 0}, 2);
    CHECK(state[0] == 2);
    CHECK(state[2] == 4);
    CHECK(within(w[0], 1 - 0.5 * 4 / (4 + 1), 1e-15));  // the corrections undo the first step: m / c1 = g, v / c2 = g^2
    step.step(w, other, rv::updater_state<double>{state, 2, 1}, 2);
    CHECK(state[0] == -1);  // 1 - 2
    CHECK(state[2] == 7);   // 3 + 4
    CHECK(within(w[0], 0.6 + 0.5 * (1 / 0.75) / (std::sqrt(7 / 0.4375) + 1), 1e-15));
    CHECK(w[1] == 5);
    CHECK(state[1] == 0);
    CHECK(state[3] == 0);
}

TEST_CASE_TEMPLATE("many steps of many weights equal a twin in double", T, float, double) {
    test::equals_twin<T>(
        rv::adam{.rate = 0.05f, .beta1 = 0.8f, .beta2 = 0.9f, .epsilon = 1e-4f}, 4, [](double& w, double g, double* state, std::size_t t) {
            const double beta1 = static_cast<double>(0.8f), beta2 = static_cast<double>(0.9f), n = static_cast<double>(t) + 1;
            state[0] = beta1 * state[0] + (1 - beta1) * g;
            state[1] = beta2 * state[1] + (1 - beta2) * g * g;
            const double m = state[0] / (1 - std::pow(beta1, n)), v = state[1] / (1 - std::pow(beta2, n));
            w -= static_cast<double>(0.05f) * m / (std::sqrt(v) + static_cast<double>(1e-4f));
        });
}

TEST_CASE_TEMPLATE("twenty steps as PyTorch's Adam takes them, at a constant rate and down a cosine", T, float, double) {
    test::follows_golden<T>(rv::adam{.rate = 0.1f}, golden::adam);
    const rv::adam falls{.rate = 0.1f, .schedule = {.curve = rv::curve::cosine, .over = 20}};
    test::follows_golden<T>(falls, golden::adam_cosine);
}

TEST_CASE("the correction holds after any number of steps") {
    const rv::adam step;
    for (const std::uint64_t t : {std::uint64_t(1) << 20, std::uint64_t(1) << 53, std::numeric_limits<std::uint64_t>::max()}) {
        double w = 0, state[] = {1, 1};
        const double g = 1;
        step.step(&w, &g, rv::updater_state<double>{state, 1, t}, 1);
        CHECK(within(w, -static_cast<double>(step.rate), 1e-10));
    }
}

TEST_CASE_TEMPLATE("what is remembered of a weight without slopes never turns subnormal", T, float, double) {
    test::fades_without_subnormal_numbers<T>(rv::adam{.beta2 = 0.9f}, 16000);
}

TEST_CASE("settings outside their range are refused in words") {
    test::refuses(&rv::adam::rate, {0.0f, -1.0f, test::infinite, test::not_a_number}, "adam.rate must be a finite number above 0");
    test::refuses(&rv::adam::beta1, {1.0f, 2.0f, -0.1f, test::infinite, test::not_a_number},
                  "adam.beta1 must be a number from 0 to below 1");
    test::refuses(&rv::adam::beta2, {1.0f, 2.0f, -0.1f, test::infinite, test::not_a_number},
                  "adam.beta2 must be a number from 0 to below 1");
    test::refuses(&rv::adam::epsilon, {0.0f, -1.0f, test::infinite, test::not_a_number}, "adam.epsilon must be a finite number above 0");
    CHECK(rv::adam{.beta1 = 0, .beta2 = 0}.validate());
    test::heeds_its_schedule(rv::adam{});
}

TEST_CASE("a mean may be negative, a mean square not, which is how a snapshot knows a bad one") {
    CHECK(rv::adam::accepts(-1.0f, 0));
    CHECK(rv::adam::accepts(0.0, 1));
    CHECK_FALSE(rv::adam::accepts(-1e-30f, 1));
}
