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
#include "attention_mask.hpp"
#include "blocked_attention.hpp"
#include "blocked_attention_backward.hpp"

namespace rivulet::inline RIVULET_ABI {

namespace detail {

/// What attention is asked and where it answers, to cross the table of kernels.
template <class T> struct attention_call {
    rows<const T> queries;
    std::size_t width;
    rows<const T> keys, values;
    std::size_t value_width;
    rows<T> out;
    attention_mask<T> mask;
};
template <class T> struct attention_backward_call {
    rows<const T> queries;
    std::size_t width;
    rows<const T> keys, values;
    std::size_t value_width;
    rows<const T> out_slope;
    rows<T> query_slope, key_slope, value_slope;
    attention_mask<T> mask;
    rows<T> added_slope;
};

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

/// Query r by itself: its logits lie in `shares`, (time), which become the shares of the keys that it sees, without gaps.
template <class T>
[[gnu::always_inline]] inline void attend_alone(rows<const T> queries, std::size_t r, std::size_t width, rows<const T> keys,
                                                rows<const T> values, std::size_t value_width, rows<T> out, T* shares,
                                                const attention_mask<T>& mask) noexcept {
    const std::size_t seen = shares_of_seen(queries, r, width, keys, T(1) / std::sqrt(static_cast<T>(width)), shares, mask);
    std::fill_n(out[r], value_width, T(0));
    if (seen > 0 && value_width % 16 == 0 && seen == past_of(mask, r, queries.count, keys.count))  // no gap: sums stay in registers
        return math::multiply_columns<T>({shares, 1, seen}, seen, values.data, value_width, values.stride, out.from(r, 1));
    std::size_t at = 0;
    each_seen(mask, r, queries.count, keys.count, [&](std::size_t t) { math::add_scaled(shares[at++], values[t], out[r], value_width); });
}

/// The slopes that query r gives by itself; scratch: (2 time).
template <class T>
void attend_backward_alone(rows<const T> queries, std::size_t r, std::size_t width, rows<const T> keys, rows<const T> values,
                           std::size_t value_width, rows<const T> out_slope, rows<T> query_slope, rows<T> key_slope, rows<T> value_slope,
                           T* scratch, const attention_mask<T>& mask, rows<T> added_slope) noexcept {
    const T scale = T(1) / std::sqrt(static_cast<T>(width));
    T *const shares = scratch, *const slopes = shares + keys.count;
    const std::size_t seen = shares_of_seen(queries, r, width, keys, scale, shares, mask);
    std::size_t at = 0;
    each_seen(mask, r, queries.count, keys.count, [&](std::size_t t) {
        slopes[at] = math::dot(out_slope[r], values[t], value_width);
        math::add_scaled(shares[at++], out_slope[r], value_slope[t], value_width);
    });
    math::softmax_backward(shares, slopes, seen);
    at = 0;
    each_seen(mask, r, queries.count, keys.count, [&](std::size_t t) {
        const T slope = slopes[at++];
        if (added_slope.data) added_slope[r][t] += slope;
        math::add_scaled(slope * scale, keys[t], query_slope[r], width);
        math::add_scaled(slope * scale, queries[r], key_slope[t], width);
    });
}

}  // namespace detail

/// out = softmax(q K' / sqrt(width) + added) V for every query (Vaswani et al. 2017, eq. 1).
/// queries: (n, width), keys: (time, width), values: (time, value_width), out: (n, value_width), shares: scratch of (time) numbers, which
/// begins with a single query's weights afterwards, of the keys that it sees, without gaps. Several heads are views of some columns each.
/// A query that sees no key gets zeros, one that sees a single key exactly its value; nothing of a key that nobody sees is read.
/// n * time * (width + value_width) multiply-adds, of which causal queries spare half. From 5 queries on, of widths up to 256 or more,
/// blocks of queries meet blocks of keys (blocked_attention.hpp) with up to 60 KB of scratch on the stack.
template <class T>
[[gnu::always_inline]] inline void scaled_dot_product(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values,
                                                      std::size_t value_width, rows<T> out, std::span<T> shares,
                                                      const attention_mask<T>& mask) noexcept {
    if constexpr (kernel::apart<T>) {
        const detail::attention_call<T> call{queries, width, keys, values, value_width, out, mask};
        return kernels::in_use().attend(&call, shares.data());
    }
    const auto alone = [&](std::size_t r) { detail::attend_alone(queries, r, width, keys, values, value_width, out, shares.data(), mask); };
    if (detail::worth_blocks<T>(queries.count, width, value_width))
        return detail::attend_in_blocks(queries, width, keys, values, value_width, out, mask, alone);
    for (std::size_t r = 0; r < queries.count; ++r)  // inlined as far as the caller: widths known there are worth an eighth
        detail::attend_alone(queries, r, width, keys, values, value_width, out, shares.data(), mask);
}

/// The same with nothing but padding left out.
template <class T>
[[gnu::always_inline]] inline void scaled_dot_product(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values,
                                                      std::size_t value_width, rows<T> out, std::span<T> shares,
                                                      std::span<const std::uint8_t> valid = {}) noexcept {
    scaled_dot_product<T>(queries, width, keys, values, value_width, out, shares, attention_mask<T>{.valid = valid});
}

/// From the slope of `out`, (n, value_width), adds to the slopes of queries, keys and values, shaped as these are; what the mask hides gets
/// nothing. The shares are computed again: `scratch` is (2 time) numbers, and no (n, time) matrix is kept.
/// `added_slope`: empty, or rows as the mask's `added` that get the slopes of the logits (with stride 0 their sum over the queries).
/// 2 n * time * (width + value_width) multiply-adds and n * time * width for the shares; in blocks, with up to 90 KB of stack, it is again
/// n * time * (width + value_width) more where the weights of all keys do not fit there: above 64, 128 or 256 keys.
template <class T>
void scaled_dot_product_backward(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values,
                                 std::size_t value_width, rows<const T> out_slope, rows<T> query_slope, rows<T> key_slope,
                                 rows<T> value_slope, std::span<T> scratch, const attention_mask<T>& mask = {},
                                 rows<T> added_slope = {}) noexcept {
    if constexpr (kernel::apart<T>) {
        const detail::attention_backward_call<T> call{queries,     width,     keys,        values, value_width, out_slope,
                                                      query_slope, key_slope, value_slope, mask,   added_slope};
        return kernels::in_use().attend_backward(&call, scratch.data());
    }
    const auto alone = [&](std::size_t r) {
        detail::attend_backward_alone(queries, r, width, keys, values, value_width, out_slope, query_slope, key_slope, value_slope,
                                      scratch.data(), mask, added_slope);
    };
    if (detail::worth_blocks<T>(queries.count, width, value_width))
        return detail::attend_backward_in_blocks(queries, width, keys, values, value_width, out_slope, query_slope, key_slope, value_slope,
                                                 mask, added_slope, alone);
    for (std::size_t r = 0; r < queries.count; ++r) alone(r);
}

}  // namespace rivulet::inline RIVULET_ABI
