// SPDX-License-Identifier: MIT
// Scaled dot-product attention as a free function over views, without weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/rows.hpp"
#include "../math/softmax.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = softmax(q K' / sqrt(width)) V for every query (Vaswani et al. 2017, eq. 1).
/// queries: (n, width), keys: (time, width), values: (time, value_width), out: (n, value_width), shares: scratch of (time) numbers, which
/// holds the last query's weights afterwards. `valid`: empty, or a byte a key, 0 for one that is padding and may hold anything.
/// No key, or none that is valid, gives zeros; one gives exactly its value. n * time * (width + value_width) multiply-adds.
template <class T>
void scaled_dot_product(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values, std::size_t value_width,
                        rows<T> out, std::span<T> shares, std::span<const std::uint8_t> valid = {}) noexcept {
    const T scale = T(1) / std::sqrt(static_cast<T>(width));
    const auto holds = [&](std::size_t t) { return valid.empty() || valid[t] != 0; };
    for (std::size_t r = 0; r < queries.count; ++r) {
        std::size_t kept = 0;  // shares of the valid keys, without gaps
        for (std::size_t t = 0; t < keys.count; ++t)
            if (holds(t)) shares[kept++] = math::dot(queries[r], keys[t], width);
        math::softmax(shares.data(), kept, scale);
        std::fill_n(out[r], value_width, T(0));
        kept = 0;
        for (std::size_t t = 0; t < keys.count; ++t)
            if (holds(t)) math::add_scaled(shares[kept++], values[t], out[r], value_width);
    }
}

}  // namespace rivulet::inline RIVULET_ABI
