// SPDX-License-Identifier: MIT
// Retrieval: the 100 largest inner products among many vectors, exact in float32, without and with 8-bit codes that exclude most.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <rivulet/core/random.hpp>
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
