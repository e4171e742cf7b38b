// SPDX-License-Identifier: MIT
// By values in bfloat16 nearly the same items are found, with their scores in float, whatever happens to the catalogue meanwhile.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <rivulet/serve/bfloat16_ranker.hpp>

#include "../pipeline/shop.hpp"

using namespace shop;

namespace {

template <class Ranker> auto made(Ranker layers, double spread = 0.4) {
    rv::pipeline ranker{rv::fuse{rv::pass<shopper>{}, rv::pass<title>{}, rv::pass<price>{}}, layers, rv::sgd{.rate = 0.01f}};
    scatter(ranker, 7, spread);
    return ranker;
}

/// How many of the best ten are found. What is given has its own scores and is in order, and what is missing is hardly better.
template <class Ranker> double found(const Ranker& ranker, std::size_t count) {
    const shelf<float> shelf(count, 41);
    const auto items = shelf.catalogue(ranker);
    const rv::bfloat16_ranker quick(ranker, items);
    CHECK(quick.memory() == count * (rv::padded(Ranker::plan::first) * 2 + sizeof(rv::item_id)));
    std::size_t same = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const visit<float> here(seed);
        const auto exact = ranker.rank(here.request(), items, 10), rough = quick.rank_roughly(ranker, here.request(), items, 10);
        REQUIRE(rough.size() == exact.size());
        CHECK(std::is_sorted(rough.begin(), rough.end(), rv::ranks_before));
        for (const rv::scored& one : rough) {
            CHECK(one.score == ranker.score(here.request(), items.at(one.id)).score);
            same += static_cast<std::size_t>(std::count(exact.begin(), exact.end(), one));
        }
    }
    return static_cast<double>(same) / static_cast<double>(20 * std::min<std::size_t>(count, 10));
}

}  // namespace

TEST_CASE("nearly all of the best are found, with their scores and in order") {
    CHECK(found(made(rv::mlp<64>{}), 500) > 0.95);
    CHECK(found(made(rv::mlp<33, 7>{}), 500) > 0.95);
    CHECK(found(made(rv::linear{}), 500) > 0.95);
    CHECK(found(made(rv::network{rv::dense<24>{}, rv::gelu{}, rv::dense<1>{}}), 500) > 0.95);
    for (const std::size_t few : {1u, 5u, 10u}) CHECK(found(made(rv::mlp<64>{}), few) == 1);  // nothing to choose
}

TEST_CASE("filters and lists are kept to, and repeats count once") {
    const auto ranker = made(rv::mlp<64>{});
    const shelf<float> shelf(60, 41);
    const auto items = shelf.catalogue(ranker);
    const rv::bfloat16_ranker quick(ranker, items);
    const visit<float> here(3);
    const auto even = [](rv::item_id id) { return id % 2 == 0; };
    const auto same = [&](std::size_t k, const auto& choice) {  // as many as are allowed, so that only the order is in question
        std::vector<rv::scored> first(k), second(k);
        const rv::ranked got = quick.rank_roughly(ranker, here.request(), items, std::span(first), choice);
        const rv::ranked expected = ranker.rank(here.request(), items, std::span(second), choice);
        CHECK(std::equal(got.begin(), got.end(), expected.begin(), expected.end()));
    };
    same(0, rv::everything{});
    same(60, rv::everything{});
    same(70, rv::everything{});
    same(40, even);
    const rv::item_id ids[] = {shelf.ids[3], shelf.ids[3], 5, shelf.ids[50], shelf.ids[7]};
    same(4, rv::among{ids});
}

TEST_CASE("a changed item has its new score at once, its new chance after follow; of other items than were copied this is rank") {
    auto ranker = made(rv::mlp<64>{});
    const shelf<float> shelf(300, 41);
    auto items = shelf.catalogue(ranker);
    rv::bfloat16_ranker quick(ranker, items);
    const visit<float> here(3);
    const auto rough = [&] { return quick.rank_roughly(ranker, here.request(), items, 3); };
    const auto exact = [&] { return ranker.rank(here.request(), items, 3); };
    const auto holds = [](const auto& list, rv::item_id id) {
        return std::any_of(list.begin(), list.end(), [&](const rv::scored& one) { return one.id == id; });
    };

    // The last item takes what the first one is made of.
    const rv::item_id best = rough()[0].id, other = best == shelf.ids[299] ? shelf.ids[298] : shelf.ids[299];
    const auto row = items.at(best).row();
    REQUIRE(items.change(other, rv::with<title>(shelf.titles.data() + 7 * row, 7), rv::with<price>(shelf.prices.data() + 2 * row, 2)));
    CHECK(holds(exact(), other));
    CHECK_FALSE(holds(rough(), other));
    quick.follow(items.at(other));
    CHECK(holds(rough(), other));

    REQUIRE(items.change(best, rv::with<price>(std::vector<float>{50, -50})));
    const auto now = rough();
    for (const rv::scored& one : now) CHECK(one.score == ranker.score(here.request(), items.at(one.id)).score);

    REQUIRE(items.remove(shelf.ids[0]));  // the last one takes its place
    CHECK_FALSE(quick.follows(items));
    const auto got = rough(), expected = exact();
    CHECK(std::equal(got.begin(), got.end(), expected.begin(), expected.end()));
    quick.follow(items);
    CHECK(quick.follows(items));
}

TEST_CASE("numbers that overflow are left out and counted, and what rank refuses is refused in the same words") {
    const auto ranker = made(rv::mlp<16, 16>{}, 3e19);
    const shelf<float> shelf(30, 43);
    const auto items = shelf.catalogue(ranker);
    const rv::bfloat16_ranker quick(ranker, items);
    visit<float> here(3);
    const auto rough = quick.rank_roughly(ranker, here.request(), items, 30);
    CHECK(rough.overflowed > 0);
    CHECK(rough.overflowed + rough.size() == 30);
    here.attributes[2] = std::numeric_limits<float>::quiet_NaN();
    CHECK(quick.rank_roughly(ranker, here.request(), items, 3).status.message() == ranker.rank(here.request(), items, 3).status.message());
    CHECK(quick.rank_roughly(ranker, here.request(), items, 129).status.code == rv::errc::limit);
}
