// SPDX-License-Identifier: MIT
// Components whose input may be missing: nothing that is missing is read, the stand-in is learned, and a new fit moves no score.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>
#include <vector>

#include <rivulet/fuse/maybe.hpp>

#include "../central_differences.hpp"
#include "../pipeline/slopes.hpp"
#include "../tolerance.hpp"
#include "trial.hpp"

#include "../pipeline/shop.hpp"

using namespace gallery;

namespace {

constexpr lacking every_kind[] = {lacking::none, lacking::half, lacking::all};

/// Where all is there the component's own output and 0, elsewhere zeros and 1. `reads_look`: whether the visitor must bring its look.
template <class Inner, class T> void check_values(bool reads_look, bool reads_poster) {
    for (const std::size_t count : {0u, 1u, 7u, 30u})
        for (const lacking what : every_kind)
            for (const bool has_look : {true, false}) {
                const trial<rv::maybe<Inner>, T> tried(count + 1);
                trial<Inner, T> inner(1);
                inner.w = tried.w;
                inner.slow = tried.slow;
                const visit<T> here(3, has_look), complete_visit(3);
                const wall<T> shown(count, count, what), complete(count, count, lacking::none);
                const auto out = tried.outputs(here, shown);
                CHECK(out.intact());
                const auto expected = inner.outputs(complete_visit, complete);
                for (std::size_t r = 0; r < count; ++r) {
                    const bool there = (has_look || !reads_look) && (shown.has[r] || !reads_poster);
                    for (std::size_t i = 0; i < Inner::width; ++i) REQUIRE(out[r][i] == (there ? expected[r][i] : T(0)));
                    REQUIRE(out[r][Inner::width] == (there ? T(0) : T(1)));
                }
            }
}

template <class Inner> void check_slopes() {
    constexpr std::size_t width = Inner::width + 1;
    for (const std::size_t count : {0u, 1u, 9u})
        for (const lacking what : every_kind)
            for (const bool has_look : {true, false}) {
                trial<rv::maybe<Inner>, double> tried(count + 1);
                const visit<double> here(3, has_look);
                const wall<double> shown(count, count, what);
                rv::random draw(5);
                test::guarded_rows<double> weights(count, width, width + 1);
                weights.fill(draw);
                const auto value = [&] { return weighed(tried.outputs(here, shown), weights, width); };
                tried.slopes(here, shown, weights);
                CHECK(test::worst_slope(tried.w, tried.g, value) <= test::tolerance::central_difference);
                CHECK(test::worst_slope(tried.slow, tried.slow_g, value) <= test::tolerance::central_difference);
            }
}

/// Reads pictures and looks in every way.
template <class T, class Ranker, class Updater = rv::sgd> auto every_way(Updater updater = {}) {
    using fused =
        rv::fuse<rv::pass<visitor>, rv::maybe<rv::pass<poster>>, rv::maybe<rv::pca<poster, 2>>, rv::maybe<rv::bilinear<look, poster, 3>>,
                 rv::maybe<rv::pass<look>>, rv::maybe<rv::attend<seen, poster, 8>>, rv::maybe<rv::interest<seen, poster, 3>>,
                 rv::maybe<rv::product<taste, poster>>, rv::maybe<shop::scale_each<poster>>, rv::pass<title>>;
    return rv::basic_pipeline<T, fused, Ranker, Updater>(fused({}, {}, {}, {}, {}, {{.heads = 2}}, {}, {}, {}, {}), Ranker{}, updater);
}

}  // namespace

TEST_CASE_TEMPLATE("what is there passes, what is missing gives zeros and a one, on either side and on both", T, float, double) {
    check_values<rv::pass<poster>, T>(false, true);
    check_values<rv::pass<look>, T>(true, false);
    check_values<rv::pca<poster, 3>, T>(false, true);
    check_values<shop::scale_each<look>, T>(true, false);
    check_values<rv::bilinear<look, poster, 3>, T>(true, true);
    check_values<rv::bilinear<visitor, poster, 17>, T>(false, true);
    check_values<rv::bilinear<look, title, 1>, T>(true, false);
    check_values<rv::attend<seen, poster, 8>, T>(false, true);
    check_values<rv::attend<seen, look, 16>, T>(true, false);
    check_values<rv::interest<seen, poster, 3>, T>(false, true);
    check_values<rv::product<taste, poster>, T>(false, true);
    check_values<rv::dot<taste, poster>, T>(false, true);
}

TEST_CASE("slopes equal central differences, whatever is missing") {
    check_slopes<shop::scale_each<poster>>();
    check_slopes<shop::scale_each<look>>();
    check_slopes<rv::bilinear<look, poster, 3>>();
    check_slopes<rv::bilinear<visitor, poster, 5>>();
    check_slopes<rv::bilinear<look, title, 1>>();
    check_slopes<rv::attend<seen, poster, 8>>();
    check_slopes<rv::attend<seen, look, 5>>();
    check_slopes<rv::interest<seen, poster, 3>>();
}

TEST_CASE("it has the component's weights, kinds, settings, and one number more") {
    using projected = rv::maybe<rv::pca<poster, 2>>;
    static_assert(projected::width == 3 && projected::bound == rv::binding::candidate);
    static_assert(rv::is_fitted<projected> && rv::fitted_weights<projected> == rv::pca<poster, 2>::weights);
    static_assert(std::is_same_v<rv::fitted_inputs<projected>, rv::features<poster>>);
    using crossed = rv::maybe<rv::bilinear<look, poster, 3>>;
    static_assert(crossed::width == 4 && crossed::bound == rv::binding::pair && !rv::is_fitted<crossed>);
    static_assert(rv::candidate_weights<crossed> == rv::candidate_weights<rv::bilinear<look, poster, 3>>);
    static_assert(rv::fitted_weights<crossed> == 0 && rv::fitted_candidate_weights<crossed> == 0);
    const rv::maybe attended{rv::attend<seen, poster, 8>{.heads = 2}};
    CHECK(attended.settings() == "attend{heads=2}");
    CHECK(attended.validate());
    CHECK_FALSE(rv::maybe{rv::attend<seen, poster, 8>{.heads = 3}}.validate());
    CHECK(rv::maybe{rv::pass<look>{}}.validate());
    CHECK(rv::maybe{rv::pass<look>{}}.settings() == "pass");
}

TEST_CASE_TEMPLATE("planned equals naive with none, half and all missing", T, float, double) {
    auto ranker = every_way<T, rv::mlp<9, 4>>();
    shop::scatter(ranker, 3);
    for (const lacking what : every_kind)
        for (const bool has_look : {true, false}) {
            const visit<T> here(1, has_look);
            const wall<T> shown(2, 53, what);
            const auto items = shown.catalogue(ranker);
            std::vector<T> scores(53);
            REQUIRE(ranker.score(here.request(), items, std::span<T>(scores)));
            REQUIRE(*std::max_element(scores.begin(), scores.end()) > *std::min_element(scores.begin(), scores.end()));
            for (std::size_t i = 0; i < 53; ++i) {
                const double naive = shop::naive_score(ranker, here.request(), shown.item(i));
                // about 60 fused numbers up to 3 with weights up to 0.3, then 9 and 4 sums
                REQUIRE(test::within(static_cast<double>(scores[i]), naive, test::tolerance::sum<T>(73, 4)));
                REQUIRE(test::within(static_cast<double>(ranker.score(here.request(), shown.item(i)).score), naive,
                                     test::tolerance::sum<float>(73, 4)));
            }
        }
}

TEST_CASE("the gradient of a pipeline equals central differences with parts missing") {
    for (const lacking what : every_kind)
        for (const bool has_look : {true, false}) {
            auto ranker = every_way<double, rv::mlp<5>>(rv::sgd{.rate = 1});
            shop::scatter(ranker, 4);
            const visit<double> here(1, has_look);
            const wall<double> shown(8, 5, what);
            CHECK(worst_difference(ranker, here, shown) < shop::rounding_and_truncation);
        }
}

TEST_CASE("items come, change and go with and without a picture") {
    const auto ranker = [] {
        auto made = every_way<float, rv::mlp<6>>();
        shop::scatter(made, 3);
        return made;
    }();
    const visit<float> here(1);
    const wall<float> shown(2, 3, lacking::none), other(5, 3, lacking::all);
    auto items = ranker.catalogue();
    REQUIRE(items.add(1, rv::with<title>(shown.titles.data(), 4), rv::missing<poster>()));
    REQUIRE(items.add(2, shown.poster_of(1), rv::with<title>(shown.titles.data() + 4, 4)));
    const auto score = [&](rv::item_id id) { return ranker.score(here.request(), items.at(id)).score; };
    const auto fresh = [&](const auto& item) { return ranker.score(here.request(), item).score; };
    const auto without = rv::item(rv::with<title>(shown.titles.data(), 4), rv::missing<poster>());
    CHECK(score(1) == fresh(without));
    CHECK(score(2) == fresh(shown.item(1)));
    REQUIRE(items.change(1, shown.poster_of(0)));
    CHECK(score(1) == fresh(shown.item(0)));
    CHECK(score(1) != fresh(without));
    REQUIRE(items.change(1, rv::missing<poster>()));
    CHECK(score(1) == fresh(without));
    REQUIRE(items.change(2, rv::missing<poster>()));
    REQUIRE(items.remove(1));
    CHECK(score(2) == fresh(rv::item(rv::with<title>(shown.titles.data() + 4, 4), rv::missing<poster>())));
    REQUIRE(items.change(2, shown.poster_of(1)));
    CHECK(score(2) == fresh(shown.item(1)));
    CHECK(items.change(2, rv::with<poster>(shown.posters.data(), 0)).message() == "poster: expected 6 numbers, got 0");
    CHECK(items.add(3, rv::with<title>(shown.titles.data(), 4), rv::with<poster>(std::vector<float>{})).message() ==
          "poster: expected 6 numbers, got 0");
    CHECK(score(2) == fresh(shown.item(1)));
    // all at once, and one by one, and through an entry of another catalogue
    const auto bare = ranker.catalogue(shown.ids, rv::with<title>(shown.titles), rv::missing<poster>());
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(ranker.score(here.request(), bare.row(i)).score ==
              fresh(rv::item(rv::with<title>(shown.titles.data() + 4 * i, 4), rv::missing<poster>())));
    REQUIRE(items.add(9, bare.row(0).get<title>(), bare.row(0).get<poster>()));
    CHECK(score(9) == fresh(without));
}

TEST_CASE("a catalogue of rows and a mask is checked like any") {
    const auto ranker = every_way<float, rv::mlp<6>>();
    wall<float> shown(2, 5, lacking::half);
    shown.has = {1, 0, 1, 0, 255};
    for (std::size_t i = 0; i < 5; ++i)
        std::fill_n(shown.posters.begin() + static_cast<std::ptrdiff_t>(6 * i), 6, shown.has[i] ? 1.0f : std::nanf(""));
    CHECK(shown.catalogue(ranker).size() == 5);
    shown.posters[6 * 4 + 2] = std::nanf("");
    CHECK_THROWS_WITH_AS(shown.catalogue(ranker), "poster: number 26 is not finite", rv::error);
    shown.has.pop_back();
    CHECK_THROWS_WITH_AS(shown.catalogue(ranker), "poster: expected 5 rows, got 4", rv::error);
    shown.has.clear();
    CHECK_THROWS_WITH_AS(shown.catalogue(ranker), "poster: expected 5 rows, got 0", rv::error);
}

TEST_CASE("a score does not depend on what lies where something is missing") {
    auto ranker = every_way<float, rv::mlp<6>>();
    shop::scatter(ranker, 3);
    const visit<float> here(1, false);
    const wall<float> shown(2, 40, lacking::half);
    std::vector<float> first(40), scores(40);
    REQUIRE(ranker.score(here.request(), shown.catalogue(ranker), std::span<float>(first)));
    for (const float rubbish : {0.0f, 1e30f, -std::numeric_limits<float>::infinity()}) {
        wall<float> other = shown;
        for (std::size_t i = 0; i < 40; ++i)
            if (!other.has[i]) std::fill_n(other.posters.begin() + static_cast<std::ptrdiff_t>(6 * i), 6, rubbish);
        REQUIRE(ranker.score(here.request(), other.catalogue(ranker), std::span<float>(scores)));
        CHECK(scores == first);
    }
    // nor on what an item brought before
    auto items = ranker.catalogue(shown.ids, rv::with<title>(shown.titles), rv::with<poster>(std::vector<float>(240, 3.0f)));
    for (std::size_t i = 0; i < 40; ++i) REQUIRE(items.change(shown.ids[i], shown.poster_of(i)));
    REQUIRE(ranker.score(here.request(), items, std::span<float>(scores)));
    CHECK(scores == first);
    for (const float score : scores) CHECK(rv::math::finite(score));
}

TEST_CASE("learning moves the stand-in of what is missing, and nothing of what would be there") {
    rv::pipeline ranker{rv::fuse{rv::maybe{rv::pass<poster>{}}, rv::maybe{rv::pass<look>{}}, rv::pass<title>{}}, rv::linear{},
                        rv::sgd{.rate = 0.5f}};
    using plan = decltype(ranker)::plan;
    const visit<float> here(1, false);
    const wall<float> none(3, 2, lacking::all), all(3, 2, lacking::none);
    REQUIRE(ranker.learn(here.request(), none.item(0), rv::click));
    const auto weight = [&](std::size_t part, std::size_t i) { return ranker.weights()[plan::at.block[part] + i]; };
    CHECK(weight(0, 6) == doctest::Approx(0.25));  // rate 1/2, slope -1/2, input 1
    CHECK(weight(1, 3) == doctest::Approx(0.25));
    for (std::size_t i = 0; i < 6; ++i) CHECK(weight(0, i) == 0);
    const float stand_in = weight(0, 6);
    REQUIRE(ranker.learn(here.request(), all.item(0), rv::click));
    CHECK(weight(0, 6) == stand_in);
    CHECK(weight(0, 0) != 0);
    // Items without a picture are disliked: that is learned although they bring nothing.
    for (int i = 0; i < 200; ++i) {
        ranker.learn(here.request(), none.item(1), rv::skip);
        ranker.learn(here.request(), all.item(1), rv::click);
    }
    CHECK(ranker.score(here.request(), none.item(1)).score < -2);
    CHECK(ranker.score(here.request(), all.item(1)).score > 2);
}

TEST_CASE("a new fit of what is inside moves neither scores with it nor scores without it") {
    for (const lacking what : every_kind) {
        wall<double> shown(2, 40, what);
        const auto plane = in_a_plane<double>(7, 40, 6);
        for (std::size_t i = 0; i < 240; ++i)
            if (shown.has[i / 6]) shown.posters[i] = plane[i];
        const trial<rv::maybe<rv::pca<poster, 2>>, double> tried(1);
        const std::vector<double> half(plane.begin(), plane.begin() + 120);
        CHECK(worst_after_refit<rv::maybe<rv::pca<poster, 2>>, poster>(tried, visit<double>(1), shown, half) <=
              test::tolerance::reexpressed<double>(6, 4));
        CHECK(worst_after_refit<rv::maybe<rv::pca<poster, 2>>, poster>(tried, visit<double>(1), shown, plane) <=
              test::tolerance::reexpressed<double>(6, 4));
    }
}

TEST_CASE("a pipeline fits on the rows that are there, and its scores stay") {
    rv::basic_pipeline<double, rv::fuse<rv::maybe<rv::pca<poster, 2>>, rv::pass<visitor>>, rv::mlp<5>, rv::sgd> ranker(
        rv::fuse(rv::maybe{rv::pca<poster, 2>{}}, rv::pass<visitor>{}), {}, rv::sgd{.rate = 0.1f});
    wall<double> shown(2, 40, lacking::half);
    const auto plane = in_a_plane<double>(7, 40, 6);
    for (std::size_t i = 0; i < 240; ++i)
        if (shown.has[i / 6]) shown.posters[i] = plane[i];
    const visit<double> here(1);
    for (std::size_t i = 0; i < 40; ++i) REQUIRE(ranker.learn(here.request(), shown.item(i), i % 3 ? rv::click : rv::skip));
    std::vector<double> before(40), after(40);
    REQUIRE(ranker.score(here.request(), shown.catalogue(ranker), std::span<double>(before)));
    const auto weights = std::vector(ranker.weights().begin(), ranker.weights().end());
    ranker.fit(rv::with<poster>(shown.posters, shown.has));  // NaN where it is missing
    CHECK_FALSE(std::equal(weights.begin(), weights.end(), ranker.weights().begin()));
    for (const double x : ranker.weights()) REQUIRE(rv::math::finite(x));
    REQUIRE(ranker.score(here.request(), shown.catalogue(ranker), std::span<double>(after)));
    for (std::size_t i = 0; i < 40; ++i) CHECK(test::within(after[i], before[i], test::tolerance::reexpressed<double>(6, 20)));
    CHECK_THROWS_WITH_AS(ranker.fit(rv::missing<poster, double>()), "pca: expected at least 2 rows to fit, got 0", rv::error);
}
