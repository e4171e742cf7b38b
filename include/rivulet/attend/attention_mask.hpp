// SPDX-License-Identifier: MIT
// What a query of an attention may see, and how much it favours it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/rows.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Which keys a query sees, and how much it favours them. What is left out restricts nothing; what is given counts together.
/// `causal`: the n queries are the last n of the `time` moments, as when a sequence asks itself (n = time) or its newest rows ask for all
/// of it; so query r sees the keys t <= r + (time - n), its own moment and what came before. With n > time the first n - time see nothing.
template <class T> struct attention_mask {
    std::span<const std::uint8_t> valid{};  ///< a byte a key, 0 for one that is padding and may hold anything
    bool causal = false;                    ///< no query sees what comes after it
    rows<const T> added{};                  ///< (n, time), added to the scaled logits; not finite, as -infinity, forbids the pair.
                                            ///< With stride 0 one row of `time` numbers serves all queries.
};

namespace detail {

/// How many keys lie in a query's past: all, but for a causal one.
template <class T> std::size_t past_of(const attention_mask<T>& mask, std::size_t query, std::size_t queries, std::size_t time) noexcept {
    return !mask.causal ? time : query + 1 + time > queries ? query + 1 + time - queries : 0;
}

/// f(t) for every key that a query sees, oldest first.
template <class T, class F>
void each_seen(const attention_mask<T>& mask, std::size_t query, std::size_t queries, std::size_t time, F&& f) noexcept {
    const std::size_t end = past_of(mask, query, queries, time);
    const T* const added = mask.added.data ? mask.added[query] : nullptr;
    for (std::size_t t = 0; t < end; ++t)
        if ((mask.valid.empty() || mask.valid[t] != 0) && (!added || math::finite(added[t]))) f(t);
}

}  // namespace detail

}  // namespace rivulet::inline RIVULET_ABI
