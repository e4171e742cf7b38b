// SPDX-License-Identifier: MIT
// Softmax of one row, stable for any finite logits.
#pragma once

#include <algorithm>
#include <cstddef>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// x[i] = exp(x[i] - max) / sum of the same. One number gives exactly 1, none gives nothing. O(n).
template <class T, class Arch = simd::native> void softmax(T* x, std::size_t n) noexcept {
    if (n == 0) return;
    constexpr std::size_t step = simd::lanes<T, Arch>;
    const T top = *std::max_element(x, x + n);  // subtracted only for stability: it cancels in the quotient
    const simd::batch<T, Arch> shift(top);
    simd::batch<T, Arch> total(T(0));
    std::size_t at = 0;
    for (; at + step <= n; at += step) {
        const simd::batch<T, Arch> e = simd::exp(simd::load<T, Arch>(x + at) - shift);
        simd::store(x + at, e);
        total = total + e;
    }
    T sum = simd::sum(total);
    if (at < n) {  // the rest through one register too: the same exp for every element, wherever it stands
        T rest[step];
        std::fill(std::copy(x + at, x + n, rest), rest + step, top);
        simd::store(rest, simd::exp(simd::load<T, Arch>(rest) - shift));
        for (std::size_t i = 0; at < n; ++at, ++i) sum += x[at] = rest[i];
    }
    for (std::size_t i = 0; i < n; ++i) x[i] /= sum;
}

/// The slope of the logits from that of the shares: d[i] = p[i] (dp[i] - sum of p[j] dp[j]), in place of dp. O(n).
template <class T, class Arch = simd::native> void softmax_backward(const T* p, T* dp, std::size_t n) noexcept {
    const T mean = dot<T, Arch>(p, dp, n);
    for (std::size_t i = 0; i < n; ++i) dp[i] = p[i] * (dp[i] - mean);
}

}  // namespace rivulet
