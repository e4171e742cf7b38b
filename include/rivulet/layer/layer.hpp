// SPDX-License-Identifier: MIT
// The contract of a layer, on one page, and sentences for a type that nearly keeps it.
//
// A layer is a description: an aggregate of settings without weights. It works on rows; `In` is the width of its input.
//
//     struct doubled {                                                     // a layer: y = 2 x
//         static constexpr std::size_t out(std::size_t in) { return in; }  // the width that it gives
//         static constexpr std::size_t weights(std::size_t) { return 0; }  // numbers in the arena
//         static constexpr std::size_t saved(std::size_t) { return 0; }    // numbers a row that forward leaves for backward, beside x
//         template <std::size_t In, class T>
//         void forward(const T* w, rows<const T> x, rows<T> y, rows<T> saved, noise by) const noexcept;
//         template <std::size_t In, class T>
//         void backward(const T* w, rows<const T> x, rows<const T> saved, rows<const T> dy, rows<T> dx, rows<T> scratch, T* g, noise by)
//         const noexcept;
//     };
//
// x, dx: (n, padded(In)); y, dy: (n, padded(out(In))); saved, and scratch for backward's own use: (n, saved(In)). Forward overwrites y,
// backward overwrites dx and adds to g, an array of w's shape. The padding of x and dy is zero; that of y, dx and g is left zero.
// Views of different names never overlap. `by` is zero when serving; what it makes random must be the same in backward as in forward.
//
// A layer whose slope is a product of rows may take `slope_place<T> g` and hand the product over, math/slopes.hpp; it then has
// `template <std::size_t In, class T> void clear(T* g) const noexcept`, which zeroes what its backward adds to without one.
//
// One that has weights adds `template <std::size_t In, class T> void start(T* w, random& seeded, double gain) const noexcept`; w is zero
// before. `gain` is how many times the variance of its output shall be that of its input.
//
// Optional: `static constexpr double gain`, the gain that weights before it should have: 2 if it lets half of what comes through, 1 if it
// takes numbers as they are (He et al. 2015); a layer that does not say is skipped in the search. `status validate() const noexcept`.
// `std::string settings() const`: what a file of the weights should say of it beside its name.
#pragma once

#include <cstddef>
#include <string>

#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../core/rows.hpp"
#include "../math/dropout.hpp"

namespace rivulet::inline RIVULET_ABI {

/// What `In` numbers a row go through and come back through.
template <class L, std::size_t In, class T>
concept layer = requires(const L& l, const T* w, rows<const T> read, rows<T> written, T* g, noise by) {
    l.template forward<In, T>(w, read, written, written, by);
    l.template backward<In, T>(w, read, read, read, written, written, g, by);
};

namespace detail {

/// Both say which member a type lacks, instead of failing somewhere inside. This one is asked before anything is worked out from sizes.
template <class L> constexpr bool sized_layer() {
    static_assert(
        requires(std::size_t in) { L::out(in); },
        "layer lacks `static constexpr std::size_t out(std::size_t in)`: the width that it gives");
    static_assert(
        requires(std::size_t in) { L::weights(in); },
        "layer lacks `static constexpr std::size_t weights(std::size_t in)`: how many weights it has (0 is fine)");
    static_assert(
        requires(std::size_t in) { L::saved(in); },
        "layer lacks `static constexpr std::size_t saved(std::size_t in)`: numbers a row that forward leaves for backward (0 is fine)");
    return true;
}
template <class L, std::size_t In, class T> constexpr bool complete_layer() {
    static_assert(layer<L, In, T>,
                  "layer lacks `forward<In, T>(w, x, y, saved, by)` or `backward<In, T>(w, x, saved, dy, dx, scratch, g, by)` as "
                  "layer/layer.hpp describes");
    constexpr bool starts = requires(const L& l, T* w, random& seeded) { l.template start<In, T>(w, seeded, 1.0); };
    static_assert(
        starts || L::weights(In) == 0,
        "layer has weights but lacks `template <std::size_t In, class T> void start(T* w, random& seeded, double gain) const noexcept`");
    return true;
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
