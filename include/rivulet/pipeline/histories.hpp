// SPDX-License-Identifier: MIT
// What each user did last, kept within a budget: so that attention over a history works from a user's id alone.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../core/arena.hpp"
#include "../core/error.hpp"
#include "../input/record.hpp"
#include "../table/id_directory.hpp"

namespace rivulet::inline RIVULET_ABI {

/// `histories<recent> past{{.capacity = 100'000}}`; after an event `past.remember(user, row)`, and in a request
/// `rv::with<recent>(...)` becomes `past.of(user)`: the last Sequence::length rows (or ids, of a feature of ids), oldest first, none of a
/// user who is not known. Users come and go as in an id_directory: when there is no room the one who was seen least of late is forgotten.
/// Memory is fixed at construction; nothing allocates after it. remember costs O(length * width), of is a look-up; views are good until the
/// next remember or forget.
template <class Sequence, std::floating_point Scalar = float> class histories {
    static constexpr bool of_ids = detail::is_ids<Sequence>;
    static constexpr std::size_t length = Sequence::length, width = Sequence::width;
    static_assert(of_ids || detail::is_sequence<Sequence>, "histories<Feature> keeps a context_sequence or context_ids");
    static_assert(Sequence::bound == binding::context, "histories<Feature> keeps what a request brings");

public:
    /// Throws rivulet::error for a setting outside its range, and std::bad_alloc.
    explicit histories(room_for_ids users)
        : users_(users), numbers_(users.capacity * length * width), ids_(of_ids ? users.capacity * length : 0), counts_(users.capacity) {}

    /// What the pipeline reads as this user's history.
    given<Sequence, Scalar> of(item_id user) const noexcept {
        const std::uint32_t slot = users_.find(user);
        const std::size_t count = slot == id_directory::none ? 0 : counts_[slot], row = slot == id_directory::none ? 0 : slot * length;
        if constexpr (of_ids)
            return {.list = ids_.data() + row, .size = count, .numbers = numbers_.data() + row, .numbers_size = count};
        else
            return {.data = numbers_.data() + row * width, .size = count * width};
    }

    /// Adds a row to a user's history. Refused, and nothing changed: a wrong width, a number that is not finite.
    status remember(item_id user, std::span<const Scalar> row) noexcept requires(!of_ids) {
        if (row.size() != width) return detail::wrong_width<Sequence>(width, row.size());
        if (const std::size_t bad = math::first_nonfinite(row.data(), width); bad != width)
            return {errc::nonfinite, type_name<Sequence>(), 0, 0, bad};
        if (const std::size_t at = place(user); at != nowhere) std::copy_n(row.data(), width, numbers_.data() + at * width);
        return {};
    }
    /// Adds an id to a user's history. Refused, and nothing changed: a value that is not finite.
    status remember(item_id user, item_id what, Scalar value = 1) noexcept requires of_ids {
        if (!math::finite(value)) return {errc::nonfinite, type_name<Sequence>()};
        if (const std::size_t at = place(user); at != nowhere) {
            ids_[at] = what;
            numbers_.data()[at] = value;
        }
        return {};
    }
    /// Forgets a user. False for one who is not known.
    bool forget(item_id user) noexcept {
        const std::uint32_t slot = users_.find(user);
        if (slot == id_directory::none) return false;
        users_.erase(user);
        clear(slot);
        return true;
    }

    std::size_t size() const noexcept { return users_.size(); }  ///< users
    std::size_t memory() const noexcept {
        return users_.memory() + numbers_.size() * sizeof(Scalar) + ids_.size() * sizeof(item_id) + counts_.size() * sizeof(std::uint32_t);
    }

    /// f(bytes) for every block of state, always in the same order: to hash, to write, or to read back before validate_state is asked.
    template <class F> void parts(F&& f) {
        users_.parts(f);
        f(std::as_writable_bytes(numbers_.span()));
        f(std::as_writable_bytes(std::span(ids_)));
        f(std::as_writable_bytes(std::span(counts_)));
    }
    template <class F> void parts(F&& f) const {
        users_.parts(f);
        f(numbers_.bytes());
        f(std::as_bytes(std::span(ids_)));
        f(std::as_bytes(std::span(counts_)));
    }
    status validate_state() const noexcept {
        if (const status found = users_.validate_state(); !found) return found;
        for (std::size_t slot = 0; slot < counts_.size(); ++slot)
            if (counts_[slot] > length)
                return {errc::format, type_name<Sequence>(), static_cast<double>(length), static_cast<double>(counts_[slot]), slot};
        const std::size_t bad = math::first_nonfinite(numbers_.data(), numbers_.size());
        return bad == numbers_.size() ? status{} : status{errc::nonfinite, type_name<Sequence>(), 0, 0, bad};
    }

private:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    /// Where a user's new row goes, the oldest having left if there are `length`; nowhere for one who has not been seen often enough.
    std::size_t place(item_id user) noexcept {
        const std::uint32_t slot = users_.admit(user);
        users_.commit();
        users_.sighted(user);
        std::size_t at = nowhere;
        if (slot != id_directory::none) {
            std::uint32_t& count = counts_[slot];
            if (count == length) {
                Scalar* const rows = numbers_.data() + slot * length * width;
                std::copy(rows + width, rows + length * width, rows);
                if constexpr (of_ids) {
                    item_id* const ids = ids_.data() + slot * length;
                    std::copy(ids + 1, ids + length, ids);
                }
                --count;
            }
            at = slot * length + count++;
        }
        users_.make_room(1, [&](std::uint32_t gone) { clear(gone); });
        return at;
    }
    void clear(std::uint32_t slot) noexcept {
        counts_[slot] = 0;
        std::fill_n(numbers_.data() + slot * length * width, length * width, Scalar(0));
        if constexpr (of_ids) std::fill_n(ids_.data() + slot * length, length, item_id(0));
    }

    id_directory users_;
    arena<Scalar> numbers_;              // (users, length, width): rows, or the values of ids
    std::vector<item_id> ids_;           // (users, length)
    std::vector<std::uint32_t> counts_;  // (users)
};

}  // namespace rivulet::inline RIVULET_ABI
