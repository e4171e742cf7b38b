// SPDX-License-Identifier: MIT
// Which row of a table an id has: a hash table within a budget that admits what was seen often enough and evicts what is used least.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "frequency_sketch.hpp"

namespace rivulet::inline RIVULET_ABI {

/// How many ids a table has rows for, and when a new one gets its row.
struct room_for_ids {
    std::size_t capacity = 65536;  ///< rows; 1 to 2^31
    std::uint32_t after = 1;       ///< a new id is admitted at its `after`-th sighting of late; 1 to 255

    static constexpr std::size_t most = std::size_t(1) << 31;
    status validate() const noexcept {
        if (capacity < 1 || capacity > most)
            return {errc::setting, "room_for_ids.capacity must be from 1 to 2147483648", 0, static_cast<double>(capacity)};
        if (after < 1 || after > frequency_sketch::most)
            return {errc::setting, "room_for_ids.after must be from 1 to 255", 0, static_cast<double>(after)};
        return {};
    }
};

/// Gives ids, which may be any 64 bits, slots in [0, capacity), without two ids ever sharing one. Whoever keeps rows by slot asks it which.
///
/// A step of learning asks `admit` for each id that it meets. New ids get tentative slots; whoever keeps the rows starts those afresh. Then
/// the step either succeeds and calls `commit`, or is refused and calls `rollback`, after which every bit is as before. After a success it
/// calls `sighted` once for each occurrence of an id and `make_room` with the number of new ids that the next step may bring. Serving calls
/// `find`, which changes nothing. A step may evict nothing, so a row that it might have to restore is never destroyed.
///
/// Eviction. Each slot has a use: the sketch's estimate at the last sighting of its id, halved whenever the sketch is. A hand goes round
/// the slots; a victim is the least used of the next 64, the first of these where several are, and the hand goes on behind it. So the cost
/// is constant, ids used equally leave in turn, and an id seen once leaves long before a frequent one. Because the sketch remembers ids
/// that left, an id that keeps coming back returns with the use that it had earned (as in TinyLFU, Einziger, Friedman and Manes 2017).
///
/// Lookup. Buckets of one cache line hold five ids and their slots; an id that finds its bucket full goes to the next that is not, and each
/// bucket knows how many passed it, so that most searches end in the first line, found or not, without a branch that depends on the ids.
/// Removal moves back an id that passed, so there are no gravestones. Buckets are at most 3/5 full.
///
/// All memory is allocated by the constructor: 50 to 88 bytes a slot. After it nothing allocates or throws, save that validate_state takes
/// memory for itself for as long as it runs.
class id_directory {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    /// Throws rivulet::error for a setting outside its range, and std::bad_alloc.
    explicit id_directory(room_for_ids room)
        : room_(checked(room)), buckets_(std::bit_ceil(std::max<std::size_t>(2, (room.capacity + 2) / 3))),
          shift_(64 - std::countr_zero(buckets_.size())), ids_(room.capacity), order_(room.capacity), use_(room.capacity, free_slot),
          sketch_(room.capacity) {
        for (std::size_t slot = 0; slot < room.capacity; ++slot) order_[slot] = static_cast<std::uint32_t>(slot);
    }

    /// The slot of an id, or none. Changes nothing.
    std::uint32_t find(item_id id) const noexcept {
        const std::uint32_t got = buckets_[home(id)].find(id);
        if (bucket::went_on(got)) [[unlikely]]
            return find_beyond(id);
        return got;
    }

    /// The slot of an id; a new one gets a tentative slot if this would be its `after`-th sighting and a slot is free; otherwise none.
    std::uint32_t admit(item_id id) noexcept {
        if (const std::uint32_t slot = find(id); slot != none) return slot;
        if (now_.given == capacity() || (room_.after > 1 && sketch_.estimate(id) + 1 < room_.after)) return none;
        const std::uint32_t slot = order_[now_.given++];
        insert(id, slot);
        ids_[slot] = id;
        use_[slot] = 0;
        return slot;
    }

    /// The slots that admit gave to new ids since the last commit or rollback, in that order.
    std::span<const std::uint32_t> tentative() const noexcept { return std::span(order_).subspan(now_.settled, now_.given - now_.settled); }
    /// The step succeeded: tentative ids stay.
    void commit() noexcept { now_.settled = now_.given; }
    /// The step was refused: tentative ids vanish, and every bit is as it was at the last commit. O(tentative ids).
    void rollback() noexcept {
        while (now_.given > now_.settled) {  // the last first, each the last of its bucket, which nobody has passed: the exact inverse
            const std::uint32_t slot = order_[--now_.given];
            remove(ids_[slot]);
            clear(slot);
        }
    }

    /// After a successful step, once for each time that an id occurred in it: counts it, and marks the use of one that has a slot.
    void sighted(item_id id) noexcept {
        const std::uint64_t before = sketch_.halvings();
        sketch_.add(id);
        if (sketch_.halvings() != before) [[unlikely]]
            for (std::uint8_t& use : use_) use = use == free_slot ? use : static_cast<std::uint8_t>(use >> 1);
        if (const std::uint32_t slot = find(id); slot != none)
            use_[slot] = static_cast<std::uint8_t>(std::min<std::uint32_t>(sketch_.estimate(id), free_slot - 1));
    }

    /// After a step: evicts the least used until `slots` are free, but not more than half of all (of a single slot none), so that the next
    /// step finds a slot for every new id. Does nothing while slots are tentative. Amortised O(evicted).
    void make_room(std::size_t slots) noexcept {
        make_room(slots, [](std::uint32_t) {});
    }
    /// The same; `evicted(slot)` is told of each slot that it frees.
    template <class Evicted> void make_room(std::size_t slots, Evicted&& evicted) noexcept {
        if (now_.settled != now_.given) return;
        for (const std::size_t wanted = std::min(slots, capacity() / 2); capacity() - size() < wanted;) {
            const std::uint32_t slot = victim();
            release(ids_[slot]);
            evicted(slot);
        }
    }

    /// Forgets an id and frees its slot: true if it had one. Does nothing while slots are tentative.
    bool erase(item_id id) noexcept {
        if (find(id) == none || now_.settled != now_.given) return false;
        release(id);
        return true;
    }

    std::size_t size() const noexcept { return now_.given; }  ///< ids that have a slot, tentative ones too
    std::size_t capacity() const noexcept { return room_.capacity; }
    const room_for_ids& room() const noexcept { return room_; }
    bool occupied(std::uint32_t slot) const noexcept { return use_[slot] != free_slot; }
    item_id id(std::uint32_t slot) const noexcept { return ids_[slot]; }  ///< of an occupied slot
    const frequency_sketch& sketch() const noexcept { return sketch_; }
    /// Bytes; constant.
    std::size_t memory() const noexcept {
        return sizeof *this - sizeof sketch_ + sketch_.memory() + buckets_.size() * sizeof(bucket) +
               capacity() * (sizeof(item_id) + sizeof(std::uint32_t) + sizeof(std::uint8_t));
    }
    /// How many cache lines of buckets find reads for an id.
    std::size_t probes(item_id id) const noexcept {
        std::size_t lines = 1;
        for (std::size_t at = home(id); bucket::went_on(buckets_[at].find(id)); at = next(at)) ++lines;
        return lines;
    }

    /// Calls f with every block of state, as bytes, in a fixed order: to hash, to write, or to read back into a directory made with the
    /// same settings. After reading bytes that others may have touched, call validate_state before anything else.
    template <class F> void parts(F&& f) {
        f(std::as_writable_bytes(std::span(&now_, 1)));
        f(std::as_writable_bytes(std::span(buckets_)));
        f(std::as_writable_bytes(std::span(ids_)));
        f(std::as_writable_bytes(std::span(order_)));
        f(std::as_writable_bytes(std::span(use_)));
        sketch_.parts(f);
    }
    template <class F> void parts(F&& f) const {
        f(std::as_bytes(std::span(&now_, 1)));
        f(std::as_bytes(std::span(buckets_)));
        f(std::as_bytes(std::span(ids_)));
        f(std::as_bytes(std::span(order_)));
        f(std::as_bytes(std::span(use_)));
        sketch_.parts(f);
    }

    /// Whether the state is one that every function can work on: errc::format with the bucket or slot that is not, errc::system without
    /// memory for the check. O(capacity), whatever the bytes.
    status validate_state() const noexcept;

private:
    static constexpr std::uint8_t free_slot = 255;  // the use of a slot that no id has
    static constexpr std::size_t window = 64;       // slots that a victim is chosen from

    /// Ids and their slots, packed to the front; what is empty has id 0 and slot none.
    struct alignas(64) bucket {
        static constexpr std::size_t room = 5;
        item_id ids[room]{};
        std::uint32_t slots[room + 1]{none, none, none, none, none, none};  // the last: none minus how many passed

        /// The slot of an id; if it is not here, the last of slots.
        std::uint32_t find(item_id id) const noexcept {
            // An empty place may match id 0 and gives none: right, because nobody has passed a bucket that has an empty place. Conditional
            // moves throughout: a branch on which of the five it is would be mispredicted.
            std::size_t place = room;
            place = ids[4] == id ? 4 : place;
            place = ids[3] == id ? 3 : place;
            place = ids[2] == id ? 2 : place;
            place = ids[1] == id ? 1 : place;
            place = ids[0] == id ? 0 : place;
            return slots[place];
        }
        /// Whether what find gave says that the search goes on: slots are below 2^31, none + 1 is 0, none minus 2^31 or less is above.
        static bool went_on(std::uint32_t got) noexcept { return got + 1 > 0x80000000u; }
        bool full() const noexcept { return slots[room - 1] != none; }
        std::size_t size() const noexcept {
            std::size_t used = 0;
            while (used < room && slots[used] != none) ++used;
            return used;
        }
        std::uint32_t passed() const noexcept { return none - slots[room]; }
        void pass(bool more) noexcept { slots[room] += more ? none : 1u; }  // adding none is taking 1
    };

    static room_for_ids checked(const room_for_ids& room) {
        detail::require(room.validate());
        return room;
    }
    std::size_t next(std::size_t at) const noexcept { return (at + 1) & (buckets_.size() - 1); }
    /// The high bits of detail::mix without its last line. After one multiplication alone the ids of some patterns cluster: 98,304
    /// multiples of 163 took 7 lines a search on average instead of 1.07.
    std::size_t home(item_id id) const noexcept {
        const std::uint64_t z = (id ^ (id >> 32)) * 0xd6e8feb86659fd93u;
        return static_cast<std::size_t>((z ^ (z >> 32)) * 0xd6e8feb86659fd93u >> shift_);
    }
    std::size_t away(std::size_t at, item_id id) const noexcept { return (at - home(id)) & (buckets_.size() - 1); }

    std::uint32_t find_beyond(item_id id) const noexcept {
        std::uint32_t got = none;
        std::size_t at = home(id);
        do {
            at = next(at);
            got = buckets_[at].find(id);
        } while (bucket::went_on(got));
        return got;
    }
    void insert(item_id id, std::uint32_t slot) noexcept {
        std::size_t at = home(id);
        for (; buckets_[at].full(); at = next(at)) buckets_[at].pass(true);
        const std::size_t place = buckets_[at].size();
        buckets_[at].ids[place] = id;
        buckets_[at].slots[place] = slot;
    }
    /// Takes out an id that is here, and gives its slot.
    std::uint32_t remove(item_id id) noexcept {
        std::size_t at = home(id);
        for (; bucket::went_on(buckets_[at].find(id)); at = next(at)) buckets_[at].pass(false);
        std::size_t hole = 0;
        while (buckets_[at].ids[hole] != id) ++hole;
        const std::uint32_t slot = buckets_[at].slots[hole];
        while (buckets_[at].passed() > 0) {  // the nearest that passed comes back, and leaves a hole where it was
            std::size_t from = next(at), place = 0;
            for (std::size_t far = 1;; ++far, from = next(from)) {
                const bucket& there = buckets_[from];
                for (place = 0; place < bucket::room; ++place)
                    if (there.slots[place] != none && away(from, there.ids[place]) >= far) break;
                if (place < bucket::room) break;
            }
            buckets_[at].ids[hole] = buckets_[from].ids[place];
            buckets_[at].slots[hole] = buckets_[from].slots[place];
            for (; at != from; at = next(at)) buckets_[at].pass(false);
            hole = place;
        }
        bucket& last = buckets_[at];
        const std::size_t end = last.size() - 1;
        last.ids[hole] = last.ids[end];
        last.slots[hole] = last.slots[end];
        last.ids[end] = 0;
        last.slots[end] = none;
        return slot;
    }
    void clear(std::uint32_t slot) noexcept {
        ids_[slot] = 0;
        use_[slot] = free_slot;
    }
    /// Only while nothing is tentative. The slot that was found is freed, whatever else was thought to be the id's.
    void release(item_id id) noexcept {
        const std::uint32_t slot = remove(id);
        clear(slot);
        order_[--now_.given] = slot;
        now_.settled = now_.given;
    }
    /// Only while at least one slot is occupied.
    std::uint32_t victim() noexcept {
        std::size_t least = 0, at = now_.hand;
        std::uint8_t use = free_slot;
        for (std::size_t i = 0, over = std::min(window, capacity()); (i < over && use > 0) || use == free_slot; ++i) {
            if (use_[at] < use) use = use_[least = at];
            if (++at == capacity()) at = 0;
        }
        now_.hand = least + 1 == capacity() ? 0 : least + 1;
        return static_cast<std::uint32_t>(least);
    }

    room_for_ids room_;
    struct {
        std::uint64_t given = 0;    // slots that ids have
        std::uint64_t settled = 0;  // those of them that are not tentative
        std::uint64_t hand = 0;     // where the search for a victim goes on
    } now_;
    std::vector<bucket> buckets_;       // a power of two
    int shift_;                         // what is left of 64 bits are as many as number the buckets
    std::vector<item_id> ids_;          // (capacity) by slot; 0 where it is free
    std::vector<std::uint32_t> order_;  // (capacity) from `given` on the free slots, the next first; before it, from `settled`, tentative
    std::vector<std::uint8_t> use_;     // (capacity) by slot
    frequency_sketch sketch_;
};

inline status id_directory::validate_state() const noexcept {
    const auto bad = [](std::size_t index) { return status{errc::format, "id_directory", 0, 0, index}; };
    if (now_.given > capacity() || now_.settled != now_.given || now_.hand >= capacity()) return bad(0);

    // Every slot is met exactly once, in a bucket or among the free.
    const std::unique_ptr<std::uint32_t[]> homes(new (std::nothrow) std::uint32_t[buckets_.size()]());
    const std::unique_ptr<bool[]> met(new (std::nothrow) bool[capacity()]());
    if (homes == nullptr || met == nullptr) return {errc::system, "id_directory"};
    std::size_t stored = 0, start = buckets_.size();
    for (std::size_t at = 0; at < buckets_.size(); ++at) {
        const bucket& here = buckets_[at];
        const std::size_t used = here.size();
        for (std::size_t place = 0; place < bucket::room; ++place) {
            const std::uint32_t slot = here.slots[place];
            if (place >= used) {
                if (slot != none || here.ids[place] != 0) return bad(at);
                continue;
            }
            if (slot >= capacity() || met[slot] || ids_[slot] != here.ids[place] || !occupied(slot)) return bad(at);
            met[slot] = true;
            ++homes[home(here.ids[place])];
        }
        stored += used;
        if (here.passed() == 0) start = at;
    }
    if (stored != now_.given || start == buckets_.size()) return bad(0);
    for (std::size_t i = now_.given; i < capacity(); ++i) {
        const std::uint32_t slot = order_[i];
        if (slot >= capacity() || met[slot] || ids_[slot] != 0 || occupied(slot)) return bad(i);
        met[slot] = true;
    }

    // Once round from behind a bucket that nobody passed: how many pass is what came, what is at home here, less what stays. Nobody lies
    // before his home, or behind a bucket that nobody passed.
    std::size_t passing = 0, run = 0;
    for (std::size_t i = 0, at = next(start); i < buckets_.size(); ++i, at = next(at)) {
        const bucket& here = buckets_[at];
        const std::size_t used = here.size();
        for (std::size_t place = 0; place < used; ++place)
            if (away(at, here.ids[place]) > run) return bad(at);
        passing += homes[at];
        if (passing < used) return bad(at);
        passing -= used;
        if (passing != here.passed() || (passing > 0 && used < bucket::room)) return bad(at);
        run = passing > 0 ? run + 1 : 0;
    }
    return {};
}

}  // namespace rivulet::inline RIVULET_ABI
