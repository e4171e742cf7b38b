// SPDX-License-Identifier: MIT
// The two views that travel through the library: rows of numbers in somebody else's memory, and padded widths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "config.hpp"

namespace rivulet::inline RIVULET_ABI {

/// The host's own name for an item: any 64 bits, sparse, in any order.
using item_id = std::uint64_t;

/// `count` rows, `stride` elements apart: a view, like a span of spans.
template <class T> struct rows {
    T* data = nullptr;
    std::size_t count = 0;
    std::size_t stride = 0;

    constexpr T* operator[](std::size_t row) const noexcept { return data + row * stride; }
    constexpr rows from(std::size_t first, std::size_t number) const noexcept { return {data + first * stride, number, stride}; }
    constexpr rows columns(std::size_t first) const noexcept { return {data + first, count, stride}; }
    constexpr operator rows<const T>() const noexcept requires(!std::is_const_v<T>) { return {data, count, stride}; }
};

/// The stride of a dense output of `width` numbers: whole cache lines of float, so that kernels store full registers whatever the
/// instruction set and a saved arena has one layout everywhere. A single output stays a single number.
constexpr std::size_t padded(std::size_t width) noexcept { return width == 1 ? 1 : (width + 15) / 16 * 16; }

}  // namespace rivulet::inline RIVULET_ABI
