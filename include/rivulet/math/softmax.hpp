// SPDX-License-Identifier: MIT
// Softmax of one row, stable for any finite logits.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// x[i] = exp(scale x[i]) / sum of the same, scale > 0. One number gives exactly 1, none gives nothing. O(n).
/// `Padded`: x has room for padded(n) numbers, and what follows the n becomes 0; it spares the detour of the last register.
template <bool Padded = false, class T, class Arch = simd::native> void softmax(T* x, std::size_t n, T scale = 1) noexcept {
    if constexpr (kernel::apart<T, Arch>)
        return Padded ? kernels::in_use().softmax_padded(x, n, scale) : kernels::in_use().softmax(x, n, scale);
    if (n <= 1) return static_cast<void>(std::fill_n(x, n, T(1)));  // padded(1) is 1: there is no room for a register
    constexpr std::size_t step = simd::lanes<T, Arch>;
    const std::size_t rest = n % step, whole = n - rest;
    const simd::batch<T, Arch> there = simd::leading_ones<T, Arch>(rest), nothing(T(0)), lowest(std::numeric_limits<T>::lowest());
    std::array<T, step> detour{};  // where the last register lies if x has no room for it
    if constexpr (!Padded) std::copy_n(x + whole, rest, detour.data());
    T* const end = Padded && rest ? x + whole : detour.data();
    simd::batch<T, Arch> last = simd::where_positive(there, simd::load<T, Arch>(end), lowest), highest = last;
    for (std::size_t at = 0; at < whole; at += step) highest = simd::max(highest, simd::load<T, Arch>(x + at));

    const simd::batch<T, Arch> top(simd::largest(highest)),
        slope(scale);  // top is subtracted only for stability: it cancels in the quotient
    last = simd::where_positive(there, simd::exp((last - top) * slope), nothing);
    simd::batch<T, Arch> total = last;
    for (std::size_t at = 0; at < whole; at += step) {
        const simd::batch<T, Arch> e = simd::exp((simd::load<T, Arch>(x + at) - top) * slope);
        simd::store(x + at, e);
        total = total + e;
    }
    const simd::batch<T, Arch> share(T(1) / simd::sum(total));
    for (std::size_t at = 0; at < whole; at += step) simd::store(x + at, simd::load<T, Arch>(x + at) * share);
    simd::store(end, last * share);
    if constexpr (!Padded) std::copy_n(detour.data(), rest, x + whole);
}

/// The slope of the logits from that of the shares: d[i] = p[i] (dp[i] - sum of p[j] dp[j]), in place of dp. O(n).
template <class T, class Arch = simd::native> void softmax_backward(const T* p, T* dp, std::size_t n) noexcept {
    const T mean = dot<T, Arch>(p, dp, n);
    for (std::size_t i = 0; i < n; ++i) dp[i] = p[i] * (dp[i] - mean);
}

}  // namespace rivulet::inline RIVULET_ABI::math
