// SPDX-License-Identifier: MIT
// Attention without projections: one query over 50 keys of 64, and sequences that attend to themselves, a head after the other.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "ranker.hpp"

namespace {

/// Queries, keys and values of some heads, each (count, width) and behind the other, as PyTorch has them.
struct attention {
    std::size_t heads, n, time, width;
    bool causal = false;
    double pairs() const { return static_cast<double>(heads * n * (causal ? n + 1 : 2 * time)) / 2; }  // of a query and a key that it sees
    /// `products` of the width of each pair, and every operand once.
    bench::work work(std::size_t products) const {
        return {.multiply_adds = pairs() * static_cast<double>(products * width),
                .bytes_read = bench::float_bytes(heads * width * (n + 2 * time)),
                .bytes_updated = bench::float_bytes(heads * width * n)};
    }
    std::vector<float> queries = bench::numbers(heads * n * width, 1), keys = bench::numbers(heads * time * width, 2),
                       values = bench::numbers(heads * time * width, 3), out = std::vector<float>(heads * n * width),
                       out_slope = bench::numbers(heads * n * width, 4), query_slope = out, key_slope = keys, value_slope = values,
                       scratch = std::vector<float>(2 * time);

    template <class Numbers> auto head(Numbers& numbers, std::size_t h, std::size_t count) const {
        return rv::rows<std::remove_pointer_t<decltype(numbers.data())>>{numbers.data() + h * count * width, count, width};
    }
    void attend() {
        for (std::size_t h = 0; h < heads; ++h)
            rv::scaled_dot_product<float>(head(queries, h, n), width, head(keys, h, time), head(values, h, time), width, head(out, h, n),
                                          scratch, rv::attention_mask<float>{.causal = causal});
    }
    /// How far any of about a thousand rows, or with `way_back` of the queries' slopes, is from its direct evaluation in double.
    double worst(bool way_back = false) const {
        const auto at = [](float x) { return static_cast<double>(x); };
        const auto product = [&](const float* x, const float* y) {
            double sum = 0;
            for (std::size_t i = 0; i < width; ++i) sum += at(x[i]) * at(y[i]);
            return sum;
        };
        const double scale = 1 / std::sqrt(static_cast<double>(width));
        double distance = 0;
        for (std::size_t row = 0; row < heads * n; row += 1 + heads * n / 1000) {
            const std::size_t h = row / n, r = row % n, seen = causal ? r + 1 + time - n : time;
            const auto known = head(keys, h, time), held = head(values, h, time);
            std::vector<double> weight(seen);
            for (std::size_t t = 0; t < seen; ++t) weight[t] = scale * product(queries.data() + row * width, known[t]);
            const double top = *std::max_element(weight.begin(), weight.end());
            double sum = 0, mean = 0;
            for (double& w : weight) sum += w = std::exp(w - top);
            if (way_back) {
                std::vector<double> slope(seen);
                for (std::size_t t = 0; t < seen; ++t)
                    mean += weight[t] / sum * (slope[t] = product(out_slope.data() + row * width, held[t]));
                for (std::size_t t = 0; t < seen; ++t) weight[t] *= (slope[t] - mean) * scale;
            }
            for (std::size_t i = 0; i < width; ++i) {
                double expected = 0;
                for (std::size_t t = 0; t < seen; ++t) expected += weight[t] / sum * at((way_back ? known : held)[t][i]);
                distance = std::max(distance, std::abs(expected - at((way_back ? query_slope : out)[row * width + i])));
            }
        }
        return distance;
    }
    void attend_backward() {
        for (std::vector<float>* slope : {&query_slope, &key_slope, &value_slope}) std::fill(slope->begin(), slope->end(), 0.f);
        for (std::size_t h = 0; h < heads; ++h)
            rv::scaled_dot_product_backward<float>(head(queries, h, n), width, head(keys, h, time), head(values, h, time), width,
                                                   head(out_slope, h, n), head(query_slope, h, n), head(key_slope, h, time),
                                                   head(value_slope, h, time), scratch, rv::attention_mask<float>{.causal = causal});
    }
};

void run(benchmark::State& state, attention a) {
    for (auto _ : state) {
        a.attend();
        benchmark::DoNotOptimize(a.out.data());
        benchmark::ClobberMemory();
    }
    if (!(a.worst() <= 1e-5)) state.SkipWithError("the output is not that of the direct evaluation in double");
    bench::says(state, a.work(2));
    state.counters["GF/s"] =
        benchmark::Counter(a.pairs() * 4e-9 * static_cast<double>(a.width), benchmark::Counter::kIsIterationInvariantRate);
}

/// One query, with widths that the compiler knows, as those of components are.
void target(benchmark::State& state) {
    constexpr std::size_t time = 50, width = 64;
    attention a{.heads = 1, .n = 1, .time = time, .width = width};
    for (auto _ : state) {
        rv::scaled_dot_product<float>({a.queries.data(), 1, width}, width, {a.keys.data(), time, width}, {a.values.data(), time, width},
                                      width, {a.out.data(), 1, width}, a.scratch);
        benchmark::DoNotOptimize(a.out.data());
        benchmark::ClobberMemory();
    }
    if (!(a.worst() <= 1e-5)) state.SkipWithError("the output is not that of the direct evaluation in double");
    bench::says(state, a.work(2));
}

void self(benchmark::State& state, std::size_t heads, std::size_t n, std::size_t width, bool causal) {
    run(state, {.heads = heads, .n = n, .time = n, .width = width, .causal = causal});
}

void backward(benchmark::State& state, std::size_t heads, std::size_t n, std::size_t width, bool causal) {
    attention a{.heads = heads, .n = n, .time = n, .width = width, .causal = causal};
    for (auto _ : state) {
        a.attend_backward();
        benchmark::DoNotOptimize(a.query_slope.data());
        benchmark::ClobberMemory();
    }
    if (!(a.worst(true) <= 1e-5)) state.SkipWithError("the slopes of the queries are not those of the direct evaluation in double");
    bench::says(state, a.work(5));  // the scores anew, the slopes of shares, queries, keys and values
}

/// The same under the name that sizes give it.
const bool registered = [] {
    benchmark::RegisterBenchmark("attend/target_1x50x64", target)->Unit(benchmark::kMicrosecond);
    constexpr std::size_t sizes[][3] = {{8, 128, 64},  {1, 512, 64},  {1, 64, 64}, {1, 256, 64},
                                        {1, 1024, 64}, {1, 2048, 64}, {4, 50, 16}, {4, 50, 32}};
    for (const auto& [heads, n, width] : sizes)
        for (const bool causal : {false, true}) {
            const std::string sizes_of = std::to_string(heads) + "x" + std::to_string(n) + "x" + std::to_string(width),
                              forward_name = (causal ? "attend/causal_" : "attend/self_") + sizes_of,
                              backward_name = (causal ? "attend/backward_causal_" : "attend/backward_self_") + sizes_of;
            benchmark::RegisterBenchmark(forward_name.c_str(), self, heads, n, width, causal)->Unit(benchmark::kMicrosecond);
            benchmark::RegisterBenchmark(backward_name.c_str(), backward, heads, n, width, causal)->Unit(benchmark::kMicrosecond);
        }
    return true;
}();

}  // namespace
