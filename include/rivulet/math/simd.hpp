// SPDX-License-Identifier: MIT
// Registers: the one place that names xsimd, with what its versions 8.1 to 14 spell differently.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

#include "../core/config.hpp"

namespace rivulet::inline RIVULET_ABI::simd {

using native = xsimd::default_arch;

/// One register of `T`; kernels take the instruction set as a parameter so that several can live in one program.
template <class T, class Arch = native> using batch = xsimd::batch<T, Arch>;
template <class T, class Arch = native> inline constexpr std::size_t lanes = batch<T, Arch>::size;
/// AVX-512 and 64-bit ARM have 32 registers, the others 16: how large a block of accumulators may be.
template <class Arch = native> inline constexpr bool many_registers = lanes<float, Arch> == 16 || std::is_same_v<Arch, xsimd::neon64>;

template <class T, class Arch = native> batch<T, Arch> load(const T* from) noexcept { return batch<T, Arch>::load_unaligned(from); }
template <class T, class Arch> void store(T* to, const batch<T, Arch>& x) noexcept { x.store_unaligned(to); }

/// a * b + c in one rounding where the machine can. xsimd before 11 has no fused one for AVX-512, and clang does not contract it.
template <class Arch>
batch<float, Arch> fma(const batch<float, Arch>& a, const batch<float, Arch>& b, const batch<float, Arch>& c) noexcept {
#if XSIMD_VERSION_MAJOR < 11 && defined(__AVX512F__)
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>)
        return _mm512_fmadd_ps(a, b, c);
    else
#endif
        return xsimd::fma(a, b, c);
}
template <class Arch>
batch<double, Arch> fma(const batch<double, Arch>& a, const batch<double, Arch>& b, const batch<double, Arch>& c) noexcept {
#if XSIMD_VERSION_MAJOR < 11 && defined(__AVX512F__)
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>)
        return _mm512_fmadd_pd(a, b, c);
    else
#endif
        return xsimd::fma(a, b, c);
}

/// The same for one number, said outright: left to the compiler, `a * b + c` rounds once in one place and twice in another.
template <class T> T fma(T a, T b, T c) noexcept requires std::is_floating_point_v<T> {
#if defined(__FMA__) || defined(__aarch64__)
    return std::fma(a, b, c);
#else
    return a * b + c;
#endif
}

template <class T, class Arch> T sum(const batch<T, Arch>& x) noexcept {
#if XSIMD_VERSION_MAJOR >= 9
    return xsimd::reduce_add(x);
#else
    return xsimd::hadd(x);
#endif
}

template <class T, class Arch> batch<T, Arch> max(const batch<T, Arch>& a, const batch<T, Arch>& b) noexcept { return xsimd::max(a, b); }
/// The largest lane, in halves: xsimd 8.1 has no reduction for it.
template <class T, class Arch> T largest(const batch<T, Arch>& x) noexcept {
    T lane[lanes<T, Arch>];
    x.store_unaligned(lane);
    for (std::size_t half = lanes<T, Arch> / 2; half > 0; half /= 2)
        for (std::size_t i = 0; i < half; ++i) lane[i] = lane[i] < lane[i + half] ? lane[i + half] : lane[i];
    return lane[0];
}

/// 1 in the first `count` lanes, 0 in the others; `count` at most the number of lanes. Read from a table at an offset.
template <class T, class Arch = native> batch<T, Arch> leading_ones(std::size_t count) noexcept {
    constexpr std::size_t step = lanes<T, Arch>;
    static constexpr auto table = [] {
        std::array<T, 2 * step> made{};
        for (std::size_t i = 0; i < step; ++i) made[i] = T(1);
        return made;
    }();
    return batch<T, Arch>::load_unaligned(table.data() + step - count);
}

namespace detail {

/// The lanes of a whose index has no bit `Distance`, and behind each the lane of b that lies there; or, upper, those that have it.
template <std::size_t Distance, bool Upper, class T, class Arch, std::size_t... Lane>
inline batch<T, Arch> paired(const batch<T, Arch>& a, const batch<T, Arch>& b, std::index_sequence<Lane...>) noexcept {
    constexpr std::size_t n = sizeof...(Lane), up = Upper ? Distance : 0;
    using wide = typename batch<T, Arch>::register_type;
    return wide(__builtin_shufflevector(wide(a), wide(b), (Lane & Distance ? n + Lane - Distance + up : Lane + up)...));
}

/// Exchanges the off-diagonal halves of every block of 2 Distance x 2 Distance, then goes on in the halves.
template <std::size_t Distance, class T, class Arch, std::size_t Lanes> inline void exchange(batch<T, Arch> (&x)[Lanes]) noexcept {
    for (std::size_t i = 0; i < Lanes; ++i)
        if (!(i & Distance)) {
            const batch<T, Arch> a = x[i], b = x[i + Distance];
            x[i] = paired<Distance, false>(a, b, std::make_index_sequence<Lanes>{});
            x[i + Distance] = paired<Distance, true>(a, b, std::make_index_sequence<Lanes>{});
        }
    if constexpr (Distance > 1) exchange<Distance / 2>(x);
}

/// power * 2^n, or 0 where x, which rounds to n, is below the exponent of the smallest normal number. power in [0.7, 1.5].
template <class T, class Arch>
inline batch<T, Arch> scaled_where_normal(const batch<T, Arch>& power, const batch<T, Arch>& n, const batch<T, Arch>& x) noexcept {
    constexpr T least(std::numeric_limits<T>::min_exponent - 1);
#if defined(__AVX512F__)
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch> && sizeof(T) == 4)
        return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, _mm512_set1_ps(least), _CMP_NLT_UQ), power, n);
    else if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>)
        return _mm512_maskz_scalef_pd(_mm512_cmp_pd_mask(x, _mm512_set1_pd(least), _CMP_NLT_UQ), power, n);
    else
#endif
    {
        using whole = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
        const auto shift = xsimd::to_int(n) << (std::numeric_limits<T>::digits - 1);
#if XSIMD_VERSION_MAJOR < 11
        const auto scaled = xsimd::bitwise_cast<batch<T, Arch>>(xsimd::bitwise_cast<batch<whole, Arch>>(power) + shift);
#else
        const auto scaled = xsimd::bitwise_cast<T>(xsimd::bitwise_cast<whole>(power) + shift);
#endif
        return xsimd::select(x < batch<T, Arch>(least), batch<T, Arch>(T(0)), scaled);
    }
}

}  // namespace detail

/// exp(x), 0 for what is far below zero: xsimd turns x / log 2 into an integer on its way, which far out no integer can hold.
template <class T, class Arch> batch<T, Arch> exp(const batch<T, Arch>& x) noexcept {
    const batch<T, Arch> lowest(T(-1000));
    return xsimd::exp(xsimd::select(x < lowest, lowest, x));
}
/// x from `low` to `high`, and NaN as NaN.
template <class T, class Arch> batch<T, Arch> clamped(const batch<T, Arch>& x, T low, T high) noexcept {
    const batch<T, Arch> lowest(low), highest(high);
    return xsimd::select(x < lowest, lowest, xsimd::select(x > highest, highest, x));
}
/// To 2 ulp in float; in double to 40 eps, absolute. Both are +-1 long before the bounds, beyond which exp would leave its integers.
template <class T, class Arch> batch<T, Arch> erf(const batch<T, Arch>& x) noexcept { return xsimd::erf(clamped(x, T(-10), T(10))); }
/// To 2 ulp.
template <class T, class Arch> batch<T, Arch> tanh(const batch<T, Arch>& x) noexcept { return xsimd::tanh(clamped(x, T(-40), T(40))); }
template <class T, class Arch> batch<T, Arch> sqrt(const batch<T, Arch>& x) noexcept { return xsimd::sqrt(x); }

/// max(x, 0) that lets NaN through, so that an overflow is seen at the end: what xsimd::max does with NaN changed between versions.
template <class T, class Arch> batch<T, Arch> rectified(const batch<T, Arch>& x) noexcept {
    return xsimd::select(x < batch<T, Arch>(T(0)), batch<T, Arch>(T(0)), x);
}

/// Towards zero; NaN and what is too large for 32 bits become some integer.
template <class Arch> batch<std::int32_t, Arch> to_int(const batch<float, Arch>& x) noexcept { return xsimd::to_int(x); }
/// The last byte of each lane.
template <class Arch> void store_bytes(std::uint8_t* to, const batch<std::int32_t, Arch>& x) noexcept {
#if defined(__AVX512F__)
    if constexpr (batch<std::int32_t, Arch>::size == 16)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(x));
    else
#endif
    {
        std::int32_t lane[batch<std::int32_t, Arch>::size];
        x.store_unaligned(lane);
        for (std::size_t i = 0; i < batch<std::int32_t, Arch>::size; ++i) to[i] = static_cast<std::uint8_t>(lane[i]);
    }
}
/// Integers as floats, to the nearest.
template <class Arch> batch<float, Arch> to_float(const batch<std::int32_t, Arch>& x) noexcept { return xsimd::to_float(x); }

/// Whether a lane of `a` is above that of `b`; NaN is not.
template <class T, class Arch> bool any_above(const batch<T, Arch>& a, const batch<T, Arch>& b) noexcept { return xsimd::any(a > b); }
/// `then` where `a` is above `b`, else `otherwise`.
template <class T, class Arch>
batch<T, Arch> where_above(const batch<T, Arch>& a, const batch<T, Arch>& b, const batch<T, Arch>& then,
                           const batch<T, Arch>& otherwise) noexcept {
    return xsimd::select(a > b, then, otherwise);
}

/// 2^x for x from -infinity to below 128, to 2 ulp; 0 where that is less than the smallest normal number, exactly 1 for 0, NaN for NaN.
/// Less than half of what exp costs: n = x rounded goes into the exponent, and 2^(x - n) is a polynomial with p(0) = 1 (minimax, relative
/// error 3e-9 in float, 2e-17 in double).
template <class T, class Arch> batch<T, Arch> exp2(const batch<T, Arch>& x) noexcept {
    static constexpr auto terms = [] {
        if constexpr (sizeof(T) == 4)
            return std::array{1.5594677e-4f, 1.34066466e-3f, 9.6176930e-3f, 5.5503106e-2f, 2.40226528e-1f, 6.93147215e-1f, 1.f};
        else
            return std::array{4.0780717860928704165e-10, 7.0725703945407994337e-9, 1.0180647660573069343e-7, 1.3215442675452855182e-6,
                              1.525272738518977478e-5,   1.5403530441571850099e-4, 1.333355815343996974e-3,  9.6181291076070026171e-3,
                              5.5504108664790394528e-2,  2.4022650695910098006e-1, 6.9314718055994569675e-1, 1.};
    }();
    const batch<T, Arch> n = xsimd::nearbyint(x), rest = x - n;
    batch<T, Arch> power(terms[0]);
    for (std::size_t i = 1; i < terms.size(); ++i) power = fma(power, rest, batch<T, Arch>(terms[i]));
    return detail::scaled_where_normal(power, n, x);
}

/// Columns of `lanes` registers become rows.
template <class T, class Arch, std::size_t Lanes> void transpose(batch<T, Arch> (&x)[Lanes]) noexcept {
    static_assert(Lanes == lanes<T, Arch>);
    detail::exchange<Lanes / 2>(x);
}

/// x where `gate` is above zero, else y.
template <class T, class Arch>
batch<T, Arch> where_positive(const batch<T, Arch>& gate, const batch<T, Arch>& x, const batch<T, Arch>& y) noexcept {
    return xsimd::select(gate > batch<T, Arch>(T(0)), x, y);
}

}  // namespace rivulet::inline RIVULET_ABI::simd
