// SPDX-License-Identifier: MIT
// Scaled dot-product attention as a free function over views, without weights: forward, backward, and what a query may see.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/rows.hpp"
#include "../math/dense.hpp"
#include "../math/softmax.hpp"

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

/// The shares of the keys that a query sees, without gaps; how many they are.
template <class T>
std::size_t shares_of_seen(rows<const T> queries, std::size_t r, std::size_t width, rows<const T> keys, T scale, T* shares,
                           const attention_mask<T>& mask) noexcept {
    const T *const added = mask.added.data ? mask.added[r] : nullptr, *const query = queries[r];
    const std::size_t past = past_of(mask, r, queries.count, keys.count);
    std::size_t seen = 0;
    if (mask.valid.empty() && !added)
        for (; seen < past; ++seen) shares[seen] = math::dot(query, keys[seen], width);
    else
        each_seen(mask, r, queries.count, keys.count, [&](std::size_t t) { shares[seen++] = math::dot(query, keys[t], width); });
    if (added) {
        std::size_t at = 0;
        each_seen(mask, r, queries.count, keys.count, [&](std::size_t t) {
            shares[at] = shares[at] * scale + added[t];
            ++at;
        });
    }
    math::softmax(shares, seen, added ? T(1) : scale);
    return seen;
}

}  // namespace detail

/// out = softmax(q K' / sqrt(width) + added) V for every query (Vaswani et al. 2017, eq. 1).
/// queries: (n, width), keys: (time, width), values: (time, value_width), out: (n, value_width), shares: scratch of (time) numbers, which
/// begins with the last query's weights afterwards, of the keys that it sees, without gaps. Several heads are views of some columns each.
/// A query that sees no key gets zeros, one that sees a single key exactly its value; nothing of a key that nobody sees is read.
/// n * time * (width + value_width) multiply-adds, of which causal queries spare half.
template <class T>
void scaled_dot_product(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values, std::size_t value_width,
                        rows<T> out, std::span<T> shares, const attention_mask<T>& mask) noexcept {
    const T scale = T(1) / std::sqrt(static_cast<T>(width));
    for (std::size_t r = 0; r < queries.count; ++r) {
        const std::size_t seen = detail::shares_of_seen(queries, r, width, keys, scale, shares.data(), mask);
        std::fill_n(out[r], value_width, T(0));
        if (seen > 0 && value_width % 16 == 0 &&
            seen == detail::past_of(mask, r, queries.count, keys.count)) {  // no gap: sums stay in registers
            math::multiply_columns<T>({shares.data(), 1, seen}, seen, values.data, value_width, values.stride, out.from(r, 1));
            continue;
        }
        std::size_t at = 0;
        detail::each_seen(mask, r, queries.count, keys.count,
                          [&](std::size_t t) { math::add_scaled(shares[at++], values[t], out[r], value_width); });
    }
}

/// The same with nothing but padding left out.
template <class T>
void scaled_dot_product(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values, std::size_t value_width,
                        rows<T> out, std::span<T> shares, std::span<const std::uint8_t> valid = {}) noexcept {
    scaled_dot_product<T>(queries, width, keys, values, value_width, out, shares, attention_mask<T>{.valid = valid});
}

/// From the slope of `out`, (n, value_width), adds to the slopes of queries, keys and values, shaped as these are; what the mask hides gets
/// nothing. The shares are computed again: `scratch` is (2 time) numbers, and no (n, time) matrix is kept.
/// `added_slope`: empty, or rows as the mask's `added` that get the slopes of the logits (with stride 0 their sum over the queries).
/// 2 n * time * (width + value_width) multiply-adds and n * time * width for the shares.
template <class T>
void scaled_dot_product_backward(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values,
                                 std::size_t value_width, rows<const T> out_slope, rows<T> query_slope, rows<T> key_slope,
                                 rows<T> value_slope, std::span<T> scratch, const attention_mask<T>& mask = {},
                                 rows<T> added_slope = {}) noexcept {
    const T scale = T(1) / std::sqrt(static_cast<T>(width));
    T* const shares = scratch.data();
    T* const slopes = shares + keys.count;
    for (std::size_t r = 0; r < queries.count; ++r) {
        const std::size_t seen = detail::shares_of_seen(queries, r, width, keys, scale, shares, mask);
        std::size_t at = 0;
        detail::each_seen(mask, r, queries.count, keys.count, [&](std::size_t t) {
            slopes[at] = math::dot(out_slope[r], values[t], value_width);
            math::add_scaled(shares[at++], out_slope[r], value_slope[t], value_width);
        });
        math::softmax_backward(shares, slopes, seen);
        at = 0;
        detail::each_seen(mask, r, queries.count, keys.count, [&](std::size_t t) {
            const T slope = slopes[at++];
            if (added_slope.data) added_slope[r][t] += slope;
            math::add_scaled(slope * scale, keys[t], query_slope[r], width);
            math::add_scaled(slope * scale, queries[r], key_slope[t], width);
        });
    }
}

}  // namespace rivulet::inline RIVULET_ABI
