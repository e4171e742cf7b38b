// SPDX-License-Identifier: MIT
// Principal component analysis as a component: a fitted projection onto the directions of largest variance, whitened if so set.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "../math/dense.hpp"
#include "../math/moments.hpp"
#include "../math/symmetric_eigen.hpp"
#include "moments.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = (x - mean) B, with B: (Feature::width, Width) the eigenvectors of the covariance with the largest eigenvalues, largest first
/// (Pearson 1901; Jolliffe 2002, chapter 2). The sign of each is fixed by making its largest entry positive.
/// Until it is fitted it is a random projection of the same scale, so a pipeline works from the first event.
/// Cost: Feature::width * Width multiply-adds a vector, whitened or not. Fitting n rows: n width^2 / 2 for the covariance, 10 width^3
/// for the decomposition. A basis that is kept up to date needs no more than a `moments<Feature>`: width^2 / 2 for a vector that is
/// added, at any time, and the decomposition when a new basis is wanted.
template <class Feature, std::size_t Width> struct pca {
    static_assert(!detail::is_sequence<Feature>, "pca<> reduces one vector, not a sequence");
    static_assert(Width >= 1 && Width <= Feature::width, "pca<Feature, Width> keeps between 1 and Feature::width directions");
    using inputs = features<Feature>;
    static constexpr std::size_t width = Width;
    static constexpr binding bound = Feature::bound;
    static constexpr bool fitted = true;
    /// mean (in), B (in, padded(Width)), variances (Width), total variance (1)
    static constexpr std::size_t weights = Feature::width * (1 + padded(Width)) + Width + 1;

    bool whiten = false;  ///< divide each output by its standard deviation over the rows of the fit
    /// No output is divided by less than the deviation whose variance is this share of the largest: what lies below is rounding, of which
    /// whitening would make a feature. Above 0, below 1.
    double floor = 1e-6;

    status validate() const noexcept {
        if (math::finite(floor) && floor > 0 && floor < 1) return {};
        return {errc::setting, "pca.floor must be above 0 and below 1", 0, floor};
    }
    /// What the weights mean, for signatures.
    std::string settings() const { return whiten ? "whiten=true floor=" + detail::text(floor) : "whiten=false"; }

    template <class T> void start(T* w, random& seeded) const noexcept {
        const double limit = std::sqrt(3.0 / static_cast<double>(Feature::width));
        for (std::size_t i = 0; i < Feature::width; ++i)
            for (std::size_t j = 0; j < Width; ++j) basis(w)[i * padded(Width) + j] = static_cast<T>(seeded.around_zero(limit));
        std::fill_n(variances(w), Width, T(1));
        variances(w)[Width] = static_cast<T>(Feature::width);
    }

    template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept {
        transform(w, rows<const T>{side.template get<Feature>().data, 1, Feature::width}, rows<T>{out, 1, Width});
    }

    /// Many rows at once. data: (n, Feature::width), out: (n, Width).
    template <class T> void transform(const T* w, rows<const T> data, rows<T> out) const noexcept {
        constexpr std::size_t block = 12;               // whole register blocks of math::multiply, be they of 6 or 4 rows
        std::array<T, block * Feature::width> centred;  // before the product: far from the origin x B and mean B cancel
        std::array<T, block * padded(Width)> reduced;
        for (std::size_t r = 0; r < data.count; r += block) {
            const std::size_t number = std::min(block, data.count - r);
            for (std::size_t k = 0; k < number; ++k)
                for (std::size_t i = 0; i < Feature::width; ++i) centred[k * Feature::width + i] = data[r + k][i] - w[i];
            reduced.fill(T(0));
            math::multiply<T>({centred.data(), number, Feature::width}, Feature::width, basis(w), Width,
                              {reduced.data(), number, padded(Width)});
            for (std::size_t k = 0; k < number; ++k) std::copy_n(reduced.data() + k * padded(Width), Width, out[r + k]);
        }
    }

    /// The vectors nearest to what was reduced, of all that the basis spans; after a fit. reduced: (n, Width), out: (n, Feature::width).
    template <class T> void inverse_transform(const T* w, rows<const T> reduced, rows<T> out) const noexcept {
        std::array<T, padded(Width)> along{};
        for (std::size_t r = 0; r < reduced.count; ++r) {
            for (std::size_t k = 0; k < Width; ++k) along[k] = reduced[r][k] * unwhitening(w, k);
            std::copy_n(w, Feature::width, out[r]);
            math::multiply_transposed<T>({along.data(), 1, along.size()}, Width, basis(w), Feature::width, out.from(r, 1));
        }
    }

    /// The variance of the rows of the last fit along each direction, divided by n - 1, largest first: (Width).
    template <class T> std::span<const T, Width> explained_variance(const T* w) const noexcept {
        return std::span<const T, Width>(variances(w), Width);
    }
    /// The same as shares of the whole variance; 0 where there was none.
    template <class T> std::array<T, Width> explained_variance_ratio(const T* w) const noexcept {
        std::array<T, Width> shares{};
        const T total = variances(w)[Width];
        for (std::size_t k = 0; k < Width && total > T(0); ++k) shares[k] = variances(w)[k] / total;
        return shares;
    }

    /// Estimates mean and basis from rows of the feature, in double. Throws rivulet::error for fewer than two rows, or numbers whose
    /// squares are not finite.
    template <class T> void fit(T* w, rows<const T> data) const {
        require_rows(data.count);
        math::moments<double> seen(Feature::width, true);
        seen.add(data);
        seen.fold();
        set(w, seen.mean(), seen.covariance());
    }
    /// The same from what an estimator has seen: its rows, its shards, its forgetting.
    template <class T, class Scalar> void fit(T* w, const moments<Feature, Scalar>& seen) const {
        require_rows(seen.count());
        set(w, seen.mean().data(), seen.covariance());
    }

    /// How an output under the old weights follows from one under the new: old ~ new M + c, exact for what the new basis spans.
    /// M: (Width, Width), c: (Width). A layer over the old output is re-expressed with it, so that a new fit does not move a score.
    template <class T> void change_of_basis(const T* old_w, const T* new_w, T* m, T* c) const noexcept {
        std::fill_n(c, Width, T(0));
        std::fill_n(m, Width * Width, T(0));
        for (std::size_t i = 0; i < Feature::width; ++i)
            for (std::size_t k = 0; k < Width; ++k) {
                const T old_b = basis(old_w)[i * padded(Width) + k];
                c[k] += (new_w[i] - old_w[i]) * old_b;
                for (std::size_t j = 0; j < Width; ++j) m[j * Width + k] += basis(new_w)[i * padded(Width) + j] * old_b;
            }
        for (std::size_t j = 0; j < Width; ++j)
            for (std::size_t k = 0; k < Width; ++k) m[j * Width + k] *= unwhitening(new_w, j);
    }

private:
    template <class T> static T* basis(T* w) noexcept { return w + Feature::width; }
    template <class T> static T* variances(T* w) noexcept { return w + Feature::width * (1 + padded(Width)); }

    /// The variance by whose root direction k is divided: not less than the floor, and 1 for rows that were all alike.
    template <class T> T whitened_by(const T* w, std::size_t k) const noexcept {
        const T largest = variances(w)[0];
        const T least = std::max(static_cast<T>(floor) * largest, std::numeric_limits<T>::min());
        return largest > T(0) ? std::max(variances(w)[k], least) : T(1);
    }
    /// B holds directions divided by a deviation, and an output was divided by it once: the way back multiplies by its square.
    template <class T> T unwhitening(const T* w, std::size_t k) const noexcept { return whiten ? whitened_by(w, k) : T(1); }

    static void require_rows(std::uint64_t count) {
        if (count < 2) detail::raise(errc::count, "pca: expected at least 2 rows to fit, got " + std::to_string(count));
    }
    template <class T> void set(T* w, const double* mean, const std::vector<double>& covariance) const {
        const auto [values, vectors] = math::symmetric_eigen(covariance, Feature::width, Width);  // (Width), (Width, in)
        double total = 0;
        for (std::size_t i = 0; i < Feature::width; ++i) total += covariance[i * Feature::width + i];
        if (!math::finite(static_cast<T>(total)))
            detail::raise(errc::nonfinite, "pca: the rows are too large, their variance is not finite");
        for (std::size_t k = 0; k < Width; ++k) variances(w)[k] = static_cast<T>(std::max(values[k], 0.0));  // rounding may be below
        variances(w)[Width] = static_cast<T>(total);
        for (std::size_t k = 0; k < Width; ++k) {
            const double scale = whiten ? 1 / std::sqrt(static_cast<double>(whitened_by(w, k))) : 1;
            for (std::size_t i = 0; i < Feature::width; ++i)
                basis(w)[i * padded(Width) + k] = static_cast<T>(scale * vectors[k * Feature::width + i]);
        }
        for (std::size_t i = 0; i < Feature::width; ++i) w[i] = static_cast<T>(mean[i]);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
