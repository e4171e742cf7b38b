// SPDX-License-Identifier: MIT
// The features of films.
#include "films.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace replay {

namespace {

constexpr std::array<double, 3> half_lives{500, 5000, 50000};  // events

/// Puts a value between two of `count` centres, shared by nearness; beyond the ends it is the end's.
template <class Centre> void soft_slots(float* out, std::size_t count, double value, Centre&& centre) {
    std::fill_n(out, count, 0.0f);
    std::size_t above = 0;
    while (above < count && centre(above) <= value) ++above;
    if (above == 0)
        out[0] = 1;
    else if (above == count)
        out[count - 1] = 1;
    else {
        const double low = centre(above - 1), part = (value - low) / (centre(above) - low);
        out[above - 1] = static_cast<float>(1 - part);
        out[above] = static_cast<float>(part);
    }
}

double year_of(std::int64_t time) { return 1970 + static_cast<double>(time) / 31556952.0; }

}  // namespace

double fading::at(double event, double half_life) const { return value_ * std::exp2((since_ - event) / half_life); }

films::films(const ratings& data)
    : films_(data.films), slots_(data.films.size()), states_(data.films.size()), contents_(films_.size() * content::width),
      standings_(films_.size() * standing::width) {
    // The genres with the most films get a slot each.
    std::vector<std::size_t> frequency(data.genres.size()), order(data.genres.size());
    for (const film& one : films_)
        for (const auto genre : one.genres) ++frequency[genre];
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return frequency[a] > frequency[b]; });
    std::vector<std::uint16_t> slot(data.genres.size(), genre_slots);
    for (std::size_t i = 0; i < std::min(order.size(), genre_slots); ++i) slot[order[i]] = static_cast<std::uint16_t>(i);
    for (std::size_t i = 0; i < films_.size(); ++i)
        for (const auto genre : films_[i].genres)
            if (slot[genre] < genre_slots) slots_[i].push_back(slot[genre]);
}

double films::popularity(std::size_t film, std::size_t event) const {
    return states_[film].liked[1].at(static_cast<double>(event), half_lives[1]);
}

void films::describe(std::size_t film, std::size_t event, std::int64_t time) {
    const state& now = states_[film];
    const double moment = static_cast<double>(event), count = now.count;

    float* x = &contents_[film * content::width];
    std::fill_n(x, genre_slots, 0.0f);
    for (const auto slot : slots_[film]) x[slot] = 1 / std::sqrt(static_cast<float>(slots_[film].size()));
    // Recent decades hold most films, so the centres lie closer there.
    soft_slots(x + genre_slots, year_slots, films_[film].year,
               [](std::size_t k) { return 1930 + 86 * std::pow(static_cast<double>(k) / (year_slots - 1), 0.6); });
    soft_slots(x + genre_slots + year_slots, count_slots, std::log1p(count),
               [](std::size_t k) { return 5.5 * static_cast<double>(k) / (count_slots - 1); });

    const double age = films_[film].year ? year_of(time) - films_[film].year : 20;
    const std::array<double, standing::width> values{
        std::log1p(now.liked[0].at(moment, half_lives[0])),
        std::log1p(now.liked[1].at(moment, half_lives[1])) - 1,
        std::log1p(now.liked[2].at(moment, half_lives[2])) / 2 - 1,
        std::log1p(count) / 2 - 1,
        now.count == 0 ? 1.0 : 0.0,
        2 * ((now.stars + 5 * 3.5) / (count + 5) - 3.5),  // mean rating, drawn to 3.5 by five ratings of it
        age / 20 - 0.5,
        std::min(1.0, std::log1p(std::max(0.0, age)) / 2) - 0.5,
        now.count ? 0.3 * std::log1p((moment - static_cast<double>(now.first)) / 100) : 0.0,
        now.count ? 0.3 * std::log1p((moment - static_cast<double>(now.last)) / 10) : 3.0,
    };
    std::transform(values.begin(), values.end(), &standings_[film * standing::width], [](double v) { return static_cast<float>(v); });
}

void films::rated(std::size_t film, float stars, std::size_t event) {
    state& now = states_[film];
    if (now.count == 0) now.first = event;
    ++now.count;
    now.last = event;
    now.stars += static_cast<double>(stars);
    if (stars >= 4)
        for (std::size_t k = 0; k < half_lives.size(); ++k) now.liked[k].add(1, static_cast<double>(event), half_lives[k]);
}

}  // namespace replay
