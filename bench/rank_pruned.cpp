// SPDX-License-Identifier: MIT
// The ranker of rank.cpp with a share of its second layer's blocks pruned, against the dense evaluation of the same weights.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>

#include <rivulet/rivulet.hpp>

#include "ranker.hpp"

namespace {

constexpr std::size_t candidates = 1000;

struct scene {
    decltype(bench::ranker()) ranker = bench::ranker();
    std::vector<float> contexts = bench::numbers(128, 1), numbers = bench::numbers(128 * candidates, 2);
    decltype(ranker.catalogue()) items = ranker.catalogue(bench::ids(candidates), rv::with<bench::thing>(numbers));
    rv::pruned_ranker<decltype(ranker)> quick;

    explicit scene(double percent) : quick(pruned(ranker, static_cast<float>(percent / 100))) {}
    static const decltype(bench::ranker())& pruned(decltype(ranker)& ranker, float share) {
        rv::prune(ranker, {.share = share});
        return ranker;
    }
};

template <bool Pruned> void rank(benchmark::State& state) {
    const scene on(static_cast<double>(state.range(0)));
    std::array<rv::scored, 10> buffer, exact;
    const auto best = [&](const auto& visit, std::span<rv::scored> room) {
        return Pruned ? on.quick.rank(on.ranker, visit, on.items, room) : on.ranker.rank(visit, on.items, room);
    };
    for (auto _ : state) benchmark::DoNotOptimize(best(rv::request(rv::with<bench::user>(on.contexts)), buffer).items.data());
    if (!on.quick.follows(on.ranker)) return state.SkipWithError("the copy is not of these weights");
    for (std::uint64_t seed = 100; seed < 120; ++seed) {
        const auto context = bench::numbers(128, seed);
        const auto visit = rv::request(rv::with<bench::user>(context));
        const auto got = best(visit, buffer), expected = on.ranker.rank(visit, on.items, exact);
        if (!got || got.size() != 10 || !std::equal(got.begin(), got.end(), expected.begin(), expected.end()))
            return state.SkipWithError("not the ten of the dense evaluation");
    }
}

}  // namespace

BENCHMARK(rank<false>)->Name("rank_dense/mlp_256_256_128_1/1000/percent_pruned")->Arg(75)->Unit(benchmark::kMicrosecond);
BENCHMARK(rank<true>)
    ->Name("rank_pruned/mlp_256_256_128_1/1000/percent_pruned")
    ->Arg(0)
    ->Arg(10)
    ->Arg(25)
    ->Arg(50)
    ->Arg(75)
    ->Arg(90)
    ->Unit(benchmark::kMicrosecond);
