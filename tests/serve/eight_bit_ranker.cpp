// SPDX-License-Identifier: MIT
// Certified rankings are the exact ones to the last bit, whatever the weights; rough ones agree mostly.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <rivulet/serve/eight_bit_ranker.hpp>

#include "../pipeline/shop.hpp"

using namespace shop;

namespace {

template <class... Parts, std::size_t... Units> auto made(rv::fuse<Parts...> parts, rv::mlp<Units...> layers, double spread) {
    rv::pipeline ranker{parts, layers, rv::sgd{.rate = 0.01f}};
    scatter(ranker, 7, spread);
    return ranker;
}
auto plain() { return rv::fuse{rv::pass<shopper>{}, rv::pass<title>{}, rv::pass<price>{}}; }
auto with_pairs() { return rv::fuse{rv::pass<shopper>{}, rv::attend<recent, title, 4>{.heads = 2}, rv::pass<price>{}}; }

/// Every way to ask, for several visits; gives how many of all candidates had to be scored in float.
template <class Ranker> double same_as_exact(const Ranker& ranker, const rv::eight_bit_ranker<Ranker>& quick, std::size_t items) {
    const shelf<float> shelf(items, 41);
    const auto catalogue = shelf.catalogue(ranker);
    const auto bare = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    std::size_t rescored = 0, asked = 0;
    for (std::uint64_t seed = 31; seed < 36; ++seed) {
        const visit<float> here(seed);
        const auto same = [&](std::size_t k, const auto& choice) {
            std::vector<rv::scored> first(k), second(k);
            const rv::certified found = quick.rank(ranker, here.request(), catalogue, std::span(first), choice);
            const rv::ranked expected = ranker.rank(here.request(), catalogue, std::span(second), choice);
            CHECK(bool(found));
            CHECK(found.overflowed == expected.overflowed);
            CHECK(std::equal(found.begin(), found.end(), expected.begin(), expected.end()));
            return found.rescored;
        };
        for (const std::size_t k : {1u, 3u, 10u}) {
            rescored += same(k, rv::everything{});
            asked += items;
        }
        for (const std::size_t k : {std::size_t(0), items, items + 5}) same(k, rv::everything{});
        same(4, [](rv::item_id id) { return id % 2 == 1; });
        std::vector<rv::item_id> ids;
        for (std::size_t i = 0; i < items; i += 3) ids.insert(ids.end(), {shelf.ids[i], 5, shelf.ids[i], shelf.ids[i / 2]});  // repeats
        same(6, rv::among{ids});
        const auto small = quick.rank(ranker, here.request(), catalogue, 5);
        const auto right = ranker.rank(here.request(), catalogue, 5);
        CHECK(std::equal(small.begin(), small.end(), right.begin(), right.end()));
        const auto computed = quick.rank(ranker, here.request(), bare, 5);
        CHECK(std::equal(computed.begin(), computed.end(), right.begin(), right.end()));
    }
    return static_cast<double>(rescored) / static_cast<double>(asked);
}

}  // namespace

TEST_CASE("certified rankings are exact, for small and large weights, few and many items, with pairs and without") {
    for (const double spread : {0.05, 0.4, 3.0})
        for (const std::size_t items : {1u, 24u, 25u, 700u}) {
            const auto two = made(plain(), rv::mlp<40, 24>{}, spread);
            const double share = same_as_exact(two, rv::eight_bit_ranker(two), items);
            if (items == 700) CHECK(share < 0.7);  // the bound excludes something
            const auto pairs = made(with_pairs(), rv::mlp<33, 7>{}, spread);
            same_as_exact(pairs, rv::eight_bit_ranker(pairs), items);
            const auto deep = made(plain(), rv::mlp<20, 40, 16, 3>{}, spread);
            same_as_exact(deep, rv::eight_bit_ranker(deep), items);
        }
}

TEST_CASE("where all scores are equal, ties are by id, and nothing is lost when no bound excludes anything") {
    auto ranker = made(plain(), rv::mlp<16, 16>{}, 0.5);
    using plan = decltype(ranker)::plan;
    const std::size_t last = plan::at.ranker + rv::mlp<16, 16>::offset(2);
    for (std::size_t i = 0; i < 16; ++i) ranker.weights()[last + i] = 0;     // the last layer
    CHECK(same_as_exact(ranker, rv::eight_bit_ranker(ranker), 2000) > 0.9);  // more than may wait
}

TEST_CASE("numbers that overflow are left out and counted, as in float") {
    auto ranker = made(plain(), rv::mlp<16, 16>{}, 1.0);
    for (float& w : ranker.weights()) w *= 3e12f;
    same_as_exact(ranker, rv::eight_bit_ranker(ranker), 100);
    for (float& w : ranker.weights()) w *= 1e20f;
    same_as_exact(ranker, rv::eight_bit_ranker(ranker), 100);
}

TEST_CASE("every score is within its bound, which is seldom far off") {
    const auto ranker = made(plain(), rv::mlp<64, 32>{}, 0.4);
    const rv::eight_bit_ranker quick(ranker);
    const shelf<float> shelf(500, 43);
    const auto catalogue = shelf.catalogue(ranker);
    const visit<float> here(3);
    std::vector<float> exact(500);
    REQUIRE(ranker.score(here.request(), catalogue, std::span(exact)));
    std::size_t seen = 0;
    double worst = 0;
    const auto see = [&](const std::size_t* rows, const float* scores, const double* errors, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i, ++seen) {
            const double miss = std::abs(static_cast<double>(scores[i]) - static_cast<double>(exact[rows[i]]));
            CHECK(miss <= errors[i]);
            worst = std::max(worst, miss / errors[i]);
        }
    };
    REQUIRE(quick.look(ranker, here.request(), catalogue, see));
    CHECK(seen == 500);
    CHECK(worst > 1e-3);
}

TEST_CASE("after a step the codes are of older weights: certified rankings stay exact without them, until they follow") {
    auto ranker = made(plain(), rv::mlp<40, 24>{}, 0.4);
    rv::eight_bit_ranker quick(ranker);
    CHECK(quick.follows(ranker));
    const visit<float> here(3);
    const shelf<float> shelf(300, 43);
    const auto catalogue = shelf.catalogue(ranker);
    REQUIRE(ranker.learn(here.request(), catalogue.at(shelf.ids[7]), rv::click.times(50)));
    CHECK_FALSE(quick.follows(ranker));
    CHECK(same_as_exact(ranker, quick, 300) == 1);
    quick.follow(ranker);
    CHECK(quick.follows(ranker));
    CHECK(same_as_exact(ranker, quick, 300) < 0.7);
    CHECK(quick.memory() > 40 * 24);

    // Nor does it matter that another pipeline has taken as many steps, or that a single weight was written to.
    auto other = ranker;
    other.weights()[decltype(other)::plan::at.ranker + 33] += 1e-6f;
    CHECK(other.steps() == ranker.steps());
    CHECK_FALSE(quick.follows(other));
    CHECK(same_as_exact(other, quick, 300) == 1);
}

TEST_CASE("by the scores in 8 bits the best ten are mostly the best ten") {
    const auto ranker = made(plain(), rv::mlp<64, 32>{}, 0.4);
    const rv::eight_bit_ranker quick(ranker);
    const shelf<float> shelf(500, 43);
    const auto catalogue = shelf.catalogue(ranker);
    std::size_t same = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const visit<float> here(seed);
        const auto rough = quick.rank_roughly(ranker, here.request(), catalogue, 10);
        const auto exact = ranker.rank(here.request(), catalogue, 10);
        REQUIRE(rough.size() == 10);
        for (const auto& one : exact)
            same += std::any_of(rough.begin(), rough.end(), [&](const auto& other) { return other.id == one.id; });
    }
    CHECK(same > 190);
}

TEST_CASE("what rank refuses is refused in the same words") {
    const auto ranker = made(plain(), rv::mlp<16, 16>{}, 0.4);
    const rv::eight_bit_ranker quick(ranker);
    const shelf<float> shelf(30, 43);
    const auto catalogue = shelf.catalogue(ranker);
    visit<float> here(3);
    here.attributes[2] = std::numeric_limits<float>::quiet_NaN();
    const auto expected = ranker.rank(here.request(), catalogue, 3).status.message();
    CHECK(quick.rank(ranker, here.request(), catalogue, 3).status.message() == expected);
    CHECK(quick.rank_roughly(ranker, here.request(), catalogue, 3).status.message() == expected);
    CHECK(quick.rank(ranker, here.request(), catalogue, 129).status.code == rv::errc::limit);
}
