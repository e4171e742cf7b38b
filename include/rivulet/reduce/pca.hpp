// SPDX-License-Identifier: MIT
// Principal component analysis as a component: a fitted projection onto the directions of largest variance.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "../math/covariance.hpp"
#include "../math/dense.hpp"
#include "../math/symmetric_eigen.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = (x - mean) B, with B: (Feature::width, Width) the eigenvectors of the covariance with the largest eigenvalues, largest first
/// (Pearson 1901; Jolliffe 2002, chapter 2). The sign of each is fixed by making its largest entry positive.
/// Until it is fitted it is a random projection of the same scale, so a pipeline works from the first event.
/// Cost: Feature::width * Width multiply-adds a vector. Fitting n rows: n width^2 for the covariance, 10 width^3 for the decomposition.
template <class Feature, std::size_t Width> struct pca {
    static_assert(!detail::is_sequence<Feature>, "pca<> reduces one vector, not a sequence");
    static_assert(Width >= 1 && Width <= Feature::width, "pca<Feature, Width> keeps between 1 and Feature::width directions");
    using inputs = features<Feature>;
    static constexpr std::size_t width = Width;
    static constexpr binding bound = Feature::bound;
    static constexpr bool fitted = true;
    static constexpr std::size_t weights = Feature::width * (1 + padded(Width));  // mean (in), then B (in, padded(Width))

    template <class T> void start(T* w, random& seeded) const noexcept {
        const double limit = std::sqrt(3.0 / static_cast<double>(Feature::width));
        for (std::size_t i = 0; i < Feature::width; ++i)
            for (std::size_t j = 0; j < Width; ++j) basis(w)[i * padded(Width) + j] = static_cast<T>(seeded.around_zero(limit));
    }

    template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept {
        transform(w, rows<const T>{side.template get<Feature>().data, 1, Feature::width}, rows<T>{out, 1, Width});
    }

    /// Many rows at once. data: (n, Feature::width), out: (n, Width).
    template <class T> void transform(const T* w, rows<const T> data, rows<T> out) const noexcept {
        constexpr std::size_t block = 6;
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

    /// Estimates mean and basis from rows of the feature, in double. Throws rivulet::error for fewer than two rows.
    template <class T> void fit(T* w, rows<const T> data) const {
        if (data.count < 2) detail::raise(errc::count, "pca: expected at least 2 rows to fit, got " + std::to_string(data.count));
        std::vector<double> mean(Feature::width), covariance(Feature::width * Feature::width);
        math::covariance(data, Feature::width, mean.data(), covariance.data());
        const std::vector<double> vectors = math::symmetric_eigenvectors(covariance, Feature::width, Width);  // (Width, in)
        for (std::size_t i = 0; i < Feature::width; ++i) {
            w[i] = static_cast<T>(mean[i]);
            for (std::size_t j = 0; j < Width; ++j) basis(w)[i * padded(Width) + j] = static_cast<T>(vectors[j * Feature::width + i]);
        }
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
    }

private:
    template <class T> static T* basis(T* w) noexcept { return w + Feature::width; }
};

}  // namespace rivulet::inline RIVULET_ABI
