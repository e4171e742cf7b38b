// SPDX-License-Identifier: MIT
// Who took what: a sparse matrix as rows of (column, value), in the host's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Row r holds columns[offsets[r], offsets[r + 1]) and the values beside them (CSR). A view.
template <class T> struct sparse_rows {
    std::span<const std::size_t> offsets;    ///< (rows + 1), from 0 up, ending at the number of entries
    std::span<const std::uint32_t> columns;  ///< (entries), in any order, each once a row
    std::span<const T> values;               ///< (entries), 0 or more; or empty: every value is 1

    constexpr std::size_t count() const noexcept { return offsets.empty() ? 0 : offsets.size() - 1; }
    constexpr sparse_rows row(std::size_t r) const noexcept {
        const std::size_t from = offsets[r], size = offsets[r + 1] - from;
        return {{}, columns.subspan(from, size), values.empty() ? values : values.subspan(from, size)};
    }
    constexpr T value(std::size_t entry) const noexcept { return values.empty() ? T(1) : values[entry]; }
};

namespace detail {

/// Columns below `width`, values that are finite and 0 or more. O(entries).
template <class T> status check_entries(std::span<const std::uint32_t> columns, std::span<const T> values, std::size_t width) noexcept {
    constexpr std::string_view name = "sparse_rows";
    if (!values.empty() && values.size() != columns.size())
        return {errc::count, name, static_cast<double>(columns.size()), static_cast<double>(values.size())};
    for (std::size_t i = 0; i < columns.size(); ++i)
        if (columns[i] >= width) return {errc::unknown_item, name, static_cast<double>(width), static_cast<double>(columns[i]), columns[i]};
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!math::finite(values[i]) || !(values[i] >= T(0))) return {errc::weight, name, 0, static_cast<double>(values[i]), i};
    return {};
}
template <class T> status check_rows(const sparse_rows<T>& all, std::size_t width) noexcept {
    const std::size_t entries = all.columns.size();
    for (std::size_t r = 0; r < all.offsets.size(); ++r) {
        const std::size_t least = r == 0 ? 0 : all.offsets[r - 1], most = r == 0 ? 0 : entries;
        if (all.offsets[r] < least || all.offsets[r] > most) return {errc::format, "sparse_rows.offsets", 0, 0, r};
    }
    const std::size_t used = all.offsets.empty() ? 0 : all.offsets.back();
    if (used != entries) return {errc::count, "sparse_rows", static_cast<double>(used), static_cast<double>(entries)};
    return check_entries(all.columns, all.values, width);
}

/// The same entries by column, those of a column in the order of rows: what owns the memory of the view that it gives.
template <class T> class transposed_rows {
public:
    /// Columns below `width`. O(entries + width).
    transposed_rows(const sparse_rows<T>& all, std::size_t width)
        : offsets_(width + 1), columns_(all.columns.size()), values_(all.values.size()) {
        for (const std::uint32_t column : all.columns) ++offsets_[column + 1];
        for (std::size_t c = 0; c < width; ++c) offsets_[c + 1] += offsets_[c];
        std::vector<std::size_t> next(offsets_.begin(), offsets_.end() - 1);
        for (std::size_t r = 0; r < all.count(); ++r)
            for (std::size_t entry = all.offsets[r]; entry < all.offsets[r + 1]; ++entry) {
                const std::size_t to = next[all.columns[entry]]++;
                columns_[to] = static_cast<std::uint32_t>(r);
                if (!values_.empty()) values_[to] = all.values[entry];
            }
    }
    sparse_rows<T> view() const noexcept { return {offsets_, columns_, values_}; }

private:
    std::vector<std::size_t> offsets_;
    std::vector<std::uint32_t> columns_;
    std::vector<T> values_;
};

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
