// SPDX-License-Identifier: MIT
// Sixteen requests that each rank 100,000 items, or compute and rank 500 of them, one by one and together: how many times as fast.
#include <benchmark/benchmark.h>

#include <ctime>

#include <rivulet/serve/batch_ranker.hpp>

#include "ranker.hpp"

namespace {

constexpr std::size_t requests = 16, candidates = 100000;

struct tower : rv::context<256> {};
struct vector : rv::candidate<256> {};
struct user : rv::context<32> {};
struct thing : rv::candidate<32> {};

/// What an item keeps: 256 numbers under an mlp's first layer of 256, 256 of its vector, and one.
auto mlp() { return rv::pipeline{rv::fuse{rv::pass<user>{}, rv::pass<thing>{}}, rv::mlp<256, 64>{}, rv::sgd{}}; }
auto dot() { return rv::pipeline{rv::fuse{rv::dot<tower, vector>{}}, rv::additive{}, rv::sgd{}}; }
auto linear() { return rv::pipeline{rv::fuse{rv::pass<user>{}, rv::pass<thing>{}}, rv::linear{}, rv::sgd{}}; }

/// The processor's time that a loop takes at its quickest, of two that run in turn.
struct quickest {
    double seconds = 1e30;
    template <class F> double time(F&& f) {
        const std::clock_t begin = std::clock();
        f();
        const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        seconds = std::min(seconds, took);
        return took;
    }
};

/// `listed`: ids on each request's list, of a catalogue without values, drawn so that the low ones are on most; or 0 for everything.
template <class Context, class Candidate, class Ranker> void together(benchmark::State& state, const Ranker& ranker, std::size_t listed) {
    const auto contexts = bench::numbers(Context::width * requests, 1), numbers = bench::numbers(Candidate::width * candidates, 2);
    const auto items = ranker.catalogue({.keep_values = listed == 0}, bench::ids(candidates), rv::with<Candidate>(numbers));
    const auto visit = [&](std::size_t r) { return rv::request(rv::with<Context>(contexts.data() + Context::width * r, Context::width)); };
    std::array<std::array<rv::scored, 10>, requests> room, alone;
    std::vector<std::vector<rv::item_id>> lists(requests);
    rv::random draw(3);
    for (auto& list : lists)
        while (list.size() < listed) list.push_back(draw.below(1 + draw.below(1 + draw.below(candidates))));
    const auto run = [&](auto choice_of) {
        std::vector<rv::asked<decltype(visit(0)), decltype(choice_of(0))>> all;
        for (std::size_t r = 0; r < requests; ++r) all.push_back({visit(r), room[r], choice_of(r)});
        std::vector<rv::ranked> found(requests), right(requests);
        rv::batch_ranker batch(ranker, {.requests = requests, .listed = requests * listed});
        quickest one, many;
        for (auto _ : state) {
            one.time([&] {
                for (std::size_t r = 0; r < requests; ++r) right[r] = ranker.rank(all[r].request, items, alone[r], all[r].choice);
            });
            state.SetIterationTime(many.time([&] { batch.rank(ranker, all, items, found); }));
        }
        state.counters["times_as_fast"] = one.seconds / many.seconds;
        for (std::size_t r = 0; r < requests; ++r)
            if (!found[r] || !std::equal(found[r].begin(), found[r].end(), right[r].begin(), right[r].end()))
                return state.SkipWithError("not what the request gets alone");
    };
    if (listed == 0)
        run([](std::size_t) { return rv::everything{}; });
    else
        run([&](std::size_t r) { return rv::among{lists[r]}; });
}

void together_mlp(benchmark::State& state) { together<user, thing>(state, mlp(), static_cast<std::size_t>(state.range(0))); }
void together_dot(benchmark::State& state) { together<tower, vector>(state, dot(), static_cast<std::size_t>(state.range(0))); }
void together_linear(benchmark::State& state) { together<user, thing>(state, linear(), static_cast<std::size_t>(state.range(0))); }

}  // namespace

BENCHMARK(together_mlp)->Name("rank_together/16/mlp_256_64_1/listed")->Arg(0)->Arg(500)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(together_dot)->Name("rank_together/16/dot_256/listed")->Arg(0)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(together_linear)->Name("rank_together/16/linear/listed")->Arg(0)->UseManualTime()->Unit(benchmark::kMillisecond);
