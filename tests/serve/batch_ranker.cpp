// SPDX-License-Identifier: MIT
// A batch gives each request what it would get alone, and refuses what is wrong of one without the others.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <rivulet/serve/batch_ranker.hpp>
#include <rivulet/serve/candidate_cache.hpp>

#include "../pipeline/shop.hpp"

using namespace shop;

namespace {

using request_type = decltype(std::declval<visit<float>>().request());
template <class Choice> using batch = std::vector<rv::asked<request_type, Choice>>;

/// Requests that wait, their number of best ones 0, 1, 5, 40 in turn.
struct queue {
    std::vector<visit<float>> visits;
    std::vector<rv::scored> room, alone;

    explicit queue(std::size_t requests) : room(40 * requests), alone(40) {
        for (std::size_t r = 0; r < requests; ++r) visits.emplace_back(31 + r, r % 7);
    }
    static std::size_t best_of(std::size_t r) { return std::array<std::size_t, 4>{1, 5, 40, 0}[r % 4]; }
    std::span<rv::scored> buffer(std::size_t r) { return std::span(room).subspan(40 * r, best_of(r)); }

    template <class Ranker, class Items, class Choice, class... Cache>
    void check(rv::batch_ranker<Ranker>& together, const Ranker& ranker, const Items& items, const batch<Choice>& all, Cache&... cache) {
        std::vector<rv::ranked> found(all.size());
        REQUIRE(together.rank(ranker, all, items, found, cache...));
        for (std::size_t r = 0; r < all.size(); ++r) {
            const auto right = ranker.rank(all[r].request, items, std::span(alone).first(all[r].buffer.size()), all[r].choice);
            CHECK(bool(found[r]));
            CHECK(found[r].overflowed == right.overflowed);
            CHECK(std::equal(found[r].begin(), found[r].end(), right.begin(), right.end()));
        }
    }
};

/// Every way to ask, of catalogues of several sizes that hold their values, hold none, and have a cache.
template <class Ranker> void same_together(const Ranker& ranker) {
    for (const std::size_t requests : {1u, 2u, 9u})
        for (const std::size_t count : {1u, 24u, 700u}) {
            const shelf<float> shelf(count, 41);
            const auto items = shelf.catalogue(ranker);
            const auto bare =
                ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
            queue waiting(requests);
            rv::batch_ranker together(ranker, {.requests = 9, .listed = 9 * 200});
            rv::candidate_cache kept(ranker, {.bytes = 40000});

            batch<rv::everything> all;
            const auto some = [](std::size_t every, std::size_t from) {
                return [=](rv::item_id id) { return id / 3 % every == from % every; };
            };
            batch<decltype(some(1, 1))> filtered;
            batch<rv::among> listed;
            std::vector<std::vector<rv::item_id>> lists(requests);
            rv::random draw(5);
            for (std::size_t r = 0; r < requests; ++r) {
                all.push_back({waiting.visits[r].request(), waiting.buffer(r)});
                filtered.push_back({waiting.visits[r].request(), waiting.buffer(r), some(1 + r % 5, r)});
                for (std::size_t i = 0; i < (r == 4 ? 0 : 199); ++i) lists[r].push_back(shelf.ids[draw.below(1 + draw.below(count))]);
                lists[r].push_back(5);  // not there; the others with repeats
                listed.push_back({waiting.visits[r].request(), waiting.buffer(r), rv::among{lists[r]}});
            }
            for (const auto* each : {&items, &bare}) {
                waiting.check(together, ranker, *each, all);
                waiting.check(together, ranker, *each, filtered);
                waiting.check(together, ranker, *each, listed);
                waiting.check(together, ranker, *each, all, kept);
                waiting.check(together, ranker, *each, filtered, kept);
                waiting.check(together, ranker, *each, listed, kept);
            }
        }
}

}  // namespace

TEST_CASE("each ranking of a batch is the one that the request gets alone, with pairs, several outputs and overflows") {
    auto ranker = shop::everything<float, rv::mlp<8>>();
    scatter(ranker, 3, 0.5);
    same_together(ranker);
    for (float& w : ranker.weights()) w *= 1e19f;
    same_together(ranker);
    rv::pipeline two{rv::fuse{rv::pass<shopper>{}, rv::pass<title>{}}, rv::network{rv::dense<2>{}}, rv::sgd{},
                     rv::tasks{rv::logistic{}, rv::squared{}}};
    scatter(two, 4, 0.5);
    REQUIRE(two.serve({0.5f, 2.0f}));
    same_together(two);
    rv::pipeline sum{rv::fuse{rv::pass<hour>{}, rv::pass<price>{}}, rv::linear{}, rv::sgd{}};
    scatter(sum, 5, 0.5);
    same_together(sum);
}

TEST_CASE("what a batch's requests ask for and a cache lacks is computed once") {
    auto ranker = shop::everything<float, rv::mlp<8>>();
    const shelf<float> shelf(300, 41);
    const auto bare = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    queue waiting(9);
    rv::batch_ranker together(ranker, {.requests = 9, .listed = 900});
    rv::candidate_cache kept(ranker, {.bytes = 10000});
    batch<rv::among> listed;
    for (std::size_t r = 0; r < 9; ++r)
        listed.push_back({waiting.visits[r].request(), waiting.buffer(r), rv::among{std::span(shelf.ids).subspan(20 * r, 100)}});
    std::vector<rv::ranked> found(9);
    REQUIRE(together.rank(ranker, listed, bare, found, kept));
    CHECK(kept.counts().misses == 260);
    CHECK(kept.counts().hits == 0);
}

TEST_CASE("a request that is refused is refused alone, in the words of rank") {
    const auto ranker = shop::everything<float, rv::mlp<8>>();
    const shelf<float> shelf(50, 41);
    const auto items = shelf.catalogue(ranker);
    queue waiting(6);
    rv::batch_ranker together(ranker, {.requests = 6});
    waiting.visits[1].attributes[2] = std::numeric_limits<float>::quiet_NaN();
    waiting.visits[5].time.pop_back();
    std::vector<rv::asked<request_type>> all;
    for (std::size_t r = 0; r < 6; ++r) all.push_back({waiting.visits[r].request(), waiting.buffer(2)});
    std::vector<rv::ranked> found(6);
    REQUIRE(together.rank(ranker, all, items, found));
    for (std::size_t r = 0; r < 6; ++r) {
        const auto right = ranker.rank(all[r].request, items, std::span(waiting.alone));
        CHECK(found[r].status.message() == right.status.message());
        CHECK(found[r].size() == (r == 1 || r == 5 ? 0 : 40));
    }
    CHECK(found[5].status.code == rv::errc::width);
    all = {all[1], all[5]};
    REQUIRE(together.rank(ranker, all, items, std::span(found).first(2)));
    CHECK_FALSE(found[0]);
    CHECK_FALSE(found[1]);
    all.clear();
    CHECK(together.rank(ranker, all, items, {}));
}

TEST_CASE("a batch beyond its room is refused as a whole, and room is counted") {
    const auto ranker = shop::everything<float, rv::mlp<8>>();
    const shelf<float> shelf(50, 41);
    const auto items = shelf.catalogue(ranker);
    queue waiting(3);
    rv::batch_ranker together(ranker, {.requests = 2, .listed = 10});
    std::vector<rv::ranked> found(3);
    batch<rv::everything> all;
    batch<rv::among> listed;
    for (std::size_t r = 0; r < 3; ++r) {
        all.push_back({waiting.visits[r].request(), waiting.buffer(r)});
        listed.push_back({waiting.visits[r].request(), waiting.buffer(r), rv::among{std::span(shelf.ids).first(6)}});
    }
    CHECK(together.rank(ranker, all, items, found).message() == "batch_setup.requests: at most 2 here, got 3");
    all.pop_back();
    listed.pop_back();
    CHECK(together.rank(ranker, all, items, found).message() == "batch_ranker (rankings): expected 2 rows, got 3");
    const auto bare = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    CHECK(together.rank(ranker, listed, bare, std::span(found).first(2)).message() == "batch_setup.listed: at most 10 here, got 12");
    CHECK(together.rank(ranker, all, items, std::span(found).first(2)));
    CHECK(together.memory() > 100000);
    CHECK_THROWS_WITH_AS(rv::batch_ranker(ranker, {.requests = 65536}), "batch_ranker: expected .requests of 65535 or fewer, got 65536",
                         rv::error);
}
