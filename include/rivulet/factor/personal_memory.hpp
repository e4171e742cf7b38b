// SPDX-License-Identifier: MIT
// What personal states stand on: factors by item, the last events of each user, and a log of events to learn again.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../core/arena.hpp"
#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "../math/vector.hpp"
#include "../table/id_directory.hpp"
#include "../table/prior_row.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// Rows of [bias, factors] by item: an own part, and what the item's content gives. `States` numbers each, in whole registers; `Content`
/// numbers of content, of which few are not zero: one bit each says which.
template <class T, std::size_t States, std::size_t Content> struct item_factors {
    static constexpr std::uint32_t none = id_directory::none;
    static constexpr std::size_t stride = padded(States), words = (Content + 63) / 64;

    explicit item_factors(const room_for_ids& room)
        : ids(room), own(room.capacity * stride), now(room.capacity * stride), content(room.capacity * Content),
          map((1 + Content) * stride), present(room.capacity * words) {}

    id_directory ids;
    arena<T> own;                        // (items, stride)
    arena<T> now;                        // (items, stride): own + [1, content] map, as of when it was last added up
    arena<T> content;                    // (items, Content)
    arena<T> map;                        // (1 + Content, stride)
    std::vector<std::uint64_t> present;  // (items, words): which numbers of content are not zero

    const T* row(std::uint32_t slot) const noexcept { return now.data() + slot * stride; }
    /// The slot of an item, which `likely` is unless the item has left since.
    std::uint32_t slot_of(item_id id, std::uint32_t likely) const noexcept {
        return likely < ids.capacity() && ids.occupied(likely) && ids.id(likely) == id ? likely : ids.find(id);
    }
    /// out = [1, content] map: where an item starts that nothing is known of but its content. (States)
    void start_of(const T* about, T* out) const noexcept {
        std::copy_n(map.data(), States, out);
        for (std::size_t i = 0; i < Content; ++i)
            if (about[i] != T(0)) math::add_scaled(about[i], map.data() + (i + 1) * stride, out, States);
    }
    void add_up(std::uint32_t slot) noexcept {
        const T* const one = own.data() + slot * stride;
        T* const out = now.data() + slot * stride;
        for (std::size_t at = 0; at < stride; at += simd::lanes<T>) {
            auto sum = simd::load<T>(map.data() + at);
            each_present(slot, [&](T x, const T* row) { sum = simd::fma(simd::batch<T>(x), simd::load<T>(row + at), sum); });
            simd::store(out + at, sum + simd::load<T>(one + at));
        }
    }
    /// The own row moves by rates (step - pulls own), and each row of [1, content] in the map, where x is its number, by
    /// pace (x step - pull row); then the item is added up. In one pass over the registers. step, rates, pulls: (stride).
    void move(std::uint32_t slot, const T* step, const T* rates, const T* pulls, T pace, T pull) noexcept {
        T* const one = own.data() + slot * stride;
        T* const out = now.data() + slot * stride;
        const simd::batch<T> fades(-pace * pull);
        for (std::size_t at = 0; at < stride; at += simd::lanes<T>) {
            const auto along = simd::load<T>(step + at), before = simd::load<T>(one + at);
            const auto after = simd::fma(simd::load<T>(rates + at), along - simd::load<T>(pulls + at) * before, before);
            simd::store(one + at, after);
            simd::batch<T> sum(T(0));
            const auto learn = [&](T x, T* row) {
                const auto old = simd::load<T>(row + at);
                const auto learned = simd::fma(simd::batch<T>(pace * x), along, simd::fma(fades, old, old));
                simd::store(row + at, learned);
                sum = simd::fma(simd::batch<T>(x), learned, sum);
            };
            learn(T(1), map.data());
            each_present(slot, learn);
            simd::store(out + at, sum + after);
        }
    }
    /// The slot of an item that was seen, whose content is written down; none if it has not been seen often enough.
    std::uint32_t sight(item_id id, const T* about, float spread, std::uint64_t seed) noexcept {
        const std::size_t before = ids.tentative().size();
        const std::uint32_t slot = ids.admit(id);
        const bool fresh = ids.tentative().size() != before;
        ids.commit();
        ids.sighted(id);
        if (slot == none) return none;
        if (fresh) {
            start_row<T>(own.data() + slot * stride, nullptr, States, spread, id, seed);
            own.data()[slot * stride] = T(0);  // factors must differ where nothing is known, biases need not
        }
        std::copy_n(about, Content, content.data() + slot * Content);
        for (std::size_t word = 0; word < words; ++word) present[slot * words + word] = bits_of(slot, word);
        add_up(slot);
        return slot;
    }
    void make_room() noexcept {
        ids.make_room(std::clamp<std::size_t>(ids.capacity() / 4, 1, 16), [&](std::uint32_t gone) {
            std::fill_n(own.data() + gone * stride, stride, T(0));
            std::fill_n(now.data() + gone * stride, stride, T(0));
            std::fill_n(content.data() + gone * Content, Content, T(0));
            for (std::size_t word = 0; word < words; ++word) present[gone * words + word] = 0;
        });
    }

    template <class F> void parts(F&& f) {
        ids.parts(f);
        for (arena<T>* block : {&own, &now, &content, &map}) f(std::as_writable_bytes(block->span()));
        f(std::as_writable_bytes(std::span(present)));
    }
    template <class F> void parts(F&& f) const {
        ids.parts(f);
        for (const arena<T>* block : {&own, &now, &content, &map}) f(block->bytes());
        f(std::as_bytes(std::span(present)));
    }
    status validate_state() const noexcept {
        if (const status found = ids.validate_state(); !found) return found;
        for (const arena<T>* block : {&own, &now, &content, &map})
            if (const std::size_t bad = math::first_nonfinite(block->data(), block->size()); bad != block->size())
                return {errc::nonfinite, "item factors", 0, 0, bad};
        for (std::size_t slot = 0; slot < ids.capacity(); ++slot)
            for (std::size_t word = 0; word < words; ++word)
                if (present[slot * words + word] != bits_of(slot, word)) return {errc::format, "item factors", 0, 0, slot};
        return {};
    }
    std::size_t memory() const noexcept {
        return ids.memory() + (own.size() + now.size() + content.size() + map.size()) * sizeof(T) + present.size() * sizeof(std::uint64_t);
    }

private:
    /// f(number, row of the map) for the numbers of an item's content that are not zero.
    template <class F> void each_present(std::uint32_t slot, F&& f) noexcept {
        for (std::size_t word = 0; word < words; ++word)
            for (std::uint64_t left = present[slot * words + word]; left != 0; left &= left - 1) {
                const std::size_t i = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
                f(content.data()[slot * Content + i], map.data() + (i + 1) * stride);
            }
    }
    std::uint64_t bits_of(std::size_t slot, std::size_t word) const noexcept {
        std::uint64_t bits = 0;
        for (std::size_t i = word * 64; i < std::min(Content, word * 64 + 64); ++i)
            if (content.data()[slot * Content + i] != T(0)) bits |= std::uint64_t(1) << (i % 64);
        return bits;
    }
};

/// The users: a ring of each one's last events, and what is known of each beside them.
template <class T, std::size_t Attributes> struct user_histories {
    static constexpr std::uint32_t none = id_directory::none;

    struct event {
        item_id item;
        float label;
        std::uint32_t slot;  // where the item's factors were then; a hint
    };
    struct reference {  // to an event of a user: the number-th since the user was first seen
        item_id user;
        std::uint64_t number;
    };

    user_histories(const room_for_ids& room, std::size_t kept_events, std::size_t log_size)
        : ids(room), kept(kept_events), events(room.capacity * kept), seen(room.capacity), attributes(room.capacity * Attributes),
          log(log_size) {}

    id_directory ids;
    std::size_t kept;                 // events of each user; a setting, not a state
    std::vector<event> events;        // (users, kept): rings
    std::vector<std::uint64_t> seen;  // events of each user so far
    arena<T> attributes;              // (users, Attributes): as of the user's last event
    std::vector<reference> log;       // a ring
    std::uint64_t logged = 0;         // events written to it

    std::uint64_t oldest(std::uint32_t user) const noexcept { return seen[user] > kept ? seen[user] - kept : 0; }
    const event& at(std::uint32_t user, std::uint64_t number) const noexcept { return events[user * kept + number % kept]; }

    /// Adds an event; gives the user's slot, or none of one who has not been seen often enough.
    std::uint32_t remember(item_id user, const event& what, const T* about) noexcept {
        const std::uint32_t slot = ids.admit(user);
        ids.commit();
        ids.sighted(user);
        if (slot == none) return none;
        std::copy_n(about, Attributes, attributes.data() + slot * Attributes);
        log[logged++ % log.size()] = {user, seen[slot]};
        events[slot * kept + seen[slot]++ % kept] = what;
        return slot;
    }
    void make_room() noexcept {
        ids.make_room(std::clamp<std::size_t>(ids.capacity() / 4, 1, 16), [&](std::uint32_t gone) { clear(gone); });
    }
    /// Forgets a user, events and all. O(log).
    bool forget(item_id user) noexcept {
        const std::uint32_t slot = ids.find(user);
        if (slot == none || !ids.erase(user)) return false;
        clear(slot);
        for (reference& one : log)
            if (one.user == user) one = {};
        return true;
    }

    template <class F> void parts(F&& f) {
        ids.parts(f);
        f(std::as_writable_bytes(std::span(events)));
        f(std::as_writable_bytes(std::span(seen)));
        f(std::as_writable_bytes(attributes.span()));
        f(std::as_writable_bytes(std::span(log)));
        f(std::as_writable_bytes(std::span(&logged, 1)));
    }
    template <class F> void parts(F&& f) const {
        ids.parts(f);
        f(std::as_bytes(std::span(events)));
        f(std::as_bytes(std::span(seen)));
        f(attributes.bytes());
        f(std::as_bytes(std::span(log)));
        f(std::as_bytes(std::span(&logged, 1)));
    }
    status validate_state() const noexcept {
        if (const status found = ids.validate_state(); !found) return found;
        for (std::size_t i = 0; i < events.size(); ++i)
            if (!math::finite(events[i].label)) return {errc::nonfinite, "user histories", 0, 0, i};
        const std::size_t bad = math::first_nonfinite(attributes.data(), attributes.size());
        return bad == attributes.size() ? status{} : status{errc::nonfinite, "user attributes", 0, 0, bad};
    }
    std::size_t memory() const noexcept {
        return ids.memory() + events.size() * sizeof(event) + seen.size() * sizeof(std::uint64_t) + attributes.size() * sizeof(T) +
               log.size() * sizeof(reference);
    }

private:
    void clear(std::uint32_t slot) noexcept {
        std::fill_n(events.data() + slot * kept, kept, event{});
        std::fill_n(attributes.data() + slot * Attributes, Attributes, T(0));
        seen[slot] = 0;
    }
};

/// All of it.
template <class T, std::size_t States, std::size_t Content, std::size_t Attributes> struct personal_memory {
    struct totals {
        std::uint64_t drawn = 1;  // the state of the random numbers
        std::uint64_t swept = 0;  // rows added up again in turn
        double labels = 0, count = 0, squares = 0;
    };

    item_factors<T, States, Content> items;
    user_histories<T, Attributes> users;
    arena<T> prior;  // (1 + Attributes, padded(States)): the mean of a user's state before the first event
    totals total{};

    /// The mean of all labels so far.
    T centre() const noexcept { return total.count > 0 ? static_cast<T>(total.labels / total.count) : T(0); }
    /// The mean square of what was missed so far.
    double noise() const noexcept { return total.count > 0 ? total.squares / total.count : 1; }

    template <class F> void tables(F&&) const {}
    template <class F> void parts(F&& f) {
        items.parts(f);
        users.parts(f);
        f(std::as_writable_bytes(prior.span()));
        f(std::as_writable_bytes(std::span(&total, 1)));
    }
    template <class F> void parts(F&& f) const {
        items.parts(f);
        users.parts(f);
        f(prior.bytes());
        f(std::as_bytes(std::span(&total, 1)));
    }
    template <class Accepts> status validate_state(Accepts&&) const noexcept {
        if (const status found = items.validate_state(); !found) return found;
        if (const status found = users.validate_state(); !found) return found;
        const std::size_t bad = math::first_nonfinite(prior.data(), prior.size());
        if (bad != prior.size() || !math::finite(total.labels) || !math::finite(total.count) || !math::finite(total.squares))
            return {errc::nonfinite, "personal states", 0, 0, bad};
        return {};
    }
    std::size_t memory() const noexcept { return items.memory() + users.memory() + prior.size() * sizeof(T); }
};

}  // namespace rivulet::inline RIVULET_ABI::detail
