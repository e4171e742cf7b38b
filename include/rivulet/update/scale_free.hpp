// SPDX-License-Identifier: MIT
// The update for raw features: indifferent to the units they come in, a rate for every weight, and no step past the label.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "../core/concepts.hpp"
#include "../math/vector.hpp"
#include "foresight.hpp"
#include "schedule.hpp"

namespace rivulet::inline RIVULET_ABI {

/// N_i = max |x_i|, w_i *= old N_i / N_i; G_i += weight * slope^2 x_i^2; w_i -= rate sqrt(W / S) g_i / (N_i sqrt(G_i)) (NAG of Ross,
/// Mineiro & Langford 2013). Multiply a feature by any constant, and all scores stay what they
/// were. W is the weight of all outcomes and S the sum of weight * sum_i (x_i / N_i)^2, so that a step does not grow with the number of
/// features.
///
/// Two phases (foresight.hpp), so that the whole step can be shortened to what an infinitely divided one comes to, which does not pass the
/// label (Karampatziakis & Langford 2011). It takes one outcome a step, and no pull of rows towards zero.
///
/// With fixed rates an outcome of weight 2 then equals two of weight 1. As in Vowpal Wabbit, whose default this is, a weight is rescaled
/// after the score was formed, so in a step that meets a new largest |x_i| that score moves by the rescaling as well. A row that lies
/// together, n weights, n N, n G, is a range with state {row + n, n}. A slope or a g of less than 1e-18 is none.
struct scale_free {
    float rate = 0.5f;  ///< eta, without a unit; above 0
    rivulet::schedule schedule{};

    static constexpr std::size_t state = 2;  // N, G
    /// Whether a number can be N or G: what a snapshot is checked for.
    template <class T> static bool accepts(T number) noexcept { return number >= T(0); }

    status validate() const noexcept {
        return detail::first_refusal({detail::above_zero(rate, "scale_free.rate must be a finite number above 0"), schedule.validate()});
    }

    /// Looks ahead and changes nothing. O(n).
    template <class T> foresight measure(const T* g, updater_state<T> kept, std::size_t n, pull<T> with) const noexcept {
        foresight found;
        if (!pulls(with)) return found;
        const T inverse = T(1) / std::abs(with.weight * with.slope), lightness = T(1) / with.weight;
        const T *const largest = kept.numbers, *const squares = kept.numbers + kept.apart;
        const simd::batch<T> inverses(inverse), lightnesses(lightness), none(-least<T>), nothing(T(0)), one(T(1));
        simd::batch<T> movement(T(0)), size(T(0));
        T movement_rest = 0, size_rest = 0;
        math::sweep<T, simd::native>(
            n,
            [&](std::size_t i) {
                const auto slope = simd::load(g + i), far = simd::max(slope, nothing - slope), gate = far + none;
                const auto x = far * inverses, highest = simd::where_positive(gate, simd::max(x, simd::load(largest + i)), one);
                const auto seen = simd::where_positive(gate, simd::fma(lightnesses * slope, slope, simd::load(squares + i)), one);
                const auto share = simd::where_positive(gate, x / highest, nothing);
                movement = simd::fma(share, far / simd::sqrt(seen), movement);
                size = simd::fma(share, share, size);
            },
            [&](std::size_t i) {
                const T far = std::abs(g[i]);
                if (!(far > least<T>)) return;
                const T x = far * inverse, share = x / std::max(x, largest[i]);
                movement_rest = simd::fma(share, far / std::sqrt(simd::fma(lightness * g[i], g[i], squares[i])), movement_rest);
                size_rest = simd::fma(share, share, size_rest);
            });
        found.movement = static_cast<double>(simd::sum(movement) + movement_rest);
        found.size = static_cast<double>(simd::sum(size) + size_rest);
        return found;
    }

    /// rate * sqrt(W / S): what the measured movement is to be multiplied by, and the step. 0 if nothing has had a slope yet.
    template <class T> T factor(const mean_size& total, std::uint64_t steps) const noexcept {
        if (!(total.size > 0)) return T(0);
        return static_cast<T>(static_cast<double>(rate) * schedule.factor(steps) * std::sqrt(total.weight / total.size));
    }

    /// The step, by the factor. Weights without a slope stay to the bit, and so does what is kept about them. O(n).
    template <class T> void step(T* w, const T* g, updater_state<T> kept, std::size_t n, pull<T> with, T factor) const noexcept {
        if (!pulls(with)) return;
        const T inverse = T(1) / std::abs(with.weight * with.slope), lightness = T(1) / with.weight;
        T *const largest = kept.numbers, *const squares = kept.numbers + kept.apart;
        const simd::batch<T> inverses(inverse), lightnesses(lightness), none(-least<T>), nothing(T(0)), one(T(1)), factors(factor);
        math::sweep<T, simd::native>(
            n,
            [&](std::size_t i) {
                const auto slope = simd::load(g + i), far = simd::max(slope, nothing - slope), gate = far + none;
                const auto before = simd::load(largest + i), seen_before = simd::load(squares + i), old = simd::load(w + i);
                const auto highest = simd::where_positive(gate, simd::max(far * inverses, before), before);
                const auto seen = simd::where_positive(gate, simd::fma(lightnesses * slope, slope, seen_before), seen_before);
                const auto scale = simd::where_positive(gate, highest, one), root = simd::where_positive(gate, simd::sqrt(seen), one);
                const auto rescaled = old * simd::where_positive(before, before / scale, one);
                const auto next = rescaled - factors * (slope / root) / scale;
                simd::store(largest + i, highest);
                simd::store(squares + i, seen);
                simd::store(w + i, simd::where_positive(gate, next, old));
            },
            [&](std::size_t i) {
                const T far = std::abs(g[i]), before = largest[i];
                if (!(far > least<T>)) return;
                largest[i] = std::max(far * inverse, before);
                squares[i] = simd::fma(lightness * g[i], g[i], squares[i]);
                const T rescaled = w[i] * (before > T(0) ? before / largest[i] : T(1));
                w[i] = rescaled - factor * (g[i] / std::sqrt(squares[i])) / largest[i];
            });
    }

private:
    template <class T> static constexpr T least = T(1e-18);  // its square is a normal float
    template <class T> static bool pulls(pull<T> with) noexcept {
        return std::abs(with.weight * with.slope) > least<T> && with.weight > T(0);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
