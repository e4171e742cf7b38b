// SPDX-License-Identifier: MIT
// Eigenvectors of symmetric matrices: A v = l v, orthonormal, largest first, the sign fixed.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <rivulet/math/symmetric_eigen.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

std::vector<double> random_symmetric(std::uint64_t seed, std::size_t n) {
    rv::random draw(seed);
    std::vector<double> a(n * n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i; j < n; ++j) a[i * n + j] = a[j * n + i] = draw.around_zero(1);
    return a;
}
double dot(const double* x, const double* y, std::size_t n) {
    long double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<long double>(x[i]) * y[i];
    return static_cast<double>(sum);
}

}  // namespace

TEST_CASE("each vector is an eigenvector, all are orthonormal, and the largest eigenvalue comes first") {
    for (const std::size_t n : {1u, 2u, 3u, 8u, 30u, 64u})
        for (const std::size_t keep : {std::size_t(1), (n + 1) / 2, n}) {
            CAPTURE(n);
            CAPTURE(keep);
            const auto a = random_symmetric(n, n);
            const auto vectors = rv::math::symmetric_eigenvectors(a, n, keep);
            REQUIRE(vectors.size() == keep * n);
            const double tolerance = test::tolerance::eigen<double>(n, std::sqrt(static_cast<double>(n)));  // the norm of such a matrix
            double last = std::numeric_limits<double>::infinity(), trace = 0;
            for (std::size_t k = 0; k < keep; ++k) {
                const double* const v = vectors.data() + k * n;
                std::vector<double> product(n);
                for (std::size_t i = 0; i < n; ++i) product[i] = dot(a.data() + i * n, v, n);
                const double value = dot(product.data(), v, n);
                for (std::size_t i = 0; i < n; ++i) REQUIRE(within(product[i], value * v[i], tolerance));
                for (std::size_t other = 0; other <= k; ++other)
                    REQUIRE(within(dot(v, vectors.data() + other * n, n), other == k ? 1 : 0, tolerance));
                CHECK(value <= last + tolerance);
                last = value;
                trace += value;
            }
            double expected = 0;
            for (std::size_t i = 0; i < n; ++i) expected += a[i * n + i];
            if (keep == n)
                CHECK(within(trace, expected, tolerance * static_cast<double>(n)));
            else
                CHECK(trace >= expected * static_cast<double>(keep) / static_cast<double>(n) - tolerance);  // the largest beat the average
        }
}

TEST_CASE("the entry of largest magnitude is positive, so the same matrix gives the same vectors") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const std::size_t n = 12;
        const auto a = random_symmetric(seed, n);
        const auto vectors = rv::math::symmetric_eigenvectors(a, n, n);
        for (std::size_t k = 0; k < n; ++k) {
            const auto v = vectors.begin() + static_cast<std::ptrdiff_t>(k * n);
            const auto largest =
                std::max_element(v, v + static_cast<std::ptrdiff_t>(n), [](double x, double y) { return std::abs(x) < std::abs(y); });
            CHECK(*largest > 0);
        }
        CHECK(vectors == rv::math::symmetric_eigenvectors(a, n, n));
    }
}

TEST_CASE("a worked example: ((2, 1), (1, 2)) has eigenvector (1, 1) / sqrt(2), and a diagonal matrix its axes") {
    const auto two = rv::math::symmetric_eigenvectors(std::vector<double>{2, 1, 1, 2}, 2, 1);
    CHECK(within(two[0], std::sqrt(0.5), 1e-15));
    CHECK(within(two[1], std::sqrt(0.5), 1e-15));
    CHECK(rv::math::symmetric_eigenvectors(std::vector<double>{1, 0, 0, 0, 3, 0, 0, 0, 2}, 3, 3) ==
          std::vector<double>{0, 1, 0, 0, 0, 1, 1, 0, 0});
}

TEST_CASE("zero has eigenvectors, and no vectors of it can be kept") {
    const std::vector<double> zero(25);
    const auto vectors = rv::math::symmetric_eigenvectors(zero, 5, 5);
    for (std::size_t k = 0; k < 5; ++k) CHECK(within(dot(vectors.data() + 5 * k, vectors.data() + 5 * k, 5), 1, 1e-15));
    CHECK(rv::math::symmetric_eigenvectors(zero, 5, 0).empty());
}

TEST_CASE("a matrix that holds a number that is not finite is refused, and the sentence asks about it") {
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
        for (const std::size_t at : {0u, 1u, 4u}) {
            auto a = random_symmetric(1, 3);
            a[at] = a[at % 3 * 3 + at / 3] = bad;
            CAPTURE(bad);
            CAPTURE(at);
            try {
                rv::math::symmetric_eigenvectors(a, 3, 2);
                FAIL_CHECK("not refused");
            } catch (const rv::error& refused) {
                CHECK(refused.code() == rv::errc::nonfinite);
                CHECK(std::string(refused.what()).find("finite") != std::string::npos);
            }
        }
}
