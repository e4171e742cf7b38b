// SPDX-License-Identifier: MIT
// Losses of several outputs: classes against the formula, tasks against the losses that they are made of.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <rivulet/math/output_loss.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

TEST_CASE("slopes of classes are central differences, for every class") {
    const rv::multinomial<5> loss;
    rv::random draw(3);
    auto scores = test::numbers<double>(draw, 5, 3);
    for (int right = 0; right < 5; ++right) {
        std::vector<double> slopes(5), ignored(5);
        loss.of(scores.data(), static_cast<double>(right), 0, slopes.data());
        CHECK(test::worst_slope(scores, slopes, [&] { return loss.of(scores.data(), static_cast<double>(right), 0, ignored.data()); }) <
              test::tolerance::central_difference);
    }
}

TEST_CASE_TEMPLATE("classes: even scores cost log n, sure ones nothing, wrong ones what they are apart", T, float, double) {
    const rv::multinomial<4> loss;
    std::array<T, 4> slopes;
    CHECK(within(static_cast<double>(loss.of(std::array<T, 4>{3, 3, 3, 3}.data(), T(2), 0, slopes.data())), std::log(4.0),
                 test::tolerance::exponential<T>(2)));
    CHECK(slopes == std::array<T, 4>{T(0.25), T(0.25), T(-0.75), T(0.25)});
    const std::array<T, 4> far{T(1e4), T(-1e4), 0, 0};
    CHECK(loss.of(far.data(), T(0), 0, slopes.data()) == 0);
    CHECK(slopes == std::array<T, 4>{0, 0, 0, 0});
    CHECK(loss.of(far.data(), T(1), 0, slopes.data()) == T(2e4));
    CHECK(slopes == std::array<T, 4>{1, -1, 0, 0});
}

TEST_CASE("a class is a whole number below their count") {
    const rv::multinomial<3> loss;
    for (const float right : {0.0f, 1.0f, 2.0f}) CHECK(loss.accepts(right, 0));
    for (const float wrong : {-1.0f, 3.0f, 0.5f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
        CHECK_FALSE(loss.accepts(wrong, 0));
}

TEST_CASE("tasks: each output has its own loss, and an outcome about one leaves the others alone") {
    const rv::tasks loss{rv::logistic{}, rv::squared{}, rv::huber{.delta = 0.5f}};
    static_assert(decltype(loss)::outputs == 3);
    const std::array<double, 3> scores{0.3, 2.5, -4};
    std::array<double, 3> slopes;
    CHECK(loss.of(scores.data(), 1.0, 0, slopes.data()) == rv::logistic{}.value(0.3, 1.0));
    CHECK(slopes == std::array<double, 3>{rv::logistic{}.slope(0.3, 1.0), 0, 0});
    CHECK(loss.of(scores.data(), 4.0, 1, slopes.data()) == rv::squared{}.value(2.5, 4.0));
    CHECK(slopes == std::array<double, 3>{0, -1.5, 0});
    CHECK(loss.of(scores.data(), 1.0, 2, slopes.data()) == rv::huber{.delta = 0.5f}.value(-4.0, 1.0));
    CHECK(slopes == std::array<double, 3>{0, 0, -0.5});
}

TEST_CASE("tasks take the labels of the loss that is asked, and no head beyond the last") {
    const rv::tasks loss{rv::logistic{}, rv::squared{}};
    CHECK(loss.accepts(1, 0));
    CHECK_FALSE(loss.accepts(4, 0));
    CHECK(loss.accepts(4, 1));
    CHECK_FALSE(loss.accepts(1, 2));
    CHECK_FALSE(loss.accepts(1, std::size_t(-1)));
    CHECK(loss.validate());
    CHECK_FALSE(rv::tasks{rv::logistic{}, rv::huber{.delta = -1}}.validate());
}
