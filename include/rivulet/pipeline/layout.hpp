// SPDX-License-Identifier: MIT
// Where each weight of a pipeline lies in its arena: what is fitted, what candidate values depend on, what a request uses.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "../core/concepts.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// [ fitted | learned, used by candidate values | learned, used by requests ]: what a refresh publishes is a prefix, what descends is a
/// suffix, what every learned step can publish at once is the tail.
template <class Ranker, class... Components> struct layout {
    static constexpr std::size_t count = sizeof...(Components);
    static constexpr std::size_t first = Ranker::first;  // outputs of the first layer

    std::array<std::size_t, count> fitted{}, candidate{}, request{};  // a component's own weights, by kind
    std::array<std::size_t, count> block{};                           // its rows of the first layer: (width, padded(first))
    std::array<std::size_t, count> pair_column{};                     // where a pair component's output lies among theirs
    std::size_t pair_width = 0, pair_block = 0;                       // all pair components' outputs, and their rows: in one piece
    std::size_t bias = 0, ranker = 0, fitted_end = 0, candidate_end = 0, size = 0;

    constexpr layout() {
        const std::array<binding, count> bound{Components::bound...};
        const std::array<std::size_t, count> width{Components::width...};
        const std::array<std::size_t, count> fitted_weights{(is_fitted<Components> ? Components::weights : 0)...};
        const std::array<std::size_t, count> slow{(is_fitted<Components> ? 0 : candidate_weights<Components>)...};
        const std::array<std::size_t, count> fast{(is_fitted<Components> ? 0 : request_weights<Components>)...};
        const auto take = [this](std::size_t weights) {
            const std::size_t here = size;
            size += (weights + 15) / 16 * 16;  // every piece starts on a cache line of float
            return here;
        };
        for (std::size_t i = 0; i < count; ++i) fitted[i] = take(fitted_weights[i]);
        fitted_end = size;
        for (std::size_t i = 0; i < count; ++i) candidate[i] = take(slow[i]);
        for (std::size_t i = 0; i < count; ++i)
            if (bound[i] == binding::candidate) block[i] = take(width[i] * padded(first));
        candidate_end = size;
        for (std::size_t i = 0; i < count; ++i) request[i] = take(fast[i]);
        for (std::size_t i = 0; i < count; ++i) {
            if (bound[i] == binding::context) block[i] = take(width[i] * padded(first));
            if (bound[i] == binding::pair) pair_width = (pair_column[i] = pair_width) + width[i];
        }
        pair_block = take(pair_width * padded(first));
        for (std::size_t i = 0; i < count; ++i)
            if (bound[i] == binding::pair) block[i] = pair_block + pair_column[i] * padded(first);
        bias = take(padded(first));
        ranker = take(Ranker::weights);
    }
};

/// f(std::integral_constant<std::size_t, I>) for I in [0, Count).
template <std::size_t Count, class F> constexpr void each(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f(std::integral_constant<std::size_t, I>{}), ...); }
    (std::make_index_sequence<Count>{});
}

}  // namespace rivulet::inline RIVULET_ABI::detail
