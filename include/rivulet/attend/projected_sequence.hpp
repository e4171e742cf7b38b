// SPDX-License-Identifier: MIT
// Keys and values of a sequence: the learned projections of its rows, which a request computes once.
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

/// Uniform in +-sqrt(3 / in), which keeps the variance of the inputs; the padding stays zero.
template <class T> void start_dense(T* w, std::size_t in, std::size_t out, random& seeded) noexcept {
    const double limit = std::sqrt(3.0 / static_cast<double>(in));
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < out; ++j) w[i * padded(out) + j] = static_cast<T>(seeded.around_zero(limit));
}

/// Weights: W_k then W_v, (Sequence::width, padded(Width)) each.
template <class Sequence, std::size_t Width> struct projected_sequence {
    static constexpr std::size_t one = Sequence::width * padded(Width);
    static constexpr std::size_t weights = 2 * one;

    template <class T> struct keys_values {
        std::size_t count = 0;
        alignas(64) std::array<T, Width * padded(Sequence::length)> keys;  // transposed: (Width, padded(count))
        alignas(64) std::array<T, Sequence::length * padded(Width)> values;  // (count, padded(Width))

        keys_values() {}  // leaves the arrays as they are: only what `count` says is ever read
        T* key_column(std::size_t i) noexcept { return keys.data() + i * padded(count); }
        const T* key_column(std::size_t i) const noexcept { return keys.data() + i * padded(count); }
        T* value(std::size_t t) noexcept { return values.data() + t * padded(Width); }
        const T* value(std::size_t t) const noexcept { return values.data() + t * padded(Width); }
        /// Becomes the slope of `kept`, nothing added yet.
        void start_slope(const keys_values& kept) noexcept { clear(kept.count); }
        void clear(std::size_t moments) noexcept {
            count = moments;
            std::fill_n(keys.data(), Width * padded(count), T(0));
            std::fill_n(values.data(), count * padded(Width), T(0));
        }
    };

    template <class T> static void start(T* w, random& seeded) noexcept {
        start_dense(w, Sequence::width, Width, seeded);
        start_dense(w + one, Sequence::width, Width, seeded);
    }

    template <class T> static void project(const T* w, const given<Sequence, T>& sequence, keys_values<T>& kept) noexcept {
        kept.clear(used(sequence));
        std::array<T, Sequence::length * padded(Width)> keys;  // (count, padded(Width))
        std::fill_n(keys.data(), kept.count * padded(Width), T(0));
        each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            math::multiply<T>(moments, Sequence::width, w, Width, {keys.data() + at * padded(Width), moments.count, padded(Width)});
            math::multiply<T>(moments, Sequence::width, w + one, Width, {kept.value(at), moments.count, padded(Width)});
        });
        for (std::size_t t = 0; t < kept.count; ++t)
            for (std::size_t i = 0; i < Width; ++i) kept.key_column(i)[t] = keys[t * padded(Width) + i];
    }

    template <class T> static void backward(const given<Sequence, T>& sequence, const keys_values<T>& slope, T* g) noexcept {
        std::array<T, Sequence::length * padded(Width)> keys;
        std::fill_n(keys.data(), slope.count * padded(Width), T(0));
        for (std::size_t t = 0; t < slope.count; ++t)
            for (std::size_t i = 0; i < Width; ++i) keys[t * padded(Width) + i] = slope.key_column(i)[t];
        each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            math::add_outer<T>(moments, Sequence::width, {keys.data() + at * padded(Width), moments.count, padded(Width)}, Width, g);
            math::add_outer<T>(moments, Sequence::width, {slope.value(at), moments.count, padded(Width)}, Width, g + one);
        });
    }

private:
    template <class T> static std::size_t oldest(const given<Sequence, T>& sequence) noexcept {
        return sequence.count() > Sequence::length ? sequence.count() - Sequence::length : 0;
    }
    template <class T> static std::size_t used(const given<Sequence, T>& sequence) noexcept {
        std::size_t count = 0;
        for (std::size_t i = oldest(sequence); i < sequence.count(); ++i) count += sequence.holds(i);
        return count;
    }
    /// Runs of valid rows: f(rows, how many valid rows came before).
    template <class T, class F> static void each_run(const given<Sequence, T>& sequence, F&& f) noexcept {
        std::size_t at = 0;
        for (std::size_t i = oldest(sequence); i < sequence.count();) {
            if (!sequence.holds(i)) {
                ++i;
                continue;
            }
            std::size_t end = i + 1;
            while (end < sequence.count() && sequence.holds(end)) ++end;
            f(rows<const T>{sequence.row(i), end - i, Sequence::width}, at);
            at += end - i;
            i = end;
        }
    }
};

}  // namespace rivulet
