// SPDX-License-Identifier: MIT
// Reduction: 1,000 rows of 384 numbers to 64 by a fitted PCA.
#include <benchmark/benchmark.h>

#include <cmath>

#include "ranker.hpp"

namespace {

struct wide : rv::candidate<384> {};

void transform(benchmark::State& state) {
    constexpr std::size_t count = 1000;
    const rv::pca<wide, 64> reduce;
    const auto data = bench::numbers(count * 384, 1);
    std::vector<float> w(reduce.weights), out(count * 64);
    reduce.fit(w.data(), rv::rows<const float>{data.data(), count, 384});
    for (auto _ : state) {
        reduce.transform(w.data(), rv::rows<const float>{data.data(), count, 384}, rv::rows<float>{out.data(), count, 64});
        benchmark::ClobberMemory();
    }
    double worst = 0;
    for (const std::size_t r : {0u, 1u, 499u, 999u})
        for (std::size_t j = 0; j < 64; ++j) {
            double expected = 0;
            for (std::size_t i = 0; i < 384; ++i)
                expected += (static_cast<double>(data[r * 384 + i]) - static_cast<double>(w[i])) * static_cast<double>(w[384 + i * 64 + j]);
            worst = std::max(worst, std::abs(expected - static_cast<double>(out[r * 64 + j])));
        }
    if (worst > 1e-4) state.SkipWithError("a row is not what the direct evaluation in double gives");
}

}  // namespace

BENCHMARK(transform)->Name("pca/transform_1000x384_to_64")->Unit(benchmark::kMicrosecond);
