// SPDX-License-Identifier: MIT
// Ranking and learning of other sizes than the peers', each beside its naive evaluation.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <rivulet/serve/parallel_rank.hpp>

#include "ranker.hpp"
#include "team.hpp"

namespace bench {

/// An mlp over so many numbers of the request and of the candidate, with layers of these widths.
template <std::size_t Context, std::size_t Candidate, std::size_t First, std::size_t Second> struct sized {
    struct visitor : rv::context<Context> {};
    struct offer : rv::candidate<Candidate> {};
    static auto ranker() { return bench::ranker<visitor, offer, First, Second>(rv::sgd{.rate = 1e-3f}); }
    static std::string name() {
        std::string text = "mlp";
        for (const std::size_t width : {Context + Candidate, First, Second, std::size_t(1)}) text += "_" + std::to_string(width);
        return text;
    }
};

inline bool near(double got, double expected) { return std::abs(got - expected) <= 1e-4 * (1 + std::abs(expected)); }

/// One request, the best ten, by as many threads; `threads` 0 does without an executor.
template <class Sized> void rank_sized(benchmark::State& state, std::size_t candidates, std::size_t threads) {
    const auto ranker = Sized::ranker();
    const auto context = numbers(Sized::visitor::width, 1), all = numbers(Sized::offer::width * candidates, 2);
    const auto items = ranker.catalogue(ids(candidates), rv::with<typename Sized::offer>(all));
    const auto visit = rv::request(rv::with<typename Sized::visitor>(context));
    constexpr std::size_t k = 10;
    std::vector<rv::scored> room(std::max<std::size_t>(threads, 1) * k);
    team run(threads);
    rv::ranked best;
    for (auto _ : state) {
        if (threads == 0)
            best = ranker.rank(visit, items, room);
        else
            best = rv::parallel_rank(ranker, visit, items, room, k, threads, run);
        benchmark::DoNotOptimize(best.items.data());
    }

    const auto naive = [&](std::size_t i) { return naive_score(ranker, context.data(), all.data() + i * Sized::offer::width); };
    bool right = best && best.size() == std::min(k, candidates);
    for (const auto& one : best) right = right && near(static_cast<double>(one.score), naive(one.id));
    for (std::size_t i = 0; right && i < candidates; i += 1 + candidates / 100) {
        const bool among = std::any_of(best.begin(), best.end(), [&](const rv::scored& one) { return one.id == i; });
        right = among || naive(i) < static_cast<double>(best.items.back().score) + 1e-4;
    }
    if (!right) state.SkipWithError("these are not the best by the naive evaluation");
    says(state, rank_work(ranker, candidates));
}

/// A step of stochastic gradient descent on one example.
template <class Sized> void learn_sized(benchmark::State& state) {
    auto ranker = Sized::ranker();
    const auto context = numbers(Sized::visitor::width, 1), numbers_of_one = numbers(Sized::offer::width, 2);
    const auto visit = rv::request(rv::with<typename Sized::visitor>(context));
    const auto item = rv::item(rv::with<typename Sized::offer>(numbers_of_one));
    const auto naive_loss = [&] { return std::log1p(std::exp(-naive_score(ranker, context.data(), numbers_of_one.data()))); };
    const double first = naive_loss();
    bool right = near(ranker.learn(visit, item, rv::click).loss, first);
    for (auto _ : state) benchmark::DoNotOptimize(ranker.learn(visit, item, rv::click).loss);
    const double last = naive_loss();
    right = right && near(ranker.learn(visit, item, rv::click).loss, last) && last < first;
    if (!right) state.SkipWithError("the loss is not that of the naive evaluation, or did not fall");
    says(state, learn_work(ranker));
}

template <class Sized> void enrol_rank(std::size_t candidates) {
    benchmark::RegisterBenchmark(("sizes/rank/" + Sized::name() + "/" + std::to_string(candidates)).c_str(), rank_sized<Sized>, candidates,
                                 std::size_t(0))
        ->Unit(benchmark::kMicrosecond);
}
template <class Sized> void enrol_learn() {
    benchmark::RegisterBenchmark(("sizes/learn/" + Sized::name() + "/sgd").c_str(), learn_sized<Sized>)->Unit(benchmark::kMicrosecond);
}

}  // namespace bench
