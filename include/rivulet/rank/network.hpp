// SPDX-License-Identifier: MIT
// Networks: rankers made of layers, with one output or several.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>

#include "../layer/activation.hpp"
#include "../layer/cross_layers.hpp"
#include "../layer/dense.hpp"
#include "../layer/dropout.hpp"
#include "../layer/layer_norm.hpp"
#include "../layer/residual.hpp"
#include "../layer/stack.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

template <class L> inline constexpr bool is_dense = false;
template <std::size_t Units> inline constexpr bool is_dense<dense<Units>> = true;

}  // namespace detail

/// fused -> layer -> ... -> layer, such as
///
///     network{dense<128>{}, layer_norm{}, gelu{}, dropout{.share = 0.1f}, residual{dense<128>{}, gelu{}}, dense<1>{}}
///
/// Nothing is put between the layers that is not said. The first must be dense: it is the pipeline's, which splits it by binding time; what
/// lies here takes its sums. The last one's width is the number of outputs: 1 is a score, several are several heads.
/// Weights: those of the further layers, one after the other; network{dense<A>{}, rectifier{}, dense<B>{}, rectifier{}, dense<1>{}} has
/// the weights of mlp<A, B> and gives its scores, a copy of each row slower.
template <class First, class... Others> struct network {
    static_assert(detail::is_dense<First>,
                  "network{...}: the first layer must be dense<Units>{}: the pipeline computes it in shares, when their inputs are known");

private:
    using stack = detail::stack<Others...>;
    static constexpr auto at = stack::at(First::units);

public:
    static constexpr std::size_t layers = sizeof...(Others) + 1;
    static constexpr std::array<std::size_t, layers> widths = at.width;  // outputs of each layer
    static constexpr std::size_t first = widths[0];                      // outputs of the pipeline's layer
    static constexpr std::size_t outputs = widths[layers - 1];
    static constexpr std::size_t weights = at.weights[layers - 1];
    /// Where the weights of each layer begin, and their end. The first layer, the pipeline's, has none here.
    static constexpr std::array<std::size_t, layers + 1> layer_begin = [] {
        std::array<std::size_t, layers + 1> begin{};
        for (std::size_t l = 1; l <= layers; ++l) begin[l] = at.weights[l - 1];
        return begin;
    }();
    /// Numbers a row that forward leaves for backward: the outputs of the layers between, and what layers save.
    static constexpr std::size_t activations = std::max<std::size_t>(at.row, 1);

    constexpr explicit network(First, Others... others) : after_{{others...}} {}
    status validate() const noexcept { return after_.validate(); }
    /// The layers in their order, with what a file of the weights should say of them.
    std::string settings() const { return detail::described(First{}) + (layers > 1 ? "," : "") + after_.settings(); }

    /// Uniform in +- this limit: He et al. 2015, with the gain of what follows. A linear model starts at zero.
    static double first_limit(std::size_t in) noexcept {
        return layers == 1 ? 0.0 : std::sqrt(3 * detail::gain_before<Others...>::value / static_cast<double>(in));
    }
    template <class T> void start(T* w, random& seeded) const noexcept { after_.template start<first, T>(w, seeded); }

    /// sums: (n, padded(first)), kept as they are; hidden: (n, activations); scores: (n, padded(outputs)).
    template <class T> void forward(const T* w, rows<T> sums, rows<T> hidden, rows<T> scores, noise by) const noexcept {
        if constexpr (layers == 1)
            for (std::size_t r = 0; r < sums.count; ++r) std::copy_n(sums[r], padded(first), scores[r]);
        else
            after_.template forward<first, T>(w, sums, scores, hidden, by);
    }

    /// From `sums` and what forward left in `hidden`: sum_slopes (n, padded(first)), overwritten; adds to g; hidden_slopes is scratch of
    /// hidden's shape. The padding of score_slopes is zero. `by` is what forward was given.
    template <class T>
    void backward(const T* w, rows<const T> sums, rows<const T> hidden, rows<const T> score_slopes, rows<T> hidden_slopes,
                  rows<T> sum_slopes, std::type_identity_t<slope_place<T>> g, noise by) const noexcept {
        if constexpr (layers == 1)
            for (std::size_t r = 0; r < sums.count; ++r) std::copy_n(score_slopes[r], padded(first), sum_slopes[r]);
        else
            after_.template backward<first, T>(w, sums, hidden, score_slopes, sum_slopes, hidden_slopes, g, by);
    }

    /// Zeroes what backward adds to where products are kept.
    template <class T> void clear([[maybe_unused]] T* g) const noexcept {
        if constexpr (layers > 1) after_.template clear<first, T>(g);
    }

private:
    stack after_;
};

}  // namespace rivulet::inline RIVULET_ABI
