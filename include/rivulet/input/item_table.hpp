// SPDX-License-Identifier: MIT
// The items of a catalogue: ids, the numbers that each item brings, and which row an id lies in. Owns copies; grows and shrinks by item.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/arena.hpp"
#include "../core/rows.hpp"
#include "missing.hpp"
#include "record.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

// What a feature needs of an item's row.
template <class Feature> struct feature_tag {};
inline constexpr auto numbers_of = []<class F>(feature_tag<F>) { return F::width * F::length; };
inline constexpr auto ids_of = []<class F>(feature_tag<F>) { return is_ids<F> ? F::length : std::size_t(0); };
inline constexpr auto lists_of = []<class F>(feature_tag<F>) { return std::size_t(is_ids<F>); };
inline constexpr auto optionals_of = []<class F>(feature_tag<F>) { return std::size_t(is_optional<F>); };

}  // namespace detail

template <class Scalar, class... Features> class item_table {
public:
    static constexpr std::size_t width = ((Features::width * Features::length) + ... + 0);  // numbers an item

    std::size_t size() const noexcept { return ids_.size(); }
    item_id id(std::size_t row) const noexcept { return ids_[row]; }
    const std::vector<item_id>& ids() const noexcept { return ids_; }

    /// The row of an id, or size() for one that is not here. O(1).
    std::size_t find(item_id id) const noexcept {
        const auto found = row_of_.find(id);
        return found == row_of_.end() ? size() : found->second;
    }

    /// What an item brings of a feature; of an optional one perhaps missing<Feature>().
    template <class Feature> given<Feature, Scalar> get(std::size_t row) const noexcept {
        const Scalar* const numbers = numbers_.data() + row * width + before<Feature>(detail::numbers_of);
        if constexpr (detail::is_ids<Feature>) {
            const std::size_t kept = counts_[row * lists + before<Feature>(detail::lists_of)];
            return {.list = listed_.data() + row * listed + before<Feature>(detail::ids_of),
                    .size = kept,
                    .numbers = numbers,
                    .numbers_size = kept};
        } else {
            if constexpr (detail::is_optional<Feature>)
                if (has_[row * optionals + before<Feature>(detail::optionals_of)] == 0) return missing<Feature, Scalar>();
            return {.data = numbers, .size = Feature::width};
        }
    }

    /// Makes room for `items` rows, at least doubling what it must move. Throws std::bad_alloc.
    void reserve(std::size_t items) { grow(items); }

    /// A new row at the end, from a record that was checked and may be a view of another row. Strong guarantee.
    template <class Record> void append(item_id id, const Record& record) {
        const blocks alive_until_copied = grow(size() + 1);
        row_of_.emplace(id, size());
        ids_.push_back(id);
        write(size() - 1, record);
    }

    /// Overwrites what an item brings.
    template <class Record> void write([[maybe_unused]] std::size_t row, const Record& record) noexcept {
        (write<Features>(row, record.template get<Features>()), ...);
    }
    /// The same of one feature; of one that is not kept here nothing.
    template <class Feature, class Number> void write([[maybe_unused]] std::size_t row, const given<Feature, Number>& view) noexcept {
        if constexpr ((std::is_same_v<Feature, Features> || ...)) put(row, view);
    }

    /// Removes a row; the last one takes its place.
    void remove(std::size_t row) noexcept {
        const std::size_t last = size() - 1;
        row_of_.erase(ids_[row]);
        if (row != last) {
            std::copy_n(numbers_.data() + last * width, width, numbers_.data() + row * width);
            std::copy_n(has_.data() + last * optionals, optionals, has_.data() + row * optionals);
            std::copy_n(listed_.data() + last * listed, listed, listed_.data() + row * listed);
            std::copy_n(counts_.data() + last * lists, lists, counts_.data() + row * lists);
            ids_[row] = ids_[last];
            row_of_.find(ids_[row])->second = row;
        }
        ids_.pop_back();
    }

    std::size_t memory() const noexcept {
        constexpr std::size_t node = sizeof(std::pair<item_id, std::size_t>) + 2 * sizeof(void*);
        return numbers_.size() * sizeof(Scalar) + has_.capacity() + listed_.capacity() * sizeof(item_id) +
               counts_.capacity() * sizeof(std::uint32_t) + ids_.capacity() * sizeof(item_id) + row_of_.size() * node +
               row_of_.bucket_count() * sizeof(void*);
    }

private:
    template <class Feature, class Number> void put(std::size_t row, const given<Feature, Number>& view) noexcept {
        Scalar* const place = numbers_.data() + row * width + before<Feature>(detail::numbers_of);
        if constexpr (detail::is_ids<Feature>) {
            item_id* const ids = listed_.data() + row * listed + before<Feature>(detail::ids_of);
            counts_[row * lists + before<Feature>(detail::lists_of)] = static_cast<std::uint32_t>(view.size);
            detail::copy_list(view, ids, place);
        } else {
            if constexpr (detail::is_optional<Feature>) {
                has_[row * optionals + before<Feature>(detail::optionals_of)] = view.holds(0) ? 1 : 0;
                if (!view.holds(0))
                    return static_cast<void>(std::fill_n(place, Feature::width, Scalar(0)));  // what is not there leaves no trace
            }
            std::copy_n(view.data, Feature::width, place);
        }
    }
    struct blocks {
        arena<Scalar> numbers{};
        std::vector<item_id> listed{};
    };
    /// Gives back the blocks that numbers and ids lay in, if they moved.
    blocks grow(std::size_t items) {
        if (items <= ids_.capacity() && items * width <= numbers_.size() && items * optionals <= has_.size() &&
            items * listed <= listed_.size())
            return {};
        const std::size_t room = std::max<std::size_t>({16, items, 2 * size()});
        ids_.reserve(room);
        row_of_.reserve(room);
        if (room * optionals > has_.size()) has_.resize(room * optionals);
        if (room * lists > counts_.size()) counts_.resize(room * lists);
        blocks old;
        if (room * listed > listed_.size()) {
            std::vector<item_id> more(room * listed);
            std::copy_n(listed_.data(), size() * listed, more.data());
            old.listed = std::exchange(listed_, std::move(more));
        }
        if (room * width > numbers_.size()) {
            arena<Scalar> larger(room * width);
            std::copy_n(numbers_.data(), size() * width, larger.data());
            old.numbers = std::exchange(numbers_, std::move(larger));
        }
        return old;
    }
    /// How much of something, counted by feature, comes before a feature.
    template <class Feature, class Count> static constexpr std::size_t before(Count count) noexcept {
        std::size_t at = 0;
        bool found = false;
        ((found = found || std::is_same_v<Feature, Features>, at += found ? 0 : count(detail::feature_tag<Features>{})), ...);
        return at;
    }
    static constexpr std::size_t optionals = (std::size_t(detail::is_optional<Features>) + ... + 0);
    static constexpr std::size_t lists = (std::size_t(detail::is_ids<Features>) + ... + 0);
    static constexpr std::size_t listed = ((detail::is_ids<Features> ? Features::length : 0) + ... + 0);  // ids an item

    std::vector<item_id> ids_;
    std::unordered_map<item_id, std::size_t> row_of_;
    arena<Scalar> numbers_;              // (capacity, width)
    std::vector<std::uint8_t> has_;      // (capacity, optionals): 1 where an item brings the feature
    std::vector<item_id> listed_;        // (capacity, listed): ids, whose values lie among the numbers
    std::vector<std::uint32_t> counts_;  // (capacity, lists)
};

}  // namespace rivulet::inline RIVULET_ABI
