// SPDX-License-Identifier: MIT
// RMSProp, by hand, against a twin in double and against PyTorch.
#include <rivulet/update/rmsprop.hpp>

#include "trajectory.hpp"

namespace rv = rivulet;
using test::within;

TEST_CASE("two steps by hand") {
    const rv::rmsprop step{.rate = 0.5f, .rho = 0.75f, .epsilon = 1};
    double w[] = {1, 5}, v[] = {0, 0};
    const double g[] = {4, 0};
    step.step(w, g, rv::updater_state<double>{v, 2, 0}, 2);
    CHECK(v[0] == 4);  // 16 / 4
    CHECK(within(w[0], 1 - 0.5 * 4 / (2 + 1), 1e-15));
    step.step(w, g, rv::updater_state<double>{v, 2, 1}, 2);
    CHECK(v[0] == 7);  // 3 + 4
    CHECK(within(w[0], 1 - 0.5 * 4 / 3 - 0.5 * 4 / (std::sqrt(7.0) + 1), 1e-15));
    CHECK(w[1] == 5);
    CHECK(v[1] == 0);
}

TEST_CASE_TEMPLATE("many steps of many weights equal a twin in double", T, float, double) {
    test::equals_twin<T>(rv::rmsprop{.rate = 0.05f, .rho = 0.9f, .epsilon = 1e-3f}, 4, [](double& w, double g, double* v, std::size_t) {
        const double rho = static_cast<double>(0.9f);
        *v = rho * *v + (1 - rho) * g * g;
        w -= static_cast<double>(0.05f) * g / (std::sqrt(*v) + static_cast<double>(1e-3f));
    });
}

TEST_CASE_TEMPLATE("twenty steps as PyTorch's RMSprop takes them", T, float, double) {
    test::follows_golden<T>(rv::rmsprop{.rate = 0.1f}, golden::rmsprop);
}

TEST_CASE_TEMPLATE("what is remembered of a weight without slopes never turns subnormal", T, float, double) {
    test::fades_without_subnormal_numbers<T>(rv::rmsprop{.rho = 0.9f}, 16000);
}

TEST_CASE("settings outside their range are refused in words") {
    test::refuses(&rv::rmsprop::rate, {0.0f, -1.0f, test::infinite, test::not_a_number}, "rmsprop.rate must be a finite number above 0");
    test::refuses(&rv::rmsprop::rho, {1.0f, 2.0f, -0.1f, test::infinite, test::not_a_number},
                  "rmsprop.rho must be a number from 0 to below 1");
    test::refuses(&rv::rmsprop::epsilon, {0.0f, -1.0f, test::infinite, test::not_a_number},
                  "rmsprop.epsilon must be a finite number above 0");
    test::heeds_its_schedule(rv::rmsprop{});
}

TEST_CASE("a mean square is not negative, which is how a snapshot knows a bad one") {
    CHECK(rv::rmsprop::accepts(0.0f));
    CHECK(rv::rmsprop::accepts(1e30));
    CHECK_FALSE(rv::rmsprop::accepts(-1e-30f));
}
