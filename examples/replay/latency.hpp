// SPDX-License-Identifier: MIT
// How long calls took: a recorder that never allocates while recording, and the summary it leaves.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace replay {

struct latency_bin {
    double from_us = 0;
    double to_us = 0;
    std::uint64_t count = 0;
};

struct latency {
    std::uint64_t count = 0;
    double mean_us = 0;
    double p50_us = 0;
    double p99_us = 0;
    double p999_us = 0;
    double max_us = 0;
    std::vector<latency_bin> bins;  // equally wide on a log scale, without gaps, from the fastest to the slowest call
};

/// Counts calls in bins 4.4 % apart, so quantiles are good to about that much; mean and maximum are exact.
class latency_recorder {
public:
    void record(std::chrono::nanoseconds took) noexcept {
        const double ns = std::max(1.0, static_cast<double>(took.count()));
        const auto bin = static_cast<std::size_t>(std::log2(ns) * bins_per_octave);
        ++counts_[std::min(bin, counts_.size() - 1)];
        ++count_;
        sum_ns_ += ns;
        min_ns_ = count_ == 1 ? ns : std::min(min_ns_, ns);
        max_ns_ = std::max(max_ns_, ns);
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// The duration that a share `q` of the calls stayed within; 0 without calls.
    [[nodiscard]] double quantile_us(double q) const noexcept {
        if (count_ == 0) { return 0; }
        const double wanted = std::clamp(q, 0.0, 1.0) * static_cast<double>(count_);
        double seen = 0;
        for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
            const auto here = static_cast<double>(counts_[bin]);
            if (here > 0 && seen + here >= wanted) {
                // Calls are taken as evenly spread within their bin, and as no slower or faster than any call seen.
                const double position = static_cast<double>(bin) + (wanted - seen) / here;
                return std::clamp(edge_ns(position), min_ns_, max_ns_) / 1000;
            }
            seen += here;
        }
        return max_ns_ / 1000;
    }

    [[nodiscard]] latency summary() const {
        latency out;
        out.count = count_;
        if (count_ == 0) { return out; }
        out.mean_us = sum_ns_ / static_cast<double>(count_) / 1000;
        out.p50_us = quantile_us(0.5);
        out.p99_us = quantile_us(0.99);
        out.p999_us = quantile_us(0.999);
        out.max_us = max_ns_ / 1000;
        // Merged because bins as narrow as the quantiles want them make a ragged histogram.
        std::size_t first = counts_.size();
        std::size_t last = 0;
        for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
            if (counts_[bin] > 0) {
                first = std::min(first, bin / merged);
                last = bin / merged;
            }
        }
        for (std::size_t group = first; group <= last; ++group) {
            latency_bin& bin = out.bins.emplace_back();
            bin.from_us = edge_ns(static_cast<double>(group * merged)) / 1000;
            bin.to_us = edge_ns(static_cast<double>((group + 1) * merged)) / 1000;
            for (std::size_t i = group * merged; i < (group + 1) * merged; ++i) { bin.count += counts_[i]; }
        }
        return out;
    }

private:
    static constexpr std::size_t bins_per_octave = 16;
    static constexpr std::size_t octaves = 40;  // 1 ns to 18 minutes; slower calls count in the last bin
    static constexpr std::size_t merged = 4;

    static double edge_ns(double position) noexcept { return std::exp2(position / bins_per_octave); }

    std::array<std::uint64_t, bins_per_octave * octaves> counts_{};
    std::uint64_t count_ = 0;
    double sum_ns_ = 0;
    double min_ns_ = 0;
    double max_ns_ = 0;
};

}  // namespace replay
