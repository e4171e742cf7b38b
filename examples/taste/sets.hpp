// SPDX-License-Identifier: MIT
// Learns which areas go together from the users of the training file, and ranks the others for users of whom some are given.
#pragma once

#include "visits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace taste {

enum class set_model { popular, similar, als, ranker };
inline constexpr std::array set_ladder{set_model::popular, set_model::similar, set_model::als, set_model::ranker};

/// How many areas of a test user are given: drawn by the seed; users who have no more are left out.
inline constexpr std::array<std::size_t, 3> givens{2, 5, 0};  // 0: all but one

/// The rank score of Breese, Heckerman and Kadie (1998) with a half life of 5: of 100, how much of what a perfect ranking would be worth
/// when a user looks at the place five further down half as often.
struct set_trial {
    std::array<double, givens.size()> score{};
    std::array<std::size_t, givens.size()> users{};  // that are judged
    double seconds = 0;                              // of learning
    std::size_t bytes = 0;                           // that the model holds
};

/// `watch(done)` is told of the training users of the ranker.
[[nodiscard]] set_trial run_sets(set_model model, const visits& data, std::uint64_t seed, const std::function<void(std::size_t)>& watch);

struct set_text {
    std::string name, note;
};
[[nodiscard]] set_text describe(set_model model);

}  // namespace taste
