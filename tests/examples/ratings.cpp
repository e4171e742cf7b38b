// SPDX-License-Identifier: MIT
// Tests of how the example reads its ratings: what it accepts, what it makes of it, and the sentence for each kind of mistake.
#include "../../examples/replay/ratings.hpp"

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

const std::string header = "user,item,rating,time,title,genres\n";

replay::ratings read(const std::string& text) {
    std::istringstream in(text);
    return replay::read_ratings(in, "r.csv");
}

// What reading the text is refused with; empty when it is accepted.
std::string complaint(const std::string& text) {
    try {
        read(text);
    } catch (const replay::bad_input& error) { return error.what(); }
    return {};
}

std::string complaint_for_file(const std::filesystem::path& path) {
    try {
        replay::read_ratings(path);
    } catch (const replay::bad_input& error) { return error.what(); }
    return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("ratings: a plain file becomes events, films, users and genres") {
    const auto data = read(header + "7,31,2.5,100,Dumbo (1941),Animation|Drama\n"
                                    "9,31,4,200,Dumbo (1941),Animation|Drama\n"
                                    "7,18446744073709551615,0.5,300,Heat (1995),Crime|Drama\n");
    REQUIRE(data.events.size() == 3);
    CHECK(data.users == std::vector<std::uint64_t>{7, 9});
    CHECK(data.genres == std::vector<std::string>{"Animation", "Drama", "Crime"});
    REQUIRE(data.films.size() == 2);
    CHECK(data.films[0].id == 31);
    CHECK(data.films[0].title == "Dumbo (1941)");
    CHECK(data.films[0].year == 1941);
    CHECK(data.films[0].genres == std::vector<std::uint16_t>{0, 1});
    CHECK(data.films[1].id == 18446744073709551615U);
    CHECK(data.films[1].genres == std::vector<std::uint16_t>{2, 1});
    CHECK(data.events[1].user == 1);
    CHECK(data.events[1].film == 0);
    CHECK(data.events[1].stars == 4.0F);
    CHECK(data.events[1].time == 200);
    CHECK(data.min_stars == 0.5F);
    CHECK(data.max_stars == 4.0F);
}

TEST_CASE("ratings: events are sorted by time and ties stay in the file's order") {
    const auto data = read("user,item,rating,time\n1,1,1,50\n1,2,2,10\n1,3,3,50\n1,4,4,10\n1,5,5,50\n");
    std::vector<std::uint64_t> order;
    for (const auto& event : data.events) { order.push_back(data.films[event.film].id); }
    CHECK(order == std::vector<std::uint64_t>{2, 4, 1, 3, 5});
    CHECK(data.films[0].id == 1);  // films keep the order of the file
}

TEST_CASE("ratings: columns may stand in any order, under their common names, among others") {
    for (const std::string names :
         {"timestamp,note,movieId,userId,rating", "Time,year,item_id,USER_ID,Stars", "time, x ,\"Movie ID\",user-id,rating"}) {
        CAPTURE(names);
        const auto data = read(names + "\n99,x,5,6,3.5\n");
        REQUIRE(data.events.size() == 1);
        CHECK(data.events[0].time == 99);
        CHECK(data.events[0].stars == 3.5F);
        CHECK(data.users[0] == 6);
        CHECK(data.films[0].id == 5);
        CHECK(data.films[0].title.empty());
        CHECK(data.films[0].year == 0);
        CHECK(data.films[0].genres.empty());
    }
}

TEST_CASE("ratings: quoted fields hold commas, doubled quotes and line ends") {
    const auto data = read("\"user\",\"item\",\"rating\",\"time\",\"title\",\"genres\"\n"
                           "1,1,3,1,\"American President, The (1995)\",\"Comedy\"\n"
                           "\"1\",\"2\",\"3\",\"2\",\"\"\"Great Performances\"\" Cats (1998)\",\"\"\n"
                           "1,3,3,3,\"two\nlines\",\n"
                           "1,4,3,4,\"\"\"\"\"\",\n");
    REQUIRE(data.films.size() == 4);
    CHECK(data.films[0].title == "American President, The (1995)");
    CHECK(data.films[1].title == "\"Great Performances\" Cats (1998)");
    CHECK(data.films[1].year == 1998);
    CHECK(data.films[2].title == "two\nlines");
    CHECK(data.films[3].title == "\"\"");
    CHECK(complaint("user,item,rating,time,title\n1,1,3,1,\"two\nlines\"\n1,x,3,1,\n") ==
          "r.csv, line 4, column 2 (item): expected an id that is a whole number from 0 to 18446744073709551615, got \"x\"");
}

TEST_CASE("ratings: line ends, byte order mark, empty lines and blanks around numbers do not matter") {
    const std::string rows[] = {
        "user,item,rating,time,title\n1,2,3,4,T\n5,6,3,8,U\n",
        "user,item,rating,time,title\r\n1,2,3,4,T\r\n5,6,3,8,U\r\n",
        "user,item,rating,time,title\n1,2,3,4,T\n5,6,3,8,U",
        "user,item,rating,time,title\r\n1,2,3,4,T\r\n5,6,3,8,\"U\"\r",
        "\xEF\xBB\xBFuser,item,rating,time,title\n1,2,3,4,T\n5,6,3,8,U\n",
        "\n\nuser,item,rating,time,title\n\n1,2,3,4,T\n\r\n5,6,3,8,U\n\n",
        "user, item, rating, time,title\n1, 2 ,\t3, 4,T\n5,6,3,8,U\n",
    };
    for (const auto& text : rows) {
        CAPTURE(text);
        const auto data = read(text);
        REQUIRE(data.events.size() == 2);
        CHECK(data.events[0].time == 4);
        CHECK(data.events[1].time == 8);
        CHECK(data.films[0].title == "T");
        CHECK(data.films[1].title == "U");
    }
}

TEST_CASE("ratings: the year is what a title ends in, in brackets") {
    const auto year = [](const std::string& title) { return read(header + "1,1,1,1,\"" + title + "\",\n").films[0].year; };
    CHECK(year("Toy Story (1995)") == 1995);
    CHECK(year("Toy Story (1995) ") == 1995);
    CHECK(year("1984 (a.k.a. Nineteen) (1956)") == 1956);
    CHECK(year("(1999)") == 1999);
    CHECK(year("2001: A Space Odyssey") == 0);
    CHECK(year("Toy Story (1995") == 0);
    CHECK(year("Toy Story 1995)") == 0);
    CHECK(year("Series (2006-2007)") == 0);
    CHECK(year("Odd (0012)") == 0);
    CHECK(year("Odd (-199)") == 0);
    CHECK(year("Odd (1995]") == 0);
    CHECK(year("Odd (19x5)") == 0);
    CHECK(year("") == 0);
}

TEST_CASE("ratings: an item keeps its first title and genres, and names no genre twice") {
    const auto data = read(header + "1,1,1,1,,\n"
                                    "1,1,1,2,First (2001),Drama||Drama| War |(no genres listed)\n"
                                    "1,1,1,3,Second (2002),Comedy\n"
                                    "1,2,1,4,Other,(no genres listed)\n"
                                    "1,3,1,4,Third,War|Drama\n");
    CHECK(data.films[0].title == "First (2001)");
    CHECK(data.films[0].year == 2001);
    CHECK(data.genres == std::vector<std::string>{"Drama", "War"});
    CHECK(data.films[0].genres == std::vector<std::uint16_t>{0, 1});
    CHECK(data.films[1].genres.empty());
    CHECK(data.films[2].genres == std::vector<std::uint16_t>{1, 0});
}

TEST_CASE("ratings: a field that is no number of its kind is refused") {
    const auto with = [](const std::string& row) { return complaint(header + "1,1,3,1,,\n" + row + "\n"); };
    const std::string id = "expected an id that is a whole number from 0 to 18446744073709551615, got ";
    CHECK(with("x1,2,3,4,,") == "r.csv, line 3, column 1 (user): " + id + "\"x1\"");
    CHECK(with(",2,3,4,,") == "r.csv, line 3, column 1 (user): " + id + "\"\"");
    CHECK(with("1,-2,3,4,,") == "r.csv, line 3, column 2 (item): " + id + "\"-2\"");
    CHECK(with("1,2.0,3,4,,") == "r.csv, line 3, column 2 (item): " + id + "\"2.0\"");
    CHECK(with("1,18446744073709551616,3,4,,") == "r.csv, line 3, column 2 (item): " + id + "\"18446744073709551616\"");

    const std::string stars = "r.csv, line 3, column 3 (rating): expected a number from -1000000 to 1000000, got ";
    for (const std::string bad : {"", "good", "3,5", "3.5.1", "nan", "NaN", "inf", "-inf", "1e39", "1000001", "-2e6", "0x10"}) {
        CAPTURE(bad);
        CHECK(with("1,2,\"" + bad + "\",4,,") == stars + "\"" + bad + "\"");
    }
    CHECK(with("1,2,-1e6,4,,").empty());

    const std::string time = "r.csv, line 3, column 4 (time): expected whole seconds since 1970 from 0 to 1099511627776, got ";
    for (const std::string bad : {"", "noon", "-1", "1.5", "4.0", "1e9", "1099511627777", "99999999999999999999", "2001-01-01"}) {
        CAPTURE(bad);
        CHECK(with("1,2,3," + bad + ",,") == time + "\"" + bad + "\"");
    }
    CHECK(with("1,2,3,1099511627776,,").empty());
    CHECK(with("1,2,3,0,,").empty());
}

TEST_CASE("ratings: a header without the columns that are needed is refused") {
    CHECK(complaint("") == "r.csv, line 1: expected a header row that names the columns, got none");
    CHECK(complaint("\xEF\xBB\xBF") == "r.csv, line 1: expected a header row that names the columns, got none");
    CHECK(complaint("user,item,time\n1,2,3\n") ==
          "r.csv, line 1: expected a header row with the columns user, item, rating and time, got one without rating: \"user,item,time\"");
    CHECK(contains(complaint("1,31,2.5,1260759144\n"), "got one without user: \"1,31,2.5,1260759144\""));
    CHECK(contains(complaint("user;item;rating;time\n"), "got one without user: \"user;item;rating;time\""));
    CHECK(complaint("user,item,userId,rating,time\n1,2,3,4,5\n") ==
          "r.csv, line 1, column 3 (userId): expected one column of user, got a second one after column 1");
    CHECK(complaint("user,item,rating,time\n") == "r.csv, line 2: expected at least one rating after the header row, got none");
    CHECK(complaint("user,item,rating,time") == "r.csv, line 1: expected at least one rating after the header row, got none");
}

TEST_CASE("ratings: a row with too few or too many fields is refused") {
    CHECK(complaint(header + "1,2,3,4\n") == "r.csv, line 2, column 5 (title): expected 6 fields as in the header, got 4");
    CHECK(complaint(header + "1,2,3,4,Cry, the Country,Drama\n") == "r.csv, line 2, column 7: expected 6 fields as in the header, got 7");
    CHECK(complaint(header + " \n") == "r.csv, line 2, column 2 (item): expected 6 fields as in the header, got 1");
}

TEST_CASE("ratings: misplaced quotes are refused where they stand") {
    CHECK(complaint(header + "1,2,3,4,\"Heat,Crime\n") ==
          "r.csv, line 2, column 5 (title): expected a closing quote, got none after \"Heat,Crime\"");
    CHECK(complaint(header + "1,2,3,4,5\" disc,Crime\n1,2,3,4,,\n") ==
          "r.csv, line 2, column 5 (title): expected a quote only around a whole field, got \"5\\\" disc\"");
    CHECK(complaint(header + "1,2,3,4,\"Heat\" II,Crime\n") ==
          "r.csv, line 2, column 5 (title): expected a comma or the line's end after the closing quote, got \" II,Crime\"");
    CHECK(complaint("\"user,item\n") == "r.csv, line 1, column 1: expected a closing quote, got none after \"user,item\"");
}

TEST_CASE("ratings: NUL bytes are refused, quoted or not") {
    const std::string nul(1, '\0');
    CHECK(complaint(header + "1,2,3,4,a" + nul + "b,c\n") ==
          "r.csv, line 2, column 5 (title): expected text, got a NUL byte in \"a\\x00b\"");
    CHECK(contains(complaint(header + "1,2,3,4,\"a" + nul + "\",c\n"), "line 2, column 5 (title): expected text, got a NUL byte"));
    CHECK(contains(complaint("u" + nul + "\"s"), "line 1, column 1: expected text, got a NUL byte"));
}

TEST_CASE("ratings: a line may have 1 MiB and no more") {
    const std::string start = "1,2,3,4,";
    const auto row = [&](std::size_t size) { return start + std::string(size - start.size() - 2, 'x') + ",\n"; };
    const std::size_t limit = replay::csv_reader::max_record;
    CHECK(read(header + row(limit) + row(limit) + row(limit)).events.size() == 3);
    CHECK(complaint(header + row(limit + 1)) == "r.csv, line 2: expected a line of at most 1048576 bytes, got a longer one");
    CHECK(complaint(header + std::string(3 * limit, '1')) == "r.csv, line 2: expected a line of at most 1048576 bytes, got a longer one");
    CHECK(contains(complaint(header + "1,2,3,4,\"" + std::string(3 * limit, '\n')), "line 2, column 5 (title): expected a closing quote"));
}

TEST_CASE("ratings: many lines pass through the reader's buffer unharmed") {
    std::string text = header;
    const std::size_t rows = 60000;  // several times the buffer
    for (std::size_t i = 0; i != rows; ++i) {
        text += std::to_string(i % 97) + "," + std::to_string(i) + "," + std::to_string(i % 10) + "," + std::to_string(i) +
                ",\"Film, the \"\"one\"\"\n of number " + std::to_string(i) + " (1999)\",A|B\r\n";
    }
    REQUIRE(text.size() > 3 * replay::csv_reader::max_record);
    const auto data = read(text);
    REQUIRE(data.events.size() == rows);
    CHECK(data.users.size() == 97);
    bool same = true;
    for (std::size_t i = 0; i != rows; ++i) {
        same = same && data.films[i].id == i && data.films[i].title == "Film, the \"one\"\n of number " + std::to_string(i) + " (1999)" &&
               data.events[i].time == static_cast<std::int64_t>(i) && data.events[i].stars == static_cast<float>(i % 10);
    }
    CHECK(same);
    CHECK(contains(complaint(text + "x,1,1,1,,\n"), "r.csv, line 120002, column 1 (user): "));
}

TEST_CASE("ratings: more genres than an index can name are refused") {
    std::string text = header;
    for (int i = 0; i != 65536; ++i) { text += "1," + std::to_string(i) + ",1,1,,g" + std::to_string(i) + "\n"; }
    CHECK(complaint(text).empty());
    CHECK(complaint(text + "1,65536,1,1,,last\n") ==
          "r.csv, line 65538, column 6 (genres): expected at most 65536 different genres in the file, got \"last\"");
}

TEST_CASE("ratings: text in a complaint is shortened and safe to print") {
    CHECK(contains(complaint(header + std::string(500, '9') + ",2,3,4,,\n"), "got \"" + std::string(40, '9') + "...\""));
    CHECK(contains(complaint(header + "\"\x1b[31m\n\\\xC3\xA9\",2,3,4,,\n"), "got \"\\x1B[31m\\x0A\\\\\\xC3\\xA9\""));
    CHECK(contains(complaint("user,item,rating,time,\x1b" + std::string(99, 'n') + "\n1,2,3,4\n"),
                   "column 5 (\\x1B" + std::string(16, 'n') + "...): "));
    std::istringstream empty;
    CHECK_THROWS_WITH_AS(replay::read_ratings(empty, "a\nb\x1b"), "a?b?, line 1: expected a header row that names the columns, got none",
                         replay::bad_input);
}

TEST_CASE("ratings: files are read by name, and one that cannot be read says why") {
    const scratch_folder scratch;
    const auto good = scratch.write("good.csv", header + "1,2,3,4,Heat (1995),Crime\r\n");
    CHECK(replay::read_ratings(good).films.at(0).year == 1995);
    const auto bad = scratch.write("bad.csv", header + "1,2,3,4,Heat (1995),Crime\r\n1,2,three,4,,\r\n");
    CHECK(complaint_for_file(bad) ==
          bad.string() + ", line 3, column 3 (rating): expected a number from -1000000 to 1000000, got \"three\"");
    CHECK(complaint_for_file(scratch.path()) == scratch.path().string() + ": expected a CSV file, got a directory");
    CHECK(complaint_for_file(scratch.path() / "none.csv") ==
          (scratch.path() / "none.csv").string() + ": expected a file that can be read, got the error \"No such file or directory\"");
}
