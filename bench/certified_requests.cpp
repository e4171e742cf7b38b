// SPDX-License-Identifier: MIT
// A million random requests, each ranked in float and certified from 8 bits: the same items, order and scores, to the last bit.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

namespace {

struct visitor : rv::context<8> {};
struct thing : rv::candidate<8> {};

constexpr std::size_t candidates = 64, requests_a_ranker = 1000;

auto make_ranker(std::uint64_t seed) {
    return rv::pipeline{rv::fuse{rv::pass<visitor>{}, rv::pass<thing>{}}, rv::mlp<48, 24>{}, rv::sgd{}, rv::logistic{},
                        rv::setup{.seed = seed}};
}

/// Numbers around zero, of a size that is drawn, too: from a millionth to a thousand.
std::vector<float> numbers(std::size_t count, rv::random& draw) {
    const double size = std::pow(10.0, draw.around_zero(4.5) - 1.5);
    std::vector<float> made(count);
    for (float& x : made) x = static_cast<float>(draw.around_zero(size));
    return made;
}

struct scene {
    explicit scene(std::uint64_t seed, rv::random& draw) : ranker(make_ranker(seed)), items(ranker.catalogue()) {
        const double size = std::pow(10.0, draw.around_zero(2));
        for (float& w : ranker.weights()) w = static_cast<float>(static_cast<double>(w) * size);
        ranker.refresh(items);
        for (std::size_t i = 0; i < candidates; ++i) static_cast<void>(items.add(i, rv::with<thing>(numbers(8, draw))));
        quick.emplace(ranker);
    }
    decltype(make_ranker(1)) ranker;
    decltype(ranker.catalogue()) items;
    std::optional<rv::eight_bit_ranker<decltype(ranker)>> quick;
};

void requests(benchmark::State& state) {
    rv::random draw(1);
    std::optional<scene> on;
    std::array<rv::scored, 10> exact, certified;
    std::size_t asked = 0, rescored = 0;
    for (auto _ : state) {
        if (asked % requests_a_ranker == 0) on.emplace(asked, draw);
        const std::size_t k = 1 + asked++ % exact.size();
        const std::vector<float> context = numbers(8, draw);
        const auto visit = rv::request(rv::with<visitor>(context));
        const auto expected = on->ranker.rank(visit, on->items, std::span(exact).first(k));
        const auto found = on->quick->rank(on->ranker, visit, on->items, std::span(certified).first(k));
        rescored += found.rescored;
        if (!expected || !found || expected.size() != k || !std::equal(found.begin(), found.end(), expected.begin(), expected.end()))
            return state.SkipWithError("a certified ranking differs from the one in float");
    }
    state.counters["rescored"] = static_cast<double>(rescored) / static_cast<double>(asked);
    if (rescored == candidates * asked) state.SkipWithError("nothing was ever left out: the bound is not tried");
}

}  // namespace

BENCHMARK(requests)->Name("rank_certified/random_requests")->Iterations(1'000'000)->Unit(benchmark::kMicrosecond);
