// SPDX-License-Identifier: MIT
// Codes of numbers: each is the nearest one, and the bounds on what they miss hold and are tight.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <rivulet/math/eight_bits.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;
namespace math = rivulet::math;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

template <class Code> long double missed(const std::vector<float>& x, const std::vector<Code>& codes, float scale) {
    long double squares = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const long double one = static_cast<long double>(x[i]) - static_cast<long double>(scale) * static_cast<long double>(codes[i]);
        squares += one * one;
    }
    return std::sqrt(squares);
}

/// A bound is not below the truth, unless that is beyond the floats, and at most a few ulp above it, unless that is below the normal ones.
void check_bound(float bound, long double truth) {
    CHECK(static_cast<long double>(bound) >= std::min<long double>(truth, std::numeric_limits<float>::max()));
    if (truth > 1e-37L && truth < 3e38L) CHECK(static_cast<long double>(bound) <= truth * (1 + 4e-7L));
}

void check_signed(const std::vector<float>& x) {
    std::vector<std::int8_t> codes(x.size());
    const float scale = math::encode_signed(x.data(), x.size(), codes.data());
    float largest = 0;
    for (const float one : x) largest = std::max(largest, std::abs(one));
    CHECK((scale == 0 || scale == largest / 127));
    for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(codes[i] >= -127);
        const double error = static_cast<double>(x[i]) - static_cast<double>(scale) * codes[i];
        if (scale > 0) CHECK(std::abs(error) <= 0.50002 * static_cast<double>(scale));
        if (scale == 0) CHECK(codes[i] == 0);
    }
    check_bound(math::residual_above(x.data(), codes.data(), x.size(), scale), missed(x, codes, scale));
    check_bound(math::norm_above(x.data(), x.size()), missed(x, std::vector<std::int8_t>(x.size()), 0));
    check_bound(math::norm_above(codes.data(), x.size(), scale), missed(std::vector<float>(x.size()), codes, scale));
}

}  // namespace

TEST_CASE("a double becomes the least float that is not below it") {
    CHECK(math::rounded_up(0) == 0);
    CHECK(math::rounded_up(-1) == 0);
    CHECK(math::rounded_up(1) == 1);
    CHECK(math::rounded_up(1 + 1e-12) == std::nextafter(1.0f, 2.0f));
    CHECK(math::rounded_up(0.1) >= 0.1);
    CHECK(math::rounded_up(1e-42) == std::numeric_limits<float>::min());
    CHECK(math::rounded_up(1e300) == std::numeric_limits<float>::max());
    CHECK(math::rounded_up(static_cast<double>(infinity)) == std::numeric_limits<float>::max());
    rv::random draw(1);
    for (int i = 0; i < 10000; ++i) {
        const double x = draw.unit() * std::pow(2.0, draw.around_zero(100));
        const float up = math::rounded_up(x);
        REQUIRE(static_cast<double>(up) >= x);
        REQUIRE(static_cast<double>(std::nextafter(up, 0.0f)) < x);
    }
}

TEST_CASE("signed codes are the nearest and bounds hold, for every size and for numbers from tiny to huge") {
    for (const std::size_t n : test::sizes)
        for (const double limit : {1.0, 1e-3, 1e-30, 1e-36, 1e-38, 1e-44, 1e10, 1e30, 3.4e38}) {
            CAPTURE(n);
            CAPTURE(limit);
            rv::random draw(n);
            check_signed(test::numbers<float>(draw, n, limit));
        }
}

TEST_CASE("one component far above the others leaves those without a code, and the residual says so") {
    rv::random draw(3);
    auto x = test::numbers<float>(draw, 64);
    x[17] = 1e6f;
    check_signed(x);
    std::vector<std::int8_t> codes(64);
    const float scale = math::encode_signed(x.data(), 64, codes.data());
    CHECK(codes[17] == 127);
    CHECK(std::count(codes.begin(), codes.end(), 0) == 63);
    CHECK(math::residual_above(x.data(), codes.data(), 64, scale) > 3);
}

TEST_CASE("zeros have scale 0") {
    const std::vector<float> x(20);
    std::vector<std::int8_t> codes(20, 5);
    CHECK(math::encode_signed(x.data(), 20, codes.data()) == 0);
    CHECK(std::count(codes.begin(), codes.end(), 0) == 20);
    std::vector<std::uint8_t> bytes(20, 5);
    CHECK(math::encode_unsigned(x.data(), 20, bytes.data()) == 0);
    CHECK(std::count(bytes.begin(), bytes.end(), 0) == 20);
    CHECK(math::norm_above(x.data(), 20) == 0);
    CHECK(math::residual_above(x.data(), codes.data(), 20, 0) == 0);
}

TEST_CASE("unsigned codes are the nearest of 256") {
    rv::random draw(5);
    for (const std::size_t n : test::sizes) {
        auto x = test::numbers<float>(draw, n, 7);
        for (float& one : x) one = std::max(one, 0.0f);
        std::vector<std::uint8_t> codes(n);
        const float scale = math::encode_unsigned(x.data(), n, codes.data());
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(std::abs(static_cast<double>(x[i]) - static_cast<double>(scale) * codes[i]) <= 0.50003 * static_cast<double>(scale));
            if (x[i] == 0) CHECK(codes[i] == 0);
        }
        if (scale > 0) CHECK(*std::max_element(codes.begin(), codes.end()) == 255);
        check_bound(math::residual_above(x.data(), codes.data(), n, scale), missed(x, codes, scale));
    }
}

TEST_CASE("under a given scale codes round to the nearest and are cut off at the ends") {
    const std::vector<float> x{0,   1,    -1,      0.49f, 0.51f, -0.49f, -0.51f,   126.6f,   127.4f,
                               128, 1000, -127.4f, -1000, 3e38f, -3e38f, infinity, -infinity};
    std::vector<std::int8_t> codes(x.size());
    math::encode_signed(x.data(), x.size(), 1, codes.data());
    CHECK(codes == std::vector<std::int8_t>{0, 1, -1, 0, 1, 0, -1, 127, 127, 127, 127, -127, -127, 127, -127, 127, -127});
    std::vector<std::uint8_t> bytes(x.size());
    math::encode_unsigned(x.data(), x.size(), 0.5f, bytes.data());
    CHECK(bytes == std::vector<std::uint8_t>{0, 2, 0, 1, 1, 0, 0, 253, 255, 255, 255, 0, 0, 255, 0, 255, 0});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    math::encode_signed(&nan, 1, 1, codes.data());
    math::encode_unsigned(&nan, 1, 1, bytes.data());
    CHECK(codes[0] == -127);
    CHECK(bytes[0] == 0);
}
