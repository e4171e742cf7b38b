// SPDX-License-Identifier: MIT
// The items that a pipeline ranks: what each brings, and everything about it that can be computed before a request arrives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../core/identity.hpp"
#include "../input/item_table.hpp"
#include "plan.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

template <class Scalar, class List> struct table_of;
template <class Scalar, class... Features> struct table_of<Scalar, features<Features...>> { using type = item_table<Scalar, Features...>; };

}  // namespace detail

/// How a catalogue is kept: `ranker.catalogue({.keep_values = false}, ids, with<title>(titles))`.
struct catalogue_setup {
    /// Whether every item's computed values are held: Plan::values numbers an item. Without them each request computes those of the items
    /// that it asks for, or finds them in a candidate_cache; scores are the same to the last bit. Instead it has 8 bytes an item.
    bool keep_values = true;
};

/// Made by a pipeline (`ranker.catalogue(ids, with<title>(titles), ...)`), and a value like it: owns copies of what the items bring,
/// the weights of its last refresh, and every item's computed values under those weights. Items come and go one at a time; a score
/// never mixes weights of two refreshes. Not for concurrent use while it is changed.
template <class Plan> class catalogue {
public:
    using scalar = typename Plan::scalar;
    using features = typename Plan::candidate_features;

    /// One item of a catalogue: a view, good until the catalogue changes. False for an id that is not there.
    class entry {
    public:
        entry(const catalogue* owner, std::size_t row, item_id id) noexcept : owner_(owner), row_(row), id_(id) {}
        explicit operator bool() const noexcept { return row_ < owner_->size(); }
        item_id id() const noexcept { return id_; }
        std::size_t row() const noexcept { return row_; }
        const scalar* values(scalar* room) const noexcept { return owner_->values(row_, room); }
        template <class Feature> auto get() const noexcept { return owner_->items_.template get<Feature>(row_); }

    private:
        const catalogue* owner_;
        std::size_t row_;
        item_id id_;
    };

    /// A catalogue of no items, under the first weights of an arena.
    catalogue(const Plan& plan, std::span<const scalar> weights, const typename Plan::memories& known, catalogue_setup setup = {})
        : setup_(setup), plan_(plan), slow_(Plan::at.candidate_end), known_(Plan::publish(known)) {
        std::copy_n(weights.data(), slow_.size(), slow_.data());
    }

    std::size_t size() const noexcept { return items_.size(); }
    item_id id(std::size_t row) const noexcept { return items_.id(row); }
    std::span<const item_id> ids() const noexcept { return items_.ids(); }
    bool contains(item_id id) const noexcept { return items_.find(id) != size(); }
    entry at(item_id id) const noexcept { return {this, items_.find(id), id}; }
    entry row(std::size_t row) const noexcept { return {this, row, row < size() ? id(row) : 0}; }
    bool keeps_values() const noexcept { return setup_.keep_values; }
    /// What a row's item comes to before a request arrives: (Plan::values), where they are held, or in `room`, computed.
    const scalar* values(std::size_t row, scalar* room) const noexcept {
        if (keeps_values()) return held(row);
        compute(row, room);
        return room;
    }
    /// Of a catalogue that does not hold values: which values an id has. No state of the id, before or after, has the same number and
    /// other values. Never 0.
    std::uint64_t version(std::size_t row) const noexcept { return std::max(versions_[row], refreshed_); }
    /// Whose versions they are.
    const identity::mark& own() const noexcept { return identity_.own(); }

    /// Adds one item; it can be ranked at once. Refused, and nothing changed: an id that is there, a wrong width, a number that is not
    /// finite. Costs one item's candidate-bound work, amortised. Throws std::bad_alloc.
    template <class... Given> status add(item_id id, Given... parts) {
        const item record(parts...);
        if (contains(id)) return {errc::duplicate_item, "catalogue", 0, 0, id};
        if (const status checked = detail::check<scalar>(record, features{}); !checked) return checked;
        make_room(size() + 1);
        items_.append(id, record);
        renew(size() - 1);
        return {};
    }

    /// Replaces some of what an item brings: `items.change(42, with<price>(numbers))`. Refused as in add; what no
    /// component reads is checked and left, as in add.
    template <class... Given> status change(item_id id, Given... parts) noexcept {
        const std::size_t row = items_.find(id);
        if (row == size()) return {errc::unknown_item, "catalogue", 0, 0, id};
        status checked;
        static_cast<void>(((checked = detail::check_as<scalar>(parts), static_cast<bool>(checked)) && ...));
        if (!checked) return checked;
        (items_.write(row, parts), ...);
        renew(row);
        return {};
    }

    /// Takes an item out. Another may take its row; entries are no longer good.
    status remove(item_id id) noexcept {
        const std::size_t row = items_.find(id);
        if (row == size()) return {errc::unknown_item, "catalogue", 0, 0, id};
        const std::size_t last = size() - 1;
        if (keeps_values() && row != last) std::copy_n(held(last), Plan::values, held(row));
        if (!keeps_values()) versions_[row] = versions_[last];
        items_.remove(row);
        return {};
    }

    /// Room for this many items without moving. Throws std::bad_alloc, and then nothing has changed.
    void reserve(std::size_t items) {
        make_room(items);
        items_.reserve(items);
    }

    /// Recomputes every item under new weights. O(items) where values are held, and a copy of the tables that items are looked up in.
    void refresh(std::span<const scalar> weights, const typename Plan::memories& known) noexcept {
        std::copy_n(weights.data(), slow_.size(), slow_.data());
        Plan::publish(known, known_);
        refreshed_ = ++changes_;
        if (!keeps_values()) return;
        for (std::size_t row = 0; row < size(); ++row) compute(row, held(row));
    }

    /// Bytes held: what the items bring, their computed values or versions, the index, the weights, the tables that items are looked up in.
    std::size_t memory() const noexcept {
        return items_.memory() + (values_.size() + slow_.size()) * sizeof(scalar) + versions_.size() * sizeof(versions_[0]) +
               known_.memory();
    }

private:
    void make_room(std::size_t items) {
        const std::size_t room = std::max(items, 2 * size());
        if (keeps_values() && items * Plan::values > values_.size()) values_.resize(room * Plan::values);
        if (!keeps_values() && items > versions_.size()) versions_.resize(room);
    }
    const scalar* held(std::size_t row) const noexcept { return values_.data() + row * Plan::values; }
    scalar* held(std::size_t row) noexcept { return values_.data() + row * Plan::values; }
    void compute(std::size_t row, scalar* out) const noexcept { plan_.prepare_candidate(slow_.data(), known_, this->row(row), out); }
    /// After what an item brings has changed.
    void renew(std::size_t row) noexcept {
        ++changes_;
        if (keeps_values())
            compute(row, held(row));
        else
            versions_[row] = changes_;
    }

    catalogue_setup setup_;
    Plan plan_;
    typename detail::table_of<scalar, features>::type items_;
    arena<scalar> values_;            // (capacity, Plan::values)
    arena<scalar> slow_;              // fitted and candidate weights as of the last refresh
    typename Plan::published known_;  // and the tables that items are looked up in
    std::uint64_t changes_ = 0, refreshed_ = 0;
    std::vector<std::uint64_t> versions_;  // (capacity): where no values are held, which of all changes was the row's last
    identity identity_;
};

}  // namespace rivulet::inline RIVULET_ABI
