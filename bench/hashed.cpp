// SPDX-License-Identifier: MIT
// Hashed logistic regression: predict, then learn, one example of 30 categorical features; the loss of the first pass over the stream.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <rivulet/rivulet.hpp>

#include "click_stream.hpp"

namespace rv = rivulet;

namespace {

struct page : rv::context_ids<bench::click_stream::features> {};

auto ranker() { return rv::pipeline{rv::fuse{rv::hashed<page>{.bits = 20}}, rv::additive{}, rv::adagrad{.rate = 0.15f, .initial = 1}}; }

/// The stream with ids that say which column they are of.
struct examples {
    bench::click_stream stream = bench::clicks();
    std::vector<rv::item_id> ids;

    examples() {
        for (std::size_t i = 0; i < stream.ids.size(); ++i)
            ids.push_back((static_cast<rv::item_id>(i % page::length) << 32) | stream.ids[i]);
    }
    template <class Ranker> double learn(Ranker& learner, std::size_t e) const {
        const std::span<const rv::item_id> list(ids.data() + e * page::length, page::length);
        return learner.learn(rv::request(rv::with<page>(list)), rv::item(), stream.labels[e] ? rv::click : rv::skip).loss;
    }
};

void logistic_hashed_30(benchmark::State& state) {
    static const examples all;
    constexpr std::size_t count = bench::click_stream::examples;
    auto learner = ranker();
    double loss = 0;  // progressive: of each example before it is learned, over the whole stream once
    for (std::size_t e = 0; e < count; ++e) loss += all.learn(learner, e);
    loss /= static_cast<double>(count);
    if (!(loss <= all.stream.peer_loss)) return state.SkipWithError(("a progressive loss of " + std::to_string(loss)).c_str());
    state.counters["log_loss"] = loss;
    // Then again from nothing, so that what is timed are steps of a learner on its way, and again after each pass.
    auto timed = ranker();
    std::size_t e = 0;
    for (auto _ : state) {
        if (e == count) {
            state.PauseTiming();
            timed = ranker();
            e = 0;
            state.ResumeTiming();
        }
        benchmark::DoNotOptimize(all.learn(timed, e++));
    }
}

}  // namespace

BENCHMARK(logistic_hashed_30)->Name("learn/logistic_hashed_30")->Unit(benchmark::kNanosecond);
