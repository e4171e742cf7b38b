// SPDX-License-Identifier: MIT
// Runs a model over a stream: what it ranks is judged by the film that the user likes next.
#pragma once

#include "streams.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace taste {

inline constexpr std::size_t listed = 10;

/// How films that users liked came in the rankings made just before.
struct tally {
    std::size_t count = 0, hits = 0;
    double gain = 0;

    /// A film at a place from 0; from `listed` on it was not found.
    void add(std::size_t place) {
        ++count;
        if (place >= listed) return;
        ++hits;
        gain += 1 / std::log2(static_cast<double>(place) + 2);
    }
    double recall() const { return count > 0 ? static_cast<double>(hits) / static_cast<double>(count) : 0; }
    double ndcg() const { return count > 0 ? gain / static_cast<double>(count) : 0; }
};

struct trial {
    std::uint64_t seed = 1;
    tally all{}, second_half{}, known{};  // the last without films that nobody had rated before, where those cannot be listed
    double seconds = 0;                   // of ranking and learning
    std::size_t bytes = 0;                // that the model and its catalogue hold
};

using watcher = std::function<void(std::size_t done, double recall)>;

/// The ladder, in the order in which it is shown.
enum class kind { popular, similar, bpr, factors, counts, whole };
inline constexpr std::array ladder{kind::popular, kind::similar, kind::bpr, kind::factors, kind::counts, kind::whole};

struct model_text {
    std::string name, note, signature;
};
[[nodiscard]] model_text describe(kind model);

/// How much longer an event takes than with `popular`, about: for the time that is left.
[[nodiscard]] std::size_t relative_cost(kind model);

/// One pass: before each film that a user likes, all that are known and that the user has not rated are ranked; then the event is learned.
/// Throws std::runtime_error when a step is refused.
[[nodiscard]] trial run_trial(kind model, const stream& over, std::uint64_t seed, const watcher& watch);

}  // namespace taste
