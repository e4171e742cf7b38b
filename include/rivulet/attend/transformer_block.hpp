// SPDX-License-Identifier: MIT
// One block of a transformer on rows in the caller's memory: self-attention and a feed-forward layer, each with residual and layer norm.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/random.hpp"
#include "../core/rows.hpp"
#include "../math/activation.hpp"
#include "../math/dropout.hpp"
#include "../math/layer_norm.hpp"
#include "self_attention.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Where a transformer normalises its rows.
enum class norm : std::uint8_t {
    before,  ///< ahead of attention and feed-forward, beside the residual path (Xiong et al. 2020); it learns without a warm-up
    after    ///< after each residual sum (Vaswani et al. 2017)
};

/// norm::before: s = x + A(N1(x)), y = s + F(N2(s)); norm::after: s = N1(x + A(x)), y = N2(s + F(s)).
/// A is self-attention, F(s) = gelu(s W_1 + b_1) W_2 + b_2, N1 and N2 layer norms; dropout, if any, on what A and F add (Vaswani et al.
/// 2017, section 5.4; PyTorch's TransformerEncoderLayer, whose weights these are, drops shares and hidden numbers too).
/// Weights: A's, then W_1 (Width, padded(FeedForward)), b_1, W_2 (FeedForward, padded(Width)), b_2, N1 scale, shift, N2 scale, shift.
/// Of `time` rows the last n can be asked for alone: all of it costs time 3 Width^2 + n (Width^2 + 2 Width FeedForward) multiply-adds.
template <std::size_t Width, std::size_t FeedForward> struct transformer_block {
    using attention = self_attention<Width>;
    std::size_t heads = 1;      ///< h; must divide Width
    bool causal = false;        ///< whether a row sees only itself and what came before it
    norm order = norm::before;  ///< where rows are normalised
    float epsilon = 1e-5f;      ///< of the layer norms, > 0
    float dropout = 0;          ///< share of the numbers that attention and feed-forward add which a pass with noise drops; in [0, 1)

    static constexpr std::size_t stride = padded(Width), hidden = padded(FeedForward);
    static constexpr std::size_t first_at = attention::weights, second_at = first_at + detail::affine_weights(Width, FeedForward);
    static constexpr std::size_t norms_at = second_at + detail::affine_weights(FeedForward, Width);
    static constexpr std::size_t weights = norms_at + 4 * stride;

    /// What a pass keeps for the way back: (9 padded(Width) + 2 padded(FeedForward)) numbers a row, on the caller's stack or not.
    template <class T, std::size_t Length> struct activations {
        template <std::size_t Each> using table = std::array<T, Length * Each>;
        alignas(64) table<attention::projected> projections;                         // (time, .): queries, keys, values
        alignas(64) table<stride> in, attend_from, attended, sum, feed_from, total;  // (time, .), (time, .), then (n, .)
        alignas(64) table<hidden> before_gelu, after_gelu;                           // (n, .)
        std::array<T, Length * 2> kept_first, kept_second;                           // of the norms
        activations() {}
    };
    /// Scratch of backward: (7 padded(Width) + padded(FeedForward)) numbers a row.
    template <class T, std::size_t Length> struct slopes {
        template <std::size_t Each> using table = std::array<T, Length * Each>;
        alignas(64) table<attention::projected> projections;
        alignas(64) table<stride> added, sum, feed_from, attend_from;  // `added`: what attention or feed-forward added
        alignas(64) table<hidden> before_gelu;
        std::array<T, 2 * Length> shares;
        slopes() {}
    };

    template <class T> void start(T* w, random& seeded) const noexcept {
        attention{}.start(w, seeded);
        std::fill_n(w + first_at, weights - first_at, T(0));
        detail::start_dense(w + first_at, Width, FeedForward, seeded);
        detail::start_dense(w + second_at, FeedForward, Width, seeded);
        std::fill_n(scale(w, 0), Width, T(1));
        std::fill_n(scale(w, 1), Width, T(1));
    }

    /// x: (time, Width), time <= Length; out: (n, stride), n <= time: what becomes of the last n rows; they may be x's own.
    /// bias: empty, or (heads, time), what each head adds to its logits of a row's key.
    /// `unsettled`: what is dropped, a mask of the row counted from the newest, so that it does not depend on n.
    template <class T, std::size_t Length>
    void forward(const T* w, rows<const T> x, rows<T> out, activations<T, Length>& kept, rows<const T> bias = {},
                 const noise& unsettled = {}) const noexcept {
        const std::size_t time = x.count, n = out.count, first = time - n;
        const rows<T> in = table(kept.in, time), attend_from = table(kept.attend_from, time), sum = table(kept.sum, n),
                      feed_from = table(kept.feed_from, n), total = table(kept.total, n);
        const rows<T> before_gelu{kept.before_gelu.data(), n, hidden}, after_gelu{kept.after_gelu.data(), n, hidden};
        std::array<T, Length> shares;
        copy(x, in);
        if (order == norm::before)
            normalise<T>(w, 0, in, attend_from, kept.kept_first.data());
        else
            copy<T>(in, attend_from);
        self().template forward<T>(w, attend_from, {kept.projections.data(), time, attention::projected}, table(kept.attended, n), sum,
                                   std::span<T>(shares), bias);
        drop<T>(sum, unsettled.of(0));
        add<T>(in.from(first, n), sum);
        normalise<T>(w, feeding_norm(), sum, feed_from, feeding_kept(kept));
        detail::affine<T>(feed_from, Width, w + first_at, FeedForward, before_gelu);
        for (std::size_t r = 0; r < n; ++r) math::gelu(before_gelu[r], after_gelu[r], FeedForward);
        detail::affine<T>(after_gelu, FeedForward, w + second_at, Width, total);
        drop<T>(total, unsettled.of(1));
        add<T>(order == norm::before ? sum : feed_from, total);
        if (order == norm::before)
            copy<T>(total, out);
        else
            normalise<T>(w, 1, total, out, kept.kept_second.data());
    }

    /// From the slope of `out`, (n, Width), to that of x, (time, stride), which x_slope becomes, its padding zero; the two may share
    /// memory. Adds to g and to bias_slope, rows as bias's. `kept` and `unsettled` are those of forward; kept.after_gelu is overwritten.
    template <class T, std::size_t Length>
    void backward(const T* w, activations<T, Length>& kept, rows<const T> out_slope, rows<T> x_slope, slopes<T, Length>& scratch, T* g,
                  rows<const T> bias = {}, rows<T> bias_slope = {}, const noise& unsettled = {}) const noexcept {
        const std::size_t time = x_slope.count, n = out_slope.count, first = time - n;
        const rows<T> sum = table(scratch.sum, n), added = table(scratch.added, n), feed_from = table(scratch.feed_from, n);
        const rows<T> before_gelu{scratch.before_gelu.data(), n, hidden}, after_gelu{kept.after_gelu.data(), n, hidden};
        const rows<const T> kept_before{kept.before_gelu.data(), n, hidden};
        // `sum` begins as the slope of what feed-forward and its residual path add up to.
        detail::clear(sum, stride);
        if (order == norm::before)
            copy(out_slope, sum);
        else
            normalise_backward<T>(w, 1, table(kept.total, n), kept.kept_second.data(), out_slope, sum, g);
        detail::clear(added, stride);
        copy<T>(sum, added);
        drop<T>(added, unsettled.of(1));
        detail::clear(feed_from, Width);
        if (order == norm::after) copy<T>(sum, feed_from);
        add_products<T>(after_gelu, added, FeedForward, g + second_at);
        detail::clear(after_gelu, FeedForward);  // from here on its slope
        math::multiply_transposed<T>(added, Width, w + second_at, FeedForward, after_gelu);
        detail::clear(before_gelu, hidden);
        for (std::size_t r = 0; r < n; ++r) math::gelu_backward(kept_before[r], after_gelu[r], before_gelu[r], FeedForward);
        detail::affine_backward<T>(table(kept.feed_from, n), Width, w + first_at, FeedForward, before_gelu, feed_from, g + first_at);
        if (order == norm::after) detail::clear(sum, stride);
        normalise_backward<T>(w, feeding_norm(), table(kept.sum, n), feeding_kept(kept), feed_from, sum, g);

        // `sum` is now the slope of x + A(.): the residual path first, then attention.
        detail::clear(x_slope, stride);
        copy<T>(sum, x_slope.from(first, n));
        drop<T>(sum, unsettled.of(0));
        const rows<T> attend_from = table(scratch.attend_from, time), source = order == norm::before ? attend_from : x_slope;
        detail::clear(attend_from, Width);
        self().template backward<T>(w, table(kept.attend_from, time), {kept.projections.data(), time, attention::projected},
                                    table(kept.attended, n), sum, {scratch.projections.data(), time, attention::projected}, added,
                                    std::span<T>(scratch.shares), source, g, bias, bias_slope);
        if (order == norm::before) normalise_backward<T>(w, 0, table(kept.in, time), kept.kept_first.data(), attend_from, x_slope, g);
    }

private:
    attention self() const noexcept { return {.heads = heads, .causal = causal}; }
    template <class T> static T* scale(T* w, std::size_t which) noexcept { return w + norms_at + 2 * which * stride; }
    // The norm between attention and feed-forward is N2 ahead of the one, or N1 behind the other.
    std::size_t feeding_norm() const noexcept { return order == norm::before ? 1 : 0; }
    template <class Kept> auto* feeding_kept(Kept& kept) const noexcept {
        return (order == norm::before ? kept.kept_second : kept.kept_first).data();
    }

    template <class Array> static auto table(Array& numbers, std::size_t count) noexcept {
        return rows<std::remove_pointer_t<decltype(numbers.data())>>{numbers.data(), count, stride};
    }
    template <class T> static void copy(rows<const T> from, rows<T> to) noexcept {
        for (std::size_t r = 0; r < from.count; ++r) std::copy_n(from[r], Width, to[r]);
    }
    template <class T> void drop(rows<T> x, const noise& unsettled) const noexcept {
        for (std::size_t r = 0; unsettled && r < x.count; ++r) math::dropout(x[r], x[r], Width, dropout, unsettled.from(x.count - 1 - r));
    }
    template <class T> static void add(rows<const T> from, rows<T> to) noexcept {
        for (std::size_t r = 0; r < from.count; ++r) math::add_scaled(T(1), from[r], to[r], Width);
    }
    template <class T> static void add_products(rows<const T> x, rows<const T> dy, std::size_t in, T* g) noexcept {
        math::add_outer<T>(x, in, dy, Width, g);
        for (std::size_t r = 0; r < dy.count; ++r) math::add_scaled(T(1), dy[r], g + in * stride, stride);
    }
    template <class T> void normalise(const T* w, std::size_t which, rows<const T> x, rows<T> y, T* kept) const noexcept {
        const T* const scales = scale(w, which);
        for (std::size_t r = 0; r < x.count; ++r)
            math::layer_norm(x[r], scales, scales + stride, static_cast<T>(epsilon), y[r], kept + 2 * r, Width);
    }
    template <class T>
    void normalise_backward(const T* w, std::size_t which, rows<const T> x, const T* kept, rows<const T> dy, rows<T> dx,
                            T* g) const noexcept {
        T* const slope = scale(g, which);
        for (std::size_t r = 0; r < x.count; ++r)
            math::layer_norm_backward(x[r], scale(w, which), kept + 2 * r, dy[r], dx[r], slope, slope + stride, Width);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
