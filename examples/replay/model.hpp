// SPDX-License-Identifier: MIT
// The features that the replay has, and the pipeline over them: everything that is rivulet's about this example.
#pragma once

#include <rivulet/rivulet.hpp>

#include <cstddef>
#include <cstdint>

namespace replay {

namespace rv = rivulet;

inline constexpr std::size_t genre_slots = 20;  // by number of films; rarer genres are not told apart
inline constexpr std::size_t year_slots = 18;
inline constexpr std::size_t count_slots = 12;
inline constexpr std::size_t index_width = 64;
inline constexpr std::size_t history_length = 40;

// what a film brings
struct content : rv::candidate<genre_slots + year_slots + count_slots> {};  // what it is, in soft slots
struct standing : rv::candidate<10> {};                                     // how it fares: popularity over three spans, mean rating, ages
struct company : rv::candidate<index_width> {};                             // which films it is watched after and before

// what a request brings
struct viewer : rv::context<8 + genre_slots + content::width> {};             // how much, how kindly and what the user rates
struct recent : rv::context_sequence<content::width + 5, history_length> {};  // the user's last films: content, rating, age
struct met : rv::context<3 * index_width> {};                                 // what the last films are, as company, over three spans

/// Attention of each film over the user's recent ones, crossed with what the film is; the user's state; the film's features, its company
/// reduced by PCA and met with the company of what the user has just seen; a perceptron; AdaGrad on the log loss of liked or not.
inline auto make_ranker(std::uint64_t seed) {
    return rv::pipeline{rv::fuse{rv::pass<viewer>{}, rv::pass<content>{}, rv::pass<standing>{}, rv::pca<company, 16>{},
                                 rv::interest<recent, content, 16>{}, rv::dot<met, company>{}},
                        rv::mlp<64, 32>{}, rv::adagrad{.rate = 0.03f, .initial = 1e-6f}, rv::setup{.seed = seed}};
}

using ranker = decltype(make_ranker(1));
using catalogue = ranker::catalogue_type;

}  // namespace replay
