// SPDX-License-Identifier: MIT
// Registers: each operation does to every lane what it does to one number.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <rivulet/math/simd.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
namespace simd = rivulet::simd;
using test::within;

TEST_CASE_TEMPLATE("a register is loaded and stored anywhere", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    rv::random draw(1);
    const test::guarded<T> from(draw, lanes);
    test::guarded<T> to(lanes);
    simd::store(to.data(), simd::load(from.data()));
    for (std::size_t i = 0; i < lanes; ++i) CHECK(to.data()[i] == from.data()[i]);
    CHECK(to.intact());
    CHECK(16 % lanes == 0);  // what padded widths rely on
}

TEST_CASE_TEMPLATE("fma, sqrt, exp and sum do to every lane what they do to one number", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    rv::random draw(2);
    for (int round = 0; round < 200; ++round) {
        const double limit = round % 2 ? 1 : 80;
        const test::guarded<T> a(draw, lanes, limit), b(draw, lanes, limit), c(draw, lanes, limit);
        const auto x = simd::load(a.data()), y = simd::load(b.data()), z = simd::load(c.data());
        T fma[lanes], root[lanes], power[lanes];
        simd::store(fma, simd::fma(x, y, z));

        simd::store(root, simd::sqrt(x * x));
        simd::store(power, simd::exp(x));
        double total = 0, magnitude = 0;
        for (std::size_t i = 0; i < lanes; ++i) {
            const double p = static_cast<double>(a.data()[i]), q = static_cast<double>(b.data()[i]), r = static_cast<double>(c.data()[i]);
            REQUIRE(within(static_cast<double>(fma[i]), p * q + r, test::tolerance::rounding<T>(std::abs(p * q) + std::abs(r))));
            REQUIRE(within(static_cast<double>(root[i]), std::abs(p), test::tolerance::rounding<T>(std::abs(p))));
            REQUIRE(within(static_cast<double>(power[i]), std::exp(p), test::tolerance::exponential<T>(std::exp(p))));
            total += p;
            magnitude += std::abs(p);
        }
        REQUIRE(within(static_cast<double>(simd::sum(x)), total, test::tolerance::sum<T>(lanes, magnitude)));
    }
}

TEST_CASE_TEMPLATE("exp of zero is exactly one, and of what is far below zero exactly zero", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    T power[lanes];
    simd::store(power, simd::exp(simd::batch<T>(T(0))));
    for (const T one : power) CHECK(one == 1);
    for (const T low : {T(-1e4), std::numeric_limits<T>::lowest(), -std::numeric_limits<T>::infinity()}) {
        simd::store(power, simd::exp(simd::batch<T>(low)));
        for (const T none : power) CHECK(none == 0);
    }
}

TEST_CASE_TEMPLATE("where_positive passes behind numbers above zero only", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    for (const T gate : {T(1), std::numeric_limits<T>::min(), T(0), -T(0), T(-1), nan}) {
        T passed[lanes];
        simd::store(passed, simd::where_positive(simd::batch<T>(gate), simd::batch<T>(T(7)), simd::batch<T>(T(0))));
        for (const T x : passed) CHECK(x == (gate > 0 ? T(7) : T(0)));
        simd::store(passed, simd::where_positive(simd::batch<T>(gate), simd::batch<T>(nan), simd::batch<T>(T(0))));
        for (const T x : passed) CHECK(std::isnan(x) == (gate > 0));
    }
}

TEST_CASE_TEMPLATE("rectified is max(x, 0) that lets NaN through", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    for (const T x : {T(2), T(0), T(-2), std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                      std::numeric_limits<T>::quiet_NaN()}) {
        T passed[lanes];
        simd::store(passed, simd::rectified(simd::batch<T>(x)));
        for (const T y : passed) CHECK((std::isnan(x) ? std::isnan(y) : y == (x > 0 ? x : T(0))));
    }
}

TEST_CASE_TEMPLATE("max is the larger number of each lane, and largest the largest lane, wherever it is", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    rv::random draw(6);
    for (std::size_t at = 0; at < lanes; ++at) {
        test::guarded<T> a(draw, lanes), b(draw, lanes);
        T larger[lanes];
        simd::store(larger, simd::max(simd::load(a.data()), simd::load(b.data())));
        for (std::size_t i = 0; i < lanes; ++i) REQUIRE(larger[i] == std::max(a.data()[i], b.data()[i]));
        a.data()[at] = T(2);
        CHECK(simd::largest(simd::load(a.data())) == 2);
        a.fill(T(-5));
        a.data()[at] = T(-3);
        CHECK(simd::largest(simd::load(a.data())) == -3);
    }
}

TEST_CASE_TEMPLATE("leading ones are ones up to a count and zeros from there on", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    for (std::size_t count = 0; count <= lanes; ++count) {
        T mask[lanes];
        simd::store(mask, simd::leading_ones<T>(count));
        for (std::size_t i = 0; i < lanes; ++i) CHECK(mask[i] == (i < count ? T(1) : T(0)));
    }
}

TEST_CASE_TEMPLATE("2^x is good to 2 ulp from the smallest normal number up, exact for whole x, and nothing below", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    constexpr int lowest = std::numeric_limits<T>::min_exponent - 1;  // -126, -1022
    const auto power = [](T x) {
        T all[lanes];
        simd::store(all, simd::exp2(simd::batch<T>(x)));
        for (const T one : all) REQUIRE((one == all[0] || std::isnan(all[0])));
        return all[0];
    };
    for (int n = lowest; n < 128; ++n) REQUIRE(power(static_cast<T>(n)) == std::ldexp(T(1), n));
    rv::random draw(13);
    const auto check = [&](T x) {
        const long double exact = std::exp2(static_cast<long double>(x));
        REQUIRE(static_cast<double>(std::abs(power(x) - exact) / exact) <= 2 * test::tolerance::eps<T>);
    };
    for (int i = 0; i < 200'000; ++i) check(static_cast<T>(lowest + (128.0 - lowest) * (i + 0.5) / 200'000));
    for (int i = 0; i < 100'000; ++i) check(static_cast<T>(draw.around_zero(1)));
    for (int n = lowest; n < 127; ++n)  // where n changes
        for (const T near : {T(n) + T(0.5), std::nextafter(T(n) + T(0.5), T(-2000)), std::nextafter(T(n) + T(0.5), T(2000)),
                             std::nextafter(T(n), T(2000))})
            check(near);
    for (const T low : {std::nextafter(T(lowest), T(-2000)), T(lowest) - T(0.3), T(lowest) - T(1), T(lowest) - T(1.7), T(lowest) - T(25),
                        T(-1e4), T(-3e9), T(-1e30), std::numeric_limits<T>::lowest(), -std::numeric_limits<T>::infinity()}) {
        CAPTURE(low);
        CHECK(power(low) == 0);
    }
    CHECK(std::isnan(power(std::numeric_limits<T>::quiet_NaN())));
}

TEST_CASE_TEMPLATE("registers are transposed", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    simd::batch<T> x[lanes];
    for (std::size_t r = 0; r < lanes; ++r) {
        T row[lanes];
        for (std::size_t c = 0; c < lanes; ++c) row[c] = static_cast<T>(100 * r + c);
        x[r] = simd::load(row);
    }
    simd::transpose(x);
    for (std::size_t r = 0; r < lanes; ++r) {
        T row[lanes];
        simd::store(row, x[r]);
        for (std::size_t c = 0; c < lanes; ++c) CHECK(row[c] == static_cast<T>(100 * c + r));
    }
}

TEST_CASE_TEMPLATE("a lane above is found wherever it is, and picked", T, float, double) {
    constexpr std::size_t lanes = simd::lanes<T>;
    for (std::size_t at = 0; at < lanes; ++at) {
        test::guarded<T> a(lanes);
        a.fill(T(1));
        const simd::batch<T> ones(T(1));
        CHECK_FALSE(simd::any_above(simd::load(a.data()), ones));
        a.data()[at] = T(2);
        CHECK(simd::any_above(simd::load(a.data()), ones));
        T picked[lanes];
        simd::store(picked, simd::where_above(simd::load(a.data()), ones, simd::batch<T>(T(7)), simd::batch<T>(T(8))));
        for (std::size_t i = 0; i < lanes; ++i) CHECK(picked[i] == (i == at ? T(7) : T(8)));
        a.data()[at] = std::numeric_limits<T>::quiet_NaN();
        CHECK_FALSE(simd::any_above(simd::load(a.data()), ones));
    }
}
