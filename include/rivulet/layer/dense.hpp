// SPDX-License-Identifier: MIT
// A dense layer: every output a weighted sum of all inputs, and a bias.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "../math/dense.hpp"
#include "../math/slopes.hpp"
#include "layer.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// Weights of (in, padded(out)) uniform in +-sqrt(3 gain / in): the variance is gain / in (He et al. 2015).
template <class T> void start_weights(T* w, std::size_t in, std::size_t out, double gain, random& seeded) noexcept {
    const double limit = std::sqrt(3 * gain / static_cast<double>(in));
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < out; ++j) w[i * padded(out) + j] = static_cast<T>(seeded.around_zero(limit));
}

/// The slopes of y = x W + b: dx = dy W' (overwritten), dw += x' dy, db += sum of dy. x: (n, in), y: (n, padded(out)).
template <class T>
void affine_backward(rows<const T> x, std::size_t in, const T* w, rows<const T> dy, std::size_t out, rows<T> dx, slope_place<T> dw,
                     T* db) noexcept {
    dw.add_outer(x, in, dy, out);
    for (std::size_t r = 0; r < dy.count; ++r) {
        math::add_scaled(T(1), dy[r], db, padded(out));
        std::fill_n(dx[r], padded(in), T(0));
    }
    math::multiply_transposed<T>(dy, out, w, in, dx);
}

}  // namespace detail

/// y = x W + b. Weights: W (in, padded(Units)), b (padded(Units)). in * Units multiply-adds a row.
template <std::size_t Units> struct dense {
    static_assert(Units > 0, "dense<Units> has at least one unit");
    static constexpr std::size_t units = Units;
    static constexpr double gain = 1;

    static constexpr std::size_t out(std::size_t) { return Units; }
    static constexpr std::size_t weights(std::size_t in) { return (in + 1) * padded(Units); }
    static constexpr std::size_t saved(std::size_t) { return 0; }
    std::string settings() const { return "units=" + std::to_string(Units); }

    template <std::size_t In, class T> void start(T* w, random& seeded, double wanted) const noexcept {
        detail::start_weights(w, In, Units, wanted, seeded);
    }
    template <std::size_t In, class T> void forward(const T* w, rows<const T> x, rows<T> y, rows<T>, noise) const noexcept {
        math::affine<T>(x, In, w, w + In * padded(Units), Units, y);
    }
    template <std::size_t In, class T>
    void backward(const T* w, rows<const T> x, rows<const T>, rows<const T> dy, rows<T> dx, rows<T>, slope_place<T> g,
                  noise) const noexcept {
        detail::affine_backward<T>(x, In, w, dy, Units, dx, g, g + In * padded(Units));
    }
    template <std::size_t In, class T> void clear(T* g) const noexcept { std::fill_n(g + In * padded(Units), padded(Units), T(0)); }
};

}  // namespace rivulet::inline RIVULET_ABI
