// SPDX-License-Identifier: MIT
// Ranking and scoring: MLP 256-256-128-1 over 128 context and 128 candidate features.
#include <benchmark/benchmark.h>

#include <cmath>

#include "ranker.hpp"

namespace {

void rank(benchmark::State& state) {
    const auto ranker = bench::ranker();
    const auto candidates = static_cast<std::size_t>(state.range(0));
    const auto contexts = bench::numbers(128, 1), items_numbers = bench::numbers(128 * candidates, 2);
    const auto items = ranker.catalogue(bench::ids(candidates), rv::with<bench::thing>(items_numbers));
    const auto visit = rv::request(rv::with<bench::user>(contexts));
    for (auto _ : state) benchmark::DoNotOptimize(ranker.rank(visit, items, 10));

    // The best of a ranking is the best of the naive scores.
    const auto best = ranker.rank(visit, items, 10);
    double highest = -1e30;
    for (std::size_t i = 0; i < candidates; ++i)
        highest = std::max(highest, bench::naive_score(ranker, contexts.data(), items_numbers.data() + 128 * i));
    if (best.size() != 10 || std::abs(static_cast<double>(best[0].score) - highest) > 1e-4)
        state.SkipWithError("the best score is not the naive one");
    bench::says(state, bench::rank_work(ranker, candidates));
}

void score(benchmark::State& state) {
    const auto ranker = bench::ranker();
    const auto contexts = bench::numbers(128, 1), numbers = bench::numbers(128, 2);
    const auto visit = rv::request(rv::with<bench::user>(contexts));
    const auto item = rv::item(rv::with<bench::thing>(numbers));
    for (auto _ : state) benchmark::DoNotOptimize(ranker.score(visit, item));
    if (std::abs(static_cast<double>(ranker.score(visit, item).score) - bench::naive_score(ranker, contexts.data(), numbers.data())) > 1e-4)
        state.SkipWithError("the score is not the naive one");
    bench::says(state, bench::score_work(ranker));
}

}  // namespace

BENCHMARK(rank)->Name("rank/mlp_256_256_128_1")->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(score)->Name("score/mlp_256_256_128_1/1")->Unit(benchmark::kMicrosecond);
