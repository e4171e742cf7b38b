// SPDX-License-Identifier: MIT
// Rows as 8-bit codes with bounds: which rows of a table can have an inner product that reaches a given score, and which surely cannot.
//
// A row r is s_r c_r + e_r: a scale, signed codes, and what they miss; a query q is s_q c_q + e_q. With D = c_q . c_r, exact in integers,
//
//     q.r - s_q s_r D = e_q.r + (s_q c_q).e_r,   so   |q.r - s_q s_r D| <= |e_q| |r| + |s_q c_q| |e_r|.                              (1)
//
// The norms are the actual ones of each row, rounded up, not those of the worst row that has such a scale. The scan computes, in float,
//
//     A = s_q s_r D   and   U = A + alpha |r| + beta |e_r| + tau,
//
// and U is at least F, the row's product as math::row_products computes it, because these are at least all that lies between, W = Width
// and u = 2^-24:
//   - F against q.r: (W + 1) u |q| |r|, since no term of F meets more than W roundings, nor more than W / 4 + 7;
//   - s_q s_r D against q.r: (1);
//   - A, and U's last addition: 5 roundings of at most u (1 + 5 u) |s_q c_q| (|r| + |e_r|), since |s_q s_r D| <= |s_q c_q| |s_r c_r|;
//   - results below the normal numbers, rounded to a subnormal one or flushed to zero: 2^-126 each, times up to |D| < 2^14 W where a
//     compiler that may reorder has multiplied the scales first;
//   - the sum of alpha |r|, beta |e_r| and tau itself: 4 roundings, for which all three are taken 2^-20 larger.
// So alpha = (|e_q| + (W + 1) u |q| + 5 u (1 + 2^-20) |s_q c_q|) (1 + 2^-20), beta = (1 + 6 u) |s_q c_q| (1 + 2^-20),
// tau = 2^-126 2^14 (W + 1) (1 + 2^-20), rounded up from double.
//
// None of this holds if a number overflows. Rows longer than `longest` = 2^125 / max(|q|, 256 W) are never excluded; for the others all
// sums that were named stay below 2^127. A query so long that s_q D could overflow excludes nothing.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "../core/arena.hpp"
#include "../core/rows.hpp"
#include "../math/eight_bit_product.hpp"
#include "../math/eight_bits.hpp"
#include "../math/row_products.hpp"

namespace rivulet::inline RIVULET_ABI {

/// The codes and bounds of a table's rows, Width + 12 bytes each. Codes are kept unsigned, 128 more than they are, so that what must be
/// taken off a product depends on the query alone.
template <std::size_t Width> class coded_rows {
public:
    static_assert(Width <= 65536, "sums of products of 8-bit codes could leave 32 bits");

    /// A query in codes, and what follows from it for every row. query: (Width) finite numbers.
    class question {
    public:
        explicit question(const float* query) noexcept {
            constexpr double u = 0x1p-24, larger = 1 + 0x1p-20, w = Width;
            std::fill(codes.begin(), codes.end(), std::int8_t(0));
            scale = math::encode_signed(query, Width, codes.data());
            for (const std::int8_t code : codes) offset += 128 * code;
            const double length = math::norm_above(query, Width), coded = math::norm_above(codes.data(), Width, scale);
            const double missed = math::residual_above(query, codes.data(), Width, scale);
            per_norm = math::rounded_up((missed + (w + 1) * u * length + 5 * u * larger * coded) * larger);
            per_residual = math::rounded_up((1 + 6 * u) * coded * larger);
            slack = math::rounded_up(0x1p-112 * (w + 1) * larger);
            longest = static_cast<float>(0x1p125 / std::max(length, 256 * w));
            if (length > 0x1p125 / (256 * w)) longest = -1;
        }

        std::array<std::int8_t, math::padded_inputs(Width)> codes;
        std::int32_t offset = 0;  // 128 times the sum of the codes
        float scale, per_norm, per_residual, slack, longest;
    };

    /// Room for this many rows; keeps what is there. Throws std::bad_alloc, and then nothing has changed.
    void reserve(std::size_t rows) {
        const std::size_t blocks = (rows + block - 1) / block;
        if (blocks * block_bounds <= bounds_.size()) return;
        arena<std::uint8_t> codes(blocks * block_codes);
        bounds_.resize(blocks * block_bounds);
        std::copy_n(codes_.data(), codes_.size(), codes.data());
        codes_ = std::move(codes);
    }

    /// Encodes a row of finite numbers. numbers: (Width).
    void write(std::size_t row, const float* numbers) noexcept {
        std::array<std::int8_t, Width> codes;
        const float scale = math::encode_signed(numbers, Width, codes.data());
        for (std::size_t i = 0; i < Width; ++i) *code(row, i) = static_cast<std::uint8_t>(codes[i] + 128);
        float* const of_row = bounds(row);
        of_row[0] = scale;
        of_row[block] = math::norm_above(numbers, Width);
        of_row[2 * block] = math::residual_above(numbers, codes.data(), Width, scale);
    }
    void copy(std::size_t from, std::size_t to) noexcept {
        for (std::size_t i = 0; i < Width; ++i) *code(to, i) = *code(from, i);
        for (std::size_t k = 0; k < 3; ++k) bounds(to)[k * block] = bounds(from)[k * block];
    }

    /// f(row) for each row from `begin`, a multiple of 16, to `end` whose product with the query may reach `least()`, which f may raise,
    /// and for those whose product may overflow. O((end - begin) Width) byte products.
    template <class Least, class F>
    void each_that_may_reach(const question& asked, std::size_t begin, std::size_t end, Least&& least, F&& f) const noexcept {
        alignas(64) std::array<std::int32_t, at_once * block> products;
        alignas(64) std::array<float, block> highest;
        const std::size_t blocks = (end + block - 1) / block;
        for (std::size_t first = begin / block; first < blocks; first += at_once) {
            const std::size_t number = std::min(at_once, blocks - first);
            math::multiply_streamed(asked.codes.data(), Width, codes_.data() + first * block_codes, number * block, products.data());
            for (std::size_t b = 0; b < number; ++b) {
                bound(asked, products.data() + b * block, bounds_.data() + (first + b) * block_bounds, highest.data());
                const std::size_t row = (first + b) * block;
                for (std::uint32_t left = math::which_count(highest.data(), least()); left != 0; left &= left - 1) {
                    const std::size_t one = row + static_cast<std::size_t>(std::countr_zero(left));
                    if (one < end) f(one);
                }
            }
        }
    }

    /// The upper bound of a row's product, or the largest float where there is none. O(Width).
    float highest(const question& asked, std::size_t row) const noexcept {
        std::array<std::int32_t, block> products{};
        std::array<float, block> highest;
        for (std::size_t i = 0; i < Width; ++i) products[row % block] += *code(row, i) * asked.codes[i];
        bound(asked, products.data(), bounds_.data() + row / block * block_bounds, highest.data());
        return highest[row % block];
    }

    std::size_t memory() const noexcept { return codes_.size() + bounds_.size() * sizeof(float); }

private:
    static constexpr std::size_t block = math::packed_outputs, at_once = 8;  // rows, blocks
    static constexpr std::size_t block_codes = block * math::padded_inputs(Width), block_bounds = 3 * block;

    /// The bounds of a block's rows. products, highest: (16 rows); of_rows: (3, 16 rows).
    static void bound(const question& asked, const std::int32_t* products, const float* of_rows, float* highest) noexcept {
        using numbers = simd::batch<float>;
        const numbers scale(asked.scale), per_norm(asked.per_norm), per_residual(asked.per_residual), slack(asked.slack);
        const numbers longest(asked.longest), none(std::numeric_limits<float>::max());
        const simd::batch<std::int32_t> offset(asked.offset);
        for (std::size_t i = 0; i < block; i += simd::lanes<float>) {
            const auto norm = simd::load(of_rows + block + i), residual = simd::load(of_rows + 2 * block + i);
            const auto about = simd::to_float(simd::load(products + i) - offset) * simd::load(of_rows + i) * scale;
            const auto most = about + simd::fma(per_norm, norm, simd::fma(per_residual, residual, slack));
            simd::store(highest + i, simd::where_positive(norm - longest, none, most));
        }
    }

    template <class Self> static auto code_of(Self& self, std::size_t row, std::size_t input) noexcept {
        return self.codes_.data() + math::packed_place(Width, input, row);
    }
    std::uint8_t* code(std::size_t row, std::size_t input) noexcept { return code_of(*this, row, input); }
    const std::uint8_t* code(std::size_t row, std::size_t input) const noexcept { return code_of(*this, row, input); }
    float* bounds(std::size_t row) noexcept { return bounds_.data() + row / block * block_bounds + row % block; }
    const float* bounds(std::size_t row) const noexcept { return bounds_.data() + row / block * block_bounds + row % block; }

    arena<std::uint8_t> codes_;  // packed: (blocks, groups of inputs, 16 rows, 4 inputs)
    arena<float> bounds_;        // (blocks, 3, 16 rows): scale, norm, residual
};

}  // namespace rivulet::inline RIVULET_ABI
