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
