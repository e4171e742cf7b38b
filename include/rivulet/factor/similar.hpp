// SPDX-License-Identifier: MIT
// Item-item neighbours as a part of a pipeline: how similar an item is to what the user took last.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../core/concepts.hpp"
#include "../core/rows.hpp"
#include "../input/ids.hpp"
#include "../math/settings.hpp"
#include "../table/carried_id.hpp"
#include "../table/id_directory.hpp"
#include "neighbours.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// Who took what last, and which items go with which.
struct similar_memory {
    static constexpr std::uint32_t none = id_directory::none;
    static constexpr std::size_t longest = 256;  // history: what a look at it keeps on the stack

    similar_memory(const room_for_ids& room_for_users, const room_for_ids& room_for_items, const neighbours_settings& how)
        : items(room_for_items), users(room_for_users), pairs(room_for_items.capacity, how), length(how.history),
          taken(room_for_users.capacity * length), count(room_for_users.capacity) {}

    id_directory items, users;
    neighbours pairs;                  // by slots of items
    std::size_t length;                // of a history; a setting, not a state
    std::vector<item_id> taken;        // (users, length): rings
    std::vector<std::uint64_t> count;  // taken by each user so far

    /// f(slot) for the last items of a user that have one, newest first; `age`, counted in items, is f's second argument.
    template <class F> void each_taken(item_id user, F&& f) const noexcept {
        const std::uint32_t slot = users.find(user);
        if (slot == none) return;
        const std::uint64_t end = count[slot];
        for (std::uint64_t age = 0; age < std::min<std::uint64_t>(end, length); ++age)
            if (const std::uint32_t item = items.find(taken[slot * length + (end - 1 - age) % length]); item != none)
                f(item, static_cast<std::size_t>(age));
    }

    /// A user, or nobody that is known, takes an item. O(history K), and O(items K) once in so many new items as are a 32nd of all.
    void take(const item_id* user, item_id item) noexcept {
        const std::uint32_t slot = items.admit(item);
        items.commit();
        items.sighted(item);
        if (slot != none) {
            std::array<std::uint32_t, longest> history;  // oldest first, at the end
            std::size_t begin = longest;
            if (user != nullptr) each_taken(*user, [&](std::uint32_t other, std::size_t) { history[--begin] = other; });
            static_cast<void>(pairs.learn(std::span<const std::uint32_t>(history).subspan(begin), slot));
        }
        if (user != nullptr) remember(*user, item);
        if (items.size() == items.capacity()) {
            items.make_room(std::max<std::size_t>(1, items.capacity() / 32));
            pairs.forget_if([&](std::uint32_t gone) { return !items.occupied(gone); });
        }
    }
    bool forget_user(item_id user) noexcept {
        const std::uint32_t slot = users.find(user);
        if (slot == none || !users.erase(user)) return false;
        clear(slot);
        return true;
    }
    /// Takes an item out of all that is known, histories too. O(items K + users history).
    bool forget_item(item_id item) noexcept {
        const std::uint32_t slot = items.find(item);
        if (slot == none || !items.erase(item)) return false;
        static_cast<void>(pairs.forget(slot));
        for (std::uint32_t user = 0; user < count.size(); ++user) drop(user, item);
        return true;
    }

    template <class F> void tables(F&&) const {}
    template <class F> void parts(F&& f) {
        items.parts(f);
        users.parts(f);
        pairs.parts(f);
        f(std::as_writable_bytes(std::span(taken)));
        f(std::as_writable_bytes(std::span(count)));
    }
    template <class F> void parts(F&& f) const {
        items.parts(f);
        users.parts(f);
        pairs.parts(f);
        f(std::as_bytes(std::span(taken)));
        f(std::as_bytes(std::span(count)));
    }
    /// Rings hold ids, any of which is good.
    template <class Accepts> status validate_state(Accepts&&) const noexcept {
        for (const status& found : {items.validate_state(), users.validate_state(), pairs.check()})
            if (!found) return found;
        return {};
    }
    std::size_t memory() const noexcept {
        return items.memory() + users.memory() + pairs.memory() + taken.size() * sizeof(item_id) + count.size() * sizeof(std::uint64_t);
    }

private:
    void remember(item_id user, item_id item) noexcept {
        const std::uint32_t slot = users.admit(user);
        users.commit();
        users.sighted(user);
        if (slot != none) taken[slot * length + count[slot]++ % length] = item;
        if (users.size() == users.capacity()) users.make_room(1, [&](std::uint32_t gone) { clear(gone); });
    }
    void clear(std::uint32_t user) noexcept {
        std::fill_n(taken.data() + user * length, length, item_id(0));
        count[user] = 0;
    }
    /// Writes a ring anew without an item.
    void drop(std::uint32_t user, item_id item) noexcept {
        std::array<item_id, longest> kept;
        std::size_t size = 0;
        const std::uint64_t end = count[user], begin = end - std::min<std::uint64_t>(end, length);
        for (std::uint64_t i = begin; i < end; ++i)
            if (const item_id one = taken[user * length + i % length]; one != item) kept[size++] = one;
        if (size == end - begin) return;
        clear(user);
        std::copy_n(kept.data(), size, taken.data() + user * length);
        count[user] = size;
    }
};

/// Sums by slot, in a hash table of fixed size: what finds it full is left out. Slots are dense, so where no more items have one than there
/// are places each has a place to itself.
template <class T, std::size_t Places> struct sums_by_slot {
    static_assert(std::has_single_bit(Places), "similar<User, Item, Places>: Places is a power of two");
    static constexpr std::uint32_t nobody = id_directory::none;
    static constexpr std::size_t window = 8;  // places looked at; an item that finds none free is left out

    std::array<std::uint32_t, Places> slots;
    std::array<T, Places> sums;

    void clear() noexcept { slots.fill(nobody); }
    void add(std::uint32_t slot, T more) noexcept {
        for (std::size_t i = 0; i < window; ++i) {
            const std::size_t at = (slot + i) & (Places - 1);
            if (slots[at] == slot) return static_cast<void>(sums[at] += more);
            if (slots[at] != nobody) continue;
            slots[at] = slot;
            sums[at] = more;
            return;
        }
    }
    T at(std::uint32_t slot) const noexcept {
        for (std::size_t i = 0; i < window; ++i) {
            const std::size_t at = (slot + i) & (Places - 1);
            if (slots[at] == slot) return sums[at];
            if (slots[at] == nobody) break;
        }
        return T(0);
    }
};

}  // namespace detail

/// out = [s, log(1 + s / unit)], s = sum over the user's last `how.history` items, the newest first, of recency^age similarity(taken,
/// item), as `neighbours` has it: item-item collaborative filtering, current to the last event, without a fit. The first number is what
/// ranks best alone; the second is the one to add to others, because takes are about proportional to s. 0 for a user or an item of whom
/// nothing is known.
///
/// It teaches itself: an outcome with a label above `above` and a weight above 0 is a take. An item carries its id, so a catalogue need not
/// be refreshed for what was learned. A request costs O(history K) and keeps 8 bytes a place in a table of `Places`, from which the least
/// similar, reached last, are left out when more items are reached than it holds; a candidate a look-up; a take O(history K).
/// Memory is fixed at construction: about 12 K + 80 bytes an item, 8 history + 80 a user. The item that is taken least of late leaves when
/// there is no room, and with it all that is known of it: a 32nd of the items at once, in O(items K).
template <class User, class Item, std::size_t Places = 4096> struct similar {
    static_assert(detail::is_ids<User> && User::bound == binding::context && detail::is_ids<Item> && Item::bound == binding::candidate,
                  "similar<User, Item> takes ids of the request and ids of the item");
    room_for_ids users{.capacity = 4096};
    room_for_ids items{.capacity = 16384};
    neighbours_settings how{.kept = 64, .history = 50, .fade = 0.9f, .shrinkage = 10, .recency = 0.8f};  ///< history: at most 256
    float above = 0;     ///< the label above which an outcome is a take
    float unit = 0.01f;  ///< of s, in the logarithm; above 0

    using inputs = features<User, Item>;
    static constexpr std::size_t width = 2, weights = 0, candidate_weights = 0;
    static constexpr binding bound = binding::pair;
    static constexpr bool fitted = true;
    template <class T> using memory = detail::similar_memory;

    status validate() const noexcept {
        for (const status& found : {users.validate(), items.validate(), how.validate()})
            if (!found) return found;
        if (how.history == 0 || how.history > detail::similar_memory::longest)
            return {errc::setting, "similar.how.history must be from 1 to 256", 0, static_cast<double>(how.history)};
        if (!math::finite(above)) return {errc::setting, "similar.above must be a finite number"};
        return detail::above_zero(unit, "similar.unit must be a finite number above 0");
    }
    std::string settings() const {
        return "users " + std::to_string(users.capacity) + ", items " + std::to_string(items.capacity) + ", kept " +
               std::to_string(how.kept) + ", history " + std::to_string(how.history);
    }
    template <class T> memory<T> make_memory(std::size_t) const { return {users, items, how}; }

    template <class T> using context_part = detail::sums_by_slot<T, Places>;
    static constexpr std::size_t candidate_part = detail::carried_id::numbers;

    template <class T, class Request>
    void prepare_context(const T*, const memory<T>& known, const Request& request, context_part<T>& kept) const noexcept {
        kept.clear();
        const auto& who = request.template get<User>();
        if (who.count() == 0) return;
        float share = 1;
        std::size_t passed = 0;
        known.each_taken(who.id(0), [&](std::uint32_t item, std::size_t age) {
            for (; passed < age; ++passed) share *= how.recency;
            known.pairs.each(item, [&](std::uint32_t to, float similarity) { kept.add(to, static_cast<T>(share * similarity)); });
        });
    }
    template <class T, class Record> void prepare_candidate(const T*, const Record& item, T* part) const noexcept {
        detail::carried_id::write(item.template get<Item>(), part);
    }
    template <class T>
    void forward(const T*, const memory<T>& known, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        const T per_unit = T(1) / static_cast<T>(unit);
        for (std::size_t r = 0; r < out.count; ++r) {
            const std::uint32_t slot = detail::carried_id::find(known.items, parts[r]);
            const T sum = slot == known.none ? T(0) : kept.at(slot);
            out[r][0] = sum;
            out[r][1] = sum > T(0) ? std::log1p(sum * per_unit) : T(0);
        }
    }

    /// What each item that the user took adds to s, and of log(1 + s / unit) as large a share.
    template <class T, class Request, class Record, class See>
    void explain(const T*, const T*, const memory<T>& known, const Request& request, const Record& item, See&& see) const {
        const auto& who = request.template get<User>();
        const auto& what = item.template get<Item>();
        const std::uint32_t slot = what.count() == 0 ? known.none : known.items.find(what.id(0));
        if (who.count() == 0 || slot == known.none) return;
        context_part<T> kept;
        prepare_context<T>(nullptr, known, request, kept);
        const T sum = kept.at(slot);
        if (!(sum > T(0))) return;  // nothing reached it, or it found no place
        known.each_taken(who.id(0), [&](std::uint32_t taken, std::size_t age) {
            const float share = std::pow(how.recency, static_cast<float>(age));
            known.pairs.each(taken, [&](std::uint32_t to, float similarity) {
                if (to != slot) return;
                const item_id id = known.items.id(taken);
                const T added = static_cast<T>(share * similarity);
                const std::array<T, width> numbers{added, std::log1p(sum / static_cast<T>(unit)) * (added / sum)};
                see(std::span<const item_id>(&id, 1), numbers.data());
            });
        });
    }

    /// After a step.
    template <class T, class Request, class Record, class Feedback>
    void observe(const T*, memory<T>& known, const Request& request, const Record& item, const Feedback& said) const noexcept {
        const auto& what = item.template get<Item>();
        if (what.count() == 0 || !(said.label > above) || !(said.weight > 0)) return;
        const auto& who = request.template get<User>();
        const item_id user = who.count() == 0 ? 0 : who.id(0);
        known.take(who.count() == 0 ? nullptr : &user, what.id(0));
    }
};

}  // namespace rivulet::inline RIVULET_ABI
