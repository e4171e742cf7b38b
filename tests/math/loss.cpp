// SPDX-License-Identifier: MIT
// Losses against their formulas in long double, at scores of any size, and slopes against central differences.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <rivulet/math/loss.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

// log(1 + exp(z)) - y z as y log(1 + exp(-z)) + (1 - y) log(1 + exp(z)): no difference of large numbers, so it is right to the last digit
long double softplus(long double z) { return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)); }
double log_loss(long double z, long double y) {
    return static_cast<double>((y > 0 ? y * softplus(-z) : 0) + (y < 1 ? (1 - y) * softplus(z) : 0));
}
constexpr double scores[] = {0, 1e-30, 0.1, 0.5, 1, 2, 5, 10, 15, 20, 40, 88, 89, 100, 709, 710, 1000, 1e4, 1e30};
constexpr double labels[] = {0, 0.25, 0.5, 1};

}  // namespace

TEST_CASE_TEMPLATE("log loss equals its formula, to the last digits even where it is almost nothing", T, float, double) {
    const rv::logistic loss;
    for (const double size : scores)
        for (const double z : {size, -size})
            for (const double y : labels) {
                CAPTURE(z);
                CAPTURE(y);
                const T score = static_cast<T>(z);
                const double expected = log_loss(score, y), got = static_cast<double>(loss.value(score, static_cast<T>(y)));
                CHECK(within(got, expected, test::tolerance::exponential<T>(expected) + std::numeric_limits<T>::denorm_min()));
                CHECK(got >= 0);
            }
}

TEST_CASE_TEMPLATE("the probability of a score is right on both sides and its slope is probability minus label", T, float, double) {
    const rv::logistic loss;
    for (const double size : scores)
        for (const double z : {size, -size}) {
            CAPTURE(z);
            const T score = static_cast<T>(z), p = rv::logistic::probability(score);
            const double expected = static_cast<double>(1 / (1 + std::exp(-static_cast<long double>(score))));
            CHECK(
                within(static_cast<double>(p), expected, test::tolerance::exponential<T>(expected) + std::numeric_limits<T>::denorm_min()));
            CHECK(p >= 0);
            CHECK(p <= 1);
            for (const double y : labels) CHECK(loss.slope(score, static_cast<T>(y)) == p - static_cast<T>(y));
        }
    CHECK(rv::logistic::probability(T(0)) == T(0.5));
}

TEST_CASE("slopes equal central differences") {
    rv::random draw(1);
    for (int i = 0; i < 200; ++i) {
        double z = draw.around_zero(i % 2 ? 3 : 50);
        const double y = draw.unit();
        CAPTURE(z);
        CAPTURE(y);
        const double by_log_loss = test::central_difference(z, [&] { return rv::logistic{}.value(z, y); });
        CHECK(within(rv::logistic{}.slope(z, y), by_log_loss, test::tolerance::central_difference));
        const double by_square = test::central_difference(z, [&] { return rv::squared{}.value(z, y); });
        CHECK(within(rv::squared{}.slope(z, y), by_square, test::tolerance::central_difference * (1 + std::abs(z))));
    }
}

TEST_CASE_TEMPLATE("the squared loss is half the squared distance", T, float, double) {
    const rv::squared loss;
    CHECK(loss.value(T(3), T(1)) == T(2));
    CHECK(loss.slope(T(3), T(1)) == T(2));
    CHECK(loss.value(T(1), T(3)) == T(2));
    CHECK(loss.slope(T(1), T(3)) == T(-2));
    CHECK(loss.value(T(4), T(4)) == T(0));
    CHECK(loss.value(T(1e4), T(-1e4)) == T(2e8));
}

TEST_CASE_TEMPLATE("a divided step moves by the closed form: known points", T, float, double) {
    const auto near = [](T got, double expected) {
        CAPTURE(got);
        CAPTURE(expected);
        CHECK(within(static_cast<double>(got), expected, test::tolerance::exponential<T>(std::abs(expected))));
    };
    near(rv::squared{}.movement(T(3), T(1), T(std::log(2.0))), -1);
    near(rv::squared{}.movement(T(3), T(1), T(1e20)), -2);
    near(rv::squared{}.movement(T(1e6), T(0), T(1e-9)), -1e-3 * (1 - 0.5e-9));  // nothing cancels
    // d + e^d - 1 = t from the middle
    near(rv::logistic{}.movement(T(0), T(1), T(1 + std::exp(1.0) - 1)), 1);
    near(rv::logistic{}.movement(T(0), T(0), T(1 + std::exp(1.0) - 1)), -1);
    near(rv::logistic{}.movement(T(-1000), T(1), T(3)), 3);  // far out at a pace of 1
    near(rv::logistic{}.movement(T(-1000), T(0.25), T(4)), 1);
    near(rv::logistic{}.movement(T(0), T(1), T(2e-12)), 1e-12 * (1 - 0.25e-12));
    near(rv::logistic{}.movement(T(0), T(0.75), T(1e9)), std::log(3.0));  // comes to rest at the label's own score
    CHECK(rv::logistic{}.movement(T(0.5), T(1), T(0)) == T(0));
    const rv::huber loss{.delta = 2};
    near(loss.movement(T(10), T(1), T(3)), -6);  // 7 outside, at a pace of 2
    near(loss.movement(T(10), T(1), T(3.5 + std::log(2.0))), -8);
    near(loss.movement(T(1.5), T(1), T(std::log(2.0))), -0.25);
}

namespace {

/// Where the flow leads from (score, label) within `reach`, properties of any convex loss. `steady`: how much a rounding of the score or
/// the label matters to where the score comes to rest.
template <class T, class Loss> void flows(const Loss& loss, double score, double label, double reach, double steady) {
    CAPTURE(score);
    CAPTURE(label);
    CAPTURE(reach);
    const T s = static_cast<T>(score), y = static_cast<T>(label), t = static_cast<T>(reach), moved = loss.movement(s, y, t);
    const double d = static_cast<double>(moved), slope = static_cast<double>(loss.slope(s, y));
    const double size = std::abs(score) + std::abs(d) + std::abs(label) + 1, rounding = test::tolerance::exponential<T>(size) * steady;
    REQUIRE(rv::math::finite(moved));
    REQUIRE(d * slope <= 0);  // towards the label
    // At most as far as undivided; the slope p - y itself is off by a rounding of 1, the movement is not.
    REQUIRE(std::abs(d) <= (std::abs(slope) + test::tolerance::eps<T>)*static_cast<double>(t) + rounding);
    const T after = s + moved;
    REQUIRE(static_cast<double>(loss.slope(after, y)) * slope >= -rounding * std::abs(slope));  // never past the label
    for (const double share : {0.5, 0.1, 0.001}) {
        const T first = static_cast<T>(share) * t, between = s + loss.movement(s, y, first);
        const double twice = static_cast<double>(between) + static_cast<double>(loss.movement(between, y, t - first));
        REQUIRE(within(static_cast<double>(after), twice, rounding));  // a, and from there b, is a + b
    }
    REQUIRE(std::abs(static_cast<double>(loss.movement(s, y, t * T(1.5)))) >= std::abs(d) - rounding);  // more time leads farther
}

}  // namespace

TEST_CASE_TEMPLATE("a divided step goes towards the label and not past it, and may be cut anywhere", T, float, double) {
    rv::random draw(3);
    for (int i = 0; i < 3000; ++i) {
        const double score = draw.around_zero(i % 3 == 0 ? 1 : i % 3 == 1 ? 20 : 300);
        const double reach = std::exp(draw.around_zero(i % 2 ? 3 : 40));
        const double soft = 0.001 + 0.998 * draw.unit();  // its own score moves by up to 1 / (y (1 - y)) roundings of it
        flows<T>(rv::logistic{}, score, i % 4 < 2 ? 0 : 1, reach, 1);
        flows<T>(rv::logistic{}, score, soft, reach, 1 / (soft * (1 - soft)));
        flows<T>(rv::squared{}, score, draw.around_zero(10), reach, 1);
        flows<T>(rv::huber{.delta = 0.7f}, score, draw.around_zero(10), reach, 1);
    }
}

TEST_CASE("a short divided step is the undivided one, to second order") {
    rv::random draw(4);
    for (int i = 0; i < 300; ++i) {
        const double score = draw.around_zero(8), reach = 1e-5, label = i % 3 == 0 ? draw.unit() : i % 3 - 1;
        const auto agrees = [&](const auto& loss) {
            const double undivided = -reach * loss.slope(score, label);
            CHECK(within(loss.movement(score, label, reach), undivided, reach * std::abs(undivided)));
        };
        agrees(rv::logistic{});
        agrees(rv::squared{});
        agrees(rv::huber{.delta = 0.7f});
    }
}

TEST_CASE("losses say which labels they take") {
    const auto nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    for (const float label : {0.0f, 0.25f, 1.0f}) CHECK(rv::logistic{}.accepts(label, 0));
    for (const float label : {-0.01f, 1.01f, nan, infinity, -infinity}) CHECK_FALSE(rv::logistic{}.accepts(label, 0));
    for (const float label : {0.0f, -5.0f, 1e6f}) CHECK((rv::squared{}.accepts(label, 0) && rv::huber{}.accepts(label, 0)));
    for (const float label : {nan, infinity, -infinity, 2e30f})
        CHECK_FALSE((rv::squared{}.accepts(label, 0) || rv::huber{}.accepts(label, 0)));
}

TEST_CASE_TEMPLATE("the Huber loss is a parabola near the label and a line beyond delta, without a step or a kink", T, float, double) {
    const rv::huber loss{.delta = 1.5f};
    CHECK(loss.value(T(2), T(1)) == T(0.5));
    CHECK(loss.value(T(1), T(2)) == T(0.5));
    CHECK(loss.value(T(5), T(1)) == T(1.5 * (4 - 0.75)));
    CHECK(loss.value(T(-5), T(-1)) == T(1.5 * (4 - 0.75)));
    CHECK(loss.slope(T(2), T(1)) == T(1));
    CHECK(loss.slope(T(1e9), T(1)) == T(1.5));
    CHECK(loss.slope(T(-1e9), T(1)) == T(-1.5));
    for (const double z : {-9.0, -1.51, -1.5, -0.2, 0.0, 0.7, 1.49, 1.51, 40.0}) {
        double x = z;
        const double expected = test::central_difference(x, [&] { return loss.value(x, 0.0); });
        CHECK(within(loss.slope(z, 0.0), expected, 1e-5));  // at the seam the second derivative jumps by 1: h / 2 of a difference
    }
    CHECK_FALSE(rv::huber{.delta = 0}.validate());
    CHECK_FALSE(rv::huber{.delta = std::numeric_limits<float>::quiet_NaN()}.validate());
    CHECK(rv::huber{.delta = -1}.validate().message() == "huber.delta must be a finite number above 0, got -1");
}
