// SPDX-License-Identifier: MIT
// How attention forgets: a row's logit falls in proportion to its age, at a rate of each head.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <string_view>

#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "../math/vector.hpp"
#include "sequence_keys.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Every row counts alike, however old.
struct no_decay {
    static constexpr std::size_t weights = 0;
};

namespace detail {

inline constexpr std::size_t by_position = static_cast<std::size_t>(-1);

}  // namespace detail

/// logit_h -= rate_h * age, the age in column `Column` of the sequence's rows, in whatever unit the host chooses (the half-life has it
/// too): hours since the event, or a logarithm of these. A softmax sees differences only, so it does not matter from when ages are counted,
/// nor whether a causal query counts them from its own moment.
/// Weights: one w_h for each of at most 16 heads, with rate_h = softplus(w_h) >= 0.
template <std::size_t Column> struct age_decay {
    float half_life = 16;  ///< age at which a row's share has halved beside an equal one of age 0; where learning starts; > 0
    bool learned = true;   ///< whether each head learns its rate; otherwise the half-life stays

    static constexpr std::size_t weights = 16, most_heads = 16;

    /// Whether rows of this width hold the age.
    static constexpr bool within(std::size_t width) { return Column < width || Column == detail::by_position; }
    template <class T> static T age(const T* row, std::size_t from_newest) noexcept {
        if constexpr (Column == detail::by_position)
            return static_cast<T>(from_newest);
        else
            return row[Column];
    }
    double first_rate() const noexcept { return std::numbers::ln2 / static_cast<double>(half_life); }
    template <class T> void start(T* w) const noexcept {
        const double rate = first_rate();  // softplus(w) = rate, in a form that neither overflows nor cancels
        for (std::size_t h = 0; h < weights; ++h) w[h] = static_cast<T>(rate + std::log(-std::expm1(-rate)));
    }
    template <class T> T rate(const T* w, std::size_t head) const noexcept {
        if (!learned) return static_cast<T>(first_rate());
        return (w[head] > T(0) ? w[head] : T(0)) + std::log1p(std::exp(-std::abs(w[head])));
    }
    /// Adds to the slope of a head's weight, from that of its rate.
    template <class T> void rate_backward(const T* w, std::size_t head, T rate_slope, T* g) const noexcept {
        if (learned) g[head] += rate_slope / (T(1) + std::exp(-w[head]));
    }
    std::string settings() const { return " half_life=" + detail::text(static_cast<double>(half_life)) + (learned ? "" : " fixed"); }
    status validate(std::size_t heads) const noexcept {
        const auto refused = [](std::string_view why, std::size_t expected, double got) {
            return status{errc::setting, why, static_cast<double>(expected), got};
        };
        if (!math::finite(half_life) || !(half_life > 0)) return refused("decay.half_life must be positive", 0, half_life);
        if (heads > most_heads) return refused("attention with decay has at most 16 heads", most_heads, static_cast<double>(heads));
        return {};
    }
};

/// The same by position: the newest row that is there has age 0, the one before it 1 and so on; masked rows do not count. These are the
/// linear biases of Press et al. 2022 (ALiBi), who fix the rates; `.learned = false` fixes ours.
using position_decay = age_decay<detail::by_position>;

namespace detail {

template <class Decay> constexpr bool decays = Decay::weights != 0;

/// Whether rows of this width hold the age that a decay reads.
template <class Decay> constexpr bool age_within(std::size_t width) {
    if constexpr (decays<Decay>)
        return Decay::within(width);
    else
        return true;
}

/// What a decay keeps of one sequence: ages, counted from the youngest that is there, and rates. As a slope it has rates alone,
/// for ages are inputs.
template <class T, std::size_t Length, bool Used> struct fading {
    alignas(64) std::array<T, padded(Length)> ages;   // (time)
    std::array<T, position_decay::most_heads> rates;  // (heads)
    fading() {}

    template <class Decay, class Sequence>
    void gather(const Decay& decay, const T* w, std::size_t heads, const given<Sequence, T>& sequence) noexcept {
        const std::size_t time = count_used(sequence);
        each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            for (std::size_t i = 0; i < moments.count; ++i) ages[at + i] = Decay::age(moments[i], time - 1 - at - i);
        });
        const T youngest = time > 0 ? *std::min_element(ages.begin(), ages.begin() + static_cast<std::ptrdiff_t>(time)) : T(0);
        for (std::size_t t = 0; t < time; ++t) ages[t] -= youngest;  // so that no bias is above zero, and one is zero
        for (std::size_t h = 0; h < heads; ++h) rates[h] = decay.rate(w, h);
    }
    /// added: (time), what head `h` adds to the logits.
    void bias(std::size_t h, std::size_t time, T* added) const noexcept {
        for (std::size_t t = 0; t < time; ++t) added[t] = -rates[h] * ages[t];
    }
    /// The slope of head h's rate from slopes of its logits, (time).
    T rate_slope(const T* logit_slopes, std::size_t time) const noexcept { return -math::dot(ages.data(), logit_slopes, time); }
    void start_slope() noexcept { rates.fill(T(0)); }
};
template <class T, std::size_t Length> struct fading<T, Length, false> {
    void start_slope() noexcept {}
};

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
