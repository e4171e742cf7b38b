// SPDX-License-Identifier: MIT
// Tests of how the example ratings reads MovieLens 100K: what it makes of it, and the sentence for each kind of mistake.
#include "../../examples/shared/movielens.hpp"

#include "../../examples/ratings/model.hpp"
#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

/// A line of u.item: a film of the first and the last genre.
std::string film(const std::string& id, const std::string& date = "01-Jan-1995") {
    return id + "|Heat (1995)|" + date + "||http://example.org|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|1\n";
}

struct files {
    std::string data = "7\t30\t4\t200\n8\t30\t2\t100\n7\t20\t5\t100\r\n";
    std::string films = film("20") + film("30", "") + film("40");
    std::string users = "7|24|M|technician|85711\n8|53|F|other|94043\n9|7|M|technician|x\n";
};

movielens::archive read(const files& from) {
    const scratch_folder folder;
    folder.write("u.data", from.data);
    folder.write("u.item", from.films);
    folder.write("u.user", from.users);
    return movielens::read(folder.path());
}

/// What reading is refused with, from the name of the file on; empty when it is accepted.
std::string complaint(const files& from) {
    try {
        read(from);
    } catch (const shared::bad_input& error) {
        const std::string text = error.what();
        return text.substr(text.find("u."));
    }
    return {};
}

}  // namespace

TEST_CASE("movielens: ratings come in time order, those of one second as in the file; films and users without ratings are there") {
    const auto all = read({});
    REQUIRE(all.ratings.size() == 3);
    CHECK(all.ratings[0].user == 1);  // 8, whose line comes before 7's of the same second
    CHECK(all.ratings[0].film == 1);
    CHECK(all.ratings[0].stars == 2);
    CHECK(all.ratings[1].user == 0);
    CHECK(all.ratings[1].film == 0);
    CHECK(all.ratings[2].time == 200);
    REQUIRE(all.films.size() == 3);
    CHECK(all.films[0].id == 20);
    CHECK(all.films[0].year == 1995);
    CHECK(all.films[1].year == 0);
    CHECK(all.films[2].of[0]);
    CHECK_FALSE(all.films[2].of[1]);
    CHECK(all.films[2].of[18]);
    REQUIRE(all.users.size() == 3);
    CHECK(all.users[1].woman);
    CHECK(all.users[1].age == 53);
    CHECK(all.users[2].occupation == all.users[0].occupation);
    CHECK(all.occupations == std::vector<std::string>{"technician", "other"});
}

TEST_CASE("movielens: a line that is not of its kind is refused with its number") {
    const auto of_data = [](const std::string& line) { return complaint({.data = "7\t30\t4\t200\n" + line + "\n"}); };
    CHECK(of_data("7\t30\t4") == "u.data, line 2: expected 4 fields with a tab between them, got 3");
    CHECK(of_data("") == "u.data, line 2: expected 4 fields with a tab between them, got 1");
    CHECK(of_data("7\t30\t6\t1") == "u.data, line 2: expected stars from 1 to 5, got \"6\"");
    CHECK(of_data("7\t30\t4.5\t1") == "u.data, line 2: expected stars from 1 to 5, got \"4.5\"");
    CHECK(of_data("7\t30\t4\t-1") == "u.data, line 2: expected seconds since 1970 from 0 to 1099511627776, got \"-1\"");
    CHECK(of_data("x\t30\t4\t1") == "u.data, line 2: expected the id of a user from 0 to 18446744073709551615, got \"x\"");
    CHECK(of_data("70\t30\t4\t1") == "u.data, line 2: expected the id of a user that the other files tell of, got \"70\"");
    CHECK(of_data("7\t31\t4\t1") == "u.data, line 2: expected the id of a film that the other files tell of, got \"31\"");

    const auto of_films = [](const std::string& line) { return complaint({.films = film("30") + film("20") + line}); };
    CHECK(of_films("5|Heat\n") == "u.item, line 3: expected 24 fields with a | between them, got 2");
    CHECK(of_films(film("20")) == "u.item, line 3: expected each film once, got film 20 again");
    CHECK(of_films(film("50", "Jan-95")) == "u.item, line 3: expected a date that ends in a year of four digits, or none, got \"Jan-95\"");
    CHECK(of_films(film("50", "95")) == "u.item, line 3: expected a date that ends in a year of four digits, or none, got \"95\"");
    std::string odd = film("50");
    odd[odd.size() - 2] = '2';
    CHECK(of_films(odd) == "u.item, line 3: expected whether it is of a genre, from 0 to 1, got \"2\"");

    const auto of_users = [](const std::string& line) { return complaint({.users = "7|24|M|a|1\n8|24|M|a|1\n" + line + "\n"}); };
    CHECK(of_users("9|24|X|a|1") == "u.user, line 3: expected M or F, got \"X\"");
    CHECK(of_users("9|240|M|a|1") == "u.user, line 3: expected an age from 0 to 150, got \"240\"");
    CHECK(of_users("8|24|M|a|1") == "u.user, line 3: expected each user once, got user 8 again");
}

TEST_CASE("movielens: files that are empty or missing are refused, and more occupations than there is room for") {
    CHECK(complaint({.data = ""}) == "u.data: expected at least one line, got none");
    CHECK(complaint({.films = ""}) == "u.item: expected at least one line, got none");
    CHECK(complaint({.users = ""}) == "u.user: expected at least one line, got none");
    const scratch_folder empty;
    CHECK_THROWS_WITH_AS(static_cast<void>(movielens::read(empty.path())),
                         ((empty.path() / "u.item").string() + ": expected a file, found none").c_str(), shared::bad_input);
    std::string users;
    for (int i = 0; i < 21; ++i) users += std::to_string(i) + "|24|M|work" + std::to_string(i) + "|1\n";
    CHECK(complaint({.users = users}).empty());
    CHECK(complaint({.users = users + "99|24|M|another|1\n"}) ==
          "u.user, line 22: expected at most 21 different occupations, got another, \"another\"");
}

TEST_CASE("ratings: ages, times and genres become the ids and the numbers of models") {
    const auto age = [](int years) { return stars::user_facts({.id = 1, .age = years, .woman = true, .occupation = 20}); };
    CHECK(age(17).traits[0] == 0);
    CHECK(age(18).traits[0] == 1);
    CHECK(age(55).traits[0] == 6);
    CHECK(age(55).traits[1] == 8);
    CHECK(age(55).traits[2] == 29);
    CHECK(age(55).about[29] == 1);
    const auto era = [](int year) {
        movielens::film one;
        one.year = year;
        one.of[2] = one.of[4] = true;
        return stars::film_facts(one);
    };
    CHECK(era(1939).kinds[2] == 19);
    CHECK(era(1940).kinds[2] == 20);
    CHECK(era(1992).kinds[2] == 19 + 7);
    CHECK(era(1993).kinds[2] == 19 + 8);
    CHECK(era(1998).kinds[2] == 19 + 13);
    CHECK(era(2050).kinds[2] == 19 + 15);
    CHECK(era(0).kinds[2] == 19 + 15);
    CHECK(era(1998).count == 3);
    CHECK(era(1998).kinds[1] == 4);
    CHECK(era(1998).shares[1] == doctest::Approx(0.70710678));
    CHECK(era(1998).about[32] == 1);
}
