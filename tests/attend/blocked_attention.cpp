// SPDX-License-Identifier: MIT
// Attention in blocks against its formula in double, and against the same queries one by one.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
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

/// The same queries, one by one.
template <class T> test::guarded_rows<T> one_by_one(const example<T>& e) {
    test::guarded_rows<T> out(e.n(), e.value_width);
    std::vector<T> shares(e.time());
    for (std::size_t r = 0; r < e.n(); ++r)
        rv::detail::attend_alone<T>(e.queries.view(), r, e.width, e.keys.view(), e.values.view(), e.value_width, out.view(), shares.data(),
                                    e.mask);
    return out;
}

template <class T> bool same(T a, T b) { return std::isnan(a) ? std::isnan(b) : a == b; }

/// One of the numbers at and around the edges of blocks, or any up to the largest of them.
template <std::size_t N> std::size_t edge(rv::random& draw, const std::size_t (&edges)[N]) {
    return draw.below(3) ? edges[draw.below(N)] : 1 + draw.below(edges[N - 1]);
}

}  // namespace

TEST_CASE_TEMPLATE("whatever the sizes, strides and masks, blocks give what the formula gives, and what the queries give alone", T, float,
                   double) {
    rv::random draw(7);
    for (int round = 0; round < 600; ++round) {
        const std::size_t n = edge(draw, {4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 70}),
                          time = edge(draw, {1, 2, 5, 6, 7, 11, 31, 32, 33, 95, 96, 97, 191, 192, 193, 200}),
                          width = edge(draw, {1, 3, 4, 8, 15, 16, 17, 32, 63, 64, 65, 80}),
                          value_width = edge(draw, {1, 2, 5, 6, 7, 16, 17, 63, 64, 65, 80});
        const bool causal = draw.below(2), padded = draw.below(2);
        const int bias = static_cast<int>(draw.below(3));
        const double spread = draw.below(2) ? 2 : 0.1;
        CAPTURE(n);
        CAPTURE(time);
        CAPTURE(width);
        CAPTURE(value_width);
        CAPTURE(causal);
        CAPTURE(padded);
        CAPTURE(bias);
        const example<T> e(draw, n, time, width, value_width, causal, padded, bias, spread);
        const auto out = e.attend(), alone = one_by_one(e);
        const double tolerance = test::tolerance::attention<T>(width, width, time);
        for (std::size_t r = 0; r < n; ++r) {
            const auto expected = e.formula(r);
            for (std::size_t j = 0; j < value_width; ++j) {
                REQUIRE(within(static_cast<double>(out[r][j]), expected[j], tolerance));
                REQUIRE(within(static_cast<double>(out[r][j]), static_cast<double>(alone[r][j]), tolerance));
            }
        }
    }
}

TEST_CASE_TEMPLATE("more keys than narrow blocks hold, under every mask", T, float, double) {
    rv::random draw(14);
    constexpr std::size_t width = 5, value_width = 3;
    for (const std::size_t n : {20u, 70u})
        for (const std::size_t time : {385u, 500u, 769u, 1200u})
            for (const bool causal : {false, true})
                for (const bool padded : {false, true})
                    for (const int bias : {0, 1, 2}) {
                        CAPTURE(n);
                        CAPTURE(time);
                        CAPTURE(causal);
                        CAPTURE(padded);
                        CAPTURE(bias);
                        const example<T> e(draw, n, time, width, value_width, causal, padded, bias);
                        const auto out = e.attend();
                        for (std::size_t r = 0; r < n; ++r) {
                            const auto expected = e.formula(r);
                            for (std::size_t j = 0; j < value_width; ++j)
                                REQUIRE(
                                    within(static_cast<double>(out[r][j]), expected[j], test::tolerance::attention<T>(width, width, time)));
                        }
                    }
}

TEST_CASE_TEMPLATE("keys behind a long stretch of padding are found", T, float, double) {
    rv::random draw(15);
    for (const bool causal : {false, true}) {
        example<T> e(draw, 20, 900, 4, 4, causal, false, 0);
        e.valid.assign(900, 0);
        std::fill(e.valid.begin() + 883, e.valid.end(), std::uint8_t(1));
        e.mask.valid = e.valid;
        const auto out = e.attend();
        for (std::size_t r = 0; r < e.n(); ++r) {
            const auto expected = e.formula(r);
            for (std::size_t j = 0; j < 4; ++j)
                REQUIRE(within(static_cast<double>(out[r][j]), expected[j], test::tolerance::attention<T>(4, 4, 900)));
        }
    }
}

TEST_CASE_TEMPLATE("every number of queries and keys", T, float, double) {
    rv::random draw(8);
    constexpr std::size_t width = 3, value_width = 2;
    for (std::size_t n = 1; n <= 70; n += n < 20 ? 1 : 7)
        for (std::size_t time = 1; time <= 200; time += time < 14 ? 1 : 11)
            for (const bool causal : {false, true}) {
                CAPTURE(n);
                CAPTURE(time);
                CAPTURE(causal);
                const example<T> e(draw, n, time, width, value_width, causal, false, 0);
                const auto out = e.attend();
                for (std::size_t r = 0; r < n; ++r) {
                    const auto expected = e.formula(r);
                    for (std::size_t j = 0; j < value_width; ++j)
                        REQUIRE(within(static_cast<double>(out[r][j]), expected[j], test::tolerance::attention<T>(width, width, time)));
                }
            }
}

TEST_CASE_TEMPLATE("logits of thousands, and ones that rise or fall all the way, are as good as their rounding", T, float, double) {
    rv::random draw(9);
    constexpr std::size_t n = 40, time = 230, width = 16, value_width = 5;
    for (int kind = 0; kind < 3; ++kind) {  // at random, rising, falling
        CAPTURE(kind);
        example<T> e(draw, n, time, width, value_width, false, false, 0, kind == 0 ? 1e4 : 1);
        if (kind > 0)
            for (std::size_t r = 0; r < n; ++r) e.queries[r][0] = T(400) * static_cast<T>(r + 1) / T(n);
        if (kind > 0)
            for (std::size_t t = 0; t < time; ++t) e.keys[t][0] = T(100) * static_cast<T>(kind == 1 ? t : time - t) / T(time);
        double largest = 0;
        for (std::size_t r = 0; r < n; ++r)
            for (std::size_t t = 0; t < time; ++t) {
                double magnitude = 0;
                for (std::size_t i = 0; i < width; ++i) magnitude += std::abs(static_cast<double>(e.queries[r][i] * e.keys[t][i]));
                largest = std::max(largest, magnitude / 4);
            }
        CHECK(largest > 5000);
        const auto out = e.attend();
        for (std::size_t r = 0; r < n; ++r) {
            const auto expected = e.formula(r);
            for (std::size_t j = 0; j < value_width; ++j)
                REQUIRE(within(static_cast<double>(out[r][j]), expected[j],
                               2 * test::tolerance::sum<T>(width, largest) + test::tolerance::attention<T>(width, width, time)));
        }
    }
}

TEST_CASE_TEMPLATE("a query that sees a single key gets exactly its value, wherever that lies, and one that sees none zeros", T, float,
                   double) {
    rv::random draw(10);
    constexpr std::size_t n = 37, time = 130, width = 5, value_width = 7;
    for (std::size_t only = 0; only < time; only += 43) {
        example<T> e(draw, n, time, width, value_width, false, false, 0, 1e3);
        e.added.assign(n * time, -std::numeric_limits<T>::infinity());
        for (std::size_t r = 0; r < n; r += 2) e.added[r * time + (only + r) % time] = T(-77);
        e.mask.added = e.rows_of(std::as_const(e.added));
        const auto out = e.attend();
        for (std::size_t r = 0; r < n; ++r)
            for (std::size_t j = 0; j < value_width; ++j) REQUIRE(out[r][j] == (r % 2 ? T(0) : e.values[(only + r) % time][j]));
    }
}

TEST_CASE_TEMPLATE("what a query must not see does not reach it, even if it is not finite; what it sees does", T, float, double) {
    rv::random draw(11);
    constexpr std::size_t n = 100, time = 100, width = 8, value_width = 6, bad = 57;
    const T infinite = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    for (const T poison : {nan, infinite, -infinite})
        for (const bool in_keys : {false, true}) {
            example<T> e(draw, n, time, width, value_width, true, false, 0);
            const auto before = e.attend();
            (in_keys ? e.keys[bad][3] : e.values[bad][3]) = poison;
            const auto out = e.attend(), alone = one_by_one(e);
            const double tolerance = test::tolerance::attention<T>(width, width, time);
            for (std::size_t r = 0; r < n; ++r)
                for (std::size_t j = 0; j < value_width; ++j) {
                    if (r < bad)
                        REQUIRE(within(static_cast<double>(out[r][j]), static_cast<double>(before[r][j]), tolerance));
                    else
                        REQUIRE((same(out[r][j], alone[r][j]) ||
                                 within(static_cast<double>(out[r][j]), static_cast<double>(alone[r][j]), tolerance)));
                }
            if (!in_keys) CHECK(!std::isfinite(out[n - 1][3]));
            CHECK(std::isfinite(out[bad - 1][3]));
        }
}

TEST_CASE_TEMPLATE("the same input gives the same bits", T, float, double) {
    rv::random draw(12);
    for (const bool causal : {false, true}) {
        const example<T> e(draw, 83, 150, 33, 34, causal, true, 1);
        const auto first = e.attend();
        std::array<char, 100000> other;  // what lies on the stack is another one
        std::memset(other.data(), 0x7f, other.size());
        CHECK(other[draw.below(other.size())] == 0x7f);
        const auto second = e.attend();
        for (std::size_t r = 0; r < e.n(); ++r) REQUIRE(std::memcmp(first[r], second[r], e.value_width * sizeof(T)) == 0);
    }
}
