// SPDX-License-Identifier: MIT
// A component that does not say how wide it is is told so.
// expect: component lacks `static constexpr std::size_t width`
#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

struct price : rv::candidate<4> {};

struct doubled {
    using inputs = rv::features<price>;
#ifdef RIVULET_SHOULD_COMPILE
    static constexpr std::size_t width = 4;
#endif
    static constexpr std::size_t weights = 0;
    static constexpr rv::binding bound = price::bound;
    template <class T, class Side> void forward(const T*, const Side& side, T* out) const noexcept {
        for (std::size_t i = 0; i < 4; ++i) out[i] = 2 * side.template get<price>().data[i];
    }
};

const rv::pipeline ranker{rv::fuse{doubled{}}, rv::linear{}, rv::sgd{}};
