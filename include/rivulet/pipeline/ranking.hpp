// SPDX-License-Identifier: MIT
// What a request may rank, and what comes back: all items, those on a list, or those that a filter allows.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>

#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "../math/vector.hpp"
#include "../rank/top_k.hpp"
#include "catalogue.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Rank everything.
struct everything {};

/// Rank these ids: `ranker.rank(visit, items, 10, rv::among{ids})`. Ids that the catalogue lacks are passed over; repeats count once.
struct among {
    std::span<const item_id> ids;
};

/// A `ranked` with room of its own, for up to `Capacity` items: rank(visit, items, k) gives one.
template <std::size_t Capacity> class ranking {
public:
    static constexpr std::size_t capacity = Capacity;

    const scored* begin() const noexcept { return room.data(); }
    const scored* end() const noexcept { return room.data() + count; }
    std::size_t size() const noexcept { return count; }
    const scored& operator[](std::size_t i) const noexcept { return room[i]; }
    explicit operator bool() const noexcept { return static_cast<bool>(status); }

    std::array<scored, Capacity> room;
    std::size_t count = 0;
    rivulet::status status{};
    std::size_t overflowed = 0;
};

namespace detail {

/// The ranking that rank(room) writes into room for k items, in room of its own; refused if it has less.
template <std::size_t Capacity, class Rank> ranking<Capacity> rank_in_own_room(std::size_t k, Rank&& rank) noexcept {
    ranking<Capacity> best;
    best.status = {errc::limit, "rank (give it a buffer for more)", static_cast<double>(best.capacity), static_cast<double>(k)};
    if (k > best.capacity) return best;
    const ranked found = rank(std::span<scored>(best.room).first(k));
    best.count = found.size();
    best.status = found.status;
    best.overflowed = found.overflowed;
    return best;
}

}  // namespace detail

/// One score, or why there is none.
struct judged {
    float score = 0;
    rivulet::status status{};
    explicit operator bool() const noexcept { return static_cast<bool>(status); }
};

namespace detail {

/// What is served of a candidate's outputs.
template <class Scalar, std::size_t Outputs> Scalar served(const Scalar* numbers, const std::array<Scalar, Outputs>& shares) noexcept {
    if constexpr (Outputs == 1)
        return numbers[0];
    else
        return math::dot(numbers, shares.data(), Outputs);
}

/// How many places a choice has to look at: rows of the catalogue, or ids of a list.
template <class Catalogue, class Choice> std::size_t places_of(const Catalogue& items, const Choice& choice) noexcept {
    if constexpr (std::same_as<Choice, among>)
        return choice.ids.size();
    else
        return items.size();
}
/// f(row) for every row that the choice allows, from the places [first, last).
template <class Catalogue, class Choice, class F>
void each_row(const Catalogue& items, const Choice& choice, std::size_t first, std::size_t last, F&& f) noexcept {
    static_assert(std::same_as<Choice, everything> || std::same_as<Choice, among> || item_filter<Choice>,
                  "rank takes everything{}, among{ids}, or a predicate on the id");
    for (std::size_t place = first; place < last; ++place) {
        if constexpr (std::same_as<Choice, everything>)
            f(place);
        else if constexpr (std::same_as<Choice, among>) {
            if (const auto entry = items.at(choice.ids[place])) f(entry.row());
        } else if (choice(items.id(place)))
            f(place);
    }
}

/// Finds what a ranking reads of items in the catalogue itself.
struct from_catalogue {
    /// A row's values, (Plan::values), which stay where they are until `done`; `room` is for what has to be computed.
    template <class Plan, class Scalar> const Scalar* values(const catalogue<Plan>& items, std::size_t row, Scalar* room) const noexcept {
        return items.values(row, room);
    }
    /// After a block: these rows had these values, and nobody reads them any more.
    template <class Plan, class Scalar>
    void done(const catalogue<Plan>&, const std::size_t*, const Scalar* const*, std::size_t) const noexcept {}
};

/// Rows whose values are computed into one room on the stack, of 32 KB unless a single row is larger.
template <class Plan>
inline constexpr std::size_t computed_rows = std::clamp<std::size_t>(32768 / sizeof(typename Plan::scalar) / Plan::values, 1, Plan::block);

/// f(values, rows, number) for the rows that the choice allows, from the places [first, last), a block at a time: where `source` found
/// their values, and which rows they are.
template <class Plan, class Choice, class F, class Source = from_catalogue>
void each_block(const catalogue<Plan>& items, const Choice& choice, std::size_t first, std::size_t last, F&& f,
                Source&& source = {}) noexcept {
    using scalar = typename Plan::scalar;
    constexpr std::size_t computed = computed_rows<Plan>;
    alignas(64) std::array<scalar, computed * Plan::values> room;
    std::array<const scalar*, Plan::block> values;
    std::array<std::size_t, Plan::block> block_rows;
    const std::size_t full = items.keeps_values() ? Plan::block : computed;
    std::size_t number = 0;
    const auto go = [&] {
        f(values.data(), block_rows.data(), number);
        source.done(items, block_rows.data(), values.data(), number);
        number = 0;
    };
    each_row(items, choice, first, last, [&](std::size_t row) {
        values[number] = source.values(items, row, room.data() + number % computed * Plan::values);
        block_rows[number] = row;
        if (++number == full) go();
    });
    if (number) go();
}

/// f(row, outputs) for every row that the choice allows, from the places [first, last), scored in blocks. `kept`: of a request that was
/// checked. outputs: (padded(outputs)).
template <class Plan, class Choice, class F, class Source = from_catalogue>
void score_rows(const Plan& plan, const typename Plan::scalar* w, const typename Plan::memories& known,
                const typename Plan::request_values& kept, const catalogue<Plan>& items, const Choice& choice, std::size_t first,
                std::size_t last, F&& f, Source&& source = {}) noexcept {
    using scalar = typename Plan::scalar;
    constexpr std::size_t stride = padded(decltype(Plan::ranker)::outputs);
    std::array<scalar, Plan::block * stride> scores;
    each_block(
        items, choice, first, last,
        [&](const scalar* const* values, const std::size_t* block_rows, std::size_t number) {
            const rows<scalar> found{scores.data(), number, stride};
            plan.score(w, known, kept, values, found);
            for (std::size_t i = 0; i < number; ++i) f(block_rows[i], found[i]);
        },
        source);
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
