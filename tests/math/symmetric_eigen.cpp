// SPDX-License-Identifier: MIT
// Eigenvalues and eigenvectors of symmetric matrices: A v = l v, orthonormal, largest first, the sign fixed.
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
            const auto [values, vectors] = rv::math::symmetric_eigen(a, n, keep);
            REQUIRE(vectors.size() == keep * n);
            REQUIRE(values.size() == keep);
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
                CHECK(within(values[k], value, tolerance));
                CHECK(values[k] <= last);
                last = values[k];
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
        const auto vectors = rv::math::symmetric_eigen(a, n, n).vectors;
        for (std::size_t k = 0; k < n; ++k) {
            const auto v = vectors.begin() + static_cast<std::ptrdiff_t>(k * n);
            const auto largest =
                std::max_element(v, v + static_cast<std::ptrdiff_t>(n), [](double x, double y) { return std::abs(x) < std::abs(y); });
            CHECK(*largest > 0);
        }
        CHECK(vectors == rv::math::symmetric_eigen(a, n, n).vectors);
    }
}

TEST_CASE("a worked example: ((2, 1), (1, 2)) has eigenvector (1, 1) / sqrt(2), and a diagonal matrix its axes") {
    const auto [values, two] = rv::math::symmetric_eigen(std::vector<double>{2, 1, 1, 2}, 2, 1);
    CHECK(within(values[0], 3, 1e-15));
    CHECK(within(two[0], std::sqrt(0.5), 1e-15));
    CHECK(within(two[1], std::sqrt(0.5), 1e-15));
    const auto axes = rv::math::symmetric_eigen(std::vector<double>{1, 0, 0, 0, 3, 0, 0, 0, 2}, 3, 3);
    CHECK(axes.values == std::vector<double>{3, 2, 1});
    CHECK(axes.vectors == std::vector<double>{0, 1, 0, 0, 0, 1, 1, 0, 0});
}

TEST_CASE("zero has eigenvectors, and no vectors of it can be kept") {
    const std::vector<double> zero(25);
    const auto [values, vectors] = rv::math::symmetric_eigen(zero, 5, 5);
    CHECK(values == std::vector<double>(5));
    for (std::size_t k = 0; k < 5; ++k) CHECK(within(dot(vectors.data() + 5 * k, vectors.data() + 5 * k, 5), 1, 1e-15));
    CHECK(rv::math::symmetric_eigen(zero, 5, 0).vectors.empty());
}

TEST_CASE("a matrix that holds a number that is not finite is refused, and the sentence asks about it") {
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
        for (const std::size_t at : {0u, 1u, 4u}) {
            auto a = random_symmetric(1, 3);
            a[at] = a[at % 3 * 3 + at / 3] = bad;
            CAPTURE(bad);
            CAPTURE(at);
            try {
                static_cast<void>(rv::math::symmetric_eigen(a, 3, 2));
                FAIL_CHECK("not refused");
            } catch (const rv::error& refused) {
                CHECK(refused.code() == rv::errc::nonfinite);
                CHECK(std::string(refused.what()).find("finite") != std::string::npos);
            }
        }
}

TEST_CASE("a few vectors of matrices with equal, clustered, zero and negative eigenvalues are as good as all of them") {
    constexpr std::size_t n = 48;
    std::vector<std::vector<double>> matrices;
    const auto made = [&](auto&& entry) {
        std::vector<double> a(n * n);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = entry(i, j);
        matrices.push_back(a);
    };
    made([](std::size_t i, std::size_t j) { return i == j ? 1.0 : 0.0; });                         // the identity
    made([](std::size_t, std::size_t) { return 1.0; });                                            // rank 1
    made([](std::size_t i, std::size_t j) { return i == j ? static_cast<double>(i / 6) : 0.0; });  // six of each
    made([](std::size_t i, std::size_t j) { return i == j ? 3.0 : i / 4 == j / 4 ? 1.0 : 0.0; });  // equal blocks
    made([](std::size_t i, std::size_t j) {
        return i == j ? std::abs(static_cast<double>(i) - 23.5) : i == j + 1 ? 1.0 : 0.0;
    });                                                                                                    // Wilkinson
    made([](std::size_t i, std::size_t j) { return i == j ? 1 + 1e-15 * static_cast<double>(i) : 0.0; });  // a cluster
    made([](std::size_t i, std::size_t j) { return i == j ? std::pow(0.5, i) : 0.0; });                    // graded
    made([](std::size_t i, std::size_t j) { return i == j ? -1.0 - static_cast<double>(i) : 0.5; });       // negative
    made([](std::size_t i, std::size_t j) { return i == 0 && j == 0 ? 1.0 : 0.0; });                       // one entry
    for (const double scale : {1.0, 1e-150, 1e150})
        for (std::size_t which = 0; which < matrices.size(); ++which) {
            auto a = matrices[which];
            for (double& x : a) x *= scale;
            CAPTURE(which);
            CAPTURE(scale);
            const auto few = rv::math::symmetric_eigen(a, n, n / 3), all = rv::math::symmetric_eigen(a, n, n);
            const double norm = std::max(std::abs(all.values.front()), std::abs(all.values.back()));
            const double tolerance = test::tolerance::eigen<double>(n, 1);
            for (std::size_t k = 0; k < n / 3; ++k) {
                const double* const v = few.vectors.data() + k * n;
                REQUIRE(within(few.values[k] / norm, all.values[k] / norm, tolerance));
                for (std::size_t i = 0; i < n; ++i)
                    REQUIRE(within(dot(a.data() + i * n, v, n) / norm, few.values[k] / norm * v[i], tolerance));
                for (std::size_t other = 0; other <= k; ++other)
                    REQUIRE(within(dot(v, few.vectors.data() + other * n, n), other == k ? 1 : 0, tolerance));
            }
        }
}

TEST_CASE("inverse iteration succeeds by itself, row exchanges and equal halves and all: nothing falls back on the slow way unseen") {
    constexpr std::size_t n = 40;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        rv::random draw(seed);
        Eigen::VectorXd diagonal(n), off(n - 1);
        for (Eigen::Index i = 0; i < Eigen::Index(n); ++i) diagonal[i] = seed % 2 ? draw.around_zero(1) : 0.1 * draw.around_zero(1);
        for (Eigen::Index i = 0; i + 1 < Eigen::Index(n); ++i) off[i] = draw.around_zero(1);
        if (seed % 5 == 0) {  // two equal halves: every eigenvalue twice
            diagonal.tail(n / 2) = diagonal.head(n / 2).eval();
            off.tail(n / 2 - 1) = off.head(n / 2 - 1).eval();
            off[n / 2 - 1] = 0;
        }
        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
        solver.computeFromTridiagonal(diagonal, off, Eigen::EigenvaluesOnly);
        std::vector<double> values(solver.eigenvalues().data(), solver.eigenvalues().data() + n), vectors(n * n);
        std::reverse(values.begin(), values.end());
        CAPTURE(seed);
        REQUIRE(rv::math::detail::inverse_iteration(diagonal, off, values, vectors));
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t other = 0; other <= k; ++other)
                REQUIRE(within(dot(vectors.data() + k * n, vectors.data() + other * n, n), other == k ? 1 : 0,
                               test::tolerance::eigen<double>(n, 1)));
    }
}

TEST_CASE("inverse iteration says so when what it was given is no eigenvalue") {
    const Eigen::VectorXd diagonal = Eigen::VectorXd::LinSpaced(8, 1, 8), off = Eigen::VectorXd::Constant(7, 0.1);
    std::vector<double> vectors(8);
    CHECK_FALSE(rv::math::detail::inverse_iteration(diagonal, off, std::vector<double>{4.3}, vectors));
}
