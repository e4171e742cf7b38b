// SPDX-License-Identifier: MIT
// The plan of an evaluation, carried by the types: what is computed once an item, once a request, once a candidate.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tuple>

#include "../core/arena.hpp"
#include "../core/description.hpp"
#include "../core/rows.hpp"
#include "../fuse/fuse.hpp"
#include "../input/record.hpp"
#include "../math/dense.hpp"
#include "../math/dropout.hpp"
#include "layout.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

template <class Scalar, class Fuse, class Ranker> class plan;

/// Settings of the components and of the ranker, and pure functions of (weights, inputs). No weights inside.
template <class Scalar, class... Components, class Ranker> class plan<Scalar, fuse<Components...>, Ranker> {
    static_assert((complete_component<Components, Scalar, any_record<Scalar>, any_record<Scalar>>() && ...));

    struct nothing {};
    static constexpr no_memory nothing_known{};
    struct ignore {
        void operator()(std::size_t, const Scalar*) const noexcept {}
    };
    template <std::size_t I> using component = std::tuple_element_t<I, std::tuple<Components...>>;
    template <std::size_t I> static constexpr binding bound = component<I>::bound;

    template <class C>
    static constexpr bool takes_noise = requires(const C& c, const Scalar* w, const any_record<Scalar>& side, Scalar* out, noise by) {
        c.forward(w, side, out, by);
    };

    template <class C, bool Pair> struct context_part_of { using type = nothing; };
    template <class C> struct context_part_of<C, true> { using type = typename C::template context_part<Scalar>; };
    template <class C, bool Wanted> struct trace_on { using type = no_memory; };
    template <class C> struct trace_on<C, true> { using type = typename trace_of<C, Scalar>::type; };

    /// A component's room for work. A tuple would fill it with zeros at every step: kilobytes that are written before they are read.
    template <class T> struct unset {
        T value;
        unset() noexcept {}
    };

public:
    using scalar = Scalar;
    using context_features = typename features_of_side<binding::context, features<>, typename Components::inputs...>::type;
    using candidate_features = typename features_of_side<binding::candidate, features<>, typename Components::inputs...>::type;
    static constexpr std::size_t count = sizeof...(Components);
    static constexpr std::size_t first = Ranker::first;
    static constexpr layout<Ranker, Components...> at{};
    /// Which of the components are of a type.
    template <class Component> static constexpr std::array<bool, count> are{std::is_same_v<Component, Components>...};

    /// Whether a training step draws anything: a ranker or component has dropout, or may have.
    static constexpr bool drops = [] {
        if constexpr (requires { Ranker::drops; })
            return bool(Ranker::drops);
        else
            return true;
    }() || (takes_noise<Components> || ...);

    /// Whether the ranker serves apart from its forward pass, and then from sums that are rectified.
    static constexpr bool serves = requires { Ranker::serves_rectified; };
    static constexpr bool serves_rectified = [] {
        if constexpr (serves) return bool(Ranker::serves_rectified);
        return false;
    }();

    /// Rows of candidates that are scored together: their activations stay in the first cache.
    static constexpr std::size_t block = 24;

    /// What an item keeps: its share of the first layer (padded(first)), then the parts of the pair components.
    static constexpr std::array<std::size_t, count> part_width = [] {
        std::array<std::size_t, count> widths{};
        each<count>([&](auto i) {
            if constexpr (bound<i> == binding::pair) widths[i] = component<i>::candidate_part;
        });
        return widths;
    }();
    static constexpr std::array<std::size_t, count> part_offset = [] {
        std::array<std::size_t, count> offsets{};
        std::size_t next = padded(first);
        for (std::size_t i = 0; i < count; ++i) next = (offsets[i] = next) + part_width[i];
        return offsets;
    }();
    static constexpr std::size_t values = count == 0 ? padded(first) : part_offset[count - 1] + part_width[count - 1];

    /// What a request keeps: bias and the context's share of the first layer, and the parts of the pair components.
    using context_parts = std::tuple<unset<typename context_part_of<Components, Components::bound == binding::pair>::type>...>;
    struct request_values {
        alignas(64) std::array<Scalar, padded(first)> base;
        context_parts parts;
    };

    /// What components keep beside the arena, and what of it catalogues keep copies of.
    using memories = std::tuple<typename memory_of<Components, Scalar>::type...>;
    /// What the forward pass of the components of one side leaves for their backward pass.
    template <binding Side> using traces = std::tuple<unset<typename trace_on<Components, Components::bound == Side>::type>...>;
    struct published {
        std::tuple<typename published_of<Components, Scalar>::type...> kept;

        std::size_t memory() const noexcept {
            std::size_t bytes = 0;
            each<count>([&](auto i) {
                if constexpr (publishes_memory<component<i>>) bytes += std::get<i>(kept).memory();
            });
            return bytes;
        }
    };

    constexpr plan(fuse<Components...> fused, Ranker scorer) : components(fused.components), ranker(scorer) {}

    /// The weights of a component's own, wherever they lie.
    template <std::size_t I, class Number> static Number* own(Number* w) noexcept {
        return w + (bound<I> == binding::candidate ? at.candidate[I] : at.request[I]);
    }

    /// The piece of a component's weights that begins with what is fitted.
    template <std::size_t I, class Number> static Number* fitted(Number* w) noexcept {
        return fitted_candidate_weights<component<I>> == 0 ? own<I>(w) : w + at.candidate[I];
    }

    memories make_memories([[maybe_unused]] std::size_t kinds_of_state) const {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            const auto make = [&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
                if constexpr (has_memory<component<K>>)
                    return std::get<K>(components).template make_memory<Scalar>(kinds_of_state);
                else
                    return no_memory{};
            };
            return memories{make(std::integral_constant<std::size_t, I>{})...};
        }
        (std::make_index_sequence<count>{});
    }

    /// What of component I's memory candidate time reads: where it is, or a catalogue's copy of it.
    template <std::size_t I> static const auto& candidate_side(const memories& kept) noexcept {
        if constexpr (publishes_memory<component<I>>)
            return component<I>::published(std::get<I>(kept));
        else
            return nothing_known;
    }
    template <std::size_t I> static const auto& candidate_side(const published& copy) noexcept { return std::get<I>(copy.kept); }
    static published publish(const memories& kept) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) { return published{{candidate_side<I>(kept)...}}; }
        (std::make_index_sequence<count>{});
    }
    static void publish(const memories& kept, published& copy) noexcept {
        each<count>([&](auto i) { std::get<i>(copy.kept) = candidate_side<i>(kept); });
    }

    /// Candidate time. `slow`: at least the first at.candidate_end weights. `known`: memories or published. row: (values).
    template <class Known, class Item>
    void prepare_candidate(const Scalar* slow, const Known& known, const Item& item, Scalar* row) const noexcept {
        std::fill_n(row, padded(first), Scalar(0));
        each<count>([&](auto i) {
            if constexpr (bound<i> == binding::candidate)
                add_share<i>(slow, candidate_side<i>(known), item, row);
            else if constexpr (bound<i> == binding::pair)
                prepare_part<i>(slow, candidate_side<i>(known), item, row + part_offset[i]);
        });
    }
    /// What component I, which is bound to a pair, keeps of an item.
    template <std::size_t I, class Known, class Item>
    void prepare_part(const Scalar* slow, [[maybe_unused]] const Known& known, const Item& item, Scalar* part) const noexcept {
        const auto& stage = std::get<I>(components);
        if constexpr (publishes_memory<component<I>>)
            stage.prepare_candidate(slow + at.candidate[I], known, item, part);
        else
            stage.prepare_candidate(slow + at.candidate[I], item, part);
    }
    /// What it keeps of a request.
    template <std::size_t I, class Request, class Part>
    void prepare_context_part(const Scalar* w, [[maybe_unused]] const memories& known, const Request& request, Part& part) const noexcept {
        const auto& stage = std::get<I>(components);
        if constexpr (has_memory<component<I>>)
            stage.prepare_context(own<I>(w), std::get<I>(known), request, part);
        else
            stage.prepare_context(own<I>(w), request, part);
    }
    /// And what it makes of the two.
    template <std::size_t I, class Part>
    void join_parts(const Scalar* w, [[maybe_unused]] const memories& known, const Part& kept, rows<const Scalar> parts,
                    rows<Scalar> out) const noexcept {
        const auto& stage = std::get<I>(components);
        if constexpr (has_memory<component<I>>)
            stage.forward(own<I>(w), std::get<I>(known), kept, parts, out);
        else
            stage.forward(own<I>(w), kept, parts, out);
    }

    /// Request time. `see(i, out)` is shown the output of every component of the context's.
    template <class Request, class See = ignore>
    void prepare_context(const Scalar* w, const memories& known, const Request& request, request_values& kept,
                         See&& see = {}) const noexcept {
        std::copy_n(w + at.bias, padded(first), kept.base.data());
        each<count>([&](auto i) {
            if constexpr (bound<i> == binding::context)
                add_share<i>(w, std::get<i>(known), request, kept.base.data(), see);
            else if constexpr (bound<i> == binding::pair)
                prepare_context_part<i>(w, known, request, std::get<i>(kept.parts).value);
        });
    }

    /// The first layer's sums for up to `block` candidates, rectified if the ranker serves such. candidates: their value rows, anywhere.
    /// sums: (number, padded(first)).
    void first_layer(const Scalar* w, const memories& known, const request_values& kept, const Scalar* const* candidates,
                     rows<Scalar> sums) const noexcept {
        const std::size_t number = sums.count;
        for (std::size_t r = 0; r < number; ++r)
            math::sum_of<serves_rectified && at.pair_width == 0>(kept.base.data(), candidates[r], sums[r], padded(first));
        if constexpr (at.pair_width > 0) {
            alignas(64) std::array<Scalar, block * at.pair_width> joined;
            const rows<Scalar> out{joined.data(), number, at.pair_width};
            each<count>([&](auto i) {
                if constexpr (bound<i> == binding::pair) join<i>(w, known, kept, candidates, out.columns(at.pair_column[i]));
            });
            math::multiply<Scalar>(out, at.pair_width, w + at.pair_block, first, sums);
            if constexpr (serves_rectified)
                for (std::size_t r = 0; r < number; ++r) math::rectify(sums[r], padded(first));
        }
    }
    /// What is truly a pair's, for up to `block` candidates. scores: (number, padded(outputs)).
    void score(const Scalar* w, const memories& known, const request_values& kept, const Scalar* const* candidates,
               rows<Scalar> scores) const noexcept {
        alignas(64) std::array<Scalar, block * padded(first)> sums;
        alignas(64) std::array<Scalar, block * Ranker::activations> hidden;
        const rows<Scalar> sum_rows{sums.data(), scores.count, padded(first)}, between{hidden.data(), scores.count, Ranker::activations};
        first_layer(w, known, kept, candidates, sum_rows);
        further_layers(w, sum_rows, between, scores);
    }
    /// The scores of the first layer's sums. hidden: (number, activations), scratch.
    void further_layers(const Scalar* w, rows<Scalar> sums, rows<Scalar> hidden, rows<Scalar> scores) const noexcept {
        if constexpr (serves)
            ranker.serve(w + at.ranker, sums, hidden, scores);
        else
            ranker.forward(w + at.ranker, sums, hidden, scores, noise{});
    }

    /// Fills an arena with first weights: of every component, of the first layer, of the ranker.
    void start(Scalar* w, random& seeded) const noexcept {
        each<count>([&](auto i) {
            const auto& stage = std::get<i>(components);
            if constexpr (component<i>::weights > 0) stage.start(own<i>(w), seeded);
            constexpr std::size_t weights_of_candidate = candidate_weights<component<i>>;
            if constexpr (bound<i> == binding::pair && weights_of_candidate > 0) stage.start_candidate(w + at.candidate[i], seeded);
            const double limit = Ranker::first_limit(fuse<Components...>::width);
            for (std::size_t r = 0; r < component<i>::width; ++r)
                for (std::size_t j = 0; j < first; ++j)
                    w[at.block[i] + r * padded(first) + j] = adds_up<Ranker> ? Scalar(1) : static_cast<Scalar>(seeded.around_zero(limit));
        });
        ranker.start(w + at.ranker, seeded);
    }

    /// The first setting that a component refuses.
    status validate() const noexcept {
        status result;
        each<count>([&](auto i) {
            if (result) result = check_settings(std::get<i>(components));
        });
        if (result) result = check_settings(ranker);
        return result;
    }

    /// What weights mean, in words: two pipelines with the same signature can read each other's.
    std::string signature() const {
        std::string text;
        each<count>([&](auto i) {
            const auto& stage = std::get<i>(components);
            using type = component<i>;
            text += std::string(type_name<type>()) + "(" + inputs_text(typename type::inputs{}) + ")->" + std::to_string(type::width);
            if constexpr (requires { stage.settings(); }) text += "{" + stage.settings() + "}";
            text += " ";
        });
        text += std::string(type_name<Ranker>()) + "(" + std::to_string(fuse<Components...>::width);
        for (const std::size_t width : Ranker::widths) text += "-" + std::to_string(width);
        if constexpr (requires { ranker.settings(); }) text += " " + ranker.settings();
        return text + ")";
    }

    std::tuple<Components...> components;
    Ranker ranker;

private:
    /// A pair component's output for some candidates. Their parts are read where they lie if they lie evenly, as in a whole catalogue.
    template <std::size_t I>
    void join(const Scalar* w, const memories& known, const request_values& kept, const Scalar* const* candidates,
              rows<Scalar> out) const noexcept {
        using stage = component<I>;
        constexpr std::size_t part = stage::candidate_part;
        const std::size_t number = out.count;
        std::array<Scalar, block * part> gathered;
        rows<const Scalar> parts{candidates[0] + part_offset[I], number, values};
        bool evenly = true;
        for (std::size_t r = 1; r < number; ++r) evenly = evenly && candidates[r] == candidates[0] + r * values;
        if (!evenly) {
            for (std::size_t r = 0; r < number; ++r) std::copy_n(candidates[r] + part_offset[I], part, gathered.data() + r * part);
            parts = {gathered.data(), number, part};
        }
        join_parts<I>(w, known, std::get<I>(kept.parts).value, parts, out);
    }
    /// sum += the component's value times its rows of the first layer.
    template <std::size_t I, class Known, class Side, class See = ignore>
    void add_share(const Scalar* w, [[maybe_unused]] const Known& known, const Side& side, Scalar* sum, See&& see = {}) const noexcept {
        std::array<Scalar, component<I>::width> out;
        if constexpr (has_memory<component<I>>)
            std::get<I>(components).forward(own<I>(w), known, side, out.data());
        else
            std::get<I>(components).forward(own<I>(w), side, out.data());
        see(I, out.data());
        math::multiply<Scalar>({out.data(), 1, out.size()}, out.size(), w + at.block[I], first, {sum, 1, padded(first)});
    }
    template <class... Features> static std::string inputs_text(features<Features...>) {
        std::string text;
        ((text += (text.empty() ? "" : ",") + std::string(type_name<Features>()) + ":" +
                  (is_ids<Features> ? "ids" + std::to_string(Features::length) : std::to_string(Features::width))),
         ...);
        return text;
    }
};

}  // namespace rivulet::inline RIVULET_ABI::detail
