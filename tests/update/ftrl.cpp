// SPDX-License-Identifier: MIT
// FTRL-proximal: the paper's formulas by hand and against a twin in double, true zeros, and starts that are not zero.
#include <rivulet/update/ftrl.hpp>

#include "trajectory.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr rv::ftrl sparse{.rate = 0.1f, .beta = 1, .l1 = 1.5f, .l2 = 0.5f};

/// The paper's algorithm 1 for one weight, with w formed after the step.
void paper(const rv::ftrl& with, double& w, double g, double* state) {
    const double alpha = static_cast<double>(with.rate), beta = static_cast<double>(with.beta), l1 = static_cast<double>(with.l1);
    const double s = (std::sqrt(state[1] + g * g) - std::sqrt(state[1])) / alpha;
    state[0] += g - s * w;
    state[1] += g * g;
    const double d = (beta + std::sqrt(state[1])) / alpha + static_cast<double>(with.l2);
    w = std::abs(state[0]) <= l1 ? 0 : -(state[0] - std::copysign(l1, state[0])) / d;
}

}  // namespace

TEST_CASE("from zero: nothing up to l1, beyond it the excess over d, and back to a true zero") {
    const rv::ftrl step{.rate = 0.5f, .beta = 1, .l1 = 3, .l2 = 2};
    double w = 0, state[] = {0, 0};
    const auto take = [&](double g) { step.step(&w, &g, rv::updater_state<double>{state, 1, 0}, 1); };
    take(3);
    CHECK(w == 0);
    CHECK(state[0] == 3);
    CHECK(state[1] == 9);
    take(4);
    CHECK(state[0] == 7);  // the weight was 0, so nothing but the slope enters
    CHECK(state[1] == 25);
    CHECK(within(w, -(7.0 - 3) / ((1 + 5) / 0.5 + 2), 1e-15));
    take(-12);
    CHECK(state[1] == 169);
    CHECK(within(state[0], 7 - 12 - (13 - 5) / 0.5 * (-4.0 / 14), 1e-14));  // -0.43
    CHECK(w == 0);
    CHECK_FALSE(std::signbit(1 / (w + 1)));
}

TEST_CASE_TEMPLATE("twenty steps from zero equal the paper's formulas, zeros included", T, float, double) {
    test::follows_golden<T>(rv::ftrl{.rate = 0.1f, .l2 = 0.5f}, golden::ftrl, true);
    test::follows_golden<T>(sparse, golden::ftrl_sparse, true);
}

TEST_CASE_TEMPLATE("twenty steps of many weights equal a twin in double, from zero, with exactly its zeros", T, float, double) {
    rv::random draw(3);
    std::size_t zeros = 0, returned = 0, all = 0;
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        test::guarded<T> w(n);
        w.fill(T(0));
        test::guarded_rows<T> state(2, n, n + 3);
        state.fill(T(0));
        std::vector<double> twin_w(n), twin_state(2 * n);
        for (std::size_t t = 0; t < 20; ++t) {
            test::guarded<T> g(draw, n, 2);
            for (std::size_t i = t % 4; i < n; i += 4) g.data()[i] = T(0);
            sparse.step(w.data(), g.data(), rv::updater_state<T>{state[0], n + 3, t}, n);
            for (std::size_t i = 0; i < n; ++i) {
                const bool was = twin_w[i] != 0;
                paper(sparse, twin_w[i], static_cast<double>(g.data()[i]), &twin_state[2 * i]);
                returned += was && twin_w[i] == 0;
                // z is at most 20, an error of it enters w divided by d, at least 10
                REQUIRE(within(static_cast<double>(w.data()[i]), twin_w[i], test::tolerance::trajectory<T>(t + 1, 2)));
                REQUIRE(within(static_cast<double>(state[0][i]), twin_state[2 * i], test::tolerance::trajectory<T>(t + 1, 20)));
                REQUIRE(
                    within(static_cast<double>(state[1][i]), twin_state[2 * i + 1], test::tolerance::sum<T>(t + 1, twin_state[2 * i + 1])));
                const bool at_the_gate = std::abs(std::abs(twin_state[2 * i]) - 1.5) < 1e-4;
                if (!at_the_gate) REQUIRE((w.data()[i] == T(0)) == (twin_w[i] == 0));
                zeros += w.data()[i] == T(0);
                ++all;
            }
            CHECK(g.intact());
        }
        CHECK(w.intact());
        CHECK(state.intact());
    }
    CHECK(zeros > all / 20);  // the comparison above has seen what it is about
    CHECK(zeros < all - all / 20);
    CHECK(returned > 10);
}

TEST_CASE_TEMPLATE("a start that is not zero is where it goes on from, as if gradients had led there", T, float, double) {
    rv::random draw(4);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        test::guarded<T> w(draw, n);
        std::vector<T> state(2 * n);
        std::vector<double> twin_w(w.data(), w.data() + n), twin_state(2 * n);
        for (std::size_t i = 0; i < n; ++i)  // the z that means this weight
            twin_state[2 * i] = -(twin_w[i] * (1 / static_cast<double>(0.1f) + 0.5) + std::copysign(1.5, twin_w[i]));
        for (std::size_t t = 0; t < 20; ++t) {
            const test::guarded<T> g(draw, n, 2);
            sparse.step(w.data(), g.data(), rv::updater_state<T>{state.data(), n, t}, n);
            for (std::size_t i = 0; i < n; ++i) {
                paper(sparse, twin_w[i], static_cast<double>(g.data()[i]), &twin_state[2 * i]);
                REQUIRE(within(static_cast<double>(w.data()[i]), twin_w[i], test::tolerance::trajectory<T>(t + 1, 4)));
            }
        }
    }
}

TEST_CASE_TEMPLATE("a weight without a slope stays to the bit, and an end of the schedule at 0 moves nothing", T, float, double) {
    rv::random draw(5);
    const rv::ftrl ended{.rate = 0.1f, .l1 = 1.5f, .schedule = {.curve = rv::curve::line, .over = 4}};
    for (const std::size_t n : test::sizes) {
        test::guarded<T> w(draw, n), g(n);
        const test::guarded<T> some(draw, n);
        std::vector<T> state(2 * n, T(0.5));
        const test::guarded<T> before = w;
        g.fill(T(0));
        for (std::size_t t = 0; t < 3; ++t) sparse.step(w.data(), g.data(), rv::updater_state<T>{state.data(), n, t}, n);
        ended.step(w.data(), some.data(), rv::updater_state<T>{state.data(), n, 4}, n);
        for (std::size_t i = 0; i < n; ++i) REQUIRE(w.data()[i] == before.data()[i]);
    }
}

TEST_CASE("settings outside their range are refused in words") {
    test::refuses(&rv::ftrl::rate, {0.0f, -1.0f, test::infinite, test::not_a_number}, "ftrl.rate must be a finite number above 0");
    test::refuses(&rv::ftrl::beta, {0.0f, -1.0f, test::infinite, test::not_a_number}, "ftrl.beta must be a finite number above 0");
    test::refuses(&rv::ftrl::l1, {-1.0f, test::infinite, test::not_a_number}, "ftrl.l1 must be a finite number of 0 or more");
    test::refuses(&rv::ftrl::l2, {-1.0f, test::infinite, test::not_a_number}, "ftrl.l2 must be a finite number of 0 or more");
    CHECK(rv::ftrl{.schedule = {.over = 0}}.validate().message() == "schedule.over must be 1 or more, got 0");
}

TEST_CASE_TEMPLATE("half the rate is half the step where nothing else divides", T, float, double) {
    const rv::ftrl whole{.rate = 0.5f}, half{.rate = 0.5f, .schedule = {.curve = rv::curve::line, .over = 2}};
    T w[] = {1, 1}, state[] = {0, 4};
    const T g[] = {2, 2};
    whole.step(w, g, rv::updater_state<T>{state, 1, 1}, 1);
    state[0] = 0, state[1] = 4;
    half.step(w + 1, g, rv::updater_state<T>{state, 1, 1}, 1);
    CHECK(within(static_cast<double>(1 - w[1]), static_cast<double>(1 - w[0]) / 2, test::tolerance::rounding<T>(4)));
}

TEST_CASE("z may be negative, n not, which is how a snapshot knows a bad one") {
    CHECK(rv::ftrl::accepts(-1.0f, 0));
    CHECK(rv::ftrl::accepts(0.0, 1));
    CHECK_FALSE(rv::ftrl::accepts(-1e-30f, 1));
}
