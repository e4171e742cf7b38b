// SPDX-License-Identifier: MIT
// Where the row of a new id starts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/hash.hpp"
#include "../core/random.hpp"
#include "../core/rows.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// row = prior + numbers within +-spread that depend on the id and the seed alone: the same whatever came before, and apart where symmetry
/// would keep factors equal. prior: (n), or null for zeros.
template <class T> void start_row(T* row, const T* prior, std::size_t n, float spread, item_id id, std::uint64_t seed) noexcept {
    random drawn(mix(id ^ 0x5851f42d4c957f2du) ^ mix(seed));
    for (std::size_t i = 0; i < n; ++i)
        row[i] = (prior == nullptr ? T(0) : prior[i]) + static_cast<T>(drawn.around_zero(static_cast<double>(spread)));
}

}  // namespace rivulet::inline RIVULET_ABI::detail
