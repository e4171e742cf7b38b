// SPDX-License-Identifier: MIT
// Lists of 64-bit ids as a record brings them: views with `with`, and what is refused.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "../math/vector.hpp"
#include "feature.hpp"

namespace rivulet::inline RIVULET_ABI {

template <class Feature, class Scalar> struct given;

/// A view of the host's ids for one feature, and perhaps their values; one id lies in the view itself. The lists of many items lie one
/// after the other, the i-th from begins[i] to begins[i + 1]; without `begins` many items have one id each.
template <class Feature, class Scalar>
    requires(detail::is_ids<Feature>)
struct given<Feature, Scalar> {
    using feature = Feature;
    using scalar = Scalar;

    const item_id* list = nullptr;    // null where `one` is the only id
    std::size_t size = 0;             // ids
    const Scalar* numbers = nullptr;  // their values, or null: 1 each
    std::size_t numbers_size = 0;
    const std::size_t* begins = nullptr;
    std::size_t begins_size = 0;
    item_id one = 0;

    constexpr std::size_t count() const noexcept { return size; }
    constexpr item_id id(std::size_t i) const noexcept { return list == nullptr ? one : list[i]; }
    template <class T> constexpr T value(std::size_t i) const noexcept { return numbers == nullptr ? T(1) : static_cast<T>(numbers[i]); }
};

/// Where each item's list of ids begins in one long array, and the end of the last: (items + 1).
struct lists {
    std::span<const std::size_t> begins;
};

namespace detail {

// What a list of nothing points at: null would say that there is no list.
inline constexpr item_id no_id = 0;
inline constexpr std::size_t no_begin = 0;
template <class Scalar> inline constexpr Scalar no_value = 0;

template <class Source>
concept id_list = requires(const Source& s) {
    {std::span(s)};
    requires std::same_as<typename decltype(std::span(s))::value_type, item_id>;
};

}  // namespace detail

/// One id, an integer or an enumerator: `rv::with<user>(42)`.
template <class Feature, class Id>
    requires(detail::is_ids<Feature> && (std::integral<Id> || std::is_enum_v<Id>)&&!std::same_as<Id, bool>)
constexpr given<Feature, float> with(Id id) noexcept { return {.size = 1, .one = static_cast<item_id>(id)}; }

/// A list of ids: a span, vector or array of rivulet::item_id. For the rows of a catalogue one id an item.
template <class Feature, detail::id_list Ids>
    requires(detail::is_ids<Feature>)
constexpr given<Feature, float> with(const Ids& ids) noexcept {
    const std::span<const item_id> view(ids);
    return {.list = view.data() == nullptr ? &detail::no_id : view.data(), .size = view.size()};
}

/// A list of ids and a value for each: `rv::with<words>(ids, counts)`.
template <class Feature, detail::id_list Ids, class Values>
    requires(detail::is_ids<Feature> && !std::same_as<Values, lists>)
constexpr auto with(const Ids& ids, const Values& values) noexcept {
    const auto numbers = std::span(values);
    using scalar = typename decltype(numbers)::value_type;
    static_assert(std::floating_point<scalar>, "with<Feature>(ids, values) takes float or double values");
    const std::span<const item_id> view(ids);
    const scalar* first = numbers.data();
    if (first == nullptr) first = &detail::no_value<scalar>;  // no values for some ids are the wrong count of values
    return given<Feature, scalar>{.list = view.data() == nullptr ? &detail::no_id : view.data(),
                                  .size = view.size(),
                                  .numbers = first,
                                  .numbers_size = numbers.size()};
}

/// The lists of many items for a catalogue: `rv::with<genres>(ids, rv::lists{begins})`.
template <class Feature, detail::id_list Ids>
    requires(detail::is_ids<Feature>)
constexpr given<Feature, float> with(const Ids& ids, lists of) noexcept {
    given<Feature, float> many = with<Feature>(ids);
    many.begins = of.begins.data() == nullptr ? &detail::no_begin : of.begins.data();
    many.begins_size = of.begins.size();
    return many;
}

namespace detail {

/// Whether a view is one list that its feature has room for, every value finite.
template <class Feature, class Scalar>
    requires(is_ids<Feature>)
status check(const given<Feature, Scalar>& view)
noexcept {
    const auto wrong = [](std::size_t expected, std::size_t got) {
        return status{errc::count, type_name<Feature>(), static_cast<double>(expected), static_cast<double>(got)};
    };
    if (view.size > Feature::length) return wrong(Feature::length, view.size);
    if (view.begins != nullptr) return wrong(0, view.begins_size);  // many lists where one belongs
    if (view.numbers == nullptr) return {};
    if (view.numbers_size != view.size) return wrong(view.size, view.numbers_size);
    if (const std::size_t bad = math::first_nonfinite(view.numbers, view.size); bad != view.size)
        return {errc::nonfinite, type_name<Feature>(), 0, 0, bad};
    return {};
}

/// Whether every value of a checked list is a number of type T, too: 1e300 is no float.
template <class T, class Feature, class Scalar> status check_values(const given<Feature, Scalar>& view) noexcept {
    for (std::size_t i = 0; sizeof(T) < sizeof(Scalar) && view.numbers != nullptr && i < view.size; ++i)
        if (const T value = view.template value<T>(i); !math::finite(value)) return {errc::nonfinite, type_name<Feature>(), 0, 0, i};
    return {};
}

/// The list of one of many items.
template <class Feature, class Scalar>
    requires(is_ids<Feature>)
constexpr given<Feature, Scalar> row_of(const given<Feature, Scalar>& many, std::size_t i) noexcept {
    if (many.list == nullptr) return many;
    const std::size_t begin = many.begins == nullptr ? i : many.begins[i], end = many.begins == nullptr ? i + 1 : many.begins[i + 1];
    const Scalar* const numbers = many.numbers == nullptr ? nullptr : many.numbers + begin;
    return {.list = many.list + begin, .size = end - begin, .numbers = numbers, .numbers_size = numbers == nullptr ? 0 : end - begin};
}

/// Copies a list and its values, 1 where it brings none.
template <class Feature, class Scalar, class T> void copy_list(const given<Feature, Scalar>& view, item_id* ids, T* numbers) noexcept {
    for (std::size_t i = 0; i < view.size; ++i) {
        ids[i] = view.id(i);
        numbers[i] = view.template value<T>(i);
    }
}

/// Whether a view holds a list for each of this many items.
template <class Feature, class Scalar>
    requires(is_ids<Feature>)
status check_rows(const given<Feature, Scalar>& view, std::size_t rows)
noexcept {
    const auto wrong = [](std::size_t expected, std::size_t got, std::size_t where = 0) {
        return status{errc::count, type_name<Feature>(), static_cast<double>(expected), static_cast<double>(got), where};
    };
    if (view.numbers != nullptr && view.numbers_size != view.size) return wrong(view.size, view.numbers_size);
    if (view.begins == nullptr) return view.size == rows ? status{} : wrong(rows, view.size);
    if (view.begins_size != rows + 1) return wrong(rows + 1, view.begins_size);
    if (view.begins[0] != 0) return wrong(0, view.begins[0]);
    for (std::size_t i = 0; i < rows; ++i) {
        if (view.begins[i + 1] < view.begins[i] || view.begins[i + 1] > view.size) return wrong(view.size, view.begins[i + 1], i + 1);
        if (const status checked = check(row_of(view, i)); !checked) return checked;
    }
    return view.begins[rows] == view.size ? status{} : wrong(view.size, view.begins[rows], rows);
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
