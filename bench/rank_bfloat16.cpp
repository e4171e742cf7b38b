// SPDX-License-Identifier: MIT
// One request against more items than the last cache holds, the items' values in float and in bfloat16.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>

#include <rivulet/serve/bfloat16_ranker.hpp>

#include "ranker.hpp"

namespace {

constexpr std::size_t candidates = 100'000;

auto shallow() { return rv::pipeline{rv::fuse{rv::pass<bench::user>{}, rv::pass<bench::thing>{}}, rv::mlp<256>{}, rv::sgd{}}; }

struct scene {
    decltype(shallow()) ranker = shallow();
    decltype(ranker.catalogue()) items =
        ranker.catalogue(bench::ids(candidates), rv::with<bench::thing>(bench::numbers(128 * candidates, 2)));
    rv::bfloat16_ranker<decltype(ranker)> quick{ranker, items};
};

template <bool Rounded> void rank(benchmark::State& state) {
    static const scene on;
    std::array<rv::scored, 10> buffer, exact;
    const auto best = [&](const auto& visit, std::span<rv::scored> room) {
        return Rounded ? on.quick.rank_roughly(on.ranker, visit, on.items, room) : on.ranker.rank(visit, on.items, room);
    };
    const auto context = bench::numbers(128, 1);
    for (auto _ : state) benchmark::DoNotOptimize(best(rv::request(rv::with<bench::user>(context)), buffer).items.data());
    constexpr std::size_t asked = 20;
    std::size_t same = 0;
    for (std::uint64_t seed = 100; seed < 100 + asked; ++seed) {
        const auto other = bench::numbers(128, seed);
        const auto visit = rv::request(rv::with<bench::user>(other));
        const auto got = best(visit, buffer), expected = on.ranker.rank(visit, on.items, exact);
        for (const rv::scored& one : expected) same += static_cast<std::size_t>(std::count(got.begin(), got.end(), one));
    }
    state.counters["overlap"] = static_cast<double>(same) / (10 * asked);
    if (same < 9 * asked) state.SkipWithError("the ten differ too often from the exact ones");
}

}  // namespace

BENCHMARK(rank<false>)->Name("rank_float/mlp_256_1/100000")->Unit(benchmark::kMicrosecond);
BENCHMARK(rank<true>)->Name("rank_bfloat16/mlp_256_1/100000")->Unit(benchmark::kMicrosecond);
