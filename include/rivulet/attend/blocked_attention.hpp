// SPDX-License-Identifier: MIT
// Attention of many queries at once: blocks of queries meet blocks of keys in one pass, so that no (n, time) matrix is needed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include "../core/rows.hpp"
#include "../math/lanes.hpp"
#include "../math/vector.hpp"
#include "attention_mask.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// A block of queries, a query a lane, and what it has gathered of the keys so far: the softmax is taken online, with a running maximum
/// and sum (Milakov & Gimelshein 2018; Dao et al. 2022). With queries in lanes that is a maximum and a sum of registers, keys and values
/// are read where they lie, one number for all lanes, whatever their widths and strides, and a key that is masked is left out.
/// Logits are to base 2: log2(e) is part of their scale. The reference that they are taken from may lie up to `slack` below the maximum,
/// which cancels in the quotient; it moves seldom, and what was gathered has to be rescaled only then.
/// `Together`: a block of keys is as large as the room for its weights, for whoever can keep them; else it stays small enough for its rows
/// to be near, and ends where the past of all these queries ends, since what follows needs a mask.
template <class T, class Arch, std::size_t Keys = 96, bool Together = false> struct query_block {
    static constexpr std::size_t step = simd::lanes<T, Arch>, across = math::tile_registers<Arch>, lanes = across * step;
    static constexpr std::size_t fewest_queries = 5, most_keys = Keys, room = (16 << 10) / sizeof(T);
    static constexpr T slack = 8, log2e = std::numbers::log2e_v<T>, hidden = -std::numeric_limits<T>::infinity();

    alignas(64) T queries[room];               // (width, Registers * step), scaled
    alignas(64) T sums[room];                  // (value_width, Registers * step): of the values, by weight
    alignas(64) T weights[most_keys * lanes];  // (held, Registers * step): logits, then 2^(logit - reference)
    alignas(64) T highest[lanes], reference[lanes], total[lanes];
    static constexpr std::size_t most_held = Together ? most_keys * across : most_keys;
    const T *key[most_held], *value[most_held];
    std::size_t moment[most_held];  // which keys they are
    std::size_t held;               // keys in this block
    bool plain;                     // the logits of this block are products alone
    query_block() {}

    using batch = simd::batch<T, Arch>;
    static batch load(const T* from) noexcept { return simd::load<T, Arch>(from); }

    /// out[first..first + count) of all queries; alone(r) for those that have to be asked one by one.
    template <std::size_t Registers, class Alone>
    void attend(rows<const T> asked, std::size_t first, std::size_t count, std::size_t width, rows<const T> keys, rows<const T> values,
                std::size_t value_width, rows<T> out, const attention_mask<T>& mask, Alone&& alone) noexcept {
        constexpr std::size_t stride = Registers * step;
        begin<Registers>(asked.from(first, count), width);
        bool fresh = true;
        const std::size_t end = past_of(mask, first + count - 1, asked.count, keys.count);
        for (std::size_t t = 0; t < end;) {
            t = gather<stride>(t, end, first, count, asked.count, keys, values, mask);
            if (held == 0) continue;
            logits<Registers>(width);
            weigh<Registers>(fresh ? 0 : value_width);
            add_rows<Registers>(value, value_width, weights, fresh);
            fresh = false;
        }
        if (fresh) {
            for (std::size_t r = first; r < first + count; ++r) std::fill_n(out[r], value_width, T(0));
            return;
        }
        T share[lanes];
        for (std::size_t r = 0; r < count; ++r) share[r] = T(1) / total[r];
        math::transpose<T, Arch>({sums, value_width, stride}, count, out.from(first, count), [&](std::size_t r) { return share[r]; });
        // A query that sees nothing, whose logits overflow, or one of whose hidden values is not finite: 0 times that is NaN.
        sum_finite<Registers>(value_width);
        for (std::size_t r = 0; r < count; ++r)
            if (!(total[r] > 0) || !math::finite(highest[r])) alone(first + r);
    }

    template <std::size_t Registers> void begin(rows<const T> asked, std::size_t width) noexcept {
        constexpr std::size_t stride = Registers * step;
        transpose<Registers>(asked, width, log2e / std::sqrt(static_cast<T>(width)), queries);
        std::fill_n(reference, stride, std::numeric_limits<T>::lowest());
        std::fill_n(total, stride, T(0));
    }

    /// Rows become lanes, times a factor; lanes without a row zero.
    template <std::size_t Registers> static void transpose(rows<const T> from, std::size_t width, T factor, T* to) noexcept {
        constexpr std::size_t stride = Registers * step;
        for (std::size_t i = 0; from.count < stride && i < width; ++i) std::fill_n(to + i * stride + from.count, stride - from.count, T(0));
        math::transpose<T, Arch>(from, width, {to, width, stride}, [&](std::size_t) { return factor; });
    }

    /// highest becomes finite where the total and all sums are, by sums of tiny parts of them: those do not overflow.
    template <std::size_t Registers> void sum_finite(std::size_t value_width) noexcept {
        constexpr std::size_t stride = Registers * step;
        const batch tiny(T(1e-30));
        batch finite[Registers];
        for (std::size_t c = 0; c < Registers; ++c) finite[c] = load(total + c * step) * tiny;
        for (std::size_t j = 0; j < value_width; ++j)
            for (std::size_t c = 0; c < Registers; ++c) finite[c] = simd::fma(load(sums + j * stride + c * step), tiny, finite[c]);
        for (std::size_t c = 0; c < Registers; ++c) simd::store(highest + c * step, finite[c]);
    }

    /// The next keys from t on that somebody sees; what the logits begin as where that is not zero. Where it stopped.
    template <std::size_t Stride>
    std::size_t gather(std::size_t t, std::size_t end, std::size_t first, std::size_t count, std::size_t n, rows<const T> keys,
                       rows<const T> values, const attention_mask<T>& mask) noexcept {
        constexpr std::size_t most = Together ? most_keys * lanes / Stride : most_keys;
        const bool shared = mask.added.data && mask.added.stride == 0, each = mask.added.data && !shared;
        const std::size_t everyone = past_of(mask, first, n, keys.count);  // those before are in every query's past
        plain = !mask.added.data && (Together ? end <= everyone || t + most <= everyone : t < everyone);
        if (plain) end = std::min(end, everyone);
        held = 0;
        if (plain && mask.valid.empty()) {
            held = std::min(end - t, most);
            for (std::size_t k = 0; k < held; ++k) key[k] = keys[t + k];
            for (std::size_t k = 0; k < held; ++k) value[k] = values[t + k];
            for (std::size_t k = 0; k < held; ++k) moment[k] = t + k;
            return t + held;
        }
        for (; t < end && held < most; ++t) {
            if (!mask.valid.empty() && mask.valid[t] == 0) continue;
            if (shared && !math::finite(mask.added.data[t])) continue;
            T* const row = weights + held * Stride;
            if (!plain) {
                std::fill_n(row, Stride, shared ? mask.added.data[t] * log2e : T(0));
                bool seen = !each;
                for (std::size_t r = 0; each && r < count; ++r) {
                    const T added = mask.added[first + r][t];
                    row[r] = math::finite(added) ? added * log2e : hidden;
                    seen |= math::finite(added) && t < past_of(mask, first + r, n, keys.count);
                }
                if (!seen) continue;
                if (mask.causal && t + n > first + keys.count) std::fill_n(row, std::min(Stride, t + n - first - keys.count), hidden);
            }
            key[held] = keys[t];
            value[held] = values[t];
            moment[held++] = t;
        }
        return t;
    }

    template <std::size_t Registers> void logits(std::size_t width) noexcept {
        std::fill_n(highest, Registers * step, hidden);
        multiply_rows<Registers>(key, width, queries, plain, weights, highest);
    }

    /// to[k] = (fresh ? 0 : to[k]) + row[k] x for the held keys. row: keys or values, (held, width); x: (width, Registers * step).
    template <std::size_t Registers>
    void multiply_rows(const T* const* row, std::size_t width, const T* x, bool fresh, T* to, T* highest_of) const noexcept {
        constexpr std::size_t stride = Registers * step;
        math::each_tile(held, [&](auto number, std::size_t k) {
            const T* from[number];
            std::copy_n(row + k, std::size_t(number), from);
            math::multiply_tile<number, Registers, T, Arch>(
                width, [&](std::size_t i, std::size_t r) { return from[r][i]; }, x, stride, fresh,
                [&](std::size_t r) { return to + (k + r) * stride; }, highest_of);
        });
    }

    /// Logits become weights; `gathered` rows of sums are rescaled if a reference has to move.
    template <std::size_t Registers> void weigh(std::size_t gathered) noexcept {
        constexpr std::size_t stride = Registers * step;
        bool moves = false;
        for (std::size_t c = 0; c < stride; c += step) moves |= simd::any_above(load(highest + c), load(reference + c) + batch(slack));
        for (std::size_t c = 0; moves && c < stride; c += step) {
            const batch before = load(reference + c), top = load(highest + c);
            const batch now = simd::where_above(top, before + batch(slack), top, before), change = simd::exp2(before - now);
            simd::store(reference + c, now);
            simd::store(total + c, load(total + c) * change);
            for (std::size_t j = 0; j < gathered; ++j) simd::store(sums + j * stride + c, load(sums + j * stride + c) * change);
        }
        batch from[Registers], sum[Registers];
        for (std::size_t c = 0; c < Registers; ++c) {
            from[c] = load(reference + c * step);
            sum[c] = load(total + c * step);
        }
        for (std::size_t k = 0; k < held; ++k)
            for (std::size_t c = 0; c < Registers; ++c) {
                T* const at = weights + k * stride + c * step;
                const batch weight = simd::exp2(load(at) - from[c]);
                simd::store(at, weight);
                sum[c] = sum[c] + weight;
            }
        for (std::size_t c = 0; c < Registers; ++c) simd::store(total + c * step, sum[c]);
    }

    /// sums = (fresh ? 0 : sums) + row' x. row: keys or values, (held, width); x: (held, Registers * step).
    template <std::size_t Registers> void add_rows(const T* const* row, std::size_t width, const T* x, bool fresh) noexcept {
        constexpr std::size_t stride = Registers * step;
        math::each_tile(width, [&](auto number, std::size_t j) {
            math::multiply_tile<number, Registers, T, Arch>(
                held, [&](std::size_t k, std::size_t r) { return row[k][j + r]; }, x, stride, fresh,
                [&](std::size_t r) { return sums + (j + r) * stride; });
        });
    }
};

/// f(registers, first, count) for all of n queries in blocks of 4, 2 and 1 registers of lanes, at most `widest`, and alone(r) for few that
/// are left. `longest`: the longest row of numbers that has to fit as often as a block has lanes.
template <class Block, class F, class Alone>
void each_query_block(std::size_t n, std::size_t widest, std::size_t longest, F&& f, Alone&& alone) noexcept {
    const std::size_t fits = std::min(widest, Block::room / std::max<std::size_t>(longest, 1) / Block::step);
    for (std::size_t first = 0; first < n;) {
        const std::size_t left = n - first, registers = std::min(fits, (left + Block::step - 1) / Block::step);
        if (left < Block::fewest_queries) {
            alone(first++);
            continue;
        }
        const auto take = [&](auto number) {
            const std::size_t count = std::min(left, number * Block::step);
            f(number, first, count);
            first += count;
        };
        if constexpr (Block::across >= 4)
            if (registers >= 4) {
                take(std::integral_constant<std::size_t, 4>{});
                continue;
            }
        if (registers >= 2)
            take(std::integral_constant<std::size_t, 2>{});
        else
            take(std::integral_constant<std::size_t, 1>{});
    }
}

/// Whether blocks are what n queries should take: some, of a width of which a register of lanes fits.
template <class T, class Arch = simd::native>
[[gnu::always_inline]] inline bool worth_blocks(std::size_t n, std::size_t width, std::size_t value_width) noexcept {
    using block = query_block<T, Arch>;
    return n >= block::fewest_queries && std::max(width, value_width) <= block::room / block::step;
}

/// All queries in blocks; alone(r) for each that has to be asked by itself. The scratch, up to 60 KB, lies on this function's stack alone.
template <class T, class Arch = simd::native, class Alone>
[[gnu::noinline]] void attend_in_blocks(rows<const T> queries, std::size_t width, rows<const T> keys, rows<const T> values,
                                        std::size_t value_width, rows<T> out, const attention_mask<T>& mask, Alone&& alone) noexcept {
    query_block<T, Arch> block;
    // Few registers if causal: the wider a block of queries is, the more keys lie in the future of some of them.
    constexpr std::size_t widest = query_block<T, Arch>::across;
    each_query_block<query_block<T, Arch>>(
        queries.count,
        !mask.causal  ? widest
        : widest == 4 ? 1
                      : 2,
        std::max(width, value_width),
        [&](auto registers, std::size_t first, std::size_t count) {
            block.template attend<registers>(queries, first, count, width, keys, values, value_width, out, mask, alone);
        },
        alone);
}

}  // namespace rivulet::inline RIVULET_ABI::detail
