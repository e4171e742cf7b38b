// SPDX-License-Identifier: MIT
// Makes streams of what the files say.
#include "streams.hpp"

#include "../shared/fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

namespace taste {

using namespace shared;

namespace {

film_facts facts_of(std::vector<std::uint64_t> genres, std::size_t era) {
    film_facts found{.kinds = std::move(genres), .shares = {}, .about = {}};
    found.shares.assign(found.kinds.size(), 1 / std::sqrt(static_cast<float>(found.kinds.size())));
    found.kinds.push_back(most_genres + era);
    found.shares.push_back(1);
    for (const std::uint64_t kind : found.kinds) found.about[kind] = 1;
    return found;
}

/// Of the years of MovieTweetings, which are those of the cinema; the last one without a year.
std::size_t era_of(int year) {
    constexpr std::array from{1950, 1970, 1980, 1990, 1995, 2000, 2003, 2005, 2007, 2008, 2009, 2010, 2011, 2012, 2013};
    static_assert(from.size() + 1 == movielens::eras);
    return static_cast<std::size_t>(std::upper_bound(from.begin(), from.end(), year) - from.begin());
}

/// The year at the end of `Heat (1995)`.
int year_of(const fields& file, std::string_view title) {
    int year = 0;
    if (title.size() >= 6 && title[title.size() - 6] == '(' && title.back() == ')') {
        const char* const begin = title.data() + title.size() - 5;
        if (std::from_chars(begin, begin + 4, year).ptr == begin + 4 && year >= 1000) return year;
    }
    file.fail("a title that ends in a year of four digits in brackets", fields::shown(title));
}

fields::places read_films(const std::filesystem::path& file_name, stream& to) {
    fields file(file_name, '\t', 3);
    fields::places places;
    std::vector<std::string> genres;
    file.skip_header("imdb_id\ttitle\tgenres");
    while (file.next()) {
        std::vector<std::uint64_t> of;
        for (std::string_view rest = file.field(2); !rest.empty();) {
            const std::string_view one = rest.substr(0, rest.find('|'));
            rest.remove_prefix(std::min(rest.size(), one.size() + 1));
            const auto known = std::find(genres.begin(), genres.end(), one);
            const auto place = static_cast<std::uint64_t>(known - genres.begin());
            if (known == genres.end()) {
                if (genres.size() == most_genres)
                    file.fail("at most " + std::to_string(most_genres) + " different genres", "another, " + fields::shown(one));
                genres.emplace_back(one);
            }
            if (std::find(of.begin(), of.end(), place) == of.end()) of.push_back(place);
        }
        if (of.size() >= most_kinds) file.fail("fewer than " + std::to_string(most_kinds) + " genres of a film", std::to_string(of.size()));
        const std::uint64_t id = file.id(0, "the id of a film");
        to.films.push_back(facts_of(std::move(of), era_of(year_of(file, file.field(1)))));
        if (!places.emplace(id, places.size()).second) file.fail("each film once", "film " + std::to_string(id) + " again");
    }
    if (to.films.empty()) file.fail_empty();
    return places;
}

}  // namespace

stream read_movielens(const std::filesystem::path& folder) {
    const movielens::archive from = movielens::read(folder / "ml-100k");
    stream found{.name = "ml-100k", .events = {}, .users = {}, .films = {}, .all_films_known = true};
    for (const movielens::person& one : from.users) {
        user_facts& user = found.users.emplace_back();
        user.traits = {movielens::age_band(one.age), movielens::age_bands + std::size_t(one.woman),
                       movielens::age_bands + 2 + one.occupation};
        for (const std::uint64_t trait : user.traits) user.about[trait] = 1;
    }
    for (const movielens::film& one : from.films) {
        std::vector<std::uint64_t> genres;
        for (std::size_t genre = 0; genre < movielens::genres; ++genre)
            if (one.of[genre] && genres.size() + 1 < most_kinds) genres.push_back(genre);
        found.films.push_back(facts_of(std::move(genres), movielens::era(one.year)));
    }
    for (const movielens::rating& one : from.ratings) found.events.push_back({one.user, one.film, one.stars >= 4});
    return found;
}

stream read_movietweetings(const std::filesystem::path& folder) {
    stream found{.name = "movietweetings", .events = {}, .users = {}, .films = {}};
    const fields::places films = read_films(find_file(folder / "movietweetings", "pack_movies.tsv"), found);
    fields file(find_file(folder / "movietweetings", "pack_ratings.tsv"), '\t', 4);
    fields::places users;
    std::vector<std::pair<std::int64_t, event>> timed;
    file.skip_header("unix_time\tuser\timdb_id\trating");
    while (file.next()) {
        const std::uint64_t id = file.id(1, "the id of a user");
        const auto [user, is_new] = users.emplace(id, users.size());
        if (is_new) found.users.emplace_back();
        timed.push_back({file.time(0), {user->second, file.known(2, "the id of a film", films), file.number(3, 0, 10, "a rating") >= 8}});
    }
    if (timed.empty()) file.fail_empty();
    std::stable_sort(timed.begin(), timed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [time, one] : timed) found.events.push_back(one);
    return found;
}

}  // namespace taste
