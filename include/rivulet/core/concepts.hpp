// SPDX-License-Identifier: MIT
// The contract of a component, on one page, and sentences for a type that nearly keeps it.
//
// A component is a description: an aggregate of settings without weights. `w` below points at its weights in the pipeline's arena.
//
//     struct recency {                                                // a component of one side
//         using inputs = rivulet::features<age>;                      // what it reads
//         static constexpr std::size_t width = 1;                     // how many numbers it gives
//         static constexpr rivulet::binding bound = age::bound;       // when they are known
//         static constexpr std::size_t weights = 0;                   // how many it has
//         template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept;   // out: (width)
//     };
//
// One that has weights adds `start(w, random)`, and `backward(w, side, d_out, g)` that adds to g, or `fitted = true` and `fit`.
// One that needs both sides (`bound = binding::pair`) prepares a part on each side and joins the parts for every candidate:
//
//     template <class T> struct context_part;                         // what it keeps of a request; to learn it has
//                                                                     // start_slope(kept): becomes the slope of `kept`, all zero
//     static constexpr std::size_t candidate_part, candidate_weights; // numbers it keeps of an item; weights that those depend on
//     prepare_context(w, request, context_part<T>&), prepare_candidate(candidate_w, item, T* part)
//     forward(w, const context_part<T>&, rows<const T> parts, rows<T> out)
// and to learn
//     backward(w, context_part, parts, out_slope, context_part& slope, rows<T> part_slope, T* g)
//     backward_context(w, request, context_part slope, T* g), backward_candidate(candidate_w, item, T* part_slope, T* candidate_g)
//
// One that is learned in part and fitted in part (a fitted projection under a learned gate) puts what is fitted first:
//
//     static constexpr std::size_t fitted_weights;                    // how many of the leading numbers of w are fitted
//     static constexpr std::size_t fitted_candidate_weights;          // and of candidate_w, of a component bound to a pair
//     using fitted_inputs = rivulet::features<title>;                 // what it is fitted on, if that is not all of `inputs`
//     fit(w, rows<const T>), or fit_candidate(candidate_w, rows<const T>) where the fitted numbers are the candidate's
//     change_of_basis(old_w, new_w, T* m, T* c)                       // of the piece that fit changes: old output = new output m + c
//
// One that keeps rows by id (embeddings, hashed weights, what is known of a user) has a memory beside the arena. Its functions take the
// memory after w: const where they read, which never makes a row, and not const where they learn.
//
//     template <class T> using memory = row_table<T, id_directory, 16>;
//     memory<T> make_memory<T>(kinds_of_state) const;                 // kinds_of_state: numbers that the updater keeps a weight
//     forward(w, const memory&, side, out), backward(w, memory&, side, d_out, g), and so on; slopes of rows go to memory.slopes(slot)
//     admit(w, memory&, side), sighted(memory&, side)                 // before and after a step: makes rows for new ids, counts ids
//     template <class T> struct trace;                                // optional, of one side, in a step: what forward(w, memory&, side,
//                                                                     // out, trace&, learns) leaves for backward(w, memory&, side, d_out,
//                                                                     // g, const trace&), which follows if it learns
//     published(const memory&)                                        // of one that keeps a part of an item: what of the memory
//                                                                     // prepare_candidate reads, which catalogues keep a copy of
// A memory has tables(f), parts(f), memory() and validate_state(accepts); table/row_table.hpp is one. Of a component bound to a pair there
// are admit_context, admit_candidate, sighted_context and sighted_candidate, and observe(w, memory&, request, item, feedback), which hears
// of what came of an item after the step; with `fitted = true` a component teaches itself there and needs no backward.
//
// One that adds up what it finds by id may say so: explain(w, candidate_w, const memory&, request, item, see) calls see(ids, numbers) for
// every summand of its output, (width) numbers each, and leaves out what is not of ids; explain/explain.hpp.
//
// One that reads an optional feature says `takes_missing = true`, and looks at `get<Feature>().holds(0)` before it reads; `maybe` does that
// for any component.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "binding.hpp"
#include "error.hpp"
#include "random.hpp"
#include "rows.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Whether a component's weights are estimated by `fit` rather than learned by descent.
template <class C>
constexpr bool is_fitted = [] {
    if constexpr (requires { C::fitted; })
        return bool(C::fitted);
    else
        return false;
}();

/// Weights that candidate values depend on: published by a refresh, together with the values.
template <class C>
constexpr std::size_t candidate_weights = [] {
    if constexpr (C::bound == binding::candidate)
        return std::size_t(C::weights);
    else if constexpr (requires { C::candidate_weights; })
        return std::size_t(C::candidate_weights);
    else
        return std::size_t(0);
}();

/// Weights that are used while a request is served: a learned step is in force at once.
template <class C> constexpr std::size_t request_weights = C::bound == binding::candidate ? std::size_t(0) : std::size_t(C::weights);

/// How many of the leading numbers of a component's own weights `fit` estimates: all, some or none.
template <class C>
constexpr std::size_t fitted_weights = [] {
    if constexpr (is_fitted<C>)
        return std::size_t(C::weights);
    else if constexpr (requires { C::fitted_weights; })
        return std::size_t(C::fitted_weights);
    else
        return std::size_t(0);
}();

/// The same of the candidate weights of a component bound to a pair.
template <class C>
constexpr std::size_t fitted_candidate_weights = [] {
    if constexpr (requires { C::fitted_candidate_weights; })
        return std::size_t(C::fitted_candidate_weights);
    else
        return std::size_t(0);
}();

namespace detail {

template <class C> struct fitted_on { using type = typename C::inputs; };
template <class C>
    requires requires { typename C::fitted_inputs; }
struct fitted_on<C> {
    using type = typename C::fitted_inputs;
};

template <class C>
constexpr bool takes_missing = [] {
    if constexpr (requires { C::takes_missing; })
        return bool(C::takes_missing);
    else
        return false;
}();

}  // namespace detail

/// Stands for the memory of a component that has none.
struct no_memory {};

namespace detail {

template <class C, class T> struct memory_of { using type = no_memory; };
template <class C, class T>
    requires requires { typename C::template memory<T>; }
struct memory_of<C, T> {
    using type = typename C::template memory<T>;
};

/// What a component whose memory is no_memory publishes: nothing.
template <class C, class T> struct published_of { using type = no_memory; };
template <class C, class T>
    requires requires(const typename C::template memory<T>& m) { C::published(m); }
struct published_of<C, T> {
    using type = std::remove_cvref_t<decltype(C::published(std::declval<const typename C::template memory<T>&>()))>;
};

template <class C, class T> struct trace_of { using type = no_memory; };
template <class C, class T>
    requires requires { typename C::template trace<T>; }
struct trace_of<C, T> {
    using type = typename C::template trace<T>;
};

}  // namespace detail

template <class C> constexpr bool has_memory = !std::is_same_v<typename detail::memory_of<C, float>::type, no_memory>;
template <class C> constexpr bool publishes_memory = !std::is_same_v<typename detail::published_of<C, float>::type, no_memory>;

/// The features that a component is fitted on: one, unless it is not fitted at all.
template <class C> using fitted_inputs = typename detail::fitted_on<C>::type;

template <class C, class T, class Side>
concept one_sided = requires(const C& c, const T* w, const Side& side, T* out) {
    c.forward(w, side, out);
};

template <class C, class T, class Side>
concept learns_one_sided = requires(const C& c, const T* w, const Side& side, const T* slope, T* g) {
    c.backward(w, side, slope, g);
};

template <class C, class T, class Request, class Item>
concept two_sided = requires(const C& c, const T* w, const Request& request, const Item& item, typename C::template context_part<T>& kept,
                             T* part, rows<const T> parts, rows<T> out) {
    c.prepare_context(w, request, kept);
    c.prepare_candidate(w, item, part);
    c.forward(w, kept, parts, out);
};

template <class C, class T, class Request, class Item>
concept learns_two_sided = requires(const C& c, const T* w, const Request& request, const Item& item,
                                    typename C::template context_part<T>& kept, T* part, rows<const T> parts, rows<T> slopes, T* g) {
    kept.start_slope(kept);
    c.backward(w, kept, parts, parts, kept, slopes, g);
    c.backward_context(w, request, kept, g);
    c.backward_candidate(w, item, part, g);
};

/// A component of one side with a memory.
template <class C, class T, class Side>
concept keeps_rows = requires(const C& c, const T* w, const typename C::template memory<T>& known, typename C::template memory<T>& learned,
                              const Side& side, T* out) {
    { c.template make_memory<T>(std::size_t(1)) } -> std::same_as<typename C::template memory<T>>;
    c.forward(w, known, side, out);
    c.backward(w, learned, side, out, out);
};

/// A component bound to a pair with a memory.
template <class C, class T, class Request, class Item>
concept keeps_rows_of_both = requires(const C& c, const T* w, const typename C::template memory<T>& known,
                                      typename C::template memory<T>& learned, const Request& request,
                                      typename C::template context_part<T>& kept, rows<const T> parts, rows<T> slopes, T* g) {
    { c.template make_memory<T>(std::size_t(1)) } -> std::same_as<typename C::template memory<T>>;
    c.prepare_context(w, known, request, kept);
    c.forward(w, known, kept, parts, slopes);
    requires is_fitted<C> || requires {
        c.backward(w, learned, kept, parts, parts, kept, slopes, g);
        c.backward_context(w, learned, request, kept, g);
    };
};

/// What an updater keeps about a range of weights.
template <class T> struct updater_state {
    T* numbers;  ///< the first kind of state; the next kind lies `apart` numbers on
    std::size_t apart;
    std::uint64_t steps;  ///< steps taken before this one
};

/// An updater: settings, how many numbers of state it keeps a weight, and a step over any range of weights.
template <class U, class T>
concept updater = requires(const U& u, T* w, const T* g, updater_state<T> state, std::size_t n) {
    { U::state } -> std::convertible_to<std::size_t>;
    { u.validate() } -> std::same_as<status>;
    u.step(w, g, state, n);
};

/// Whether an updater can have left this number as a weight's state of a kind: what files are checked for.
template <class Updater, class T> constexpr bool state_accepts(T number, std::size_t kind) noexcept {
    if constexpr (requires { Updater::accepts(number, kind); })
        return Updater::accepts(number, kind);
    else if constexpr (requires { Updater::accepts(number); })
        return Updater::accepts(number);
    else
        return true;
}

/// A loss of one score and one label.
template <class L, class T>
concept pointwise_loss = requires(const L& loss, T z) {
    { loss.value(z, z) } -> std::convertible_to<T>;
    { loss.slope(z, z) } -> std::convertible_to<T>;
};

/// A pointwise loss that knows what becomes of a step that is divided infinitely.
template <class L, class T>
concept divisible_loss = pointwise_loss<L, T> && requires(const L& loss, T z) {
    { loss.movement(z, z, z) } -> std::convertible_to<T>;
};

/// A loss of the scores of all outcomes of a request together. Gives the loss, writes the slopes: (n).
template <class L, class T>
concept listwise_loss = requires(const L& loss, const T* scores, const T* labels, const T* weights, T* slopes, std::size_t n) {
    { loss.over(scores, labels, weights, slopes, n) } -> std::convertible_to<double>;
};

/// A loss of the several numbers that a ranker gives one outcome. `head`: which of them the label is about, where that matters.
template <class L, class T>
concept loss_of_outputs = requires(const L& loss, const T* scores, T label, std::size_t head, T* slopes) {
    { L::outputs } -> std::convertible_to<std::size_t>;
    { loss.of(scores, label, head, slopes) } -> std::convertible_to<T>;
};

/// Each says which labels it takes.
template <class L, class T>
concept loss_function = (pointwise_loss<L, T> || listwise_loss<L, T> || loss_of_outputs<L, T>)&&requires(const L& loss, float label) {
    { loss.accepts(label, std::size_t(0)) } -> std::same_as<bool>;
    { loss.validate() } -> std::same_as<status>;
};

namespace detail {

/// Says which member a type lacks, instead of failing somewhere inside. `Request` and `Item` are records that bring everything.
template <class C, class T, class Request, class Item> constexpr bool complete_component() {
    static_assert(
        requires { typename C::inputs; }, "component lacks `using inputs = rivulet::features<...>;`: the features that it reads");
    static_assert(
        requires { C::width; }, "component lacks `static constexpr std::size_t width`: how many numbers it gives");
    static_assert(
        requires { C::bound; }, "component lacks `static constexpr rivulet::binding bound`: when its values are known");
    static_assert(
        requires { C::weights; }, "component lacks `static constexpr std::size_t weights`: how many weights it has (0 is fine)");
    static_assert(!C::inputs::any_optional || takes_missing<C>,
                  "component reads an optional feature and would read it where it is missing: wrap it, rivulet::maybe<component>");
    constexpr std::size_t weights_of_candidate = candidate_weights<C>;
    constexpr bool has_weights = C::weights + weights_of_candidate > 0;
    if constexpr (has_memory<C>) {
        static_assert(
            keeps_rows<C, T, Request> || keeps_rows<C, T, Item> || keeps_rows_of_both<C, T, Request, Item>,
            "component with a memory lacks `make_memory`, `forward`, `backward` or what goes with them as core/concepts.hpp describes");
    } else if constexpr (C::bound == binding::pair) {
        static_assert(two_sided<C, T, Request, Item>,
                      "component bound to a pair lacks `prepare_context`, `prepare_candidate` or `forward` as core/concepts.hpp describes");
        static_assert(learns_two_sided<C, T, Request, Item> || !has_weights,
                      "component has weights but lacks `backward`, `backward_context` or `backward_candidate`");
    } else {
        static_assert(one_sided<C, T, Request> || one_sided<C, T, Item>,
                      "component lacks `template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept`");
        static_assert(learns_one_sided<C, T, Request> || learns_one_sided<C, T, Item> || is_fitted<C> || !has_weights,
                      "component has weights but lacks `backward(w, side, d_out, g)`: write it, or set `fitted = true` and write `fit`");
    }
    return true;
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
