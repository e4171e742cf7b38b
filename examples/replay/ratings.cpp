// SPDX-License-Identifier: MIT
// Gives the columns of a CSV file their meaning as ratings, films and users.
#include "ratings.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <map>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace replay {
namespace {

constexpr std::size_t absent = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t max_time = std::int64_t{1} << 40;
constexpr float max_magnitude = 1e6F;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// std::from_chars over the whole text; false for anything else, a leading '+' and overflow included.
template <class Number> bool parse(std::string_view text, Number& number) {
    text = trimmed(text);
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stop == end;
}

int year_in(std::string_view title) {
    title = trimmed(title);
    int year = 0;
    if (title.size() < 6 || title.back() != ')' || title[title.size() - 6] != '(') { return 0; }
    return parse(title.substr(title.size() - 5, 4), year) && year >= 1000 ? year : 0;
}

// Whether a column of the file is the one we call `wanted`.
bool names(const std::string& column, std::string_view wanted) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> aliases{{
        {"userid", "user"},
        {"itemid", "item"},
        {"movieid", "item"},
        {"movie", "item"},
        {"stars", "rating"},
        {"timestamp", "time"},
        {"genre", "genres"},
    }};
    std::string plain;
    for (const char c : column) {
        if (c != '_' && c != '-' && c != ' ' && c != '\t') { plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
    }
    return plain == wanted || std::find(aliases.begin(), aliases.end(), std::pair{std::string_view{plain}, wanted}) != aliases.end();
}

std::size_t column_of(const csv_reader& file, std::string_view wanted) {
    const auto& columns = file.columns();
    std::size_t found = absent;
    for (std::size_t i = 0; i != columns.size(); ++i) {
        if (!names(columns[i], wanted)) { continue; }
        if (found != absent) {
            file.fail(i, "expected one column of " + std::string{wanted} + ", got a second one after column " + std::to_string(found + 1));
        }
        found = i;
    }
    return found;
}

std::size_t required_column_of(const csv_reader& file, std::string_view wanted) {
    const std::size_t found = column_of(file, wanted);
    if (found == absent) {
        std::string header;
        for (const auto& column : file.columns()) { header += (header.empty() ? "" : ",") + column; }
        file.fail("expected a header row with the columns user, item, rating and time, got one without " + std::string{wanted} + ": " +
                  shown(header, 80));
    }
    return found;
}

class table {
public:
    explicit table(csv_reader& file)
        : file_{file}, user_{required_column_of(file, "user")}, item_{required_column_of(file, "item")}, stars_{required_column_of(
                                                                                                             file, "rating")},
          time_{required_column_of(file, "time")}, title_{column_of(file, "title")}, genres_{column_of(file, "genres")} {}

    ratings read() {
        while (file_.next()) { result_.events.push_back(event()); }
        auto& events = result_.events;
        if (events.empty()) { file_.fail("expected at least one rating after the header row, got none"); }
        std::stable_sort(events.begin(), events.end(), [](const rating& a, const rating& b) { return a.time < b.time; });
        const auto [least, most] =
            std::minmax_element(events.begin(), events.end(), [](const rating& a, const rating& b) { return a.stars < b.stars; });
        result_.min_stars = least->stars;
        result_.max_stars = most->stars;
        return std::move(result_);
    }

private:
    rating event() {
        rating read;
        const auto user = id(user_);
        const auto item = id(item_);
        if (!parse(field(stars_), read.stars) || !(std::fabs(read.stars) <= max_magnitude)) {
            reject(stars_, "a number from -1000000 to 1000000");
        }
        if (!parse(field(time_), read.time) || read.time < 0 || read.time > max_time) {
            reject(time_, "whole seconds since 1970 from 0 to " + std::to_string(max_time));
        }
        const auto [user_at, user_is_new] = user_index_.try_emplace(user, static_cast<std::uint32_t>(result_.users.size()));
        if (user_is_new) { result_.users.push_back(user); }
        const auto [film_at, film_is_new] = film_index_.try_emplace(item, static_cast<std::uint32_t>(result_.films.size()));
        if (film_is_new) { result_.films.emplace_back().id = item; }
        read.user = user_at->second;
        read.film = film_at->second;
        describe(result_.films[read.film], read.film);
        return read;
    }

    void describe(film& about, std::uint32_t index) {
        if (about.title.empty() && title_ != absent) {
            about.title = field(title_);
            about.year = year_in(about.title);
        }
        if (!about.genres.empty() || genres_ == absent) { return; }
        for (auto rest = field(genres_); !rest.empty();) {
            const auto bar = rest.find('|');
            const auto name = trimmed(rest.substr(0, bar));
            rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
            if (!name.empty() && name != "(no genres listed)") { add_genre(about, index, name); }
        }
    }

    void add_genre(film& about, std::uint32_t index, std::string_view name) {
        auto at = genre_index_.find(name);
        if (at == genre_index_.end()) {
            const auto genre = result_.genres.size();
            if (genre > std::numeric_limits<std::uint16_t>::max()) { reject(genres_, "at most 65536 different genres in the file"); }
            at = genre_index_.emplace(name, static_cast<std::uint16_t>(genre)).first;
            result_.genres.emplace_back(name);
            last_film_.push_back(std::numeric_limits<std::uint32_t>::max());
        }
        // Remembering the last film of each genre finds a name given twice without searching the film's list.
        if (std::exchange(last_film_[at->second], index) != index) { about.genres.push_back(at->second); }
    }

    std::uint64_t id(std::size_t column) const {
        std::uint64_t number = 0;
        if (!parse(field(column), number)) { reject(column, "an id that is a whole number from 0 to 18446744073709551615"); }
        return number;
    }

    std::string_view field(std::size_t column) const { return file_.fields()[column]; }

    [[noreturn]] void reject(std::size_t column, const std::string& expected) const {
        file_.fail(column, "expected " + expected + ", got " + shown(field(column)));
    }

    csv_reader& file_;
    std::size_t user_;
    std::size_t item_;
    std::size_t stars_;
    std::size_t time_;
    std::size_t title_;
    std::size_t genres_;
    ratings result_;
    std::unordered_map<std::uint64_t, std::uint32_t> user_index_;
    std::unordered_map<std::uint64_t, std::uint32_t> film_index_;
    std::map<std::string, std::uint16_t, std::less<>> genre_index_;
    std::vector<std::uint32_t> last_film_;  // of each genre
};

}  // namespace

ratings read_ratings(const std::filesystem::path& path) {
    const std::string name = path.string();
    std::error_code ignored;  // what cannot be looked at cannot be opened either, and opening says why
    if (std::filesystem::is_directory(path, ignored)) { throw bad_input(shown_name(name) + ": expected a CSV file, got a directory"); }
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        throw bad_input(shown_name(name) + ": expected a file that can be read, got the error \"" + std::generic_category().message(errno) +
                        "\"");
    }
    return read_ratings(in, name);
}

ratings read_ratings(std::istream& in, const std::string& name) {
    csv_reader file(in, name);
    return table(file).read();
}

}  // namespace replay
