// SPDX-License-Identifier: MIT
// Reads the three files line by line and believes none of them.
#include "movielens.hpp"

#include "fields.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

namespace movielens {

using namespace shared;

namespace {

using index = fields::places;

/// The year at the end of 01-Jan-1995; 0 of no date.
int year_of(const fields& file, std::string_view date) {
    if (date.empty()) return 0;
    int year = 0;
    const std::string_view last = date.substr(date.size() < 4 ? 0 : date.size() - 4);
    const auto [stop, error] = std::from_chars(last.data(), last.data() + last.size(), year);
    if (error != std::errc{} || stop != last.data() + last.size() || year < 1000)
        file.fail("a date that ends in a year of four digits, or none", fields::shown(date));
    return year;
}

index read_films(const std::filesystem::path& folder, archive& to) {
    constexpr std::size_t first_genre = 5;
    fields file(folder / "u.item", '|', first_genre + genres);
    index places;
    while (file.next()) {
        film& one = to.films.emplace_back();
        one.id = file.id(0, "the id of a film");
        one.title = file.field(1);
        one.year = year_of(file, file.field(2));
        for (std::size_t genre = 0; genre < genres; ++genre)
            one.of[genre] = file.number(first_genre + genre, 0, 1, "whether it is of a genre,") == 1;
        if (!places.emplace(one.id, places.size()).second) file.fail("each film once", "film " + std::to_string(one.id) + " again");
    }
    if (to.films.empty()) file.fail_empty();
    return places;
}

index read_users(const std::filesystem::path& folder, archive& to) {
    fields file(folder / "u.user", '|', 5);
    index places;
    while (file.next()) {
        person& one = to.users.emplace_back();
        one.id = file.id(0, "the id of a user");
        one.age = file.number(1, 0, 150, "an age");
        if (file.field(2) != "M" && file.field(2) != "F") file.fail("M or F", fields::shown(file.field(2)));
        one.woman = file.field(2) == "F";
        const auto known = std::find(to.occupations.begin(), to.occupations.end(), file.field(3));
        one.occupation = static_cast<std::size_t>(known - to.occupations.begin());
        if (known == to.occupations.end()) {
            if (to.occupations.size() == most_occupations)
                file.fail("at most " + std::to_string(most_occupations) + " different occupations",
                          "another, " + fields::shown(file.field(3)));
            to.occupations.emplace_back(file.field(3));
        }
        if (!places.emplace(one.id, places.size()).second) file.fail("each user once", "user " + std::to_string(one.id) + " again");
    }
    if (to.users.empty()) file.fail_empty();
    return places;
}

}  // namespace

std::size_t age_band(int age) {
    constexpr std::array from{18, 22, 27, 35, 45, 55};
    static_assert(from.size() + 1 == age_bands);
    return static_cast<std::size_t>(std::upper_bound(from.begin(), from.end(), age) - from.begin());
}

std::size_t era(int year) {
    constexpr std::array from{1940, 1950, 1960, 1970, 1980, 1985, 1990, 1993, 1994, 1995, 1996, 1997, 1998, 1999, 2000};
    static_assert(from.size() + 1 == eras);
    return year == 0 ? eras - 1 : static_cast<std::size_t>(std::upper_bound(from.begin(), from.end(), year) - from.begin());
}

archive read(const std::filesystem::path& folder) {
    archive found;
    const index films = read_films(folder, found), users = read_users(folder, found);
    fields file(folder / "u.data", '\t', 4);
    while (file.next())
        found.ratings.push_back({file.known(0, "the id of a user", users), file.known(1, "the id of a film", films),
                                 static_cast<float>(file.number(2, 1, 5, "stars")), file.time(3)});
    if (found.ratings.empty()) file.fail_empty();
    std::stable_sort(found.ratings.begin(), found.ratings.end(), [](const rating& a, const rating& b) { return a.time < b.time; });
    return found;
}

}  // namespace movielens
