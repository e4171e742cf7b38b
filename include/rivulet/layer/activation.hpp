// SPDX-License-Identifier: MIT
// Activations as layers: what stands between dense layers, so that they are more than one.
#pragma once

#include <algorithm>
#include <cstddef>

#include "../math/activation.hpp"
#include "layer.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// As many numbers out as in, each on its own. `Kind` gives each(x, y, n), and each_backward(x, dy, dx, n), which overwrites dx.
template <class Kind> struct elementwise {
    static constexpr std::size_t out(std::size_t in) { return in; }
    static constexpr std::size_t weights(std::size_t) { return 0; }
    static constexpr std::size_t saved(std::size_t) { return 0; }

    template <std::size_t In, class T> void forward(const T*, rows<const T> x, rows<T> y, rows<T>, noise) const noexcept {
        for (std::size_t r = 0; r < x.count; ++r) Kind::each(x[r], y[r], padded(In));
    }
    template <std::size_t In, class T>
    void backward(const T*, rows<const T> x, rows<const T>, rows<const T> dy, rows<T> dx, rows<T>, T*, noise) const noexcept {
        for (std::size_t r = 0; r < x.count; ++r) Kind::each_backward(x[r], dy[r], dx[r], padded(In));
    }
};

}  // namespace detail

/// y = max(x, 0), the slope at 0 is 0. Also known as ReLU.
struct rectifier : detail::elementwise<rectifier> {
    static constexpr double gain = 2;
    template <class T> static void each(const T* x, T* y, std::size_t n) noexcept {
        std::copy_n(x, n, y);
        math::rectify(y, n);
    }
    template <class T> static void each_backward(const T* x, const T* dy, T* dx, std::size_t n) noexcept {
        std::copy_n(dy, n, dx);
        math::rectify_backward(x, dx, n);
    }
};

/// y = x P(X <= x), X standard normal (Hendrycks & Gimpel 2016).
struct gelu : detail::elementwise<gelu> {
    static constexpr double gain = 2;
    template <class T> static void each(const T* x, T* y, std::size_t n) noexcept { math::gelu(x, y, n); }
    template <class T> static void each_backward(const T* x, const T* dy, T* dx, std::size_t n) noexcept {
        std::fill_n(dx, n, T(0));
        math::gelu_backward(x, dy, dx, n);
    }
};

/// y = x / (1 + exp(-x)) (Elfwing, Uchibe, Doya 2018). Also known as swish.
struct silu : detail::elementwise<silu> {
    static constexpr double gain = 2;
    template <class T> static void each(const T* x, T* y, std::size_t n) noexcept { math::silu(x, y, n); }
    template <class T> static void each_backward(const T* x, const T* dy, T* dx, std::size_t n) noexcept {
        std::fill_n(dx, n, T(0));
        math::silu_backward(x, dy, dx, n);
    }
};

/// y = tanh(x).
struct hyperbolic_tangent : detail::elementwise<hyperbolic_tangent> {
    static constexpr double gain = 1;
    template <class T> static void each(const T* x, T* y, std::size_t n) noexcept { math::hyperbolic_tangent(x, y, n); }
    template <class T> static void each_backward(const T* x, const T* dy, T* dx, std::size_t n) noexcept {
        std::fill_n(dx, n, T(0));
        math::hyperbolic_tangent_backward(x, dy, dx, n);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
