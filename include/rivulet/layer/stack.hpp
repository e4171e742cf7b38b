// SPDX-License-Identifier: MIT
// Layers one after the other: where each one's weights and outputs lie, forward, and backward in the opposite order.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#include "../core/description.hpp"
#include "../math/slopes.hpp"
#include "layer.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// The gain that weights before these layers should have: that of the first which has an opinion, otherwise 1.
template <class... Layers> struct gain_before { static constexpr double value = 1; };
template <class L, class... Others> struct gain_before<L, Others...> {
    static constexpr double value = [] {
        if constexpr (requires { L::gain; })
            return static_cast<double>(L::gain);
        else
            return gain_before<Others...>::value;
    }();
};

/// f(x) = layer(... layer(x)). The weights lie one after the other. A row of `saved` holds, layer after layer, the output (but the last's,
/// which is y) and what the layer saves, each on a cache line of float of its own.
template <class... Layers> struct stack {
    static_assert((sized_layer<Layers>() && ...));
    static constexpr std::size_t depth = sizeof...(Layers);

    struct plan {
        std::array<std::size_t, depth + 1> width{}, weights{};  // the input's, then the outputs'; where each one's begin, then the end
        std::array<std::size_t, depth == 0 ? 1 : depth> y{}, saved{};  // where they begin in a row of `saved`
        std::size_t row = 0;                                           // its length
    };
    static constexpr plan at(std::size_t in) {
        plan made;
        made.width[0] = in;
        [[maybe_unused]] std::size_t l = 0;
        const auto take = [&made](std::size_t numbers) {
            const std::size_t here = made.row;
            made.row += (numbers + 15) / 16 * 16;
            return here;
        };
        [[maybe_unused]] const auto place = [&](std::size_t out, std::size_t weights, std::size_t saved) {
            made.width[l + 1] = out;
            made.weights[l + 1] = made.weights[l] + weights;
            made.y[l] = take(l + 1 == depth ? 0 : out);
            made.saved[l] = take(saved);
            ++l;
        };
        (place(Layers::out(made.width[l]), Layers::weights(made.width[l]), Layers::saved(made.width[l])), ...);
        return made;
    }
    static constexpr std::size_t out(std::size_t in) { return at(in).width[depth]; }
    static constexpr std::size_t weights(std::size_t in) { return at(in).weights[depth]; }
    static constexpr std::size_t saved(std::size_t in) { return at(in).row; }

    std::tuple<Layers...> layers;

    template <std::size_t In, class T> void start(T* w, random& seeded) const noexcept {
        [&]<std::size_t... L>(std::index_sequence<L...>) { (start_one<In, L>(w, seeded), ...); }
        (std::make_index_sequence<depth>{});
    }

    /// x: (n, padded(In)), y: (n, padded(out(In))), saved: (n, saved(In)). There is at least one layer.
    template <std::size_t In, class T, std::size_t L = 0>
    void forward(const T* w, rows<const T> x, rows<T> y, rows<T> saved, noise by) const noexcept {
        constexpr plan here = at(In);
        constexpr std::size_t from = here.width[L];
        static_assert(complete_layer<std::tuple_element_t<L, std::tuple<Layers...>>, from, T>());
        const rows<T> out = L + 1 == depth ? y : saved.columns(here.y[L]);
        std::get<L>(layers).template forward<from, T>(w + here.weights[L], x, out, saved.columns(here.saved[L]), by.of(L));
        if constexpr (L + 1 < depth) forward<In, T, L + 1>(w, out, y, saved, by);
    }

    /// scratch: of saved's shape.
    template <std::size_t In, class T, std::size_t L = depth - 1>
    void backward(const T* w, rows<const T> x, rows<const T> saved, rows<const T> dy, rows<T> dx, rows<T> scratch, slope_place<T> g,
                  noise by) const noexcept {
        constexpr plan here = at(In);
        constexpr std::size_t from = here.width[L], before = L == 0 ? 0 : here.y[L == 0 ? 0 : L - 1];
        const rows<const T> input = L == 0 ? x : saved.columns(before);
        const rows<T> input_slope = L == 0 ? dx : scratch.columns(before);
        std::get<L>(layers).template backward<from, T>(w + here.weights[L], input, saved.columns(here.saved[L]), dy, input_slope,
                                                       scratch.columns(here.saved[L]), g + here.weights[L], by.of(L));
        if constexpr (L > 0) backward<In, T, L - 1>(w, x, saved, input_slope, dx, scratch, g, by);
    }

    /// Zeroes what backward adds to where products are kept.
    template <std::size_t In, class T, std::size_t L = 0> void clear(T* g) const noexcept {
        constexpr plan here = at(In);
        constexpr std::size_t from = here.width[L];
        const auto& one = std::get<L>(layers);
        if constexpr (requires { one.template clear<from, T>(g); })
            one.template clear<from, T>(g + here.weights[L]);
        else
            std::fill(g + here.weights[L], g + here.weights[L + 1], T(0));
        if constexpr (L + 1 < depth) clear<In, T, L + 1>(g);
    }

    /// The first setting that a layer refuses.
    status validate() const noexcept {
        status result;
        const auto ask = [&result](const auto& one) {
            if (result) result = check_settings(one);
        };
        std::apply([&](const auto&... each) { (ask(each), ...); }, layers);
        return result;
    }
    std::string settings() const {
        std::string text;
        const auto add = [&text](const auto& one) { text += (text.empty() ? "" : ",") + described(one); };
        std::apply([&](const auto&... each) { (add(each), ...); }, layers);
        return text;
    }

private:
    template <std::size_t In, std::size_t L, class T> void start_one(T* w, random& seeded) const noexcept {
        using one = std::tuple_element_t<L, std::tuple<Layers...>>;
        constexpr plan here = at(In);
        constexpr std::size_t from = here.width[L], weights = one::weights(from);
        constexpr double gain = []<std::size_t... I>(std::index_sequence<I...>) {
            return gain_before<std::tuple_element_t<L + 1 + I, std::tuple<Layers...>>...>::value;
        }
        (std::make_index_sequence<depth - L - 1>{});
        if constexpr (weights > 0) std::get<L>(layers).template start<from, T>(w + here.weights[L], seeded, gain);
    }
};

}  // namespace rivulet::inline RIVULET_ABI::detail
