// SPDX-License-Identifier: MIT
// The ladders of models of what users take next, and all their settings: everything that is rivulet's about this example.
//
// The settings of the streams were chosen by the recall of the first 30,000 events of MovieLens 100K in time order, with seeds 0 and 1, and
// are the same for its other 70,000 and for MovieTweetings. Those of ALS and of the ranker of sets were chosen by the scores of the last
// 3,000 users of the training file, held out. The half life and the settings of item-item neighbours were there before and were not tried
// again.
#pragma once

#include <rivulet/embed/embed.hpp>
#include <rivulet/embed/hashed.hpp>
#include <rivulet/factor/factorisation.hpp>
#include <rivulet/factor/implicit_als.hpp>
#include <rivulet/factor/neighbours.hpp>
#include <rivulet/factor/popularity.hpp>
#include <rivulet/factor/similar.hpp>
#include <rivulet/rank/additive.hpp>
#include <rivulet/rivulet.hpp>

#include "streams.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace taste {

namespace rv = rivulet;

// ---- the streams

inline constexpr std::size_t remembered = 10;

struct user : rv::context_ids<> {};
struct traits : rv::context_ids<3> {};
struct recent : rv::context_ids<remembered> {};  // the films that the user rated last, the newest first
struct about_user : rv::context<traits_known> {};
struct film : rv::candidate_ids<> {};
struct kinds : rv::candidate_ids<most_kinds> {};
struct about_film : rv::candidate<kinds_known> {};

/// A user as a request is made of.
struct asker {
    std::size_t id = 0;
    const user_facts& facts;
    std::span<const rv::item_id> recent;  // films
};

/// How large the tables are, and what first numbers come from.
struct size {
    std::size_t users = 0, films = 0;
    std::uint64_t seed = 0;
};

/// What is said of a film that a user rated low: to have looked at it is a take for those who hear of labels above 0.
inline constexpr rv::feedback looked_at{.label = 0.5f};
inline constexpr float liked_only = 0.7f;  // the label that others hear of

inline auto takes(const size& by) { return rv::popularity<film>{.items = {by.films}, .half_life = 16'000}; }
using similar_part = rv::similar<user, film, 16384>;
inline similar_part near_last(const size& by) {
    return {.users = {by.users},
            .items = {by.films},
            .how = {.kept = 200, .history = 40, .fade = 0.9f, .shrinkage = 10, .seed = by.seed, .recency = 0.8f}};
}
inline similar_part near_liked(const size& by) {
    return {.users = {by.users},
            .items = {by.films},
            .how = {.kept = 200, .history = 200, .fade = 0.99f, .shrinkage = 10, .seed = by.seed, .recency = 0.98f},
            .above = liked_only};
}

/// A request and an item as the models without content take them.
struct by_id {
    static auto request(const asker& one) { return rv::request(rv::with<user>(one.id)); }
    template <class Catalogue> static rv::status add(Catalogue& items, std::size_t id, const film_facts&) {
        return items.add(id, rv::with<film>(id));
    }
};

struct popular : by_id {
    static constexpr const char* name = "popular";
    static constexpr const char* note = "likes, fading with a half life of 16,000";
    static constexpr std::size_t drawn = 0;   // others that a step compares what was liked with; none: there is no step
    static constexpr bool hears_all = false;  // whether it is told of what was rated low, too

    static auto make(const size& by) { return rv::pipeline{rv::fuse{takes(by)}, rv::additive{}, rv::sgd{}}; }
    static auto request(const asker&) { return rv::request(); }
};

struct near : by_id {
    static constexpr const char* name = "similar";
    static constexpr const char* note = "item-item: similarity to the last 40 that the user rated";
    static constexpr std::size_t drawn = 0;
    static constexpr bool hears_all = true;

    static auto make(const size& by) { return rv::pipeline{rv::fuse{near_last(by)}, rv::additive{}, rv::sgd{}}; }
};

/// b_film + <v_user, v_film>.
template <class Loss> auto make_factors(const size& by, float rate) {
    const rv::room_for_ids users{by.users}, films{by.films};
    return rv::pipeline{rv::fuse{rv::embed<film, 1>{.room = films, .seed = by.seed},
                                 rv::factorisation<16, user, film>{.room = {users, films}, .spread = 0.1f, .seed = by.seed}},
                        rv::additive{}, rv::adagrad{.rate = rate}, Loss{}};
}

struct bpr : by_id {
    static constexpr const char* name = "bpr";
    static constexpr const char* note = "16 factors, pairwise: what was liked before each of 4 other films";
    static constexpr std::size_t drawn = 4;
    static constexpr bool hears_all = false;

    static auto make(const size& by) { return make_factors<rv::pairwise>(by, 0.1f); }
};

struct factors : by_id {
    static constexpr const char* name = "factors";
    static constexpr const char* note = "16 factors, softmax over what was liked and 64 other films";
    static constexpr std::size_t drawn = 64;
    static constexpr bool hears_all = false;

    static auto make(const size& by) { return make_factors<rv::softmax_cross_entropy>(by, 0.3f); }
};

struct counts : by_id {
    static constexpr const char* name = "counts";
    static constexpr const char* note = "popular and similar, weighed by a linear ranker";
    static constexpr std::size_t drawn = 64;
    static constexpr bool hears_all = true;

    static auto make(const size& by) {
        return rv::pipeline{rv::fuse{takes(by), near_last(by)}, rv::linear{}, rv::adagrad{.rate = 0.1f}, rv::softmax_cross_entropy{},
                            rv::setup{.seed = by.seed}};
    }
};

/// All that is known: both counts, factors of users, traits, films and kinds, of the last films, and crosses of what is known of both.
struct whole {
    static constexpr const char* name = "whole";
    static constexpr const char* note = "counts, factors, the last 10 films and content under mlp<64>";
    static constexpr std::size_t drawn = 64;
    static constexpr bool hears_all = true;

    static auto make(const size& by) {
        const rv::room_for_ids users{by.users}, films{by.films}, few{.capacity = 64};
        return rv::pipeline{
            rv::fuse{takes(by), near_last(by), near_liked(by), rv::embed<film, 8>{.room = films, .seed = by.seed},
                     rv::factorisation<16, user, traits, film, kinds>{.room = {users, few, films, few}, .spread = 0.1f, .seed = by.seed},
                     rv::factorisation<16, recent, film>{.room = {films, films}, .spread = 0.1f, .seed = by.seed},
                     rv::bilinear<about_user, about_film, 8>{}, rv::pass<about_user>{}, rv::pass<about_film>{}},
            rv::mlp<64>{}, rv::adagrad{.rate = 0.05f}, rv::softmax_cross_entropy{}, rv::setup{.seed = by.seed}};
    }
    static auto request(const asker& one) {
        return rv::request(rv::with<user>(one.id), rv::with<traits>(one.facts.traits), rv::with<recent>(one.recent),
                           rv::with<about_user>(one.facts.about));
    }
    template <class Catalogue> static rv::status add(Catalogue& items, std::size_t id, const film_facts& one) {
        return items.add(id, rv::with<film>(id), rv::with<kinds>(one.kinds, one.shares), rv::with<about_film>(one.about));
    }
};

// ---- the sets

inline constexpr std::size_t most_areas = 320, most_of_a_user = 64, als_width = 32;

struct given : rv::context_ids<most_of_a_user> {};  // areas
struct taken : rv::context_ids<most_of_a_user> {};  // the same, with shares that together have the length of one
struct near_taken : rv::context<most_areas> {};     // how similar each area is to these
struct area : rv::candidate_ids<> {};
struct which : rv::candidate<most_areas> {};  // the same as a one among zeros

inline rv::neighbours make_neighbours(std::size_t areas, std::uint64_t seed) {
    return rv::neighbours(
        areas, {.kept = areas, .history = most_of_a_user, .from_power = 1, .to_power = 0.3f, .shrinkage = 30, .seed = seed, .recency = 1});
}
inline rv::implicit_als_settings als_settings(std::uint64_t seed) { return {.confidence = 20, .l2 = 300, .seed = seed}; }

/// How an area goes with those that are given, as neighbours and ALS see it, and as weights and factors of its own say: a step hides one
/// area of a user and compares it with others.
inline auto make_set_ranker(std::size_t areas, std::uint64_t seed) {
    const rv::room_for_ids all{areas + areas / 2 + 2};
    return rv::pipeline{rv::fuse{rv::embed<area, 1>{.room = all, .seed = seed}, rv::hashed<taken, area>{.bits = 18},
                                 rv::factorisation<16, taken, area>{.room = {all, all}, .spread = 0.1f, .seed = seed},
                                 rv::folded<given, area, als_width>{.items = {areas}, .how = als_settings(seed)},
                                 rv::dot<near_taken, which>{}},
                        rv::mlp<16>{}, rv::adagrad{.rate = 0.1f}, rv::softmax_cross_entropy{}, rv::setup{.seed = seed}};
}
using set_ranker = decltype(make_set_ranker(1, 1));
inline constexpr std::size_t als_part = 3;  // which of these is the folded one

}  // namespace taste
