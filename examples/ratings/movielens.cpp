// SPDX-License-Identifier: MIT
// Reads the three files line by line and believes none of them.
#include "movielens.hpp"

#include "../shared/text.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

namespace movielens {

using namespace shared;

namespace {

constexpr std::int64_t last_time = std::int64_t{1} << 40;

/// The fields of a file, line by line; each has as many as `expected`.
class table {
public:
    table(const std::filesystem::path& file, char between, std::size_t expected)
        : name_(clean(file.string())), between_(between), fields_(expected) {
        std::error_code unknown;
        if (!std::filesystem::is_regular_file(file, unknown)) throw bad_input(name_ + ": expected a file, found none");
        in_.open(file, std::ios::binary);
        if (!in_) throw bad_input(name_ + ": expected a file that can be read, got one that cannot be opened");
    }

    bool next() {
        if (!std::getline(in_, text_)) {
            if (in_.bad()) throw bad_input(name_ + ": expected to read on, got an error of the system");
            return false;
        }
        ++line_;
        if (!text_.empty() && text_.back() == '\r') text_.pop_back();
        std::size_t count = 0;
        for (std::string_view rest = text_;; ++count) {
            const std::size_t end = rest.find(between_);
            if (count < fields_.size()) fields_[count] = rest.substr(0, end);
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
        if (++count != fields_.size())
            fail(std::to_string(fields_.size()) + (between_ == '\t' ? " fields with a tab" : " fields with a |") + " between them",
                 std::to_string(count));
        return true;
    }
    std::string_view field(std::size_t i) const { return fields_[i]; }

    /// A whole number from `least` to `most`.
    template <class Number> Number number(std::size_t i, Number least, Number most, std::string_view what) const {
        Number n = 0;
        const std::string_view text = fields_[i];
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), n);
        if (error != std::errc{} || stop != text.data() + text.size() || n < least || n > most)
            fail(std::string(what) + " from " + std::to_string(least) + " to " + std::to_string(most), shown(text));
        return n;
    }
    std::uint64_t id(std::size_t i, std::string_view what) const {
        return number<std::uint64_t>(i, 0, std::numeric_limits<std::uint64_t>::max(), what);
    }
    /// The same id, of something that another file tells of.
    std::size_t known(std::size_t i, std::string_view what, const std::unordered_map<std::uint64_t, std::size_t>& in) const {
        const auto found = in.find(id(i, what));
        if (found == in.end()) fail(std::string(what) + " that the other files tell of", shown(fields_[i]));
        return found->second;
    }

    static std::string shown(std::string_view text) { return "\"" + shortened(clean(text), 40) + "\""; }
    [[noreturn]] void fail(const std::string& expected, const std::string& got) const {
        throw bad_input(name_ + ", line " + std::to_string(line_) + ": expected " + expected + ", got " + got);
    }
    [[noreturn]] void fail_empty() const { throw bad_input(name_ + ": expected at least one line, got none"); }

private:
    std::string name_;
    char between_;
    std::ifstream in_;
    std::string text_;
    std::vector<std::string_view> fields_;
    std::size_t line_ = 0;
};

using index = std::unordered_map<std::uint64_t, std::size_t>;

/// The year at the end of 01-Jan-1995; 0 of no date.
int year_of(const table& file, std::string_view date) {
    if (date.empty()) return 0;
    int year = 0;
    const std::string_view last = date.substr(date.size() < 4 ? 0 : date.size() - 4);
    const auto [stop, error] = std::from_chars(last.data(), last.data() + last.size(), year);
    if (error != std::errc{} || stop != last.data() + last.size() || year < 1000)
        file.fail("a date that ends in a year of four digits, or none", table::shown(date));
    return year;
}

index read_films(const std::filesystem::path& folder, archive& to) {
    constexpr std::size_t first_genre = 5;
    table file(folder / "u.item", '|', first_genre + genres);
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
    table file(folder / "u.user", '|', 5);
    index places;
    while (file.next()) {
        person& one = to.users.emplace_back();
        one.id = file.id(0, "the id of a user");
        one.age = file.number(1, 0, 150, "an age");
        if (file.field(2) != "M" && file.field(2) != "F") file.fail("M or F", table::shown(file.field(2)));
        one.woman = file.field(2) == "F";
        const auto known = std::find(to.occupations.begin(), to.occupations.end(), file.field(3));
        one.occupation = static_cast<std::size_t>(known - to.occupations.begin());
        if (known == to.occupations.end()) {
            if (to.occupations.size() == most_occupations)
                file.fail("at most " + std::to_string(most_occupations) + " different occupations",
                          "another, " + table::shown(file.field(3)));
            to.occupations.emplace_back(file.field(3));
        }
        if (!places.emplace(one.id, places.size()).second) file.fail("each user once", "user " + std::to_string(one.id) + " again");
    }
    if (to.users.empty()) file.fail_empty();
    return places;
}

}  // namespace

archive read(const std::filesystem::path& folder) {
    archive found;
    const index films = read_films(folder, found), users = read_users(folder, found);
    table file(folder / "u.data", '\t', 4);
    while (file.next())
        found.ratings.push_back({file.known(0, "the id of a user", users), file.known(1, "the id of a film", films),
                                 static_cast<float>(file.number(2, 1, 5, "stars")),
                                 file.number<std::int64_t>(3, 0, last_time, "seconds since 1970")});
    if (found.ratings.empty()) file.fail_empty();
    std::stable_sort(found.ratings.begin(), found.ratings.end(), [](const rating& a, const rating& b) { return a.time < b.time; });
    return found;
}

}  // namespace movielens
