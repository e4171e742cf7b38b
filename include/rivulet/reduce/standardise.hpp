// SPDX-License-Identifier: MIT
// Standardisation as a component: a feature centred and scaled number by number, outliers clipped.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "../math/moments.hpp"
#include "moments.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = clamp((x - mean) / deviation, -clip, clip), number by number, with the mean and the population's deviation (divided by n) of the
/// rows of the fit: what takes the place of `pass<Feature>` where numbers come in units of their own. A number that was constant in
/// these rows gives 0. Until it is fitted, mean 0 and deviation 1: the feature itself, clipped.
/// Fitted from rows, or from a stream by `scales<Feature>` (or `moments`): `rv::scales<price> seen; seen.add(...); ranker.fit(seen);`.
/// The mean is held in two parts, so an output is right to rounding however far from the origin the numbers lie.
template <class Feature> struct standardise {
    static_assert(!detail::is_sequence<Feature>, "standardise<> takes one vector, not a sequence");
    using inputs = features<Feature>;
    static constexpr std::size_t width = Feature::width;
    static constexpr binding bound = Feature::bound;
    static constexpr bool fitted = true;
    static constexpr std::size_t weights = 3 * width;  // centre, 1 / deviation, shift: what T cannot hold of the mean, in deviations

    /// In deviations, above 0. At 5 a normal number is clipped once in 1.7 million and at most 4 % of any rows are (Chebyshev), while an
    /// outlier, whose slopes in the next layer grow with it, moves no weight more than five ordinary numbers do.
    float clip = 5;

    status validate() const noexcept {
        if (math::finite(clip) && clip > 0) return {};
        return {errc::setting, "standardise.clip must be a finite number above 0", 0, static_cast<double>(clip)};
    }
    /// What the outputs mean, for signatures.
    std::string settings() const { return "clip=" + detail::text(static_cast<double>(clip)); }

    template <class T> void start(T* w, random&) const noexcept {
        std::fill_n(w, weights, T(0));
        std::fill_n(w + width, width, T(1));
    }

    template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept {
        const T* const x = side.template get<Feature>().data;
        const T limit = static_cast<T>(clip), most = std::numeric_limits<T>::max();
        for (std::size_t i = 0; i < width; ++i) {
            const T apart = std::clamp(x[i] - w[i], -most, most);  // or infinity times a zero would be no number
            out[i] = std::clamp(apart * w[width + i] + w[2 * width + i], -limit, limit);
        }
    }

    /// Estimates mean and deviation from rows of the feature, in double. Throws rivulet::error for fewer than two rows, or
    /// numbers whose squares are not finite.
    template <class T> void fit(T* w, rows<const T> data) const {
        require_rows(data.count);
        math::moments<double> seen(width, false);
        seen.add(data);
        seen.fold();
        std::vector<double> variance(width);
        for (std::size_t i = 0; i < width; ++i) variance[i] = seen.scatter(i, i) / seen.weight();
        set(w, seen.mean(), variance);
    }
    /// The same from what an estimator has seen, with covariances or without.
    template <class T, class Scalar, bool Covariance> void fit(T* w, const moments<Feature, Scalar, Covariance>& seen) const {
        require_rows(seen.count());
        set(w, seen.mean().data(), seen.population_variance());
    }

    /// How an output under the old weights follows from one under the new: old = new M + c, exact for what neither clips. Of a number
    /// that the new fit found constant the old output of that constant. M: (width, width), diagonal, c: (width).
    template <class T> void change_of_basis(const T* old_w, const T* new_w, T* m, T* c) const noexcept {
        const T limit = static_cast<T>(clip);
        std::fill_n(m, width * width, T(0));
        for (std::size_t i = 0; i < width; ++i) {
            const T old_scale = old_w[width + i], new_scale = new_w[width + i];
            c[i] = (new_w[i] - old_w[i]) * old_scale + old_w[2 * width + i];
            if (new_scale > T(0)) {
                m[i * width + i] = old_scale / new_scale;
                c[i] -= new_w[2 * width + i] * m[i * width + i];
            } else
                c[i] = std::clamp(c[i], -limit, limit);
        }
    }

private:
    static void require_rows(std::uint64_t count) {
        if (count < 2) detail::raise(errc::count, "standardise: expected at least 2 rows to fit, got " + std::to_string(count));
    }
    template <class T> static void set(T* w, const double* mean, const std::vector<double>& variance) {
        if (math::first_nonfinite(mean, width) != width || math::first_nonfinite(variance.data(), width) != width)
            detail::raise(errc::nonfinite, "standardise: the rows are too large, their variance is not finite");
        for (std::size_t i = 0; i < width; ++i) {
            const double scale = variance[i] > 0 ? 1 / std::sqrt(variance[i]) : 0;
            const bool varies = scale < static_cast<double>(std::numeric_limits<T>::max());
            w[i] = static_cast<T>(mean[i]);
            w[width + i] = varies ? static_cast<T>(scale) : T(0);
            w[2 * width + i] = varies ? static_cast<T>((static_cast<double>(w[i]) - mean[i]) * scale) : T(0);
        }
    }
};

}  // namespace rivulet::inline RIVULET_ABI
