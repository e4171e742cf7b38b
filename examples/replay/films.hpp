// SPDX-License-Identifier: MIT
// What is known about every film at a moment of the replay: counts that fade, and from them the numbers that a film brings.
#pragma once

#include "model.hpp"
#include "ratings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace replay {

/// A number that halves every `half_life` events.
class fading {
public:
    void add(double amount, double event, double half_life) { value_ = at(event, half_life) + amount, since_ = event; }
    double at(double event, double half_life) const;

private:
    double value_ = 0;
    double since_ = 0;
};

class films {
public:
    explicit films(const ratings& data);

    std::size_t size() const { return films_.size(); }
    /// Ratings of 4 or more, halving every 5,000 events: the popularity baseline.
    double popularity(std::size_t film, std::size_t event) const;
    std::uint32_t count(std::size_t film) const { return states_[film].count; }
    const std::vector<std::uint16_t>& genres(std::size_t film) const { return slots_[film]; }

    /// Recomputes what a film brings.
    void describe(std::size_t film, std::size_t event, std::int64_t time);
    const float* content_of(std::size_t film) const { return &contents_[film * content::width]; }
    const float* standing_of(std::size_t film) const { return &standings_[film * standing::width]; }

    /// Counts a rating.
    void rated(std::size_t film, float stars, std::size_t event);

private:
    struct state {
        std::uint32_t count = 0;
        double stars = 0;
        std::array<fading, 3> liked;
        std::size_t first = 0, last = 0;  // events
    };

    std::vector<film> films_;
    std::vector<std::vector<std::uint16_t>> slots_;  // of genres
    std::vector<state> states_;
    std::vector<float> contents_, standings_;
};

}  // namespace replay
