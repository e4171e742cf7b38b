// SPDX-License-Identifier: MIT
// What a cache serves is what a catalogue with all values serves, whatever happens between two requests; its counts and budget are kept.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <rivulet/serve/candidate_cache.hpp>

#include "../pipeline/cinema.hpp"
#include "../pipeline/shop.hpp"

using namespace shop;

namespace {

auto ranker_of(std::uint64_t seed) {
    auto ranker = shop::everything<float, rv::mlp<8>, rv::adagrad>();
    scatter(ranker, seed);
    return ranker;
}
using ranker_type = decltype(ranker_of(0));
using cache = rv::candidate_cache<ranker_type>;

/// A budget for so many sets of 8 items.
constexpr std::size_t bytes_for(std::size_t sets) {
    return cache::least_bytes() + (sets - 1) * 8 * (ranker_type::plan::values * sizeof(float) + 16 + 64);
}

/// Two catalogues to which the same happens: one holds all values, the other none.
struct twins {
    decltype(std::declval<ranker_type>().catalogue()) full, bare;
    explicit twins(const ranker_type& ranker) : full(ranker.catalogue()), bare(ranker.catalogue({.keep_values = false})) {}
    template <class F> void both(F&& f) {
        const bool first = f(full), second = f(bare);
        CHECK(first == second);
    }
};

/// Whether a cache's ranking is the full catalogue's; the first 0, 1, 10 or all.
template <class Choice = rv::everything>
void same(cache& kept, const ranker_type& ranker, const visit<float>& here, const twins& items, std::size_t k, const Choice& choice = {}) {
    std::vector<rv::scored> first(k), second(k);
    const rv::ranked found = kept.rank(ranker, here.request(), items.bare, std::span(first), choice);
    const rv::ranked right = ranker.rank(here.request(), items.full, std::span(second), choice);
    CHECK(bool(found));
    CHECK(found.overflowed == right.overflowed);
    CHECK(std::equal(found.begin(), found.end(), right.begin(), right.end()));
}

}  // namespace

TEST_CASE("whatever happens between two requests, a cache of any size ranks as if all values were held") {
    for (const std::size_t sets : {1u, 3u, 40u}) {
        std::vector<ranker_type> rankers{ranker_of(3), ranker_of(4)};
        std::vector<twins> stock(2, twins(rankers[0]));
        const shelf<float> shelf(120, 2);
        cache kept(rankers[0], {.bytes = bytes_for(sets)});
        CHECK(kept.capacity() == 8 * sets);
        rv::random draw(11 + sets);
        const auto titles = [&] { return rv::with<title>(shelf.titles.data() + 7 * draw.below(shelf.size), 7); };
        const auto prices = [&] { return rv::with<price>(shelf.prices.data() + 2 * draw.below(shelf.size), 2); };
        for (int event = 0; event < 4000; ++event) {
            twins& items = stock[draw.below(2)];
            ranker_type& ranker = rankers[draw.below(8) == 0];
            const rv::item_id id = shelf.ids[draw.below(shelf.size)];
            const visit<float> here(draw.below(50));
            switch (draw.below(12)) {
            case 0:
            case 1:
                items.both([&, a = titles(), b = prices()](auto& each) { return bool(each.add(id, a, b)); });
                break;
            case 2:
                items.both([&, a = titles()](auto& each) { return bool(each.change(id, a)); });
                break;
            case 3:
                items.both([&, b = prices()](auto& each) { return bool(each.change(id, b)); });
                break;
            case 4:
                items.both([&](auto& each) { return bool(each.remove(id)); });
                break;
            case 5:
                if (items.bare.contains(id)) REQUIRE(ranker.learn(here.request(), items.bare.at(id), rv::click));
                break;
            case 6:
                if (draw.below(4) == 0) items.both([&](auto& each) { return ranker.refresh(each), true; });
                break;
            case 7:
                if (draw.below(8) == 0) stock[0] = stock[1];  // a copy, which then goes its own way
                if (draw.below(4) == 0) std::swap(stock[0], stock[1]);
                if (draw.below(8) == 0) {
                    twins elsewhere(std::move(items));
                    items = twins(rankers[1]);  // perhaps at the address that another had
                    items = std::move(elsewhere);
                }
                break;
            case 8:
                same(kept, ranker, here, items, 10);
                break;
            case 9:
                same(kept, ranker, here, items, 200, [&](rv::item_id one) { return one % 2 == id % 2; });
                break;
            default:
                std::vector<rv::item_id> list{id, 5};
                for (std::size_t i = draw.below(40); i > 0; --i) list.push_back(shelf.ids[draw.below(1 + draw.below(shelf.size))]);
                same(kept, ranker, here, items, draw.below(20), rv::among{list});
            }
        }
        CHECK(kept.counts().hits > 1000);
        CHECK(kept.counts().misses > 1000);
        CHECK((kept.counts().evictions > 0) == (sets < 40));
    }
}

TEST_CASE("weights that are published between every two requests are in force in every request") {
    auto ranker = ranker_of(3);
    const shelf<float> shelf(60, 2);
    twins items(ranker);
    items.full = shelf.catalogue(ranker);
    items.bare = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    cache kept(ranker, {.bytes = bytes_for(20)});
    std::vector<rv::scored> last;
    for (std::size_t request = 0; request < 200; ++request) {
        const visit<float> here(7);
        const auto found = kept.rank(ranker, here.request(), items.bare, 60);
        std::vector<rv::scored> now(found.begin(), found.end());
        REQUIRE(now.size() == 60);
        CHECK(now != last);
        last = now;
        same(kept, ranker, here, items, 60);
        // The second of the two found what the first had left, and nothing that an earlier one had.
        CHECK(kept.counts().misses == 60 * (request + 1));
        CHECK(kept.counts().hits == 60 * (request + 1));
        REQUIRE(ranker.learn(here.request(), items.bare.at(shelf.ids[request % 60]), request % 3 ? rv::skip : rv::click));
        items.both([&](auto& each) { return ranker.refresh(each), true; });
    }
}

TEST_CASE("items of ids, whose tables are published with the weights") {
    auto ranker = cinema::by_ids();
    const cinema::bill<float> shown(4, 30, cinema::known_ids);
    auto full = shown.catalogue(ranker);
    auto bare = ranker.catalogue({.keep_values = false});
    for (std::size_t i = 0; i < shown.size(); ++i)
        REQUIRE(bare.add(1000 + i, rv::with<cinema::film>(shown.films[i]), shown.kinds[i].with<cinema::genres>(),
                         rv::with<cinema::running_time>(shown.lengths.data() + 2 * i, 2)));
    rv::candidate_cache kept(ranker, {.bytes = 10000});
    for (std::uint64_t s = 0; s < 40; ++s) {
        const auto here = rv::request(rv::with<cinema::user>(s));
        const auto found = kept.rank(ranker, here, bare, 30), right = ranker.rank(here, full, 30);
        CHECK(std::equal(found.begin(), found.end(), right.begin(), right.end()));
        REQUIRE(ranker.learn(here, bare.at(1000 + s % 30), s % 2 ? rv::click : rv::skip));
        if (s % 3 != 0) continue;
        ranker.refresh(full);
        ranker.refresh(bare);
    }
    CHECK(kept.counts().hits > 0);
}

TEST_CASE("hits, misses and evictions are counted; passes over everything leave in place what is asked for most") {
    const auto ranker = ranker_of(3);
    const shelf<float> shelf(400, 2);
    const auto items = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    cache kept(ranker, {.bytes = bytes_for(8)});
    CHECK(kept.counts().hit_rate() == 0);
    const visit<float> here(7);
    const std::vector<rv::item_id> popular(shelf.ids.begin(), shelf.ids.begin() + 20);
    const auto ask = [&](const auto& choice) {
        const rv::cache_counts before = kept.counts();
        REQUIRE(kept.rank(ranker, here.request(), items, 3, choice));
        const rv::cache_counts& after = kept.counts();
        return rv::cache_counts{after.hits - before.hits, after.misses - before.misses, after.evictions - before.evictions};
    };
    const auto first = ask(rv::everything{});
    CHECK(first.hits == 0);
    CHECK(first.misses == 400);
    for (int i = 0; i < 5; ++i) ask(rv::among{popular});
    const std::uint64_t held = ask(rv::among{popular}).hits;
    CHECK(held >= 18);  // more than 8 of 20 in one of 8 sets have no place
    for (int i = 0; i < 3; ++i) {
        const auto pass = ask(rv::everything{});
        CHECK(pass.hits + pass.misses == 400);
        CHECK(pass.hits > 35);
        CHECK(pass.evictions < 30);  // of some 350 misses: once each is no reason to give way, but counts of a sketch may be high
        CHECK(ask(rv::among{popular}).hits == held);
    }
    CHECK(kept.counts().evictions > 0);
    CHECK(kept.counts().hit_rate() > 0.1);

    // A catalogue that holds its values is not looked up.
    const rv::cache_counts before = kept.counts();
    const auto found = kept.rank(ranker, here.request(), shelf.catalogue(ranker), 3), right = ranker.rank(here.request(), items, 3);
    CHECK(std::equal(found.begin(), found.end(), right.begin(), right.end()));
    CHECK(kept.counts().hits + kept.counts().misses == before.hits + before.misses);
}

TEST_CASE("what happened to other items costs no hit: an item that moved to another's row is still held") {
    const auto ranker = ranker_of(3);
    const shelf<float> shelf(8, 2);
    auto items = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    cache kept(ranker, {.bytes = bytes_for(8)});
    const visit<float> here(7);
    REQUIRE(kept.rank(ranker, here.request(), items, 3));
    REQUIRE(items.remove(shelf.ids[0]));
    REQUIRE(items.change(shelf.ids[2], rv::with<price>(shelf.prices.data(), 2)));
    const auto elsewhere = std::move(items);
    REQUIRE(kept.rank(ranker, here.request(), elsewhere, 3));
    CHECK(kept.counts().hits == 6);
    CHECK(kept.counts().misses == 8 + 1);
}

TEST_CASE("threads that each own a cache rank one catalogue at once") {
    const auto ranker = ranker_of(3);
    const shelf<float> shelf(100, 2);
    const auto full = shelf.catalogue(ranker);
    const auto bare = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    std::array<bool, 3> right{};
    std::vector<std::thread> all;
    for (std::size_t t = 0; t < right.size(); ++t)
        all.emplace_back([&, t] {
            cache kept(ranker, {.bytes = bytes_for(4 * (1 + t))});
            right[t] = true;
            for (std::uint64_t seed = 0; seed < 20; ++seed) {
                const visit<float> here(seed);
                const auto found = kept.rank(ranker, here.request(), bare, 100), expected = ranker.rank(here.request(), full, 100);
                right[t] = right[t] && std::equal(found.begin(), found.end(), expected.begin(), expected.end());
            }
        });
    for (auto& one : all) one.join();
    for (const bool good : right) CHECK(good);
}

TEST_CASE("a budget is kept, and one that is too small is refused in words") {
    const auto ranker = ranker_of(3);
    for (std::size_t bytes = cache::least_bytes(); bytes < 2000000; bytes = bytes * 9 / 8 + 1) {
        const cache kept(ranker, {.bytes = bytes});
        CHECK(kept.memory() <= bytes);
        CHECK(kept.memory() >= bytes / 2);
        CHECK(kept.capacity() >= 8);
    }
    CHECK(cache(ranker).memory() > 58 << 20);
    const std::string least = std::to_string(cache::least_bytes());
    CHECK_THROWS_WITH_AS(
        cache(ranker, {.bytes = cache::least_bytes() - 1}),
        ("candidate_cache: expected .bytes of " + least + " or more, got " + std::to_string(cache::least_bytes() - 1)).c_str(), rv::error);
    CHECK_THROWS_AS(cache(ranker, {.bytes = 0}), rv::error);
}

TEST_CASE("what rank refuses is refused in the same words") {
    const auto ranker = ranker_of(3);
    const shelf<float> shelf(30, 43);
    const auto items = shelf.catalogue(ranker);
    cache kept(ranker, {.bytes = bytes_for(1)});
    visit<float> here(3);
    here.attributes[2] = std::numeric_limits<float>::quiet_NaN();
    CHECK(kept.rank(ranker, here.request(), items, 3).status.message() == ranker.rank(here.request(), items, 3).status.message());
    CHECK(kept.rank(ranker, here.request(), items, 129).status.code == rv::errc::limit);
}
