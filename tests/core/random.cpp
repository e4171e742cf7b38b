// SPDX-License-Identifier: MIT
// Random numbers: the published sequence, the ranges, and that they spread.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <rivulet/core/random.hpp>

namespace rv = rivulet;

TEST_CASE("the bits are those of the reference implementation of SplitMix64") {
    rv::random draw(1234567);
    CHECK(draw.bits() == 6457827717110365317u);
    CHECK(draw.bits() == 3203168211198807973u);
    CHECK(draw.bits() == 9817491932198370423u);
    CHECK(draw.bits() == 4593380528125082431u);
    CHECK(draw.bits() == 16408922859458223821u);
    static_assert(rv::random(1).bits() == rv::random(1).bits());
}

TEST_CASE("one seed gives one sequence, and a copy continues it") {
    rv::random first(42), second(42);
    for (int i = 0; i < 100; ++i) REQUIRE(first.bits() == second.bits());
    rv::random copy = first;
    CHECK(copy.bits() == first.bits());
    CHECK(rv::random(1).bits() != rv::random(2).bits());
}

TEST_CASE("unit lies in [0, 1), around_zero in [-limit, limit), and their means and variances are those of uniform numbers") {
    rv::random draw(3);
    const int n = 100000;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; ++i) {
        const double u = draw.unit();
        REQUIRE(u >= 0);
        REQUIRE(u < 1);
        const double x = draw.around_zero(0.3);
        REQUIRE(x >= -0.3);
        REQUIRE(x < 0.3);
        sum += u;
        squares += (u - 0.5) * (u - 0.5);
    }
    const double deviation = 1 / std::sqrt(12.0 * n);  // of the mean
    CHECK(std::abs(sum / n - 0.5) < 5 * deviation);
    CHECK(std::abs(squares / n - 1.0 / 12) < 5 * std::sqrt(1.0 / 180 / n));
    CHECK(draw.around_zero(0) == 0);
}

TEST_CASE("below gives every number under the count, about equally often, and never the count") {
    for (const std::size_t count : {1u, 2u, 3u, 7u, 100u}) {
        rv::random draw(count);
        const int n = 20000;
        std::vector<int> seen(count);
        for (int i = 0; i < n; ++i) {
            const std::size_t drawn = draw.below(count);
            REQUIRE(drawn < count);
            ++seen[drawn];
        }
        const double expected = static_cast<double>(n) / static_cast<double>(count);
        for (const int times : seen) CHECK(std::abs(times - expected) <= 6 * std::sqrt(expected));
    }
    rv::random draw(9);
    for (const std::size_t count : {(std::size_t(1) << 53) + 1, (std::size_t(1) << 60) + 129, ~std::size_t(0)})
        for (int i = 0; i < 1000; ++i) REQUIRE(draw.below(count) < count);
}
