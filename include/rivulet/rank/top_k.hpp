// SPDX-License-Identifier: MIT
// The best k of a stream of scores, in the caller's buffer; ties by id, so the answer does not depend on the order of the items.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI {

struct scored {
    item_id id;
    float score;

    friend bool operator==(const scored&, const scored&) = default;
};

/// Higher score first, then lower id.
constexpr bool ranks_before(const scored& a, const scored& b) noexcept { return a.score != b.score ? a.score > b.score : a.id < b.id; }

/// Which items a request may get: `[](rv::item_id id) { return ...; }`.
template <class Choice>
concept item_filter = requires(const Choice& allows, item_id id) {
    { allows(id) } -> std::convertible_to<bool>;
};

/// Best first. Exactly min(k, eligible) items, unless scores overflowed: those are left out and counted.
struct ranked {
    std::span<const scored> items{};
    rivulet::status status{};
    std::size_t overflowed = 0;  ///< candidates whose score was not finite

    auto begin() const noexcept { return items.begin(); }
    auto end() const noexcept { return items.end(); }
    std::size_t size() const noexcept { return items.size(); }
    const scored& operator[](std::size_t i) const noexcept { return items[i]; }
    explicit operator bool() const noexcept { return static_cast<bool>(status); }
};

/// A heap whose top is the worst that is kept: most candidates cost one comparison. An id that comes twice is kept once.
class top_k {
public:
    /// `repeats`: whether an id may be added more than once, which makes every kept one cost O(k) instead of O(log k).
    explicit top_k(std::span<scored> room, bool repeats = false) noexcept : room_(room), repeats_(repeats) {}

    void add(scored one) noexcept {
        if (size_ == room_.size()) {
            if (size_ == 0 || !ranks_before(one, room_[0]) || holds(one)) return;
            std::pop_heap(room_.begin(), room_.end(), ranks_before);
            room_.back() = one;
            std::push_heap(room_.begin(), room_.end(), ranks_before);
        } else if (!holds(one)) {
            room_[size_++] = one;
            std::push_heap(room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(size_), ranks_before);
        }
    }
    /// What a finite score must reach to be kept: the worst kept one once the room is full. Of room for at least one.
    float least() const noexcept { return size_ < room_.size() ? std::numeric_limits<float>::lowest() : room_[0].score; }
    /// Forgets all that was added.
    void clear() noexcept { size_ = 0; }
    /// Sorts what is kept, best first, and gives it. Nothing may be added after it.
    std::span<scored> sorted() noexcept {
        std::sort_heap(room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(size_), ranks_before);
        return room_.first(size_);
    }

private:
    bool holds(const scored& one) const noexcept {
        const auto kept = room_.first(size_);
        return repeats_ && std::find(kept.begin(), kept.end(), one) != kept.end();
    }

    std::span<scored> room_;
    std::size_t size_ = 0;
    bool repeats_;
};

namespace detail {

/// Adds a candidate to the best, or counts one whose score is not finite.
inline void add_finite(top_k& best, const scored& one, std::size_t& overflowed) noexcept {
    if (math::finite(one.score))
        best.add(one);
    else
        ++overflowed;
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
