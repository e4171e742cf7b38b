// SPDX-License-Identifier: MIT
// The limits of this machine, measured: multiply-adds in float and in 8 bits, and what it reads, or reads and writes, from each cache.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <rivulet/core/arena.hpp>
#include <rivulet/core/rows.hpp>
#include <rivulet/math/eight_bit_product.hpp>
#include <rivulet/math/simd.hpp>

#include "team.hpp"
#include "work.hpp"

namespace rv = rivulet;

namespace {

using batch = rv::simd::batch<float>;
constexpr std::size_t lanes = rv::simd::lanes<float>;

/// Sums that do not wait for one another: enough to hide the latency of two multiply-adds a cycle, few enough for the registers.
constexpr std::size_t sums_at_once = rv::simd::many_registers<> ? 24 : 12;
constexpr std::size_t rounds = 4096;

/// rounds times 1/2 * 1/4 and its place in every lane of every sum, exactly: equal sums would be one to the compiler.
double add_products(float half, float quarter) {
    batch sums[sums_at_once];
    for (std::size_t i = 0; i < sums_at_once; ++i) sums[i] = batch(static_cast<float>(i));
    const batch x(half), y(quarter);
    for (std::size_t i = 0; i < rounds; ++i)
        for (auto& sum : sums) sum = rv::simd::fma(x, y, sum);
    double total = 0;
    for (const auto& sum : sums) total += static_cast<double>(rv::simd::sum(sum));
    return total;
}

void multiply_adds(benchmark::State& state) {
    const auto threads = static_cast<std::size_t>(state.range(0));
    bench::team run(threads);
    std::vector<std::array<double, 8>> totals(threads);  // apart by a cache line
    constexpr double products = rounds * sums_at_once * lanes;
    for (auto _ : state)
        run(threads, [&](std::size_t part) {
            const volatile float half = 0.5f, quarter = 0.25f;  // no constants to the compiler
            totals[part][0] = add_products(half, quarter);
        });
    for (const auto& total : totals)
        if (total[0] != products / 8 + static_cast<double>(lanes * sums_at_once * (sums_at_once - 1) / 2))
            state.SkipWithError("the sum of the products is wrong");
    bench::says(state, {.multiply_adds = products * static_cast<double>(threads)});
}

/// The register block of the 8-bit kernel on operands that stay in the first cache.
void eight_bit_products(benchmark::State& state) {
    using kernel = rv::math::eight_bit::native;
    constexpr std::size_t count = kernel::rows_at_once, blocks = kernel::blocks_at_once, groups = 64, repeats = 64;
    constexpr std::size_t in = groups * rv::math::packed_inputs, out = blocks * rv::math::packed_outputs;
    const std::vector<std::uint8_t> x(count * in, 3);
    const std::vector<std::int8_t> packed(in * out, 2);
    std::vector<std::int32_t> y(count * out);
    for (auto _ : state)
        for (std::size_t i = 0; i < repeats; ++i) {
            kernel::multiply<count, blocks>(rv::rows<const std::uint8_t>{x.data(), count, in}, groups, packed.data(),
                                            rv::rows<std::int32_t>{y.data(), count, out});
            benchmark::DoNotOptimize(y.data());
            benchmark::ClobberMemory();
        }
    if (std::any_of(y.begin(), y.end(), [&](std::int32_t sum) { return sum != 6 * static_cast<std::int32_t>(in); }))
        state.SkipWithError("a sum of products is wrong");
    bench::says(state, {.eight_bit_products = static_cast<double>(repeats * count * in * out)});
}

/// How often one iteration goes over so many bytes, so that it takes no less than going over a megabyte once.
std::size_t passes_over(std::size_t bytes) { return std::max<std::size_t>(1, (std::size_t(1) << 20) / bytes); }

void read_bandwidth(benchmark::State& state) {
    const auto bytes = static_cast<std::size_t>(state.range(0)), passes = passes_over(bytes);
    rv::arena<float> memory(bytes / sizeof(float));
    std::fill_n(memory.data(), memory.size(), 1.f);
    batch sums[8];
    for (auto _ : state)
        for (std::size_t pass = 0; pass < passes; ++pass) {
            for (auto& sum : sums) sum = batch(0.f);
            for (const float *at = memory.data(), *const end = at + memory.size(); at != end; at += 8 * lanes)
                for (std::size_t i = 0; i < 8; ++i) sums[i] = sums[i] + rv::simd::load(at + i * lanes);
            benchmark::DoNotOptimize(sums);
        }
    double total = 0;
    for (const auto& sum : sums) total += static_cast<double>(rv::simd::sum(sum));
    if (total != static_cast<double>(memory.size())) state.SkipWithError("the sum of what was read is wrong");
    bench::says(state, {.bytes_read = static_cast<double>(bytes * passes)});
}

void update_bandwidth(benchmark::State& state) {
    const auto bytes = static_cast<std::size_t>(state.range(0)), passes = passes_over(bytes);
    rv::arena<float> memory(bytes / sizeof(float));
    std::fill_n(memory.data(), memory.size(), 1.f);
    float expected = 1;
    const batch turn(-1.f);
    for (auto _ : state)
        for (std::size_t pass = 0; pass < passes; ++pass, expected = -expected) {
            for (float *at = memory.data(), *const end = at + memory.size(); at != end; at += 4 * lanes)
                for (std::size_t i = 0; i < 4; ++i) rv::simd::store(at + i * lanes, rv::simd::load(at + i * lanes) * turn);
            benchmark::ClobberMemory();
        }
    if (!std::all_of(memory.data(), memory.data() + memory.size(), [&](float x) { return x == expected; }))
        state.SkipWithError("a number is not what was written");
    bench::says(state, {.bytes_updated = static_cast<double>(bytes * passes)});
}

}  // namespace

BENCHMARK(multiply_adds)->Name("limit/multiply_adds")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(eight_bit_products)->Name("limit/eight_bit_products")->Unit(benchmark::kMicrosecond);
// 16 KiB, which every first cache holds, to 128 MiB, which few last ones do.
BENCHMARK(read_bandwidth)->Name("limit/read_bandwidth")->RangeMultiplier(2)->Range(16 << 10, 128 << 20)->Unit(benchmark::kMicrosecond);
BENCHMARK(update_bandwidth)->Name("limit/update_bandwidth")->RangeMultiplier(2)->Range(16 << 10, 128 << 20)->Unit(benchmark::kMicrosecond);
