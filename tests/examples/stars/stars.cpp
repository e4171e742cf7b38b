// SPDX-License-Identifier: MIT
// Writes a small set in the format of MovieLens 100K: stars <folder>. 60 users, each of whom rates 50 of 80 films by taste and genre.
#include <rivulet/rivulet.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

int main(int count, char** words) {
    if (count != 2) return 2;
    constexpr std::size_t users = 60, films = 80, each = 50, genres = 19;
    const std::filesystem::path folder = words[1];
    std::filesystem::create_directories(folder);
    std::ofstream data(folder / "u.data"), item(folder / "u.item"), people(folder / "u.user");
    for (std::ofstream* file : {&data, &item, &people}) file->exceptions(std::ios::failbit | std::ios::badbit);

    for (std::size_t film = 1; film <= films + 1; ++film) {  // the last has no ratings and no date
        const std::string year = std::to_string(1930 + film * 68 / films);
        item << film << "|Film, the " << film << "th (" << year << ")|" << (film > films ? "" : "01-Jan-" + year) << "||";
        for (std::size_t genre = 0; genre < genres; ++genre) item << '|' << (genre == film % genres || genre == film % 3 ? 1 : 0);
        item << '\n';
    }
    constexpr const char* work[]{"writer", "baker", "none"};
    for (std::size_t user = 1; user <= users + 1; ++user)
        people << user << '|' << 10 + user << '|' << (user % 2 ? 'M' : 'F') << '|' << work[user % 3] << "|12345\n";

    rivulet::random seeded(7);
    for (std::size_t n = 0; n < each; ++n)
        for (std::size_t user = 1; user <= users; ++user) {
            const std::size_t film = 1 + (user * 31 + n * 7) % films;  // 7 and 80 have no factor in common: each film once
            const double likes = (user % 2 == film % 2 ? 1.2 : -1.2) + (film % 3 == user % 3 ? 0.8 : -0.4);
            const auto stars = static_cast<int>(std::clamp(3.5 + likes + seeded.around_zero(0.7), 1.0, 5.0));
            data << user << '\t' << film << '\t' << stars << '\t' << 880'000'000 + n * 1000 + user / 2 << '\n';  // two of each second
        }
}
