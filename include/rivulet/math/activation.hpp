// SPDX-License-Identifier: MIT
// Activations that bend instead of breaking, and their slopes: GELU, SiLU and the hyperbolic tangent. The rectifier is in vector.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {
namespace detail {

/// y = f(x), register by register. The rest goes through a register too, so that a number gives the same result wherever it lies.
template <class T, class Arch, class F> void map(const T* x, T* y, std::size_t n, F&& f) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>;
    const std::size_t rest = n % step, whole = n - rest;
    for (std::size_t at = 0; at < whole; at += step) simd::store(y + at, f(simd::load<T, Arch>(x + at)));
    if (rest == 0) return;
    std::array<T, step> last{};
    std::copy_n(x + whole, rest, last.data());
    simd::store(last.data(), f(simd::load<T, Arch>(last.data())));
    std::copy_n(last.data(), rest, y + whole);
}

/// dx += dy slope(x), in the same way.
template <class T, class Arch, class Slope> void map_backward(const T* x, const T* dy, T* dx, std::size_t n, Slope&& slope) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>;
    const std::size_t rest = n % step, whole = n - rest;
    const auto add = [&](const T* from, const T* along, T* to) {
        simd::store(to, simd::fma(simd::load<T, Arch>(along), slope(simd::load<T, Arch>(from)), simd::load<T, Arch>(to)));
    };
    for (std::size_t at = 0; at < whole; at += step) add(x + at, dy + at, dx + at);
    if (rest == 0) return;
    std::array<T, step> from{}, along{}, to{};
    std::copy_n(x + whole, rest, from.data());
    std::copy_n(dy + whole, rest, along.data());
    std::copy_n(dx + whole, rest, to.data());
    add(from.data(), along.data(), to.data());
    std::copy_n(to.data(), rest, dx + whole);
}

/// The normal distribution function, (1 + erf(x / sqrt 2)) / 2.
template <class T, class Arch> simd::batch<T, Arch> normal(const simd::batch<T, Arch>& x) noexcept {
    const simd::batch<T, Arch> half(T(0.5)), root_of_half(T(0.70710678118654752440));
    return simd::fma(half, simd::erf(x * root_of_half), half);
}
/// 1 / (1 + exp(-x)); x from -1000 to 1000.
template <class T, class Arch> simd::batch<T, Arch> logistic(const simd::batch<T, Arch>& x) noexcept {
    const simd::batch<T, Arch> one(T(1)), nothing(T(0));
    return one / (one + simd::exp(nothing - x));
}

/// Far out a factor of zero meets one that may be infinite. Numbers beyond this count as this: nothing differs there but infinities.
template <class T> inline constexpr T far_out = T(1000);

}  // namespace detail

// In all of these y may be x. NaN gives NaN; zero gives exactly zero, so that padding may be swept along; of the infinities the positive
// one gives itself (or 1), the negative one the limit, 0 (or -1). O(n).

/// y = x P(X <= x), X standard normal (Hendrycks & Gimpel 2016), by erf and not its tanh-approximation: the GELU of BERT and the default of
/// PyTorch. The absolute error is that of erf times |x|.
template <class T, class Arch = simd::native> void gelu(const T* x, T* y, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().gelu(x, y, n);
    detail::map<T, Arch>(x, y, n, [](const simd::batch<T, Arch>& v) {
        return simd::clamped(v, -detail::far_out<T>, std::numeric_limits<T>::infinity()) * detail::normal(v);
    });
}
/// dx += dy (P(X <= x) + x p(x)), p the density.
template <class T, class Arch = simd::native> void gelu_backward(const T* x, const T* dy, T* dx, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().gelu_backward(x, dy, dx, n);
    detail::map_backward<T, Arch>(x, dy, dx, n, [](const simd::batch<T, Arch>& v) {
        const simd::batch<T, Arch> u = simd::clamped(v, -detail::far_out<T>, detail::far_out<T>), halved(T(-0.5));
        const simd::batch<T, Arch> density_at_zero(T(0.39894228040143267794));
        return simd::fma(u * density_at_zero, simd::exp(u * u * halved), detail::normal(u));
    });
}

/// y = x / (1 + exp(-x)): SiLU, also known as swish (Elfwing, Uchibe, Doya 2018).
template <class T, class Arch = simd::native> void silu(const T* x, T* y, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().silu(x, y, n);
    detail::map<T, Arch>(x, y, n, [](const simd::batch<T, Arch>& v) {
        return simd::clamped(v, -detail::far_out<T>, std::numeric_limits<T>::infinity()) *
               detail::logistic(simd::clamped(v, -detail::far_out<T>, detail::far_out<T>));
    });
}
/// dx += dy s (1 + x (1 - s)), s = 1 / (1 + exp(-x)).
template <class T, class Arch = simd::native> void silu_backward(const T* x, const T* dy, T* dx, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().silu_backward(x, dy, dx, n);
    detail::map_backward<T, Arch>(x, dy, dx, n, [](const simd::batch<T, Arch>& v) {
        const simd::batch<T, Arch> u = simd::clamped(v, -detail::far_out<T>, detail::far_out<T>), one(T(1)), s = detail::logistic(u);
        return s * simd::fma(u, one - s, one);
    });
}

/// y = tanh(x).
template <class T, class Arch = simd::native> void hyperbolic_tangent(const T* x, T* y, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().hyperbolic_tangent(x, y, n);
    detail::map<T, Arch>(x, y, n, [](const simd::batch<T, Arch>& v) { return simd::tanh(v); });
}
/// dx += dy (1 - tanh(x)^2).
template <class T, class Arch = simd::native> void hyperbolic_tangent_backward(const T* x, const T* dy, T* dx, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().hyperbolic_tangent_backward(x, dy, dx, n);
    detail::map_backward<T, Arch>(x, dy, dx, n, [](const simd::batch<T, Arch>& v) {
        const simd::batch<T, Arch> one(T(1)), t = simd::tanh(v);
        return (one - t) * (one + t);
    });
}

}  // namespace rivulet::inline RIVULET_ABI::math
