// SPDX-License-Identifier: MIT
// Both kinds of momentum, by hand, against a twin in double and against PyTorch.
#include <rivulet/update/momentum.hpp>

#include "trajectory.hpp"

namespace rv = rivulet;

TEST_CASE("two steps by hand") {
    for (const bool nesterov : {false, true}) {
        const rv::momentum step{.rate = 0.5f, .mu = 0.5f, .nesterov = nesterov};
        double w[] = {1}, v[] = {0};
        const double g[] = {4};
        step.step(w, g, rv::updater_state<double>{v, 1, 0}, 1);
        CHECK(v[0] == 4);
        CHECK(w[0] == (nesterov ? 1 - 0.5 * (4 + 2) : 1 - 0.5 * 4));
        step.step(w, g, rv::updater_state<double>{v, 1, 1}, 1);
        CHECK(v[0] == 6);  // 4 / 2 + 4
        CHECK(w[0] == (nesterov ? -2 - 0.5 * (4 + 3) : -1 - 0.5 * 6));
    }
}

TEST_CASE_TEMPLATE("many steps of many weights equal a twin in double", T, float, double) {
    for (const bool nesterov : {false, true})
        test::equals_twin<T>(rv::momentum{.rate = 0.05f, .mu = 0.8f, .nesterov = nesterov}, 4,
                             [&](double& w, double g, double* v, std::size_t) {
                                 const double mu = static_cast<double>(0.8f);
                                 *v = mu * *v + g;
                                 w -= static_cast<double>(0.05f) * (nesterov ? g + mu * *v : *v);
                             });
}

TEST_CASE_TEMPLATE("twenty steps as PyTorch's SGD takes them", T, float, double) {
    test::follows_golden<T>(rv::momentum{.rate = 0.1f}, golden::momentum);
    test::follows_golden<T>(rv::momentum{.rate = 0.1f, .nesterov = true}, golden::nesterov);
}

TEST_CASE_TEMPLATE("what is remembered of a weight without slopes never turns subnormal", T, float, double) {
    test::fades_without_subnormal_numbers<T>(rv::momentum{.rate = 0.1f}, 16000);
}

TEST_CASE("settings outside their range are refused in words") {
    test::refuses(&rv::momentum::rate, {0.0f, -1.0f, test::infinite, test::not_a_number}, "momentum.rate must be a finite number above 0");
    test::refuses(&rv::momentum::mu, {1.0f, 2.0f, -0.1f, test::infinite, test::not_a_number},
                  "momentum.mu must be a number from 0 to below 1");
    CHECK(rv::momentum{.mu = 0}.validate());
    test::heeds_its_schedule(rv::momentum{});
}
