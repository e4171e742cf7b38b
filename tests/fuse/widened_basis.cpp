// SPDX-License-Identifier: MIT
// A change of basis with one number more: nothing is overwritten before it has moved.
#include <doctest/doctest.h>

#include <vector>

#include <rivulet/fuse/widened_basis.hpp>

TEST_CASE_TEMPLATE("M becomes [M 0; 0 1] where it lies", T, float, double) {
    for (std::size_t n = 1; n <= 20; ++n) {
        std::vector<T> m((n + 1) * (n + 1) + 1, T(-7));
        for (std::size_t i = 0; i < n * n; ++i) m[i] = static_cast<T>(i + 1);
        rivulet::detail::widen_basis(m.data(), n);
        for (std::size_t j = 0; j <= n; ++j)
            for (std::size_t k = 0; k <= n; ++k)
                REQUIRE(m[j * (n + 1) + k] == (j < n && k < n ? static_cast<T>(j * n + k + 1) : j == k ? T(1) : T(0)));
        CHECK(m.back() == T(-7));
    }
}
