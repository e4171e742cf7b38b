// SPDX-License-Identifier: MIT
// Cross layers of the deep and cross network: explicit products of features, one degree more with every layer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "dense.hpp"

namespace rivulet::inline RIVULET_ABI {

/// x_{l+1} = x_0 * (x_l W_l + b_l) + x_l, element by element, `Depth` times: DCN-V2 (Wang et al. 2021, eq. 1). With `Rank` above 0 W = U V
/// (eq. 2), U: (in, Rank), V: (Rank, in), which costs 2 in Rank instead of in^2 multiply-adds a layer and row; that pays from Rank < in
/// / 2. Weights, layer by layer: W (in, padded(in)), or U (in, padded(Rank)) and V (Rank, padded(in)); b (padded(in)). Saves, layer by
/// layer, z_l = x_l W_l + b_l, x_{l+1} and, of low rank, x_l U_l.
template <std::size_t Depth, std::size_t Rank = 0> struct cross_layers {
    static_assert(Depth > 0, "cross_layers<Depth, Rank> has at least one layer");
    static constexpr double gain = 1;

    static constexpr std::size_t out(std::size_t in) { return in; }
    static constexpr std::size_t weights(std::size_t in) { return Depth * layer_weights(in); }
    static constexpr std::size_t saved(std::size_t in) { return Depth * layer_saved(in); }
    std::string settings() const { return "depth=" + std::to_string(Depth) + (Rank > 0 ? ",rank=" + std::to_string(Rank) : ""); }

    /// As for any layer of gain 1; the two factors of low rank share it.
    template <std::size_t In, class T> void start(T* w, random& seeded, double) const noexcept {
        for (std::size_t l = 0; l < Depth; ++l, w += layer_weights(In)) {
            if constexpr (Rank == 0) {
                detail::start_weights(w, In, In, 1, seeded);
            } else {
                detail::start_weights(w, In, Rank, 1, seeded);
                detail::start_weights(w + In * padded(Rank), Rank, In, 1, seeded);
            }
        }
    }
    template <std::size_t In, class T> void forward(const T* w, rows<const T> x, rows<T> y, rows<T> saved, noise) const noexcept {
        rows<const T> in = x;
        for (std::size_t l = 0; l < Depth; ++l, w += layer_weights(In)) {
            const rows<T> here = saved.columns(l * layer_saved(In)), next = l + 1 == Depth ? y : here.columns(line(In));
            const T* const bias = w + layer_weights(In) - padded(In);
            if constexpr (Rank == 0) {
                math::affine<T>(in, In, w, bias, In, here);
            } else {
                const rows<T> narrow = here.columns(2 * line(In));
                for (std::size_t r = 0; r < x.count; ++r) std::fill_n(narrow[r], padded(Rank), T(0));
                math::multiply<T>(in, In, w, Rank, narrow);
                math::affine<T>(narrow, Rank, w + In * padded(Rank), bias, In, here);
            }
            for (std::size_t r = 0; r < x.count; ++r)
                for (std::size_t i = 0; i < padded(In); ++i) next[r][i] = simd::fma(x[r][i], here[r][i], in[r][i]);
            in = next;
        }
    }
    /// From the slope d of x_{l+1}: that of z_l is d * x_0, of x_l it is d and what comes through z_l, of x_0 there is d * z_l more.
    template <std::size_t In, class T>
    void backward(const T* w, rows<const T> x, rows<const T> saved, rows<const T> dy, rows<T> dx, rows<T> scratch, T* g,
                  noise) const noexcept {
        for (std::size_t l = Depth; l-- > 0;) {
            const std::size_t at = l * layer_saved(In), before = (l == 0 ? 0 : l - 1) * layer_saved(In) + line(In);
            const rows<const T> kept = saved.columns(at), in = l == 0 ? x : saved.columns(before);
            const rows<const T> d = l + 1 == Depth ? dy : rows<const T>(scratch.columns(at + line(In)));
            const rows<T> dz = scratch.columns(at), through = scratch.columns(l == 0 ? last_line(In) : before);
            for (std::size_t r = 0; r < x.count; ++r)
                for (std::size_t i = 0; i < padded(In); ++i) dz[r][i] = d[r][i] * x[r][i];
            const std::size_t weights_here = l * layer_weights(In), bias = weights_here + layer_weights(In) - padded(In);
            if constexpr (Rank == 0) {
                detail::affine_backward<T>(in, In, w + weights_here, dz, In, through, g + weights_here, g + bias);
            } else {
                const rows<T> narrow_slope = scratch.columns(at + 2 * line(In));
                const std::size_t v = weights_here + In * padded(Rank);
                detail::affine_backward<T>(kept.columns(2 * line(In)), Rank, w + v, dz, In, narrow_slope, g + v, g + bias);
                math::add_outer<T>(in, In, narrow_slope, Rank, g + weights_here);
                for (std::size_t r = 0; r < x.count; ++r) std::fill_n(through[r], padded(In), T(0));
                math::multiply_transposed<T>(narrow_slope, Rank, w + weights_here, In, through);
            }
            for (std::size_t r = 0; r < x.count; ++r)
                for (std::size_t i = 0; i < padded(In); ++i) {
                    const T direct = simd::fma(d[r][i], kept[r][i], l + 1 == Depth ? T(0) : dx[r][i]);
                    through[r][i] += d[r][i];
                    dx[r][i] = l == 0 ? direct + through[r][i] : direct;
                }
        }
    }

private:
    static constexpr std::size_t line(std::size_t width) { return (width + 15) / 16 * 16; }
    static constexpr std::size_t layer_weights(std::size_t in) {
        return (Rank == 0 ? in * padded(in) : in * padded(Rank) + Rank * padded(in)) + padded(in);
    }
    static constexpr std::size_t layer_saved(std::size_t in) { return 2 * line(in) + line(Rank); }
    /// Where the last layer's x_{l+1} would lie if it were not y: room for the slope that comes through the first layer.
    static constexpr std::size_t last_line(std::size_t in) { return (Depth - 1) * layer_saved(in) + line(in); }
};

}  // namespace rivulet::inline RIVULET_ABI
