// SPDX-License-Identifier: MIT
// Learning: one example through MLP 256-256-128-1, forward, backward and step.
#include <benchmark/benchmark.h>

#include "ranker.hpp"

namespace {

template <class Updater> void learn(benchmark::State& state, Updater updater) {
    auto ranker = bench::ranker(updater);
    const auto contexts = bench::numbers(128, 1), numbers = bench::numbers(128, 2);
    const auto visit = rv::request(rv::with<bench::user>(contexts));
    const auto item = rv::item(rv::with<bench::thing>(numbers));
    const double first = ranker.learn(visit, item, rv::click).loss;
    double last = first;
    for (auto _ : state) last = ranker.learn(visit, item, rv::click).loss;
    if (!(last < first)) state.SkipWithError("the loss did not fall");
    bench::says(state, bench::learn_work(ranker));
}

}  // namespace

BENCHMARK_CAPTURE(learn, sgd, rv::sgd{.rate = 1e-3f})->Name("learn/mlp_256_256_128_1/sgd")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(learn, adagrad, rv::adagrad{.rate = 1e-3f})->Name("learn/mlp_256_256_128_1/adagrad")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(learn, adam, rv::adam{.rate = 1e-3f})->Name("learn/mlp_256_256_128_1/adam")->Unit(benchmark::kMicrosecond);
