// SPDX-License-Identifier: MIT
// Rows of weights found by id: each with its updater's state and the slope of the step at hand beside it, in one stretch of memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../core/arena.hpp"
#include "../core/concepts.hpp"
#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A row is [weights (width) | updater state (kinds, width) | slopes (width) | mark]: a step over a few of a million rows reads and writes
/// only those, a cache line or two each. Rows of ids that were never seen hold zeros; scoring never makes one. `Places` says where the
/// row of an id is: hashed_places or id_directory.
template <class T, class Places, std::size_t Width> class row_table {
public:
    using scalar = T;
    static constexpr std::uint32_t none = Places::none;
    static constexpr std::size_t width = Width;
    static constexpr std::size_t few = 8;  // numbers in a row that is narrow

    /// `shrink`: pull towards zero on rows that a step touches (L2), of the unit of a slope over a weight. Throws std::bad_alloc.
    row_table(Places places, std::size_t kinds_of_state, T shrink = 0)
        : places_(std::move(places)), kinds_(kinds_of_state), stride_(stride_of(kinds_)), shrink_(shrink),
          numbers_(places_.capacity() * stride_), touched_(places_.capacity()) {}

    // ---- reading

    /// The weights of an id: (width), or null for one that has no row. O(1).
    const T* find(item_id id) const noexcept {
        const std::uint32_t slot = places_.find(id);
        return slot == none ? nullptr : row(slot);
    }
    std::uint32_t slot(item_id id) const noexcept { return places_.find(id); }
    const T* row(std::uint32_t slot) const noexcept { return numbers_.data() + slot * stride_; }
    const Places& places() const noexcept { return places_; }

    // ---- a step: admit; slopes; then step and settle, or forget

    /// A row for an id, where its places allow one; `start(weights)` fills a new one, which holds zeros.
    template <class Start> void admit(item_id id, Start&& start) noexcept {
        const std::size_t before = places_.tentative().size();
        const std::uint32_t slot = places_.admit(id);
        if (places_.tentative().size() != before) start(mutable_row(slot));
    }
    /// Where a row's slopes are added up.
    T* slopes(std::uint32_t slot) noexcept {
        T* const whole = mutable_row(slot);
        T& mark = whole[(kinds_ + 2) * width];
        if (mark == T(0)) {
            mark = T(1);
            touched_[touched_count_++] = slot;
        }
        return whole + (kinds_ + 1) * width;
    }
    T* mutable_row(std::uint32_t slot) noexcept { return numbers_.data() + slot * stride_; }

    /// Before a step looks at the slopes: the pull towards zero joins them.
    void add_shrinkage() noexcept {
        if (shrink_ > T(0)) each_touched([&](T* whole, T* slope) { math::add_scaled(shrink_, whole, slope, width); });
    }
    /// f(weights, slopes) for every row of the step, in the order in which they were touched.
    template <class F> void each_touched(F&& f) noexcept {
        for (std::size_t i = 0; i < touched_count_; ++i) {
            T* const whole = mutable_row(touched_[i]);
            f(whole, whole + (kinds_ + 1) * width);
        }
    }
    /// The sum of the squares of the slopes.
    T squares() const noexcept {
        std::array<T, 4> sums{};  // chains
        for (std::size_t i = 0; i < touched_count_; ++i) {
            const T* const slope = row(touched_[i]) + (kinds_ + 1) * width;
            if constexpr (width == 1)
                sums[i % 4] += *slope * *slope;
            else
                sums[0] += math::dot(slope, slope, width);
        }
        return (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    /// One step of every touched row, whose slopes are forgotten. Narrow rows are gathered, so that a step fills registers.
    template <class Updater> void step(const Updater& updater, std::uint64_t steps) noexcept {
        if constexpr (width >= few) {
            each_touched([&](T* whole, T* slope) { updater.step(whole, slope, updater_state<T>{whole + width, width, steps}, width); });
            forget();
        } else {
            constexpr std::size_t kinds = Updater::state, whole = stride_of(kinds), most = 32, room = most * width;
            alignas(64) std::array<T, (kinds + 2) * room> columns;  // weights, kinds of state, slopes: each (most, width)
            for (std::size_t first = 0; first < touched_count_; first += most) {
                const std::size_t count = std::min(most, touched_count_ - first);
                for (std::size_t r = 0; r < count; ++r) {
                    const T* const from = numbers_.data() + touched_[first + r] * whole;
                    for (std::size_t c = 0; c < kinds + 2; ++c)
                        for (std::size_t k = 0; k < width; ++k) columns[c * room + r * width + k] = from[c * width + k];
                }
                updater.step(columns.data(), columns.data() + (kinds + 1) * room, updater_state<T>{columns.data() + room, room, steps},
                             count * width);
                for (std::size_t r = 0; r < count; ++r) {
                    T* const to = numbers_.data() + touched_[first + r] * whole;
                    for (std::size_t c = 0; c < kinds + 1; ++c)
                        for (std::size_t k = 0; k < width; ++k) to[c * width + k] = columns[c * room + r * width + k];
                    for (std::size_t k = (kinds + 1) * width; k <= (kinds + 2) * width; ++k) to[k] = T(0);  // slopes and mark
                }
            }
            touched_count_ = 0;
        }
    }
    /// Forgets the slopes.
    void forget() noexcept {
        each_touched([&](T*, T* slope) { std::fill_n(slope, width + 1, T(0)); });
        touched_count_ = 0;
    }
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
            const bool state = column >= width && column < (kinds_ + 1) * width;
            const bool good = math::finite(number) && (state ? accepts(number, column / width - 1) : column < width || number == T(0));
            if (!good) return {errc::nonfinite, "row table", 0, static_cast<double>(number), i};
        }
        return {};
    }
    /// Bytes held; fixed at construction.
    std::size_t memory() const noexcept { return places_.memory() + numbers_.size() * sizeof(T) + touched_.size() * sizeof(std::uint32_t); }

private:
    static constexpr std::size_t stride_of(std::size_t kinds) noexcept { return ((kinds + 2) * width + 1 + 3) / 4 * 4; }
    void clear(std::uint32_t slot) noexcept { std::fill_n(mutable_row(slot), stride_, T(0)); }

    Places places_;
    std::size_t kinds_, stride_;  // of one weight and one kind of state: 4, a quarter of a cache line
    T shrink_;
    arena<T> numbers_;                    // (capacity, stride)
    std::vector<std::uint32_t> touched_;  // slots of the step's rows; room for all, so that a step allocates nothing
    std::size_t touched_count_ = 0;
};

}  // namespace rivulet::inline RIVULET_ABI
