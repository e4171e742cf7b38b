// SPDX-License-Identifier: MIT
// The ladder of models of what users take next, and all their settings: everything that is rivulet's about the streams of this example.
//
// The settings were chosen by the recall of the first 30,000 events of MovieLens 100K in time order, with seed 0, and are the same for the
// other 70,000 and for MovieTweetings.
#pragma once

#include <rivulet/embed/embed.hpp>
#include <rivulet/factor/factorisation.hpp>
#include <rivulet/factor/popularity.hpp>
#include <rivulet/factor/similar.hpp>
#include <rivulet/rank/additive.hpp>
#include <rivulet/rivulet.hpp>

#include "streams.hpp"

#include <cstddef>
#include <cstdint>

namespace taste {

namespace rv = rivulet;

struct user : rv::context_ids<> {};
struct traits : rv::context_ids<3> {};
struct about_user : rv::context<traits_known> {};
struct film : rv::candidate_ids<> {};
struct kinds : rv::candidate_ids<most_kinds> {};
struct about_film : rv::candidate<kinds_known> {};

/// How large the tables are, and what first numbers come from.
struct size {
    std::size_t users = 0, films = 0;
    std::uint64_t seed = 0;
};

inline constexpr float half_life = 16'000;  // takes
inline rv::neighbours_settings near_ones(const size& by) {
    return {.kept = 200, .history = 40, .fade = 0.9f, .shrinkage = 10, .seed = by.seed, .recency = 0.8f};
}
using popular_part = rv::popularity<film>;
using similar_part = rv::similar<user, film, 16384>;
inline popular_part counted(const size& by) { return {.items = {by.films}, .half_life = half_life}; }
inline similar_part compared(const size& by) { return {.users = {by.users}, .items = {by.films}, .how = near_ones(by)}; }

/// A request and an item as the models without content take them.
struct by_id {
    static auto request(std::size_t id, const user_facts&) { return rv::request(rv::with<user>(id)); }
    template <class Catalogue> static rv::status add(Catalogue& items, std::size_t id, const film_facts&) {
        return items.add(id, rv::with<film>(id));
    }
};

struct popular : by_id {
    static constexpr const char* name = "popular";
    static constexpr const char* note = "takes, fading with a half life of 16,000";
    static constexpr std::size_t drawn = 0;  // others that a step compares what was taken with; none: there is no step
    static constexpr bool hears_all = false;  // whether a rating that is not judged counts as a take, too

    static auto make(const size& by) { return rv::pipeline{rv::fuse{counted(by)}, rv::additive{}, rv::sgd{}}; }
    static auto request(std::size_t, const user_facts&) { return rv::request(); }
};

struct near : by_id {
    static constexpr const char* name = "similar";
    static constexpr const char* note = "item-item: similarity to the last 40 that the user took";
    static constexpr std::size_t drawn = 0;
    static constexpr bool hears_all = true;

    static auto make(const size& by) { return rv::pipeline{rv::fuse{compared(by)}, rv::additive{}, rv::sgd{}}; }
};

struct bpr : by_id {
    static constexpr const char* name = "bpr";
    static constexpr const char* note = "16 factors, pairwise loss: what was taken before one other film";
    static constexpr std::size_t drawn = 1;
    static constexpr bool hears_all = false;

    static auto make(const size& by) {
        return rv::pipeline{rv::fuse{rv::embed<film, 1>{.room = {by.films}, .spread = 0.01f, .seed = by.seed},
                                     rv::factorisation<16, user, film>{
                                         .room = {rv::room_for_ids{by.users}, {by.films}}, .spread = 0.1f, .seed = by.seed}},
                            rv::additive{}, rv::adagrad{.rate = 0.1f, .initial = 1}, rv::pairwise{}};
    }
};

struct factors : by_id {
    static constexpr const char* name = "factors";
    static constexpr const char* note = "16 factors, softmax over what was taken and 64 other films";
    static constexpr std::size_t drawn = 64;
    static constexpr bool hears_all = false;

    static auto make(const size& by) {
        return rv::pipeline{rv::fuse{rv::embed<film, 1>{.room = {by.films}, .spread = 0.01f, .seed = by.seed},
                                     rv::factorisation<16, user, film>{
                                         .room = {rv::room_for_ids{by.users}, {by.films}}, .spread = 0.1f, .seed = by.seed}},
                            rv::additive{}, rv::adagrad{.rate = 0.1f, .initial = 1}, rv::softmax_cross_entropy{}};
    }
};

/// Both counts under a linear ranker.
struct counts : by_id {
    static constexpr const char* name = "counts";
    static constexpr const char* note = "popular and similar, weighed by a linear ranker";
    static constexpr std::size_t drawn = 64;
    static constexpr bool hears_all = true;

    static auto make(const size& by) {
        return rv::pipeline{rv::fuse{counted(by), compared(by)}, rv::linear{}, rv::adagrad{.rate = 0.1f}, rv::softmax_cross_entropy{},
                            rv::setup{.seed = by.seed}};
    }
};

struct whole {
    static constexpr const char* name = "whole";
    static constexpr const char* note = "popular, similar, factors and content under mlp<32>";
    static constexpr std::size_t drawn = 64;
    static constexpr bool hears_all = true;

    static auto make(const size& by) {
        const rv::room_for_ids users{by.users}, films{by.films}, few{.capacity = 64};
        return rv::pipeline{rv::fuse{counted(by), compared(by),
                                     rv::factorisation<16, user, traits, film, kinds>{
                                         .room = {users, few, films, few}, .spread = 0.1f, .seed = by.seed},
                                     rv::bilinear<about_user, about_film, 8>{}, rv::pass<about_user>{}, rv::pass<about_film>{}},
                            rv::mlp<32>{}, rv::adagrad{.rate = 0.05f}, rv::softmax_cross_entropy{}, rv::setup{.seed = by.seed}};
    }
    static auto request(std::size_t id, const user_facts& one) {
        return rv::request(rv::with<user>(id), rv::with<traits>(one.traits), rv::with<about_user>(one.about));
    }
    template <class Catalogue> static rv::status add(Catalogue& items, std::size_t id, const film_facts& one) {
        return items.add(id, rv::with<film>(id), rv::with<kinds>(one.kinds, one.shares), rv::with<about_film>(one.about));
    }
};

}  // namespace taste
