// SPDX-License-Identifier: MIT
// The Cholesky factor of a small symmetric matrix, and systems solved with it: least squares, Gaussian posteriors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// A = L L', in place. a: (n, stride), stride n or more; A is read from the diagonal and below it, and L is left there. What lies above the
/// diagonal is never read as part of A, and holds anything afterwards. False when A is not positive definite, or not finite: a is
/// then spent. Error: L L' is A but for (n + 1) u times the root of the product of its diagonal's entries (Higham 2002, theorem 10.3).
///
/// n^3 / 6 multiply-adds. Four columns at a time: their block of L is found number by number, and the rest of A loses its products in
/// registers, which take rows up to the next whole register beyond the diagonal. Allocates nothing; made for n up to 64, right for any.
template <class T, class Arch = simd::native> [[nodiscard]] bool cholesky(T* a, std::size_t n, std::size_t stride) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().cholesky(a, n, stride);
    constexpr std::size_t step = simd::lanes<T, Arch>, most = 4, chunk = 64;
    static_assert(chunk % step == 0);
    alignas(64) T turned[most][chunk];  // columns of L as rows: what a row of A loses is a sum of them
    for (std::size_t k = 0; k < n; k += most) {
        const std::size_t wide = std::min(most, n - k), below = k + wide;
        T inverse[most];
        for (std::size_t i = k; i < n; ++i) {
            T* const row = a + i * stride + k;
            for (std::size_t c = 0; c < std::min(wide, i - k); ++c) {
                T left = row[c];
                for (std::size_t b = 0; b < c; ++b) left = simd::fma(-row[b], a[(k + c) * stride + k + b], left);
                row[c] = left * inverse[c];
            }
            if (i >= below) continue;
            T pivot = row[i - k];
            for (std::size_t b = 0; b < i - k; ++b) pivot = simd::fma(-row[b], row[b], pivot);
            if (!finite(pivot) || !(pivot > T(0))) return false;
            row[i - k] = std::sqrt(pivot);
            inverse[i - k] = T(1) / row[i - k];
        }
        if (wide < most) break;  // the last columns: nothing is left of A
        for (std::size_t first = below / chunk * chunk; first < n; first += chunk) {
            const std::size_t end = std::min(first + chunk, n);
            for (std::size_t c = 0; c < most; ++c)
                for (std::size_t j = first; j < end; ++j) turned[c][j - first] = j < below ? T(0) : a[j * stride + k + c];
            const std::size_t whole = first + (end - first) / step * step, start = std::max(first, below / step * step);
            for (std::size_t i = std::max(first, below); i < n; ++i) {
                T* const row = a + i * stride;
                const T less[most] = {-row[k], -row[k + 1], -row[k + 2], -row[k + 3]};
                const simd::batch<T, Arch> x0(less[0]), x1(less[1]), x2(less[2]), x3(less[3]);
                std::size_t j = start;
                for (; j < whole && j <= i; j += step) {
                    const std::size_t at = j - first;
                    auto sum = simd::fma(x0, simd::load<T, Arch>(turned[0] + at), simd::load<T, Arch>(row + j));
                    sum = simd::fma(x1, simd::load<T, Arch>(turned[1] + at), sum);
                    sum = simd::fma(x2, simd::load<T, Arch>(turned[2] + at), sum);
                    simd::store(row + j, simd::fma(x3, simd::load<T, Arch>(turned[3] + at), sum));
                }
                for (j = std::max(whole, start); j < end && j <= i; ++j)
                    for (std::size_t c = 0; c < most; ++c) row[j] = simd::fma(less[c], turned[c][j - first], row[j]);
            }
        }
    }
    return true;
}

/// x becomes L^-1 x, so that its squares add up to x' A^-1 x: the variance of x' w where A is the precision of w. n^2 / 2 multiply-adds.
template <class T, class Arch = simd::native> void cholesky_forward(const T* l, T* x, std::size_t n, std::size_t stride) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().cholesky_forward(l, x, n, stride);
    for (std::size_t i = 0; i < n; ++i) {
        const T* const row = l + i * stride;
        x[i] = (x[i] - dot<T, Arch>(row, x, i)) / row[i];
    }
}

/// x becomes L'^-1 x: of standard normal numbers, a draw from the normal distribution with covariance A^-1. n^2 / 2 multiply-adds.
template <class T, class Arch = simd::native> void cholesky_backward(const T* l, T* x, std::size_t n, std::size_t stride) noexcept {
    if constexpr (kernel::apart<T, Arch>) return kernels::in_use().cholesky_backward(l, x, n, stride);
    for (std::size_t i = n; i-- > 0;) {
        const T* const row = l + i * stride;
        x[i] /= row[i];
        add_scaled<T, Arch>(-x[i], row, x, i);
    }
}

/// x becomes A^-1 x, with L from `cholesky`. n^2 multiply-adds.
template <class T, class Arch = simd::native> void cholesky_solve(const T* l, T* x, std::size_t n, std::size_t stride) noexcept {
    cholesky_forward<T, Arch>(l, x, n, stride);
    cholesky_backward<T, Arch>(l, x, n, stride);
}

}  // namespace rivulet::inline RIVULET_ABI::math
