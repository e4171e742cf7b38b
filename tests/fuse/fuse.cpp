// SPDX-License-Identifier: MIT
// Fusion: parts side by side, with their settings, in the order given.
#include <doctest/doctest.h>

#include <tuple>
#include <type_traits>

#include <rivulet/fuse/fuse.hpp>

namespace rv = rivulet;

namespace {
struct wide {
    static constexpr std::size_t width = 16;
    int setting = 0;
};
struct narrow {
    static constexpr std::size_t width = 1;
};
}  // namespace

TEST_CASE("the fused width is the sum of the parts' widths") {
    static_assert(rv::fuse<wide>::width == 16);
    static_assert(rv::fuse<wide, narrow, wide>::width == 33);
    CHECK(true);
}

TEST_CASE("the parts keep their order and their settings, and need no type to be named") {
    const rv::fuse fused{wide{.setting = 3}, narrow{}, wide{.setting = 5}};
    CHECK(std::is_same_v<decltype(fused), const rv::fuse<wide, narrow, wide>>);
    CHECK(std::get<0>(fused.components).setting == 3);
    CHECK(std::get<2>(fused.components).setting == 5);
    constexpr rv::fuse constant{wide{.setting = 7}};
    static_assert(std::get<0>(constant.components).setting == 7);
}
