// SPDX-License-Identifier: MIT
// The ranker of rank.cpp with its second layer in 8 bits: the exact ten, certified, and the ten by the scores in 8 bits.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

#include <rivulet/serve/eight_bit_ranker.hpp>

#include "ranker.hpp"

namespace {

constexpr std::size_t candidates = 1000;

/// The second layer in 8 bits, the request's share and the last layer in float.
template <class Ranker> bench::work eight_bit_work(const Ranker& ranker) {
    using widths = bench::widths_of<Ranker>;
    bench::work once = bench::rank_work(ranker, candidates);
    once.eight_bit_products = static_cast<double>(candidates * widths::first * widths::second);
    once.multiply_adds -= once.eight_bit_products;
    once.bytes_read -= 3 * static_cast<double>(widths::first * widths::second);
    return once;
}

struct scene {
    decltype(bench::ranker()) ranker = bench::ranker();
    std::vector<float> contexts = bench::numbers(128, 1), numbers = bench::numbers(128 * candidates, 2);
    decltype(ranker.catalogue()) items = ranker.catalogue(bench::ids(candidates), rv::with<bench::thing>(numbers));
    rv::eight_bit_ranker<decltype(ranker)> quick{ranker};
};

void certified(benchmark::State& state) {
    const scene on;
    std::array<rv::scored, 10> buffer, exact;
    std::size_t request = 0, rescored = 0;
    for (auto _ : state) {
        const auto found = on.quick.rank(on.ranker, rv::request(rv::with<bench::user>(on.contexts)), on.items, buffer);
        benchmark::DoNotOptimize(found.items.data());
        rescored += found.rescored;
        ++request;
    }
    bench::says(state, eight_bit_work(on.ranker));
    state.counters["rescored"] = static_cast<double>(rescored) / static_cast<double>(request);
    for (std::uint64_t seed = 100; seed < 120; ++seed) {
        const auto context = bench::numbers(128, seed);
        const auto visit = rv::request(rv::with<bench::user>(context));
        const auto got = on.quick.rank(on.ranker, visit, on.items, buffer);
        const auto expected = on.ranker.rank(visit, on.items, exact);
        if (!got || got.rescored >= candidates || !std::equal(got.begin(), got.end(), expected.begin(), expected.end()))
            return state.SkipWithError("not the exact ten");
    }
}

void rough(benchmark::State& state) {
    const scene on;
    std::array<rv::scored, 10> buffer, exact;
    const auto visit = rv::request(rv::with<bench::user>(on.contexts));
    for (auto _ : state) benchmark::DoNotOptimize(on.quick.rank_roughly(on.ranker, visit, on.items, buffer).items.data());
    std::size_t same = 0;
    for (std::uint64_t seed = 100; seed < 200; ++seed) {
        const auto context = bench::numbers(128, seed);
        const auto one = rv::request(rv::with<bench::user>(context));
        const auto got = on.quick.rank_roughly(on.ranker, one, on.items, buffer);
        for (const auto& right : on.ranker.rank(one, on.items, exact))
            for (const auto& found : got) same += found.id == right.id;
    }
    bench::says(state, eight_bit_work(on.ranker));
    state.counters["overlap"] = static_cast<double>(same) / 1000;
    if (same < 950) state.SkipWithError("the ten differ too often from the exact ones");
}

}  // namespace

BENCHMARK(certified)->Name("rank_certified/mlp_256_256_128_1/1000")->Unit(benchmark::kMicrosecond);
BENCHMARK(rough)->Name("rank_int8/mlp_256_256_128_1/1000")->Unit(benchmark::kMicrosecond);
