// SPDX-License-Identifier: MIT
// A reservoir of past events: a uniform sample of a stream, kept to be learned again so that what is new does not drive out what was known.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../core/random.hpp"
#include "../input/missing.hpp"
#include "../update/feedback.hpp"
#include "pipeline.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// Copies of what records bring of some features, `capacity` records.
template <class Scalar, class List> class kept_records;
template <class Scalar, class... Features> class kept_records<Scalar, features<Features...>> {
    static constexpr std::size_t count = sizeof...(Features);
    static constexpr std::size_t numbers = ((Features::width * Features::length) + ... + 0), rows_kept = (Features::length + ... + 0);
    static constexpr bool any_ids = (is_ids<Features> || ...);

public:
    explicit kept_records(std::size_t capacity)
        : numbers_(capacity * numbers), valid_(capacity * rows_kept), counts_(capacity * count),
          ids_(any_ids ? capacity * rows_kept : 0) {}

    template <class Record> void write([[maybe_unused]] std::size_t slot, [[maybe_unused]] const Record& record) noexcept {
        (write<Features>(slot, record.template get<Features>()), ...);
    }
    /// What a record brought, of a sequence the rows that are used.
    template <class Feature> given<Feature, Scalar> get(std::size_t slot) const noexcept {
        constexpr place at = place_of<Feature>();
        const std::size_t kept = counts_[slot * count + at.index];
        if constexpr (is_ids<Feature>)
            return given<Feature, Scalar>{.list = ids_.data() + slot * rows_kept + at.row,
                                          .size = kept,
                                          .numbers = numbers_.data() + slot * numbers + at.number,
                                          .numbers_size = kept};
        else
            return rows_of<Feature>(slot, at, kept);
    }
    std::size_t memory() const noexcept {
        return numbers_.size() * sizeof(Scalar) + valid_.size() + counts_.size() * sizeof(std::uint32_t) + ids_.size() * sizeof(item_id);
    }

private:
    struct place {
        std::size_t index, number, row;  // of a feature among the others, its numbers and its rows
    };
    template <class Feature> given<Feature, Scalar> rows_of(std::size_t slot, const place& at, std::size_t kept) const noexcept {
        if constexpr (is_optional<Feature>)
            if (kept == 0) return missing<Feature, Scalar>();
        given<Feature, Scalar> view{.data = numbers_.data() + slot * numbers + at.number, .size = kept * Feature::width};
        if constexpr (is_sequence<Feature>) {
            view.valid = valid_.data() + slot * rows_kept + at.row;
            view.valid_size = kept;
        }
        return view;
    }
    template <class Feature> static constexpr place place_of() noexcept {
        place at{};
        bool found = false;
        const auto pass = [&](bool same, std::size_t width, std::size_t length) {
            found = found || same;
            if (!found) at = {at.index + 1, at.number + width * length, at.row + length};
        };
        (pass(std::is_same_v<Feature, Features>, Features::width, Features::length), ...);
        return at;
    }
    template <class Feature, class Number> void write(std::size_t slot, const given<Feature, Number>& view) noexcept {
        constexpr place at = place_of<Feature>();
        if constexpr (is_ids<Feature>) {
            counts_[slot * count + at.index] = static_cast<std::uint32_t>(view.size);
            return copy_list(view, ids_.data() + slot * rows_kept + at.row, numbers_.data() + slot * numbers + at.number);
        } else
            write_rows(slot, at, view);
    }
    template <class Feature> void write_rows(std::size_t slot, const place& at, const given<Feature, Scalar>& view) noexcept {
        std::size_t kept = 0;
        for (std::size_t i = view.oldest_used(); i < view.count(); ++i) {
            const bool there = view.holds(i);
            if (!there && !is_sequence<Feature>) continue;
            valid_[slot * rows_kept + at.row + kept] = there;
            if (there) std::copy_n(view.row(i), Feature::width, numbers_.data() + slot * numbers + at.number + kept * Feature::width);
            ++kept;
        }
        counts_[slot * count + at.index] = static_cast<std::uint32_t>(kept);
    }

    arena<Scalar> numbers_;
    std::vector<std::uint8_t> valid_;
    std::vector<std::uint32_t> counts_;  // rows
    std::vector<item_id> ids_;           // of features that are ids; their values lie among the numbers
};

/// A kept record as a request or an item.
template <class Records> struct kept_view {
    const Records* owner;
    std::size_t slot;
    template <class Feature> auto get() const noexcept { return owner->template get<Feature>(slot); }
};

}  // namespace detail

/// `reservoir past(ranker, 10'000)`; then for every event `past.keep(visit, item, click)` and, as often as there is time,
/// `past.rehearse(ranker, 2)`. Every event of the stream is in it with the same chance (algorithm R, Vitter 1985), and experience replay
/// over it is what keeps online networks from forgetting (Lin 1992; Rolnick et al. 2019). Copies what events bring, so views may end; its
/// memory is fixed at construction. keep and rehearse allocate nothing.
template <class Pipeline> class reservoir {
    using scalar = typename Pipeline::scalar;
    using context = detail::kept_records<scalar, typename Pipeline::plan::context_features>;
    using candidate = detail::kept_records<scalar, typename Pipeline::plan::candidate_features>;

public:
    /// Throws std::bad_alloc.
    reservoir(const Pipeline&, std::size_t capacity, std::uint64_t seed = 1)
        : capacity_(capacity), seeded_(seed), requests_(capacity), items_(capacity), said_(capacity) {}

    /// Takes an event that was learned, or lets it pass by, as it does one that a pipeline would refuse. `item`: an item or an entry of a
    /// catalogue.
    template <class Request, class Item> void keep(const Request& request, const Item& item, feedback what) noexcept {
        if (!detail::checks<typename Pipeline::plan>::pair(request, item)) return;  // a list may be longer than there is room for
        const std::size_t slot = seen_ < capacity_ ? static_cast<std::size_t>(seen_) : seeded_.below(static_cast<std::size_t>(seen_ + 1));
        ++seen_;
        if (slot >= capacity_) return;
        requests_.write(slot, request);
        items_.write(slot, item);
        said_[slot] = what;
    }

    /// Learns `events` kept ones again, drawn evenly, one step each. Gives the first refusal, if there is one; the others are learned.
    status rehearse(Pipeline& ranker, std::size_t events) noexcept {
        status result;
        for (std::size_t e = 0; e < events && size() > 0; ++e) {
            const std::size_t slot = seeded_.below(size());
            const outcome<decltype(item(slot))> one{item(slot), said_[slot]};
            const learned step = ranker.learn(request(slot), std::span<const outcome<decltype(item(slot))>>(&one, 1), true);
            if (!step && result) result = step.status;
        }
        return result;
    }

    std::size_t size() const noexcept { return seen_ < capacity_ ? static_cast<std::size_t>(seen_) : capacity_; }
    std::uint64_t seen() const noexcept { return seen_; }
    auto request(std::size_t slot) const noexcept { return detail::kept_view<context>{&requests_, slot}; }
    auto item(std::size_t slot) const noexcept { return detail::kept_view<candidate>{&items_, slot}; }
    const rivulet::feedback& said(std::size_t slot) const noexcept { return said_[slot]; }
    std::size_t memory() const noexcept { return requests_.memory() + items_.memory() + said_.size() * sizeof(feedback); }

private:
    std::size_t capacity_;
    std::uint64_t seen_ = 0;
    random seeded_;
    context requests_;
    candidate items_;
    std::vector<feedback> said_;
};

}  // namespace rivulet::inline RIVULET_ABI
