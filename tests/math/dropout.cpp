// SPDX-License-Identifier: MIT
// Masks of one row: what they do to its numbers, and that noise is a pure function. What they look like over rows: tests/layer/dropout.cpp.
#include <doctest/doctest.h>

#include <limits>

#include <rivulet/math/dropout.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

TEST_CASE_TEMPLATE("a number is dropped or grows by 1 / (1 - share), in place as well, for every size", T, float, double) {
    rv::random draw(1);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        const test::guarded<T> x(draw, n);
        test::guarded<T> y(n), in_place = x, copied(n);
        const rv::noise by{.seed = n + 1, .row = 3};
        rv::math::dropout(x.data(), y.data(), n, 0.25f, by);
        rv::math::dropout(in_place.data(), in_place.data(), n, 0.25f, by);
        rv::math::dropout(x.data(), copied.data(), n, 0.25f, rv::noise{});
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE((y.data()[i] == 0 || y.data()[i] == x.data()[i] * static_cast<T>(1 / 0.75)));
            REQUIRE(in_place.data()[i] == y.data()[i]);
            REQUIRE(copied.data()[i] == x.data()[i]);
        }
        CHECK(y.intact());
        CHECK(in_place.intact());
        CHECK(copied.intact());
        test::guarded<T> fewer(n);  // a unit's fate does not depend on how many there are
        rv::math::dropout(x.data(), fewer.data(), n / 2, 0.25f, by);
        for (std::size_t i = 0; i < n / 2; ++i) REQUIRE(fewer.data()[i] == y.data()[i]);
    }
}

TEST_CASE("noise of parts and rows is computed, not drawn") {
    constexpr rv::noise by{.seed = 9, .row = 4};
    static_assert(by && by.of(1) && by.of(1).seed != by.seed && by.of(1).seed != by.of(2).seed && by.of(1).row == 4);
    static_assert(by.from(3).row == 7 && by.from(3).seed == 9 && by.from(3).of(1).seed == by.of(1).seed);
    static_assert(!rv::noise{} && !rv::noise{}.of(1) && !rv::noise{}.from(1));
    static_assert(rv::noise{.seed = 1}.of(2).seed != rv::noise{.seed = 2}.of(1).seed);  // steps that follow each other share no mask
}
