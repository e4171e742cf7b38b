// SPDX-License-Identifier: MIT
// A pipeline as its host meets it: it learns, it is a value, and what it refuses leaves it as it was.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "shop.hpp"

using namespace shop;

namespace {

auto small(rv::setup setup = {}) { return shop::everything<float, rv::mlp<16, 8>, rv::adagrad>(2, setup, rv::adagrad{.rate = 0.1f}); }

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("clicks raise a score and skips lower it") {
    auto ranker = small();
    const visit<float> here(1);
    const shelf<float> shelf(20, 2);
    auto items = shelf.catalogue(ranker);
    const double first = ranker.learn(here.request(), items.at(shelf.ids[4]), rv::click).loss;
    double last = first;
    for (int i = 0; i < 200; ++i) {
        last = ranker.learn(here.request(), items.at(shelf.ids[4]), rv::click).loss;
        ranker.learn(here.request(), items.at(shelf.ids[5]), rv::skip);
    }
    CHECK(last < 0.1 * first);
    CHECK(ranker.steps() == 401);
    ranker.refresh(items);
    const auto best = ranker.rank(here.request(), items, 20);
    REQUIRE(best.size() == 20);
    CHECK(best[0].id == shelf.ids[4]);
    CHECK(best[19].id == shelf.ids[5]);
}

TEST_CASE("squared loss learns ratings") {
    auto ranker = shop::everything<float, rv::mlp<16>, rv::adagrad, rv::squared>(2, {}, rv::adagrad{.rate = 0.1f});
    const visit<float> here(1);
    const shelf<float> shelf(2, 2);
    for (int i = 0; i < 500; ++i)
        REQUIRE(ranker.learn(here.request(),
                             std::array{rv::outcome{shelf.item(0), rv::rating(4.5f)}, rv::outcome{shelf.item(1), rv::rating(1)}}));
    CHECK(ranker.score(here.request(), shelf.item(0)).score == doctest::Approx(4.5).epsilon(0.01));
    CHECK(ranker.score(here.request(), shelf.item(1)).score == doctest::Approx(1).epsilon(0.05));
}

TEST_CASE("an outcome of weight 2 counts as two, one of weight 0 as none") {
    const visit<float> here(1);
    const shelf<float> shelf(2, 2);
    auto once = small(), twice = small(), none = small();
    const rv::outcome one{shelf.item(0), rv::click};
    REQUIRE(once.learn(here.request(), std::array{one, one}));
    REQUIRE(twice.learn(here.request(), shelf.item(0), rv::favourite));
    REQUIRE(none.learn(here.request(), shelf.item(0), {.label = 1, .weight = 0}));
    CHECK(std::equal(none.weights().begin(), none.weights().end(), small().weights().begin()));
    for (std::size_t i = 0; i < once.weights().size(); ++i) CHECK(once.weights()[i] == doctest::Approx(twice.weights()[i]).epsilon(1e-4));
}

TEST_CASE("the same seed and the same events give the same bytes") {
    auto a = small({.seed = 5}), b = small({.seed = 5}), c = small({.seed = 6});
    CHECK(a.digest() == b.digest());
    CHECK(a.digest() != c.digest());
    const shelf<float> shelf(30, 2);
    for (std::uint64_t i = 0; i < 30; ++i) {
        const visit<float> here(i);
        a.learn(here.request(), shelf.item(i), i % 2 ? rv::click : rv::skip);
        b.learn(here.request(), shelf.item(i), i % 2 ? rv::click : rv::skip);
        CHECK(a.digest() == b.digest());
    }
}

TEST_CASE("a copy has weights of its own") {
    auto original = small();
    const visit<float> here(1);
    const shelf<float> shelf(2, 2);
    original.learn(here.request(), shelf.item(0), rv::click);
    auto copy = original;
    CHECK(copy.digest() == original.digest());
    const auto before = original.digest();
    copy.learn(here.request(), shelf.item(1), rv::click);
    CHECK(original.digest() == before);
    CHECK(copy.digest() != before);
    original = copy;
    CHECK(original.digest() == copy.digest());
    const auto moved = std::move(copy);
    CHECK(moved.digest() == original.digest());
}

TEST_CASE("what is refused changes nothing, and the status says what was wrong") {
    auto ranker = small();
    const shelf<float> shelf(5, 2);
    auto items = shelf.catalogue(ranker);
    visit<float> here(1);
    REQUIRE(ranker.learn(here.request(), items.at(shelf.ids[0]), rv::click));
    const auto before = ranker.digest();
    const auto refused = [&](const rv::learned& what, rv::errc code, const char* sentence) {
        CHECK(what.status.code == code);
        CHECK(what.status.message() == sentence);
        CHECK(ranker.digest() == before);
    };
    const auto known = items.at(shelf.ids[0]);

    here.attributes[3] = not_a_number;
    refused(ranker.learn(here.request(), known, rv::click), rv::errc::nonfinite, "shopper: number 3 is not finite");
    here.attributes[3] = -infinity;
    refused(ranker.learn(here.request(), known, rv::click), rv::errc::nonfinite, "shopper: number 3 is not finite");
    CHECK(ranker.rank(here.request(), items, 3).status.message() == "shopper: number 3 is not finite");
    CHECK(ranker.rank(here.request(), items, 3).size() == 0);
    CHECK_FALSE(ranker.score(here.request(), known));
    here.attributes[3] = 0;
    here.history[20] = infinity;
    refused(ranker.learn(here.request(), known, rv::click), rv::errc::nonfinite, "recent: number 20 is not finite");
    here.history[20] = 0;
    here.history.pop_back();
    refused(ranker.learn(here.request(), known, rv::click), rv::errc::width, "recent: expected 42 numbers, got 41");
    here.history.push_back(0);
    here.attributes.pop_back();
    refused(ranker.learn(here.request(), known, rv::click), rv::errc::width, "shopper: expected 5 numbers, got 4");
    here.attributes.push_back(0);

    refused(ranker.learn(here.request(), items.at(77), rv::click), rv::errc::unknown_item, "catalogue: item 77 is not in the catalogue");
    refused(ranker.learn(here.request(), known, {.label = not_a_number}), rv::errc::label,
            "learn: label nan of outcome 0 is outside what this loss takes");
    refused(ranker.learn(here.request(), known, rv::rating(4)), rv::errc::label,
            "learn: label 4 of outcome 0 is outside what this loss takes");
    refused(ranker.learn(here.request(), known, {.weight = -1}), rv::errc::weight,
            "learn: importance weight -1 of outcome 0 is not a finite number of 0 or more");
    refused(ranker.learn(here.request(), std::span<const rv::outcome<decltype(known)>>{}), rv::errc::empty, "learn: nothing to work on");
    refused(ranker.learn(here.request(), known, {.label = 1, .weight = 1e30f}), rv::errc::gradient,
            ranker.learn(here.request(), known, {.label = 1, .weight = 1e30f}).status.message().c_str());
    here.attributes[0] = 3e38f;  // finite, but the score is so far out that one of the two is wrong by as much
    const bool clicked = ranker.score(here.request(), shelf.item(0)).score > 0;
    CHECK(ranker.learn(here.request(), known, clicked ? rv::skip : rv::click).status.code == rv::errc::gradient);
    CHECK(ranker.digest() == before);

    const auto too_many = ranker.rank(here.request(), items, 129);
    CHECK(too_many.status.message() == "rank (give it a buffer for more): at most 128 here, got 129");
    std::vector<float> scores(4);
    CHECK(ranker.score(here.request(), items, std::span<float>(scores)).message() == "scores: expected 5 rows, got 4");
}

TEST_CASE("scores that overflow are left out of a ranking and counted") {
    auto ranker = small();
    scatter(ranker, 3, 10);
    const shelf<float> shelf(5, 2);
    auto items = shelf.catalogue(ranker);
    const visit<float> here(1);
    const std::array<float, 2> huge{3e38f, 3e38f};
    REQUIRE(items.change(shelf.ids[2], rv::with<price>(huge)));
    const auto best = ranker.rank(here.request(), items, 5);
    CHECK(best);
    CHECK(best.size() + best.overflowed == 5);
    CHECK(best.overflowed == 1);
    CHECK(ranker.score(here.request(), items.at(shelf.ids[2])).status.code == rv::errc::nonfinite);
}

TEST_CASE("settings outside their range are refused at construction") {
    const auto message = [](auto make) {
        try {
            make();
        } catch (const rv::error& refused) {
            CHECK(refused.code() == rv::errc::setting);
            return std::string(refused.what());
        }
        return std::string("accepted");
    };
    CHECK(message([] { shop::everything<float, rv::mlp<4>>(5); }) == "attend.heads must divide the width, got 5");
    CHECK(message([] { shop::everything<float, rv::mlp<4>>(0); }) == "attend.heads must divide the width, got 0");
    CHECK(message([] { shop::everything<float, rv::mlp<4>>(2, {}, rv::sgd{.rate = 0}); }) ==
          "sgd.rate must be a finite number above 0, got 0");
    CHECK(message([] { shop::everything<float, rv::mlp<4>>(2, {}, rv::adagrad{.rate = not_a_number}); }) ==
          "adagrad.rate must be a finite number above 0, got nan");
    CHECK(message([] { shop::everything<float, rv::mlp<4>>(2, {}, rv::adagrad{.initial = 0}); }) ==
          "adagrad.initial must be a finite number above 0, got 0");
    CHECK(message([] { small({.gradient_limit = -1}); }) == "setup.gradient_limit must be a finite number above 0, got -1");
}

TEST_CASE("a refresh publishes what candidate values depend on; the rest is in force at once") {
    auto ranker = small();
    const visit<float> here(1);
    const shelf<float> shelf(8, 2);
    auto items = shelf.catalogue(ranker);
    const float before = ranker.score(here.request(), items.at(shelf.ids[0])).score;
    for (int i = 0; i < 20; ++i) REQUIRE(ranker.learn(here.request(), items.at(shelf.ids[0]), rv::click));
    const float stale = ranker.score(here.request(), items.at(shelf.ids[0])).score;
    CHECK(stale > before);  // biases, attention over the history and the later layers have learned
    ranker.refresh(items);
    CHECK(ranker.score(here.request(), items.at(shelf.ids[0])).score == ranker.score(here.request(), shelf.item(0)).score);
    CHECK(ranker.score(here.request(), items.at(shelf.ids[0])).score > stale);
}

TEST_CASE("fitting pca re-expresses what was learned over it: scores of what both bases span do not move") {
    // Items in a plane of three directions, so that any three-dimensional basis fitted to them spans them all.
    auto ranker = shop::everything<double, rv::mlp<16>>(2, {}, rv::sgd{.rate = 0.05f});
    const auto plane = numbers<double>(3 * 7, 99);
    shelf<double> shelf(40, 2);
    for (std::size_t i = 0; i < shelf.size; ++i) {
        const auto at = numbers<double>(3, 1000 + i);
        for (std::size_t k = 0; k < 7; ++k) shelf.titles[7 * i + k] = 0.5 + at[0] * plane[k] + at[1] * plane[7 + k] + at[2] * plane[14 + k];
    }
    const visit<double> here(1);
    ranker.fit(rv::with<title>(shelf.titles));
    for (std::size_t i = 0; i < 40; ++i) REQUIRE(ranker.learn(here.request(), shelf.item(i), i % 2 ? rv::click : rv::skip));
    std::vector<float> before;
    for (std::size_t i = 0; i < 40; ++i) before.push_back(ranker.score(here.request(), shelf.item(i)).score);
    const auto old_weights = std::vector(ranker.weights().begin(), ranker.weights().end());
    std::vector<double> half(shelf.titles.begin(), shelf.titles.begin() + 7 * 20);
    ranker.fit(rv::with<title>(half));  // another mean, another basis of the same plane
    CHECK_FALSE(std::equal(old_weights.begin(), old_weights.end(), ranker.weights().begin()));
    for (std::size_t i = 0; i < 40; ++i)
        CHECK(ranker.score(here.request(), shelf.item(i)).score == doctest::Approx(before[i]).epsilon(1e-6));
}

TEST_CASE("a fit that is refused changes nothing") {
    auto ranker = small();
    const auto before = ranker.digest();
    auto rows = numbers<float>(7 * 9, 1);
    CHECK_THROWS_WITH_AS(ranker.fit(rv::with<title>(rows.data(), 7)), "pca: expected at least 2 rows to fit, got 1", rv::error);
    CHECK_THROWS_WITH_AS(ranker.fit(rv::with<title>(rows.data(), 20)), "title: expected 14 numbers, got 20", rv::error);
    CHECK_THROWS_WITH_AS(ranker.fit(rv::with<price>(rows.data(), 4)), "price: no component of this pipeline is fitted on it", rv::error);
    CHECK_THROWS_WITH_AS(ranker.fit(rv::with<title>(static_cast<const float*>(nullptr), 63)), "title: expected 63 numbers, got 0",
                         rv::error);
    rows[11] = not_a_number;
    CHECK_THROWS_WITH_AS(ranker.fit(rv::with<title>(rows)), "title: number 11 is not finite", rv::error);
    CHECK(ranker.digest() == before);
}

TEST_CASE("a signature tells pipelines apart") {
    CHECK(small().signature() == "pass(shopper:5)->5 attend(recent:7,title:7)->12{heads=2} pca(title:7)->3{whiten=false} "
                                 "attend(recent:7,hour:3)->6{heads=2} pass(price:2)->2 "
                                 "scale_each(hour:3)->3 scale_each(title:7)->7 pca(shopper:5)->2{whiten=false} "
                                 "interest(recent:7,title:7)->7 mlp(47-16-8-1) adagrad logistic "
                                 "float32");
}
