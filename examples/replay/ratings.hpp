// SPDX-License-Identifier: MIT
// The ratings that the example replays, as read from a CSV file of user,item,rating,time[,title,genres].
#pragma once

#include "csv.hpp"

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace replay {

struct film {
    std::uint64_t id = 0;
    std::string title;                  // as in the file, with the year; empty if the file has none
    std::vector<std::uint16_t> genres;  // indices into ratings::genres, in the file's order, each once
    int year = 0;                       // from a title that ends in "(1995)"; 0 if unknown
};

struct rating {
    std::uint32_t user = 0;  // index into ratings::users
    std::uint32_t film = 0;  // index into ratings::films
    float stars = 0;
    std::int64_t time = 0;  // seconds since 1970
};

struct ratings {
    std::vector<rating> events;  // by time; those of the same second stay in the file's order
    std::vector<film> films;     // in the order of their first line in the file, as are users and genres
    std::vector<std::uint64_t> users;
    std::vector<std::string> genres;
    float min_stars = 0;
    float max_stars = 0;
};

// Reads a CSV file with a header row; see csv_reader for the format. Throws bad_input unless the whole file is fine.
//
// Columns may stand in any order and others are ignored. Case, '_', '-' and blanks in their names do not count, and besides user, item,
// rating, time, title and genres these are understood: userId, itemId, movieId, movie, stars, timestamp, genre.
//
// user, item: unsigned 64-bit integers, because text as ids would need a second table of names that the example has no use for.
// rating:     a number from -1,000,000 to 1,000,000, a range in which no sum or square of ratings overflows.
// time:       whole seconds since 1970 from 0 to 2^40, which tells today's milliseconds from seconds; fractions are refused.
// title:      an item keeps its first title that is not empty, and the same goes for genres.
// genres:     names with '|' between them; MovieLens' "(no genres listed)" is no genre.
// Blanks around numbers, genres and column names are ignored.
ratings read_ratings(const std::filesystem::path& path);

// The same from a stream, which messages call `name`.
ratings read_ratings(std::istream& in, const std::string& name);

}  // namespace replay
