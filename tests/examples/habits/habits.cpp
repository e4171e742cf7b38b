// SPDX-License-Identifier: MIT
// Writes small sets in the formats of MovieTweetings and of the Anonymous Microsoft Web Data: habits <folder>. Of three kinds of users each
// likes the films and visits the areas of its own kind.
#include <rivulet/rivulet.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t kinds = 3;

std::ofstream open(const std::filesystem::path& file) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file);
    out.exceptions(std::ios::failbit | std::ios::badbit);
    return out;
}

void write_films(const std::filesystem::path& folder) {
    constexpr std::size_t users = 60, films = 90, each = 40;
    std::ofstream movies = open(folder / "pack_movies.tsv"), ratings = open(folder / "pack_ratings.tsv");
    movies << "imdb_id\ttitle\tgenres\n";
    for (std::size_t film = 0; film < films; ++film)
        movies << "00" << 10000 + film << "\tFilm, the " << film << "th (" << 1940 + film << ")\t"
               << (film % 9 == 0 ? ""
                   : film % 2    ? "Drama|Crime"
                                 : "Comedy")
               << '\n';
    ratings << "unix_time\tuser\timdb_id\trating\n";
    rivulet::random seeded(7);
    for (std::size_t n = 0; n < each; ++n)
        for (std::size_t user = 0; user < users; ++user) {
            const std::size_t film = (user * 31 + n * 7) % films;  // 7 and 90 have no factor in common: each film once
            const bool likes = (film % kinds == user % kinds) == (seeded.unit() < 0.9);
            ratings << 1'360'000'000 + n * 1000 + user / 2 << '\t' << user + 1 << "\t00" << 10000 + film << '\t' << (likes ? 9 : 4) << '\n';
        }
}

void write_areas(const std::filesystem::path& folder) {
    constexpr std::size_t areas = 60;
    rivulet::random seeded(8);
    for (const auto& [name, users] : {std::pair{"anonymous-msweb.data", 1500}, std::pair{"anonymous-msweb.test", 200}}) {
        std::ofstream out = open(folder / name);
        out << "I,4,\"www.example.org\",\"made up\"\nT,1,\"VRoot\",0,0,\"VRoot\"\n";
        for (std::size_t area = 0; area < areas; ++area) out << "A," << 1000 + area << ",1,\"Area, " << area << "\",\"/" << area << "\"\n";
        for (int user = 0; user < users; ++user) {
            out << "C,\"" << 10001 + user << "\"," << 10001 + user << '\n';
            std::vector<std::size_t> order(areas);
            std::iota(order.begin(), order.end(), std::size_t(0));
            const std::size_t kind = seeded.below(kinds), count = 1 + seeded.below(9);
            for (std::size_t i = 0; i < count; ++i) {
                std::size_t at = i + seeded.below(areas - i);
                for (int tries = 0; tries < 4 && order[at] % kinds != kind; ++tries) at = i + seeded.below(areas - i);
                std::swap(order[i], order[at]);
                out << "V," << 1000 + order[i] << ",1\n";
            }
        }
    }
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) return 2;
    const std::filesystem::path folder = words[1];
    write_films(folder / "movietweetings");
    write_areas(folder / "msweb");
}
