// SPDX-License-Identifier: MIT
// Retrieval: the 100 largest inner products among many vectors, exact in float32, without and with 8-bit codes that exclude most.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <rivulet/core/arena.hpp>
#include <rivulet/core/random.hpp>
#include <rivulet/math/simd.hpp>
#include <rivulet/retrieve/vector_table.hpp>

#include "work.hpp"

namespace rv = rivulet;

namespace {

/// Nearly normal: the sum of 4 uniform numbers, of variance 1.
std::vector<float> normal(std::size_t count, std::uint64_t seed) {
    rv::random draw(seed);
    std::vector<float> made(count);
    for (float& x : made) {
        double sum = 0;
        for (int i = 0; i < 4; ++i) sum += draw.around_zero(1);
        x = static_cast<float>(sum * 0.8660254);
    }
    return made;
}

/// Seconds that the fastest of several calls takes.
template <class F> double least_seconds(F&& f) {
    double least = 1e9;
    for (int i = 0; i < 40; ++i) {
        const auto start = std::chrono::steady_clock::now();
        f();
        least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return least;
}

/// Seconds that it takes to read so many bytes from one end to the other and do nothing with them but add.
double seconds_to_read(std::size_t bytes) {
    constexpr std::size_t step = rv::simd::lanes<float>;
    const rv::arena<float> memory(bytes / sizeof(float));
    return least_seconds([&] {
        rv::simd::batch<float> a(0.0f), b(0.0f), c(0.0f), d(0.0f);
        for (const float *at = memory.data(), *end = at + memory.size() / (4 * step) * (4 * step); at != end; at += 4 * step) {
            a = a + rv::simd::load(at);
            b = b + rv::simd::load(at + step);
            c = c + rv::simd::load(at + 2 * step);
            d = d + rv::simd::load(at + 3 * step);
        }
        benchmark::DoNotOptimize(rv::simd::sum((a + b) + (c + d)));
    });
}

template <std::size_t Width, rv::vector_codes Codes> void retrieve(benchmark::State& state, std::size_t count, std::size_t bytes) {
    const auto vectors = normal(count * Width, 1), query = normal(Width, 2);
    std::vector<rv::item_id> ids(count);
    for (std::size_t i = 0; i < count; ++i) ids[i] = i;
    rv::vector_table<Width, Codes> table;
    if (!table.add(ids, vectors)) return state.SkipWithError("the vectors were refused");
    std::vector<rv::scored> buffer(std::min<std::size_t>(100, count));

    for (auto _ : state) benchmark::DoNotOptimize(table.nearest(query, buffer));

    const auto best = table.nearest(query, buffer);
    std::vector<double> naive(count), sorted(count);
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < Width; ++j) naive[i] += static_cast<double>(query[j]) * static_cast<double>(vectors[i * Width + j]);
        sorted[i] = naive[i];
    }
    std::partial_sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(buffer.size()), sorted.end(), std::greater<>());
    bool right = best && best.size() == buffer.size();
    for (std::size_t i = 0; right && i < best.size(); ++i)
        right = std::abs(static_cast<double>(best[i].score) - sorted[i]) < 1e-3 && std::abs(sorted[i] - naive[best[i].id]) < 1e-3;
    if (!right) state.SkipWithError("these are not the largest products");
    bench::says(state, {.multiply_adds = static_cast<double>(best.computed * Width), .bytes_read = static_cast<double>(count * bytes)});
    state.counters["computed"] = static_cast<double>(best.computed);
    const double took = least_seconds([&] { benchmark::DoNotOptimize(table.nearest(query, buffer)); });
    state.counters["of_bandwidth"] = seconds_to_read(count * bytes) / took;  // of what reading the same bytes alone would take
}

template <std::size_t Width> void enrol(std::size_t count) {
    const std::string size = std::to_string(count) + "x" + std::to_string(Width) + "_top100";
    benchmark::RegisterBenchmark(("retrieve/flat_" + size).c_str(), [count](benchmark::State& state) {
        retrieve<Width, rv::vector_codes::none>(state, count, Width * 4);
    })->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("retrieve_int8/flat_" + size).c_str(), [count](benchmark::State& state) {
        retrieve<Width, rv::vector_codes::eight_bit>(state, count, Width + 12);
    })->Unit(benchmark::kMicrosecond);
}

const bool enrolled = [] {
    enrol<64>(200'000);
    enrol<64>(1'000);
    enrol<64>(10'000);
    enrol<64>(1'000'000);
    enrol<32>(200'000);
    enrol<128>(100'000);
    enrol<384>(50'000);
    enrol<768>(50'000);
    return true;
}();

}  // namespace
