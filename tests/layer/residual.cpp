// SPDX-License-Identifier: MIT
// Residual connections: the input and what the layers make of it, summed; slopes through both.
#include <doctest/doctest.h>

#include <rivulet/layer/activation.hpp>
#include <rivulet/layer/dense.hpp>
#include <rivulet/layer/dropout.hpp>
#include <rivulet/layer/layer_norm.hpp>
#include <rivulet/layer/residual.hpp>

#include "run.hpp"

namespace rv = rivulet;

namespace {

std::vector<double> affine(const std::vector<double>& x, const double*& w, std::size_t units) {
    std::vector<double> y(units);
    const std::size_t stride = rv::padded(units);
    for (std::size_t j = 0; j < units; ++j) {
        y[j] = w[x.size() * stride + j];
        for (std::size_t i = 0; i < x.size(); ++i) y[j] += x[i] * w[i * stride + j];
    }
    w += (x.size() + 1) * stride;
    return y;
}

template <class T, std::size_t In, std::size_t Between> void check() {
    const rv::residual layer{rv::dense<Between>{}, rv::hyperbolic_tangent{}, rv::dense<In>{}};
    test::equals_oracle<T, In>(layer, 1, In + Between + 2, 8, [](const std::vector<double>& x, const double* w) {
        auto inner = affine(x, w, Between);
        for (double& number : inner) number = std::tanh(number);
        auto y = affine(inner, w, In);
        for (std::size_t i = 0; i < In; ++i) y[i] += x[i];
        return y;
    });
}

}  // namespace

TEST_CASE_TEMPLATE("y = x + f(x)", T, float, double) {
    check<T, 1, 1>();
    check<T, 5, 3>();
    check<T, 16, 20>();
    check<T, 19, 16>();
}

TEST_CASE("slopes pass along the connection and through the layers, nested ones too") {
    test::slopes_are_right<1>(rv::residual{rv::dense<1>{}}, 1);
    test::slopes_are_right<5>(rv::residual{rv::gelu{}}, 1);
    test::slopes_are_right<6>(rv::residual{rv::dense<6>{}, rv::gelu{}}, 1);
    test::slopes_are_right<17>(rv::residual{rv::layer_norm{}, rv::dense<4>{}, rv::silu{}, rv::dense<17>{}}, 1);
    test::slopes_are_right<6>(
        rv::residual{rv::dense<3>{}, rv::residual{rv::dense<3>{}, rv::hyperbolic_tangent{}}, rv::layer_norm{}, rv::dense<6>{}}, 1);
    const rv::residual noisy{rv::dropout{.share = 0.4f}, rv::dense<6>{}, rv::gelu{}, rv::dropout{.share = 0.4f}};
    test::slopes_are_right<6>(noisy, 1, {.seed = 3});
    test::float_is_near_double<6>(noisy, 1, 12, {.seed = 3});
    test::float_is_near_double<19>(rv::residual{rv::dense<19>{}, rv::gelu{}}, 1, 40);
    test::nan_shows<6>(rv::residual{rv::dense<6>{}, rv::gelu{}});
}

TEST_CASE("two dropouts of one connection draw different units") {
    // x = 1 through both: 0, or 4 where both keep. Were they the same, half of the units would pass.
    const rv::residual layer{rv::dropout{.share = 0.5f}, rv::dropout{.share = 0.5f}};
    test::layer_run<rv::residual<rv::dropout, rv::dropout>, 64, float> run(layer, 100);
    for (std::size_t r = 0; r < 100; ++r) std::fill_n(run.x[r], 64, 1.0f);
    run.by = {.seed = 2};
    run.forward();
    double passed = 0;
    for (std::size_t r = 0; r < 100; ++r)
        for (std::size_t i = 0; i < 64; ++i) passed += run.y[r][i] == 5 ? 1.0 / 6400 : 0;
    CHECK(test::within(passed, 0.25, 0.03));
}

TEST_CASE("a connection refuses what one of its layers refuses, and names its layers") {
    CHECK(rv::residual{rv::dense<4>{}, rv::dropout{.share = 0.5f}}.validate());
    CHECK(rv::residual{rv::dense<4>{}, rv::dropout{.share = 1}}.validate().message() ==
          "dropout.share must be a number from 0 to below 1, got 1");
    CHECK(rv::residual{rv::residual{rv::layer_norm{.epsilon = 0}}, rv::gelu{}}.validate().code == rv::errc::setting);
    CHECK(rv::residual{rv::dense<4>{}, rv::gelu{}}.settings() == "dense{units=4},gelu");
}
