// SPDX-License-Identifier: MIT
// The ladder of models of ratings, and all their settings: everything that is rivulet's about this example.
//
// The settings were chosen by the RMSE of the first 50,000 ratings in time order, with seed 0, and are the same for all 100,000: rates,
// pulls and spreads of `biases`, `factors` and `machine` from grids of two or three values each; those of the personal state are its
// defaults, which were found in the same way.
#pragma once

#include <rivulet/embed/embed.hpp>
#include <rivulet/factor/factorisation.hpp>
#include <rivulet/factor/personal.hpp>
#include <rivulet/rank/additive.hpp>
#include <rivulet/rivulet.hpp>

#include "../shared/movielens.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stars {

namespace rv = rivulet;

inline constexpr std::size_t eras = movielens::eras, ages = movielens::age_bands, sexes = 2;
inline constexpr float lowest = 1, middle = 3, highest = 5;  // models learn how far from the middle a rating is

struct user : rv::context_ids<> {};
struct traits : rv::context_ids<3> {};                                           // age, sex and occupation
struct about_user : rv::context<ages + sexes + movielens::most_occupations> {};  // the same as ones and zeros
struct film : rv::candidate_ids<> {};
struct kinds : rv::candidate_ids<movielens::genres + 1> {};      // its genres, and the time it is from
struct about_film : rv::candidate<movielens::genres + eras> {};  // the same as ones and zeros

/// What is known of a user, as the models take it.
struct user_facts {
    rv::item_id id = 0;
    std::array<rv::item_id, 3> traits{};
    std::array<float, about_user::width> about{};

    explicit user_facts(const movielens::person& one) : id(one.id) {
        traits = {movielens::age_band(one.age), ages + std::size_t(one.woman), ages + sexes + one.occupation};
        for (const rv::item_id trait : traits) about[trait] = 1;
    }
};

struct film_facts {
    rv::item_id id = 0;
    std::size_t count = 0;  // of kinds
    std::array<rv::item_id, movielens::genres + 1> kinds{};
    std::array<float, movielens::genres + 1> shares{};  // of a kind: the genres of a film together have the length of one
    std::array<float, about_film::width> about{};

    explicit film_facts(const movielens::film& one) : id(one.id) {
        for (std::size_t genre = 0; genre < movielens::genres; ++genre)
            if (one.of[genre]) kinds[count++] = genre;
        std::fill_n(shares.begin(), count, 1 / std::sqrt(static_cast<float>(count)));
        kinds[count] = movielens::genres + movielens::era(one.year);
        shares[count++] = 1;
        for (std::size_t k = 0; k < count; ++k) about[kinds[k]] = 1;
    }
};

/// How large the tables are, and what first numbers come from.
struct size {
    std::size_t users = 0, films = 0;
    std::uint64_t seed = 0;
    bool only_new = false;  // of a personal state: what is known of films and of users in general stays as it is
};

/// c + b_user + b_film.
struct biases {
    static constexpr const char* name = "biases";
    static constexpr const char* note = "a number for each user and film, Adagrad";

    static auto make(const size& by) {
        return rv::pipeline{rv::fuse{rv::embed<user, 1>{.room = {by.users}, .spread = 0.01f, .shrink = 0.05f, .seed = by.seed},
                                     rv::embed<film, 1>{.room = {by.films}, .spread = 0.01f, .shrink = 0.05f, .seed = by.seed}},
                            rv::additive{}, rv::adagrad{.rate = 0.3f, .initial = 1}, rv::squared{}};
    }
    static auto request(const user_facts& one) { return rv::request(rv::with<user>(one.id)); }
    static auto item(const film_facts& one) { return rv::item(rv::with<film>(one.id)); }
};

/// c + b_user + b_film + <v_user, v_film>.
struct factors {
    static constexpr const char* name = "factors";
    static constexpr const char* note = "biased matrix factorisation, 16 factors, Adagrad";

    static auto make(const size& by) {
        const rv::room_for_ids users{by.users}, films{by.films};
        return rv::pipeline{
            rv::fuse{rv::embed<user, 1>{.room = users, .spread = 0.01f, .shrink = 0.05f, .seed = by.seed},
                     rv::embed<film, 1>{.room = films, .spread = 0.01f, .shrink = 0.05f, .seed = by.seed},
                     rv::factorisation<16, user, film>{.room = {users, films}, .spread = 0.2f, .shrink = 0.1f, .seed = by.seed}},
            rv::additive{}, rv::adagrad{.rate = 0.3f, .initial = 1}, rv::squared{}};
    }
    static auto request(const user_facts& one) { return biases::request(one); }
    static auto item(const film_facts& one) { return biases::item(one); }
};

/// The same over all that is known of users and films.
struct machine {
    static constexpr const char* name = "machine";
    static constexpr const char* note = "factorisation machine: users, films, ages, sexes, occupations, genres, years";
    static constexpr rv::room_for_ids few{.capacity = 64};

    static auto make(const size& by) {
        const rv::room_for_ids users{by.users}, films{by.films};
        return rv::pipeline{rv::fuse{rv::embed<user, 1>{.room = users, .spread = 0.01f, .shrink = 0.05f, .seed = by.seed},
                                     rv::embed<traits, 1>{.room = few, .spread = 0.01f, .shrink = 0.05f, .seed = by.seed},
                                     rv::embed<film, 1>{.room = films, .spread = 0.01f, .shrink = 0.05f, .seed = by.seed},
                                     rv::embed<kinds, 1>{.room = few, .spread = 0.01f, .shrink = 0.05f, .seed = by.seed},
                                     rv::factorisation<16, user, traits, film, kinds>{
                                         .room = {users, few, films, few}, .spread = 0.02f, .shrink = 0.5f, .seed = by.seed}},
                            rv::additive{}, rv::adagrad{.rate = 0.4f, .initial = 30}, rv::squared{}};
    }
    static auto request(const user_facts& one) { return rv::request(rv::with<user>(one.id), rv::with<traits>(one.traits)); }
    static auto item(const film_facts& one) {
        return rv::item(rv::with<film>(one.id),
                        rv::with<kinds>(std::span(one.kinds.data(), one.count), std::span(one.shares.data(), one.count)));
    }
};

/// A state for each user, solved anew for each request.
template <class... Features> auto make_personal(const size& by) {
    rv::personal_settings how{.kept = 512, .seed = by.seed};
    if (by.only_new) {
        how.rehearse = 0;
        how.rate = 1e-30f;  // nothing beside any number that it is added to
        how.rate_bias = how.rate_content = how.rate_prior = 0;
    }
    return rv::pipeline{rv::fuse{rv::personal<15, user, film, Features...>{.users = {by.users}, .items = {by.films}, .how = how}},
                        rv::additive{}, rv::sgd{.rate = 1e-4f}, rv::squared{}};
}

struct states {
    static constexpr const char* name = "states";
    static constexpr const char* note = "a personal state over 15 factors, nothing known of users and films";

    static auto make(const size& by) { return make_personal(by); }
    static auto request(const user_facts& one) { return biases::request(one); }
    static auto item(const film_facts& one) { return biases::item(one); }
};

struct full {
    static constexpr const char* name = "full";
    static constexpr const char* note = "the same with ages, sexes, occupations, genres and years";

    static auto make(const size& by) { return make_personal<about_user, about_film>(by); }
    static auto request(const user_facts& one) { return rv::request(rv::with<user>(one.id), rv::with<about_user>(one.about)); }
    static auto item(const film_facts& one) { return rv::item(rv::with<film>(one.id), rv::with<about_film>(one.about)); }
};

/// Both of the models that know all: they miss in different ways.
struct both {
    static constexpr const char* name = "both";
    static constexpr const char* note = "four parts of full and one of machine";
    static constexpr float share_of_machine = 0.2f;
};

}  // namespace stars
