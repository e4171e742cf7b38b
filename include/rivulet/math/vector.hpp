// SPDX-License-Identifier: MIT
// Loops over one or two vectors: dot, sum, scaled sum, rectifier, norm, and a finite test that holds under -ffast-math.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels.hpp"
#include "simd.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// Walks `n` numbers register by register, the rest one at a time: `wide(at)` and `one(at)`.
template <class T, class Arch, class Wide, class One> inline void sweep(std::size_t n, Wide&& wide, One&& one) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>;
    const std::size_t rest = n % step, whole = n - rest;  // `rest` bounds the second loop for compilers that reason about it
    for (std::size_t at = 0; at < whole; at += step) wide(at);
    for (std::size_t i = 0; i < rest; ++i) one(whole + i);
}

/// sum of x[i] y[i], or of max(x[i], 0) y[i]. O(n).
template <bool Rectified, class T, class Arch> inline T sum_of_products(const T* x, const T* y, std::size_t n) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>;
    const std::size_t rest = n % step, whole = n - rest;
    const auto left = [x](std::size_t i) {
        const auto numbers = simd::load<T, Arch>(x + i);
        return Rectified ? simd::rectified(numbers) : numbers;
    };
    simd::batch<T, Arch> total(T(0)), second(T(0));  // two chains, or the latency of the multiply-add would set the pace
    std::size_t at = 0;
    for (; at + 2 * step <= whole; at += 2 * step) {
        total = simd::fma(left(at), simd::load<T, Arch>(y + at), total);
        second = simd::fma(left(at + step), simd::load<T, Arch>(y + at + step), second);
    }
    if (at < whole) total = simd::fma(left(at), simd::load<T, Arch>(y + at), total);
    T tail = 0;
    for (std::size_t i = 0; i < rest; ++i) tail = simd::fma(Rectified && x[whole + i] < T(0) ? T(0) : x[whole + i], y[whole + i], tail);
    return simd::sum(total + second) + tail;
}
template <class T, class Arch = simd::native> T dot(const T* x, const T* y, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().dot(x, y, n);
    return sum_of_products<false, T, Arch>(x, y, n);
}

/// The same of N numbers, known when it is compiled: no call and no loop for a few. `Rectified`: of max(x, 0), as if x had been rectified.
template <std::size_t N, bool Rectified = false, class T, class Arch = simd::native> inline T dot(const T* x, const T* y) noexcept {
    if constexpr (kernel::apart<T, Arch> && N >= 64)
        return Rectified ? kernels::in_use().dot_rectified(x, y, N) : kernels::in_use().dot(x, y, N);
    constexpr std::size_t step = simd::lanes<T, Arch>, whole = N / step * step;
    simd::batch<T, Arch> total(T(0)), second(T(0));
    for (std::size_t at = 0; at < whole; at += step) {
        auto& chain = at / step % 2 == 0 ? total : second;
        const auto numbers = simd::load<T, Arch>(x + at);
        chain = simd::fma(Rectified ? simd::rectified(numbers) : numbers, simd::load<T, Arch>(y + at), chain);
    }
    T tail = 0;
    for (std::size_t i = whole; i < N; ++i) tail = simd::fma(Rectified && x[i] < T(0) ? T(0) : x[i], y[i], tail);
    return simd::sum(total + second) + tail;
}

/// sum of x[i], in four chains. O(n).
template <class T, class Arch = simd::native> T sum(const T* x, std::size_t n) noexcept {
    constexpr std::size_t step = simd::lanes<T, Arch>, chains = 4;
    simd::batch<T, Arch> total[chains] = {T(0), T(0), T(0), T(0)};
    T rest = 0;
    std::size_t at = 0;
    for (; at + chains * step <= n; at += chains * step)
        for (std::size_t c = 0; c < chains; ++c) total[c] = total[c] + simd::load<T, Arch>(x + at + c * step);
    for (; at < n; ++at) rest += x[at];
    return simd::sum((total[0] + total[1]) + (total[2] + total[3])) + rest;
}

/// y += a x. O(n).
template <class T, class Arch = simd::native> void add_scaled(T a, const T* x, T* y, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().add_scaled(a, x, y, n);
    const simd::batch<T, Arch> scale(a);
    sweep<T, Arch>(
        n, [&](std::size_t i) { simd::store(y + i, simd::fma(scale, simd::load<T, Arch>(x + i), simd::load<T, Arch>(y + i))); },
        [&](std::size_t i) { y[i] = simd::fma(a, x[i], y[i]); });
}

/// y += a[0] x[0] + ... + a[Count - 1] x[Count - 1], one product after the other; the rows of x lie `stride` apart. y is read and written
/// once for all of them. O(Count n).
template <std::size_t Count, class T, class Arch = simd::native>
void add_scaled_rows(const T* a, const T* x, std::size_t stride, T* y, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().add_scaled_rows(Count, a, x, stride, y, n);
    sweep<T, Arch>(
        n,
        [&](std::size_t i) {
            auto sum = simd::load<T, Arch>(y + i);
            for (std::size_t r = 0; r < Count; ++r)
                sum = simd::fma(simd::batch<T, Arch>(a[r]), simd::load<T, Arch>(x + r * stride + i), sum);
            simd::store(y + i, sum);
        },
        [&](std::size_t i) {
            for (std::size_t r = 0; r < Count; ++r) y[i] = simd::fma(a[r], x[r * stride + i], y[i]);
        });
}

/// out = x + y, or max(x + y, 0) with NaN as NaN. O(n).
template <bool Rectified, class T, class Arch = simd::native> void sum_of(const T* x, const T* y, T* out, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>)
        return Rectified ? kernels::in_use().sum_rectified(x, y, out, n) : kernels::in_use().sum_of(x, y, out, n);
    sweep<T, Arch>(
        n,
        [&](std::size_t i) {
            const auto sum = simd::load<T, Arch>(x + i) + simd::load<T, Arch>(y + i);
            simd::store(out + i, Rectified ? simd::rectified(sum) : sum);
        },
        [&](std::size_t i) {
            const T sum = x[i] + y[i];
            out[i] = Rectified && sum < T(0) ? T(0) : sum;
        });
}

/// x = max(x, 0); NaN stays NaN. O(n).
template <class T, class Arch = simd::native> void rectify(T* x, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().rectify(x, n);
    sweep<T, Arch>(
        n, [&](std::size_t i) { simd::store(x + i, simd::rectified(simd::load<T, Arch>(x + i))); },
        [&](std::size_t i) { x[i] = x[i] < T(0) ? T(0) : x[i]; });
}

/// slope = 0 where the rectified value was not positive. O(n).
template <class T, class Arch = simd::native> void rectify_backward(const T* rectified, T* slope, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().rectify_backward(rectified, slope, n);
    const simd::batch<T, Arch> nothing(T(0));
    sweep<T, Arch>(
        n,
        [&](std::size_t i) {
            simd::store(slope + i, simd::where_positive(simd::load<T, Arch>(rectified + i), simd::load<T, Arch>(slope + i), nothing));
        },
        [&](std::size_t i) { slope[i] = rectified[i] > T(0) ? slope[i] : T(0); });
}

/// What lasts in part from step to step must not fade into subnormal numbers, with which processors are slow: Adam over weights that have
/// had no slope for a thousand steps took 1.6 times as long. This rounds x, a number or a register, to steps of `far_below` * eps, which
/// later products leave normal, and changes a larger one by a rounding at most twice.
template <class V> V settled(const V& x, const V& far_below) noexcept { return (x + far_below) - far_below; }
inline constexpr float tiny_slope = 1e-20f, tiny_square = 1e-30f;  // steps of 1e-27 and 1e-37: nothing beside any epsilon, or in a weight

/// Whether the exponent bits are not all ones. Comparisons and std::isfinite are folded away under -ffast-math; this is not.
template <class T> bool finite(T x) noexcept {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "finite() knows float and double");
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr bits exponent = sizeof(T) == 4 ? bits(0x7f800000u) : bits(0x7ff0000000000000u);
    return (std::bit_cast<bits>(x) & exponent) != exponent;
}

/// The index of the first number that is not finite, or `n`. O(n), 16 numbers a step.
template <class T> std::size_t first_nonfinite(const T* x, std::size_t n) noexcept {
    if constexpr (kernel::apart<T>) return kernels::in_use().first_nonfinite(x, n);
    std::size_t at = 0;
    for (; at + 16 <= n; at += 16) {
        unsigned bad = 0;
        for (std::size_t i = 0; i < 16; ++i) bad |= static_cast<unsigned>(!finite(x[at + i]));
        if (bad) break;
    }
    while (at < n && finite(x[at])) ++at;
    return at;
}

}  // namespace rivulet::inline RIVULET_ABI::math
