// SPDX-License-Identifier: MIT
// A transformer over a sequence that the request brings, pooled to one vector.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "../math/dropout.hpp"
#include "decay.hpp"
#include "sequence_keys.hpp"
#include "transformer_block.hpp"

namespace rivulet::inline RIVULET_ABI {

/// How a transformer's rows become one vector.
enum class pooling : std::uint8_t {
    last,  ///< the newest row; the last block then computes no other
    mean   ///< the average of all rows
};

/// Rows of the sequence, projected to Width numbers and given learned positions, pass `Blocks` transformer blocks (transformer_block.hpp);
/// out is the newest of them, or their mean (as in SASRec, Kang & McAuley 2018, there causal and the newest).
/// Positions count from the newest row, 0, so that histories of different lengths agree; masked rows are as if they were not there.
/// `Decay`: position_decay or age_decay<Column> (decay.hpp) let attention fade with age, with the same rates in every block.
/// An empty history, or one whose rows are all masked, gives zeros and no slope.
/// Weights: W_e (Sequence::width, padded(Width)), b_e, positions (Sequence::length, padded(Width)), the decay's, the blocks', and scale and
/// shift of a last norm, which norm::before has and norm::after leaves alone.
/// Cost: a row Sequence::width * Width multiply-adds, and what the blocks cost; learning about four times as much, for it keeps the inputs
/// of blocks alone and computes one block at a time again. Stack: numbers a row of Sequence::length: serving 10 padded(Width) + 2
/// padded(FeedForward), learning (18 + Blocks) padded(Width) + 3 padded(FeedForward). One block of 64 numbers and 256 over 64 rows: 0.3 and
/// 0.5 MB in float, twice that in double.
template <class Sequence, std::size_t Width, std::size_t Blocks = 1, std::size_t FeedForward = 4 * Width, class Decay = no_decay>
struct transformer {
    std::size_t heads = 1;         ///< h; must divide Width
    bool causal = false;           ///< whether a row sees only itself and what came before it
    norm order = norm::before;     ///< where rows are normalised
    pooling pool = pooling::last;  ///< what becomes of the last block's rows
    float dropout = 0;             ///< share of numbers that training drops from the embedded rows and what each layer adds; in [0, 1)
    float epsilon = 1e-5f;         ///< of the layer norms, > 0
    [[no_unique_address]] Decay decay{};  ///< settings of the decay, if there is one

    static_assert(detail::is_sequence<Sequence>, "transformer<Sequence, Width>: the feature must be a context_sequence");
    static_assert(Width > 0 && Blocks > 0 && FeedForward > 0, "transformer<>: widths and the number of blocks are at least 1");
    static_assert(detail::age_within<Decay>(Sequence::width), "transformer<>: the decay's column lies beyond the sequence's width");
    using inputs = features<Sequence>;
    using block = transformer_block<Width, FeedForward>;
    static constexpr std::size_t width = Width;
    static constexpr binding bound = Sequence::bound;

private:
    static constexpr std::size_t stride = padded(Width), length = Sequence::length;
    static constexpr bool fades = detail::decays<Decay>;

public:
    static constexpr std::size_t positions_at = detail::affine_weights(Sequence::width, Width);
    static constexpr std::size_t decay_at = positions_at + length * stride, blocks_at = decay_at + Decay::weights;
    static constexpr std::size_t norm_at = blocks_at + Blocks * block::weights, weights = norm_at + 2 * stride;

    status validate() const noexcept {
        if (heads == 0 || Width % heads != 0)
            return {errc::setting, "transformer.heads must divide the width", static_cast<double>(Width), static_cast<double>(heads)};
        if (!math::finite(dropout) || !(dropout >= 0) || !(dropout < 1))
            return {errc::setting, "transformer.dropout must be at least 0 and below 1", 0, static_cast<double>(dropout)};
        if (!math::finite(epsilon) || !(epsilon > 0))
            return {errc::setting, "transformer.epsilon must be above 0", 1e-5, static_cast<double>(epsilon)};
        if constexpr (fades) return decay.validate(heads);
        return {};
    }
    std::string settings() const {
        std::string text = "heads=" + std::to_string(heads) + (causal ? " causal" : "") +
                           (order == norm::before ? " norm=before" : " norm=after") +
                           (pool == pooling::last ? " pool=last" : " pool=mean") + " epsilon=" + detail::text(static_cast<double>(epsilon));
        if constexpr (fades) text += decay.settings();
        return text;
    }

    template <class T> void start(T* w, random& seeded) const noexcept {
        std::fill_n(w, weights, T(0));
        detail::start_dense(w, Sequence::width, Width, seeded);
        for (std::size_t t = 0; t < length; ++t)
            for (std::size_t i = 0; i < Width; ++i)
                w[positions_at + t * stride + i] = static_cast<T>(seeded.around_zero(0.035));  // BERT's 0.02
        if constexpr (fades) decay.start(w + decay_at);
        for (std::size_t b = 0; b < Blocks; ++b) block{}.start(w + blocks_at + b * block::weights, seeded);
        std::fill_n(w + norm_at, Width, T(1));
    }

    /// out: (Width). `unsettled` is a training step's noise; serving has none.
    template <class T, class Request> void forward(const T* w, const Request& request, T* out, const noise& unsettled = {}) const noexcept {
        alignas(64) std::array<T, length * stride> x;
        typename block::template activations<T, length> kept;
        biases<T> bias;
        std::fill_n(out, Width, T(0));
        const noise drops = own(unsettled);
        const std::size_t time = embed(w, request, x.data(), bias, drops);
        if (time == 0) return;
        const rows<T> all{x.data(), time, stride};
        for (std::size_t b = 0; b < Blocks; ++b)
            each_block().template forward<T, length>(block_weights(w, b), all, all.from(time - answers(b, time), answers(b, time)), kept,
                                                     bias.view(heads, time), drops.of(b + 1));
        pool_rows(w, all, out);
    }
    /// Adds to g; out_slope: (Width), and the noise is forward's.
    template <class T, class Request>
    void backward(const T* w, const Request& request, const T* out_slope, T* g, const noise& unsettled = {}) const noexcept {
        alignas(64) std::array<T, (Blocks + 1) * length * stride> states;  // the inputs of blocks, and the last one's output
        alignas(64) std::array<T, length * stride> slope;
        typename block::template activations<T, length> kept;
        typename block::template slopes<T, length> scratch;
        biases<T> bias, bias_slope;
        const noise drops = own(unsettled);
        const std::size_t time = embed(w, request, states.data(), bias, drops);
        if (time == 0) return;
        const auto state = [&](std::size_t b, std::size_t n) { return rows<T>{states.data() + b * length * stride, n, stride}; };
        const auto pass = [&](std::size_t b) {
            each_block().template forward<T, length>(block_weights(w, b), state(b, time), state(b + 1, answers(b, time)), kept,
                                                     bias.view(heads, time), drops.of(b + 1));
        };
        for (std::size_t b = 0; b < Blocks; ++b) pass(b);
        const rows<T> slopes{slope.data(), time, stride};
        pool_backward<T>(w, state(Blocks, answers(Blocks - 1, time)), out_slope, slopes, g);
        detail::clear(bias_slope.view(heads, time), time);
        for (std::size_t b = Blocks; b-- > 0;) {
            if (b + 1 < Blocks) pass(b);  // `kept` was another block's
            each_block().template backward<T, length>(block_weights(w, b), kept, slopes.from(0, answers(b, time)), slopes, scratch,
                                                      block_weights(g, b), bias.view(heads, time), bias_slope.view(heads, time),
                                                      drops.of(b + 1));
        }
        embed_backward(request, slopes, g, drops);
        if constexpr (fades)
            for (std::size_t h = 0; h < heads; ++h)
                decay.rate_backward(w + decay_at, h, bias.kept.rate_slope(bias_slope.view(heads, time)[h], time), g + decay_at);
    }

private:
    /// This request's noise: its number goes into the seed, since rows are numbered here.
    static noise own(const noise& unsettled) noexcept { return {unsettled.of(unsettled.row).seed, 0}; }
    void drop(auto x, const noise& unsettled) const noexcept {
        for (std::size_t r = 0; unsettled && r < x.count; ++r) math::dropout(x[r], x[r], Width, dropout, unsettled.from(x.count - 1 - r));
    }
    block each_block() const noexcept { return {.heads = heads, .causal = causal, .order = order, .epsilon = epsilon, .dropout = dropout}; }
    static auto* block_weights(auto* w, std::size_t b) noexcept { return w + blocks_at + b * block::weights; }
    /// How many rows block b answers for: all of them but where only the newest is wanted.
    std::size_t answers(std::size_t b, std::size_t time) const noexcept { return pool == pooling::last && b + 1 == Blocks ? 1 : time; }

    template <class T> struct biases {
        std::array<T, fades ? position_decay::most_heads * length : 1> numbers;  // (heads, time)
        [[no_unique_address]] detail::fading<T, length, fades> kept;
        rows<T> view(std::size_t number, std::size_t time) noexcept { return fades ? rows<T>{numbers.data(), number, time} : rows<T>{}; }
    };

    /// x: (count, stride), the rows that are there, projected and given positions; bias as the decay makes it. Returns the count.
    template <class T, class Request>
    std::size_t embed(const T* w, const Request& request, T* x, biases<T>& bias, const noise& drops) const noexcept {
        const auto& sequence = request.template get<Sequence>();
        const std::size_t time = detail::count_used(sequence);
        detail::each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            detail::affine<T>(moments, Sequence::width, w, Width, {x + at * stride, moments.count, stride});
        });
        if constexpr (fades) {
            bias.kept.gather(decay, w + decay_at, heads, sequence);
            for (std::size_t h = 0; h < heads; ++h) bias.kept.bias(h, time, bias.view(heads, time)[h]);
        }
        for (std::size_t t = 0; t < time; ++t) math::add_scaled(T(1), w + positions_at + (time - 1 - t) * stride, x + t * stride, Width);
        drop(rows<T>{x, time, stride}, drops.of(0));
        return time;
    }

    template <class T> void pool_rows(const T* w, rows<T> x, T* out) const noexcept {
        const std::size_t n = answers(Blocks - 1, x.count);
        const rows<T> pooled = x.from(x.count - n, n);
        for (std::size_t r = 0; r < n; ++r) {
            T kept[2];
            if (order == norm::before)
                math::layer_norm(pooled[r], w + norm_at, w + norm_at + stride, static_cast<T>(epsilon), pooled[r], kept, Width);
            math::add_scaled(T(1) / static_cast<T>(n), pooled[r], out, Width);
        }
    }

    /// slope: (n, stride), becomes that of the last block's output, (n, Width).
    template <class T> void pool_backward(const T* w, rows<const T> output, const T* out_slope, rows<T> slope, T* g) const noexcept {
        std::array<T, stride> each{}, normed;
        math::add_scaled(T(1) / static_cast<T>(output.count), out_slope, each.data(), Width);
        for (std::size_t r = 0; r < output.count; ++r) {
            T kept[2];
            if (order == norm::before) {
                std::fill_n(slope[r], Width, T(0));
                math::layer_norm(output[r], w + norm_at, w + norm_at + stride, static_cast<T>(epsilon), normed.data(), kept, Width);
                math::layer_norm_backward(output[r], w + norm_at, kept, each.data(), slope[r], g + norm_at, g + norm_at + stride, Width);
            } else
                std::copy_n(each.data(), Width, slope[r]);
        }
    }
    template <class T, class Request> void embed_backward(const Request& request, rows<T> slope, T* g, const noise& drops) const noexcept {
        const auto& sequence = request.template get<Sequence>();
        const std::size_t time = slope.count;
        drop(slope, drops.of(0));
        for (std::size_t t = 0; t < time; ++t) math::add_scaled(T(1), slope[t], g + positions_at + (time - 1 - t) * stride, Width);
        detail::each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            const rows<const T> part = slope.from(at, moments.count);
            math::add_outer<T>(moments, Sequence::width, part, Width, g);
            for (std::size_t i = 0; i < moments.count; ++i) math::add_scaled(T(1), part[i], g + Sequence::width * stride, Width);
        });
    }
};

}  // namespace rivulet::inline RIVULET_ABI
