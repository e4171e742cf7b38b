// SPDX-License-Identifier: MIT
// `with` binds the host's memory to a feature; a request or an item is a handful of such views.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/error.hpp"
#include "../math/vector.hpp"
#include "feature.hpp"
#include "ids.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A view of the host's numbers for one feature, rows one after the other: what `with` and `missing` make. It must outlive its use.
template <class Feature, class Scalar> struct given {
    using feature = Feature;
    using scalar = Scalar;

    const Scalar* data = nullptr;
    std::size_t size = 0;                 // numbers
    const std::uint8_t* valid = nullptr;  // of a padded sequence or an optional feature: a byte a row, 0 where there is nothing
    std::size_t valid_size = 0;
    std::size_t row_width = Feature::width;  // as the caller gave it: a matrix may disagree with the feature
    bool absent = false;                     // made by missing(): no row, of however many, is there

    constexpr std::size_t count() const noexcept { return size / Feature::width; }
    constexpr const Scalar* row(std::size_t i) const noexcept { return data + i * Feature::width; }
    /// The first row that is used: of a sequence the last Feature::length are.
    constexpr std::size_t oldest_used() const noexcept { return count() > Feature::length ? count() - Feature::length : 0; }
    /// Whether row i is there; `holds(0)` of a feature that has one row. Where it is false the row must not be read.
    constexpr bool holds(std::size_t i) const noexcept { return !absent && (valid == nullptr || valid[i] != 0); }
};

namespace detail {

/// Eigen's dense expressions that lie in memory, without including Eigen.
template <class Matrix>
concept dense_matrix = requires(const Matrix& m) {
    m.derived();
    {m.data()};
    m.rows();
    m.cols();
    m.innerStride();
    m.outerStride();
    {Matrix::IsRowMajor};
};

template <class Source>
concept contiguous = requires(const Source& s) {
    std::span(s);
};

inline constexpr std::uint8_t no_row = 0;

template <class Feature, class Scalar, std::size_t Extent> constexpr void check_extent(std::span<const Scalar, Extent>) {
    if constexpr (Extent != std::dynamic_extent)
        static_assert(Extent % Feature::width == 0, "with<Feature>(...): the array's length is not a multiple of the feature's width");
}

}  // namespace detail

/// Binds numbers to a feature: a span, vector or array of float or double holding rows of the feature's width one after the other.
template <class Feature, class Source>
    requires(detail::contiguous<Source> && !detail::dense_matrix<Source> && !detail::is_ids<Feature>)
constexpr auto with(const Source& source) noexcept {
    const auto numbers = std::span(source);
    using scalar = typename decltype(numbers)::value_type;
    static_assert(std::floating_point<scalar>, "with<Feature>(...) takes float or double numbers");
    detail::check_extent<Feature>(std::span<const scalar, decltype(numbers)::extent>(numbers));
    return given<Feature, scalar>{.data = numbers.data(), .size = numbers.size()};
}

/// Pointer and length, for memory of another kind.
template <class Feature, std::floating_point Scalar> constexpr auto with(const Scalar* data, std::size_t size) noexcept {
    return given<Feature, Scalar>{.data = data, .size = size};
}

/// An Eigen vector, matrix, map or block in memory. A row-major matrix holds an item (or moment) a row, a column-major one a column,
/// so that each lies in one piece; what lies otherwise is refused when it is used, as a wrong width.
template <class Feature, detail::dense_matrix Matrix> constexpr auto with(const Matrix& matrix) noexcept {
    using scalar = std::remove_cv_t<std::remove_reference_t<decltype(*matrix.data())>>;
    static_assert(std::floating_point<scalar>, "with<Feature>(...) takes float or double numbers");
    const auto inner = static_cast<std::size_t>(Matrix::IsRowMajor ? matrix.cols() : matrix.rows());
    const auto outer = static_cast<std::size_t>(Matrix::IsRowMajor ? matrix.rows() : matrix.cols());
    const bool dense = (inner <= 1 || matrix.innerStride() == 1) && (outer <= 1 || static_cast<std::size_t>(matrix.outerStride()) == inner);
    const bool vector = outer == 1 || inner == 1;
    return given<Feature, scalar>{.data = matrix.data(), .size = inner * outer, .row_width = !dense ? 0 : vector ? Feature::width : inner};
}

/// A padded sequence, or an optional feature of several items: `valid` has a byte a row, and rows whose byte is 0 are not there, whatever
/// they hold.
template <class Feature, class Source> constexpr auto with(const Source& source, std::span<const std::uint8_t> valid) noexcept {
    static_assert(detail::is_sequence<Feature> || detail::is_optional<Feature>,
                  "with<Feature>(rows, valid) is for a context_sequence or an optional feature");
    auto view = with<Feature>(source);
    view.valid = valid.empty() ? &detail::no_row : valid.data();  // a mask of no rows is a mask: of the wrong count where there are rows
    view.valid_size = valid.size();
    return view;
}

namespace detail {

template <class Record, class Feature>
concept brings = requires(const Record& r) {
    r.template get<Feature>();
};

/// The features that one side brings. `get` of one that is missing does not compile.
template <binding Side, class... Given> struct record : Given... {
    constexpr explicit record(Given... parts) noexcept : Given(parts)... {}

    template <class Feature> constexpr const auto& get() const noexcept requires(std::same_as<Feature, typename Given::feature> || ...) {
        return find<Feature>(*this);
    }

private:
    template <class Feature, class Scalar>
    static constexpr const given<Feature, Scalar>& find(const given<Feature, Scalar>& part) noexcept {
        return part;
    }
};

template <class Feature> constexpr status wrong_width(std::size_t expected, std::size_t got) noexcept {
    return {errc::width, type_name<Feature>(), static_cast<double>(expected), static_cast<double>(got)};
}

/// Whether what a view claims to be made of is there: rows of the feature's width, in memory.
template <class Feature, class Scalar> status check_memory(const given<Feature, Scalar>& view) noexcept {
    if (view.row_width != Feature::width) return wrong_width<Feature>(Feature::width, view.row_width);
    if (view.size != 0 && view.data == nullptr) return wrong_width<Feature>(view.size, 0);
    return {};
}

/// Whether the mask of a view, if there is one, has a byte a row.
template <class Feature, class Scalar> status check_mask(const given<Feature, Scalar>& view) noexcept {
    if (view.valid == nullptr || view.valid_size == view.count()) return {};
    return {errc::count, type_name<Feature>(), static_cast<double>(view.count()), static_cast<double>(view.valid_size)};
}

/// Whether every number of the rows from `first` on that are there is finite.
template <class Feature, class Scalar> status check_numbers(const given<Feature, Scalar>& view, std::size_t first) noexcept {
    for (std::size_t i = first; i < view.count(); ++i)
        if (view.holds(i))
            if (const std::size_t bad = math::first_nonfinite(view.row(i), Feature::width); bad != Feature::width)
                return {errc::nonfinite, type_name<Feature>(), 0, 0, i * Feature::width + bad};
    return {};
}

/// Whether a view holds this many rows, every number of those that are there finite. Of an optional feature all may be missing at once.
template <class Feature, class Scalar> status check_rows(const given<Feature, Scalar>& view, std::size_t rows) noexcept {
    if (const status checked = check_memory(view); !checked) return checked;
    if (is_optional<Feature> && view.absent) return view.size == 0 ? status{} : wrong_width<Feature>(0, view.size);
    if (view.size != rows * Feature::width) return wrong_width<Feature>(rows * Feature::width, view.size);
    if (const status checked = check_mask(view); !checked) return checked;
    return check_numbers(view, 0);
}

/// Whether a view fits its feature: one row, or none where missing() says so, or of a sequence any number of whole rows, of which those
/// that are used are finite.
template <class Feature, class Scalar> status check(const given<Feature, Scalar>& view) noexcept {
    if constexpr (is_sequence<Feature>) {
        if (const status checked = check_memory(view); !checked) return checked;
        if (view.size % Feature::width != 0) return wrong_width<Feature>((view.count() + 1) * Feature::width, view.size);
        if (const status checked = check_mask(view); !checked) return checked;
        return check_numbers(view, view.oldest_used());
    } else
        return check_rows(view, 1);
}

/// Whether a view fits its feature in a pipeline of `Scalar`, to which values of ids are converted.
template <class Scalar, class Feature, class Number> status check_as(const given<Feature, Number>& view) noexcept {
    const status checked = check(view);
    if constexpr (is_ids<Feature>)
        if (checked) return check_values<Scalar>(view);
    return checked;
}

template <class Scalar, class Feature, class Record> status check_feature(const Record& record) noexcept {
    static_assert(brings<Record, Feature>, "the record does not bring a feature that the pipeline reads: the Feature named above");
    if constexpr (brings<Record, Feature>) {
        if constexpr (!is_ids<Feature>)  // values of ids are converted
            static_assert(std::same_as<decltype(record.template get<Feature>().data), const Scalar*>,
                          "the pipeline and the numbers given to it differ in type: float or double");
        return check_as<Scalar>(record.template get<Feature>());
    } else
        return {};
}

/// The first problem among the features of a list, as a record brings them to a pipeline of `Scalar`.
template <class Scalar, class Record, class... Features> status check(const Record& record, features<Features...>) noexcept {
    status result;
    static_cast<void>(((result = check_feature<Scalar, Features>(record), static_cast<bool>(result)) && ...));
    return result;
}

/// A record that brings everything: what components are tried on.
template <class Scalar> struct any_record { template <class Feature> given<Feature, Scalar> get() const noexcept; };

}  // namespace detail

/// What a request brings: `rv::request(rv::with<shopper>(attributes), rv::with<recent>(history))`. Views only.
template <class... Given> struct request : detail::record<binding::context, Given...> {
    static_assert(((Given::feature::bound == binding::context) && ...),
                  "request(...) takes context features; a candidate feature belongs to a catalogue or an item");
    using detail::record<binding::context, Given...>::record;
};
template <class... Given> request(Given...) -> request<Given...>;

/// What one item brings: `rv::item(rv::with<title>(vector), rv::with<price>(numbers))`. Views only.
template <class... Given> struct item : detail::record<binding::candidate, Given...> {
    static_assert(((Given::feature::bound == binding::candidate) && ...),
                  "item(...) takes candidate features; a context feature belongs to a request");
    using detail::record<binding::candidate, Given...>::record;
};
template <class... Given> item(Given...) -> item<Given...>;

}  // namespace rivulet::inline RIVULET_ABI
