// SPDX-License-Identifier: MIT
// Views of rows, and padded widths.
#include <doctest/doctest.h>

#include <type_traits>

#include <rivulet/core/rows.hpp>

namespace rv = rivulet;

TEST_CASE("rows lie a stride apart, and a view of some of them or of later columns keeps the stride") {
    int numbers[12] = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
    const rv::rows<int> all{numbers, 3, 4};
    CHECK(all[0][0] == 0);
    CHECK(all[2][3] == 23);
    const auto later = all.from(1, 2);
    CHECK(later.count == 2);
    CHECK(later.stride == 4);
    CHECK(later[0][0] == 10);
    CHECK(later[1][1] == 21);
    const auto right = all.columns(2);
    CHECK(right.count == 3);
    CHECK(right.stride == 4);
    CHECK(right[1][0] == 12);
    CHECK(all.from(3, 0).count == 0);
}

TEST_CASE("rows of numbers become rows of constants, never the other way") {
    CHECK(std::is_convertible_v<rv::rows<float>, rv::rows<const float>>);
    CHECK_FALSE(std::is_convertible_v<rv::rows<const float>, rv::rows<float>>);
    CHECK_FALSE(std::is_convertible_v<rv::rows<float>, rv::rows<double>>);
    float number = 3;
    const rv::rows<const float> view = rv::rows<float>{&number, 1, 5};
    CHECK(view[0] == &number);
    CHECK(view.stride == 5);
}

TEST_CASE("a width is padded to whole groups of 16 numbers, except for a single one and none") {
    static_assert(rv::padded(0) == 0);
    static_assert(rv::padded(1) == 1);
    for (std::size_t width = 2; width <= 300; ++width) {
        const std::size_t padded = rv::padded(width);
        REQUIRE(padded % 16 == 0);
        REQUIRE(padded >= width);
        REQUIRE(padded < width + 16);
    }
}

TEST_CASE("no rows are no rows") {
    constexpr rv::rows<float> none;
    CHECK(none.count == 0);
    CHECK(none.data == nullptr);
}
