// SPDX-License-Identifier: MIT
// Tests of how the example taste reads MovieTweetings and the Microsoft Web Data, and of how it counts.
#include "../../examples/shared/bad_input.hpp"
#include "../../examples/taste/streams.hpp"
#include "../../examples/taste/trial.hpp"
#include "../../examples/taste/visits.hpp"
#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

struct files {
    std::string ratings = "unix_time\tuser\timdb_id\trating\n200\t7\t0011\t8\n100\t9\t0012\t7\n100\t7\t0012\t10\r\n";
    std::string movies = "imdb_id\ttitle\tgenres\n0011\tHeat (1995)\tCrime|Drama\n0012\tStay, the (2013)\t\n";
    std::string training = "I,4,\"x\"\nA,1000,1,\"a, b\",\"/a\"\nA,1001,1,\"c\",\"/c\"\nC,\"1\",1\nV,1001,1\nV,1000,1\nC,\"2\",2\n";
    std::string test = "C,\"3\",3\nV,1000,1\n";
};

class folder_of {
public:
    explicit folder_of(const files& from) {
        std::filesystem::create_directories(folder.path() / "movietweetings");
        std::filesystem::create_directories(folder.path() / "msweb");
        folder.write("movietweetings/pack_ratings.tsv", from.ratings);
        folder.write("movietweetings/pack_movies.tsv", from.movies);
        folder.write("msweb/anonymous-msweb.data", from.training);
        folder.write("msweb/anonymous-msweb.test", from.test);
    }
    scratch_folder folder;
};

/// What reading is refused with, from the name of the file on; empty when it is accepted.
template <class Read> std::string complaint(const files& from, Read&& read, const std::string& name) {
    const folder_of all(from);
    try {
        static_cast<void>(read(all.folder.path()));
    } catch (const shared::bad_input& error) {
        const std::string text = error.what();
        return text.substr(text.find(name));
    }
    return {};
}
std::string of_films(const files& from) { return complaint(from, taste::read_movietweetings, "pack_"); }
std::string of_areas(const files& from) { return complaint(from, taste::read_visits, "anonymous-"); }

}  // namespace

TEST_CASE("taste: ratings of MovieTweetings come in time order, with what is known of films") {
    const folder_of all({});
    const taste::stream found = taste::read_movietweetings(all.folder.path());
    REQUIRE(found.events.size() == 3);
    CHECK(found.events[0].film == 1);
    CHECK(found.events[0].user == 1);  // 9, whose line comes first of that second
    CHECK_FALSE(found.events[0].liked);
    CHECK(found.events[1].liked);
    CHECK(found.events[2].film == 0);
    CHECK(found.events[2].liked);
    CHECK(found.users.size() == 2);
    CHECK_FALSE(found.all_films_known);
    REQUIRE(found.films.size() == 2);
    REQUIRE(found.films[0].kinds.size() == 3);
    CHECK(found.films[0].shares[1] == doctest::Approx(0.70710678));
    CHECK(found.films[0].kinds[2] == taste::most_genres + 5);  // from 1995 on
    CHECK(found.films[0].about[taste::most_genres + 5] == 1);
    REQUIRE(found.films[1].kinds.size() == 1);
    CHECK(found.films[1].kinds[0] == taste::most_genres + 15);
}

TEST_CASE("taste: a line of MovieTweetings that is not of its kind is refused with its number") {
    const std::string head = "unix_time\tuser\timdb_id\trating\n", films = "imdb_id\ttitle\tgenres\n";
    CHECK(of_films({}).empty());
    CHECK(of_films({.ratings = head}) == "pack_ratings.tsv: expected at least one line, got none");
    CHECK(of_films({.ratings = "time\tuser\tid\trating\n"}) ==
          "pack_ratings.tsv, line 1: expected the header \"unix_time user imdb_id rating\", got \"time user id rating\"");
    CHECK(of_films({.ratings = head + "1\t2\t0011\t11\n"}) == "pack_ratings.tsv, line 2: expected a rating from 0 to 10, got \"11\"");
    CHECK(of_films({.ratings = head + "1\t2\t0013\t9\n"}) ==
          "pack_ratings.tsv, line 2: expected the id of a film that the other files tell of, got \"0013\"");
    CHECK(of_films({.ratings = head + "x\t2\t0011\t9\n"}) ==
          "pack_ratings.tsv, line 2: expected seconds since 1970 from 0 to 1099511627776, got \"x\"");
    CHECK(of_films({.movies = films + "0011\tHeat\tCrime\n"}) ==
          "pack_movies.tsv, line 2: expected a title that ends in a year of four digits in brackets, got \"Heat\"");
    CHECK(of_films({.movies = films + "0011\tA (1999)\t\n11\tA (1999)\t\n"}) ==
          "pack_movies.tsv, line 3: expected each film once, got film 11 again");
    CHECK(of_films({.movies = films + "0011\tA (1999)\n"}) == "pack_movies.tsv, line 2: expected 3 fields with a tab between them, got 2");
    std::string many = films;
    for (int i = 0; i < 28; ++i) many += std::to_string(i) + "\tA (1999)\tg" + std::to_string(i) + "\n";
    CHECK(of_films({.movies = many + "0099\tA (1999)\tlast\n"}) ==
          "pack_movies.tsv, line 30: expected at most 28 different genres, got another, \"last\"");
}

TEST_CASE("taste: users and areas of the web data, and lines of it that are refused") {
    const folder_of all({});
    const taste::visits found = taste::read_visits(all.folder.path());
    CHECK(found.areas == 2);
    REQUIRE(found.training.size() == 2);
    CHECK(found.training[0] == taste::area_set{1, 0});
    CHECK(found.training[1].empty());
    REQUIRE(found.test.size() == 1);
    CHECK(found.test[0] == taste::area_set{0});

    const auto more = [](const std::string& line) { return of_areas({.test = "C,\"3\",3\nV,1000,1\n" + line + "\n"}); };
    CHECK(more("V,1002,1") == "anonymous-msweb.test, line 3: expected the id of an area that the other files tell of, got \"1002\"");
    CHECK(more("V,1000,1") == "anonymous-msweb.test, line 3: expected each area of a user once, got \"1000\"");
    CHECK(more("V,1000") == "anonymous-msweb.test, line 3: expected 3 fields with a , between them, got 2");
    CHECK(more("Z,1") == "anonymous-msweb.test, line 3: expected a line of A, C, I, N, T or V, got \"Z\"");
    CHECK(of_areas({.test = "V,1000,1\n"}) == "anonymous-msweb.test, line 1: expected a line C of a user before the first V, got V");
    CHECK(of_areas({.training = ""}) == "anonymous-msweb.data: expected at least one line, got none");
    std::string areas;
    for (int i = 0; i < 321; ++i) areas += "A," + std::to_string(i) + ",1,\"a\",\"/a\"\n";
    CHECK(of_areas({.training = areas}) == "anonymous-msweb.data, line 321: expected at most 320 areas, got another");
}

TEST_CASE("taste: recall counts what came among the first ten, the gain where") {
    taste::tally found;
    for (const std::size_t place : {0u, 2u, 9u, 10u}) found.add(place);
    CHECK(found.count == 4);
    CHECK(found.recall() == 0.75);
    CHECK(found.ndcg() == doctest::Approx((1 + 0.5 + 1 / std::log2(11.0)) / 4));
}

TEST_CASE("taste: a film is ranked before it is learned, among films that the user has not rated, and known from its first event on") {
    taste::stream over{.name = "", .events = {}, .users = std::vector<taste::user_facts>(2), .films = std::vector<taste::film_facts>(13)};
    over.events = {{0, 12, true}, {1, 12, true}, {1, 0, false}, {0, 0, true}};
    const auto run = [&](bool all_known) {
        over.all_films_known = all_known;
        return taste::run_trial(taste::kind::popular, over, 1, [](std::size_t, double) {});
    };
    const taste::trial all = run(true), growing = run(false);
    CHECK(all.all.count == 3);
    CHECK(all.all.hits == 2);  // not the first: of films without likes, those before it are listed
    CHECK(all.all.gain == 2);  // nor was 12 in the way of 0, which is the first of the others
    CHECK(growing.all.count == 3);
    CHECK(growing.all.hits == 2);
    CHECK(growing.known.count == 2);
    CHECK(growing.second_half.count == 1);
}
