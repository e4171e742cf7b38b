// SPDX-License-Identifier: MIT
// Matrix products of 8-bit codes, exact in 32-bit integers, on codes packed so that one instruction adds 4 inputs for 16 outputs.
//
// Packed codes lie as (outputs / 16, inputs / 4, 16 outputs, 4 inputs): a cache line holds 4 inputs of 16 outputs, and vpdpbusd adds the
// products of all 64 into 16 sums, with no sum across a register at the end. That instruction multiplies unsigned by signed codes, so one
// of the two matrices is unsigned and the other signed. Signed by signed is brought to it by adding 128 to the codes of one of them: the
// sums are then too large by 128 times the sum of the other's codes.
//
// Every kernel gives the same integers: the others widen to 16 bits first, because the older instruction for bytes, vpmaddubsw, saturates.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "../core/config.hpp"
#include "../core/rows.hpp"
#include "kernels.hpp"

namespace rivulet::inline RIVULET_ABI::math {

inline constexpr std::size_t packed_outputs = 16;  // of a block
inline constexpr std::size_t packed_inputs = 4;    // of a group

/// Inputs rounded up to whole groups: how long a row of x is; the codes beyond the inputs are 0 on one side at least.
constexpr std::size_t padded_inputs(std::size_t in) noexcept { return (in + packed_inputs - 1) / packed_inputs * packed_inputs; }
constexpr std::size_t padded_outputs(std::size_t out) noexcept { return (out + packed_outputs - 1) / packed_outputs * packed_outputs; }
/// Bytes of packed codes.
constexpr std::size_t packed_size(std::size_t in, std::size_t out) noexcept { return padded_inputs(in) * padded_outputs(out); }
/// Where a code lies among packed ones.
constexpr std::size_t packed_place(std::size_t in, std::size_t input, std::size_t output) noexcept {
    return output / packed_outputs * packed_outputs * padded_inputs(in) + input / packed_inputs * packed_inputs * packed_outputs +
           output % packed_outputs * packed_inputs + input % packed_inputs;
}

template <class Code>
concept code = std::same_as<Code, std::int8_t> || std::same_as<Code, std::uint8_t>;

/// Packs codes that lie output by output; the padding is 0. codes: (out, in), packed: packed_size(in, out).
template <code Code> void pack(rows<const Code> codes, std::size_t in, Code* packed) noexcept {
    std::memset(packed, 0, packed_size(in, codes.count));
    for (std::size_t o = 0; o < codes.count; ++o)
        for (std::size_t i = 0; i < in; ++i) packed[packed_place(in, i, o)] = codes[o][i];
}

/// The sum of each output's codes, which 128 more in every input is multiplied by. sums: padded_outputs(out).
template <code Code> void sum_packed(const Code* packed, std::size_t in, std::size_t out, std::int32_t* sums) noexcept {
    for (std::size_t o = 0; o < padded_outputs(out); ++o) {
        sums[o] = 0;
        for (std::size_t i = 0; i < padded_inputs(in); ++i) sums[o] += packed[packed_place(in, i, o)];
    }
}

namespace eight_bit {

/// Products for Rows rows of x and Blocks blocks of outputs. x: (Rows, padded_inputs), packed: Blocks blocks of `groups` groups, y: (Rows,
/// 16 Blocks).
struct plain {
    static constexpr std::size_t rows_at_once = 1, blocks_at_once = 1, blocks_of_one_row = 1;
    template <std::size_t Rows, std::size_t Blocks, code X, code P>
    static void multiply(rows<const X> x, std::size_t groups, const P* packed, rows<std::int32_t> y) noexcept {
        static_assert(Rows == 1 && Blocks == 1);
        std::int32_t sums[packed_outputs]{};
        for (std::size_t g = 0; g < groups; ++g)
            for (std::size_t o = 0; o < packed_outputs; ++o)
                for (std::size_t i = 0; i < packed_inputs; ++i)
                    sums[o] += x[0][g * packed_inputs + i] * packed[(g * packed_outputs + o) * packed_inputs + i];
        std::memcpy(y[0], sums, sizeof sums);
    }
};

#if defined(__AVX2__)
struct avx2 {
    static constexpr std::size_t rows_at_once = 2, blocks_at_once = 1, blocks_of_one_row = 1;  // 8 sums, 4 of packed codes, 16 registers
    template <code Code> static __m256i widened(const Code* from) noexcept {
        const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        if constexpr (std::same_as<Code, std::int8_t>) return _mm256_cvtepi8_epi16(codes);
        return _mm256_cvtepu8_epi16(codes);
    }
    template <code Code> static __m256i repeated(const Code* from) noexcept {  // 4 inputs in 16 bits, 4 times
        std::int32_t group;
        std::memcpy(&group, from, sizeof group);
        const __m128i codes = _mm_cvtsi32_si128(group);
        if constexpr (std::same_as<Code, std::int8_t>) return _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(codes));
        return _mm256_broadcastq_epi64(_mm_cvtepu8_epi16(codes));
    }
    template <std::size_t Rows, std::size_t Blocks, code X, code P>
    static void multiply(rows<const X> x, std::size_t groups, const P* packed, rows<std::int32_t> y) noexcept {
        static_assert(Blocks == 1);
        __m256i sums[Rows][4];  // each: 4 outputs, of each the sums of inputs 0, 1 and of inputs 2, 3
        for (std::size_t r = 0; r < Rows; ++r)
            for (auto& four : sums[r]) four = _mm256_setzero_si256();
        for (std::size_t g = 0; g < groups; ++g, packed += packed_inputs * packed_outputs) {
            __m256i codes[4];
            for (std::size_t k = 0; k < 4; ++k) codes[k] = widened(packed + 16 * k);
            for (std::size_t r = 0; r < Rows; ++r) {
                const __m256i inputs = repeated(x[r] + g * packed_inputs);
                for (std::size_t k = 0; k < 4; ++k) sums[r][k] = _mm256_add_epi32(sums[r][k], _mm256_madd_epi16(inputs, codes[k]));
            }
        }
        for (std::size_t r = 0; r < Rows; ++r)
            for (std::size_t k = 0; k < 4; k += 2) {
                const __m256i pairs = _mm256_hadd_epi32(sums[r][k], sums[r][k + 1]);  // outputs 0 1, 4 5 | 2 3, 6 7
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(y[r] + 4 * k), _mm256_permute4x64_epi64(pairs, 0xd8));
            }
    }
};
#endif

#if defined(__AVX512VNNI__)
struct vnni {
    // 24 sums and 4 of packed codes in 32 registers; a single row takes 8 blocks, which share what is read of it.
    static constexpr std::size_t rows_at_once = 6, blocks_at_once = 4, blocks_of_one_row = 8;
    template <std::size_t Rows, std::size_t Blocks, code X, code P>
    static void multiply(rows<const X> x, std::size_t groups, const P* packed, rows<std::int32_t> y) noexcept {
        constexpr std::size_t line = packed_inputs * packed_outputs, chains = Rows * Blocks == 1 ? 2 : 1;  // a lone sum waits
        __m512i sums[chains][Rows][Blocks];
        for (auto& chain : sums)
            for (auto& row : chain)
                for (auto& sum : row) sum = _mm512_setzero_si512();
        std::size_t g = 0;
        const auto step = [&](auto& to) {
            __m512i codes[Blocks];
            for (std::size_t b = 0; b < Blocks; ++b) codes[b] = _mm512_loadu_si512(packed + (b * groups + g) * line);
            for (std::size_t r = 0; r < Rows; ++r) {
                std::int32_t group;
                std::memcpy(&group, x[r] + g * packed_inputs, sizeof group);
                const __m512i inputs = _mm512_set1_epi32(group);
                for (std::size_t b = 0; b < Blocks; ++b) to[r][b] = add<Rows * Blocks>(to[r][b], inputs, codes[b], X());
            }
            ++g;
        };
        while (g + chains <= groups)
            for (auto& chain : sums) step(chain);
        while (g < groups) step(sums[0]);
        for (std::size_t c = 1; c < chains; ++c) sums[0][0][0] = _mm512_add_epi32(sums[0][0][0], sums[c][0][0]);
        for (std::size_t r = 0; r < Rows; ++r)
            for (std::size_t b = 0; b < Blocks; ++b) _mm512_storeu_si512(y[r] + b * packed_outputs, sums[0][r][b]);
    }

private:
    // The instruction takes the unsigned codes first.
    template <std::size_t Sums> static __m512i add(__m512i sums, __m512i x, __m512i packed, std::uint8_t) noexcept {
        return add_products<Sums>(sums, x, packed);
    }
    template <std::size_t Sums> static __m512i add(__m512i sums, __m512i x, __m512i packed, std::int8_t) noexcept {
        return add_products<Sums>(sums, packed, x);
    }
    template <std::size_t Sums> static __m512i add_products(__m512i sums, __m512i of_unsigned, __m512i of_signed) noexcept {
#if defined(__GNUC__) && !defined(__clang__)
        if constexpr (Sums > 1) {  // g++ 12 copies sums around its own intrinsic, and most of 24 to memory and back: half the speed
            __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(of_unsigned), "v"(of_signed));
            return sums;
        }
#endif
        return _mm512_dpbusd_epi32(sums, of_unsigned, of_signed);
    }
};
using native = vnni;
#elif defined(__AVX2__)
using native = avx2;
#else
using native = plain;
#endif

/// All blocks for one group of rows: many at once first, then ever fewer.
template <class Kernel, std::size_t Rows, std::size_t Blocks, code X, code P>
void multiply_rows(rows<const X> x, std::size_t groups, const P* packed, std::size_t blocks, rows<std::int32_t> y) noexcept {
    constexpr std::size_t block = packed_inputs * packed_outputs;
    std::size_t at = 0;
    for (; at + Blocks <= blocks; at += Blocks)
        Kernel::template multiply<Rows, Blocks>(x, groups, packed + at * groups * block, y.columns(at * packed_outputs));
    if constexpr (Blocks > 1)
        if (at < blocks)
            multiply_rows<Kernel, Rows, Blocks / 2>(x, groups, packed + at * groups * block, blocks - at, y.columns(at * packed_outputs));
}

}  // namespace eight_bit

/// y = x times packed, for codes of which one side is unsigned and the other signed. x: (n, padded_inputs(in)), y: (n,
/// padded_outputs(out)), which is written whole. Exact for up to 65,793 inputs, where 255 * 128 of each could leave 32 bits. n in out
/// multiply-adds.
template <class Kernel = eight_bit::native, code X, code P>
    requires(!std::same_as<X, P>)
void multiply(rows<const X> x, std::size_t in, const P* packed, std::size_t out, rows<std::int32_t> y) noexcept {
    if constexpr (kernel::apart<float> && std::same_as<Kernel, eight_bit::native> && std::same_as<X, std::uint8_t>)
        return kernels::in_use().multiply_unsigned(x.data, x.stride, x.count, in, packed, out, y.data, y.stride);
    const std::size_t groups = padded_inputs(in) / packed_inputs, blocks = padded_outputs(out) / packed_outputs;
    std::size_t r = 0;
    for (; r + Kernel::rows_at_once <= x.count && Kernel::rows_at_once > 1; r += Kernel::rows_at_once)
        eight_bit::multiply_rows<Kernel, Kernel::rows_at_once, Kernel::blocks_at_once>(x.from(r, Kernel::rows_at_once), groups, packed,
                                                                                       blocks, y.from(r, Kernel::rows_at_once));
    for (; r < x.count; ++r)
        eight_bit::multiply_rows<Kernel, 1, Kernel::blocks_of_one_row>(x.from(r, 1), groups, packed, blocks, y.from(r, 1));
}

/// The same for one row and packed codes that are in no cache: block after block as they lie, because memory is read at more than twice the
/// speed in one stream than in several side by side. x: (padded_inputs(in)), y: (padded_outputs(out)).
template <class Kernel = eight_bit::native, code X, code P>
    requires(!std::same_as<X, P>)
void multiply_streamed(const X* x, std::size_t in, const P* packed, std::size_t out, std::int32_t* y) noexcept {
    if constexpr (kernel::apart<float> && std::same_as<Kernel, eight_bit::native> && std::same_as<X, std::int8_t>)
        return kernels::in_use().multiply_streamed(x, in, packed, out, y);
    eight_bit::multiply_rows<Kernel, 1, 1>(rows<const X>{x, 1, 0}, padded_inputs(in) / packed_inputs, packed,
                                           padded_outputs(out) / packed_outputs, rows<std::int32_t>{y, 1, 0});
}

}  // namespace rivulet::inline RIVULET_ABI::math
