// SPDX-License-Identifier: MIT
// Interest against its formula in double, and every slope against central differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include <rivulet/attend/interest.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 5;
struct recent : rv::context_sequence<in, 18> {};
template <std::size_t Width> struct title : rv::candidate<Width> {};

/// A sequence, which of its rows are there, candidates, and the weights W_k and W_q.
template <std::size_t Width, std::size_t Depth, class T> struct example {
    using stage = rv::interest<recent, title<Width>, Depth>;
    std::vector<T> w = std::vector<T>(stage::weights, T(0)), slow = std::vector<T>(stage::candidate_weights, T(0));
    std::vector<T> rows, candidates;
    std::vector<std::uint8_t> valid;

    example(std::uint64_t seed, std::size_t moments, std::size_t count) {
        rv::random draw(seed);
        stage{}.start(w.data(), draw);
        stage{}.start_candidate(slow.data(), draw);
        rows = test::numbers<T>(draw, moments * in, 2);
        candidates = test::numbers<T>(draw, count * Width, 2);
    }
    std::size_t moments() const { return rows.size() / in; }
    std::size_t count() const { return candidates.size() / Width; }
    auto request() const {
        auto view = rv::with<recent>(rows);
        if (!valid.empty()) {
            view.valid = valid.data();
            view.valid_size = valid.size();
        }
        return rv::request(view);
    }
    auto item(std::size_t r) const { return rv::item(rv::with<title<Width>>(candidates.data() + r * Width, Width)); }

    test::guarded_rows<T> parts() const {
        test::guarded_rows<T> parts(count(), stage::candidate_part, stage::candidate_part + 3);
        for (std::size_t r = 0; r < count(); ++r) stage{}.prepare_candidate(slow.data(), item(r), parts[r]);
        return parts;
    }
    test::guarded_rows<T> outputs() const {
        const auto kept = std::make_unique<typename stage::template context_part<T>>();
        stage{}.prepare_context(w.data(), request(), *kept);
        const auto candidate_parts = parts();
        test::guarded_rows<T> out(count(), Width, Width + 2);
        stage{}.forward(w.data(), *kept, candidate_parts.view(), out.view());
        CHECK(candidate_parts.intact());
        CHECK(out.intact());
        return out;
    }
    std::vector<double> formula() const {
        const auto projected = [](const T* x, std::size_t n, const std::vector<T>& weights, std::size_t j) {
            double sum = 0;
            for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(weights[i * rv::padded(Depth) + j]);
            return sum;
        };
        std::vector<double> out(candidates.size(), 0);
        for (std::size_t r = 0; r < count(); ++r) {
            const T* const candidate = candidates.data() + r * Width;
            double total = 0;
            for (std::size_t t = moments() > recent::length ? moments() - recent::length : 0; t < moments(); ++t) {
                if (!valid.empty() && !valid[t]) continue;
                const T* const row = rows.data() + t * in;
                double logit = 0;
                for (std::size_t j = 0; j < Depth; ++j) logit += projected(candidate, Width, slow, j) * projected(row, in, w, j);
                const double share = std::exp(logit / std::sqrt(static_cast<double>(Depth)));
                total += share;
                for (std::size_t i = 0; i < Width; ++i)
                    out[r * Width + i] += share * static_cast<double>(row[i]) * static_cast<double>(candidate[i]);
            }
            for (std::size_t i = 0; i < Width && total > 0; ++i) out[r * Width + i] /= total;
        }
        return out;
    }
};

template <std::size_t Width, std::size_t Depth, class T> void check_against_formula() {
    for (const std::size_t moments : {0u, 1u, 2u, 15u, 17u, 18u, 30u})
        for (const std::size_t count : {0u, 1u, 5u, 24u, 25u, 49u})
            for (int mask = 0; mask < 3; ++mask) {
                CAPTURE(moments);
                CAPTURE(count);
                CAPTURE(mask);
                example<Width, Depth, T> e(moments * 7 + count, moments, count);
                if (mask > 0) {
                    e.valid.assign(moments, 0);
                    for (std::size_t t = 0; t < moments; ++t) {
                        e.valid[t] = mask == 1 && t % 2 ? 1 : 0;
                        if (!e.valid[t]) std::fill_n(e.rows.data() + t * in, in, std::numeric_limits<T>::quiet_NaN());
                    }
                }
                const auto expected = e.formula();
                const auto out = e.outputs();
                for (std::size_t r = 0; r < count; ++r)
                    for (std::size_t i = 0; i < Width; ++i)
                        REQUIRE(within(static_cast<double>(out[r][i]), expected[r * Width + i],
                                       16 * test::tolerance::attention<T>(in + Width, Depth, 18)));
            }
}

template <std::size_t Width, std::size_t Depth> void check_slopes() {
    using stage = typename example<Width, Depth, double>::stage;
    for (const std::size_t moments : {0u, 1u, 4u, 23u}) {
        CAPTURE(moments);
        constexpr std::size_t count = 3;
        example<Width, Depth, double> e(moments, moments, count);
        if (moments == 4) e.valid = {1, 0, 1, 1};
        rv::random draw(5);
        const auto out_slope = test::numbers<double>(draw, count * Width);
        const auto objective = [&] {
            const auto out = e.outputs();
            double sum = 0;
            for (std::size_t r = 0; r < count; ++r)
                for (std::size_t i = 0; i < Width; ++i) sum += out[r][i] * out_slope[r * Width + i];
            return sum;
        };
        typename stage::template context_part<double> kept, slope;
        stage{}.prepare_context(e.w.data(), e.request(), kept);
        slope.start_slope(kept);
        const auto parts = e.parts();
        auto part_slope = test::guarded_rows<double>(count, stage::candidate_part).fill(0.0);
        std::vector<double> g(e.w.size(), 0.5), slow_g(e.slow.size(), 0.5);  // added to
        stage{}.backward(e.w.data(), kept, parts.view(), rv::rows<const double>{out_slope.data(), count, Width}, slope, part_slope.view(),
                         g.data());
        stage{}.backward_context(e.w.data(), e.request(), slope, g.data());
        for (std::size_t r = 0; r < count; ++r) stage{}.backward_candidate(e.slow.data(), e.item(r), part_slope[r], slow_g.data());
        CHECK(part_slope.intact());
        for (double& one : g) one -= 0.5;
        for (double& one : slow_g) one -= 0.5;
        CHECK(test::padding_is_zero(g.data(), in, Depth));
        CHECK(test::padding_is_zero(slow_g.data(), Width, Depth));
        for (std::size_t row = 0; row < g.size(); row += rv::padded(Depth))
            CHECK(test::worst_slope(std::span(e.w).subspan(row, Depth), std::span<const double>(g).subspan(row, Depth), objective) <
                  test::tolerance::central_difference);
        for (std::size_t row = 0; row < slow_g.size(); row += rv::padded(Depth))
            CHECK(test::worst_slope(std::span(e.slow).subspan(row, Depth), std::span<const double>(slow_g).subspan(row, Depth), objective) <
                  test::tolerance::central_difference);
    }
}

}  // namespace

TEST_CASE_TEMPLATE("the output is the formula's, for rows as wide as the candidate or wider, whatever masked rows hold", T, float, double) {
    check_against_formula<3, 4, T>();
    check_against_formula<1, 1, T>();
    check_against_formula<5, 16, T>();
    check_against_formula<4, 20, T>();
}

TEST_CASE("the slopes of all weights equal central differences") {
    check_slopes<3, 4>();
    check_slopes<1, 1>();
    check_slopes<5, 17>();
}

TEST_CASE("a worked example: one row is shared whole, and its product with the candidate is the output") {
    using stage = rv::interest<recent, title<2>, 1>;
    const float w[] = {1, 2, 3, 4, 5}, slow[] = {6, 7}, row[] = {2, -3, 9, 9, 9}, candidate[] = {10, 100};
    float part[stage::candidate_part], out[2];
    stage::context_part<float> kept;
    stage{}.prepare_context(w, rv::request(rv::with<recent>(row)), kept);
    stage{}.prepare_candidate(slow, rv::item(rv::with<title<2>>(candidate)), part);
    stage{}.forward(w, kept, rv::rows<const float>{part, 1, stage::candidate_part}, rv::rows<float>{out, 1, 2});
    CHECK(out[0] == 20);
    CHECK(out[1] == -300);
}
