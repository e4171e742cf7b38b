// SPDX-License-Identifier: MIT
// A component whose input may be missing, with a learned stand-in for its output where it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "../core/concepts.hpp"
#include "../core/description.hpp"
#include "../core/type_name.hpp"
#include "../input/missing.hpp"
#include "widened_basis.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

template <class C, class T>
concept learns_pairs = requires(const C& c, const T* w, typename C::template context_part<T>& kept, rows<const T> parts, rows<T> slopes,
                                T* g) {
    c.backward(w, kept, parts, parts, kept, slopes, g);
};

}  // namespace detail

/// out = [value, 0] where every optional feature that the component reads is there, [0, ..., 0, 1] where one is missing; the component
/// itself never reads a missing one. The last number is a missing indicator: a dense layer follows, so its row of that layer is what the
/// layer gets in place of the value, learned like any weight (the rows of the value learn nothing from items without it). That stand-in is
/// in the units of the first layer and begins with the layer's own first weights, which are zero under `linear`.
/// Bound like the component, with its weights; a pair's keeps one more number an item.
template <class Component> struct maybe {
    Component component{};

    static_assert(Component::inputs::any_optional, "maybe<Component> is for a component that reads an optional feature");
    using inputs = typename Component::inputs;
    using fitted_inputs = rivulet::fitted_inputs<Component>;
    static constexpr std::size_t width = Component::width + 1;
    static constexpr binding bound = Component::bound;
    static constexpr bool fitted = is_fitted<Component>, takes_missing = true;
    static constexpr std::size_t weights = Component::weights, candidate_weights = rivulet::candidate_weights<Component>;
    static constexpr std::size_t fitted_weights = rivulet::fitted_weights<Component>;
    static constexpr std::size_t fitted_candidate_weights = rivulet::fitted_candidate_weights<Component>;
    static constexpr std::size_t candidate_part = [] {  // the component's, then 1 where the item brings all that it should
        if constexpr (bound == binding::pair)
            return std::size_t(Component::candidate_part + 1);
        else
            return std::size_t(0);
    }();

private:
    static constexpr std::size_t last = Component::width;

public:
    template <class T> struct context_part {
        typename Component::template context_part<T> kept;
        bool there = false;  // if not, `kept` holds nothing

        context_part() {}
        void start_slope(const context_part& of) noexcept {
            there = of.there;
            if (there) kept.start_slope(of.kept);
        }
    };

    status validate() const noexcept { return detail::check_settings(component); }
    std::string settings() const { return detail::described(component); }

    template <class T> void start(T* w, random& seeded) const noexcept { component.start(w, seeded); }
    template <class T> void start_candidate(T* w, random& seeded) const noexcept { component.start_candidate(w, seeded); }

    // ---- of one side
    template <class T, class Side>
    void forward(const T* w, const Side& side, T* out) const noexcept requires one_sided<Component, T, Side> {
        const bool there = detail::brings_all<bound>(side, inputs{});
        if (there)
            component.forward(w, side, out);
        else
            std::fill_n(out, last, T(0));
        out[last] = there ? T(0) : T(1);
    }
    template <class T, class Side>
    void backward(const T* w, const Side& side, const T* out_slope, T* g) const noexcept requires learns_one_sided<Component, T, Side> {
        if (detail::brings_all<bound>(side, inputs{})) component.backward(w, side, out_slope, g);
    }

    // ---- of a pair
    template <class T, class Request> void prepare_context(const T* w, const Request& request, context_part<T>& kept) const noexcept {
        kept.there = detail::brings_all<binding::context>(request, inputs{});
        if (kept.there) component.prepare_context(w, request, kept.kept);
    }
    template <class T, class Item> void prepare_candidate(const T* w, const Item& item, T* part) const noexcept {
        const bool there = detail::brings_all<binding::candidate>(item, inputs{});
        if (there)
            component.prepare_candidate(w, item, part);
        else
            std::fill_n(part, candidate_part - 1, T(0));
        part[candidate_part - 1] = there ? T(1) : T(0);
    }
    template <class T> void forward(const T* w, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        if (kept.there) component.forward(w, kept.kept, parts, out);  // of missing ones too: one call keeps its blocks whole
        for (std::size_t r = 0; r < parts.count; ++r) {
            const bool there = kept.there && holds(parts[r]);
            if (!there) std::fill_n(out[r], last, T(0));
            out[r][last] = there ? T(0) : T(1);
        }
    }
    template <class T>
    void backward(const T* w, const context_part<T>& kept, rows<const T> parts, rows<const T> out_slope, context_part<T>& slope,
                  rows<T> part_slope, T* g) const noexcept requires detail::learns_pairs<Component, T> {
        if (!kept.there) return;
        for (std::size_t r = 0, end; r < parts.count; r = end) {  // a run of candidates that are there, or one that is not
            for (end = r; end < parts.count && holds(parts[end]);) ++end;
            const std::size_t run = end - r;
            if (run > 0)
                component.backward(w, kept.kept, parts.from(r, run), out_slope.from(r, run), slope.kept, part_slope.from(r, run), g);
            else
                ++end;
        }
    }
    template <class T, class Request>
    void backward_context(const T* w, const Request& request, const context_part<T>& slope, T* g) const noexcept {
        if (slope.there) component.backward_context(w, request, slope.kept, g);
    }
    template <class T, class Item> void backward_candidate(const T* w, const Item& item, const T* part_slope, T* g) const noexcept {
        if (detail::brings_all<binding::candidate>(item, inputs{})) component.backward_candidate(w, item, part_slope, g);
    }

    // ---- fitted in whole or in part: on rows that are there
    template <class T> void fit(T* w, rows<const T> data) const requires(fitted_weights > 0) { component.fit(w, data); }
    template <class T> void fit_candidate(T* w, rows<const T> data) const requires(fitted_candidate_weights > 0) {
        component.fit_candidate(w, data);
    }

    /// Exact if the component's is: old = new M + c of the component becomes M = [M 0; -c 1], c = [c 0], which gives [0, ..., 0, 1] for
    /// itself. m: (width, width), c: (width).
    template <class T>
    void change_of_basis(const T* old_w, const T* new_w, T* m, T* c) const noexcept
        requires(fitted_weights + fitted_candidate_weights > 0) {
        component.change_of_basis(old_w, new_w, m, c);  // (last, last) and (last)
        detail::widen_basis<T>(m, last);
        for (std::size_t k = 0; k < last; ++k) m[last * width + k] = -c[k];
        c[last] = T(0);
    }

private:
    template <class T> static bool holds(const T* part) noexcept { return part[candidate_part - 1] != T(0); }
};

template <class Component> maybe(Component) -> maybe<Component>;

}  // namespace rivulet::inline RIVULET_ABI
