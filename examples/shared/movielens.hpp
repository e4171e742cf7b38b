// SPDX-License-Identifier: MIT
// MovieLens 100K as read from its folder: who gave which film how many stars when, and what is known of films and users.
#pragma once

#include "bad_input.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace movielens {

inline constexpr std::size_t genres = 19, most_occupations = 21, age_bands = 7, eras = 16;

struct film {
    std::uint64_t id = 0;
    std::string title;
    std::array<bool, genres> of{};  // u.genre's, in its order
    int year = 0;                   // of its release; 0 if unknown
};

struct person {
    std::uint64_t id = 0;
    int age = 0;
    bool woman = false;
    std::size_t occupation = 0;  // index into archive::occupations
};

struct rating {
    std::size_t user = 0, film = 0;  // indices into archive::users and films
    float stars = 0;
    std::int64_t time = 0;  // seconds since 1970
};

struct archive {
    std::vector<rating> ratings;  // by time; those of the same second stay in the file's order
    std::vector<film> films;      // in the order of the file, as are users; some may have no ratings
    std::vector<person> users;
    std::vector<std::string> occupations;  // in the order of their first line
};

/// Which of the age_bands an age lies in, and which of the eras a year does; the last one without a year.
[[nodiscard]] std::size_t age_band(int age);
[[nodiscard]] std::size_t era(int year);

/// Reads u.data, u.item and u.user. Throws shared::bad_input unless all of them are fine, with file, line, what was expected, what was got.
[[nodiscard]] archive read(const std::filesystem::path& folder);

}  // namespace movielens
