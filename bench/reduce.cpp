// SPDX-License-Identifier: MIT
// Reduction of rows of 384 numbers to 64: 1,000 rows by a fitted PCA, and a basis from 20,000 rows that arrive 256 at a time.
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
    bench::says(state, {.multiply_adds = count * 384.0 * 64, .bytes_read = bench::float_bytes((count + 64) * 384)});
}

/// 20,000 rows of 64 directions plus noise of variance 0.01 in every direction.
std::vector<float> planted(std::size_t count) {
    const auto axes = bench::numbers(64 * 384, 2), along = bench::numbers(count * 64, 3), noise = bench::numbers(count * 384, 4);
    std::vector<float> data(count * 384);
    for (std::size_t r = 0; r < count; ++r) {
        float* const row = data.data() + r * 384;
        for (std::size_t i = 0; i < 384; ++i) row[i] = 0.1f * noise[r * 384 + i];
        for (std::size_t k = 0; k < 64; ++k)
            for (std::size_t i = 0; i < 384; ++i) row[i] += along[r * 64 + k] * axes[k * 384 + i];
    }
    return data;
}

/// The estimator and the decomposition, from nothing to a basis.
void partial_fit(benchmark::State& state) {
    constexpr std::size_t count = 20'000, batch = 256;
    const rv::pca<wide, 64> reduce;
    const auto data = planted(count);
    std::vector<float> w(reduce.weights);
    for (auto _ : state) {
        rv::moments<wide> seen;
        for (std::size_t r = 0; r < count; r += batch)
            if (!seen.add(rv::with<wide>(data.data() + r * 384, std::min(batch, count - r) * 384)))
                state.SkipWithError("a batch was refused");
        reduce.fit(w.data(), seen);
        benchmark::ClobberMemory();
    }
    // Held by the basis: as much as it says, and all but the noise of the other 320 directions.
    std::vector<float> out(count * 64);
    reduce.transform(w.data(), rv::rows<const float>{data.data(), count, 384}, rv::rows<float>{out.data(), count, 64});
    double held = 0, said = 0, total = static_cast<double>(w.back());
    for (const float z : out) held += static_cast<double>(z) * static_cast<double>(z) / (count - 1);
    for (const float variance : reduce.explained_variance(w.data())) said += static_cast<double>(variance);
    const double noise = 0.01 * 1.7 * 1.7 / 3 * 320;
    if (std::abs(held - said) > 1e-5 * held || std::abs(total - held - noise) > 0.05 * noise)
        state.SkipWithError("the basis does not hold the planted directions");
    // The covariance, which is symmetric; its decomposition is less than a twentieth of that.
    bench::says(state, {.multiply_adds = count * 384.0 * 385 / 2, .bytes_read = bench::float_bytes(count * 384)});
}

}  // namespace

BENCHMARK(transform)->Name("pca/transform_1000x384_to_64")->Unit(benchmark::kMicrosecond);
BENCHMARK(partial_fit)->Name("pca/partial_fit_20000x384_to_64")->Unit(benchmark::kMicrosecond);
