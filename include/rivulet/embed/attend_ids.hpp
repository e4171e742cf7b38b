// SPDX-License-Identifier: MIT
// Attention by id: an item's vector looks at the vectors of the ids that a request brings, such as what the user took last.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../core/concepts.hpp"
#include "../input/ids.hpp"
#include "../math/settings.hpp"
#include "../math/softmax.hpp"
#include "../math/vector.hpp"
#include "../table/carried_id.hpp"
#include "../table/id_directory.hpp"
#include "../table/prior_row.hpp"
#include "../table/row_table.hpp"

namespace rivulet::inline RIVULET_ABI {

/// With q the item's vector and e_i those of the history's ids, which have values v_i: a = softmax(q . e_i / sqrt(Width)), p = sum of
/// a_i v_i e_i; out = (p, q . p): what of the history the item calls up, and how well it fits (Width + 1). Ids of history and items are of
/// the same things, and have one vector each in one table (as in Zhou et al. 2018, with the softmax of Vaswani et al. 2017, equation 1).
/// Ids of the history that have no row are left out; an item without one looks at all of them evenly. Of an item the first id counts.
/// Nothing of it waits for a refresh. O(ids * Width) a candidate.
template <class History, class Item, std::size_t Width> struct attend_ids {
    static_assert(detail::is_ids<History> && detail::is_ids<Item> && History::bound == binding::context &&
                      Item::bound == binding::candidate,
                  "attend_ids<History, Item, Width> takes ids of the request and ids of the item, of the same things");
    room_for_ids room{};     ///< rows, and the sighting at which an id gets one
    float spread = 0.1f;     ///< a new row is numbers within +-spread, drawn by id and seed; above 0
    float shrink = 0;        ///< L2 on the rows that a step touches, of the unit of a slope over a weight; 0 or more
    std::uint64_t seed = 0;  ///< of the numbers that new rows start with

    using inputs = features<History, Item>;
    static constexpr std::size_t width = Width + 1, weights = 0, candidate_weights = 0;
    static constexpr binding bound = binding::pair;
    template <class T> using memory = row_table<T, id_directory, Width>;

    status validate() const noexcept {
        return detail::first_refusal({room.validate(), detail::above_zero(spread, "attend_ids.spread must be a finite number above 0"),
                                      detail::zero_or_more(shrink, "attend_ids.shrink must be a finite number of 0 or more")});
    }
    std::string settings() const { return "capacity " + std::to_string(room.capacity); }
    template <class T> memory<T> make_memory(std::size_t kinds_of_state) const {
        return memory<T>(id_directory(room), kinds_of_state, static_cast<T>(shrink));
    }

    template <class T, class Request> void admit_context(const T*, memory<T>& known, const Request& request) const noexcept {
        const auto& history = request.template get<History>();
        for (std::size_t i = 0; i < history.count(); ++i) admit(known, history.id(i));
    }
    template <class T, class Record> void admit_candidate(const T*, memory<T>& known, const Record& item) const noexcept {
        if (const auto& what = item.template get<Item>(); what.count() > 0) admit(known, what.id(0));
    }
    template <class T, class Request> void sighted_context(memory<T>& known, const Request& request) const noexcept {
        const auto& history = request.template get<History>();
        for (std::size_t i = 0; i < history.count(); ++i) known.sighted(history.id(i));
    }
    template <class T, class Record> void sighted_candidate(memory<T>& known, const Record& item) const noexcept {
        if (const auto& what = item.template get<Item>(); what.count() > 0) known.sighted(what.id(0));
    }

    /// The history's vectors, side by side.
    template <class T> struct context_part {
        std::array<T, History::length * Width> rows;  // (count, Width)
        std::array<T, History::length> values;
        std::size_t count;
        void start_slope(const context_part& kept) noexcept {
            count = kept.count;
            std::fill_n(rows.data(), count * Width, T(0));
        }
        T* row(std::size_t i) noexcept { return rows.data() + i * Width; }
        const T* row(std::size_t i) const noexcept { return rows.data() + i * Width; }
    };
    static constexpr std::size_t candidate_part = detail::carried_id::numbers;

    template <class T, class Request>
    void prepare_context(const T*, const memory<T>& known, const Request& request, context_part<T>& kept) const noexcept {
        const auto& history = request.template get<History>();
        kept.count = 0;
        for (std::size_t i = 0; i < history.count(); ++i) {
            const std::uint32_t slot = known.slot(history.id(i));
            if (slot == memory<T>::none) continue;
            std::copy_n(known.row(slot), Width, kept.row(kept.count));
            kept.values[kept.count] = history.template value<T>(i);
            ++kept.count;
        }
    }
    template <class T, class Record> void prepare_candidate(const T*, const Record& item, T* part) const noexcept {
        detail::carried_id::write(item.template get<Item>(), part);
    }
    template <class T>
    void forward(const T*, const memory<T>& known, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        std::array<T, History::length> shares;
        for (std::size_t r = 0; r < out.count; ++r) look(query(known, parts[r]), kept, shares.data(), out[r]);
    }
    template <class T>
    void backward(const T*, memory<T>& learned, const context_part<T>& kept, rows<const T> parts, rows<const T> out_slope,
                  context_part<T>& slope, rows<T>, T*) const noexcept {
        std::array<T, History::length> shares, logits;
        std::array<T, Width + 1> out;
        std::array<T, Width> called, asked;  // slopes of p and of q
        for (std::size_t r = 0; r < parts.count; ++r) {
            const std::uint32_t slot = detail::carried_id::find(learned.places(), parts[r]);
            const T* const q = slot == memory<T>::none ? nothing<T>.data() : learned.row(slot);
            look(q, kept, shares.data(), out.data());
            const T fit = out_slope[r][Width];
            for (std::size_t k = 0; k < Width; ++k) {
                called[k] = out_slope[r][k] + fit * q[k];
                asked[k] = fit * out[k];
            }
            for (std::size_t i = 0; i < kept.count; ++i) logits[i] = kept.values[i] * math::dot(called.data(), kept.row(i), Width);
            math::softmax_backward(shares.data(), logits.data(), kept.count);
            for (std::size_t i = 0; i < kept.count; ++i) {
                math::add_scaled(shares[i] * kept.values[i], called.data(), slope.row(i), Width);
                math::add_scaled(logits[i] * scale<T>(), q, slope.row(i), Width);
                math::add_scaled(logits[i] * scale<T>(), kept.row(i), asked.data(), Width);
            }
            if (slot != memory<T>::none) math::add_scaled(T(1), asked.data(), learned.slopes(slot), Width);
        }
    }
    template <class T, class Request>
    void backward_context(const T*, memory<T>& learned, const Request& request, const context_part<T>& slope, T*) const noexcept {
        const auto& history = request.template get<History>();
        std::size_t next = 0;
        for (std::size_t i = 0; i < history.count(); ++i)
            if (const std::uint32_t slot = learned.slot(history.id(i)); slot != memory<T>::none)
                math::add_scaled(T(1), slope.row(next++), learned.slopes(slot), Width);
    }
    template <class T, class Record>
    void backward_candidate(const T*, memory<T>&, const Record&, const T*, T*) const noexcept {}  // the pair had the item's row

    /// What the item calls up of each id of the history; the shares are taken as they are.
    template <class T, class Request, class Record, class See>
    void explain(const T*, const T*, const memory<T>& known, const Request& request, const Record& item, See&& see) const {
        context_part<T> kept;
        std::array<T, candidate_part> part;
        std::array<T, History::length> shares;
        std::array<T, Width + 1> numbers;
        prepare_context<T>(nullptr, known, request, kept);
        prepare_candidate<T>(nullptr, item, part.data());
        const T* const q = query(known, part.data());
        look(q, kept, shares.data(), numbers.data());
        const auto& history = request.template get<History>();
        for (std::size_t i = 0, next = 0; i < history.count(); ++i) {
            if (known.slot(history.id(i)) == memory<T>::none) continue;
            for (std::size_t k = 0; k < Width; ++k) numbers[k] = shares[next] * kept.values[next] * kept.row(next)[k];
            numbers[Width] = math::dot(q, numbers.data(), Width);
            const item_id id = history.id(i);
            see(std::span<const item_id>(&id, 1), numbers.data());
            ++next;
        }
    }

private:
    template <class T> static constexpr std::array<T, Width> nothing{};
    template <class T> static T scale() noexcept { return T(1) / std::sqrt(static_cast<T>(Width)); }

    template <class T> void admit(memory<T>& known, item_id id) const noexcept {
        known.admit(id, [&](T* row) { detail::start_row<T>(row, nullptr, Width, spread, id, seed); });
    }
    template <class T> static const T* query(const memory<T>& known, const T* part) noexcept {
        const std::uint32_t slot = detail::carried_id::find(known.places(), part);
        return slot == memory<T>::none ? nothing<T>.data() : known.row(slot);
    }
    /// shares: (count), out: (Width + 1).
    template <class T> static void look(const T* q, const context_part<T>& kept, T* shares, T* out) noexcept {
        std::fill_n(out, Width + 1, T(0));
        for (std::size_t i = 0; i < kept.count; ++i) shares[i] = math::dot(q, kept.row(i), Width);
        math::softmax(shares, kept.count, scale<T>());
        for (std::size_t i = 0; i < kept.count; ++i) math::add_scaled(shares[i] * kept.values[i], kept.row(i), out, Width);
        out[Width] = math::dot(q, out, Width);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
