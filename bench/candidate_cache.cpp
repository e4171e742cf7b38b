// SPDX-License-Identifier: MIT
// Requests that name 500 of 9,066 items by popularity, with room for the values of a hundredth to half of the items: hits, and time.
#include <benchmark/benchmark.h>

#include <cmath>

#include <rivulet/serve/candidate_cache.hpp>

#include "ranker.hpp"

namespace {

constexpr std::size_t films = 9066, named = 500, warm = 300;

struct text : rv::candidate<384> {};

/// What has to be computed of an item: 64 components of 384 numbers, and their share of a layer of 256; 1 KB.
auto ranker() { return rv::pipeline{rv::fuse{rv::pass<bench::user>{}, rv::pca<text, 64>{}}, rv::mlp<256, 64>{}, rv::sgd{}}; }

/// Lists of distinct items, drawn by how often the films of the replay were rated: 341 times, the 100th 120 times, the 1,000th 25 times,
/// the 4,000th 4 times, the last once. The curve is within 26 % of them.
class popularity {
public:
    popularity() : below_(films) {
        double sum = 0;
        for (std::size_t i = 0; i < films; ++i)
            below_[i] = sum += 341 / std::pow(1 + static_cast<double>(i) / 50, 0.8) * std::exp(-static_cast<double>(i) / 3500) + 0.5;
    }
    void draw(std::vector<rv::item_id>& list) {
        list.clear();
        std::vector<char> taken(films);
        while (list.size() < named) {
            const double at = (1 + seeded_.around_zero(1)) / 2 * below_.back();
            const auto i = static_cast<std::size_t>(std::lower_bound(below_.begin(), below_.end(), at) - below_.begin());
            if (!std::exchange(taken[i], 1)) list.push_back(i);
        }
    }

private:
    std::vector<double> below_;  // of each item, the sum of counts up to it
    rv::random seeded_{9};
};

/// `share`: places of the cache for each hundred items; 0: no cache, 100: a catalogue that holds all values. Every tenth request is for
/// everything if `passes`: it goes through all items and must not drive out the popular ones.
void rank(benchmark::State& state) {
    const auto share = static_cast<std::size_t>(state.range(0));
    const bool passes = state.range(1) != 0;
    const auto of = ranker();
    const auto contexts = bench::numbers(128, 1), numbers = bench::numbers(384 * films, 2);
    const auto visit = rv::request(rv::with<bench::user>(contexts));
    const auto full = of.catalogue(bench::ids(films), rv::with<text>(numbers));
    const auto bare = of.catalogue({.keep_values = false}, bench::ids(films), rv::with<text>(numbers));
    rv::candidate_cache kept(of, {.bytes = std::max<std::size_t>(share * films / 100, 8) * 1104 + 4096});
    popularity drawn;
    std::vector<rv::item_id> list;
    rv::cache_counts before;
    std::uint64_t hits = 0, asked = 0;
    bool right = true;
    std::array<rv::scored, 10> room, expected;
    const auto one = [&](std::size_t request) {
        if (passes && request % 10 == 9) kept.rank(of, visit, bare, room);
        before = kept.counts();
        drawn.draw(list);
    };
    std::size_t request = 0;
    for (; share > 0 && share < 100 && request < warm; ++request) {
        one(request);
        kept.rank(of, visit, bare, room, rv::among{list});
    }
    for (auto _ : state) {
        state.PauseTiming();
        one(request++);
        state.ResumeTiming();
        if (share == 0 || share == 100)
            benchmark::DoNotOptimize(of.rank(visit, share == 0 ? bare : full, room, rv::among{list}).items.data());
        else
            benchmark::DoNotOptimize(kept.rank(of, visit, bare, room, rv::among{list}).items.data());
        state.PauseTiming();
        hits += kept.counts().hits - before.hits;
        asked += kept.counts().hits + kept.counts().misses - before.hits - before.misses;
        const auto exact = of.rank(visit, full, expected, rv::among{list});
        right = right && std::equal(room.begin(), room.end(), exact.begin(), exact.end());
        state.ResumeTiming();
    }
    if (asked > 0) state.counters["hit_rate"] = static_cast<double>(hits) / static_cast<double>(asked);
    state.counters["MB"] = static_cast<double>(share == 0 ? 0 : share == 100 ? full.memory() - bare.memory() : kept.memory()) / 1e6;
    if (!right || kept.memory() > std::max<std::size_t>(share * films / 100, 8) * 1104 + 4096)
        state.SkipWithError("not the ranking of a catalogue that holds all values, or over budget");
}

}  // namespace

BENCHMARK(rank)
    ->Name("rank_cached/500_of_9066/share/passes")
    ->ArgsProduct({{0, 1, 2, 5, 10, 20, 50, 100}, {0}})
    ->ArgsProduct({{1, 5, 20}, {1}})
    ->Iterations(300)
    ->Unit(benchmark::kMicrosecond);
