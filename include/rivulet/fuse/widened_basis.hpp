// SPDX-License-Identifier: MIT
// The change of basis of a component that gives one number more than the component inside it.
#pragma once

#include <algorithm>
#include <cstddef>

#include "../core/config.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// M of (n, n), one row after the other, becomes [M 0; 0 1] of (n + 1, n + 1) where it lies.
template <class T> void widen_basis(T* m, std::size_t n) noexcept {
    for (std::size_t j = n; j-- > 0;) {  // from the end, so that no row is overwritten before it has moved
        if (j > 0) std::copy_backward(m + j * n, m + (j + 1) * n, m + j * (n + 1) + n);
        m[j * (n + 1) + n] = T(0);
    }
    std::fill_n(m + n * (n + 1), n, T(0));
    m[n * (n + 1) + n] = T(1);
}

}  // namespace rivulet::inline RIVULET_ABI::detail
