// SPDX-License-Identifier: MIT
// Rows of weights found by id: each with its updater's state beside it, in one stretch of memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "../core/arena.hpp"
#include "../core/concepts.hpp"
#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "../math/vector.hpp"
#include "touched_rows.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A row is [weights (width) | updater state (kinds, width)]: a step over a few of a million rows reads and writes only those, a
/// cache line or two each. Rows of ids that were never seen hold zeros; scoring never makes one. `Places` says where the row of an id is:
/// hashed_places or id_directory.
template <class T, class Places, std::size_t Width> class row_table {
public:
    using scalar = T;
    static constexpr std::uint32_t none = Places::none;
    static constexpr std::size_t width = Width;
    static constexpr std::size_t few = 8;  // numbers in a row that is narrow

    /// `shrink`: pull towards zero on rows that a step touches (L2), of the unit of a slope over a weight. Throws std::bad_alloc.
    row_table(Places places, std::size_t kinds_of_state, T shrink = 0)
        : places_(std::move(places)), stride_(stride_of(kinds_of_state)), shrink_(shrink), numbers_(places_.capacity() * stride_),
          touched_(places_.capacity()) {}

    // ---- reading

    /// The weights of an id: (width), or null for one that has no row. O(1).
    const T* find(item_id id) const noexcept {
        const std::uint32_t slot = places_.find(id);
        return slot == none ? nullptr : row(slot);
    }
    std::uint32_t slot(item_id id) const noexcept { return places_.find(id); }
    const T* row(std::uint32_t slot) const noexcept { return numbers_.data() + slot * stride_; }
    /// Of rows that every id has: where the rows of id(i), i < n, are, which are fetched from memory meanwhile.
    template <class IdOf> void find_all(IdOf&& id, std::uint32_t* slots, std::size_t n) const noexcept {
        with_stride([&](auto apart) {
            const T* const all = numbers_.data();
            const Places places = places_;
            for (std::size_t i = 0; i < n; ++i) slots[i] = places.find(id(i));  // in registers, where those multiply 64 bits
            for (std::size_t i = 0; i < n; ++i) detail::prefetch(all + slots[i] * apart);
        });
    }
    /// Of rows of one number: the sum of values[i] times the weight of row slots[i], i < n.
    T weigh(const std::uint32_t* slots, const T* values, std::size_t n) const noexcept requires(Width == 1) {
        std::array<T, 4> sums{};  // four chains, or the latency of the additions would set the pace
        with_stride([&](auto apart) {
            const T* const all = numbers_.data();
            std::size_t i = 0;
            for (; i + 4 <= n; i += 4)
                for (std::size_t k = 0; k < 4; ++k) sums[k] += all[slots[i + k] * apart] * values[i + k];
            for (; i < n; ++i) sums[0] += all[slots[i] * apart] * values[i];
        });
        return (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    const Places& places() const noexcept { return places_; }

    // ---- a step: admit; slopes; then step and settle, or forget

    /// A row for an id, where its places allow one; `start(weights)` fills a new one, which holds zeros.
    template <class Start> void admit(item_id id, Start&& start) noexcept {
        const std::size_t before = places_.tentative().size();
        const std::uint32_t slot = places_.admit(id);
        if (places_.tentative().size() != before) start(mutable_row(slot));
    }
    /// Where a row's slopes are added up, until the step.
    T* slopes(std::uint32_t slot) noexcept { return touched_.slopes(touched_.place(slot)); }
    /// Of rows of one number: where slopes of row slots[i], i < n, are added up by add_slopes. True if each has a place of its own, one
    /// after the other.
    bool touch(const std::uint32_t* slots, std::uint32_t* places, std::size_t n) noexcept requires(Width == 1) {
        return touched_.place_all(slots, places, n);
    }
    /// Adds scale * values[i] to the slope at places[i], i < n. `in_order`: what touch said.
    void add_slopes(const std::uint32_t* places, bool in_order, const T* values, T scale, std::size_t n) noexcept requires(Width == 1) {
        T* const sums = touched_.slopes(0);
        if (in_order && n > 0) return math::add_scaled(scale, values, sums + places[0], n);
        for (std::size_t i = 0; i < n; ++i) sums[places[i]] += scale * values[i];
    }
    T* mutable_row(std::uint32_t slot) noexcept { return numbers_.data() + slot * stride_; }

    /// Before a step looks at the slopes: the pull towards zero joins them.
    void add_shrinkage() noexcept {
        if (!shrinks()) return;
        for (std::uint32_t i = 0; i < touched_.count(); ++i) math::add_scaled(shrink_, row(touched_.slot(i)), touched_.slopes(i), width);
    }
    bool shrinks() const noexcept { return shrink_ > T(0); }
    /// The slopes of the step: (rows, width), in the order in which the rows were touched.
    std::span<T> step_slopes() noexcept { return touched_.slopes(); }
    std::span<const T> step_slopes() const noexcept { return touched_.slopes(); }

    /// One step of every touched row, whose slopes are forgotten.
    template <class Updater> void step(const Updater& updater, std::uint64_t steps) noexcept {
        change<Updater::state>([&](T* weights, const T* slopes, T* state, std::size_t apart, std::size_t n) {
            updater.step(weights, slopes, updater_state<T>{state, apart, steps}, n);
        });
    }
    /// f(weights, slopes, state, apart, n) for ranges that hold every touched row, whose slopes are forgotten. State: `Kinds` times n
    /// numbers, `apart` from each other. Narrow rows are gathered, so that f fills registers; beside them are others, whose slopes are 0.
    template <std::size_t Kinds, class F> void change(F&& f) noexcept {
        each_range<Kinds, true>(f);
        touched_.clear();
    }
    /// The same, of which f may change nothing and nothing is forgotten.
    template <std::size_t Kinds, class F> void look(F&& f) noexcept { each_range<Kinds, false>(f); }
    /// Forgets the slopes.
    void forget() noexcept { touched_.clear(); }
    /// After a step: keeps the rows that were made for it, or leaves no trace of them.
    void settle(bool learned) noexcept {
        if (learned) return places_.commit();
        forget();
        for (const std::uint32_t slot : places_.tentative()) clear(slot);
        places_.rollback();
    }
    void sighted(item_id id) noexcept { places_.sighted(id); }
    /// After a step: evicts the least used, so that the next step finds free rows and never destroys one that it may have to restore.
    void make_room() noexcept {
        places_.make_room(std::clamp<std::size_t>(places_.capacity() / 4, 1, 256), [&](std::uint32_t slot) { clear(slot); });
    }
    /// Forgets an id. False if it has no row.
    bool erase(item_id id) noexcept requires requires(Places& places) { places.erase(id); }
    {
        const std::uint32_t slot = places_.find(id);
        if (slot == none) return false;
        clear(slot);
        return places_.erase(id);
    }

    // ---- the whole

    template <class F> void tables(F&& f) { f(*this); }
    template <class F> void tables(F&& f) const { f(*this); }
    /// f(bytes) for every block of state, always in the same order.
    template <class F> void parts(F&& f) {
        places_.parts(f);
        f(std::as_writable_bytes(numbers_.span()));
    }
    template <class F> void parts(F&& f) const {
        places_.parts(f);
        f(numbers_.bytes());
    }
    /// Whether bytes that were read into the parts can be a table's between two steps. `accepts(number, kind)`: of an updater's state.
    template <class Accepts> status validate_state(Accepts&& accepts) const noexcept {
        if (const status checked = places_.validate_state(); !checked) return checked;
        for (std::size_t i = 0; i < numbers_.size(); ++i) {
            const T number = numbers_.data()[i];
            const std::size_t column = i % stride_;
            const bool good = math::finite(number) && (column < width || accepts(number, column / width - 1));
            if (!good) return {errc::nonfinite, "row table", 0, static_cast<double>(number), i};
        }
        return {};
    }
    /// Bytes held; fixed at construction.
    std::size_t memory() const noexcept { return places_.memory() + numbers_.size() * sizeof(T) + touched_.memory(); }

private:
    static constexpr std::size_t stride_of(std::size_t kinds) noexcept { return (kinds + 1) * width; }
    template <std::size_t Kinds, bool Changes, class F> void each_range(F&& f) noexcept {
        constexpr std::size_t whole = stride_of(Kinds);
        if constexpr (width >= few) {
            for (std::size_t i = 0; i < touched_.count(); ++i) {
                T* const weights = numbers_.data() + touched_.slot(i) * whole;
                f(weights, touched_.slopes(i), weights + width, width, width);
            }
        } else {
            constexpr std::size_t most = 32, group = touched_rows<T, Width>::spare, room = most * width;
            alignas(64) std::array<T, (Kinds + 1) * room> columns;  // weights, kinds of state: each (most, width)
            const auto each_number = [&](std::size_t first, std::size_t count, auto&& move) {
                for (std::size_t r = 0; r < count; ++r) {
                    T* const row = numbers_.data() + touched_.slot(first + r) * whole;
                    for (std::size_t k = 0; k < whole; ++k) move(row[k], columns[k / width * room + r * width + k % width]);
                }
            };
            for (std::size_t first = 0; first < touched_.count(); first += most) {
                const std::size_t count = std::min<std::size_t>(most, touched_.count() - first);
                // Registers are filled: behind the list's end are slots of earlier steps, whose rows are read, too.
                const std::size_t filled = (count + group - 1) / group * group;
                std::fill_n(touched_.slopes(first + count), (filled - count) * width, T(0));
                each_number(first, filled, [](const T& in_row, T& in_column) { in_column = in_row; });
                f(columns.data(), touched_.slopes(first), columns.data() + room, room, filled * width);
                if constexpr (Changes) each_number(first, count, [](T& in_row, const T& in_column) { in_row = in_column; });
            }
        }
    }
    /// f(stride), a constant for the stride that the narrowest rows have with most updaters.
    template <class F> void with_stride(F&& f) const noexcept {
        if (stride_ == 2) return f(std::integral_constant<std::size_t, 2>{});
        f(stride_);
    }
    void clear(std::uint32_t slot) noexcept { std::fill_n(mutable_row(slot), stride_, T(0)); }

    Places places_;
    std::size_t stride_;
    T shrink_;
    arena<T> numbers_;  // (capacity, stride)
    touched_rows<T, Width> touched_;
};

}  // namespace rivulet::inline RIVULET_ABI
