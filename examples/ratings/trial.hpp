// SPDX-License-Identifier: MIT
// Runs a model over ratings: each is predicted, then learned; and what a model makes of users that it has never seen.
#pragma once

#include "../shared/movielens.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace stars {

/// The ladder, in the order in which it is shown.
enum class kind { mean, biases, factors, machine, states, full, both };
inline constexpr std::array ladder{kind::mean, kind::biases, kind::factors, kind::machine, kind::states, kind::full, kind::both};

struct model_text {
    std::string name, note, signature;
};
[[nodiscard]] model_text describe(kind model);

/// How much longer a rating takes than with `biases`, about: for the time that is left.
[[nodiscard]] std::size_t relative_cost(kind model);

struct trial {
    std::uint64_t seed = 1;
    double rmse = 0, mae = 0;
    double seconds = 0;     // of predicting and learning
    std::size_t bytes = 0;  // that the model holds
};

using watcher = std::function<void(std::size_t done, double rmse)>;

/// One pass over the ratings: predict, clip to [1, 5], score, learn. Throws std::runtime_error when a step is refused.
[[nodiscard]] trial run_trial(kind model, const movielens::archive& data, std::uint64_t seed, const watcher& watch);

/// After so many of a new user's first ratings.
inline constexpr std::array<std::size_t, 7> steps{0, 1, 2, 4, 8, 16, 32};

/// RMSE over the same ratings of new users, the 33rd of each and later, once the model has learned so many of their first ones.
struct newcomers {
    std::uint64_t seed = 1;
    std::size_t users = 0, ratings = 0;        // that are judged
    std::array<double, steps.size()> alone{};  // learned one at a time, nothing else changed
    std::array<double, steps.size()> again{};  // everything learned again from the start, with these in their places
};

/// Holds out a tenth of the users, drawn by the seed. `watch` is told of the ratings learned, of all trainings together.
[[nodiscard]] newcomers run_newcomers(kind model, const movielens::archive& data, std::uint64_t seed, const watcher& watch);

}  // namespace stars
