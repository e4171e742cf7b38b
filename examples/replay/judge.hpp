// SPDX-License-Identifier: MIT
// Where the film that a user went on to like came in a ranking, added up to hit rate, MRR and NDCG, and to a curve over time.
#pragma once

#include "report.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace replay {

class judge {
public:
    static constexpr std::size_t cutoff = 10;

    explicit judge(std::size_t window) : window_(window) {}

    /// `place`: 1 for the top. One relevant film a list, so the ideal gain is 1 and NDCG at 10 is 1 / log2(1 + place).
    void add(std::size_t place, bool second_half) {
        const double hit = place <= cutoff ? 1 : 0, reciprocal = 1 / static_cast<double>(place);
        const double gain = place <= cutoff ? 1 / std::log2(1 + static_cast<double>(place)) : 0;
        for (quality* part : {&whole_, second_half ? &second_ : &first_}) {
            ++part->events;
            part->hit_rate += hit;
            part->mrr += reciprocal;
            part->ndcg += gain;
        }
        hits_in_window_ += hit;
        if (whole_.events % window_ == 0) {
            curve_.push_back(hits_in_window_ / static_cast<double>(window_));
            hits_in_window_ = 0;
        }
    }

    // so far
    std::uint64_t judged() const { return whole_.events; }
    double hit_rate() const { return mean(whole_).hit_rate; }

    void fill(ranker_report& found) const {
        found.whole = mean(whole_);
        found.first_half = mean(first_);
        found.second_half = mean(second_);
        found.hit_rate_curve = curve_;
    }

private:
    static quality mean(quality sums) {
        const double n = sums.events ? static_cast<double>(sums.events) : 1;
        return {sums.events, sums.hit_rate / n, sums.mrr / n, sums.ndcg / n};
    }

    std::size_t window_;
    quality whole_, first_, second_;  // sums
    double hits_in_window_ = 0;
    std::vector<double> curve_;
};

}  // namespace replay
