// SPDX-License-Identifier: MIT
// An item's id as the numbers that a pair component keeps of an item: exact, so that what is known of the item is looked up at request
// time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/rows.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// A slot would be one number instead of three, but of the moment at which the catalogue was refreshed: items come later, and slots of
/// those that leave become others'. An id is good for ever, and costs a look-up a candidate.
struct carried_id {
    static constexpr std::size_t numbers = 3;  // of 22 bits each, which float holds exactly, as it does every integer up to 2^24
    static constexpr item_id mask = (item_id(1) << 22) - 1;

    /// The first id of a feature's list, or that there is none.
    template <class T, class Given> static void write(const Given& list, T* part) noexcept {
        const bool any = list.count() > 0;
        const item_id id = any ? list.id(0) : 0;
        part[0] = any ? static_cast<T>(id & mask) : T(-1);
        part[1] = static_cast<T>((id >> 22) & mask);
        part[2] = static_cast<T>(id >> 44);
    }
    template <class T> static bool any(const T* part) noexcept { return part[0] >= T(0); }
    template <class T> static item_id read(const T* part) noexcept {
        const auto piece = [](T number) { return static_cast<item_id>(static_cast<std::uint32_t>(number)); };
        return piece(part[0]) | piece(part[1]) << 22 | piece(part[2]) << 44;
    }
    /// Where the carried id is among these places (an id_directory); `none` where there is no id, or it has no place.
    template <class Places, class T> static std::uint32_t find(const Places& places, const T* part) noexcept {
        return any(part) ? places.find(read(part)) : Places::none;
    }
};

}  // namespace rivulet::inline RIVULET_ABI::detail
