// SPDX-License-Identifier: MIT
// Inner products of one vector with rows, in an order of additions that is the same for each row wherever it lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {
namespace detail {

#if defined(__AVX512F__)
/// The sum of each of 16 registers, in order. Registers are added in pairs, each step half as many: 45 instructions, where 16 sums of
/// their own take 112. What is added to what is the same for every register.
inline void sums_of_each(const simd::batch<float>* x, float* sums) noexcept {
    const auto pair = [](__m512 a, __m512 b) { return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)); };
    const auto four = [&](const simd::batch<float>* r) {
        const __m512d ab = _mm512_castps_pd(pair(r[0], r[1])), cd = _mm512_castps_pd(pair(r[2], r[3]));
        return _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)), _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)));
    };
    const auto eight = [&](const simd::batch<float>* r) {
        const __m512 low = four(r), high = four(r + 4);
        return _mm512_add_ps(_mm512_shuffle_f32x4(low, high, 0x44), _mm512_shuffle_f32x4(low, high, 0xee));
    };
    const __m512 low = eight(x), high = eight(x + 8);
    _mm512_storeu_ps(sums, _mm512_add_ps(_mm512_shuffle_f32x4(low, high, 0x88), _mm512_shuffle_f32x4(low, high, 0xdd)));
}
inline constexpr std::size_t rows_summed = 16;
#elif defined(__AVX__)
inline void sums_of_each(const simd::batch<float>* x, float* sums) noexcept {
    const __m256 both = _mm256_hadd_ps(_mm256_hadd_ps(x[0], x[1]), _mm256_hadd_ps(x[2], x[3]));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1)));
}
inline constexpr std::size_t rows_summed = 4;
#else
inline constexpr std::size_t rows_summed = 1;
inline void sums_of_each(const simd::batch<float>*, float*) noexcept {}
#endif

}  // namespace detail

/// How many rows math::row_products multiplies: 16, or 1 that is so long that the sum across registers at its end is nothing beside it.
template <std::size_t Width> inline constexpr std::size_t rows_at_once = Width <= 256 ? 16 : 1;
/// How many numbers behind the last row are read and multiplied by 0: they must be there, and finite.
inline constexpr std::size_t read_beyond_rows = 15;

// One body for all callers: without -ffast-math every instruction below gives the same numbers wherever it is compiled, with it a compiler
// may add in another order in another copy.
#if defined(__GNUC__) && !defined(__clang__)
#define RIVULET_ONE_BODY [[gnu::noipa]]
#else
#define RIVULET_ONE_BODY [[gnu::noinline]]
#endif

/// products[i] = the sum of x[j] rows[i][j] over j < Width. x: (Width rounded up to 16), zeros behind Width; rows: (count, Width), count a
/// multiple of rows_at_once; products: (count). The product of a row is one number, bit for bit, whichever rows are beside it. |product -
/// exact| <= (Width + 1) 2^-24 |x| |row|, as in any order (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
template <std::size_t Width>
RIVULET_ONE_BODY void row_products(const float* x, const float* rows, std::size_t count, float* products) noexcept {
    if constexpr (kernel::apart<float>)
        if (kernels::in_use().row_products(Width, x, rows, count, products)) return;
    constexpr std::size_t step = simd::lanes<float>, steps = (Width + step - 1) / step;
    constexpr std::size_t together = rows_at_once<Width> == 1 ? 1 : detail::rows_summed;
    constexpr std::size_t chains = steps > 8 ? 4 : 1;  // a long row's additions would wait for each other; short rows overlap
    for (std::size_t first = 0; first < count; first += together) {
        simd::batch<float> sums[together];
        for (std::size_t r = 0; r < together; ++r, rows += Width) {
            simd::batch<float> chain[chains];
            for (auto& one : chain) one = simd::batch<float>(0.0f);
            for (std::size_t s = 0; s < steps / chains * chains; s += chains)
                for (std::size_t c = 0; c < chains; ++c)
                    chain[c] = simd::fma(simd::load(x + (s + c) * step), simd::load(rows + (s + c) * step), chain[c]);
            for (std::size_t s = steps / chains * chains; s < steps; ++s)
                chain[0] = simd::fma(simd::load(x + s * step), simd::load(rows + s * step), chain[0]);
            if constexpr (chains == 4) chain[0] = (chain[0] + chain[1]) + (chain[2] + chain[3]);
            sums[r] = chain[0];
        }
        if constexpr (together == 1)
            products[first] = simd::sum(sums[0]);
        else
            detail::sums_of_each(sums, products + first);
    }
}

#undef RIVULET_ONE_BODY

/// Which of 16 scores are at least `least` or not finite: bit i for scores[i].
inline std::uint32_t which_count(const float* scores, float least) noexcept {
    if constexpr (kernel::apart<float>) return kernels::in_use().which_count(scores, least);
#if defined(__AVX512F__)
    const __m512 x = _mm512_loadu_ps(scores);
    const __mmask16 finite = _mm512_cmp_ps_mask(_mm512_abs_ps(x), _mm512_set1_ps(std::numeric_limits<float>::max()), _CMP_LE_OQ);
    return static_cast<std::uint32_t>(_mm512_cmp_ps_mask(x, _mm512_set1_ps(least), _CMP_NLT_UQ)) |
           (0xffffu & ~static_cast<std::uint32_t>(finite));
#elif defined(__AVX__)
    const __m256 most = _mm256_set1_ps(std::numeric_limits<float>::max()), sign = _mm256_set1_ps(-0.0f), lowest = _mm256_set1_ps(least);
    std::uint32_t which = 0;
    for (int half = 0; half < 2; ++half) {
        const __m256 x = _mm256_loadu_ps(scores + 8 * half);
        const __m256 unfit = _mm256_cmp_ps(_mm256_andnot_ps(sign, x), most, _CMP_NLE_UQ);
        which |= static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_or_ps(_mm256_cmp_ps(x, lowest, _CMP_NLT_UQ), unfit))) << (8 * half);
    }
    return which;
#else
    std::uint32_t which = 0;
    for (int i = 0; i < 16; ++i) which |= static_cast<std::uint32_t>(!finite(scores[i]) || scores[i] >= least) << i;
    return which;
#endif
}

}  // namespace rivulet::inline RIVULET_ABI::math
