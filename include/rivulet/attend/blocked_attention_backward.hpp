// SPDX-License-Identifier: MIT
// The way back through attention in blocks: shares are computed again, a block of queries by a block of keys at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include "../core/rows.hpp"
#include "../math/lanes.hpp"
#include "../math/vector.hpp"
#include "attention_mask.hpp"
#include "blocked_attention.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// Beside a block of queries the slopes of what it gave, a query a lane, too. Two passes over the keys (Dao 2023, with the sums that
/// forward would have kept computed again): the first finds each query's total and the mean slope of its shares, the second adds to the
/// slopes of queries, keys and values. Where one block holds all keys the second finds all there.
template <class T, class Arch> struct query_slopes {
    using block = query_block<T, Arch, 64, true>;
    using batch = typename block::batch;
    static constexpr std::size_t step = block::step, lanes = block::lanes;

    block of;
    alignas(64) T slopes[block::room];               // (value_width, Registers * step): of out
    alignas(64) T shares[block::most_keys * lanes];  // (held, Registers * step): slopes of the shares, then of the logits, times scale
    alignas(64) T share[lanes], mean[lanes];
    query_slopes() {}

    static batch load(const T* from) noexcept { return simd::load<T, Arch>(from); }

    /// The slopes that queries first..first + count give, or alone(r) for each of them, where a number that is not finite takes part.
    template <std::size_t Registers, class Alone>
    void add(rows<const T> asked, std::size_t first, std::size_t count, std::size_t width, rows<const T> keys, rows<const T> values,
             std::size_t value_width, rows<const T> out_slope, rows<T> query_slope, rows<T> key_slope, rows<T> value_slope,
             const attention_mask<T>& mask, rows<T> added_slope, Alone&& alone) noexcept {
        constexpr std::size_t stride = Registers * step;
        const T scale = T(1) / std::sqrt(static_cast<T>(width));
        of.template begin<Registers>(asked.from(first, count), width);
        block::template transpose<Registers>(out_slope.from(first, count), value_width, T(1), slopes);
        std::fill_n(of.sums, stride, T(0));  // in the first pass one row: of weight times slope of the share

        const std::size_t end = past_of(mask, first + count - 1, asked.count, keys.count);
        const auto next = [&](std::size_t t) {
            t = of.template gather<stride>(t, end, first, count, asked.count, keys, values, mask);
            if (of.held == 0) return t;
            of.template logits<Registers>(width);
            of.template weigh<Registers>(1);
            of.template multiply_rows<Registers>(of.value, value_width, slopes, true, shares, nullptr);
            return t;
        };
        std::size_t blocks = 0;
        for (std::size_t t = 0; t < end;) {
            t = next(t);
            for (std::size_t c = 0; c < stride; c += step) {
                batch sum = load(of.sums + c);
                for (std::size_t k = 0; k < of.held; ++k)
                    sum = simd::fma(load(of.weights + k * stride + c), load(shares + k * stride + c), sum);
                simd::store(of.sums + c, sum);
            }
            blocks += of.held > 0;
        }
        if (blocks == 0) return;
        for (std::size_t r = 0; r < count; ++r)
            if (!math::finite(of.total[r]) || !math::finite(of.sums[r])) {
                for (std::size_t each = first; each < first + count; ++each) alone(each);
                return;
            }
        for (std::size_t r = 0; r < stride; ++r) {
            share[r] = r < count && of.total[r] > 0 ? T(1) / of.total[r] : T(0);
            mean[r] = share[r] > 0 ? of.sums[r] * share[r] : T(0);
        }

        const bool kept = blocks == 1 && of.held > 0;
        bool fresh = true;
        for (std::size_t t = 0; t < end;) {
            t = kept ? end : next(t);
            if (of.held == 0) continue;
            to_logits<Registers>(scale);
            if (added_slope.data) add_added<stride>(added_slope, first, count, T(1) / scale);
            add_products<stride>(of.weights, out_slope.from(first, count), value_width, slopes, T(1), value_slope);
            add_products<stride>(shares, asked.from(first, count), width, of.queries, T(1) / (scale * block::log2e), key_slope);
            of.template add_rows<Registers>(of.key, width, shares, fresh);
            fresh = false;
        }
        const rows<T> turned{slopes, count, width};  // no longer needed
        math::transpose<T, Arch>({of.sums, width, stride}, count, turned, [](std::size_t) { return T(1); });
        for (std::size_t r = 0; r < count; ++r) math::add_scaled<T, Arch>(T(1), turned[r], query_slope[first + r], width);
    }

    /// Weights become shares, and the shares' slopes those of the logits, times scale.
    template <std::size_t Registers> void to_logits(T scale) noexcept {
        constexpr std::size_t stride = Registers * step;
        for (std::size_t k = 0; k < of.held; ++k)
            for (std::size_t c = 0; c < stride; c += step) {
                const batch p = load(of.weights + k * stride + c) * load(share + c);
                simd::store(of.weights + k * stride + c, p);
                simd::store(shares + k * stride + c, p * (load(shares + k * stride + c) - load(mean + c)) * batch(scale));
            }
    }

    template <std::size_t Stride> void add_added(rows<T> added_slope, std::size_t first, std::size_t count, T factor) const noexcept {
        for (std::size_t k = 0; k < of.held; ++k)
            for (std::size_t r = 0; r < count; ++r) added_slope[first + r][of.moment[k]] += factor * shares[k * Stride + r];
    }

    /// to[key] += factors[key] x for the held keys: whole registers of columns from x, (count, columns), what is left as products of
    /// lanes, from `turned`, (columns, Stride), times `unscaled`.
    template <std::size_t Stride>
    void add_products(const T* factors, rows<const T> x, std::size_t columns, const T* turned, T unscaled, rows<T> to) const noexcept {
        std::size_t at = 0;
        if constexpr (block::across >= 4)
            for (; at + 4 * step <= columns; at += 4 * step) add_columns<4, Stride>(factors, x.columns(at), to.columns(at));
        for (; at + 2 * step <= columns; at += 2 * step) add_columns<2, Stride>(factors, x.columns(at), to.columns(at));
        for (; at + step <= columns; at += step) add_columns<1, Stride>(factors, x.columns(at), to.columns(at));
        for (std::size_t k = 0; at < columns && k < of.held; ++k)
            for (std::size_t c = at; c < columns; ++c)
                to[of.moment[k]][c] += unscaled * math::dot<T, Arch>(factors + k * Stride, turned + c * Stride, x.count);
    }
    template <std::size_t Across, std::size_t Stride> void add_columns(const T* factors, rows<const T> x, rows<T> to) const noexcept {
        math::each_tile(of.held, [&](auto number, std::size_t k) {
            math::multiply_tile<number, Across, T, Arch>(
                x.count, [&](std::size_t i, std::size_t r) { return factors[(k + r) * Stride + i]; }, x.data, x.stride, false,
                [&](std::size_t r) { return to[of.moment[k + r]]; });
        });
    }
};

/// All queries in blocks; alone(r) for each that has to be asked by itself. The scratch, up to 90 KB, lies on this function's stack alone.
template <class T, class Arch = simd::native, class Alone>
[[gnu::noinline]] void attend_backward_in_blocks(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values,
                                                 std::size_t value_width, rows<const T> out_slope, rows<T> query_slope, rows<T> key_slope,
                                                 rows<T> value_slope, const attention_mask<T>& mask, rows<T> added_slope,
                                                 Alone&& alone) noexcept {
    using block = typename query_slopes<T, Arch>::block;
    query_slopes<T, Arch> slopes;
    // As narrow as it takes to keep the weights of all keys, which saves two of seven products.
    std::size_t widest = block::across;
    while (widest > 1 && keys.count > block::most_keys * block::across / widest) widest /= 2;
    if (keys.count > block::most_keys * block::across) widest = block::across;
    if (mask.causal) widest = std::min<std::size_t>(widest, block::across == 4 ? 1 : 2);
    each_query_block<block>(
        queries.count, widest, std::max(width, value_width),
        [&](auto registers, std::size_t first, std::size_t count) {
            slopes.template add<registers>(queries, first, count, width, keys, values, value_width, out_slope, query_slope, key_slope,
                                           value_slope, mask, added_slope, alone);
        },
        alone);
}

}  // namespace rivulet::inline RIVULET_ABI::detail
