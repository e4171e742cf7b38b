// SPDX-License-Identifier: MIT
// Estimators of a feature's mean, variance and covariance: values apart from any pipeline, fed row by row, merged across shards.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/error.hpp"
#include "../input/record.hpp"
#include "../math/moments.hpp"

namespace rivulet::inline RIVULET_ABI {

struct moments_settings {
    /// What a row's weight is multiplied by for every row that comes after it, above 0 and at most 1: 1 forgets nothing, 0.999 remembers
    /// about the last 1 / (1 - 0.999) = 1,000 rows.
    double forgetting_factor = 1;
};

/// Mean and covariance of all rows that were added: `rv::moments<title> seen; seen.add(rv::with<title>(rows)); ranker.fit(seen);`.
/// What it gives is the two-pass result over all rows at once but for rounding (math/moments.hpp), however far from the origin they lie.
/// Products are made in Scalar and summed in double; the rows are of Scalar. Keep one beside the pipeline, or one a shard, and merge.
/// Cost of a row, alone or in a batch: width^2 / 2 multiply-adds; without Covariance (`scales`), width. It allocates at construction only.
template <class Feature, std::floating_point Scalar = float, bool Covariance = true> class moments {
    static_assert(!detail::is_sequence<Feature>, "moments<> takes one vector a row, not a sequence");

public:
    using feature = Feature;
    using scalar = Scalar;
    /// Larger numbers are refused: their squares, summed over a block, would leave Scalar.
    static constexpr Scalar largest = sizeof(Scalar) == 4 ? Scalar(1e17f) : static_cast<Scalar>(1e150);

    /// Throws rivulet::error for a setting outside its range.
    explicit moments(moments_settings settings = {}) : rows_(Feature::width, Covariance, settings.forgetting_factor) {
        const double factor = settings.forgetting_factor;
        if (!math::finite(factor) || !(factor > 0) || factor > 1)
            detail::require({errc::setting, "moments.forgetting_factor must be above 0 and at most 1", 1, factor});
    }

    /// One row or many. A wrong width, a number that is not finite or is beyond `largest`: nothing is added.
    status add(given<Feature, Scalar> rows) noexcept {
        if (const status checked = detail::check_memory(rows); !checked) return checked;
        if (rows.size % Feature::width != 0) return detail::wrong_width<Feature>((rows.count() + 1) * Feature::width, rows.size);
        if (const std::size_t bad = math::first_beyond(largest, rows.data, rows.size); bad != rows.size) {
            if (!math::finite(rows.data[bad])) return {errc::nonfinite, type_name<Feature>(), 0, 0, bad};
            return {errc::limit, type_name<Feature>(), static_cast<double>(largest), static_cast<double>(rows.data[bad]), bad};
        }
        rows_.add(rivulet::rows<const Scalar>{rows.data, rows.count(), Feature::width});
        return {};
    }

    /// As if the other's rows had been added too; of two that forget, the newest rows count as of one age. Copies the other.
    void merge(const moments& other) { rows_.merge(other.rows_); }

    /// Rows added.
    std::uint64_t count() const noexcept { return rows_.count(); }
    /// (width); zero before the first row.
    std::vector<double> mean() const {
        const auto all = folded();
        return {all.mean(), all.mean() + Feature::width};
    }
    /// (width), divided by n - 1 (with forgetting by sum w - sum w^2 / sum w), zero before there are two rows.
    std::vector<double> variance() const {
        const auto all = folded();
        return diagonal(all, all.freedom());
    }
    /// (width), divided by n.
    std::vector<double> population_variance() const {
        const auto all = folded();
        return diagonal(all, all.weight());
    }
    /// (width, width), symmetric, divided as variance() is.
    std::vector<double> covariance() const requires Covariance { return folded().covariance(); }
    /// Bytes held.
    std::size_t memory() const noexcept { return rows_.memory(); }

private:
    /// With the rows that wait for a block. Of a copy, so that a look changes nothing of what comes later.
    math::moments<Scalar> folded() const {
        auto all = rows_;
        all.fold();
        return all;
    }
    static std::vector<double> diagonal(const math::moments<Scalar>& all, double divisor) {
        std::vector<double> variance(Feature::width);
        for (std::size_t i = 0; i < Feature::width && divisor > 0; ++i) variance[i] = std::max(all.scatter(i, i) / divisor, 0.0);
        return variance;
    }

    math::moments<Scalar> rows_;
};

/// Mean and variance alone, for `standardise`: width numbers where `moments` keeps width^2.
template <class Feature, std::floating_point Scalar = float> using scales = moments<Feature, Scalar, false>;

}  // namespace rivulet::inline RIVULET_ABI
