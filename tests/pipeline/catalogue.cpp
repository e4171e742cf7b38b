// SPDX-License-Identifier: MIT
// A catalogue: items come, change and go; a request ranks all of it, a list, or what a filter allows.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "cinema.hpp"
#include "shop.hpp"

using namespace shop;

namespace {

auto ranker_of_items() {
    auto ranker = shop::everything<float, rv::mlp<16, 8>>();
    scatter(ranker, 8);
    return ranker;
}

/// The first k of a full sort of single scores.
template <class Pipeline, class Items, class Request>
std::vector<rv::scored> sorted(const Pipeline& ranker, const Items& items, const Request& request, std::size_t k, auto allows) {
    std::vector<rv::scored> all;
    for (const auto id : items.ids())
        if (allows(id)) all.push_back({id, ranker.score(request, items.at(id)).score});
    std::sort(all.begin(), all.end(), rv::ranks_before);
    all.resize(std::min(k, all.size()));
    return all;
}

template <class Found> std::vector<rv::scored> listed(const Found& found) { return {found.begin(), found.end()}; }

}  // namespace

TEST_CASE("a ranking is the head of a full sort, whatever may be ranked") {
    const auto ranker = ranker_of_items();
    const visit<float> here(3);
    const shelf<float> shelf(101, 2);
    const auto items = shelf.catalogue(ranker);
    const auto all = [](rv::item_id) { return true; };
    const auto odd = [](rv::item_id id) { return id % 2 == 1; };
    // Single scores and blocks of 24 add up in the same order, so the scores are equal to the bit.
    for (const std::size_t k : {0u, 1u, 10u, 24u, 100u, 101u, 128u}) {
        CHECK(listed(ranker.rank(here.request(), items, k)) == sorted(ranker, items, here.request(), k, all));
        CHECK(listed(ranker.rank(here.request(), items, k, odd)) == sorted(ranker, items, here.request(), k, odd));
    }
    CHECK(ranker.rank(here.request(), items, 128).size() == 101);
    CHECK(ranker.rank(here.request(), items, 5, [](rv::item_id) { return false; }).size() == 0);

    const std::vector<rv::item_id> list{shelf.ids[7], 5, shelf.ids[90], shelf.ids[7], shelf.ids[33], shelf.ids[90]};
    const auto on_list = [&](rv::item_id id) { return std::find(list.begin(), list.end(), id) != list.end(); };
    for (const std::size_t k : {1u, 2u, 3u, 10u})
        CHECK(listed(ranker.rank(here.request(), items, k, rv::among{list})) == sorted(ranker, items, here.request(), k, on_list));

    // First and last of the list lie as far apart as if all lay side by side; the one between them does not lie there.
    const std::vector<rv::item_id> out_of_order{shelf.ids[0], shelf.ids[7], shelf.ids[2]};
    for (const auto& [id, score] : ranker.rank(here.request(), items, 3, rv::among{out_of_order}))
        CHECK(score == ranker.score(here.request(), items.at(id)).score);

    std::vector<rv::scored> buffer(200);
    CHECK(listed(ranker.rank(here.request(), items, std::span(buffer))) == sorted(ranker, items, here.request(), 200, all));
}

TEST_CASE("equal scores rank by id") {
    rv::pipeline flat{rv::fuse{rv::pass<price>{}}, rv::linear{}, rv::sgd{}};
    shelf<float> shelf(60, 2);
    std::reverse(shelf.ids.begin(), shelf.ids.end());
    const auto items = flat.catalogue(shelf.ids, rv::with<price>(shelf.prices));
    const auto best = flat.rank(rv::request(), items, 60);
    REQUIRE(best.size() == 60);
    for (std::size_t i = 0; i < 60; ++i) CHECK(best[i] == rv::scored{1000 + 3 * i, 0});
}

TEST_CASE("a catalogue that grew and shrank item by item ranks like a fresh one") {
    const auto ranker = ranker_of_items();
    const visit<float> here(3);
    const shelf<float> shelf(300, 2);
    auto items = ranker.catalogue();
    std::map<rv::item_id, std::size_t> expected;
    rv::random seeded(17);
    for (int i = 0; i < 3000; ++i) {
        const std::size_t which = seeded.below(shelf.size), what = seeded.below(3);
        const rv::item_id id = shelf.ids[which];
        const auto titles = rv::with<title>(shelf.titles.data() + 7 * which, 7);
        const auto prices = rv::with<price>(shelf.prices.data() + 2 * which, 2);
        const bool there = expected.contains(id);
        if (what == 0) {
            CHECK(static_cast<bool>(items.add(id, prices, titles)) == !there);  // in any order
            if (!there) expected[id] = which;
        } else if (what == 1) {
            CHECK(static_cast<bool>(items.remove(id)) == there);
            expected.erase(id);
        } else {
            const std::size_t other = seeded.below(shelf.size);
            CHECK(static_cast<bool>(items.change(id, rv::with<title>(shelf.titles.data() + 7 * other, 7),
                                                 rv::with<price>(shelf.prices.data() + 2 * other, 2))) == there);
            if (there) expected[id] = other;
        }
        CHECK(items.size() == expected.size());
    }
    for (const auto& [id, which] : expected)
        CHECK(ranker.score(here.request(), items.at(id)).score == ranker.score(here.request(), shelf.item(which)).score);
    CHECK_FALSE(items.at(1));
}

TEST_CASE("what no component reads is taken and left by add and change alike") {
    struct extra : rv::candidate<3> {};
    const auto ranker = shop::everything<float, rv::mlp<4>>();
    const shelf<float> shelf(2, 5);
    const float more[]{1, 2, 3};
    auto items = ranker.catalogue();
    const auto titles = rv::with<title>(shelf.titles.data(), 7);
    const auto prices = rv::with<price>(shelf.prices.data(), 2);
    REQUIRE(items.add(1, titles, prices, rv::with<extra>(more)));
    const visit<float> here(4);
    const float before = ranker.score(here.request(), items.at(1)).score;
    REQUIRE(items.change(1, rv::with<extra>(more)));
    CHECK(ranker.score(here.request(), items.at(1)).score == before);
    CHECK(items.change(1, rv::with<extra>(more, 2)).code == rv::errc::width);
}

TEST_CASE("what an item may not be is refused, with the reason, and nothing changes") {
    const auto ranker = ranker_of_items();
    shelf<float> shelf(3, 2);
    auto items = shelf.catalogue(ranker);
    const visit<float> here(3);
    const auto before = listed(ranker.rank(here.request(), items, 10));
    const auto titles = rv::with<title>(shelf.titles.data(), 7);
    std::vector<float> bad{1, std::numeric_limits<float>::quiet_NaN()};
    CHECK(items.add(1000, titles, rv::with<price>(shelf.prices.data(), 2)).message() == "catalogue: item 1000 is in the catalogue already");
    CHECK(items.add(1, titles, rv::with<price>(bad)).message() == "price: number 1 is not finite");
    CHECK(items.add(1, titles, rv::with<price>(shelf.prices.data(), 3)).message() == "price: expected 2 numbers, got 3");
    CHECK(items.change(1, titles).message() == "catalogue: item 1 is not in the catalogue");
    CHECK(items.change(1000, titles, rv::with<price>(bad)).message() == "price: number 1 is not finite");
    CHECK(items.remove(1).message() == "catalogue: item 1 is not in the catalogue");
    CHECK(listed(ranker.rank(here.request(), items, 10)) == before);

    CHECK_THROWS_WITH_AS(ranker.catalogue(shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(bad)),
                         "price: expected 6 numbers, got 2", rv::error);
    CHECK_THROWS_WITH_AS(
        ranker.catalogue(shelf.ids, rv::with<title>(static_cast<const float*>(nullptr), 21), rv::with<price>(shelf.prices)),
        "title: expected 21 numbers, got 0", rv::error);
    shelf.ids[2] = shelf.ids[0];
    CHECK_THROWS_WITH_AS(shelf.catalogue(ranker), "catalogue: item 1000 is in the catalogue already", rv::error);
    shelf.titles[8] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH_AS(shelf.catalogue(ranker), "title: number 8 is not finite", rv::error);
}

TEST_CASE("an item added between refreshes is computed with the weights of the last one") {
    auto ranker = ranker_of_items();
    const visit<float> here(3);
    const shelf<float> shelf(4, 2);
    auto items =
        ranker.catalogue(std::span(shelf.ids).first(3), rv::with<title>(shelf.titles.data(), 21), rv::with<price>(shelf.prices.data(), 6));
    auto whole = shelf.catalogue(ranker);
    for (int i = 0; i < 5; ++i) REQUIRE(ranker.learn(here.request(), shelf.item(0), rv::click));
    REQUIRE(items.add(shelf.ids[3], rv::with<title>(shelf.titles.data() + 21, 7), rv::with<price>(shelf.prices.data() + 6, 2)));
    CHECK(listed(ranker.rank(here.request(), items, 4)) == listed(ranker.rank(here.request(), whole, 4)));
}

TEST_CASE("a catalogue that holds no values ranks, scores and teaches the same to the bit, whatever happens to it") {
    auto ranker = ranker_of_items(), twin = ranker;
    const visit<float> here(3);
    const shelf<float> shelf(70, 2);
    auto items = shelf.catalogue(ranker);
    auto bare = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    CHECK(items.keeps_values());
    CHECK_FALSE(bare.keeps_values());
    CHECK(bare.memory() + 70 * decltype(ranker)::plan::values * sizeof(float) < items.memory() + 128 * 8 + 1);
    std::vector<float> scores(70), others(70);
    const std::vector<rv::item_id> list{shelf.ids[9], 5, shelf.ids[3], shelf.ids[9]};
    const auto alike = [&] {
        CHECK(listed(ranker.rank(here.request(), items, 100)) == listed(ranker.rank(here.request(), bare, 100)));
        CHECK(listed(ranker.rank(here.request(), items, 7, rv::among{list})) ==
              listed(ranker.rank(here.request(), bare, 7, rv::among{list})));
        REQUIRE(ranker.score(here.request(), items, std::span(scores).first(items.size())));
        REQUIRE(ranker.score(here.request(), bare, std::span(others).first(items.size())));
        CHECK(scores == others);
        for (const auto id : items.ids())
            CHECK(ranker.score(here.request(), items.at(id)).score == ranker.score(here.request(), bare.at(id)).score);
    };
    alike();
    for (auto* each : {&items, &bare}) REQUIRE(each->remove(shelf.ids[11]));
    alike();
    REQUIRE(ranker.learn(here.request(), items.at(shelf.ids[4]), rv::click));
    REQUIRE(twin.learn(here.request(), bare.at(shelf.ids[4]), rv::click));
    CHECK(ranker.digest() == twin.digest());
    alike();  // values of the last refresh under weights of requests that went on
    for (auto* each : {&items, &bare}) {
        REQUIRE(each->add(shelf.ids[11], rv::with<title>(shelf.titles.data(), 7), rv::with<price>(shelf.prices.data(), 2)));
        REQUIRE(each->change(shelf.ids[40], rv::with<price>(shelf.prices.data(), 2)));
    }
    alike();
    const auto before = listed(ranker.rank(here.request(), bare, 100));
    for (auto* each : {&items, &bare}) ranker.refresh(*each);
    alike();
    CHECK(listed(ranker.rank(here.request(), bare, 100)) != before);
    auto empty = ranker.catalogue({.keep_values = false});
    CHECK(ranker.rank(here.request(), empty, 3).size() == 0);
}

TEST_CASE("memory is counted") {
    const auto ranker = ranker_of_items();
    auto items = ranker.catalogue();
    items.reserve(1000);
    const std::size_t a_row = 9 + decltype(ranker)::plan::values;
    CHECK(items.memory() >= 1000 * a_row * sizeof(float));
    CHECK(items.memory() < 2000 * (a_row + 16) * sizeof(float) + 100000);
    CHECK(ranker.memory() >= 2 * ranker.weights().size_bytes());
}

TEST_CASE("items of ids keep the rows of the last refresh, those added later too, and a refresh publishes what was learned") {
    auto ranker = cinema::by_ids();
    const cinema::bill<float> shown(4, 30, cinema::known_ids);
    auto items = ranker.catalogue();
    const auto add = [&](std::size_t i) {
        return items.add(1000 + i, rv::with<cinema::film>(shown.films[i]), shown.kinds[i].with<cinema::genres>(),
                         rv::with<cinema::running_time>(shown.lengths.data() + 2 * i, 2));
    };
    for (std::size_t i = 0; i < 20; ++i) REQUIRE(add(i));
    const auto whole = shown.catalogue(ranker);
    const auto old = ranker;
    for (std::uint64_t s = 0; s < 20; ++s)
        REQUIRE(ranker.learn(rv::request(rv::with<cinema::user>(s)), shown.item(s), s % 2 ? rv::click : rv::skip));
    for (std::size_t i = 20; i < 30; ++i) REQUIRE(add(i));
    REQUIRE(items.change(1003, rv::with<cinema::film>(shown.films[3])));
    const auto alike = [&](const auto& other) {
        std::array<float, decltype(ranker)::plan::values> first, second;
        for (std::size_t i = 0; i < 30; ++i) {
            const float *const mine = items.values(i, first.data()), *const others = other.values(i, second.data());
            if (!std::equal(mine, mine + first.size(), others)) return false;
        }
        return true;
    };
    CHECK(alike(whole));  // nothing mixes two versions
    ranker.refresh(items);
    CHECK_FALSE(alike(whole));
    CHECK(alike(shown.catalogue(ranker)));
    const auto here = rv::request(rv::with<cinema::user>(3));
    for (std::size_t i = 0; i < 30; ++i)
        CHECK(ranker.score(here, items.at(1000 + i)).score == doctest::Approx(ranker.score(here, shown.item(i)).score).epsilon(1e-5));
    REQUIRE(items.remove(1000));
    CHECK(items.memory() > 3 * 64 * 4 * sizeof(float));
}

TEST_CASE("lists of ids for many items at once, and a list that is too long") {
    rv::pipeline ranker{rv::fuse{rv::embed<cinema::genres, 2>{.room = {.capacity = 64}}}, rv::additive{}, rv::sgd{}};
    cinema::populate(ranker, 3);
    const std::vector<rv::item_id> ids{7, 8, 9}, listed{1, 2, 3, 4};
    const std::vector<std::size_t> begins{0, 3, 3, 4};
    const auto items = ranker.catalogue(ids, rv::with<cinema::genres>(listed, rv::lists{begins}));
    const auto score = [&](std::span<const rv::item_id> list) {
        return ranker.score(rv::request(), rv::item(rv::with<cinema::genres>(list))).score;
    };
    const std::span<const rv::item_id> all(listed);
    CHECK(ranker.score(rv::request(), items.at(7)).score == score(all.first(3)));
    CHECK(ranker.score(rv::request(), items.at(8)).score == score({}));
    CHECK(ranker.score(rv::request(), items.at(9)).score == score(all.last(1)));
    auto changed = items;
    CHECK(changed.change(8, rv::with<cinema::genres>(std::vector<rv::item_id>(5))).code == rv::errc::count);
    CHECK(changed.add(10, rv::with<cinema::genres>(std::vector<rv::item_id>(5))).code == rv::errc::count);
    CHECK(changed.change(8, rv::with<cinema::genres>(all.first(1), std::vector<double>{1e300})).code == rv::errc::nonfinite);
    CHECK(ranker.score(rv::request(), changed.at(8)).score == score({}));
    CHECK_THROWS_AS(ranker.catalogue(ids, rv::with<cinema::genres>(listed)), rv::error);
}
