// SPDX-License-Identifier: MIT
// Scaled dot-product attention as a function, against its formula in double, PyTorch, and central differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <rivulet/attend/scaled_dot_product.hpp>

#include "../central_differences.hpp"
#include "../golden/attention.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"
#include "masked_example.hpp"

namespace rv = rivulet;
using test::within;

namespace {

using test::example;

/// f(example) for every kind of mask and numbers of queries and keys.
template <class T, class F> void each_example(F&& f) {
    rv::random draw(5);
    for (const std::size_t n : {0u, 1u, 3u, 6u})
        for (const std::size_t time : {0u, 1u, 3u, 5u, 17u})
            for (const std::size_t width : {1u, 4u, 15u})
                for (const bool causal : {false, true})
                    for (const bool padded : {false, true})
                        for (const int bias : {0, 1, 2}) {
                            CAPTURE(n);
                            CAPTURE(time);
                            CAPTURE(width);
                            CAPTURE(causal);
                            CAPTURE(padded);
                            CAPTURE(bias);
                            f(example<T>(draw, n, time, width, width + 1, causal, padded, bias), draw);
                        }
}

/// Slopes of queries, keys, values and the added numbers; all begin as `from`.
template <class T> struct slopes_of {
    test::guarded_rows<T> query, key, value;
    std::vector<T> added;

    slopes_of(const example<T>& e, rv::rows<const T> out_slope, T from)
        : query(e.n(), e.width, e.width + 3), key(e.time(), e.width, e.width + 1), value(e.time(), e.value_width),
          added(e.added.size(), from) {
        query.fill(from);
        key.fill(from);
        value.fill(from);
        std::vector<T> scratch(2 * e.time());
        rv::scaled_dot_product_backward<T>(e.queries.view(), e.width, e.keys.view(), e.values.view(), e.value_width, out_slope,
                                           query.view(), key.view(), value.view(), scratch, e.mask,
                                           added.empty() ? rv::rows<T>{} : e.rows_of(added));
        REQUIRE((query.intact() && key.intact() && value.intact()));
    }
};

}  // namespace

TEST_CASE_TEMPLATE("the output is the formula's, for any widths and strides, whatever masked keys and values hold", T, float, double) {
    rv::random draw(1);
    for (const std::size_t n : {0u, 1u, 4u})
        for (const std::size_t time : {0u, 1u, 2u, 16u, 33u})
            for (const std::size_t width : {1u, 3u, 16u, 40u})
                for (const std::size_t value_width : {1u, 7u, 32u, 33u})
                    for (int mask = 0; mask < 4; ++mask) {  // none, all there, none there, every other
                        CAPTURE(n);
                        CAPTURE(time);
                        CAPTURE(width);
                        CAPTURE(value_width);
                        CAPTURE(mask);
                        const auto queries = test::guarded_rows<T>(n, width, width + 2).fill(draw, 2);
                        auto keys = test::guarded_rows<T>(time, width, width + 1).fill(draw, 2);
                        auto values = test::guarded_rows<T>(time, value_width, value_width + 3).fill(draw);
                        test::guarded_rows<T> out(n, value_width, value_width + 1);
                        std::vector<std::uint8_t> valid(mask ? time : 0, mask == 2 ? 0 : 255);
                        for (std::size_t t = 0; mask == 3 && t < time; t += 2) valid[t] = 0;
                        for (std::size_t t = 0; t < valid.size(); ++t)
                            if (!valid[t]) {
                                std::fill_n(keys[t], width, std::numeric_limits<T>::quiet_NaN());
                                std::fill_n(values[t], value_width, std::numeric_limits<T>::infinity());
                            }
                        std::vector<T> shares(time);
                        rv::scaled_dot_product<T>(queries.view(), width, std::as_const(keys).view(), std::as_const(values).view(),
                                                  value_width, out.view(), shares, valid);
                        for (std::size_t r = 0; r < n; ++r) {
                            std::vector<double> sum(value_width, 0);
                            double total = 0;
                            for (std::size_t t = 0; t < time; ++t) {
                                if (!valid.empty() && !valid[t]) continue;
                                double logit = 0;
                                for (std::size_t i = 0; i < width; ++i)
                                    logit += static_cast<double>(queries[r][i]) * static_cast<double>(keys[t][i]);
                                const double share = std::exp(logit / std::sqrt(static_cast<double>(width)));
                                total += share;
                                for (std::size_t j = 0; j < value_width; ++j) sum[j] += share * static_cast<double>(values[t][j]);
                            }
                            for (std::size_t j = 0; j < value_width; ++j)
                                REQUIRE(within(static_cast<double>(out[r][j]), total > 0 ? sum[j] / total : 0,
                                               test::tolerance::attention<T>(width, width, time)));
                        }
                        REQUIRE(out.intact());
                    }
}

TEST_CASE_TEMPLATE("one key gives exactly its value, and huge logits weighted means", T, float, double) {
    const T query[] = {T(1e5), T(-1e5)}, keys[] = {T(1e5), T(3), T(-1e5), T(3)}, values[] = {T(2), T(5)};
    T out = 0, shares[2];
    const rv::rows<const T> asked{query, 1, 2}, known{keys, 2, 2}, held{values, 2, 1};
    rv::scaled_dot_product<T>(asked, 2, known.from(1, 1), held.from(1, 1), 1, rv::rows<T>{&out, 1, 1}, shares);
    CHECK(out == 5);
    CHECK(shares[0] == 1);
    rv::scaled_dot_product<T>(asked, 2, known, held, 1, rv::rows<T>{&out, 1, 1}, shares);
    CHECK(out == 2);
}

TEST_CASE_TEMPLATE("under any mask the output is the formula's, and what nobody sees is not read", T, float, double) {
    each_example<T>([](const example<T>& e, rv::random&) {
        const auto out = e.attend();
        for (std::size_t r = 0; r < e.n(); ++r) {
            const auto expected = e.formula(r);
            for (std::size_t j = 0; j < e.value_width; ++j)
                REQUIRE(within(static_cast<double>(out[r][j]), expected[j], test::tolerance::attention<T>(e.width, e.width, e.time())));
        }
    });
}

TEST_CASE("under any mask every slope equals central differences, and what is hidden has none") {
    each_example<double>([](example<double> e, rv::random& draw) {
        e.mask.valid = e.valid;  // of this copy
        if (!e.added.empty()) e.mask.added = e.rows_of(std::as_const(e.added));
        const auto out_slope = test::guarded_rows<double>(e.n(), e.value_width).fill(draw);
        const auto objective = [&] {
            const auto out = e.attend();
            double sum = 0;
            for (std::size_t r = 0; r < e.n(); ++r)
                for (std::size_t j = 0; j < e.value_width; ++j) sum += out_slope[r][j] * out[r][j];
            return sum;
        };
        constexpr double before = -1.5;  // slopes are added to
        slopes_of<double> slopes(e, out_slope.view(), before);
        const auto check = [&](double* numbers, double* slope, std::size_t count, bool seen) {
            for (std::size_t i = 0; i < count; ++i) {
                slope[i] -= before;
                if (!seen) REQUIRE(slope[i] == 0);
            }
            if (seen) REQUIRE(test::worst_slope({numbers, count}, {slope, count}, objective) < test::tolerance::central_difference);
        };
        for (std::size_t r = 0; r < e.n(); ++r) check(e.queries[r], slopes.query[r], e.width, true);
        for (std::size_t t = 0; t < e.time(); ++t) {
            const bool seen = std::isfinite(e.values[t][0]);
            check(e.keys[t], slopes.key[t], e.width, seen);
            check(e.values[t], slopes.value[t], e.value_width, seen);
        }
        for (std::size_t i = 0; i < e.added.size(); ++i) check(&e.added[i], &slopes.added[i], 1, std::isfinite(e.added[i]));
    });
}

TEST_CASE("slopes in float are those in double, rounded") {
    each_example<double>([](const example<double>& wide, rv::random& draw) {
        rv::random same(1), again(1);
        example<float> e(same, wide.n(), wide.time(), wide.width, wide.value_width, wide.mask.causal, !wide.valid.empty(), 1);
        example<double> twin(again, wide.n(), wide.time(), wide.width, wide.value_width, wide.mask.causal, !wide.valid.empty(), 1);
        const auto copy = [](const test::guarded_rows<float>& from, test::guarded_rows<double>& to, std::size_t width) {
            for (std::size_t r = 0; r < from.view().count; ++r) std::copy_n(from[r], width, to[r]);
        };
        copy(e.queries, twin.queries, e.width);
        copy(e.keys, twin.keys, e.width);
        copy(e.values, twin.values, e.value_width);
        std::copy(e.added.begin(), e.added.end(), twin.added.begin());
        const auto out_slope = test::guarded_rows<float>(e.n(), e.value_width).fill(draw);
        auto wide_slope = test::guarded_rows<double>(e.n(), e.value_width);
        copy(out_slope, wide_slope, e.value_width);
        const slopes_of<float> got(e, out_slope.view(), 0);
        const slopes_of<double> expected(twin, std::as_const(wide_slope).view(), 0);
        // A slope sums over queries what attention() allows, times values or keys (up to 2) times out_slope's value_width numbers.
        const double tolerance = test::tolerance::attention<float>(e.width, e.width, e.time()) * static_cast<double>(e.width + e.n());
        const auto close = [&](const auto& a, const auto& b, std::size_t width) {
            for (std::size_t r = 0; r < a.view().count; ++r)
                for (std::size_t i = 0; i < width; ++i) REQUIRE(within(static_cast<double>(a[r][i]), b[r][i], tolerance));
        };
        close(got.query, expected.query, e.width);
        close(got.key, expected.key, e.width);
        close(got.value, expected.value, e.value_width);
    });
}

TEST_CASE_TEMPLATE("outputs and slopes under every mask equal PyTorch's", T, float, double) {
    namespace golden = golden::attention;
    constexpr std::size_t n = 3, time = 5, width = 4, value_width = 3;
    const auto cast = [](const auto& numbers) { return std::vector<T>(std::begin(numbers), std::end(numbers)); };
    const auto queries = cast(golden::queries), keys = cast(golden::keys), values = cast(golden::values), slope = cast(golden::out_slope),
               added = cast(golden::added);
    const std::uint8_t valid[] = {1, 1, 0, 1, 1};
    const rv::rows<const T> asked{queries.data(), n, width}, known{keys.data(), time, width}, held{values.data(), time, value_width};
    const auto check = [&](const rv::attention_mask<T>& mask, const auto& out, const auto& d_queries, const auto& d_keys,
                           const auto& d_values, const double* d_added = nullptr) {
        std::vector<T> got(n * value_width), scratch(2 * time), query_slope(n * width, T(0)), key_slope(time * width, T(0)),
            value_slope(time * value_width, T(0)), added_slope(n * time, T(0));
        rv::scaled_dot_product<T>(asked, width, known, held, value_width, {got.data(), n, value_width}, scratch, mask);
        rv::scaled_dot_product_backward<T>(asked, width, known, held, value_width, {slope.data(), n, value_width},
                                           {query_slope.data(), n, width}, {key_slope.data(), time, width},
                                           {value_slope.data(), time, value_width}, scratch, mask, {added_slope.data(), n, time});
        const auto worst = [](const std::vector<T>& ours, const double* theirs) {
            double most = 0;
            for (std::size_t i = 0; i < ours.size(); ++i) most = std::max(most, std::abs(static_cast<double>(ours[i]) - theirs[i]));
            return most;
        };
        const double tolerance = test::tolerance::attention<T>(width, width, time);
        CHECK(worst(got, out) < tolerance);
        CHECK(worst(query_slope, d_queries) < tolerance);
        CHECK(worst(key_slope, d_keys) < tolerance);
        CHECK(worst(value_slope, d_values) < tolerance);
        if (d_added) CHECK(worst(added_slope, d_added) < tolerance);
    };
    const rv::rows<const T> bias{added.data(), n, time};
    check({}, golden::plain_out, golden::plain_query_slope, golden::plain_key_slope, golden::plain_value_slope);
    check({.causal = true}, golden::causal_out, golden::causal_query_slope, golden::causal_key_slope, golden::causal_value_slope);
    check({.valid = valid}, golden::padded_out, golden::padded_query_slope, golden::padded_key_slope, golden::padded_value_slope);
    check({.added = bias}, golden::biased_out, golden::biased_query_slope, golden::biased_key_slope, golden::biased_value_slope,
          golden::biased_added_slope);
    check({.valid = valid, .causal = true, .added = bias}, golden::all_out, golden::all_query_slope, golden::all_key_slope,
          golden::all_value_slope, golden::all_added_slope);
}

TEST_CASE_TEMPLATE("logits of ten thousand leave outputs in the values' range and every slope finite", T, float, double) {
    rv::random draw(6);
    for (const double scale : {1.0, 100.0, 1e4})
        for (const bool causal : {false, true}) {
            example<T> e(draw, 6, 6, 4, 3, causal, false, 1);
            for (std::size_t r = 0; r < 6; ++r)
                for (std::size_t i = 0; i < 4; ++i) {
                    e.queries[r][i] *= static_cast<T>(std::sqrt(scale));
                    e.keys[r][i] = static_cast<T>(draw.around_zero(std::sqrt(scale)));
                }
            for (T& one : e.added) one *= static_cast<T>(scale);
            for (std::size_t t = 0; t < 6; ++t) std::fill_n(e.values[t], 3, T(1));
            const auto out = e.attend();
            const auto out_slope = test::guarded_rows<T>(6, 3).fill(draw);
            const slopes_of<T> slopes(e, out_slope.view(), T(0));
            for (std::size_t r = 0; r < 6; ++r) {
                bool any = false;
                for (std::size_t t = 0; t < 6; ++t) any |= e.sees(r, t);
                for (std::size_t j = 0; j < 3; ++j) REQUIRE(within(static_cast<double>(out[r][j]), any, test::tolerance::sum<T>(12, 1)));
                for (std::size_t i = 0; i < 4; ++i) REQUIRE((std::isfinite(slopes.query[r][i]) && std::isfinite(slopes.key[r][i])));
            }
        }
}

TEST_CASE_TEMPLATE("a single key seen gives exactly its value, and none zeros, with no slope for query and keys", T, float, double) {
    // Four causal queries of two moments: the first two come before both, the third sees one, the fourth both.
    const T queries[] = {T(1e4), T(3), T(-1e4), T(0.1)}, keys[] = {T(5), T(-7)}, values[] = {T(0.1), T(0.7)};
    const T out_slope[] = {1, 1, 1, 1};
    T out[4], shares[4], d_queries[4] = {}, d_keys[2] = {}, d_values[2] = {};
    const rv::rows<const T> asked{queries, 4, 1}, known{keys, 2, 1}, held{values, 2, 1};
    rv::scaled_dot_product<T>(asked, 1, known, held, 1, rv::rows<T>{out, 4, 1}, shares, rv::attention_mask<T>{.causal = true});
    CHECK(out[0] == 0);
    CHECK(out[1] == 0);
    CHECK(out[2] == T(0.1));
    CHECK(out[3] != T(0.1));
    rv::scaled_dot_product_backward<T>(asked.from(0, 3), 1, known.from(0, 1), held.from(0, 1), 1, {out_slope, 3, 1}, {d_queries, 3, 1},
                                       {d_keys, 1, 1}, {d_values, 1, 1}, shares, {.causal = true});
    for (const T slope : d_queries) CHECK(slope == 0);
    CHECK(d_keys[0] == 0);
    CHECK(d_values[0] == 1);
}

TEST_CASE("heads are views of columns") {
    rv::random draw(8);
    constexpr std::size_t time = 7, depth = 3, heads = 4, width = depth * heads;
    const auto queries = test::guarded_rows<double>(time, width).fill(draw), keys = test::guarded_rows<double>(time, width).fill(draw),
               values = test::guarded_rows<double>(time, width).fill(draw);
    test::guarded_rows<double> together(time, width), apart(time, depth);
    std::vector<double> shares(time);
    for (std::size_t h = 0; h < heads; ++h) {
        const std::size_t first = h * depth;
        rv::scaled_dot_product<double>(queries.view().columns(first), depth, keys.view().columns(first), values.view().columns(first),
                                       depth, together.view().columns(first), shares, rv::attention_mask<double>{.causal = true});
        const auto own = [&](const test::guarded_rows<double>& all) {
            test::guarded_rows<double> columns(time, depth);
            for (std::size_t t = 0; t < time; ++t) std::copy_n(all[t] + first, depth, columns[t]);
            return columns;
        };
        const auto q = own(queries), k = own(keys), v = own(values);
        rv::scaled_dot_product<double>(q.view(), depth, k.view(), v.view(), depth, apart.view(), shares,
                                       rv::attention_mask<double>{.causal = true});
        for (std::size_t t = 0; t < time; ++t)
            for (std::size_t j = 0; j < depth; ++j) CHECK(together[t][first + j] == apart[t][j]);
    }
    CHECK(together.intact());
}
