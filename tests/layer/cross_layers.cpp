// SPDX-License-Identifier: MIT
// Cross layers against equations 1 and 2 of the paper, and their slopes, of full and of low rank.
#include <doctest/doctest.h>

#include <rivulet/layer/cross_layers.hpp>

#include "run.hpp"

namespace rv = rivulet;

namespace {

using matrix_row = std::vector<double>;
matrix_row times(const matrix_row& x, const double* w, std::size_t out) {
    matrix_row y(out, 0.0);
    for (std::size_t j = 0; j < out; ++j)
        for (std::size_t i = 0; i < x.size(); ++i) y[j] += x[i] * w[i * rv::padded(out) + j];
    return y;
}

template <class T, std::size_t In, std::size_t Depth, std::size_t Rank> void check() {
    CAPTURE(Depth);
    CAPTURE(Rank);
    test::equals_oracle<T, In>(rv::cross_layers<Depth, Rank>{}, 1, In + Rank + 2, 16, [](const matrix_row& first, const double* w) {
        matrix_row x = first;
        for (std::size_t l = 0; l < Depth; ++l) {
            matrix_row z;
            if (Rank == 0) {
                z = times(x, w, In);
                w += In * rv::padded(In);
            } else {
                z = times(times(x, w, Rank), w + In * rv::padded(Rank), In);
                w += In * rv::padded(Rank) + Rank * rv::padded(In);
            }
            for (std::size_t i = 0; i < In; ++i) x[i] += first[i] * (z[i] + w[i]);
            w += rv::padded(In);
        }
        return x;
    });
}

}  // namespace

TEST_CASE_TEMPLATE("x becomes x_0 * (x W + b) + x, layer by layer", T, float, double) {
    check<T, 1, 1, 0>();
    check<T, 1, 2, 1>();
    check<T, 5, 1, 0>();
    check<T, 5, 3, 0>();
    check<T, 16, 2, 0>();
    check<T, 19, 2, 1>();
    check<T, 19, 3, 4>();
    check<T, 33, 1, 17>();
}

TEST_CASE("the slopes of cross layers equal central differences, of full and of low rank") {
    test::slopes_are_right<1>(rv::cross_layers<1>{}, 1);
    test::slopes_are_right<1>(rv::cross_layers<3, 1>{}, 1);
    test::slopes_are_right<5>(rv::cross_layers<1>{}, 1);
    test::slopes_are_right<5>(rv::cross_layers<2>{}, 1);
    test::slopes_are_right<6>(rv::cross_layers<4>{}, 1);
    test::slopes_are_right<17>(rv::cross_layers<2>{}, 1);
    test::slopes_are_right<5>(rv::cross_layers<1, 2>{}, 1);
    test::slopes_are_right<17>(rv::cross_layers<3, 1>{}, 1);
    test::slopes_are_right<6>(rv::cross_layers<3, 18>{}, 1);
    test::float_is_near_double<19>(rv::cross_layers<3>{}, 1, 60);
    test::float_is_near_double<19>(rv::cross_layers<3, 4>{}, 1, 60);
    test::nan_shows<6>(rv::cross_layers<2>{});
    test::nan_shows<6>(rv::cross_layers<2, 3>{});
}

TEST_CASE("a worked example: x = (2, 3), W = ((1, 0), (1, 2)), b = (1, -1) gives (2 * 6 + 2, 3 * 5 + 3)") {
    test::layer_run<rv::cross_layers<1>, 2, float> run({}, 1);
    run.x[0][0] = 2;
    run.x[0][1] = 3;
    run.w.data()[0] = 1;   // W[0][0]
    run.w.data()[16] = 1;  // W[1][0]
    run.w.data()[17] = 2;  // W[1][1]
    run.w.data()[32] = 1;  // b
    run.w.data()[33] = -1;
    run.forward();
    CHECK(run.y[0][0] == 14);
    CHECK(run.y[0][1] == 18);
}

TEST_CASE("low rank has fewer weights, and a file says which rank it was") {
    static_assert(rv::cross_layers<2>::weights(64) == 2 * (64 * 64 + 64));
    static_assert(rv::cross_layers<2, 16>::weights(64) == 2 * (2 * 64 * 16 + 64));
    CHECK(rv::cross_layers<2>{}.settings() == "depth=2");
    CHECK(rv::cross_layers<2, 16>{}.settings() == "depth=2,rank=16");
}
