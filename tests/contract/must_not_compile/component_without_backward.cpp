// SPDX-License-Identifier: MIT
// A component with weights but no way to learn them is refused with the member that it lacks.
// expect: component has weights but lacks `backward
#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

struct price : rv::candidate<4> {};

struct scaled {
    using inputs = rv::features<price>;
    static constexpr std::size_t width = 4, weights = 1;
    static constexpr rv::binding bound = price::bound;
    template <class T> void start(T* w, rv::random&) const noexcept { *w = 1; }
    template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept {
        for (std::size_t i = 0; i < width; ++i) out[i] = *w * side.template get<price>().data[i];
    }
#ifdef RIVULET_SHOULD_COMPILE
    template <class T, class Side> void backward(const T*, const Side& side, const T* slope, T* g) const noexcept {
        for (std::size_t i = 0; i < width; ++i) *g += slope[i] * side.template get<price>().data[i];
    }
#endif
};

const rv::pipeline ranker{rv::fuse{scaled{}}, rv::linear{}, rv::sgd{}};
