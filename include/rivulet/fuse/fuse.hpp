// SPDX-License-Identifier: MIT
// Fusion by concatenation: the parts of a pipeline side by side, in the order given.
#pragma once

#include <cstddef>
#include <tuple>

#include "../core/concepts.hpp"

namespace rivulet::inline RIVULET_ABI {

/// The fused vector is all parts' outputs one after the other. It is never written down: a dense layer over it splits by columns,
/// W [c; d; p] + b = W_c c + W_d d + W_p p + b, and each share is computed when its part is known.
template <class... Components> struct fuse {
    static_assert(sizeof...(Components) > 0, "fuse{...} needs at least one component");
    static constexpr std::size_t width = (Components::width + ...);

    std::tuple<Components...> components;

    constexpr explicit fuse(Components... parts) : components(parts...) {}
};

}  // namespace rivulet::inline RIVULET_ABI
