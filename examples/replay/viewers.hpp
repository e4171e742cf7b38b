// SPDX-License-Identifier: MIT
// What is known about every user at a moment of the replay, and the request that it makes.
#pragma once

#include "films.hpp"
#include "model.hpp"
#include "ratings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace replay {

/// The memory behind a request: `rv::request` holds views of it.
struct visit {
    std::array<float, viewer::width> state{};
    std::vector<float> history;  // rows of `recent`, oldest first
    rv::item_id user = 0;

    auto request() const { return rv::request(rv::with<viewer>(state), rv::with<recent>(history), rv::with<user_id>(user)); }
};

class viewers {
public:
    viewers(std::size_t users, std::size_t films) : states_(users), films_(films) {}

    bool has_rated(std::size_t user, std::size_t film) const { return !states_[user].rated.empty() && states_[user].rated[film]; }
    /// The user's last films of 4 stars or more, newest first.
    std::vector<std::uint32_t> liked(std::size_t user, std::size_t most) const;

    void arrive(visit& here, std::size_t user, const films& shelf, std::int64_t time) const;
    void rated(std::size_t user, std::size_t film, float stars, std::int64_t time, const films& shelf);

private:
    struct state {
        std::vector<std::uint32_t> films;  // oldest first, as are the next two
        std::vector<float> stars;
        std::vector<std::int64_t> times;
        std::vector<bool> rated;  // by film; empty until the first
        double sum_of_stars = 0;
        double liked = 0, liked_counts = 0;
        std::array<double, genre_slots> liked_genres{};
    };

    std::vector<state> states_;
    std::size_t films_;
};

}  // namespace replay
