// SPDX-License-Identifier: MIT
// Layer normalisation of one row, forward and backward.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {
namespace detail {

/// The sum of wide(i), a register, and of one(i), a number.
template <class T, class Arch, class Wide, class One> T total(std::size_t n, Wide&& wide, One&& one) noexcept {
    simd::batch<T, Arch> sums(T(0));
    T tail = 0;
    sweep<T, Arch>(
        n, [&](std::size_t i) { sums = sums + wide(i); }, [&](std::size_t i) { tail += one(i); });
    return simd::sum(sums) + tail;
}

}  // namespace detail

/// y = scale (x - mean) / sqrt(variance + epsilon) + shift, element by element, with the mean and the population variance of the row
/// (Ba, Kiros, Hinton 2016, eq. 4; epsilon > 0 as in PyTorch). x, scale, shift, y: (n), y may be x; kept: (2), becomes the mean and
/// 1 / sqrt(variance + epsilon). NaN or infinity in x, or numbers so large that their variance overflows, give NaN. O(n), three passes.
template <class T, class Arch = simd::native>
void layer_norm(const T* x, const T* scale, const T* shift, T epsilon, T* y, T* kept, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().layer_norm(x, scale, shift, epsilon, y, kept, n);
    if (n == 0) return static_cast<void>(kept[0] = kept[1] = T(0));
    const T share = T(1) / static_cast<T>(n);
    const T mean = share * detail::total<T, Arch>(
                               n, [&](std::size_t i) { return simd::load<T, Arch>(x + i); }, [&](std::size_t i) { return x[i]; });
    const simd::batch<T, Arch> centre(mean);
    const T variance = share * detail::total<T, Arch>(
                                   n,
                                   [&](std::size_t i) {
                                       const simd::batch<T, Arch> distance = simd::load<T, Arch>(x + i) - centre;
                                       return distance * distance;
                                   },
                                   [&](std::size_t i) { return (x[i] - mean) * (x[i] - mean); });
    // An infinite variance would make all of the row `shift`, and the overflow would never be seen.
    const T inverse = finite(variance) ? T(1) / std::sqrt(variance + epsilon) : std::numeric_limits<T>::quiet_NaN();
    const simd::batch<T, Arch> inverses(inverse);
    sweep<T, Arch>(
        n,
        [&](std::size_t i) {
            const simd::batch<T, Arch> unit = (simd::load<T, Arch>(x + i) - centre) * inverses;
            simd::store(y + i, simd::fma(simd::load<T, Arch>(scale + i), unit, simd::load<T, Arch>(shift + i)));
        },
        [&](std::size_t i) { y[i] = simd::fma(scale[i], (x[i] - mean) * inverse, shift[i]); });
    kept[0] = mean;
    kept[1] = inverse;
}

/// With u = (x - mean) / sqrt(variance + epsilon), d = dy scale, and averages over the row:
/// dx += (d - average(d) - u average(d u)) / sqrt(variance + epsilon); d_scale += dy u; d_shift += dy. All: (n). O(n), two passes.
template <class T, class Arch = simd::native>
void layer_norm_backward(const T* x, const T* scale, const T* kept, const T* dy, T* dx, T* d_scale, T* d_shift, std::size_t n) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().layer_norm_backward(x, scale, kept, dy, dx, d_scale, d_shift, n);
    if (n == 0) return;
    const T mean = kept[0], inverse = kept[1], share = T(1) / static_cast<T>(n);
    const simd::batch<T, Arch> centre(mean), inverses(inverse);
    simd::batch<T, Arch> sums(T(0)), products(T(0));
    T sum = 0, product = 0;
    sweep<T, Arch>(
        n,
        [&](std::size_t i) {
            const simd::batch<T, Arch> slope = simd::load<T, Arch>(dy + i), unit = (simd::load<T, Arch>(x + i) - centre) * inverses;
            const simd::batch<T, Arch> d = slope * simd::load<T, Arch>(scale + i);
            sums = sums + d;
            products = simd::fma(d, unit, products);
            simd::store(d_scale + i, simd::fma(slope, unit, simd::load<T, Arch>(d_scale + i)));
            simd::store(d_shift + i, simd::load<T, Arch>(d_shift + i) + slope);
        },
        [&](std::size_t i) {
            const T unit = (x[i] - mean) * inverse, d = dy[i] * scale[i];
            sum += d;
            product = simd::fma(d, unit, product);
            d_scale[i] = simd::fma(dy[i], unit, d_scale[i]);
            d_shift[i] += dy[i];
        });
    const T average = share * (simd::sum(sums) + sum), along = share * (simd::sum(products) + product);
    const simd::batch<T, Arch> averages(average), alongs(along);
    sweep<T, Arch>(
        n,
        [&](std::size_t i) {
            const simd::batch<T, Arch> unit = (simd::load<T, Arch>(x + i) - centre) * inverses;
            const simd::batch<T, Arch> d = simd::load<T, Arch>(dy + i) * simd::load<T, Arch>(scale + i);
            simd::store(dx + i, simd::fma(inverses, d - averages - unit * alongs, simd::load<T, Arch>(dx + i)));
        },
        [&](std::size_t i) {
            const T unit = (x[i] - mean) * inverse;
            dx[i] = simd::fma(inverse, dy[i] * scale[i] - average - unit * along, dx[i]);
        });
}

}  // namespace rivulet::inline RIVULET_ABI::math
