// SPDX-License-Identifier: MIT
// Popularity as a part of a pipeline: how often an item was taken of late, current to the last event.
#pragma once

#include <algorithm>
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

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// Counts by item that fade by growing weights of what is new (forward decay, Cormode et al. 2009).
struct popularity_memory {
    static constexpr std::uint32_t none = id_directory::none;
    static constexpr double largest_scale = 0x1p500;

    explicit popularity_memory(const room_for_ids& room) : items(room), counts(room.capacity) {}

    id_directory items;
    std::vector<double> counts;  // (items), in units of scale
    double scale = 1;            // what a take weighs now

    double count(item_id id) const noexcept {
        const std::uint32_t slot = items.find(id);
        return slot == none ? 0 : counts[slot] / scale;
    }
    void take(item_id id, double weight, double growth) noexcept {
        const std::uint32_t slot = items.admit(id);
        items.commit();
        items.sighted(id);
        scale *= growth;
        if (slot != none) counts[slot] += weight * scale;
        if (scale > largest_scale) {
            for (double& one : counts) one /= scale;
            scale = 1;
        }
        items.make_room(1, [&](std::uint32_t gone) { counts[gone] = 0; });
    }
    bool forget_item(item_id id) noexcept {
        const std::uint32_t slot = items.find(id);
        if (slot == none || !items.erase(id)) return false;
        counts[slot] = 0;
        return true;
    }

    template <class F> void tables(F&&) const {}
    template <class F> void parts(F&& f) {
        items.parts(f);
        f(std::as_writable_bytes(std::span(counts)));
        f(std::as_writable_bytes(std::span(&scale, 1)));
    }
    template <class F> void parts(F&& f) const {
        items.parts(f);
        f(std::as_bytes(std::span(counts)));
        f(std::as_bytes(std::span(&scale, 1)));
    }
    template <class Accepts> status validate_state(Accepts&&) const noexcept {
        if (const status found = items.validate_state(); !found) return found;
        if (!math::finite(scale) || !(scale >= 1) || scale > largest_scale) return {errc::format, "popularity"};
        for (std::size_t i = 0; i < counts.size(); ++i)
            if (!math::finite(counts[i]) || !(counts[i] >= 0)) return {errc::format, "popularity", 0, 0, i};
        return {};
    }
    std::size_t memory() const noexcept { return items.memory() + counts.size() * sizeof(double) + sizeof scale; }
};

}  // namespace detail

/// out = log(1 + c), c = how much the item was taken, each take counting its weight, and half of it `half_life` takes of all items later.
///
/// It teaches itself: an outcome with a label above `above` and a weight above 0 is a take. An item carries its id, so a catalogue need not
/// be refreshed for what was learned. O(1) a candidate and a take. Memory is fixed at construction, about 80 bytes an item.
template <class Item> struct popularity {
    static_assert(detail::is_ids<Item> && Item::bound == binding::candidate, "popularity<Item> takes ids of the item");
    room_for_ids items{.capacity = 16384};
    float half_life = 10'000;  ///< takes; 1 or more, or 0: for ever
    float above = 0;           ///< the label above which an outcome is a take

    using inputs = features<Item>;
    static constexpr std::size_t width = 1, weights = 0, candidate_weights = 0;
    static constexpr binding bound = binding::pair;  // for a candidate's value is as old as its catalogue's refresh
    static constexpr bool fitted = true;
    template <class T> using memory = detail::popularity_memory;

    status validate() const noexcept {
        if (const status found = items.validate(); !found) return found;
        if (!math::finite(above)) return {errc::setting, "popularity.above must be a finite number"};
        if (half_life != 0 && (!math::finite(half_life) || half_life < 1))
            return {errc::setting, "popularity.half_life must be 0 or 1 and more", 0, static_cast<double>(half_life)};
        return {};
    }
    std::string settings() const { return "items " + std::to_string(items.capacity); }
    template <class T> memory<T> make_memory(std::size_t) const { return memory<T>(items); }

    template <class T> struct context_part {
        double per_count;  // 1 / scale
    };
    static constexpr std::size_t candidate_part = detail::carried_id::numbers;

    template <class T, class Request>
    void prepare_context(const T*, const memory<T>& known, const Request&, context_part<T>& kept) const noexcept {
        kept.per_count = 1 / known.scale;
    }
    template <class T, class Record> void prepare_candidate(const T*, const Record& item, T* part) const noexcept {
        detail::carried_id::write(item.template get<Item>(), part);
    }
    template <class T>
    void forward(const T*, const memory<T>& known, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        for (std::size_t r = 0; r < out.count; ++r) {
            const std::uint32_t slot = detail::carried_id::find(known.items, parts[r]);
            *out[r] = slot == known.none
                          ? T(0)
                          : static_cast<T>(std::log1p(static_cast<float>(std::min(known.counts[slot] * kept.per_count, 1e30))));
        }
    }

    /// After a step.
    template <class T, class Request, class Record, class Feedback>
    void observe(const T*, memory<T>& known, const Request&, const Record& item, const Feedback& said) const noexcept {
        const auto& what = item.template get<Item>();
        if (what.count() == 0 || !(said.label > above) || !(said.weight > 0)) return;
        known.take(what.id(0), static_cast<double>(said.weight), half_life > 0 ? std::exp2(1 / static_cast<double>(half_life)) : 1.0);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
