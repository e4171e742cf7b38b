// SPDX-License-Identifier: MIT
// Conversions between float and bfloat16: all 65,536 of them back and forth, and floats around every boundary between two.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <rivulet/math/bfloat16.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

namespace {

float number(std::uint32_t bits) { return std::bit_cast<float>(bits); }
std::uint16_t rounded(std::uint32_t bits) { return rv::bfloat16(number(bits)).bits; }

}  // namespace

TEST_CASE("every bfloat16 is a float, and comes back; NaN as NaN of its sign") {
    bool same = true;
    for (std::uint32_t upper = 0; upper < 0x10000; ++upper) {
        rv::bfloat16 one;
        one.bits = static_cast<std::uint16_t>(upper);
        const auto wide = static_cast<float>(one);
        same = same && std::bit_cast<std::uint32_t>(wide) == upper << 16;
        const bool nan = (upper & 0x7fffu) > 0x7f80u;
        same = same && rounded(upper << 16) == (nan ? upper | 0x40u : upper);  // a NaN becomes a quiet one
    }
    CHECK(same);
}

TEST_CASE("rounding is to the nearest, ties to even, on both sides of every boundary") {
    bool right = true;
    for (std::uint32_t upper = 0; upper < 0xff80u; ++upper) {
        if ((upper & 0x7f80u) == 0x7f80u) continue;  // infinities and NaN
        const std::uint32_t low = upper << 16, tie = low | 0x8000u;
        right = right && rounded(low | 1u) == upper && rounded(tie - 1) == upper && rounded(tie) == upper + (upper & 1u) &&
                rounded(tie + 1) == upper + 1 && rounded(low | 0xffffu) == upper + 1;
    }
    CHECK(right);
}

TEST_CASE("infinities stay, what rounds beyond the largest becomes one, and no NaN does") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    CHECK(static_cast<float>(rv::bfloat16(infinity)) == infinity);
    CHECK(static_cast<float>(rv::bfloat16(-infinity)) == -infinity);
    CHECK(static_cast<float>(rv::bfloat16(std::numeric_limits<float>::max())) == infinity);
    CHECK(rounded(0x7f7f7fffu) == 0x7f7fu);  // just below the middle
    for (const std::uint32_t nan : {0x7f800001u, 0x7fffffffu, 0xff800001u, 0xffffffffu, 0x7fc00000u}) {
        const std::uint16_t bits = rounded(nan);
        CHECK((bits & 0x7fffu) > 0x7f80u);
        CHECK((bits >> 15) == (nan >> 31));
    }
    CHECK(rounded(0x80000000u) == 0x8000u);  // -0
}

TEST_CASE("the error is at most 2^-8 of a normal number") {
    rv::random draw(1);
    for (int i = 0; i < 10000; ++i) {
        const double x = static_cast<double>(static_cast<float>(draw.around_zero(1) * std::pow(10.0, draw.around_zero(30))));
        CHECK(std::abs(static_cast<double>(static_cast<float>(rv::bfloat16(static_cast<float>(x)))) - x) <= std::abs(x) * 0x1p-8);
    }
}

TEST_CASE("rows are rounded and added number by number, and nothing beside them is written") {
    rv::random draw(2);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        const test::guarded<float> x(draw, n);
        test::guarded<float> y(draw, n), sum(n), rectified(n);
        if (n > 3) y.data()[n - 2] = std::numeric_limits<float>::quiet_NaN();
        std::vector<rv::bfloat16> half(n + 1);
        half[n].bits = 77;
        rv::math::round_to(y.data(), half.data(), n);
        rv::math::sum_of<false>(x.data(), half.data(), sum.data(), n);
        rv::math::sum_of<true>(x.data(), half.data(), rectified.data(), n);
        CHECK(half[n].bits == 77);
        bool same = true;
        for (std::size_t i = 0; i < n; ++i) {
            const float expected = x.data()[i] + static_cast<float>(rv::bfloat16(y.data()[i]));
            if (std::isnan(expected))
                same = same && std::isnan(sum.data()[i]) && std::isnan(rectified.data()[i]);
            else
                same = same && sum.data()[i] == expected && rectified.data()[i] == (expected < 0 ? 0 : expected);
        }
        CHECK(same);
        CHECK(sum.intact());
        CHECK(rectified.intact());
    }
}
