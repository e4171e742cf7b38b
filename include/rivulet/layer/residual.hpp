// SPDX-License-Identifier: MIT
// A residual connection: what layers make of their input is added to it.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>

#include "../math/vector.hpp"
#include "stack.hpp"

namespace rivulet::inline RIVULET_ABI {

/// y = x + f(x), f the layers one after the other (He et al. 2016, eq. 1): residual{dense<64>{}, gelu{}}. f must give as many numbers as it
/// takes. Weights: the layers', in their order. Saves what they save, and the outputs between them.
template <class... Layers> struct residual {
    static_assert(sizeof...(Layers) > 0, "residual{...} needs at least one layer");

private:
    using stack = detail::stack<Layers...>;

public:
    static constexpr double gain = 1;
    static constexpr std::size_t out(std::size_t in) { return in; }
    static constexpr std::size_t weights(std::size_t in) { return stack::weights(in); }
    static constexpr std::size_t saved(std::size_t in) { return stack::saved(in); }

    constexpr explicit residual(Layers... between) : layers_{{between...}} {}
    status validate() const noexcept { return layers_.validate(); }
    std::string settings() const { return layers_.settings(); }

    template <std::size_t In, class T> void start(T* w, random& seeded, double) const noexcept { layers_.template start<In, T>(w, seeded); }
    template <std::size_t In, class T> void forward(const T* w, rows<const T> x, rows<T> y, rows<T> saved, noise by) const noexcept {
        static_assert(stack::out(In) == In, "residual{...}: the last layer must give as many numbers as go into the first");
        layers_.template forward<In, T>(w, x, y, saved, by);
        for (std::size_t r = 0; r < x.count; ++r) math::add_scaled(T(1), x[r], y[r], padded(In));
    }
    template <std::size_t In, class T>
    void backward(const T* w, rows<const T> x, rows<const T> saved, rows<const T> dy, rows<T> dx, rows<T> scratch, slope_place<T> g,
                  noise by) const noexcept {
        layers_.template backward<In, T>(w, x, saved, dy, dx, scratch, g, by);
        for (std::size_t r = 0; r < x.count; ++r) math::add_scaled(T(1), dy[r], dx[r], padded(In));
    }

    template <std::size_t In, class T> void clear(T* g) const noexcept { layers_.template clear<In, T>(g); }

private:
    stack layers_;
};

}  // namespace rivulet::inline RIVULET_ABI
