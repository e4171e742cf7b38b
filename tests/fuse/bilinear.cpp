// SPDX-License-Identifier: MIT
// The bilinear cross against its formula in double, every slope against central differences, and inside a pipeline.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <rivulet/fuse/bilinear.hpp>

#include "../central_differences.hpp"
#include "../tolerance.hpp"
#include "trial.hpp"

#include "../pipeline/shop.hpp"

using namespace gallery;

namespace {

template <std::size_t Rank> using cross = rv::bilinear<visitor, title, Rank>;

template <class T> double factor(const std::vector<T>& w, const T* x, std::size_t in, std::size_t k, std::size_t rank) {
    double sum = static_cast<double>(w[in * rv::padded(rank) + k]);
    for (std::size_t i = 0; i < in; ++i) sum += static_cast<double>(w[i * rv::padded(rank) + k]) * static_cast<double>(x[i]);
    return sum;
}
/// Biases too: they start at zero.
template <std::size_t Rank, class T> trial<cross<Rank>, T> scattered(std::uint64_t seed) {
    trial<cross<Rank>, T> tried(seed);
    rv::random draw(seed + 1);
    for (std::size_t k = 0; k < Rank; ++k) {
        tried.w[5 * rv::padded(Rank) + k] = static_cast<T>(draw.around_zero(1));
        tried.slow[4 * rv::padded(Rank) + k] = static_cast<T>(draw.around_zero(1));
    }
    return tried;
}

template <std::size_t Rank, class T> void check_formula() {
    for (const std::size_t count : {0u, 1u, 5u, 25u}) {
        const auto tried = scattered<Rank, T>(count + Rank);
        const visit<T> here(count);
        const wall<T> shown(count + 9, count);
        const auto out = tried.outputs(here, shown);
        CHECK(out.intact());
        for (std::size_t r = 0; r < count; ++r)
            for (std::size_t k = 0; k < Rank; ++k) {
                const double of_context = factor(tried.w, here.about.data(), 5, k, Rank);
                const double of_candidate = factor(tried.slow, shown.titles.data() + 4 * r, 4, k, Rank);
                // inputs and biases up to 1, weights up to sqrt(3 / in): a factor is at most 1 + sqrt(3 in), and one is off by 6 u times
                // that
                REQUIRE(test::within(static_cast<double>(out[r][k]), of_context * of_candidate,
                                     test::tolerance::sum<T>(2 * 6, (1 + std::sqrt(15)) * (1 + std::sqrt(12)))));
            }
    }
}

template <std::size_t Rank> void check_slopes() {
    for (const std::size_t count : {0u, 1u, 6u}) {
        auto tried = scattered<Rank, double>(count + Rank);
        const visit<double> here(count + 3);
        const wall<double> shown(count + 9, count);
        rv::random draw(5);
        test::guarded_rows<double> weights(count, Rank, Rank + 1);
        weights.fill(draw);
        const auto value = [&] { return weighed(tried.outputs(here, shown), weights, Rank); };
        tried.slopes(here, shown, weights);
        CHECK(test::padding_is_zero(tried.g.data(), 6, Rank));
        CHECK(test::padding_is_zero(tried.slow_g.data(), 5, Rank));
        for (std::size_t i = 0; i < 6; ++i)
            CHECK(test::worst_slope(std::span(tried.w).subspan(i * rv::padded(Rank), Rank),
                                    std::span<const double>(tried.g).subspan(i * rv::padded(Rank), Rank),
                                    value) <= test::tolerance::central_difference);
        for (std::size_t i = 0; i < 5; ++i)
            CHECK(test::worst_slope(std::span(tried.slow).subspan(i * rv::padded(Rank), Rank),
                                    std::span<const double>(tried.slow_g).subspan(i * rv::padded(Rank), Rank),
                                    value) <= test::tolerance::central_difference);
    }
}

}  // namespace

TEST_CASE_TEMPLATE("each number is the product of a factor of the context and one of the candidate", T, float, double) {
    check_formula<1, T>();
    check_formula<3, T>();
    check_formula<16, T>();
    check_formula<17, T>();
}

TEST_CASE("slopes equal central differences") {
    check_slopes<1>();
    check_slopes<3>();
    check_slopes<16>();
    check_slopes<17>();
}

TEST_CASE("it starts with outputs of unit scale for features of unit scale") {
    struct wide : rv::context<64> {};
    struct broad : rv::candidate<200> {};
    using stage = rv::bilinear<wide, broad, 32>;
    rv::random draw(4);
    double squares = 0;
    const std::size_t rounds = 40;
    for (std::size_t round = 0; round < rounds; ++round) {
        std::vector<double> w(stage::weights), slow(stage::candidate_weights), part(32), out(32);
        stage{}.start(w.data(), draw);
        stage{}.start_candidate(slow.data(), draw);
        const auto c = test::numbers<double>(draw, 64, std::sqrt(3.0)), d = test::numbers<double>(draw, 200, std::sqrt(3.0));
        stage::context_part<double> kept;
        stage{}.prepare_context(w.data(), rv::request(rv::with<wide>(c)), kept);
        stage{}.prepare_candidate(slow.data(), rv::item(rv::with<broad>(d)), part.data());
        stage{}.forward(w.data(), kept, rv::rows<const double>{part.data(), 1, 32}, rv::rows<double>{out.data(), 1, 32});
        for (const double x : out) squares += x * x;
    }
    // A product of two Gaussians of unit variance has a fourth moment of 9: the mean square of 1280 is within 4 * sqrt(8 / 1280) of 1.
    CHECK(test::within(squares / (32 * rounds), 1, 4 * std::sqrt(8.0 / (32 * rounds))));
}

TEST_CASE("a linear model over it learns a cross of features that share no space, which neither side alone tells") {
    rv::pipeline crossed{rv::fuse{rv::bilinear<visitor, title, 4>{}}, rv::linear{}, rv::adagrad{.rate = 0.1f}};
    rv::pipeline apart{rv::fuse{rv::pass<visitor>{}, rv::pass<title>{}}, rv::linear{}, rv::adagrad{.rate = 0.1f}};
    rv::random draw(6);
    double with_cross = 0, without = 0;
    for (int i = 0; i < 4000; ++i) {
        const auto about = test::numbers<float>(draw, 5), name = test::numbers<float>(draw, 4);
        const auto what = about[0] * name[3] - about[2] * name[1] > 0 ? rv::click : rv::skip;
        const auto request = rv::request(rv::with<visitor>(about));
        const auto item = rv::item(rv::with<title>(name));
        const double first = crossed.learn(request, item, what).loss, second = apart.learn(request, item, what).loss;
        if (i >= 3000) with_cross += first / 1000, without += second / 1000;
    }
    CHECK(with_cross < 0.25);
    CHECK(without > 0.65);  // of log 2 = 0.693
}

TEST_CASE_TEMPLATE("planned equals naive", T, float, double) {
    using fused = rv::fuse<rv::bilinear<visitor, title, 3>, rv::pass<title>, rv::bilinear<visitor, title, 16>>;
    rv::basic_pipeline<T, fused, rv::mlp<7>, rv::sgd> ranker(fused({}, {}, {}));
    shop::scatter(ranker, 3);
    const visit<T> here(1);
    const wall<T> shown(2, 53);
    const auto items = ranker.catalogue(shown.ids, rv::with<title>(shown.titles));
    std::vector<T> scores(53);
    REQUIRE(ranker.score(here.request(), items, std::span<T>(scores)));
    for (std::size_t i = 0; i < 53; ++i) {
        const double naive = shop::naive_score(ranker, here.request(), shown.item(i));
        CHECK(test::within(static_cast<double>(scores[i]), naive, test::tolerance::sum<T>(40, 1 + std::abs(naive))));
    }
}
