// SPDX-License-Identifier: MIT
// Layer normalisation against the formula in double, for every size around a register, its slopes, and rows that are hard on it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <rivulet/math/layer_norm.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

struct moments {
    double mean = 0, deviation = 0, size = 0;
};
template <class T> moments of(const T* x, std::size_t n, double epsilon) {
    moments found;
    double variance = 0;
    for (std::size_t i = 0; i < n; ++i) found.mean += static_cast<double>(x[i]) / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
        variance += std::pow(static_cast<double>(x[i]) - found.mean, 2) / static_cast<double>(n);
        found.size = std::max(found.size, std::abs(static_cast<double>(x[i])));
    }
    found.deviation = std::sqrt(variance + epsilon);
    return found;
}

}  // namespace

TEST_CASE_TEMPLATE("a row becomes one of mean 0 and variance 1, scaled and shifted, for every size", T, float, double) {
    rv::random draw(1);
    for (const std::size_t n : test::sizes) {
        for (const double offset : {0.0, 100.0}) {
            CAPTURE(n);
            CAPTURE(offset);
            test::guarded<T> x(draw, n, 3);
            for (std::size_t i = 0; i < n; ++i) x.data()[i] += static_cast<T>(offset);
            const test::guarded<T> scale(draw, n), shift(draw, n);
            test::guarded<T> y(n), kept(2), in_place = x;
            const T epsilon = T(1e-5);
            rv::math::layer_norm(x.data(), scale.data(), shift.data(), epsilon, y.data(), kept.data(), n);
            CHECK(y.intact());
            CHECK(kept.intact());
            CHECK(x.intact());
            if (n == 0) continue;
            const moments m = of(x.data(), n, static_cast<double>(epsilon));
            CHECK(within(static_cast<double>(kept.data()[0]), m.mean, test::tolerance::sum<T>(n, m.size)));
            CHECK(within(static_cast<double>(kept.data()[1]) * m.deviation, 1, test::tolerance::layer_norm<T>(n, m.size, m.deviation, 1)));
            for (std::size_t i = 0; i < n; ++i) {
                const double unit = (static_cast<double>(x.data()[i]) - m.mean) / m.deviation;
                const double a = static_cast<double>(scale.data()[i]), b = static_cast<double>(shift.data()[i]);
                const double bound = (1 + std::abs(unit)) * (std::abs(a) + std::abs(b));
                REQUIRE(
                    within(static_cast<double>(y.data()[i]), a * unit + b, test::tolerance::layer_norm<T>(n, m.size, m.deviation, bound)));
            }
            rv::math::layer_norm(in_place.data(), scale.data(), shift.data(), epsilon, in_place.data(), kept.data(), n);
            for (std::size_t i = 0; i < n; ++i) REQUIRE(in_place.data()[i] == y.data()[i]);
        }
    }
}

TEST_CASE("the slopes of a normalised row, of its scale and of its shift equal central differences, and are added") {
    rv::random draw(2);
    for (const std::size_t n : {1u, 2u, 7u, 16u, 19u, 40u}) {
        CAPTURE(n);
        std::vector<double> x = test::numbers<double>(draw, n, 2), scale = test::numbers<double>(draw, n), shift = scale;
        const std::vector<double> dy = test::numbers<double>(draw, n);
        std::vector<double> y(n), kept(2);
        const double epsilon = 0.01;  // large, so that what it adds to the variance counts
        const auto sum = [&] {
            rv::math::layer_norm(x.data(), scale.data(), shift.data(), epsilon, y.data(), kept.data(), n);
            double total = 0;
            for (std::size_t i = 0; i < n; ++i) total += dy[i] * y[i];
            return total;
        };
        sum();
        test::guarded<double> dx(n), d_scale(n), d_shift(n);
        for (auto* slopes : {&dx, &d_scale, &d_shift}) slopes->fill(0.25);
        rv::math::layer_norm_backward(x.data(), scale.data(), kept.data(), dy.data(), dx.data(), d_scale.data(), d_shift.data(), n);
        for (auto* slopes : {&dx, &d_scale, &d_shift}) {
            CHECK(slopes->intact());
            for (std::size_t i = 0; i < n; ++i) slopes->data()[i] -= 0.25;
        }
        CHECK(test::worst_slope(x, {dx.data(), n}, sum) < test::tolerance::central_difference);
        CHECK(test::worst_slope(scale, {d_scale.data(), n}, sum) < test::tolerance::central_difference);
        CHECK(test::worst_slope(shift, {d_shift.data(), n}, sum) < test::tolerance::central_difference);
    }
}

TEST_CASE_TEMPLATE("the slopes in float are those in double", T, float) {
    rv::random draw(3);
    for (const std::size_t n : test::sizes) {
        if (n < 2) continue;
        CAPTURE(n);
        const auto x = test::numbers<T>(draw, n, 2), scale = test::numbers<T>(draw, n), shift = test::numbers<T>(draw, n),
                   dy = test::numbers<T>(draw, n);
        const auto slopes = [&]<class U>(U) {
            const std::vector<U> a(x.begin(), x.end()), b(scale.begin(), scale.end()), c(shift.begin(), shift.end()),
                d(dy.begin(), dy.end());
            std::vector<U> y(n), kept(2), found(3 * n, U(0));
            rv::math::layer_norm(a.data(), b.data(), c.data(), U(0.001), y.data(), kept.data(), n);
            rv::math::layer_norm_backward(a.data(), b.data(), kept.data(), d.data(), found.data(), found.data() + n, found.data() + 2 * n,
                                          n);
            return std::vector<double>(found.begin(), found.end());
        };
        const auto in_float = slopes(T()), in_double = slopes(0.0);
        const moments m = of(x.data(), n, 0.001);
        const double tolerance = test::tolerance::layer_norm<T>(n, m.size, m.deviation, 4 * (1 + 1 / m.deviation));
        for (std::size_t i = 0; i < 3 * n; ++i) REQUIRE(within(in_float[i], in_double[i], tolerance));
    }
}

TEST_CASE_TEMPLATE("hard rows: one number, equal numbers, far from zero, huge ones; NaN shows and so does overflow", T, float, double) {
    const auto normal = [](std::vector<T> x) {
        const std::vector<T> scale(x.size(), T(2)), shift(x.size(), T(0.5));
        std::vector<T> y(x.size()), kept(2);
        rv::math::layer_norm(x.data(), scale.data(), shift.data(), T(1e-5), y.data(), kept.data(), x.size());
        return y;
    };
    CHECK(normal({T(7)}) == std::vector<T>{T(0.5)});
    for (const T value : normal(std::vector<T>(33, T(-4)))) CHECK(value == T(0.5));
    for (const T value : normal({T(1e4), T(-1e4), T(1e4), T(-1e4)})) CHECK(within(std::abs(static_cast<double>(value) - 0.5), 2, 1e-5));
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN(), max = std::numeric_limits<T>::max();
    for (const std::size_t n : {3u, 16u, 21u})
        for (std::size_t bad = 0; bad < n; ++bad)
            for (const T spoilt : {nan, inf, -inf, max, -max}) {
                std::vector<T> x(n, T(1));
                x[bad] = spoilt;
                for (const T value : normal(x)) REQUIRE(std::isnan(value));
            }
}
