// SPDX-License-Identifier: MIT
// Dropout as a layer: a share of the units is silent in each training step, none when serving.
#pragma once

#include <cstddef>

#include "../math/dropout.hpp"
#include "../math/vector.hpp"
#include "layer.hpp"

namespace rivulet::inline RIVULET_ABI {

/// y = x / (1 - share) for the units that are kept, 0 for the others; y = x without noise (Srivastava et al. 2014). Row r of a call has the
/// number by.row + r. No weights, and nothing is saved: backward draws the same units again.
struct dropout {
    float share = 0.1f;  ///< how likely a unit is dropped; from 0 to below 1

    static constexpr std::size_t out(std::size_t in) { return in; }
    static constexpr std::size_t weights(std::size_t) { return 0; }
    static constexpr std::size_t saved(std::size_t) { return 0; }
    status validate() const noexcept {
        if (math::finite(share) && share >= 0 && share < 1) return {};
        return {errc::setting, "dropout.share must be a number from 0 to below 1", 0, static_cast<double>(share)};
    }

    template <std::size_t In, class T> void forward(const T*, rows<const T> x, rows<T> y, rows<T>, noise by) const noexcept {
        for (std::size_t r = 0; r < x.count; ++r) math::dropout(x[r], y[r], padded(In), share, by.from(r));
    }
    template <std::size_t In, class T>
    void backward(const T*, rows<const T>, rows<const T>, rows<const T> dy, rows<T> dx, rows<T>, T*, noise by) const noexcept {
        for (std::size_t r = 0; r < dy.count; ++r) math::dropout(dy[r], dx[r], padded(In), share, by.from(r));
    }
};

}  // namespace rivulet::inline RIVULET_ABI
