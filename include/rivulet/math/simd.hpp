// SPDX-License-Identifier: MIT
// Registers: the one place that names xsimd, with what its versions 8.1 to 14 spell differently.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

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

/// x where `gate` is above zero, else y.
template <class T, class Arch>
batch<T, Arch> where_positive(const batch<T, Arch>& gate, const batch<T, Arch>& x, const batch<T, Arch>& y) noexcept {
    return xsimd::select(gate > batch<T, Arch>(T(0)), x, y);
}

}  // namespace rivulet::inline RIVULET_ABI::simd
