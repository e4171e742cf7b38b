// SPDX-License-Identifier: MIT
// The ranker's layers behind the first against plain loops, and every slope against central differences, at any depth.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <rivulet/rank/mlp.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

template <class Ranker> constexpr std::size_t padded_first = rv::padded(Ranker::first);

/// Weights with random biases too, padding zero.
template <class Ranker, class T> std::vector<T> weights(std::uint64_t seed) {
    std::vector<T> w(Ranker::weights, T(0));
    rv::random draw(seed);
    Ranker{}.start(w.data(), draw);
    for (std::size_t l = 1; l < Ranker::layers; ++l)
        for (std::size_t j = 0; j < Ranker::widths[l]; ++j)
            w[Ranker::offset(l) + Ranker::widths[l - 1] * rv::padded(Ranker::widths[l]) + j] = static_cast<T>(draw.around_zero(0.5));
    return w;
}

/// The score of one row of sums, layer by layer in double; `magnitude` bounds the sums that are rounded on the way.
template <class Ranker, class T> double expected_score(const std::vector<T>& w, const T* sums, double& magnitude) {
    std::vector<double> x(sums, sums + Ranker::first), size(x);
    for (double& s : size) s = std::abs(s);
    for (std::size_t l = 1; l < Ranker::layers; ++l) {
        const std::size_t from = Ranker::widths[l - 1], to = Ranker::widths[l];
        const T* const layer = w.data() + Ranker::offset(l);
        std::vector<double> y(to), bound(to);
        for (std::size_t j = 0; j < to; ++j) {
            y[j] = static_cast<double>(layer[from * rv::padded(to) + j]);
            bound[j] = std::abs(y[j]);
            for (std::size_t i = 0; i < from; ++i) {
                const double weight = static_cast<double>(layer[i * rv::padded(to) + j]);
                y[j] += weight * std::max(x[i], 0.0);
                bound[j] += std::abs(weight) * size[i];
            }
        }
        x = y;
        size = bound;
    }
    magnitude = size[0];
    return x[0];
}

/// Everything that forward and backward touch, for `n` rows, strides wider than rows.
template <class Ranker, class T> struct run {
    test::guarded_rows<T> sums, hidden, hidden_slopes, sum_slopes;
    test::guarded<T> scores;
    explicit run(std::size_t n)
        : sums(n, padded_first<Ranker>, padded_first<Ranker> + 3), hidden(n, Ranker::activations, Ranker::activations + 2),
          hidden_slopes(n, Ranker::activations, Ranker::activations + 5), sum_slopes(n, padded_first<Ranker>, padded_first<Ranker> + 1),
          scores(n) {
        sums.fill(T(0));
    }
    void forward(const std::vector<T>& w, std::size_t n) {
        Ranker{}.forward(w.data(), sums.view(), rv::rows<T>{hidden[0], n, Ranker::activations + 2}, rv::rows<T>{scores.data(), n, 1});
    }
    bool intact() const { return sums.intact() && hidden.intact() && hidden_slopes.intact() && sum_slopes.intact() && scores.intact(); }
};

template <class Ranker, class T> void check_forward(std::uint64_t seed) {
    const auto w = weights<Ranker, T>(seed);
    rv::random draw(seed + 100);
    for (const std::size_t n : {0u, 1u, 2u, 5u, 6u, 13u, 24u}) {
        CAPTURE(n);
        run<Ranker, T> one(n);
        for (std::size_t r = 0; r < n; ++r)
            for (std::size_t j = 0; j < Ranker::first; ++j) one.sums[r][j] = static_cast<T>(draw.around_zero(2));
        const auto before = one.sums;
        one.forward(w, n);
        for (std::size_t r = 0; r < n; ++r) {
            double magnitude = 0;
            const double expected = expected_score<Ranker, T>(w, before[r], magnitude);
            REQUIRE(within(static_cast<double>(one.scores.data()[r]), expected,
                           test::tolerance::sum<T>(Ranker::first * Ranker::layers, magnitude)));
        }
        CHECK(one.intact());
        // Who serves gets the same bits, from the sums as forward left them: rectified where a layer is behind them.
        std::vector<T> scores(one.scores.data(), one.scores.data() + n);
        one.scores.fill(T(77));
        Ranker{}.serve(w.data(), one.sums.view(), rv::rows<T>{one.hidden[0], n, Ranker::activations + 2},
                       rv::rows<T>{one.scores.data(), n, 1});
        CHECK(std::equal(scores.begin(), scores.end(), one.scores.data()));
        CHECK(one.intact());
    }
}

template <class Ranker> void check_backward(std::uint64_t seed) {
    auto w = weights<Ranker, double>(seed);
    rv::random draw(seed + 200);
    for (const std::size_t n : {1u, 3u, 7u}) {
        CAPTURE(n);
        std::vector<double> inputs = test::numbers<double>(draw, n * Ranker::first, 2);
        const auto score_slopes = test::numbers<double>(draw, n);
        run<Ranker, double> one(n);
        const auto forward = [&] {
            for (std::size_t r = 0; r < n; ++r) std::copy_n(inputs.data() + r * Ranker::first, Ranker::first, one.sums[r]);
            one.forward(w, n);
            double sum = 0;
            for (std::size_t r = 0; r < n; ++r) sum += score_slopes[r] * one.scores.data()[r];
            return sum;
        };
        forward();
        std::vector<double> g(Ranker::weights, 0.25);  // added to, not overwritten
        const auto& const_run = one;
        Ranker{}.backward(w.data(), const_run.sums.view(), const_run.hidden.view(), rv::rows<const double>{score_slopes.data(), n, 1},
                          one.hidden_slopes.view(), one.sum_slopes.view(), g.data());
        CHECK(one.intact());
        std::vector<double> input_slopes;
        for (std::size_t r = 0; r < n; ++r) {
            input_slopes.insert(input_slopes.end(), one.sum_slopes[r], one.sum_slopes[r] + Ranker::first);
            for (std::size_t j = Ranker::first; j < padded_first<Ranker>; ++j) REQUIRE(one.sum_slopes[r][j] == 0);
        }
        CHECK(test::worst_slope(inputs, input_slopes, forward) < test::tolerance::central_difference);
        for (double& slope : g) slope -= 0.25;
        for (std::size_t l = 1; l < Ranker::layers; ++l) {  // where there is padding, it has no slope; elsewhere the slope is right
            const std::size_t rows = Ranker::widths[l - 1] + 1, to = Ranker::widths[l], at = Ranker::offset(l);
            REQUIRE(test::padding_is_zero(g.data() + at, rows, to));
            for (std::size_t i = 0; i < rows; ++i) {
                const std::size_t row = at + i * rv::padded(to);
                CHECK(test::worst_slope(std::span(w).subspan(row, to), std::span<const double>(g).subspan(row, to), forward) <
                      test::tolerance::central_difference);
            }
        }
    }
}

}  // namespace

TEST_CASE_TEMPLATE("scores equal layer by layer evaluation, at any depth and for any number of rows", T, float, double) {
    check_forward<rv::mlp<>, T>(1);
    check_forward<rv::mlp<1>, T>(2);
    check_forward<rv::mlp<5>, T>(3);
    check_forward<rv::mlp<16>, T>(4);
    check_forward<rv::mlp<64, 32>, T>(5);
    check_forward<rv::mlp<33, 17>, T>(6);
    check_forward<rv::mlp<4, 1>, T>(7);
    check_forward<rv::mlp<1, 1, 1>, T>(8);
    check_forward<rv::mlp<20, 12, 7, 3>, T>(9);
}

TEST_CASE("the slopes of all weights and of the first layer's sums equal central differences, at any depth") {
    check_backward<rv::mlp<>>(1);
    check_backward<rv::mlp<1>>(2);
    check_backward<rv::mlp<5>>(3);
    check_backward<rv::mlp<17>>(4);
    check_backward<rv::mlp<6, 4>>(5);
    check_backward<rv::mlp<18, 1>>(6);
    check_backward<rv::mlp<1, 2, 1>>(7);
    check_backward<rv::mlp<9, 20, 7, 3>>(8);
}

TEST_CASE("no rows have no slope") {
    using ranker = rv::mlp<5, 3>;
    const auto w = weights<ranker, float>(1);
    run<ranker, float> none(0);
    std::vector<float> g(ranker::weights, 0.5f);
    const auto& const_run = none;
    ranker{}.backward(w.data(), const_run.sums.view(), const_run.hidden.view(), rv::rows<const float>{}, none.hidden_slopes.view(),
                      none.sum_slopes.view(), g.data());
    CHECK(g == std::vector<float>(ranker::weights, 0.5f));
}

TEST_CASE("a worked example: sums (2, -1), weights (3, 5), bias 0.5 score 6.5") {
    using ranker = rv::mlp<2>;
    static_assert(ranker::weights == 3 && ranker::first == 2);
    const float w[] = {3, 5, 0.5f};
    float sums[16] = {2, -1}, hidden[ranker::activations], score = 0;
    ranker{}.forward(w, rv::rows<float>{sums, 1, 16}, rv::rows<float>{hidden, 1, ranker::activations}, rv::rows<float>{&score, 1, 1});
    CHECK(score == 6.5f);  // the second unit is rectified to 0
    CHECK(sums[1] == 0);
}

TEST_CASE("without units the sum of the first layer is the score, and its slope the score's") {
    static_assert(std::is_same_v<rv::linear, rv::mlp<>> && rv::linear::weights == 0 && rv::linear::first == 1);
    float sums[] = {3, -4}, hidden[2], scores[2], slopes[2] = {}, hidden_slopes[2];
    const float score_slopes[] = {0.5f, -2};
    rv::linear{}.forward(static_cast<const float*>(nullptr), rv::rows<float>{sums, 2, 1}, rv::rows<float>{hidden, 2, 1},
                         rv::rows<float>{scores, 2, 1});
    CHECK(scores[0] == 3);
    CHECK(scores[1] == -4);
    rv::linear{}.backward(static_cast<const float*>(nullptr), rv::rows<const float>{sums, 2, 1}, rv::rows<const float>{hidden, 2, 1},
                          rv::rows<const float>{score_slopes, 2, 1}, rv::rows<float>{hidden_slopes, 2, 1}, rv::rows<float>{slopes, 2, 1},
                          static_cast<float*>(nullptr));
    CHECK(slopes[0] == 0.5f);
    CHECK(slopes[1] == -2);
    CHECK(rv::linear::first_limit(10) == 0);
}

TEST_CASE_TEMPLATE("first weights keep the scale of what flows through them, biases and padding are zero", T, float, double) {
    using ranker = rv::mlp<40, 24>;
    std::vector<T> w(ranker::weights, T(0));
    rv::random draw(1);
    ranker{}.start(w.data(), draw);
    double squares = 0;
    for (std::size_t i = 0; i < 40; ++i)
        for (std::size_t j = 0; j < 24; ++j) squares += std::pow(static_cast<double>(w[i * rv::padded(24) + j]), 2) / (40 * 24);
    CHECK(within(squares * 40, 2, 0.3));  // variance 2 / in (He et al. 2015)
    CHECK(test::padding_is_zero(w.data(), 41, 24));
    for (std::size_t j = 0; j < 24; ++j) CHECK(w[40 * rv::padded(24) + j] == 0);
    CHECK(w[ranker::offset(2) + 24] == 0);
    CHECK(within(ranker::first_limit(6), 1, 1e-12));
}
