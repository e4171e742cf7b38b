// SPDX-License-Identifier: MIT
// Loops over one or two vectors against plain twins, for every size around a register, nowhere aligned.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include <rivulet/math/vector.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

TEST_CASE_TEMPLATE("dot is the sum of the products of its numbers and of no others", T, float, double) {
    rv::random draw(1);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        const test::guarded<T> x(draw, n), y(draw, n);
        long double sum = 0, magnitude = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const long double product = static_cast<long double>(x.data()[i]) * y.data()[i];
            sum += product;
            magnitude += std::abs(product);
        }
        const double tolerance = test::tolerance::sum<T>(n, static_cast<double>(magnitude));
        CHECK(within(static_cast<double>(rv::math::dot(x.data(), y.data(), n)), static_cast<double>(sum), tolerance));
        CHECK(rv::math::dot(x.data(), y.data(), n) == rv::math::dot(y.data(), x.data(), n));
    }
}

TEST_CASE_TEMPLATE("dot counts every position once", T, float, double) {
    for (const std::size_t n : test::sizes) {
        test::guarded<T> x(n), ones(n);
        ones.fill(T(1));
        for (std::size_t i = 0; i < n; ++i) {
            x.fill(T(0));
            x.data()[i] = T(i + 1);
            REQUIRE(rv::math::dot(x.data(), ones.data(), n) == T(i + 1));
        }
    }
}

TEST_CASE_TEMPLATE("dot of a number of numbers known when it is compiled gives the bits of the other one", T, float, double) {
    rv::random draw(3);
    const auto same = [&](auto n) {
        CAPTURE(n());
        const test::guarded<T> x(draw, n()), y(draw, n());
        CHECK(rv::math::dot<n()>(x.data(), y.data()) == rv::math::dot(x.data(), y.data(), n()));
    };
    same(std::integral_constant<std::size_t, 0>{});
    same(std::integral_constant<std::size_t, 1>{});
    same(std::integral_constant<std::size_t, 15>{});
    same(std::integral_constant<std::size_t, 16>{});
    same(std::integral_constant<std::size_t, 33>{});
    same(std::integral_constant<std::size_t, 64>{});
    same(std::integral_constant<std::size_t, 65>{});
}

TEST_CASE_TEMPLATE("sum counts every number once, and is not finite if one of them is not", T, float, double) {
    for (const std::size_t n : test::sizes) {
        test::guarded<T> x(n);
        for (std::size_t i = 0; i < n; ++i) x.data()[i] = T(i + 1);
        REQUIRE(rv::math::sum(x.data(), n) == T(n * (n + 1) / 2));  // whole numbers below 2^24: exact in any order
        for (const T bad : {std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()})
            for (std::size_t i = 0; i < n; i += 3) {
                const T before = std::exchange(x.data()[i], bad);
                REQUIRE_FALSE(rv::math::finite(rv::math::sum(x.data(), n)));
                x.data()[i] = before;
            }
    }
}

TEST_CASE_TEMPLATE("add_scaled_rows gives the bits of add_scaled for one row after the other", T, float, double) {
    rv::random draw(4);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        const std::size_t stride = n + 3;
        const test::guarded<T> x(draw, 3 * stride), a(draw, 3);
        test::guarded<T> y(draw, n);
        test::guarded<T> expected = y;
        for (std::size_t r = 0; r < 3; ++r) rv::math::add_scaled(a.data()[r], x.data() + r * stride, expected.data(), n);
        rv::math::add_scaled_rows<3>(a.data(), x.data(), stride, y.data(), n);
        for (std::size_t i = 0; i < n; ++i) REQUIRE(y.data()[i] == expected.data()[i]);
        CHECK(y.intact());
    }
}

TEST_CASE_TEMPLATE("add_scaled adds to every number and to no others", T, float, double) {
    rv::random draw(2);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        const test::guarded<T> x(draw, n);
        test::guarded<T> y(draw, n);
        const test::guarded<T> before = y;
        const T a = static_cast<T>(draw.around_zero(2));
        rv::math::add_scaled(a, x.data(), y.data(), n);
        for (std::size_t i = 0; i < n; ++i) {
            const double product = static_cast<double>(a) * static_cast<double>(x.data()[i]), old = static_cast<double>(before.data()[i]);
            REQUIRE(
                within(static_cast<double>(y.data()[i]), old + product, test::tolerance::rounding<T>(std::abs(product) + std::abs(old))));
        }
        CHECK(y.intact());
        CHECK(x.intact());
    }
}

TEST_CASE_TEMPLATE("rectify keeps what is positive, makes what is below zero zero, and lets NaN through", T, float, double) {
    rv::random draw(3);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        test::guarded<T> x(draw, n);
        if (n > 0) x.data()[n / 2] = std::numeric_limits<T>::quiet_NaN();
        const test::guarded<T> before = x;
        rv::math::rectify(x.data(), n);
        for (std::size_t i = 0; i < n; ++i) {
            if (i == n / 2)
                REQUIRE(std::isnan(x.data()[i]));
            else
                REQUIRE(x.data()[i] == (before.data()[i] > 0 ? before.data()[i] : T(0)));
        }
        CHECK(x.intact());
    }
}

TEST_CASE_TEMPLATE("a sum, and a product with what is rectified on the way, have the bits of the steps one by one", T, float, double) {
    rv::random draw(21);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        const test::guarded<T> x(draw, n), y(draw, n);
        test::guarded<T> sum(n), rectified(n);
        rv::math::sum_of<false>(x.data(), y.data(), sum.data(), n);
        rv::math::sum_of<true>(x.data(), y.data(), rectified.data(), n);
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(sum.data()[i] == x.data()[i] + y.data()[i]);
            REQUIRE(rectified.data()[i] == std::max(sum.data()[i], T(0)));
        }
        CHECK(sum.intact());
        CHECK(rectified.intact());
    }
    const test::guarded<T> x(draw, 77), y(draw, 77);
    test::guarded<T> rectified = x;
    rv::math::rectify(rectified.data(), 77);
    CHECK(rv::math::dot<77, true>(x.data(), y.data()) == rv::math::dot<77>(std::as_const(rectified).data(), y.data()));
    CHECK(rv::math::dot<77, true>(x.data(), y.data()) != rv::math::dot<77>(x.data(), y.data()));
    T bad[3] = {std::numeric_limits<T>::quiet_NaN(), 1, 2}, zeros[3] = {}, out[3];
    rv::math::sum_of<true>(bad, zeros, out, 3);
    CHECK(std::isnan(out[0]));
}

TEST_CASE_TEMPLATE("the slope of a rectifier passes where the rectified number is positive", T, float, double) {
    rv::random draw(4);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        test::guarded<T> rectified(draw, n), slope(draw, n);
        rv::math::rectify(rectified.data(), n);
        for (std::size_t i = 0; i < n; ++i)
            if (rectified.data()[i] == 0 && i % 2) slope.data()[i] = std::numeric_limits<T>::quiet_NaN();
        const test::guarded<T> before = slope;
        rv::math::rectify_backward(rectified.data(), slope.data(), n);
        for (std::size_t i = 0; i < n; ++i) REQUIRE(slope.data()[i] == (rectified.data()[i] > 0 ? before.data()[i] : T(0)));
        CHECK(slope.intact());
        CHECK(rectified.intact());
    }
}

TEST_CASE("a number is finite unless it is an infinity or any NaN") {
    using floats = std::numeric_limits<float>;
    using doubles = std::numeric_limits<double>;
    for (const float x : {0.0f, -0.0f, 1.0f, -1.0f, floats::max(), floats::lowest(), floats::min(), floats::denorm_min()})
        CHECK(rv::math::finite(x));
    for (const double x : {0.0, -0.0, 1.0, doubles::max(), doubles::lowest(), doubles::denorm_min()}) CHECK(rv::math::finite(x));
    for (const float x : {floats::infinity(), -floats::infinity(), floats::quiet_NaN(), -floats::quiet_NaN()})
        CHECK_FALSE(rv::math::finite(x));
    for (const double x : {doubles::infinity(), -doubles::infinity(), doubles::quiet_NaN()}) CHECK_FALSE(rv::math::finite(x));
    for (const std::uint32_t bits : {0x7f800001u, 0x7fbfffffu, 0xff800001u, 0x7fc12345u, 0xffffffffu})  // signalling, with a payload
        CHECK_FALSE(rv::math::finite(std::bit_cast<float>(bits)));
    for (const std::uint64_t bits : {0x7ff0000000000001u, 0xfff0000000000001u, 0x7ff8000000012345u})
        CHECK_FALSE(rv::math::finite(std::bit_cast<double>(bits)));
}

TEST_CASE_TEMPLATE("the first number that is not finite is found at every position, before any later one", T, float, double) {
    rv::random draw(5);
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        std::vector<T> x = test::numbers<T>(draw, n + 1);
        x[n] = nan;  // one past the end
        CHECK(rv::math::first_nonfinite(x.data(), n) == n);
        for (std::size_t bad = 0; bad < n; ++bad) {
            auto spoilt = x;
            spoilt[bad] = bad % 3 == 0 ? inf : bad % 3 == 1 ? -inf : nan;
            REQUIRE(rv::math::first_nonfinite(spoilt.data(), n) == bad);
            spoilt[n - 1] = inf;
            REQUIRE(rv::math::first_nonfinite(spoilt.data(), n) == bad);
        }
    }
}

TEST_CASE("no numbers need no memory") {
    const float* const nothing = nullptr;
    CHECK(rv::math::dot(nothing, nothing, 0) == 0);
    CHECK(rv::math::first_nonfinite(nothing, 0) == 0);
    rv::math::add_scaled(1.0f, nothing, static_cast<float*>(nullptr), 0);
    rv::math::rectify(static_cast<float*>(nullptr), 0);
}
