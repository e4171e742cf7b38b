// SPDX-License-Identifier: MIT
// The rows that a step is about: their slots, and the slopes of their weights side by side.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

#include "../core/config.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A list of slots, each once, and a (count, Width) block of slopes, with room for every row of a table, so that a step allocates nothing.
/// Room that no step has used takes no memory of the machine's. Between two steps the list is empty: a copy is an empty list with as much
/// room. A slot is found through a small index that is as large as the step needs; a mark in the row would be quicker to write, but rows
/// are what caches are too small for.
template <class T, std::size_t Width> class touched_rows {
public:
    static constexpr std::size_t spare = 8;  ///< places behind the list's end that may be read: of slots of the table, and any slopes

    /// `most` rows. Throws std::bad_alloc.
    explicit touched_rows(std::size_t most)
        : most_(most), slots_(zeros<std::uint32_t>(most + spare)), slopes_(zeros<T>((most + spare) * Width)),
          index_(zeros<std::uint32_t>(places(most))), marks_(zeros<std::uint8_t>(mark_count)) {}
    touched_rows(const touched_rows& other) : touched_rows(other.most_) {}
    touched_rows(touched_rows&&) noexcept = default;
    touched_rows& operator=(const touched_rows& other) {
        if (most_ != other.most_) return *this = touched_rows(other);
        clear();
        return *this;
    }
    touched_rows& operator=(touched_rows&&) noexcept = default;

    /// Where a slot is in the list; at its end, with slopes of zero, if it was not there.
    std::size_t place(std::uint32_t slot) noexcept {
        index_all();
        const std::size_t at = search(slot, slots_.get(), index_.get(), mask_);
        if (index_[at] == 0) {
            slots_[count_] = slot;
            std::fill_n(slopes(count_), Width, T(0));
            indexed_ = ++count_;
            index_[at] = static_cast<std::uint32_t>(count_);
            if (count_ > room()) widen();
            return count_ - 1;
        }
        return index_[at] - 1;
    }
    /// The same of n slots. True if each is new, so that their places follow one another, of which only the first is written.
    bool place_all(const std::uint32_t* slots, std::uint32_t* places, std::size_t n) noexcept requires(Width == 1) {
        if (count_ == 0 && n <= most_ && differ(slots, n)) {  // as nearly always: no index is needed until somebody asks for a place
            std::copy_n(slots, n, slots_.get());
            std::fill_n(slopes_.get(), n, T(0));
            if (n > 0) places[0] = 0;
            count_ = n;
            return true;
        }
        for (std::size_t i = 0; i < n; ++i) places[i] = static_cast<std::uint32_t>(place(slots[i]));
        return false;  // perhaps they are
    }
    std::size_t count() const noexcept { return count_; }
    std::uint32_t slot(std::size_t i) const noexcept { return slots_[i]; }
    T* slopes(std::size_t i) noexcept { return slopes_.get() + i * Width; }
    /// Of all rows: (count, Width).
    std::span<T> slopes() noexcept { return {slopes_.get(), count_ * Width}; }
    std::span<const T> slopes() const noexcept { return {slopes_.get(), count_ * Width}; }
    void clear() noexcept {
        if (indexed_ > 0) std::fill_n(index_.get(), mask_ + 1, 0u);
        mask_ = fewest_places - 1;
        count_ = indexed_ = 0;
    }
    /// Bytes of the whole room.
    std::size_t memory() const noexcept { return (most_ + places(most_)) * sizeof(std::uint32_t) + most_ * Width * sizeof(T) + mark_count; }

private:
    struct release {
        void operator()(void* block) const noexcept { std::free(block); }
    };
    /// Pages of zeros that the system gives when they are first written.
    template <class Number> static std::unique_ptr<Number[], release> zeros(std::size_t count) {
        std::unique_ptr<Number[], release> block(static_cast<Number*>(std::calloc(std::max<std::size_t>(count, 1), sizeof(Number))));
        // Fails as every other allocation here does: by std::bad_alloc, or as a host without exceptions has it.
        if (!block) ::operator delete(::operator new(static_cast<std::size_t>(-1) / 2));
        return block;
    }
    static constexpr std::size_t fewest_places = 256;
    static constexpr std::size_t mark_count = Width == 1 ? 4096 : 1;  // 30 slots at random find each other's mark in one of ten lists
    static std::size_t places(std::size_t most) noexcept { return std::max(std::bit_ceil(2 * most), fewest_places); }
    /// The place of a slot in the index, or the free one where it belongs (linear probing). Slots lie densely or are hashes: their last
    /// bits tell them apart.
    static std::size_t search(std::uint32_t slot, const std::uint32_t* listed, const std::uint32_t* index, std::size_t mask) noexcept {
        std::size_t at = slot & mask;
        while (index[at] != 0 && listed[index[at] - 1] != slot) at = (at + 1) & mask;
        return at;
    }
    std::size_t room() const noexcept { return (mask_ + 1) / 2; }
    /// Whether slots certainly differ: none has the last bits of one before it.
    bool differ(const std::uint32_t* slots, std::size_t n) noexcept {
        bool met = false;
        for (std::size_t i = 0; i < n; ++i) {
            std::uint8_t& mark = marks_[slots[i] & (mark_count - 1)];
            met |= mark == mark_now_;
            mark = mark_now_;
        }
        if (++mark_now_ == 0) {  // marks of 255 lists ago must not count
            std::fill_n(marks_.get(), mark_count, std::uint8_t(0));
            mark_now_ = 1;
        }
        return !met;
    }
    /// What place_all listed without an index gets one.
    void index_all() noexcept {
        while (indexed_ < count_) {
            const std::size_t at = search(slots_[indexed_], slots_.get(), index_.get(), mask_);
            index_[at] = static_cast<std::uint32_t>(++indexed_);
            if (indexed_ > room()) widen();
        }
    }
    void widen() noexcept {
        if (mask_ + 1 == places(most_)) return;
        mask_ = 2 * mask_ + 1;
        std::fill_n(index_.get(), mask_ + 1, 0u);
        for (std::size_t i = 0; i < indexed_; ++i)
            index_[search(slots_[i], slots_.get(), index_.get(), mask_)] = static_cast<std::uint32_t>(i + 1);
    }

    std::size_t most_, count_ = 0, indexed_ = 0;
    std::size_t mask_ = fewest_places - 1;  // the index has mask + 1 places: 1 + where the slot that belongs there is listed, or 0
    std::unique_ptr<std::uint32_t[], release> slots_;
    std::unique_ptr<T[], release> slopes_;
    std::unique_ptr<std::uint32_t[], release> index_;
    std::unique_ptr<std::uint8_t[], release> marks_;  // by the last bits of a slot: the list that last had one such
    std::uint8_t mark_now_ = 1;
};

}  // namespace rivulet::inline RIVULET_ABI
