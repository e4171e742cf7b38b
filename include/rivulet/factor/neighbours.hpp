// SPDX-License-Identifier: MIT
// Item-item neighbours: who takes this takes that, counted as it happens, in memory that is fixed at construction.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "../core/arena.hpp"
#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI {

struct neighbours_settings {
    std::size_t kept = 64;     ///< K: neighbours an item, 1 to 65,536
    std::size_t history = 20;  ///< N: how many of a user's last items an event is paired with
    float fade = 1;            ///< what a pair counts less for every step between its two in the user's history; above 0, at most 1
    float half_life = 0;       ///< events of the whole stream after which a count is worth half; 0: counts last; else 1 or more
    float from_power = 0.5f;   ///< a: of the count of the item that was taken, 0 to 1
    float to_power = 0.5f;     ///< b: of the count of the item that is scored, 0 to 1. (0.5, 0.5): cosine; (1, 0): the share of them who
                               ///< take this too; (1, b): that with popular ones held down (Deshpande and Karypis 2004)
    float shrinkage = 0;       ///< added to the denominator, so that few events make little similarity; of the unit of a count^(a + b)
    std::uint64_t seed = 1;    ///< of the chances by which a newcomer takes a full row's place
    float recency = 1;         ///< what an item of the history counts less in a score for every step back from the last; above 0, at most 1

    status validate() const noexcept;
};

/// An item and how similar it is.
struct neighbour {
    std::uint32_t slot;
    float similarity;

    friend bool operator==(const neighbour&, const neighbour&) = default;
};

/// similarity(i, j) = c_ij / (c_i^a c_j^b + shrinkage), c_ij counting how often j was taken within N items of i by one user, in either
/// order, c_i how often i was taken. With every user's items each taken once, N that spans them and K that holds them, (0.5, 0.5) is
/// exactly the cosine of the columns of the user-item matrix.
///
/// Of the neighbours of an item about the K heaviest are kept, by space-saving (Metwally, Agrawal and El Abbadi 2005) with admission by
/// chance (Ben Basat et al. 2017): a newcomer of weight w takes the place of the lightest, m, with a chance of w / (m + w), and inherits m
/// as its error. Without that chance the many that come once drive out those that come again, and few are left at a small K. Similarity
/// uses weight - error, which was certainly seen. Chances are drawn from the seed, so the same events give the same bytes.
///
/// Counts fade by growing weights of what is new (forward decay, Cormode et al. 2009); once in 40 half lives all are brought back to scale,
/// which visits everything that is held. Without fading a count stops at 2^24.
///
/// Items are slots below the capacity. Nothing allocates after construction. Per item 12 K + 12 bytes.
class neighbours {
public:
    static constexpr std::uint32_t nobody = 0xffffffff;  ///< the slot of a place that is free

    /// Throws rivulet::error for a setting outside its range or a capacity beyond 2^32 - 1, and std::bad_alloc.
    explicit neighbours(std::size_t capacity, neighbours_settings settings = {}) : settings_(settings), now_{random(settings.seed)} {
        detail::require(settings.validate());
        if (capacity > nobody) detail::require({errc::limit, name, double(nobody), double(capacity)});
        slots_ = arena<std::uint32_t>(capacity * settings.kept);
        weights_ = errors_ = arena<float>(slots_.size());
        counts_ = from_ = to_ = arena<float>(capacity);
        std::fill_n(slots_.data(), slots_.size(), nobody);
    }

    /// A user who took `history`, oldest first, takes `item`. Only the last N count; the item itself among them is passed over. A slot out
    /// of range: nothing is learned. O(N K), and O(capacity K) once in 40 half lives.
    status learn(std::span<const std::uint32_t> history, std::uint32_t item) noexcept {
        const auto recent = history.last(std::min(history.size(), settings_.history));
        if (const status checked = check_slots(recent); !checked) return checked;
        if (item >= capacity()) return unknown(item);
        advance();
        float weight = static_cast<float>(now_.scale);
        counts_.data()[item] += weight;
        set_powers(item);
        for (std::size_t i = recent.size(); i-- > 0; weight *= settings_.fade) {
            if (recent[i] == item) continue;
            add(recent[i], item, weight);
            add(item, recent[i], weight);
        }
        return {};
    }

    /// sum over the history, oldest first, of recency^steps similarity(taken, item). O(history K). 0 for a slot out of range.
    float score(std::span<const std::uint32_t> history, std::uint32_t item) const noexcept {
        float sum = 0, share = 1;
        for (std::size_t i = history.size(); i-- > 0; share *= settings_.recency) sum = simd::fma(share, similarity(history[i], item), sum);
        return sum;
    }
    /// The same of all items at once: scores: (capacity). O(capacity + history K).
    status score(std::span<const std::uint32_t> history, std::span<float> scores) const noexcept {
        if (scores.size() != capacity()) return {errc::count, name, double(capacity()), double(scores.size())};
        if (const status checked = check_slots(history); !checked) return checked;
        std::fill(scores.begin(), scores.end(), 0.0f);
        float share = 1;
        for (std::size_t i = history.size(); i-- > 0; share *= settings_.recency)
            for (std::size_t k = 0; k < settings_.kept; ++k) {
                const std::uint32_t to = slots_.data()[history[i] * settings_.kept + k];
                if (to != nobody) scores[to] = simd::fma(share, similarity_at(history[i], k), scores[to]);
            }
        return {};
    }

    /// 0 where `to` is not among what is kept of `from`, or a slot is out of range. O(K).
    float similarity(std::uint32_t from, std::uint32_t to) const noexcept {
        if (from >= capacity() || to >= capacity()) return 0;
        const std::uint32_t* const row = slots_.data() + from * settings_.kept;
        const std::uint32_t* const found = std::find(row, row + settings_.kept, to);
        return found == row + settings_.kept ? 0 : similarity_at(from, static_cast<std::size_t>(found - row));
    }
    /// The most similar ones of what is kept of an item, best first, ties by slot: at most room.size(). O(K room.size()).
    std::span<neighbour> similar(std::uint32_t item, std::span<neighbour> room) const noexcept {
        const auto before = [](const neighbour& a, const neighbour& b) {
            return a.similarity != b.similarity ? a.similarity > b.similarity : a.slot < b.slot;
        };
        std::size_t size = 0;
        for (std::size_t k = 0; item < capacity() && k < settings_.kept; ++k) {
            const neighbour one{slots_.data()[item * settings_.kept + k], similarity_at(item, k)};
            if (!(one.similarity > 0)) continue;
            std::size_t at = size < room.size() ? size++ : size;
            for (; at > 0 && before(one, room[at - 1]); --at)
                if (at < size) room[at] = room[at - 1];
            if (at < size) room[at] = one;
        }
        return room.first(size);
    }

    /// f(slot, similarity) for what is kept of an item and similar to it, in no order. O(K).
    template <class F> void each(std::uint32_t item, F&& f) const noexcept {
        for (std::size_t k = 0; item < capacity() && k < settings_.kept; ++k)
            if (const float found = similarity_at(item, k); found > 0) f(slots_.data()[item * settings_.kept + k], found);
    }

    /// What the pair of `from` and `to` weighs now in the row of `from`: certainly `seen`, and by estimate `likely`, what came before it
    /// was let in included. Equal in a row that was never full. Both 0 where it is not kept.
    struct kept_weight {
        float seen, likely;
    };
    kept_weight weight(std::uint32_t from, std::uint32_t to) const noexcept {
        const auto now = [this](float weight) { return static_cast<float>(double(weight) / now_.scale); };
        for (std::size_t at = from * settings_.kept; from < capacity() && at < (from + 1) * settings_.kept; ++at)
            if (slots_.data()[at] == to && to != nobody) return {now(weights_.data()[at] - errors_.data()[at]), now(weights_.data()[at])};
        return {};
    }
    /// How often an item was taken, faded to now. item < capacity().
    float count(std::uint32_t item) const noexcept { return static_cast<float>(counts_.data()[item] / now_.scale); }

    /// Takes an item out of all that is known, so that its slot can be another's. O(capacity K).
    status forget(std::uint32_t item) noexcept {
        if (item >= capacity()) return unknown(item);
        counts_.data()[item] = 0;
        set_powers(item);
        for (std::size_t at = 0; at < slots_.size(); ++at)
            if (slots_.data()[at] == item || at / settings_.kept == item) free(at);
        return {};
    }

    /// The same of all slots that `gone(slot)` is true of, at the same cost.
    template <class Gone> void forget_if(Gone&& gone) noexcept {
        for (std::uint32_t item = 0; item < capacity(); ++item) {
            const bool leaves = gone(item);
            if (leaves) {
                counts_.data()[item] = 0;
                set_powers(item);
            }
            for (std::size_t at = item * settings_.kept; at < (item + 1) * settings_.kept; ++at)
                if (slots_.data()[at] != nobody && (leaves || gone(slots_.data()[at]))) free(at);
        }
    }

    std::size_t capacity() const noexcept { return counts_.size(); }
    const neighbours_settings& settings() const noexcept { return settings_; }
    /// Bytes held; the same from construction on.
    std::size_t memory() const noexcept { return slots_.size() * 12 + counts_.size() * 12 + sizeof now_; }

    /// f(bytes) for every part of the state, in one order: std::span<const std::byte> to digest or write, std::span<std::byte> to
    /// read into. After reading, `check` must be asked before anything else.
    template <class F> void parts(F&& f) const {
        visit(*this, f, [](auto whole) { return std::as_bytes(whole); });
    }
    template <class F> void parts(F&& f) {
        visit(*this, f, [](auto whole) { return std::as_writable_bytes(whole); });
    }
    /// Whether the state is one that this class can work with: of bytes from outside. O(capacity K).
    status check() const noexcept;

private:
    static constexpr std::string_view name = "neighbours";
    static constexpr double largest_scale = 0x1p40;  // c_i^a c_j^b of counts of up to 2^20 of these stay within a float
    struct changing {
        random chances;
        double scale = 1;         // what an event weighs now
        float inverse_scale = 1;  // of counts as they are held
        float inverse_power = 1;  // 1 / scale^(a + b)
    };

    status unknown(std::uint32_t slot) const noexcept { return {errc::unknown_item, name, double(capacity()), double(slot), slot}; }
    status check_slots(std::span<const std::uint32_t> slots) const noexcept {
        for (const std::uint32_t slot : slots)
            if (slot >= capacity()) return unknown(slot);
        return {};
    }
    void set_powers(std::size_t item) noexcept {
        from_.data()[item] = std::pow(counts_.data()[item], settings_.from_power);
        to_.data()[item] = std::pow(counts_.data()[item], settings_.to_power);
    }
    void free(std::size_t at) noexcept {
        slots_.data()[at] = nobody;
        weights_.data()[at] = errors_.data()[at] = 0;
    }
    float similarity_at(std::size_t from, std::size_t k) const noexcept {
        const std::size_t at = from * settings_.kept + k;
        const std::uint32_t to = slots_.data()[at];
        const float seen = weights_.data()[at] - errors_.data()[at];
        if (to == nobody || !(seen > 0)) return 0;
        const float both = simd::fma(from_.data()[from] * now_.inverse_power, to_.data()[to], settings_.shrinkage);
        return both > 0 ? seen * now_.inverse_scale / both : 0;  // 0: in a history, but never taken here
    }
    void add(std::size_t row, std::uint32_t slot, float weight) noexcept {
        std::uint32_t* const slots = slots_.data() + row * settings_.kept;
        float* const weights = weights_.data() + row * settings_.kept;
        auto at = static_cast<std::size_t>(std::find(slots, slots + settings_.kept, slot) - slots);
        if (at == settings_.kept) {
            at = static_cast<std::size_t>(std::min_element(weights, weights + settings_.kept) - weights);
            const float least = weights[at];  // a free place weighs 0
            if (least > 0 && now_.chances.unit() * (double(least) + double(weight)) >= double(weight)) return;
            slots[at] = slot;
            errors_.data()[row * settings_.kept + at] = least;
        }
        weights[at] += weight;
    }
    void advance() noexcept {
        if (!(settings_.half_life > 0)) return;
        now_.scale *= std::exp2(1 / double(settings_.half_life));
        if (now_.scale > largest_scale) rescale();
        now_.inverse_scale = static_cast<float>(1 / now_.scale);
        now_.inverse_power = static_cast<float>(std::pow(now_.scale, -double(settings_.from_power) - double(settings_.to_power)));
    }
    void rescale() noexcept {
        const auto less = static_cast<float>(1 / now_.scale);
        constexpr float worth_keeping = 0x1p-80f;  // of an event: far below what shows in a float, far above its smallest numbers
        for (std::size_t at = 0; at < slots_.size(); ++at) {
            weights_.data()[at] *= less;
            errors_.data()[at] *= less;
            if (weights_.data()[at] < worth_keeping) free(at);
        }
        for (std::size_t i = 0; i < capacity(); ++i) {
            counts_.data()[i] *= less;
            if (counts_.data()[i] < worth_keeping) counts_.data()[i] = 0;
            set_powers(i);
        }
        now_.scale = 1;
    }
    template <class Self, class F, class Bytes> static void visit(Self& self, F& f, const Bytes& bytes) {
        f(bytes(std::span(&self.now_, 1)));
        f(bytes(self.slots_.span()));
        for (auto* const numbers : {&self.weights_, &self.errors_, &self.counts_, &self.from_, &self.to_}) f(bytes(numbers->span()));
    }

    neighbours_settings settings_;
    changing now_;
    arena<std::uint32_t> slots_;       // (capacity, K)
    arena<float> weights_, errors_;    // (capacity, K), in units of now_.scale
    arena<float> counts_, from_, to_;  // (capacity): c_i in those units, c_i^a, c_i^b
};

inline status neighbours_settings::validate() const noexcept {
    const auto within = [](float x, float low, float high) { return math::finite(x) && x >= low && x <= high; };
    const auto refused = [](std::string_view sentence, float got) { return status{errc::setting, sentence, 0, double(got)}; };
    if (kept == 0 || kept > 65536) return refused("neighbours.kept must be from 1 to 65,536", static_cast<float>(kept));
    if (!within(fade, 0x1p-40f, 1)) return refused("neighbours.fade must be above 0 and at most 1", fade);
    if (!within(recency, 0x1p-40f, 1)) return refused("neighbours.recency must be above 0 and at most 1", recency);
    if (half_life != 0 && !within(half_life, 1, 1e30f)) return refused("neighbours.half_life must be 0 or 1 and more", half_life);
    if (!within(from_power, 0, 1)) return refused("neighbours.from_power must be from 0 to 1", from_power);
    if (!within(to_power, 0, 1)) return refused("neighbours.to_power must be from 0 to 1", to_power);
    if (!within(shrinkage, 0, 1e30f)) return refused("neighbours.shrinkage must be a finite number of 0 or more", shrinkage);
    return {};
}

inline status neighbours::check() const noexcept {
    const auto broken = [](std::size_t at) { return status{errc::format, name, 0, 0, at}; };
    const auto inverse = [](float x) { return math::finite(x) && x > 0 && x <= 1; };
    if (!math::finite(now_.scale) || !(now_.scale >= 1) || now_.scale > largest_scale || !inverse(now_.inverse_scale) ||
        !inverse(now_.inverse_power))
        return broken(0);
    for (std::size_t at = 0; at < slots_.size(); ++at)
        if ((slots_.data()[at] >= capacity() && slots_.data()[at] != nobody) || !math::finite(weights_.data()[at]) ||
            !(errors_.data()[at] >= 0) || !(weights_.data()[at] >= errors_.data()[at]))
            return broken(at);
    for (const arena<float>* const numbers : {&counts_, &from_, &to_})
        for (std::size_t i = 0; i < capacity(); ++i)
            if (!math::finite(numbers->data()[i]) || !(numbers->data()[i] >= 0)) return broken(i);
    return {};
}

}  // namespace rivulet::inline RIVULET_ABI
