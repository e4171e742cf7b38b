// SPDX-License-Identifier: MIT
// A random projection as a component: the cheap reduction, which keeps lengths and angles roughly and needs no data.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "../math/dense.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = x R, with R: (Feature::width, Width) of signs +-1 / sqrt(Width), each an independent fair coin drawn from the pipeline's seed
/// (Achlioptas 2003, theorem 1.1). The expected squared length is that of x, and for any x
///     P(| |out|^2 / |x|^2 - 1 | > e) <= 2 exp(-Width (e^2 / 4 - e^3 / 6)),
/// so all distances among n vectors are kept to e with a Width of some 8 log(n) / e^2, whatever Feature::width.
/// Nothing is learned and nothing is fitted: a descent leaves R as it was drawn. Cost: Feature::width * Width multiply-adds a vector.
template <class Feature, std::size_t Width> struct random_projection {
    static_assert(!detail::is_sequence<Feature>, "random_projection<> reduces one vector, not a sequence");
    static_assert(Width >= 1, "random_projection<Feature, Width> gives at least one number");
    using inputs = features<Feature>;
    static constexpr std::size_t width = Width;
    static constexpr binding bound = Feature::bound;
    static constexpr bool fitted = true;
    static constexpr std::size_t weights = Feature::width * padded(Width);

    template <class T> void start(T* w, random& seeded) const noexcept {
        const T size = static_cast<T>(1 / std::sqrt(static_cast<double>(Width)));
        for (std::size_t i = 0; i < Feature::width; ++i) {
            std::fill_n(w + i * padded(Width), padded(Width), T(0));
            for (std::size_t j = 0; j < Width; ++j) w[i * padded(Width) + j] = seeded.bits() >> 63 ? size : -size;
        }
    }

    template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept {
        transform(w, rows<const T>{side.template get<Feature>().data, 1, Feature::width}, rows<T>{out, 1, Width});
    }

    /// Many rows at once. data: (n, Feature::width), out: (n, Width).
    template <class T> void transform(const T* w, rows<const T> data, rows<T> out) const noexcept {
        constexpr std::size_t block = 6;
        std::array<T, block * padded(Width)> reduced;
        for (std::size_t r = 0; r < data.count; r += block) {
            const std::size_t number = std::min(block, data.count - r);
            reduced.fill(T(0));
            math::multiply<T>(data.from(r, number), Feature::width, w, Width, {reduced.data(), number, padded(Width)});
            for (std::size_t k = 0; k < number; ++k) std::copy_n(reduced.data() + k * padded(Width), Width, out[r + k]);
        }
    }
};

}  // namespace rivulet::inline RIVULET_ABI
