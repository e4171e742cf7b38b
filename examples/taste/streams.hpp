// SPDX-License-Identifier: MIT
// Who took which film when, of MovieLens 100K and MovieTweetings alike, and what is known of users and films.
#pragma once

#include "../shared/movielens.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace taste {

inline constexpr std::size_t most_genres = 28, most_kinds = 12;  // of all films, and of one with its era
inline constexpr std::size_t traits_known = movielens::age_bands + 2 + movielens::most_occupations;
inline constexpr std::size_t kinds_known = most_genres + movielens::eras;

/// What is known of a user, perhaps nothing: the band of ages, the sex and the occupation as numbers below traits_known.
struct user_facts {
    std::vector<std::uint64_t> traits;
    std::array<float, traits_known> about{};  // the same as ones and zeros
};

/// What is known of a film: its genres, which together have the length of one, and the time it is from, as numbers below kinds_known.
struct film_facts {
    std::vector<std::uint64_t> kinds;
    std::vector<float> shares;               // of each kind
    std::array<float, kinds_known> about{};  // ones and zeros
};

struct event {
    std::size_t user = 0, film = 0;  // indices
    bool liked = false;              // rated 4 of 5, or 8 of 10, or more
};

struct stream {
    std::string name;
    std::vector<event> events;  // in time order; those of the same second stay in the file's order
    std::vector<user_facts> users;
    std::vector<film_facts> films;
    bool all_films_known = false;  // from the start; otherwise a film is known, and can be listed, after its first event
};

/// FOLDER/ml-100k. Throws bad_input, with file, line, what was expected, what was got; as does the next.
[[nodiscard]] stream read_movielens(const std::filesystem::path& folder);

/// FOLDER/movietweetings: pack_ratings.tsv and pack_movies.tsv, or either with .gz.
[[nodiscard]] stream read_movietweetings(const std::filesystem::path& folder);

}  // namespace taste
