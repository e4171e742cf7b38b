// SPDX-License-Identifier: MIT
// Features that may be missing: the view that says so, and which rows of a view are there.
#pragma once

#include <concepts>
#include <cstddef>
#include <vector>

#include "../core/rows.hpp"
#include "feature.hpp"
#include "record.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Says that a record brings nothing for an optional feature: `rv::item(rv::with<title>(vector), rv::missing<poster>())`, and of a
/// catalogue's rows that none does. In a pipeline of double `rv::missing<poster, double>()`.
template <class Feature, std::floating_point Scalar = float> constexpr given<Feature, Scalar> missing() noexcept {
    static_assert(detail::is_optional<Feature>,
                  "missing<Feature>() is for an optional feature: struct poster : optional<candidate<512>> {}");
    return {.absent = true};
}

namespace detail {

/// One row of a view of many, as a view of its own.
template <class Feature, class Scalar> constexpr given<Feature, Scalar> row_of(const given<Feature, Scalar>& many, std::size_t i) noexcept {
    if constexpr (is_optional<Feature>)
        if (!many.holds(i)) return missing<Feature, Scalar>();
    return {.data = many.row(i), .size = Feature::width};
}

/// The rows of a view that are there, one after the other: what a component is fitted on. Copied to `room` if some are not.
template <class Feature, class Scalar> rows<const Scalar> rows_there(const given<Feature, Scalar>& many, std::vector<Scalar>& room) {
    if (many.valid == nullptr) return {many.data, many.count(), Feature::width};
    room.clear();
    for (std::size_t i = 0; i < many.count(); ++i)
        if (many.holds(i)) room.insert(room.end(), many.row(i), many.row(i) + Feature::width);
    return {room.data(), room.size() / Feature::width, Feature::width};
}

/// Whether a record brings every optional feature of a list that is its side's.
template <binding Side, class Record, class... Features>
constexpr bool brings_all([[maybe_unused]] const Record& record, features<Features...>) noexcept {
    const auto there = [&]<class Feature>(features<Feature>) {
        if constexpr (Feature::bound == Side && is_optional<Feature>)
            return record.template get<Feature>().holds(0);
        else
            return true;
    };
    return (there(features<Features>{}) && ...);
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
