// SPDX-License-Identifier: MIT
// What a user did with an item, as the learner sees it: a label and how much it counts.
#pragma once

#include <array>
#include <cstdint>

#include "../core/config.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A label for the loss and an importance weight: an outcome of weight 2 counts as two.
struct feedback {
    float label = 1;
    float weight = 1;        ///< 0 or more
    float probability = 1;   ///< in (0, 1]: the chance with which the item was drawn into its list; for losses over a list
    std::uint32_t head = 0;  ///< the output that the label is about, of a ranker that has several

    /// The same about another output: `rv::rating(4).at(1)`.
    constexpr feedback at(std::uint32_t output) const noexcept {
        feedback moved = *this;
        moved.head = output;
        return moved;
    }
    /// The same for an item that was drawn with this chance: `rv::skip.drawn(0.01f)`.
    constexpr feedback drawn(float chance) const noexcept {
        feedback moved = *this;
        moved.probability = chance;
        return moved;
    }
    /// The same, counting so much: `rv::click.times(3)`.
    constexpr feedback times(float importance) const noexcept {
        feedback moved = *this;
        moved.weight *= importance;
        return moved;
    }
};

inline constexpr feedback click{.label = 1};
inline constexpr feedback skip{.label = 0};                    ///< shown and not taken
inline constexpr feedback favourite{.label = 1, .weight = 2};  ///< a click that the user underlined
/// A number of stars and the like, for the squared loss: `rv::rating(4)`.
constexpr feedback rating(float stars) noexcept { return {.label = stars}; }

/// One item of a request and what came of it.
template <class Item> struct outcome {
    Item item;
    rivulet::feedback feedback = click;
};
template <class Item> outcome(Item, feedback) -> outcome<Item>;

/// The first was taken rather than the second: `ranker.learn(visit, rv::prefer(items.at(3), items.at(7)))`.
template <class Item> constexpr std::array<outcome<Item>, 2> prefer(Item better, Item other) noexcept {
    return {outcome<Item>{better, click}, outcome<Item>{other, skip}};
}

/// A request with what came of its items: what `train` is fed. `Outcomes` is an array, a vector or a span of outcomes.
template <class Request, class Outcomes> struct example {
    Request request;
    Outcomes outcomes;
};
template <class Request, class Outcomes> example(Request, Outcomes) -> example<Request, Outcomes>;

}  // namespace rivulet::inline RIVULET_ABI
