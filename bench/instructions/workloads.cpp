// SPDX-License-Identifier: MIT
// Runs one workload a number of times, for an instrument that counts instructions: rivulet_instructions WORKLOAD TIMES.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <rivulet/rivulet.hpp>

#include "../ranker.hpp"

namespace {

// Nothing here prints or is timed; what is computed goes into `seen`, so that none of it is left out.
double seen = 0;

void rank(long times) {
    const auto ranker = bench::ranker();
    const auto context = bench::numbers(128, 1), numbers = bench::numbers(128 * 100, 2);
    const auto items = ranker.catalogue(bench::ids(100), rv::with<bench::thing>(numbers));
    for (long i = 0; i < times; ++i)
        seen += static_cast<double>(ranker.rank(rv::request(rv::with<bench::user>(context)), items, 10)[0].score);
}
void rank_certified(long times) {
    const auto ranker = bench::ranker();
    const rv::eight_bit_ranker quick(ranker);
    const auto context = bench::numbers(128, 1), numbers = bench::numbers(128 * 100, 2);
    const auto items = ranker.catalogue(bench::ids(100), rv::with<bench::thing>(numbers));
    for (long i = 0; i < times; ++i)
        seen += static_cast<double>(quick.rank(ranker, rv::request(rv::with<bench::user>(context)), items, 10)[0].score);
}
template <class Updater> void learn(long times) {
    auto ranker = bench::ranker(Updater{.rate = 1e-3f});
    const auto context = bench::numbers(128, 1), numbers = bench::numbers(128, 2);
    for (long i = 0; i < times; ++i)
        seen += ranker.learn(rv::request(rv::with<bench::user>(context)), rv::item(rv::with<bench::thing>(numbers)), rv::click).loss;
}
struct page : rv::context_ids<30> {};
void learn_hashed(long times) {
    rv::pipeline ranker{rv::fuse{rv::hashed<page>{.bits = 18}}, rv::additive{}, rv::adagrad{.rate = 0.15f, .initial = 1}};
    rv::random draw(1);
    std::array<rv::item_id, 30> ids;
    for (long i = 0; i < times; ++i) {
        for (std::size_t k = 0; k < ids.size(); ++k) ids[k] = (k << 32) | draw.below(1000);
        seen += ranker.learn(rv::request(rv::with<page>(ids)), rv::item(), i % 3 == 0 ? rv::click : rv::skip).loss;
    }
}
void attend(long times) {
    constexpr std::size_t time = 128, width = 64;
    const auto queries = bench::numbers(time * width, 1), keys = bench::numbers(time * width, 2), values = bench::numbers(time * width, 3);
    std::vector<float> out(time * width), shares(time);
    const auto view = [](const std::vector<float>& of) { return rv::rows<const float>{of.data(), time, width}; };
    for (long i = 0; i < times; ++i) {
        rv::scaled_dot_product<float>(view(queries), width, view(keys), view(values), width, {out.data(), time, width}, shares);
        seen += static_cast<double>(out[0]);
    }
}

}  // namespace

int main(int count, char** words) {
    const std::string_view name = count > 1 ? words[1] : "";
    const long times = count > 2 ? std::strtol(words[2], nullptr, 10) : 0;
    if (times < 1) return std::fputs("usage: rivulet_instructions WORKLOAD TIMES\n", stderr), 2;
    if (name == "rank/mlp_256_256_128_1/100")
        rank(times);
    else if (name == "rank_certified/mlp_256_256_128_1/100")
        rank_certified(times);
    else if (name == "learn/mlp_256_256_128_1/sgd")
        learn<rv::sgd>(times);
    else if (name == "learn/mlp_256_256_128_1/adam")
        learn<rv::adam>(times);
    else if (name == "learn/logistic_hashed_30")
        learn_hashed(times);
    else if (name == "attend/self_1x128x64")
        attend(times);
    else
        return std::fprintf(stderr, "rivulet_instructions: no workload is called %s\n", words[1]), 2;
    return seen == 0.5 ? 1 : 0;
}
