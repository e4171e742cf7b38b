// SPDX-License-Identifier: MIT
// Keys of a sequence: a learned projection of its rows, which a request computes once, and the shares that queries give them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "../core/random.hpp"
#include "../core/rows.hpp"
#include "../input/record.hpp"
#include "../math/dense.hpp"
#include "../math/softmax.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// Uniform in +-sqrt(3 / in), which keeps the variance of the inputs; the padding stays zero.
template <class T> void start_dense(T* w, std::size_t in, std::size_t out, random& seeded) noexcept {
    const double limit = std::sqrt(3.0 / static_cast<double>(in));
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < out; ++j) w[i * padded(out) + j] = static_cast<T>(seeded.around_zero(limit));
}

/// How many rows are used and valid.
template <class Sequence, class T> std::size_t count_used(const given<Sequence, T>& sequence) noexcept {
    std::size_t count = 0;
    for (std::size_t i = sequence.oldest_used(); i < sequence.count(); ++i) count += sequence.holds(i);
    return count;
}

/// f(rows, at) for every run of used rows that are all valid; `at`: how many came before.
template <class Sequence, class T, class F> void each_run(const given<Sequence, T>& sequence, F&& f) noexcept {
    std::size_t at = 0;
    for (std::size_t i = sequence.oldest_used(); i < sequence.count();) {
        std::size_t end = i;
        while (end < sequence.count() && sequence.holds(end)) ++end;
        if (end > i) f(rows<const T>{sequence.row(i), end - i, Sequence::width}, at);
        at += end - i;
        i = end + 1;
    }
}

/// K = rows W_k, kept transposed so that one query meets all keys of a column in one register. Weights: (Sequence::width, padded(Width)).
template <class Sequence, std::size_t Width> struct sequence_keys {
    static constexpr std::size_t weights = Sequence::width * padded(Width);

    template <class T> struct keys {
        std::size_t count = 0;
        alignas(64) std::array<T, Width * padded(Sequence::length)> numbers;  // (Width, padded(count))

        keys() {}  // leaves the array as it is: only what `count` says is ever read
        T* column(std::size_t i) noexcept { return numbers.data() + i * padded(count); }
        const T* column(std::size_t i) const noexcept { return numbers.data() + i * padded(count); }
        void clear(std::size_t moments) noexcept {
            count = moments;
            std::fill_n(numbers.data(), Width * padded(count), T(0));
        }
    };

    template <class T> static void project(const T* w, const given<Sequence, T>& sequence, keys<T>& kept) noexcept {
        kept.clear(count_used(sequence));
        std::array<T, Sequence::length * padded(Width)> straight;  // (count, padded(Width))
        std::fill_n(straight.data(), kept.count * padded(Width), T(0));
        each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            math::multiply<T>(moments, Sequence::width, w, Width, {straight.data() + at * padded(Width), moments.count, padded(Width)});
        });
        for (std::size_t t = 0; t < kept.count; ++t)
            for (std::size_t i = 0; i < Width; ++i) kept.column(i)[t] = straight[t * padded(Width) + i];
    }

    template <class T> static void backward(const given<Sequence, T>& sequence, const keys<T>& slope, T* g) noexcept {
        std::array<T, Sequence::length * padded(Width)> straight;
        std::fill_n(straight.data(), slope.count * padded(Width), T(0));
        for (std::size_t t = 0; t < slope.count; ++t)
            for (std::size_t i = 0; i < Width; ++i) straight[t * padded(Width) + i] = slope.column(i)[t];
        each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            math::add_outer<T>(moments, Sequence::width, {straight.data() + at * padded(Width), moments.count, padded(Width)}, Width, g);
        });
    }

    /// shares = softmax(queries K' / sqrt(depth)) over the columns [first, first + depth). queries: (n, depth), shares: (n, padded(count)).
    /// `bias`: none, or (count) numbers that are added to the scaled logits.
    template <class T>
    static void share(const keys<T>& kept, rows<const T> queries, std::size_t first, std::size_t depth, rows<T> shares,
                      const T* bias = nullptr) noexcept {
        const T scale = T(1) / std::sqrt(static_cast<T>(depth));
        for (std::size_t r = 0; r < queries.count; ++r) std::fill_n(shares[r], padded(kept.count), T(0));
        math::multiply<T>(queries, depth, kept.column(first), kept.count, shares);
        if (bias == nullptr) {
            for (std::size_t r = 0; r < queries.count; ++r) math::softmax<true>(shares[r], kept.count, scale);
        } else
            for (std::size_t r = 0; r < queries.count; ++r) {
                for (std::size_t t = 0; t < kept.count; ++t) shares[r][t] = shares[r][t] * scale + bias[t];
                math::softmax<true>(shares[r], kept.count);
            }
    }

    /// From the shares of one query and their slopes (overwritten), adds to the slopes of the query, (depth), and of the keys.
    template <class T>
    static void share_backward(const keys<T>& kept, const T* query, std::size_t first, std::size_t depth, const T* shares, T* share_slopes,
                               T* query_slope, keys<T>& slope) noexcept {
        const T scale = T(1) / std::sqrt(static_cast<T>(depth));
        math::softmax_backward(shares, share_slopes, kept.count);
        for (std::size_t t = 0; t < kept.count; ++t) share_slopes[t] *= scale;
        for (std::size_t i = 0; i < depth; ++i) {
            query_slope[i] += math::dot(share_slopes, kept.column(first + i), kept.count);
            math::add_scaled(query[i], share_slopes, slope.column(first + i), kept.count);
        }
    }
};

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
