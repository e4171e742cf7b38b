// SPDX-License-Identifier: MIT
// A model that is shown a stream: it ranks before each film that a user likes, then learns.
#pragma once

#include "../shared/require.hpp"
#include "model.hpp"
#include "trial.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace taste {

using shared::require;

/// One pass of a model over a stream.
template <class Model> class player {
public:
    player(const stream& over, std::uint64_t seed)
        : over_(over), rated_(over.users.size() * over.films.size()), last_(over.users.size()), known_(over.films.size()), draw_(seed + 1),
          ranker_(Model::make({room(over.users.size()), room(over.films.size()), seed})), items_(ranker_.catalogue()) {
        for (std::size_t film = 0; over.all_films_known && film < over.films.size(); ++film) meet(film);
        outcomes_.reserve(Model::drawn + 1);
    }

    trial run(std::uint64_t seed, const watcher& watch) {
        trial found{.seed = seed};
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t e = 0; e < over_.events.size(); ++e) {
            const event& one = over_.events[e];
            const bool is_new = !known_[one.film];
            const auto asks = Model::request({one.user, over_.users[one.user], last_[one.user]});
            if (one.liked && !rated(one.user, one.film)) {
                const std::size_t place = is_new ? listed : place_of(asks, one);
                found.all.add(place);
                if (2 * e >= over_.events.size()) found.second_half.add(place);
                if (!is_new) found.known.add(place);
            }
            if (is_new) meet(one.film);
            hear(asks, one);
            remember(one);
            if (e % refresh_every == 0) ranker_.refresh(items_);
            watch(e + 1, found.all.recall());
        }
        found.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        found.bytes = ranker_.memory() + items_.memory();
        return found;
    }

private:
    static constexpr std::size_t refresh_every = 10;  // events

    /// Tables keep a quarter, up to 256, free for the ids that the next step may bring.
    static std::size_t room(std::size_t count) { return count + std::clamp<std::size_t>(count, 1, 300); }

    bool rated(std::size_t user, std::size_t film) const { return rated_[user * over_.films.size() + film]; }
    void meet(std::size_t film) {
        require(Model::add(items_, film, over_.films[film]));
        known_[film] = true;
        films_.push_back(film);
    }
    void remember(const event& one) {
        rated_[one.user * over_.films.size() + one.film] = true;
        std::vector<rv::item_id>& last = last_[one.user];
        last.insert(last.begin(), one.film);
        if (last.size() > remembered) last.pop_back();
    }
    /// From 0; `listed` if it is not among the first.
    template <class Request> std::size_t place_of(const Request& asks, const event& one) const {
        const auto best = ranker_.rank(asks, items_, listed, [&](rv::item_id film) { return !rated(one.user, film); });
        require(best.status);
        for (std::size_t place = 0; place < best.size(); ++place)
            if (best[place].id == one.film) return place;
        return listed;
    }
    template <class Request> void hear(const Request& asks, const event& one) {
        if (one.liked && Model::drawn > 0) {
            outcomes_.assign(1, {items_.at(one.film), rv::click});
            for (std::size_t tries = 0; tries < 4 * Model::drawn && outcomes_.size() <= Model::drawn; ++tries) {
                const std::size_t film = films_[draw_.below(films_.size())];
                if (film != one.film && !rated(one.user, film)) outcomes_.push_back({items_.at(film), rv::skip});
            }
            require(ranker_.learn(asks, outcomes_).status);
        } else if (one.liked || Model::hears_all) {
            require(ranker_.observe(asks, items_.at(one.film), one.liked ? rv::click : looked_at));
        }
    }

    const stream& over_;
    std::vector<bool> rated_;                     // (users, films)
    std::vector<std::vector<rv::item_id>> last_;  // (users): what each rated last, newest first
    std::vector<bool> known_;                     // (films)
    std::vector<std::size_t> films_;              // that are known
    rv::random draw_;
    decltype(Model::make({})) ranker_;
    typename decltype(Model::make({}))::catalogue_type items_;
    std::vector<rv::outcome<typename decltype(Model::make({}))::catalogue_type::entry>> outcomes_;
};

}  // namespace taste
