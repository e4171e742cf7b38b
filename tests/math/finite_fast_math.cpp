// SPDX-License-Identifier: MIT
// The finite test where a host builds with -ffast-math, under which std::isfinite and x == x are folded away. Built with that flag.
#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <vector>

#include <rivulet/math/vector.hpp>

namespace rv = rivulet;

namespace {

template <class T> struct patterns;
template <> struct patterns<float> {
    using bits = std::uint32_t;
    static constexpr bits bad[] = {0x7f800000u, 0xff800000u, 0x7f800001u, 0x7fc00000u, 0xffc00000u, 0x7fc12345u, 0xffffffffu};
    static constexpr bits good[] = {0u, 0x80000000u, 1u, 0x3f800000u, 0x7f7fffffu, 0xff7fffffu, 0x00800000u};
};
template <> struct patterns<double> {
    using bits = std::uint64_t;
    static constexpr bits bad[] = {0x7ff0000000000000u, 0xfff0000000000000u, 0x7ff0000000000001u, 0x7ff8000000000000u, 0xffffffffffffffffu};
    static constexpr bits good[] = {0u, 0x8000000000000000u, 1u, 0x3ff0000000000000u, 0x7fefffffffffffffu};
};

}  // namespace

TEST_CASE("this file is built with -ffast-math") {
#ifdef __FAST_MATH__
    CHECK(true);
#else
    FAIL_CHECK("the build must give this one source -ffast-math, or it tests nothing");
#endif
}

TEST_CASE_TEMPLATE("under -ffast-math infinities and NaNs are told from numbers", T, float, double) {
    // Through memory, so that nothing is known while compiling.
    for (volatile auto bits : patterns<T>::bad)
        CHECK_FALSE(rv::math::finite(std::bit_cast<T>(static_cast<typename patterns<T>::bits>(bits))));
    for (volatile auto bits : patterns<T>::good) CHECK(rv::math::finite(std::bit_cast<T>(static_cast<typename patterns<T>::bits>(bits))));
}

TEST_CASE_TEMPLATE("under -ffast-math the first number that is not finite is found at every position", T, float, double) {
    for (const std::size_t n : {1u, 15u, 16u, 17u, 40u})
        for (const auto bits : patterns<T>::bad)
            for (std::size_t bad = 0; bad < n; ++bad) {
                std::vector<T> x(n, T(0.5));
                REQUIRE(rv::math::first_nonfinite(x.data(), n) == n);
                x[bad] = std::bit_cast<T>(bits);
                REQUIRE(rv::math::first_nonfinite(x.data(), n) == bad);
            }
}
