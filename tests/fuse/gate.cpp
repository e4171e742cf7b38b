// SPDX-License-Identifier: MIT
// Learned gates, with the value and what decides on one side or on two: values, slopes, new fits, and that they learn to close.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>
#include <vector>

#include <rivulet/fuse/gate.hpp>

#include "../central_differences.hpp"
#include "../pipeline/slopes.hpp"
#include "../tolerance.hpp"
#include "trial.hpp"

#include "../pipeline/shop.hpp"

using namespace gallery;

namespace {

/// Where a gate's own weights lie: behind the component's of the same piece.
template <class Gate, class Inner, class T> T* gate_weights(trial<Gate, T>& tried) {
    if (!trial<Gate, T>::pair) return tried.w.data() + Inner::weights;
    return Inner::bound == rv::binding::candidate ? tried.w.data() : tried.slow.data();
}
template <class Gate, class Inner, class T> const std::vector<T>& value_weights(const trial<Gate, T>& tried) {
    return trial<Gate, T>::pair && Inner::bound == rv::binding::candidate ? tried.slow : tried.w;
}
template <class By, class T> const T* decides(const visit<T>& here, const wall<T>& shown, std::size_t r) {
    if constexpr (By::bound == rv::binding::candidate)
        return shown.item(r).template get<By>().data;
    else
        return static_cast<void>(r), static_cast<void>(shown), here.request().template get<By>().data;
}

template <class Inner, class By, class T> void check_values() {
    using stage = rv::gate<Inner, By>;
    for (const std::size_t count : {0u, 1u, 6u, 25u})
        for (const double limit : {1.0, 30.0, 1e4}) {
            trial<stage, T> tried(count + 1);
            rv::random draw(count);
            T* const v = gate_weights<stage, Inner>(tried);
            for (std::size_t i = 0; i <= By::width; ++i) v[i] = static_cast<T>(draw.around_zero(limit));
            trial<Inner, T> inner(1);
            const auto& own = value_weights<stage, Inner>(tried);
            std::copy_n(own.begin(), inner.w.size(), inner.w.begin());
            const visit<T> here(3);
            const wall<T> shown(count, count, lacking::none);
            const auto out = tried.outputs(here, shown);
            CHECK(out.intact());
            const auto value = inner.outputs(here, shown);
            for (std::size_t r = 0; r < count; ++r) {
                double logit = static_cast<double>(v[By::width]), magnitude = std::abs(logit);
                for (std::size_t i = 0; i < By::width; ++i) {
                    const double term = static_cast<double>(v[i]) * static_cast<double>(decides<By>(here, shown, r)[i]);
                    logit += term;
                    magnitude += std::abs(term);
                }
                // the slope of a sigmoid is at most 1/4
                const double tolerance = test::tolerance::sum<T>(By::width + 1, magnitude) / 4 + test::tolerance::exponential<T>(1);
                const double open = 1 / (1 + std::exp(-logit));
                REQUIRE(test::within(static_cast<double>(out[r][Inner::width]), open, tolerance));
                for (std::size_t i = 0; i < Inner::width; ++i) {
                    const double z = static_cast<double>(value[r][i]);
                    REQUIRE(test::within(static_cast<double>(out[r][i]), open * z,
                                         tolerance * std::abs(z) + test::tolerance::rounding<T>(std::abs(z))));
                }
            }
        }
}

/// `fitted`: the leading weights of the piece with the value, which have no slope.
template <class Stage> void check_slopes(std::size_t fitted = 0, std::size_t fitted_of_candidate = 0) {
    for (const std::size_t count : {0u, 1u, 7u})
        for (const lacking what : {lacking::none, lacking::half}) {
            trial<Stage, double> tried(count + 1);
            rv::random draw(5);
            for (auto* const piece : {&tried.w, &tried.slow})
                for (double& x : *piece) x += draw.around_zero(0.3);
            const visit<double> here(3, what == lacking::none);
            const wall<double> shown(count, count, what);
            test::guarded_rows<double> weights(count, Stage::width, Stage::width + 1);
            weights.fill(draw);
            const auto value = [&] { return weighed(tried.outputs(here, shown), weights, Stage::width); };
            tried.slopes(here, shown, weights);
            const auto check = [&](std::vector<double>& w, const std::vector<double>& g, std::size_t first) {
                CHECK(std::all_of(g.begin(), g.begin() + static_cast<std::ptrdiff_t>(first), [](double x) { return x == 0; }));
                CHECK(test::worst_slope(std::span(w).subspan(first), std::span(g).subspan(first), value) <=
                      test::tolerance::central_difference);
            };
            check(tried.w, tried.g, fitted);
            check(tried.slow, tried.slow_g, fitted_of_candidate);
        }
}

template <class Stage, class Feature> void check_refit() {
    trial<Stage, double> tried(1);
    rv::random draw(9);
    constexpr std::size_t own = rv::fitted_weights<Stage>, of_candidate = rv::fitted_candidate_weights<Stage>;
    for (std::size_t i = own; i < tried.w.size(); ++i) tried.w[i] = draw.around_zero(1);
    for (std::size_t i = of_candidate; i < tried.slow.size(); ++i) tried.slow[i] = draw.around_zero(1);
    wall<double> shown(2, 40, lacking::half);
    const auto titles = in_a_plane<double>(7, 40, 4), posters = in_a_plane<double>(8, 40, 6);
    shown.titles = titles;
    for (std::size_t i = 0; i < 240; ++i)
        if (shown.has[i / 6]) shown.posters[i] = posters[i];
    for (const bool has_look : {true, false}) {
        visit<double> here(1, has_look);
        const auto tastes = in_a_plane<double>(11, 40, 6);
        std::copy_n(tastes.begin(), 6, here.tastes.begin());
        const auto& rows = std::is_same_v<Feature, title> ? titles : std::is_same_v<Feature, poster> ? posters : tastes;
        CHECK(worst_after_refit<Stage, Feature>(tried, here, shown, rows) <= test::tolerance::reexpressed<double>(6, 4));
    }
}

template <class Feature> using scaled = shop::scale_each<Feature>;
template <class Feature> using projected = rv::pca<Feature, 2>;

template <class T, class Ranker> auto every_way(float rate = 0.1f) {
    using fused =
        rv::fuse<rv::gate<scaled<title>, visitor>, rv::gate<scaled<visitor>, title>, rv::gate<rv::pass<visitor>, taste>,
                 rv::gate<scaled<title>, title>, rv::gate<rv::maybe<scaled<poster>>, visitor>, rv::maybe<rv::gate<scaled<title>, poster>>,
                 rv::maybe<rv::gate<scaled<poster>, look>>, rv::gate<rv::attend<seen, visitor, 4>, title>>;
    return rv::basic_pipeline<T, fused, Ranker, rv::sgd>(fused({}, {}, {}, {}, {}, {}, {}, {}), Ranker{}, rv::sgd{.rate = rate});
}

}  // namespace

TEST_CASE_TEMPLATE("the value comes times the gate, and the gate with it, whichever side knows which", T, float, double) {
    check_values<rv::pass<visitor>, taste, T>();
    check_values<scaled<title>, title, T>();
    check_values<projected<title>, title, T>();
    check_values<scaled<title>, visitor, T>();
    check_values<projected<title>, visitor, T>();
    check_values<scaled<visitor>, title, T>();
    check_values<projected<taste>, title, T>();
    check_values<rv::attend<seen, visitor, 4>, taste, T>();
    check_values<rv::attend<seen, visitor, 4>, title, T>();
}

TEST_CASE("slopes equal central differences; a fitted value has none") {
    check_slopes<rv::gate<rv::pass<visitor>, taste>>();
    check_slopes<rv::gate<scaled<title>, title>>();
    check_slopes<rv::gate<scaled<title>, visitor>>();
    check_slopes<rv::gate<scaled<visitor>, title>>();
    check_slopes<rv::gate<rv::attend<seen, visitor, 4>, title>>();
    check_slopes<rv::gate<rv::gate<scaled<visitor>, taste>, title>>();
    check_slopes<rv::gate<rv::maybe<scaled<poster>>, visitor>>();
    check_slopes<rv::gate<rv::maybe<scaled<look>>, title>>();
    check_slopes<rv::maybe<rv::gate<scaled<poster>, title>>>();
    check_slopes<rv::maybe<rv::gate<scaled<poster>, look>>>();
    check_slopes<rv::maybe<rv::gate<scaled<look>, poster>>>();
    check_slopes<rv::gate<projected<title>, title>>(projected<title>::weights);
    check_slopes<rv::gate<projected<title>, visitor>>(0, projected<title>::weights);
    check_slopes<rv::gate<projected<taste>, title>>(projected<taste>::weights);
    check_slopes<rv::maybe<rv::gate<projected<poster>, look>>>(0, projected<poster>::weights);
}

TEST_CASE("what is fitted comes first, on the side of the value") {
    using here = rv::gate<projected<title>, title>;
    static_assert(here::bound == rv::binding::candidate && !rv::is_fitted<here>);
    static_assert(rv::fitted_weights<here> == projected<title>::weights && rv::fitted_candidate_weights<here> == 0);
    static_assert(here::weights == projected<title>::weights + 5 && rv::candidate_weights<here> == here::weights);
    using of_candidate = rv::gate<projected<title>, visitor>;
    static_assert(of_candidate::bound == rv::binding::pair && of_candidate::weights == 6);
    static_assert(rv::fitted_weights<of_candidate> == 0 && rv::fitted_candidate_weights<of_candidate> == projected<title>::weights);
    static_assert(rv::candidate_weights<of_candidate> == projected<title>::weights && of_candidate::candidate_part == 2);
    using of_context = rv::gate<projected<taste>, title>;
    static_assert(rv::fitted_weights<of_context> == projected<taste>::weights && rv::fitted_candidate_weights<of_context> == 0);
    static_assert(rv::candidate_weights<of_context> == 5 && of_context::candidate_part == 1);
    static_assert(std::is_same_v<rv::fitted_inputs<of_context>, rv::features<taste>>);
    static_assert(std::is_same_v<of_context::inputs, rv::features<taste, title>>);
    static_assert(std::is_same_v<here::inputs, rv::features<title>>);
    using wrapped = rv::maybe<rv::gate<projected<poster>, look>>;
    static_assert(rv::fitted_candidate_weights<wrapped> == projected<poster>::weights && rv::fitted_weights<wrapped> == 0);
    static_assert(std::is_same_v<rv::fitted_inputs<wrapped>, rv::features<poster>>);
    static_assert(!rv::gate<scaled<title>, poster>::takes_missing && rv::gate<rv::maybe<scaled<poster>>, title>::takes_missing);
    CHECK(rv::gate<rv::attend<seen, visitor, 4>, title>{{.heads = 2}}.settings() == "attend{heads=2} by title");
    CHECK_FALSE(rv::gate<rv::attend<seen, visitor, 4>, title>{{.heads = 3}}.validate());
}

TEST_CASE("a gate starts nearly open") {
    rv::pipeline ranker{rv::fuse{rv::gate<rv::pass<title>, visitor>{}}, rv::linear{}, rv::sgd{}};
    ranker.weights()[decltype(ranker)::plan::at.block[0] + 4] = 1;  // the score is the gate
    CHECK(ranker.score(visit<float>(1).request(), wall<float>(1, 1, lacking::none).item(0)).score == doctest::Approx(0.7310586));
}

TEST_CASE("a shut or wide open gate has a slope of zero, and nothing that is not finite") {
    for (const double bias : {1e4, -1e4}) {
        trial<rv::gate<scaled<title>, visitor>, double> tried(1);
        tried.w[5] = bias;
        const visit<double> here(1);
        const wall<double> shown(2, 3, lacking::none);
        test::guarded_rows<double> weights(3, 5);
        weights.fill(1.0);
        tried.slopes(here, shown, weights);
        for (const double x : tried.g) CHECK(x == 0);
        for (const double x : tried.slow_g) CHECK(rv::math::finite(x));
        CHECK(tried.outputs(here, shown)[0][4] == (bias > 0 ? 1.0 : 0.0));
    }
}

TEST_CASE("a new fit of the value is re-expressed exactly, under the gate and around it") {
    check_refit<rv::gate<projected<title>, title>, title>();
    check_refit<rv::gate<projected<title>, visitor>, title>();
    check_refit<rv::gate<projected<taste>, title>, taste>();
    check_refit<rv::gate<projected<taste>, visitor>, taste>();
    check_refit<rv::gate<rv::maybe<projected<poster>>, title>, poster>();
    check_refit<rv::gate<rv::maybe<projected<poster>>, visitor>, poster>();
    check_refit<rv::maybe<rv::gate<projected<poster>, title>>, poster>();
    check_refit<rv::maybe<rv::gate<projected<poster>, look>>, poster>();
    check_refit<rv::maybe<rv::gate<projected<title>, poster>>, title>();
    check_refit<rv::gate<rv::gate<projected<title>, title>, visitor>, title>();
}

TEST_CASE_TEMPLATE("planned equals naive", T, float, double) {
    auto ranker = every_way<T, rv::mlp<9, 4>>();
    shop::scatter(ranker, 3);
    for (int round = 0; round < 20; ++round)
        REQUIRE(ranker.learn(visit<T>(7).request(), wall<T>(8, 1, lacking::none).item(0), rv::click));  // so that gates are at no start
    for (const bool has_look : {true, false}) {
        const visit<T> here(1, has_look);
        const wall<T> shown(2, 53);
        std::vector<T> scores(53);
        REQUIRE(ranker.score(here.request(), shown.catalogue(ranker), std::span<T>(scores)));
        REQUIRE(*std::max_element(scores.begin(), scores.end()) > *std::min_element(scores.begin(), scores.end()));
        for (std::size_t i = 0; i < 53; ++i) {
            const double naive = shop::naive_score(ranker, here.request(), shown.item(i));
            // about 45 fused numbers up to 2 with weights up to about 0.5, then 9 and 4 sums
            REQUIRE(test::within(static_cast<double>(scores[i]), naive, test::tolerance::sum<T>(58, 4)));
        }
    }
}

TEST_CASE("the gradient of a pipeline of gates equals central differences") {
    for (const bool has_look : {true, false}) {
        auto ranker = every_way<double, rv::mlp<5>>(1);
        shop::scatter(ranker, 4);
        const visit<double> here(1, has_look);
        const wall<double> shown(8, 5);
        CHECK(worst_difference(ranker, here, shown) < shop::rounding_and_truncation);
    }
}

TEST_CASE("a gate learns for whom a part counts") {
    // A title decides only for visitors whose first number is above zero; for the others it is noise.
    rv::pipeline gated{rv::fuse{rv::gate<rv::pass<title>, visitor>{}}, rv::linear{}, rv::adagrad{.rate = 0.1f}};
    rv::pipeline plain{rv::fuse{rv::pass<title>{}, rv::pass<visitor>{}}, rv::linear{}, rv::adagrad{.rate = 0.1f}};
    rv::random draw(6);
    double with_gate = 0, without = 0;
    for (int i = 0; i < 8000; ++i) {
        const auto about = test::numbers<float>(draw, 5), name = test::numbers<float>(draw, 4);
        const bool likes = about[0] > 0 ? name[1] > 0 : draw.unit() < 0.5;
        const auto request = rv::request(rv::with<visitor>(about));
        const auto item = rv::item(rv::with<title>(name));
        const double first = gated.learn(request, item, likes ? rv::click : rv::skip).loss;
        const double second = plain.learn(request, item, likes ? rv::click : rv::skip).loss;
        if (i >= 4000) with_gate += first / 4000, without += second / 4000;
    }
    // Half of the outcomes are coin flips, so log 2 / 2 = 0.347 is the least possible; a soft gate and a soft decision lie between.
    CHECK(with_gate < without - 0.05);
    CHECK(with_gate < 0.55);
    const float* const v = decltype(gated)::plan::own<0>(gated.weights().data());
    CHECK(v[0] > 1);
}
