// SPDX-License-Identifier: MIT
// Attention without projections: one query over 50 keys of 64.
#include <benchmark/benchmark.h>

#include <cmath>

#include "ranker.hpp"

namespace {

void target(benchmark::State& state) {
    constexpr std::size_t time = 50, width = 64;
    const auto query = bench::numbers(width, 1), keys = bench::numbers(time * width, 2), values = bench::numbers(time * width, 3);
    std::vector<float> out(width), shares(time);
    const auto attend = [&] {
        rv::scaled_dot_product<float>({query.data(), 1, width}, width, {keys.data(), time, width}, {values.data(), time, width}, width,
                                      {out.data(), 1, width}, shares);
    };
    for (auto _ : state) {
        attend();
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }

    std::vector<double> expected(width), weight(time);
    double sum = 0, top = -1e30;
    for (std::size_t t = 0; t < time; ++t) {
        for (std::size_t i = 0; i < width; ++i) weight[t] += static_cast<double>(query[i]) * static_cast<double>(keys[t * width + i]) / 8;
        top = std::max(top, weight[t]);
    }
    for (double& w : weight) sum += w = std::exp(w - top);
    double worst = 0;
    for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t t = 0; t < time; ++t) expected[i] += weight[t] / sum * static_cast<double>(values[t * width + i]);
        worst = std::max(worst, std::abs(expected[i] - static_cast<double>(out[i])));
    }
    if (worst > 1e-5) state.SkipWithError("the output is not that of the direct evaluation in double");
}

}  // namespace

BENCHMARK(target)->Name("attend/target_1x50x64")->Unit(benchmark::kMicrosecond);
