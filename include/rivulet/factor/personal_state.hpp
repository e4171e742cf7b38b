// SPDX-License-Identifier: MIT
// The posterior of one user's state, and a lesson: what it misses moves the factors of items and the prior of users.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "../core/random.hpp"
#include "../core/rows.hpp"
#include "../math/cholesky.hpp"
#include "../math/settings.hpp"
#include "personal_memory.hpp"

namespace rivulet::inline RIVULET_ABI {

/// How personal<> solves and learns. Rates and pulls are those of plain descent on half the squared error.
struct personal_settings {
    // the posterior
    std::size_t history = 200;  ///< events that a state is solved from; 1 or more
    float decay = 0.98f;        ///< what an event counts beside the next newer one; above 0, at most 1
    float ridge = 6;            ///< prior precision of a factor, in events; above 0
    float ridge_bias = 4.5f;    ///< and of the bias; above 0
    float drift = 0.06f;        ///< how far the last misses move all scores of a user, each; 0 or more
    float drift_decay = 0.8f;   ///< what a miss counts beside the next newer one; 0 or more, below 1

    // what it is taught by
    bool steps_teach = true;  ///< the outcomes of learn; if not, only what is told by the pipeline's observe

    // what is kept and learned again
    std::size_t kept = 512;      ///< events kept of each user; `history` or more
    std::size_t log = 1 << 17;   ///< past events, of all users, that are drawn from; 1 or more
    std::size_t rehearse = 64;   ///< past events learned again with each event
    std::size_t stretch = 8;     ///< events after one state that are learned together; 1 to 64
    std::size_t recent = 2000;   ///< of the events learned again, the share `recent_share` is drawn from so many last ones; 1 or more
    float recent_share = 0.15f;  ///< 0 or more, below 1

    std::uint64_t seed = 0;  ///< of the draws and of the first factors

    // steps
    float spread = 0.1f;            ///< first own factors: within +-spread; above 0
    float rate = 0.004f;            ///< of own factors; above 0
    float rate_bias = 0.0013f;      ///< of own biases; 0 or more
    float rate_content = 0.0005f;   ///< of P; 0 or more
    float rate_prior = 1e-4f;       ///< of M; 0 or more
    float shrink = 0.1f;            ///< pull of own factors towards what content says; 0 or more
    float shrink_bias = 0.02f;      ///< and of own biases; 0 or more
    float shrink_content = 0.002f;  ///< of P towards 0; 0 or more
    float shrink_prior = 1;         ///< of M towards 0; 0 or more

    status validate() const noexcept {
        const auto count = [](bool good, std::string_view sentence, std::size_t got) {
            return good ? status{} : status{errc::setting, sentence, 1, static_cast<double>(got)};
        };
        return detail::first_refusal(
            {count(history >= 1, "personal_settings.history must be 1 or more", history),
             count(kept >= history, "personal_settings.kept must be history or more", kept),
             count(log >= 1, "personal_settings.log must be 1 or more", log),
             count(stretch >= 1 && stretch <= 64, "personal_settings.stretch must be 1 to 64", stretch),
             count(recent >= 1, "personal_settings.recent must be 1 or more", recent),
             detail::above_zero(decay, "personal_settings.decay must be above 0 and at most 1"),
             detail::zero_or_more(1 - decay, "personal_settings.decay must be above 0 and at most 1"),
             detail::above_zero(ridge, "personal_settings.ridge must be a finite number above 0"),
             detail::above_zero(ridge_bias, "personal_settings.ridge_bias must be a finite number above 0"),
             detail::zero_or_more(drift, "personal_settings.drift must be a finite number of 0 or more"),
             detail::below_one(drift_decay, "personal_settings.drift_decay must be 0 or more and below 1"),
             detail::below_one(recent_share, "personal_settings.recent_share must be 0 or more and below 1"),
             detail::above_zero(spread, "personal_settings.spread must be a finite number above 0"),
             detail::above_zero(rate, "personal_settings.rate must be a finite number above 0"),
             detail::zero_or_more(rate_bias, "personal_settings.rate_bias must be a finite number of 0 or more"),
             detail::zero_or_more(rate_content, "personal_settings.rate_content must be a finite number of 0 or more"),
             detail::zero_or_more(rate_prior, "personal_settings.rate_prior must be a finite number of 0 or more"),
             detail::zero_or_more(shrink, "personal_settings.shrink must be a finite number of 0 or more"),
             detail::zero_or_more(shrink_bias, "personal_settings.shrink_bias must be a finite number of 0 or more"),
             detail::zero_or_more(shrink_content, "personal_settings.shrink_content must be a finite number of 0 or more"),
             detail::zero_or_more(shrink_prior, "personal_settings.shrink_prior must be a finite number of 0 or more")});
    }
    /// What a file of a memory must agree on.
    std::string text() const { return "kept " + std::to_string(kept) + ", log " + std::to_string(log); }
};

namespace detail {

/// A user's posterior, before the `end`-th event.
template <class T, std::size_t States> struct personal_state {
    static constexpr std::size_t stride = padded(States);
    alignas(64) std::array<T, States * stride> factor;  // L, of A = L L'
    alignas(64) std::array<T, stride> weights;          // of [b, q]: [1, u_1, ...]
    T bias = 0;                                         // u_0
    T drift = 0;

    /// attributes: of the user, in the order of Features.
    template <std::size_t Content, std::size_t Attributes>
    void solve(const personal_settings& how, const personal_memory<T, States, Content, Attributes>& known, std::uint32_t user,
               std::uint64_t end, const T* attributes) noexcept {
        begin(how, known, attributes);
        gathered batch;
        const T centre = known.centre();
        T counts = 1;
        each_event(how, known, user, end, [&](const T* row, T label) {
            batch.add(row, counts, label - centre - row[0], *this);
            counts *= static_cast<T>(how.decay);
        });
        batch.finish(*this);
        if (!math::cholesky(factor.data(), States, stride)) {  // factors beyond all bounds: the prior is what is left
            begin(how, known, attributes);
            static_cast<void>(math::cholesky(factor.data(), States, stride));
        }
        math::cholesky_solve(factor.data(), weights.data(), States, stride);
        bias = weights[0];
        weights[0] = T(1);
        drift = 0;
        T fading = static_cast<T>(how.drift);
        if (fading > T(0))  // drift_decay^20 is nothing
            each_event(how, known, user, end, std::min<std::size_t>(how.history, 20), [&](const T* row, T label) {
                drift += fading * (label - centre - expect(row));
                fading *= static_cast<T>(how.drift_decay);
            });
    }
    /// b + [1, q] . u. row: [b, q]
    T expect(const T* row) const noexcept { return bias + math::dot<States>(weights.data(), row); }
    /// x' A^-1 x
    T variance(const T* row) const noexcept {
        std::array<T, States> x;
        std::copy_n(row, States, x.data());
        x[0] = T(1);
        math::cholesky_forward(factor.data(), x.data(), States, stride);
        return math::dot(x.data(), x.data(), States);
    }
    /// f(row, label) for the events that the state is solved from, newest first; or for the last `most` of them.
    template <class Memory, class F>
    static void each_event(const personal_settings& how, Memory& known, std::uint32_t user, std::uint64_t end, F&& f) noexcept {
        each_event(how, known, user, end, how.history, f);
    }
    template <class Memory, class F>
    static void each_event(const personal_settings& how, Memory& known, std::uint32_t user, std::uint64_t end, std::size_t most,
                           F&& f) noexcept {
        each_slot(known, user, end, std::min(most, how.history),
                  [&](std::uint32_t slot, float label) { f(known.items.row(slot), static_cast<T>(label)); });
    }
    /// f(slot of the item, label) for a user's last `most` events before the `end`-th, newest first.
    template <class Memory, class F>
    static void each_slot(Memory& known, std::uint32_t user, std::uint64_t end, std::size_t most, F&& f) noexcept {
        if (user == id_directory::none) return;
        const std::uint64_t first = std::max(known.users.oldest(user), end > most ? end - most : 0);
        for (std::uint64_t number = end; number-- > first;) {
            const auto& one = known.users.at(user, number);
            if (const std::uint32_t slot = known.items.slot_of(one.item, one.slot); slot != id_directory::none) f(slot, one.label);
        }
    }

private:
    /// Events that join A and A u four at a time, which reads and writes A once for all four.
    struct gathered {
        static constexpr std::size_t room = 4, step = simd::lanes<T>;
        alignas(64) std::array<T, room * stride> x;  // [1, q] each
        std::array<T, room> counts, labels;
        std::size_t size = 0;

        void add(const T* row, T count, T label, personal_state& to) noexcept {
            std::copy_n(row, stride, x.data() + size * stride);
            x[size * stride] = T(1);
            counts[size] = count;
            labels[size] = count * label;
            if (++size == room) join(to);
        }
        void finish(personal_state& to) noexcept {
            if (size == 0) return;
            std::fill(x.begin() + static_cast<std::ptrdiff_t>(size * stride), x.end(), T(0));
            std::fill(counts.begin() + static_cast<std::ptrdiff_t>(size), counts.end(), T(0));
            std::fill(labels.begin() + static_cast<std::ptrdiff_t>(size), labels.end(), T(0));
            join(to);
        }

    private:
        void join(personal_state& to) noexcept {
            for (std::size_t i = 0; i < States; ++i) {
                std::array<T, room> scaled;
                for (std::size_t e = 0; e < room; ++e) scaled[e] = counts[e] * x[e * stride + i];
                // the diagonal and what is left of it, in whole registers
                math::add_scaled_rows<room>(scaled.data(), x.data(), stride, to.factor.data() + i * stride, i / step * step + step);
            }
            math::add_scaled_rows<room>(labels.data(), x.data(), stride, to.weights.data(), stride);
            size = 0;
        }
    };

    template <class Memory> void begin(const personal_settings& how, const Memory& known, const T* attributes) noexcept {
        factor.fill(T(0));
        const std::size_t count = known.prior.size() / stride - 1;
        std::copy_n(known.prior.data(), stride, weights.data());
        for (std::size_t a = 0; a < count; ++a)
            if (attributes[a] != T(0)) math::add_scaled(attributes[a], known.prior.data() + (a + 1) * stride, weights.data(), stride);
        for (std::size_t k = 0; k < States; ++k) {
            factor[k * stride + k] = static_cast<T>(k == 0 ? how.ridge_bias : how.ridge);
            weights[k] *= factor[k * stride + k];
        }
    }
};

/// One event and what is learned again with it.
template <class T, std::size_t States, std::size_t Content, std::size_t Attributes> struct personal_lesson {
    using memory = personal_memory<T, States, Content, Attributes>;
    using state = personal_state<T, States>;
    static constexpr std::size_t stride = state::stride;
    using row = std::array<T, stride>;

    const personal_settings& how;
    memory& known;

    personal_lesson(const personal_settings& settings, memory& to) noexcept : how(settings), known(to) {
        rates.fill(static_cast<T>(how.rate));
        rates[0] = static_cast<T>(how.rate_bias);
        pulls.fill(static_cast<T>(how.shrink));
        pulls[0] = static_cast<T>(how.shrink_bias);
    }

    void learn(item_id user, item_id item, float label, const T* of_user, const T* of_item) noexcept {
        const std::uint32_t place = known.items.sight(item, of_item, how.spread, how.seed);
        const std::uint32_t slot = known.users.remember(user, {item, label, place}, of_user);
        known.total.labels += static_cast<double>(label);
        known.total.count += 1;
        if (slot != id_directory::none) known.total.squares += episode(slot, known.users.seen[slot] - 1, 1);
        random draw(known.total.drawn);
        const auto logged = static_cast<std::size_t>(std::min<std::uint64_t>(known.users.logged, known.users.log.size()));
        for (std::size_t n = 0; n < how.rehearse && logged > 0; n += how.stretch) {
            const std::size_t from = draw.unit() < static_cast<double>(how.recent_share) ? std::min(logged, how.recent) : logged;
            const std::uint64_t back = 1 + draw.below(from);
            const auto& one = known.users.log[(known.users.logged - back) % known.users.log.size()];
            const std::uint32_t who = known.users.ids.find(one.user);
            if (who != id_directory::none && one.number >= known.users.oldest(who) && one.number < known.users.seen[who])
                episode(who, one.number, std::min(how.stretch, how.rehearse - n));
        }
        known.total.drawn = draw.bits();
        sweep();
        known.items.make_room();
        known.users.make_room();
    }

private:
    alignas(64) row rates, pulls, nothing{};  // of [bias, factors]

    /// Learns up to `count` events of a user from the number-th on, from the state before them; the square of the first miss.
    double episode(std::uint32_t user, std::uint64_t number, std::size_t count) noexcept {
        state before;
        const T* const about = known.users.attributes.data() + user * Attributes;
        before.solve(how, known, user, number, about);
        alignas(64) row misses{}, step{};  // sum of miss * x
        double first = 0;
        const auto pace = static_cast<T>(how.rate_content), pull = static_cast<T>(how.shrink_content);
        for (std::size_t k = 0; k < count && number + k < known.users.seen[user]; ++k) {
            const auto& one = known.users.at(user, number + k);
            const std::uint32_t slot = known.items.slot_of(one.item, one.slot);
            if (slot == id_directory::none) continue;
            const T* const factors = known.items.row(slot);
            const T miss = static_cast<T>(one.label) - known.centre() - before.drift - before.expect(factors);
            if (!math::finite(miss) || std::abs(miss) > T(1e6)) continue;
            if (k == 0) first = static_cast<double>(miss) * static_cast<double>(miss);
            misses[0] += miss;
            for (std::size_t i = 1; i < States; ++i) misses[i] = simd::fma(miss, factors[i], misses[i]);
            for (std::size_t i = 0; i < States; ++i) step[i] = miss * before.weights[i];  // weights[0] is 1
            known.items.move(slot, step.data(), rates.data(), pulls.data(), pace, pull);
        }
        math::cholesky_solve(before.factor.data(), misses.data(), States, stride);  // a = A^-1 sum of miss * x
        through_solution(before, user, number, misses);
        for (std::size_t k = 0; k < States; ++k) step[k] = misses[k] * static_cast<T>(k == 0 ? how.ridge_bias : how.ridge);
        move_prior(about, step.data());
        return first;
    }

    /// d u / d rows of the events that it was solved from: for the row of x, of weight c and miss r, c (r a - (a . x) u) in the factors and
    /// -c (a . x) in the bias.
    void through_solution(const state& before, std::uint32_t user, std::uint64_t number, const row& a) noexcept {
        T counts = 1;
        const T centre = known.centre();
        alignas(64) row slopes = a;  // of [b, q] in a . x, but for the bias
        slopes[0] = T(0);
        state::each_slot(known, user, number, how.history, [&](std::uint32_t slot, float label) {
            const T* const factors = known.items.row(slot);
            const T along = a[0] + math::dot<States>(slopes.data(), factors);
            const T miss = static_cast<T>(label) - centre - before.expect(factors);
            const simd::batch<T> up(counts * miss), down(-counts * along);
            alignas(64) row step;
            for (std::size_t at = 0; at < stride; at += simd::lanes<T>)  // weights[0] is 1, and slopes[0] is 0: the bias, too
                simd::store(step.data() + at,
                            simd::fma(up, simd::load<T>(slopes.data() + at), down * simd::load<T>(before.weights.data() + at)));
            known.items.move(slot, step.data(), rates.data(), nothing.data(), static_cast<T>(how.rate_content), T(0));
            counts *= static_cast<T>(how.decay);
        });
    }

    /// The rows of [1, attributes] in M, along a step.
    void move_prior(const T* numbers, const T* step) noexcept {
        const T pace = static_cast<T>(how.rate_prior), pull = pace * static_cast<T>(how.shrink_prior);
        const auto one = [&](T x, T* to) {
            for (std::size_t k = 0; k < States; ++k) to[k] += pace * x * step[k] - pull * to[k];
        };
        one(T(1), known.prior.data());
        for (std::size_t i = 0; i < Attributes; ++i)
            if (numbers[i] != T(0)) one(numbers[i], known.prior.data() + (i + 1) * stride);
    }
    /// Adds up some rows anew in turn, so that what P has learned reaches all within 32 events.
    void sweep() noexcept {
        const std::size_t capacity = known.items.ids.capacity();
        for (std::size_t n = 0; n < capacity; n += 32, known.total.swept = (known.total.swept + 1) % capacity)
            if (known.items.ids.occupied(static_cast<std::uint32_t>(known.total.swept)))
                known.items.add_up(static_cast<std::uint32_t>(known.total.swept));
    }
};

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
