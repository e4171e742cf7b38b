// SPDX-License-Identifier: MIT
// Products with dense weights against triple loops in long double: every block size, strides wider than rows, padding left as it was.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include <rivulet/math/dense.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

// One, two and odd numbers of rows around the groups of 2, 4 and 6 that a kernel takes at once; outputs around every block of columns, and
// so many that inputs are taken in parts of 32.
constexpr std::size_t row_counts[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 25};
constexpr std::size_t widths[] = {0, 1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 128, 129, 200, 520};
constexpr std::size_t inputs[] = {0, 1, 2, 5, 16, 37};

/// W as its header describes it, one element off the alignment, guarded.
template <class T> test::guarded_rows<T> weights(rv::random& draw, std::size_t in, std::size_t out) {
    test::guarded_rows<T> w(in, rv::padded(out));
    w.fill(T(0));
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < out; ++j) w[i][j] = static_cast<T>(draw.around_zero(1));
    return w;
}

/// Every number of `got` against start + the sum over k of left(r, c, k) right(r, c, k).
template <class T, class Term>
bool matches(const test::guarded_rows<T>& got, const test::guarded_rows<T>& start, std::size_t count, std::size_t width, std::size_t terms,
             Term&& term) {
    for (std::size_t r = 0; r < count; ++r)
        for (std::size_t c = 0; c < width; ++c) {
            long double sum = start[r][c], magnitude = std::abs(sum);
            for (std::size_t k = 0; k < terms; ++k) {
                const long double product = term(r, c, k);
                sum += product;
                magnitude += std::abs(product);
            }
            const double tolerance = test::tolerance::sum<T>(terms + 1, static_cast<double>(magnitude));
            if (!within(static_cast<double>(got[r][c]), static_cast<double>(sum), tolerance)) return false;
        }
    return true;
}

}  // namespace

TEST_CASE_TEMPLATE("multiply adds x W to y, for any number of rows, inputs and outputs", T, float, double) {
    rv::random draw(1);
    for (const std::size_t n : row_counts)
        for (const std::size_t out : widths)
            for (const std::size_t in : inputs) {
                CAPTURE(n);
                CAPTURE(out);
                CAPTURE(in);
                const auto w = weights<T>(draw, in, out);
                const auto x = test::guarded_rows<T>(n, in, in + 3).fill(draw);
                auto y = test::guarded_rows<T>(n, rv::padded(out), rv::padded(out) + 5).fill(T(0));
                for (std::size_t r = 0; r < n; ++r)
                    for (std::size_t j = 0; j < out; ++j) y[r][j] = static_cast<T>(draw.around_zero(1));
                const auto before = y;
                rv::math::multiply<T>(x.view(), in, w[0], out, y.view());
                REQUIRE(matches(y, before, n, out, in,
                                [&](std::size_t r, std::size_t c, std::size_t k) { return static_cast<long double>(x[r][k]) * w[k][c]; }));
                for (std::size_t r = 0; r < n; ++r)
                    for (std::size_t j = out; j < rv::padded(out); ++j) REQUIRE(y[r][j] == 0);
                REQUIRE(y.intact());
            }
}

TEST_CASE_TEMPLATE("affine gives the bits of a bias that x W was added to", T, float, double) {
    rv::random draw(12);
    constexpr std::size_t in = 37;
    for (const std::size_t n : row_counts)
        for (const std::size_t out : {1u, 2u, 16u, 33u, 128u, 520u}) {
            const auto w = weights<T>(draw, in, out), bias = weights<T>(draw, 1, out);
            test::guarded_rows<T> x(n, in, in + 2);
            for (std::size_t r = 0; r < n; ++r)
                for (std::size_t i = 0; i < in; ++i) x[r][i] = static_cast<T>(draw.around_zero(1));
            test::guarded_rows<T> y(n, rv::padded(out), rv::padded(out) + 3), expected = y;
            for (std::size_t r = 0; r < n; ++r) {
                std::copy_n(bias[0], rv::padded(out), expected[r]);
                std::fill_n(y[r], rv::padded(out), T(77));
            }
            rv::math::multiply<T>(x.view(), in, w[0], out, expected.view());
            rv::math::affine<T>(x.view(), in, w[0], bias[0], out, y.view());
            for (std::size_t r = 0; r < n; ++r) CHECK(std::equal(y[r], y[r] + rv::padded(out), std::as_const(expected)[r]));
            CHECK(y.intact());
        }
}

TEST_CASE_TEMPLATE("multiply_columns takes a group of columns out of wider weights and leaves the others alone", T, float, double) {
    rv::random draw(2);
    constexpr std::size_t in = 11, stride = 160;
    const auto w = test::guarded_rows<T>(in, stride).fill(draw);
    for (const std::size_t n : row_counts)
        for (const std::size_t first : {0u, 16u, 48u})
            for (const std::size_t out : {0u, 16u, 32u, 48u, 64u, 80u, 112u}) {
                CAPTURE(n);
                CAPTURE(first);
                CAPTURE(out);
                const auto x = test::guarded_rows<T>(n, in).fill(draw);
                auto y = test::guarded_rows<T>(n, out, out + 7).fill(draw);
                const auto before = y;
                rv::math::multiply_columns<T>(x.view(), in, w[0] + first, out, stride, y.view());
                REQUIRE(matches(y, before, n, out, in, [&](std::size_t r, std::size_t c, std::size_t k) {
                    return static_cast<long double>(x[r][k]) * w[k][first + c];
                }));
                REQUIRE(y.intact());
            }
}

TEST_CASE_TEMPLATE("a row gives the same numbers alone and in any group", T, float, double) {
    rv::random draw(3);
    constexpr std::size_t in = 29, out = 72, n = 13;
    const auto w = weights<T>(draw, in, out);
    const auto x = test::guarded_rows<T>(n, in).fill(draw);
    auto together = test::guarded_rows<T>(n, rv::padded(out)).fill(T(0)), alone = together;
    rv::math::multiply<T>(x.view(), in, w[0], out, together.view());
    for (std::size_t r = 0; r < n; ++r) rv::math::multiply<T>(x.view().from(r, 1), in, w[0], out, alone.view().from(r, 1));
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t j = 0; j < out; ++j) REQUIRE(together[r][j] == alone[r][j]);
}

TEST_CASE_TEMPLATE("multiply_transposed adds dy W' to dx", T, float, double) {
    rv::random draw(4);
    for (const std::size_t n : {0u, 1u, 2u, 5u})
        for (const std::size_t out : widths)
            for (const std::size_t in : inputs) {
                CAPTURE(n);
                CAPTURE(out);
                CAPTURE(in);
                const auto w = weights<T>(draw, in, out);
                auto dy = test::guarded_rows<T>(n, rv::padded(out), rv::padded(out) + 3).fill(T(0));
                for (std::size_t r = 0; r < n; ++r)
                    for (std::size_t j = 0; j < out; ++j) dy[r][j] = static_cast<T>(draw.around_zero(1));
                auto dx = test::guarded_rows<T>(n, in, in + 2).fill(draw);
                const auto before = dx;
                rv::math::multiply_transposed<T>(std::as_const(dy).view(), out, w[0], in, dx.view());
                REQUIRE(matches(dx, before, n, in, out,
                                [&](std::size_t r, std::size_t c, std::size_t k) { return static_cast<long double>(dy[r][k]) * w[c][k]; }));
                REQUIRE(dx.intact());
            }
}

TEST_CASE_TEMPLATE("add_outer adds x' dy to the weights, skips inputs that are zero, and keeps the padding zero", T, float, double) {
    rv::random draw(5);
    for (const std::size_t n : {0u, 1u, 2u, 5u})
        for (const std::size_t out : widths)
            for (const std::size_t in : inputs) {
                CAPTURE(n);
                CAPTURE(out);
                CAPTURE(in);
                auto x = test::guarded_rows<T>(n, in, in + 3).fill(draw);
                for (std::size_t r = 0; r < n; ++r)
                    for (std::size_t i = r % 2; i < in; i += 3) x[r][i] = 0;
                auto dy = test::guarded_rows<T>(n, rv::padded(out), rv::padded(out) + 1).fill(T(0));
                for (std::size_t r = 0; r < n; ++r)
                    for (std::size_t j = 0; j < out; ++j) dy[r][j] = static_cast<T>(draw.around_zero(1));
                auto dw = weights<T>(draw, in, out);
                const auto before = dw;
                rv::math::add_outer<T>(std::as_const(x).view(), in, std::as_const(dy).view(), out, dw[0]);
                REQUIRE(matches(dw, before, in, out, n,
                                [&](std::size_t i, std::size_t j, std::size_t r) { return static_cast<long double>(x[r][i]) * dy[r][j]; }));
                REQUIRE(test::padding_is_zero(dw[0], in, out));
                REQUIRE(dw.intact());
            }
}
