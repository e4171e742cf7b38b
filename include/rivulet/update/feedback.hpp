// SPDX-License-Identifier: MIT
// What a user did with an item, as the learner sees it: a label and how much it counts.
#pragma once

#include "../core/config.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A label for the loss and an importance weight (0 or more): an outcome of weight 2 counts as two.
struct feedback {
    float label = 1;
    float weight = 1;
};

inline constexpr feedback click{1, 1};
inline constexpr feedback skip{0, 1};       ///< shown and not taken
inline constexpr feedback favourite{1, 2};  ///< a click that the user underlined
/// A number of stars and the like, for the squared loss: `rv::rating(4)`.
constexpr feedback rating(float stars) noexcept { return {stars, 1}; }

/// One item of a request and what came of it.
template <class Item> struct outcome {
    Item item;
    rivulet::feedback feedback = click;
};
template <class Item> outcome(Item, feedback) -> outcome<Item>;

}  // namespace rivulet::inline RIVULET_ABI
