// SPDX-License-Identifier: MIT
// Layer normalisation as a layer: rows against the formula, slopes, first weights, settings that are refused.
#include <doctest/doctest.h>

#include <limits>

#include <rivulet/layer/layer_norm.hpp>

#include "run.hpp"

namespace rv = rivulet;
using test::within;

namespace {

template <class T, std::size_t In> void check(float epsilon) {
    test::equals_oracle<T, In>(rv::layer_norm{.epsilon = epsilon}, 2, In + 1, 16, [&](const std::vector<double>& x, const double* w) {
        double mean = 0, variance = 0;
        for (const double number : x) mean += number / static_cast<double>(x.size());
        for (const double number : x) variance += (number - mean) * (number - mean) / static_cast<double>(x.size());
        std::vector<double> y(x.size());
        for (std::size_t i = 0; i < x.size(); ++i)
            y[i] = w[i] * (x[i] - mean) / std::sqrt(variance + static_cast<double>(epsilon)) + w[rv::padded(x.size()) + i];
        return y;
    });
}

}  // namespace

TEST_CASE_TEMPLATE("rows are normalised, scaled and shifted", T, float, double) {
    check<T, 1>(0.1f);
    check<T, 5>(0.1f);
    check<T, 16>(1e-5f);
    check<T, 33>(1e-5f);
}

TEST_CASE("the slopes of layer normalisation equal central differences") {
    test::slopes_are_right<1>(rv::layer_norm{.epsilon = 0.1f}, 2);
    test::slopes_are_right<7>(rv::layer_norm{}, 2);
    test::slopes_are_right<33>(rv::layer_norm{}, 2);
    test::float_is_near_double<33>(rv::layer_norm{}, 2, 66);
    test::nan_shows<19>(rv::layer_norm{});
}

TEST_CASE("it starts as plain normalisation: the first numbers of scale are 1, shift and padding are 0") {
    std::vector<float> w(rv::layer_norm::weights(5), 0.0f);
    REQUIRE(w.size() == 32);
    rv::random draw(1);
    rv::layer_norm{}.start<5, float>(w.data(), draw, 1.0);
    for (std::size_t i = 0; i < 32; ++i) CHECK(w[i] == (i < 5 ? 1.0f : 0.0f));
}

TEST_CASE("an epsilon that is not above zero is refused in a sentence; a file names it") {
    CHECK(rv::layer_norm{}.validate());
    for (const float bad : {0.0f, -1e-5f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
        CHECK(rv::layer_norm{.epsilon = bad}.validate().code == rv::errc::setting);
    CHECK(rv::layer_norm{.epsilon = -0.5f}.validate().message() == "layer_norm.epsilon must be a finite number above 0, got -0.5");
    CHECK(rv::layer_norm{.epsilon = 0.5f}.settings() == "epsilon=0.5");
}
