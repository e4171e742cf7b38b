// SPDX-License-Identifier: MIT
// Attention against its formula in double, with the query from the candidate and from the request; every slope against central
// differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <rivulet/attend/attend.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 5, asked = 3;  // numbers of a row of the sequence and of the query
struct recent : rv::context_sequence<in, 18> {};
struct title : rv::candidate<asked> {};
struct shopper : rv::context<asked> {};
template <std::size_t Width> using on_item = rv::attend<recent, title, Width>;       // the query from the candidate
template <std::size_t Width> using on_request = rv::attend<recent, shopper, Width>;  // the query from the request

/// A sequence, which of its rows are there, queries, and the weights W_k, W_v, W_q one after the other, as the request's kind has them.
template <std::size_t Width, class T> struct example {
    static constexpr std::size_t sequence_weights = on_item<Width>::weights;
    std::vector<T> w = std::vector<T>(on_request<Width>::weights, T(0));
    std::vector<T> rows, queries;
    std::vector<std::uint8_t> valid;

    example(std::uint64_t seed, std::size_t moments, std::size_t candidates, double scale = 1) {
        rv::random draw(seed);
        on_request<Width>{}.start(w.data(), draw);
        rows = test::numbers<T>(draw, moments * in, scale);
        queries = test::numbers<T>(draw, candidates * asked, scale);
    }
    std::size_t moments() const { return rows.size() / in; }
    std::size_t candidates() const { return queries.size() / asked; }
    T* query_weights() { return w.data() + sequence_weights; }
    const T* query_weights() const { return w.data() + sequence_weights; }
    rv::given<recent, T> sequence() const {
        auto view = rv::with<recent>(rows);
        if (!valid.empty()) {
            view.valid = valid.data();
            view.valid_size = valid.size();
        }
        return view;
    }
    rv::given<title, T> query_of_item(std::size_t r) const { return rv::with<title>(queries.data() + r * asked, asked); }
    rv::given<shopper, T> query_of_request(std::size_t r) const { return rv::with<shopper>(queries.data() + r * asked, asked); }
};

/// Rows of outputs by the formula, in double: for every head softmax(q K' / sqrt(depth)) V.
template <std::size_t Width, class T> std::vector<double> formula(const example<Width, T>& e, std::size_t heads) {
    constexpr std::size_t stride = rv::padded(Width);
    const auto product = [](const T* x, std::size_t n, const T* w, std::size_t column) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(w[i * stride + column]);
        return sum;
    };
    std::vector<const T*> moments;
    for (std::size_t t = e.moments() > recent::length ? e.moments() - recent::length : 0; t < e.moments(); ++t)
        if (e.valid.empty() || e.valid[t]) moments.push_back(e.rows.data() + t * in);
    std::vector<double> out(e.candidates() * Width, 0);
    const std::size_t depth = Width / heads;
    for (std::size_t r = 0; r < e.candidates(); ++r)
        for (std::size_t head = 0; head < heads && !moments.empty(); ++head) {
            std::vector<double> logits;
            for (const T* moment : moments) {
                double logit = 0;
                for (std::size_t j = head * depth; j < (head + 1) * depth; ++j)
                    logit += product(e.queries.data() + r * asked, asked, e.query_weights(), j) * product(moment, in, e.w.data(), j);
                logits.push_back(logit / std::sqrt(static_cast<double>(depth)));
            }
            const double top = *std::max_element(logits.begin(), logits.end());
            double sum = 0;
            for (double& logit : logits) sum += logit = std::exp(logit - top);
            for (std::size_t t = 0; t < moments.size(); ++t)
                for (std::size_t j = head * depth; j < (head + 1) * depth; ++j)
                    out[r * Width + j] += logits[t] / sum * product(moments[t], in, e.w.data() + in * stride, j);
        }
    return out;
}

/// Outputs with the query from the candidate: parts prepared on both sides and joined.
template <std::size_t Width, class T> test::guarded_rows<T> from_items(const example<Width, T>& e, std::size_t heads) {
    const on_item<Width> stage{.heads = heads};
    const auto kept = std::make_unique<typename on_item<Width>::template context_part<T>>();
    stage.prepare_context(e.w.data(), rv::request(e.sequence()), *kept);
    test::guarded_rows<T> parts(e.candidates(), on_item<Width>::candidate_part, on_item<Width>::candidate_part + 3);
    for (std::size_t r = 0; r < e.candidates(); ++r) stage.prepare_candidate(e.query_weights(), rv::item(e.query_of_item(r)), parts[r]);
    test::guarded_rows<T> out(e.candidates(), Width, Width + 2);
    stage.forward(e.w.data(), *kept, std::as_const(parts).view(), out.view());
    CHECK(parts.intact());
    CHECK(out.intact());
    return out;
}
/// Outputs with the query from the request: one request a query.
template <std::size_t Width, class T> test::guarded_rows<T> from_requests(const example<Width, T>& e, std::size_t heads) {
    const on_request<Width> stage{.heads = heads};
    test::guarded_rows<T> out(e.candidates(), Width);
    for (std::size_t r = 0; r < e.candidates(); ++r) stage.forward(e.w.data(), rv::request(e.query_of_request(r), e.sequence()), out[r]);
    CHECK(out.intact());
    return out;
}

template <std::size_t Width, class T> void check_against_formula(const example<Width, T>& e, std::size_t heads, double tolerance) {
    const auto expected = formula(e, heads);
    const auto items = from_items(e, heads), requests = from_requests(e, heads);
    for (std::size_t r = 0; r < e.candidates(); ++r)
        for (std::size_t j = 0; j < Width; ++j) {
            REQUIRE(within(static_cast<double>(items[r][j]), expected[r * Width + j], tolerance));
            REQUIRE(within(static_cast<double>(requests[r][j]), expected[r * Width + j], tolerance));
            REQUIRE(items[r][j] == requests[r][j]);  // the same numbers, not nearly the same
        }
}
template <std::size_t Width, class T> void check_width(std::initializer_list<std::size_t> heads) {
    for (const std::size_t h : heads)
        for (const std::size_t moments : {0u, 1u, 2u, 3u, 15u, 16u, 17u, 18u, 19u, 40u})
            for (const std::size_t candidates : {1u, 2u, 7u, 24u, 25u, 50u}) {
                if (candidates > 7 && moments % 8 > 2) continue;
                CAPTURE(Width);
                CAPTURE(h);
                CAPTURE(moments);
                CAPTURE(candidates);
                const example<Width, T> e(Width * 100 + moments, moments, candidates);
                check_against_formula(e, h, test::tolerance::attention<T>(in + asked, Width / h, std::min(moments, recent::length)));
            }
}

}  // namespace

TEST_CASE_TEMPLATE("the output is the formula's, for every number of heads, width, length and number of candidates", T, float, double) {
    check_width<1, T>({1});
    check_width<4, T>({1, 2, 4});
    check_width<12, T>({1, 2, 4});
    check_width<16, T>({1, 2, 4});
    check_width<20, T>({1, 2, 4});
    check_width<32, T>({1, 2, 4});
    check_width<64, T>({1, 2, 4});
}

TEST_CASE_TEMPLATE("masked rows do not count, whatever they hold, and neither do rows before the last that do", T, float, double) {
    constexpr std::size_t width = 8;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    for (const std::size_t moments : {1u, 2u, 5u, 18u, 25u})
        for (int kind = 0; kind < 6; ++kind) {
            CAPTURE(moments);
            CAPTURE(kind);
            example<width, T> e(moments, moments, 3);
            e.valid.assign(moments, 1);
            for (std::size_t t = 0; t < moments; ++t) {
                if (kind == 1) e.valid[t] = 0;
                if (kind == 2) e.valid[t] = t % 2;
                if (kind == 3) e.valid[t] = (t + 1) % 2;
                if (kind == 4) e.valid[t] = t + 2 < moments;
                if (kind == 5) e.valid[t] = t > moments / 2 ? 7 : 0;
                if (!e.valid[t] || t + recent::length < moments) std::fill_n(e.rows.data() + t * in, in, nan);
            }
            check_against_formula(e, 2, test::tolerance::attention<T>(in + asked, width / 2, recent::length));
            auto shorter = e;  // the same as a sequence of what is there
            shorter.rows.clear();
            for (std::size_t t = 0; t < moments; ++t)
                if (e.valid[t]) shorter.rows.insert(shorter.rows.end(), e.rows.data() + t * in, e.rows.data() + (t + 1) * in);
            shorter.valid.clear();
            if (moments > recent::length) continue;
            const auto masked = from_items(e, 2), without = from_items(shorter, 2);
            for (std::size_t r = 0; r < 3; ++r)
                for (std::size_t j = 0; j < width; ++j)
                    REQUIRE(within(static_cast<double>(masked[r][j]), static_cast<double>(without[r][j]), test::tolerance::rounding<T>(4)));
        }
}

TEST_CASE_TEMPLATE("a sequence of which only the last row counts gives that row's value to every candidate", T, float, double) {
    struct newest : rv::context_sequence<in, 1> {};
    constexpr std::size_t width = 4, candidates = 50;
    using on_newest = rv::attend<newest, title, width>;
    using by_request = rv::attend<newest, shopper, width>;
    const example<width, T> e(6, 3, candidates);
    const auto sequence = rv::with<newest>(e.rows);
    typename on_newest::template context_part<T> kept;
    on_newest{.heads = 2}.prepare_context(e.w.data(), rv::request(sequence), kept);
    REQUIRE(kept.keys.count == 1);
    test::guarded_rows<T> parts(candidates, on_newest::candidate_part), out(candidates, width);
    for (std::size_t r = 0; r < candidates; ++r) on_newest{}.prepare_candidate(e.query_weights(), rv::item(e.query_of_item(r)), parts[r]);
    on_newest{.heads = 2}.forward(e.w.data(), kept, std::as_const(parts).view(), out.view());
    test::guarded<T> by(width);
    by_request{.heads = 2}.forward(e.w.data(), rv::request(sequence, e.query_of_request(0)), by.data());
    for (std::size_t j = 0; j < width; ++j) {
        for (std::size_t r = 0; r < candidates; ++r) CHECK(out[r][j] == kept.value(0)[j]);
        CHECK(by.data()[j] == kept.value(0)[j]);
    }
    CHECK(out.intact());
    const std::vector<T> out_slope(width, T(1));
    std::vector<T> g(by_request::weights, T(0));
    by_request{.heads = 2}.backward(e.w.data(), rv::request(sequence, e.query_of_request(0)), out_slope.data(), g.data());
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < width; ++j) {
            CHECK(g[i * 16 + j] == 0);  // one share is 1 whatever the keys
            CHECK(g[(in + i) * 16 + j] == e.rows[2 * in + i]);
        }
}

TEST_CASE_TEMPLATE("no rows give zeros and one row gives exactly its value", T, float, double) {
    constexpr std::size_t width = 20;
    const auto nothing = from_items(example<width, T>(1, 0, 5), 4);
    for (std::size_t r = 0; r < 5; ++r)
        for (std::size_t j = 0; j < width; ++j) CHECK(nothing[r][j] == 0);
    const example<width, T> e(2, 1, 5, 100);  // whatever the logits
    const auto single = from_items(e, 4);
    on_item<width>::context_part<T> kept;
    on_item<width>{}.prepare_context(e.w.data(), rv::request(e.sequence()), kept);
    for (std::size_t r = 0; r < 5; ++r)
        for (std::size_t j = 0; j < width; ++j) CHECK(single[r][j] == kept.value(0)[j]);
}

TEST_CASE_TEMPLATE("logits of ten thousand and more give weighted means of the values, never NaN", T, float, double) {
    // Every value is 1, so an output is the sum of the shares.
    constexpr std::size_t width = 8;
    for (const double scale : {100.0, 1e4, 1e6}) {
        example<width, T> e(3, 18, 6, 1);
        rv::random draw(4);
        const auto kept = std::make_unique<on_item<width>::context_part<T>>();
        kept->keys.clear(18);
        for (std::size_t t = 0; t < 18; ++t)
            for (std::size_t j = 0; j < width; ++j) {
                kept->keys.column(j)[t] = static_cast<T>(draw.around_zero(std::sqrt(scale)));
                kept->value(t)[j] = 1;
            }
        test::guarded_rows<T> queries(6, 16), out(6, width);
        queries.fill(T(0));
        for (std::size_t r = 0; r < 6; ++r)
            for (std::size_t j = 0; j < width; ++j) queries[r][j] = static_cast<T>(draw.around_zero(std::sqrt(scale)));
        on_item<width>{.heads = 2}.forward(e.w.data(), *kept, std::as_const(queries).view(), out.view());
        for (std::size_t r = 0; r < 6; ++r)
            for (std::size_t j = 0; j < width; ++j) REQUIRE(within(static_cast<double>(out[r][j]), 1, test::tolerance::sum<T>(2 * 18, 1)));
    }
}

TEST_CASE_TEMPLATE("an output lies between the smallest and the largest value of its column", T, float, double) {
    constexpr std::size_t width = 16;
    const example<width, T> e(5, 17, 30, 4);
    const auto out = from_items(e, 2);
    on_item<width>::context_part<T> kept;
    on_item<width>{}.prepare_context(e.w.data(), rv::request(e.sequence()), kept);
    for (std::size_t j = 0; j < width; ++j) {
        T low = kept.value(0)[j], high = low;
        for (std::size_t t = 1; t < kept.keys.count; ++t) low = std::min(low, kept.value(t)[j]), high = std::max(high, kept.value(t)[j]);
        const T slack = static_cast<T>(test::tolerance::sum<T>(2 * 17, 8));
        for (std::size_t r = 0; r < 30; ++r) {
            REQUIRE(out[r][j] >= low - slack);
            REQUIRE(out[r][j] <= high + slack);
        }
    }
}

TEST_CASE("the slopes of queries, keys and values equal central differences, for every number of heads") {
    const auto check = []<std::size_t Width>(std::integral_constant<std::size_t, Width>, std::size_t heads, std::size_t moments) {
        CAPTURE(Width);
        CAPTURE(heads);
        CAPTURE(moments);
        constexpr std::size_t stride = rv::padded(Width), candidates = 3;
        using stage_type = on_item<Width>;
        const stage_type stage{.heads = heads};
        const example<Width, double> e(Width + moments, moments, candidates);
        typename stage_type::template context_part<double> kept, slope;
        stage.prepare_context(e.w.data(), rv::request(e.sequence()), kept);
        std::vector<double> queries(candidates * stride), query_slope(candidates * stride, 0.0);
        for (std::size_t r = 0; r < candidates; ++r)
            stage.prepare_candidate(e.query_weights(), rv::item(e.query_of_item(r)), queries.data() + r * stride);
        rv::random draw(7);
        const auto out_slope = test::numbers<double>(draw, candidates * Width);
        const rv::rows<const double> query_rows{queries.data(), candidates, stride};
        slope.start_slope(kept);
        stage.backward(e.w.data(), kept, query_rows, rv::rows<const double>{out_slope.data(), candidates, Width}, slope,
                       rv::rows<double>{query_slope.data(), candidates, stride}, static_cast<double*>(nullptr));
        const auto objective = [&] {
            std::vector<double> out(candidates * Width);
            stage.forward(e.w.data(), kept, query_rows, rv::rows<double>{out.data(), candidates, Width});
            double sum = 0;
            for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * out_slope[i];
            return sum;
        };
        CHECK(test::padding_is_zero(query_slope.data(), candidates, Width));
        for (std::size_t r = 0; r < candidates; ++r)
            CHECK(test::worst_slope(std::span(queries).subspan(r * stride, Width),
                                    std::span<const double>(query_slope).subspan(r * stride, Width),
                                    objective) < test::tolerance::central_difference);
        for (std::size_t j = 0; j < Width; ++j)
            CHECK(test::worst_slope({kept.keys.column(j), kept.keys.count}, {slope.keys.column(j), kept.keys.count}, objective) <
                  test::tolerance::central_difference);
        for (std::size_t t = 0; t < kept.keys.count; ++t)
            CHECK(test::worst_slope({kept.value(t), Width}, {slope.value(t), Width}, objective) < test::tolerance::central_difference);
    };
    for (const std::size_t moments : {0u, 1u, 2u, 9u, 18u}) {
        check(std::integral_constant<std::size_t, 1>{}, 1, moments);
        for (const std::size_t heads : {1u, 2u, 4u}) check(std::integral_constant<std::size_t, 12>{}, heads, moments);
        for (const std::size_t heads : {1u, 2u}) check(std::integral_constant<std::size_t, 32>{}, heads, moments);
    }
}

TEST_CASE("the slopes of all weights equal central differences, with the query from the candidate") {
    constexpr std::size_t width = 6, stride = rv::padded(width), candidates = 4;
    using stage_type = on_item<width>;
    for (const std::size_t heads : {1u, 2u, 3u})
        for (const std::size_t moments : {0u, 1u, 5u, 23u}) {
            CAPTURE(heads);
            CAPTURE(moments);
            const stage_type stage{.heads = heads};
            example<width, double> e(moments, moments, candidates);
            if (moments == 5) e.valid = {1, 0, 1, 1, 0};
            rv::random draw(8);
            const auto out_slope = test::numbers<double>(draw, candidates * width);
            const auto objective = [&] {
                const auto out = from_items(e, heads);
                double sum = 0;
                for (std::size_t r = 0; r < candidates; ++r)
                    for (std::size_t j = 0; j < width; ++j) sum += out[r][j] * out_slope[r * width + j];
                return sum;
            };
            std::vector<double> g(e.w.size(), 0.5);  // added to
            stage_type::context_part<double> kept, slope;
            stage.prepare_context(e.w.data(), rv::request(e.sequence()), kept);
            slope.start_slope(kept);
            std::vector<double> queries(candidates * stride), query_slope(candidates * stride, 0.0);
            for (std::size_t r = 0; r < candidates; ++r)
                stage.prepare_candidate(e.query_weights(), rv::item(e.query_of_item(r)), queries.data() + r * stride);
            stage.backward(e.w.data(), kept, rv::rows<const double>{queries.data(), candidates, stride},
                           rv::rows<const double>{out_slope.data(), candidates, width}, slope,
                           rv::rows<double>{query_slope.data(), candidates, stride}, g.data());
            stage.backward_context(e.w.data(), rv::request(e.sequence()), slope, g.data());
            for (std::size_t r = 0; r < candidates; ++r)
                stage.backward_candidate(e.query_weights(), rv::item(e.query_of_item(r)), query_slope.data() + r * stride,
                                         g.data() + stage_type::weights);
            for (double& one : g) one -= 0.5;
            CHECK(test::padding_is_zero(g.data(), g.size() / stride, width));
            for (std::size_t row = 0; row < g.size(); row += stride)
                CHECK(test::worst_slope(std::span(e.w).subspan(row, width), std::span<const double>(g).subspan(row, width), objective) <
                      test::tolerance::central_difference);
        }
}

TEST_CASE("the slopes of all weights equal central differences, with the query from the request") {
    const auto check = []<std::size_t Width>(std::integral_constant<std::size_t, Width>, std::size_t heads, std::size_t moments) {
        CAPTURE(Width);
        CAPTURE(heads);
        CAPTURE(moments);
        const on_request<Width> stage{.heads = heads};
        example<Width, double> e(moments, moments, 1);
        rv::random draw(9);
        const auto out_slope = test::numbers<double>(draw, Width);
        const auto objective = [&] {
            std::vector<double> out(Width);
            stage.forward(e.w.data(), rv::request(e.sequence(), e.query_of_request(0)), out.data());
            double sum = 0;
            for (std::size_t j = 0; j < Width; ++j) sum += out[j] * out_slope[j];
            return sum;
        };
        std::vector<double> g(e.w.size(), -1.5);
        stage.backward(e.w.data(), rv::request(e.sequence(), e.query_of_request(0)), out_slope.data(), g.data());
        for (double& one : g) one += 1.5;
        constexpr std::size_t stride = rv::padded(Width);
        CHECK(test::padding_is_zero(g.data(), g.size() / stride, Width));
        for (std::size_t row = 0; row < g.size(); row += stride)
            CHECK(test::worst_slope(std::span(e.w).subspan(row, Width), std::span<const double>(g).subspan(row, Width), objective) <
                  test::tolerance::central_difference);
    };
    for (const std::size_t moments : {0u, 1u, 4u, 21u}) {
        check(std::integral_constant<std::size_t, 1>{}, 1, moments);
        for (const std::size_t heads : {1u, 2u, 4u}) check(std::integral_constant<std::size_t, 8>{}, heads, moments);
        check(std::integral_constant<std::size_t, 16>{}, 1, moments);
    }
}

TEST_CASE("a worked example: one head over two moments of one number") {
    // W_k = 1, W_v = 10, W_q = 2. Moments 0 and ln(3) / 2, query 1: q = 2, logits 0 and ln 3, shares 1/4 and 3/4, so the output is
    // 3/4 of the second value, 10 ln(3) / 2 = 5.493.
    struct moments : rv::context_sequence<1, 4> {};
    struct wish : rv::context<1> {};
    using stage = rv::attend<moments, wish, 1>;
    static_assert(stage::weights == 3);
    const double w[] = {1, 10, 2}, rows[] = {0, std::log(3.0) / 2}, query[] = {1};
    double out = 0;
    stage{}.forward(w, rv::request(rv::with<moments>(rows), rv::with<wish>(query)), &out);
    CHECK(within(out, 0.75 * 5 * std::log(3.0), 1e-14));
}

TEST_CASE("heads must divide the width") {
    for (const std::size_t good : {1u, 2u, 3u, 4u, 6u, 12u}) CHECK(on_item<12>{.heads = good}.validate());
    for (const std::size_t bad : {0u, 5u, 7u, 8u, 13u, 24u}) CHECK(on_item<12>{.heads = bad}.validate().code == rv::errc::setting);
    CHECK(on_item<12>{.heads = 5}.validate().message() == "attend.heads must divide the width, got 5");
    CHECK(on_item<12>{.heads = 4}.settings() == "heads=4");
}

TEST_CASE_TEMPLATE("first weights are drawn for both sides alike, and the padding is zero", T, float, double) {
    std::vector<T> together(on_request<12>::weights, T(0)), apart = together;
    rv::random first(1), second(1);
    on_request<12>{}.start(together.data(), first);
    on_item<12>{}.start(apart.data(), second);
    on_item<12>{}.start_candidate(apart.data() + on_item<12>::weights, second);
    CHECK(together == apart);
    CHECK(test::padding_is_zero(together.data(), 2 * in + asked, 12));
    CHECK(on_item<12>::weights + on_item<12>::candidate_weights == on_request<12>::weights);
}
