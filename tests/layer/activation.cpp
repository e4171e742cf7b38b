// SPDX-License-Identifier: MIT
// Activations as layers: the formula on every number, its slope, and padding that stays zero.
#include <doctest/doctest.h>

#include <numbers>

#include <rivulet/layer/activation.hpp>

#include "run.hpp"

namespace rv = rivulet;

namespace {

template <class T, std::size_t In, class Kind, class F> void check(Kind kind, F&& f) {
    test::equals_oracle<T, In>(kind, 3, 1, 4, [&](const std::vector<double>& x, const double*) {
        std::vector<double> y;
        for (const double number : x) y.push_back(f(number));
        return y;
    });
}
template <class T, class Kind, class F> void check_widths(Kind kind, F&& f) {
    check<T, 1>(kind, f);
    check<T, 5>(kind, f);
    check<T, 16>(kind, f);
    check<T, 33>(kind, f);
}
template <class Kind> void check_slopes(Kind kind) {
    test::slopes_are_right<1>(kind, 3);
    test::slopes_are_right<7>(kind, 3);
    test::slopes_are_right<33>(kind, 3);
    test::float_is_near_double<33>(kind, 3, 1);
    test::nan_shows<19>(kind);
}

}  // namespace

TEST_CASE_TEMPLATE("an activation does to every number what its formula says", T, float, double) {
    check_widths<T>(rv::rectifier{}, [](double x) { return x > 0 ? x : 0; });
    check_widths<T>(rv::gelu{}, [](double x) { return x * std::erfc(-x / std::numbers::sqrt2) / 2; });
    check_widths<T>(rv::silu{}, [](double x) { return x / (1 + std::exp(-x)); });
    check_widths<T>(rv::hyperbolic_tangent{}, [](double x) { return std::tanh(x); });
}

TEST_CASE("the slopes of activations equal central differences") {
    check_slopes(rv::rectifier{});
    check_slopes(rv::gelu{});
    check_slopes(rv::silu{});
    check_slopes(rv::hyperbolic_tangent{});
}

TEST_CASE("a rectifier has no slope at zero and below, and the whole slope above") {
    test::layer_run<rv::rectifier, 4, float> run(rv::rectifier{}, 1);
    run.x[0][0] = 0;
    run.x[0][1] = -0.0f;
    run.x[0][2] = -1e4f;
    run.x[0][3] = 1e4f;
    std::fill_n(run.dy[0], 4, 3.0f);
    run.forward();
    run.backward();
    CHECK(run.y[0][3] == 1e4f);
    for (std::size_t i = 0; i < 3; ++i) CHECK((run.y[0][i] == 0 && run.dx[0][i] == 0));
    CHECK(run.dx[0][3] == 3);
}
