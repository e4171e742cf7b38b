// SPDX-License-Identifier: MIT
// Weighted matrix factorisation as a part of a pipeline: a user who was never fitted is folded in from what the request brings.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../core/concepts.hpp"
#include "../input/ids.hpp"
#include "../math/settings.hpp"
#include "../table/carried_id.hpp"
#include "../table/id_directory.hpp"
#include "implicit_als.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// Item factors by id.
template <class T, std::size_t Width> struct folded_memory {
    using model_type = implicit_als<Width, T>;
    room_for_ids room;
    id_directory items;
    model_type model;  // a row a slot; those of free slots are zero

    folded_memory(const room_for_ids& room_for_items, const implicit_als_settings& how)
        : room(room_for_items), items(room), model(room.capacity, how) {
        clear();
    }
    /// The factors of a fitted model, whose i-th item is ids[i], in place of all that were there. Cold. Throws rivulet::error, and then
    /// nothing is changed, for another number of ids, more than there is room for, or an id that comes twice.
    void adopt(std::span<const item_id> ids, const model_type& fitted) {
        if (ids.size() != fitted.items())
            require({errc::count, "folded.adopt", static_cast<double>(fitted.items()), static_cast<double>(ids.size())});
        if (ids.size() > room.capacity)
            require({errc::limit, "folded.items.capacity", static_cast<double>(room.capacity), static_cast<double>(ids.size())});
        id_directory next({.capacity = room.capacity});
        std::vector<T> factors(room.capacity * Width);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (next.find(ids[i]) != id_directory::none) require({errc::duplicate_item, "folded.adopt", 0, 0, ids[i]});
            std::copy_n(fitted.item_factors()[i], Width, factors.data() + next.admit(ids[i]) * Width);
        }
        next.commit();
        model.set_item_factors(factors);
        items = std::move(next);
    }
    void clear() { model.set_item_factors(std::vector<T>(room.capacity * Width)); }

    template <class F> void tables(F&&) const {}
    template <class F> void parts(F&& f) {
        items.parts(f);
        model.item_parts(f);
    }
    template <class F> void parts(F&& f) const {
        items.parts(f);
        model.item_parts(f);
    }
    template <class Accepts> status validate_state(Accepts&&) const noexcept {
        if (const status found = items.validate_state(); !found) return found;
        const std::size_t bad = model.first_bad_number();
        return bad == model.item_numbers() ? status{} : status{errc::nonfinite, "folded", 0, 0, bad};
    }
    std::size_t memory() const noexcept { return items.memory() + model.memory(); }
};

}  // namespace detail

/// out = x'y: y the item's factors of a fitted implicit_als, x those that it gives a user of this history, exactly (Hu, Koren and Volinsky
/// 2008, equation 4), solved once a request: n Width^2 / 2 + Width^3 / 6 multiply-adds for n ids, Width a candidate. Values of the history
/// say how much of each was taken, 1 where it brings none; those of 0 or less, ids that the model does not know, and an id's second
/// mention are left out. 0 for an item that the model does not know, and before the first `adopt`.
///
/// Steps do not move it: fit where there is time, and hand the result over, `std::get<i>(ranker.kept()).adopt(ids, model)`, for the
/// component that is the i-th of the fuse. Catalogues need no refresh for it. Saved with the pipeline.
template <class History, class Item, std::size_t Width> struct folded {
    static_assert(detail::is_ids<History> && detail::is_ids<Item> && History::bound == binding::context &&
                      Item::bound == binding::candidate,
                  "folded<History, Item, Width> takes ids of the request and ids of the item, of the same things");
    room_for_ids items{};
    implicit_als_settings how{};  ///< confidence and l2: as the model was fitted with

    using inputs = features<History, Item>;
    static constexpr std::size_t width = 1, weights = 0, candidate_weights = 0;
    static constexpr binding bound = binding::pair;
    static constexpr bool fitted = true;
    template <class T> using memory = detail::folded_memory<T, Width>;

    status validate() const noexcept { return detail::first_refusal({items.validate(), how.validate()}); }
    std::string settings() const { return "items " + std::to_string(items.capacity); }
    template <class T> memory<T> make_memory(std::size_t) const { return memory<T>(items, how); }

    template <class T> struct context_part { std::array<T, Width> user; };
    static constexpr std::size_t candidate_part = detail::carried_id::numbers;

    template <class T, class Request>
    void prepare_context(const T*, const memory<T>& known, const Request& request, context_part<T>& kept) const noexcept {
        const taken<T> all(known, request.template get<History>());
        // Of nothing x is 0 exactly; and so where numbers too large leave no solution.
        if (all.count == 0 || !known.model.fold_in(all.items(), all.amounts(), kept.user)) kept.user.fill(T(0));
    }
    template <class T, class Record> void prepare_candidate(const T*, const Record& item, T* part) const noexcept {
        detail::carried_id::write(item.template get<Item>(), part);
    }
    template <class T>
    void forward(const T*, const memory<T>& known, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        for (std::size_t r = 0; r < out.count; ++r) {
            const std::uint32_t slot = detail::carried_id::find(known.items, parts[r]);
            *out[r] = slot == id_directory::none ? T(0) : known.model.score(kept.user, slot);
        }
    }

    /// Every id of the history that counts.
    template <class T, class Request, class Record, class See>
    void explain(const T*, const T*, const memory<T>& known, const Request& request, const Record& item, See&& see) const {
        const auto& what = item.template get<Item>();
        const std::uint32_t slot = what.count() == 0 ? id_directory::none : known.items.find(what.id(0));
        const taken<T> all(known, request.template get<History>());
        std::array<T, History::length> shares;
        if (slot == id_directory::none || all.count == 0 ||
            !known.model.explain(all.items(), all.amounts(), slot, std::span(shares).first(all.count)))
            return;
        for (std::size_t i = 0; i < all.count; ++i) {
            const item_id id = known.items.id(all.slots[i]);
            see(std::span<const item_id>(&id, 1), &shares[i]);
        }
    }

private:
    /// What of a history counts.
    template <class T> struct taken {
        std::array<std::uint32_t, History::length> slots;
        std::array<T, History::length> values;
        std::size_t count = 0;

        template <class List> taken(const memory<T>& known, const List& history) noexcept {
            for (std::size_t i = 0; i < history.count(); ++i) {
                const std::uint32_t slot = known.items.find(history.id(i));
                const T value = history.template value<T>(i);
                const auto end = slots.begin() + static_cast<std::ptrdiff_t>(count);
                if (slot == id_directory::none || !(value > T(0)) || std::find(slots.begin(), end, slot) != end) continue;
                slots[count] = slot;
                values[count++] = value;
            }
        }
        std::span<const std::uint32_t> items() const noexcept { return std::span(slots).first(count); }
        std::span<const T> amounts() const noexcept { return std::span(values).first(count); }
    };
};

}  // namespace rivulet::inline RIVULET_ABI
