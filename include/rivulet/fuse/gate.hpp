// SPDX-License-Identifier: MIT
// A learned gate: how much of one part counts, decided by another feature.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "../core/concepts.hpp"
#include "../core/description.hpp"
#include "../core/type_name.hpp"
#include "../input/feature.hpp"
#include "../math/loss.hpp"
#include "../math/vector.hpp"
#include "widened_basis.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = [g value, g] with g = sigmoid(v . by + b): a scalar gate of gated multimodal fusion (Arevalo et al. 2017, eq. 3 to 5). A shopper
/// who does not look at pictures gets less of the picture, an item with a poor description less of its text. The gate itself is given on:
/// with it a layer can put something in place of what was shut out, and can be re-expressed after a new fit of the component. Known as
/// early as both are. If they come from different sides it is a pair's: the value and the gate are each computed once on their own side,
/// and a candidate costs Component::width multiplications. v starts at zero and b at 1, so g = 0.73: a gate must begin open, or the value
/// hardly reaches the layer above and neither learns, but not so wide that the sigmoid is flat (Jozefowicz et al. 2015 on forget gates).
/// Weights: the component's, then v (By::width) and b; of a pair each with its side.
template <class Component, class By> struct gate {
    Component component{};

    static_assert(Component::bound != binding::pair, "gate<Component, By>: the component must be of one side, such as pass or pca");
    static_assert(!detail::is_sequence<By>, "gate<Component, By>: the gate reads one vector, not a sequence");

private:
    static constexpr std::size_t last = Component::width, value_weights = Component::weights, gate_weights = By::width + 1;
    static constexpr bool value_first = Component::bound == binding::candidate;  // of a pair: the value is the candidate's, the gate not
    static constexpr bool learned_value = !is_fitted<Component> && value_weights > 0;

    template <class List> struct joined;
    template <class... Features> struct joined<features<Features...>> {
        using type = typename detail::with_feature<features<Features...>, By>::type;
    };

public:
    using inputs = typename joined<typename Component::inputs>::type;
    using fitted_inputs = rivulet::fitted_inputs<Component>;
    static constexpr std::size_t width = Component::width + 1;
    static constexpr binding bound = meet(Component::bound, By::bound);
    static constexpr bool takes_missing = detail::takes_missing<Component> && !detail::is_optional<By>;

private:
    static constexpr bool pair = bound == binding::pair;
    static constexpr std::size_t fitted_value = rivulet::fitted_weights<Component>;

public:
    static constexpr std::size_t weights = !pair ? value_weights + gate_weights : value_first ? gate_weights : value_weights;
    static constexpr std::size_t candidate_weights = !pair ? 0 : value_first ? value_weights : gate_weights;
    static constexpr std::size_t candidate_part = !pair ? 0 : value_first ? last : 1;  // the value, or the gate
    static constexpr std::size_t fitted_weights = pair && value_first ? 0 : fitted_value;
    static constexpr std::size_t fitted_candidate_weights = pair && value_first ? fitted_value : 0;

    /// Of a pair: the gate, or the value.
    template <class T> struct context_part {
        std::array<T, value_first ? 1 : last> numbers;

        context_part() {}
        void start_slope(const context_part&) noexcept { numbers.fill(T(0)); }
    };

    status validate() const noexcept { return detail::check_settings(component); }
    std::string settings() const { return detail::described(component) + " by " + std::string(type_name<By>()); }

    template <class T> void start(T* w, random& seeded) const noexcept {
        if constexpr (!pair || !value_first) start_value(w, seeded);
        if constexpr (!pair) start_gate(w + value_weights);
        if constexpr (pair && value_first) start_gate(w);
    }
    template <class T> void start_candidate(T* w, random& seeded) const noexcept {
        if constexpr (value_first)
            start_value(w, seeded);
        else
            start_gate(w);
    }

    // ---- both of one side
    template <class T, class Side>
    void forward(const T* w, const Side& side, T* out) const noexcept requires(!pair && one_sided<Component, T, Side>) {
        component.forward(w, side, out);
        out[last] = openness(w + value_weights, side);
        for (std::size_t i = 0; i < last; ++i) out[i] *= out[last];
    }
    template <class T, class Side>
    void backward(const T* w, const Side& side, const T* out_slope, T* g) const noexcept requires(!pair && one_sided<Component, T, Side>) {
        std::array<T, last> value;
        component.forward(w, side, value.data());
        const T open = openness(w + value_weights, side);
        backward_gate(open, side, math::dot(out_slope, value.data(), last) + out_slope[last], g + value_weights);
        for (std::size_t i = 0; i < last; ++i) value[i] = open * out_slope[i];  // its slope from here on
        backward_value(w, side, value.data(), g);
    }

    // ---- of a pair
    template <class T, class Request> void prepare_context(const T* w, const Request& request, context_part<T>& kept) const noexcept {
        prepare<!value_first>(w, request, kept.numbers.data());
    }
    template <class T, class Item> void prepare_candidate(const T* w, const Item& item, T* part) const noexcept {
        prepare<value_first>(w, item, part);
    }
    template <class T> void forward(const T*, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        for (std::size_t r = 0; r < parts.count; ++r) {
            const T* const value = value_first ? parts[r] : kept.numbers.data();
            const T open = value_first ? kept.numbers[0] : *parts[r];
            for (std::size_t i = 0; i < last; ++i) out[r][i] = open * value[i];
            out[r][last] = open;
        }
    }
    template <class T>
    void backward(const T*, const context_part<T>& kept, rows<const T> parts, rows<const T> out_slope, context_part<T>& slope,
                  rows<T> part_slope, T*) const noexcept {
        for (std::size_t r = 0; r < parts.count; ++r) {
            const T* const value = value_first ? parts[r] : kept.numbers.data();
            const T open = value_first ? kept.numbers[0] : *parts[r];
            T* const value_slope = value_first ? part_slope[r] : slope.numbers.data();
            T* const gate_slope = value_first ? slope.numbers.data() : part_slope[r];
            math::add_scaled(open, out_slope[r], value_slope, last);
            *gate_slope += math::dot(out_slope[r], value, last) + out_slope[r][last];
        }
    }
    template <class T, class Request>
    void backward_context(const T* w, const Request& request, const context_part<T>& slope, T* g) const noexcept {
        finish<!value_first>(w, request, slope.numbers.data(), g);
    }
    template <class T, class Item> void backward_candidate(const T* w, const Item& item, const T* part_slope, T* g) const noexcept {
        finish<value_first>(w, item, part_slope, g);
    }

    // ---- the component's own weights, which come first in their piece, may be fitted
    template <class T> void fit(T* w, rows<const T> data) const requires(fitted_weights > 0) { component.fit(w, data); }
    template <class T> void fit_candidate(T* w, rows<const T> data) const requires(fitted_candidate_weights > 0) { component.fit(w, data); }

    /// Exact if the component's is: old = new M + c of the component becomes M = [M 0; c 1], c = 0, since its output comes times the gate.
    /// m: (width, width), c: (width).
    template <class T> void change_of_basis(const T* old_w, const T* new_w, T* m, T* c) const noexcept requires(fitted_value > 0) {
        component.change_of_basis(old_w, new_w, m, c);  // (last, last) and (last)
        detail::widen_basis(m, last);
        std::copy_n(c, last, m + last * width);
        std::fill_n(c, width, T(0));
    }

private:
    template <class T> void start_value(T* w, random& seeded) const noexcept {
        if constexpr (value_weights > 0) component.start(w, seeded);
    }
    template <class T> static void start_gate(T* w) noexcept {
        std::fill_n(w, By::width, T(0));
        w[By::width] = T(1);
    }
    template <class T, class Side> static T openness(const T* w, const Side& side) noexcept {
        return logistic::probability(math::dot(w, side.template get<By>().data, By::width) + w[By::width]);
    }
    /// From the slope of the gate itself, adds to those of v and b.
    template <class T, class Side> static void backward_gate(T open, const Side& side, T slope, T* g) noexcept {
        const T logit_slope = slope * open * (T(1) - open);
        math::add_scaled(logit_slope, side.template get<By>().data, g, By::width);
        g[By::width] += logit_slope;
    }
    template <class T, class Side> void backward_value(const T* w, const Side& side, const T* slope, T* g) const noexcept {
        if constexpr (learned_value) component.backward(w, side, slope, g);
    }
    template <bool Value, class T, class Side> void prepare(const T* w, const Side& side, T* kept) const noexcept {
        if constexpr (Value)
            component.forward(w, side, kept);
        else
            *kept = openness(w, side);
    }
    template <bool Value, class T, class Side> void finish(const T* w, const Side& side, const T* slope, T* g) const noexcept {
        if constexpr (Value)
            backward_value(w, side, slope, g);
        else
            backward_gate(openness(w, side), side, *slope, g);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
