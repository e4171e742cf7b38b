// SPDX-License-Identifier: MIT
// Tiles of products and transposition against plain loops.
#include <doctest/doctest.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include <rivulet/math/lanes.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
namespace math = rivulet::math;
using test::within;

namespace {

template <std::size_t Rows, std::size_t Registers, class T> void check_tile(rv::random& draw) {
    constexpr std::size_t width = Registers * rv::simd::lanes<T>, stride = width;
    for (const std::size_t depth : {0u, 1u, 7u, 20u})
        for (const bool fresh : {true, false}) {
            CAPTURE(Rows);
            CAPTURE(Registers);
            CAPTURE(depth);
            CAPTURE(fresh);
            const auto x = test::guarded_rows<T>(depth, width).fill(draw), left = test::guarded_rows<T>(Rows, depth).fill(draw);
            auto y = test::guarded_rows<T>(Rows, width).fill(draw);
            const auto before = y;
            auto highest = test::guarded<T>(draw, width, 2);
            const auto highest_before = highest;
            math::multiply_tile<Rows, Registers, T, rv::simd::native>(
                depth, [&](std::size_t i, std::size_t r) { return left[r][i]; }, x[0], stride, fresh, [&](std::size_t r) { return y[r]; },
                highest.data());
            for (std::size_t c = 0; c < width; ++c) {
                T top = highest_before.data()[c];
                for (std::size_t r = 0; r < Rows; ++r) {
                    double sum = fresh ? 0 : static_cast<double>(before[r][c]);
                    for (std::size_t i = 0; i < depth; ++i) sum += static_cast<double>(left[r][i]) * static_cast<double>(x[i][c]);
                    REQUIRE(within(static_cast<double>(y[r][c]), sum, test::tolerance::sum<T>(depth + 1, static_cast<double>(depth + 1))));
                    top = std::max(top, y[r][c]);
                }
                REQUIRE(highest.data()[c] == top);
            }
            CHECK((y.intact() && highest.intact()));
        }
}

}  // namespace

TEST_CASE_TEMPLATE("a tile adds its products to what was there, or to zero, and raises the largest", T, float, double) {
    rv::random draw(1);
    check_tile<1, 1, T>(draw);
    check_tile<2, 1, T>(draw);
    check_tile<5, 2, T>(draw);
    check_tile<6, 2, T>(draw);
    check_tile<6, 4, T>(draw);
}

TEST_CASE("tiles cover every row once, and none is small where that can be avoided") {
    for (std::size_t count = 0; count <= 140; ++count) {
        std::vector<int> met(count, 0);
        std::size_t small = 0;
        math::each_tile(count, [&](auto rows, std::size_t first) {
            static_assert(decltype(rows)::value <= 6);
            for (std::size_t r = 0; r < rows; ++r) ++met.at(first + r);
            small += rows < 5;
        });
        CAPTURE(count);
        CHECK(std::all_of(met.begin(), met.end(), [](int times) { return times == 1; }));
        if (count >= 20) CHECK(small == 0);
    }
}

TEST_CASE_TEMPLATE("transposed, each number times its column's factor", T, float, double) {
    rv::random draw(2);
    for (const std::size_t count : test::sizes)
        for (const std::size_t columns : {0u, 1u, 3u, 4u, 8u, 15u, 16u, 17u, 40u, 64u}) {
            CAPTURE(count);
            CAPTURE(columns);
            const auto from = test::guarded_rows<T>(count, columns, columns + 3).fill(draw);
            test::guarded_rows<T> to(columns, count, count + 5);
            math::transpose<T>(from.view(), columns, to.view(), [](std::size_t c) { return static_cast<T>(c + 1); });
            for (std::size_t r = 0; r < count; ++r)
                for (std::size_t c = 0; c < columns; ++c) REQUIRE(to[c][r] == static_cast<T>(c + 1) * from[r][c]);
            CHECK(to.intact());
        }
}
