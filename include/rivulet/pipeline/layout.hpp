// SPDX-License-Identifier: MIT
// Where each weight of a pipeline lies in its arena: what candidate values depend on, what a request uses, and what of it descends.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "../core/concepts.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// Whether a ranker takes the sum of the fused numbers as they are: its first layer is ones, and only the bias is learned.
template <class Ranker>
constexpr bool adds_up = [] {
    if constexpr (requires { Ranker::adds_up; })
        return bool(Ranker::adds_up);
    else
        return false;
}();

/// What a stretch of learned weights belongs to: the unit in which weights are frozen.
struct owner {
    enum class kind : std::uint8_t { component, layer };
    kind what = kind::component;
    std::size_t index = 0;  // of the component in the fuse, or of the layer: 0 is the one over the fused parts
    bool operator==(const owner&) const = default;
};

/// Learned weights that lie together: [begin, end) of the arena, and where the updater keeps their state.
struct stretch {
    std::size_t begin = 0, end = 0, state = 0;
    detail::owner owner{};
};

/// [ used by candidate values | used by requests ]: what a refresh publishes is a prefix, what every learned step can publish at once is
/// the rest. Within a component's piece what is fitted comes first and does not descend.
template <class Ranker, class... Components> struct layout {
    static constexpr std::size_t count = sizeof...(Components);
    static constexpr std::size_t first = Ranker::first;                            // outputs of the first layer
    static constexpr std::size_t most_stretches = 3 * count + Ranker::layers + 1;  // a piece a side and a block; bias; the layers

    std::array<std::size_t, count> candidate{}, request{};  // a component's own weights, by side
    std::array<std::size_t, count> block{};                 // its rows of the first layer: (width, padded(first))
    std::array<std::size_t, count> pair_column{};           // where a pair component's output lies among theirs
    std::size_t pair_width = 0, pair_block = 0;             // all pair components' outputs, and their rows: in one piece
    std::size_t bias = 0, ranker = 0, candidate_end = 0, size = 0;

    std::array<stretch, most_stretches> stretches{};  // in the order of the arena
    std::size_t stretch_count = 0, learned = 0;       // learned: numbers in all of them

    constexpr layout() {
        const std::array<binding, count> bound{Components::bound...};
        const std::array<std::size_t, count> width{Components::width...};
        const std::array<std::size_t, count> slow{candidate_weights<Components>...}, fast{request_weights<Components>...};
        const std::array<std::size_t, count> slow_fitted{
            (Components::bound == binding::candidate ? fitted_weights<Components> : fitted_candidate_weights<Components>)...};
        const std::array<std::size_t, count> fast_fitted{(Components::bound == binding::candidate ? 0 : fitted_weights<Components>)...};

        for (std::size_t i = 0; i < count; ++i) candidate[i] = take(slow[i], slow_fitted[i], {owner::kind::component, i});
        for (std::size_t i = 0; i < count; ++i)
            if (bound[i] == binding::candidate) block[i] = take_block(width[i]);
        candidate_end = size;
        for (std::size_t i = 0; i < count; ++i) request[i] = take(fast[i], fast_fitted[i], {owner::kind::component, i});
        for (std::size_t i = 0; i < count; ++i) {
            if (bound[i] == binding::context) block[i] = take_block(width[i]);
            if (bound[i] == binding::pair) pair_width = (pair_column[i] = pair_width) + width[i];
        }
        pair_block = take_block(pair_width);
        for (std::size_t i = 0; i < count; ++i)
            if (bound[i] == binding::pair) block[i] = pair_block + pair_column[i] * padded(first);
        bias = take(padded(first), 0, {owner::kind::layer, 0});
        ranker = size;
        for (std::size_t l = 1; l < Ranker::layers; ++l)
            note(ranker + Ranker::layer_begin[l], ranker + Ranker::layer_begin[l + 1], {owner::kind::layer, l});
        size = rounded(ranker + Ranker::weights);
    }

private:
    static constexpr std::size_t rounded(std::size_t weights) { return (weights + 15) / 16 * 16; }  // a cache line of float

    constexpr std::size_t take(std::size_t weights, std::size_t fitted, detail::owner whose) {
        const std::size_t here = size;
        size += rounded(weights);
        if (weights > fitted) note(here + fitted, size, whose);  // what is fitted, or is to stay as it is, comes first
        return here;
    }
    /// The rows of the first layer over this many numbers: all of them stay as they are where they are ones.
    constexpr std::size_t take_block(std::size_t width) {
        return take(width * padded(first), adds_up<Ranker> ? width * padded(first) : 0, {owner::kind::layer, 0});
    }
    constexpr void note(std::size_t begin, std::size_t end, detail::owner whose) {
        if (begin == end) return;
        if (stretch_count > 0 && stretches[stretch_count - 1].end == begin && stretches[stretch_count - 1].owner == whose)
            stretches[stretch_count - 1].end = end;  // one loop instead of two
        else
            stretches[stretch_count++] = {begin, end, learned, whose};
        learned += end - begin;
    }
};

/// f(std::integral_constant<std::size_t, I>) for I in [0, Count).
template <std::size_t Count, class F> constexpr void each(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f(std::integral_constant<std::size_t, I>{}), ...); }
    (std::make_index_sequence<Count>{});
}

}  // namespace rivulet::inline RIVULET_ABI::detail
