// SPDX-License-Identifier: MIT
// Activations against the standard library in double, for every size around a register, and their slopes; what happens far out.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <vector>

#include <rivulet/math/activation.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

struct gelu {
    static double value(double x) { return x * std::erfc(-x / std::numbers::sqrt2) / 2; }
    static double slope(double x) {
        return std::erfc(-x / std::numbers::sqrt2) / 2 + x * std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    }
    static constexpr double below = 0, above_slope = 1;  // the value and the slope at the infinities
    template <class T> static void forward(const T* x, T* y, std::size_t n) { rv::math::gelu(x, y, n); }
    template <class T> static void backward(const T* x, const T* dy, T* dx, std::size_t n) { rv::math::gelu_backward(x, dy, dx, n); }
};
struct silu {
    static double value(double x) { return x / (1 + std::exp(-x)); }
    static double slope(double x) {
        const double s = 1 / (1 + std::exp(-x));
        return s * (1 + x * (1 - s));
    }
    static constexpr double below = 0, above_slope = 1;
    template <class T> static void forward(const T* x, T* y, std::size_t n) { rv::math::silu(x, y, n); }
    template <class T> static void backward(const T* x, const T* dy, T* dx, std::size_t n) { rv::math::silu_backward(x, dy, dx, n); }
};
struct hyperbolic_tangent {
    static double value(double x) { return std::tanh(x); }
    static double slope(double x) { return 1 / (std::cosh(x) * std::cosh(x)); }
    static constexpr double below = -1, above_slope = 0;
    template <class T> static void forward(const T* x, T* y, std::size_t n) { rv::math::hyperbolic_tangent(x, y, n); }
    template <class T> static void backward(const T* x, const T* dy, T* dx, std::size_t n) {
        rv::math::hyperbolic_tangent_backward(x, dy, dx, n);
    }
};

template <class Kind, class T> T value_of(T x) {
    T y = 0;
    Kind::forward(&x, &y, 1);
    return y;
}
template <class Kind, class T> T slope_of(T x) {
    T one = 1, dx = 0;
    Kind::backward(&x, &one, &dx, 1);
    return dx;
}

template <class Kind, class T> void check_values() {
    rv::random draw(1);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        const double limit = n % 2 ? 3 : 12;
        const test::guarded<T> x(draw, n, limit), dy(draw, n, 2);
        test::guarded<T> y(n), dx(draw, n), in_place = x;
        const test::guarded<T> before = dx;
        Kind::forward(x.data(), y.data(), n);
        Kind::backward(x.data(), dy.data(), dx.data(), n);
        Kind::forward(in_place.data(), in_place.data(), n);
        for (std::size_t i = 0; i < n; ++i) {
            const double at = static_cast<double>(x.data()[i]), along = static_cast<double>(dy.data()[i]);
            CAPTURE(at);
            REQUIRE(within(static_cast<double>(y.data()[i]), Kind::value(at), test::tolerance::activation<T>(1 + std::abs(at))));
            const double added = static_cast<double>(before.data()[i]) + along * Kind::slope(at);
            REQUIRE(within(static_cast<double>(dx.data()[i]), added, test::tolerance::activation<T>(2 + 2 * std::abs(at))));
            REQUIRE(in_place.data()[i] == y.data()[i]);
            REQUIRE(value_of<Kind>(x.data()[i]) == y.data()[i]);  // wherever a number lies
        }
        CHECK(x.intact());
        CHECK(dy.intact());
        CHECK(y.intact());
        CHECK(dx.intact());
        CHECK(in_place.intact());
    }
}

template <class Kind, class T> void check_extremes() {
    using limits = std::numeric_limits<T>;
    const T inf = limits::infinity(), nan = limits::quiet_NaN();
    CHECK(value_of<Kind>(T(0)) == 0);  // exactly: padding stays zero
    for (const T x : {nan, -nan}) {
        CHECK(std::isnan(value_of<Kind>(x)));
        CHECK(std::isnan(slope_of<Kind>(x)));
    }
    for (const T x : {T(1e4), T(1e10), T(1e30), limits::max()}) {
        CAPTURE(x);
        CHECK(value_of<Kind>(x) == (Kind::below < 0 ? T(1) : x));
        CHECK(value_of<Kind>(-x) == T(Kind::below));
        CHECK(slope_of<Kind>(x) == T(Kind::above_slope));
        CHECK(slope_of<Kind>(-x) == 0);
    }
    CHECK(value_of<Kind>(inf) == (Kind::below < 0 ? T(1) : inf));
    CHECK(value_of<Kind>(-inf) == T(Kind::below));
    CHECK(slope_of<Kind>(inf) == T(Kind::above_slope));
    CHECK(slope_of<Kind>(-inf) == 0);
    for (const T x : {limits::denorm_min(), limits::min(), T(1e-20)}) {
        const double slope = static_cast<double>(slope_of<Kind>(T(0)));
        CHECK(within(static_cast<double>(value_of<Kind>(x)), slope * static_cast<double>(x), static_cast<double>(x)));
    }
    // One bad number spoils no other.
    for (std::size_t bad = 0; bad < 19; ++bad) {
        std::vector<T> x(19, T(0.5)), y(19), dy(19, T(1)), dx(19, T(0));
        x[bad] = bad % 3 == 0 ? nan : bad % 3 == 1 ? inf : -inf;
        Kind::forward(x.data(), y.data(), x.size());
        Kind::backward(x.data(), dy.data(), dx.data(), x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (i == bad) continue;
            REQUIRE(within(static_cast<double>(y[i]), Kind::value(0.5), test::tolerance::activation<T>(1)));
            REQUIRE(within(static_cast<double>(dx[i]), Kind::slope(0.5), test::tolerance::activation<T>(1)));
        }
        CHECK(std::isnan(y[bad]) == (bad % 3 == 0));
    }
}

template <class Kind> void check_slopes() {
    rv::random draw(4);
    std::vector<double> x = test::numbers<double>(draw, 200, 6), y(200);
    const std::vector<double> dy = test::numbers<double>(draw, 200, 2);
    std::vector<double> dx(200, 0.0);
    Kind::backward(x.data(), dy.data(), dx.data(), x.size());
    const auto sum = [&] {
        Kind::forward(x.data(), y.data(), x.size());
        double total = 0;
        for (std::size_t i = 0; i < x.size(); ++i) total += dy[i] * y[i];
        return total;
    };
    CHECK(test::worst_slope(x, dx, sum) < test::tolerance::central_difference);
}

}  // namespace

TEST_CASE_TEMPLATE("activations equal the formulas of the literature, and so do their slopes, for every size", T, float, double) {
    check_values<gelu, T>();
    check_values<silu, T>();
    check_values<hyperbolic_tangent, T>();
}

TEST_CASE_TEMPLATE("far out activations are what they tend to, and NaN is never hidden", T, float, double) {
    check_extremes<gelu, T>();
    check_extremes<silu, T>();
    check_extremes<hyperbolic_tangent, T>();
}

TEST_CASE("slopes of activations equal central differences") {
    check_slopes<gelu>();
    check_slopes<silu>();
    check_slopes<hyperbolic_tangent>();
}

TEST_CASE("worked examples: GELU(1) = 0.841345, GELU(-1) = -0.158655, SiLU(1) = 0.731059, tanh(1) = 0.761594") {
    CHECK(within(value_of<gelu>(1.0), 0.8413447460685429, 1e-14));
    CHECK(within(value_of<gelu>(-1.0), -0.15865525393145707, 1e-14));
    CHECK(within(value_of<silu>(1.0), 0.7310585786300049, 1e-15));
    CHECK(within(value_of<hyperbolic_tangent>(1.0), 0.7615941559557649, 1e-15));
}
