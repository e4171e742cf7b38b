// SPDX-License-Identifier: MIT
// Softmax of one row, stable for any finite logits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// x[i] = exp(scale x[i]) / sum of the same, scale > 0. One number gives exactly 1, none gives nothing. O(n).
template <class T, class Arch = simd::native> void softmax(T* x, std::size_t n, T scale = 1) noexcept {
    if (n == 0) return;
    constexpr std::size_t step = simd::lanes<T, Arch>;
    const std::size_t rest = n % step, whole = n - rest;
    T padding[step];  // the rest in a register of its own, filled up with what exp makes zero
    std::fill(std::copy_n(x + whole, rest, padding), padding + step, std::numeric_limits<T>::lowest());
    simd::batch<T, Arch> last = simd::load<T, Arch>(padding), highest = last;
    for (std::size_t at = 0; at < whole; at += step) highest = simd::max(highest, simd::load<T, Arch>(x + at));

    const simd::batch<T, Arch> top(simd::largest(highest)), slope(scale);  // top is subtracted only for stability: it cancels in the quotient
    last = simd::exp((last - top) * slope);
    simd::batch<T, Arch> total = last;
    for (std::size_t at = 0; at < whole; at += step) {
        const simd::batch<T, Arch> e = simd::exp((simd::load<T, Arch>(x + at) - top) * slope);
        simd::store(x + at, e);
        total = total + e;
    }
    const simd::batch<T, Arch> share(T(1) / simd::sum(total));
    for (std::size_t at = 0; at < whole; at += step) simd::store(x + at, simd::load<T, Arch>(x + at) * share);
    simd::store(padding, last * share);
    std::copy_n(padding, rest, x + whole);
}

/// The slope of the logits from that of the shares: d[i] = p[i] (dp[i] - sum of p[j] dp[j]), in place of dp. O(n).
template <class T, class Arch = simd::native> void softmax_backward(const T* p, T* dp, std::size_t n) noexcept {
    const T mean = dot<T, Arch>(p, dp, n);
    for (std::size_t i = 0; i < n; ++i) dp[i] = p[i] * (dp[i] - mean);
}

}  // namespace rivulet
