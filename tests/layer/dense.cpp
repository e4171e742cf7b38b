// SPDX-License-Identifier: MIT
// Dense layers of every width around a register, and their first weights.
#include <doctest/doctest.h>

#include <rivulet/layer/dense.hpp>

#include "run.hpp"

namespace rv = rivulet;
using test::within;

namespace {

template <std::size_t Units> auto oracle(std::size_t in) {
    return [in](const std::vector<double>& x, const double* w) {
        std::vector<double> y(Units);
        for (std::size_t j = 0; j < Units; ++j) {
            y[j] = w[in * rv::padded(Units) + j];
            for (std::size_t i = 0; i < in; ++i) y[j] += x[i] * w[i * rv::padded(Units) + j];
        }
        return y;
    };
}
template <class T, std::size_t In, std::size_t Units> void check() {
    test::equals_oracle<T, In>(rv::dense<Units>{}, 2, In + 1, 4 * std::sqrt(In) + 1, oracle<Units>(In));
}

}  // namespace

TEST_CASE_TEMPLATE("a dense layer is W x + b for any number of rows", T, float, double) {
    check<T, 1, 1>();
    check<T, 5, 1>();
    check<T, 1, 3>();
    check<T, 17, 16>();
    check<T, 16, 33>();
    check<T, 40, 7>();
}

TEST_CASE("the slopes of a dense layer equal central differences") {
    test::slopes_are_right<1>(rv::dense<1>{}, 2);
    test::slopes_are_right<5>(rv::dense<1>{}, 2);
    test::slopes_are_right<3>(rv::dense<17>{}, 2);
    test::slopes_are_right<18>(rv::dense<4>{}, 2);
    test::float_is_near_double<18>(rv::dense<20>{}, 2, 20);
    test::nan_shows<18>(rv::dense<3>{});
}

TEST_CASE_TEMPLATE("first weights have the variance gain / in, biases and padding are zero", T, float, double) {
    constexpr std::size_t in = 50, out = 24;
    for (const double gain : {1.0, 2.0}) {
        std::vector<T> w(rv::dense<out>::weights(in), T(0));
        rv::random draw(1);
        rv::dense<out>{}.template start<in, T>(w.data(), draw, gain);
        double squares = 0;
        for (std::size_t i = 0; i < in; ++i)
            for (std::size_t j = 0; j < out; ++j) squares += std::pow(static_cast<double>(w[i * rv::padded(out) + j]), 2) / (in * out);
        CHECK(within(squares * in, gain, 0.1));
        CHECK(test::padding_is_zero(w.data(), in + 1, out));
        for (std::size_t j = 0; j < out; ++j) CHECK(w[in * rv::padded(out) + j] == 0);
    }
}
