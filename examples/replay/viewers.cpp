// SPDX-License-Identifier: MIT
// The features of users.
#include "viewers.hpp"

#include <algorithm>
#include <cmath>

namespace replay {

std::vector<std::uint32_t> viewers::liked(std::size_t user, std::size_t most) const {
    std::vector<std::uint32_t> found;
    const state& who = states_[user];
    for (std::size_t i = who.films.size(); i-- > 0 && found.size() < most;)
        if (who.stars[i] >= 4) found.push_back(who.films[i]);
    return found;
}

void viewers::arrive(visit& here, std::size_t user, const films& shelf, std::int64_t time) const {
    const state& who = states_[user];
    const std::size_t count = who.films.size();
    const double gap = count ? static_cast<double>(time - who.times.back()) : 0;

    here.user = user;
    here.state.fill(0);
    const std::array<double, 8> scalars{
        std::log1p(static_cast<double>(count)) / 2 - 1,
        count ? who.sum_of_stars / static_cast<double>(count) - 3.5 : 0.0,
        count ? 0.0 : 1.0,
        who.liked > 0 ? who.liked_counts / who.liked / 2 - 1 : 0.0,  // how well known what the user likes is
        0.2 * std::log1p(gap),
        count && gap == 0 ? 1.0 : 0.0,
        count ? static_cast<double>(who.stars.back()) - 3.5 : 0.0,
        gap > 3600 ? 1.0 : 0.0,
    };
    std::transform(scalars.begin(), scalars.end(), here.state.begin(), [](double v) { return static_cast<float>(v); });
    if (who.liked > 0)
        for (std::size_t g = 0; g < genre_slots; ++g) here.state[8 + g] = static_cast<float>(who.liked_genres[g] / who.liked);
    float* mean = here.state.data() + 8 + genre_slots;  // of the content of the last films, newest first by 0.65
    float weight = 1, total = 0;
    for (std::size_t age = 0; age < std::min<std::size_t>(count, 50); ++age, weight *= 0.65f) {
        rv::math::add_scaled(weight, shelf.content_of(who.films[count - 1 - age]), mean, content::width);
        total += weight;
    }
    if (total > 0)
        for (std::size_t k = 0; k < content::width; ++k) mean[k] /= total;

    const std::size_t used = std::min(count, history_length);
    here.history.resize(used * recent::width);
    for (std::size_t row = 0; row < used; ++row) {
        const std::size_t at = count - used + row;
        const double age = static_cast<double>(count - 1 - at);
        float* out = here.history.data() + row * recent::width;
        std::copy_n(shelf.content_of(who.films[at]), content::width, out);
        out += content::width;
        out[0] = who.stars[at] - 3.5f;
        out[1] = static_cast<float>(std::exp2(-age));
        out[2] = static_cast<float>(std::pow(0.8, age));
        out[3] = static_cast<float>(2 * age / history_length - 1);
        out[4] = static_cast<float>(0.2 * std::log1p(static_cast<double>(time - who.times[at])) - 1);
    }
}

void viewers::rated(std::size_t user, std::size_t film, float stars, std::int64_t time, const films& shelf) {
    state& who = states_[user];
    if (who.rated.empty()) who.rated.resize(films_);
    who.rated[film] = true;
    who.films.push_back(static_cast<std::uint32_t>(film));
    who.stars.push_back(stars);
    who.times.push_back(time);
    who.sum_of_stars += static_cast<double>(stars);
    if (stars >= 4) {
        who.liked += 1;
        who.liked_counts += std::log1p(static_cast<double>(shelf.count(film)));
        for (const auto slot : shelf.genres(film)) who.liked_genres[slot] += 1;
    }
}

}  // namespace replay
