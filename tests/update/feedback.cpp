// SPDX-License-Identifier: MIT
// What the named outcomes mean as label and weight.
#include <doctest/doctest.h>

#include <type_traits>

#include <rivulet/update/feedback.hpp>

namespace rv = rivulet;

TEST_CASE("a click is a yes, a skip a no, a favourite a yes that counts twice, a rating its stars") {
    static_assert(rv::click.label == 1 && rv::click.weight == 1);
    static_assert(rv::skip.label == 0 && rv::skip.weight == 1);
    static_assert(rv::favourite.label == 1 && rv::favourite.weight == 2);
    static_assert(rv::rating(4).label == 4 && rv::rating(4).weight == 1);
    static_assert(rv::feedback{}.label == 1 && rv::feedback{}.weight == 1);
    static_assert(rv::feedback{.label = 0.25f}.weight == 1);
    CHECK(true);
}

TEST_CASE("an outcome is an item and what came of it, by default a click") {
    const rv::outcome seen{42, rv::skip};
    CHECK(std::is_same_v<decltype(seen), const rv::outcome<int>>);
    CHECK(seen.item == 42);
    CHECK(seen.feedback.label == 0);
    CHECK(rv::outcome<int>{.item = 7}.feedback.label == 1);
}
