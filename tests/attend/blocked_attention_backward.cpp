// SPDX-License-Identifier: MIT
// The way back in blocks against the same queries one by one, which scaled_dot_product.cpp holds against central differences and PyTorch.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <rivulet/attend/scaled_dot_product.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"
#include "masked_example.hpp"

namespace rv = rivulet;
using test::example;
using test::within;

namespace {

constexpr double before = -1.5;  // slopes are added to

/// Slopes of an example's queries, keys, values and added numbers, in blocks or one query at a time.
template <class T> struct slopes_of {
    test::guarded_rows<T> query, key, value;
    std::vector<T> added;

    slopes_of(const example<T>& e, const test::guarded_rows<T>& out_slope, bool in_blocks)
        : query(e.n(), e.width, e.width + 3), key(e.time(), e.width, e.width + 1), value(e.time(), e.value_width),
          added(e.added.size(), T(before)) {
        query.fill(T(before));
        key.fill(T(before));
        value.fill(T(before));
        std::vector<T> scratch(2 * e.time());
        const rv::rows<T> to_added = added.empty() ? rv::rows<T>{} : e.rows_of(added);
        if (in_blocks)
            rv::scaled_dot_product_backward<T>(e.queries.view(), e.width, e.keys.view(), e.values.view(), e.value_width, out_slope.view(),
                                               query.view(), key.view(), value.view(), scratch, e.mask, to_added);
        for (std::size_t r = 0; !in_blocks && r < e.n(); ++r)
            rv::detail::attend_backward_alone<T>(e.queries.view(), r, e.width, e.keys.view(), e.values.view(), e.value_width,
                                                 out_slope.view(), query.view(), key.view(), value.view(), scratch.data(), e.mask,
                                                 to_added);
        REQUIRE((query.intact() && key.intact() && value.intact()));
    }
};

template <class T> void check_close(const test::guarded_rows<T>& a, const test::guarded_rows<T>& b, std::size_t width, double tolerance) {
    for (std::size_t r = 0; r < a.view().count; ++r)
        for (std::size_t i = 0; i < width; ++i) {
            if (std::isnan(a[r][i]) && std::isnan(b[r][i])) continue;
            REQUIRE(within(static_cast<double>(a[r][i]), static_cast<double>(b[r][i]), tolerance));
        }
}

template <class T> void check(const example<T>& e, const test::guarded_rows<T>& out_slope) {
    const slopes_of<T> got(e, out_slope, true), expected(e, out_slope, false);
    // A slope sums over queries what attention() allows, times values or keys (up to 2) times out_slope's value_width numbers.
    const double tolerance = test::tolerance::attention<T>(e.width, e.width, e.time()) * static_cast<double>(e.value_width + e.n() + 2);
    check_close(got.query, expected.query, e.width, tolerance);
    check_close(got.key, expected.key, e.width, tolerance);
    check_close(got.value, expected.value, e.value_width, tolerance);
    for (std::size_t i = 0; i < got.added.size(); ++i)
        REQUIRE(within(static_cast<double>(got.added[i]), static_cast<double>(expected.added[i]), tolerance));
    for (std::size_t t = 0; t < e.time(); ++t) {
        if (std::isfinite(e.values[t][0])) continue;  // what nobody sees holds what is not finite, and has no slope
        for (std::size_t i = 0; i < e.width; ++i) REQUIRE(got.key[t][i] == T(before));
        for (std::size_t j = 0; j < e.value_width; ++j) REQUIRE(got.value[t][j] == T(before));
    }
}

template <std::size_t N> std::size_t edge(rv::random& draw, const std::size_t (&edges)[N]) {
    return draw.below(3) ? edges[draw.below(N)] : 1 + draw.below(edges[N - 1]);
}

}  // namespace

TEST_CASE_TEMPLATE("whatever the sizes, strides and masks, blocks give the slopes that the queries give alone", T, float, double) {
    rv::random draw(17);
    for (int round = 0; round < 500; ++round) {
        const std::size_t n = edge(draw, {4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 70}),
                          time = edge(draw, {1, 2, 6, 7, 31, 32, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300}),
                          width = edge(draw, {1, 3, 4, 8, 15, 16, 17, 32, 63, 64, 65, 80}),
                          value_width = edge(draw, {1, 2, 5, 6, 7, 16, 17, 63, 64, 65, 80});
        const bool causal = draw.below(2), padded = draw.below(2);
        const int bias = static_cast<int>(draw.below(3));
        CAPTURE(n);
        CAPTURE(time);
        CAPTURE(width);
        CAPTURE(value_width);
        CAPTURE(causal);
        CAPTURE(padded);
        CAPTURE(bias);
        const example<T> e(draw, n, time, width, value_width, causal, padded, bias, draw.below(2) ? 2 : 0.1);
        check(e, test::guarded_rows<T>(n, value_width, value_width + 2).fill(draw));
    }
}

TEST_CASE_TEMPLATE("a logit that leaves all others behind, at any place", T, float, double) {
    rv::random draw(18);
    constexpr std::size_t n = 20, time = 400, width = 4, value_width = 3;
    for (std::size_t only = 0; only < time; only += 57) {
        example<T> e(draw, n, time, width, value_width, false, false, 0);
        for (std::size_t r = 0; r < n; ++r) e.queries[r][1] = T(r % 3 + 1);
        e.keys[only][1] = T(300);
        check(e, test::guarded_rows<T>(n, value_width).fill(draw));
    }
}

TEST_CASE_TEMPLATE("a block of keys, and then a block without any", T, float, double) {
    rv::random draw(21);
    example<T> e(draw, 20, 900, 4, 3, true, false, 0);
    e.valid.assign(900, 0);
    std::fill_n(e.valid.begin(), 10, std::uint8_t(1));
    e.mask.valid = e.valid;
    check(e, test::guarded_rows<T>(20, 3).fill(draw));
}

TEST_CASE_TEMPLATE("what is not finite reaches the slopes of those alone that see it", T, float, double) {
    rv::random draw(19);
    constexpr std::size_t n = 90, time = 90, width = 6, value_width = 5, bad = 57;
    for (const bool in_keys : {false, true}) {
        example<T> e(draw, n, time, width, value_width, true, false, 0);
        (in_keys ? e.keys[bad] : e.values[bad])[2] = std::numeric_limits<T>::quiet_NaN();
        const auto out_slope = test::guarded_rows<T>(n, value_width).fill(draw);
        const slopes_of<T> got(e, out_slope, true), expected(e, out_slope, false);
        const double tolerance = test::tolerance::attention<T>(width, width, time) * static_cast<double>(value_width + n + 2);
        check_close(got.query, expected.query, width, tolerance);
        for (std::size_t r = 0; r < bad; ++r) REQUIRE(std::isfinite(got.query[r][0]));
        CHECK(std::isnan(got.query[bad][0]));
    }
}

TEST_CASE("the same input gives the same bits") {
    rv::random draw(20);
    const example<float> e(draw, 83, 150, 33, 34, true, true, 1);
    const auto out_slope = test::guarded_rows<float>(83, 34).fill(draw);
    const slopes_of<float> first(e, out_slope, true), second(e, out_slope, true);
    for (std::size_t t = 0; t < e.time(); ++t)
        for (std::size_t i = 0; i < e.width; ++i) REQUIRE(first.key[t][i] == second.key[t][i]);
    CHECK(first.added == second.added);
}
