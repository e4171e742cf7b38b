// SPDX-License-Identifier: MIT
// Divided steps where a host builds with -ffast-math, which lets NaN and infinity through unseen. Built with that flag.
#include <doctest/doctest.h>

#include <cmath>

#include <rivulet/math/loss.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;

TEST_CASE_TEMPLATE("under -ffast-math divided steps of any length are finite and may be cut in two", T, float, double) {
    rv::random draw(1);
    for (int i = 0; i < 3000; ++i) {
        const double size = draw.around_zero(i % 2 ? 10 : 300), soft = 0.01 + 0.98 * draw.unit();
        const T score = static_cast<T>(size), reach = static_cast<T>(std::exp(draw.around_zero(40)));
        for (const T label : {T(0), T(1), static_cast<T>(soft)}) {
            CAPTURE(score);
            CAPTURE(label);
            CAPTURE(reach);
            const T whole = rv::logistic{}.movement(score, label, reach), half = rv::logistic{}.movement(score, label, reach / 2);
            REQUIRE(rv::math::finite(whole));
            const T rest = rv::logistic{}.movement(score + half, label, reach / 2);
            // a label's own score moves by 1 / (y (1 - y)), 100 at most, roundings of it
            const double tolerance = 100 * test::tolerance::exponential<T>(1 + std::abs(size) + std::abs(static_cast<double>(whole)));
            REQUIRE(test::within(static_cast<double>(half + rest), static_cast<double>(whole), tolerance));
        }
    }
}
