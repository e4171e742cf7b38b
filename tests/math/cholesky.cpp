// SPDX-License-Identifier: MIT
// Cholesky factors equal Eigen's, solve what they should, and refuse matrices that are not positive definite.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Cholesky>

#include <rivulet/math/cholesky.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

using matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Index at(std::size_t i) { return static_cast<Eigen::Index>(i); }

// B B' + n I with B in [-1, 1): its entries are at most 2 n, its condition is at most 1 + n, in fact below 4.
template <class T> matrix precision(rv::random& draw, std::size_t n) {
    matrix b(at(n), at(n));
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) b(at(i), at(j)) = draw.around_zero(1);
    const matrix full = b * b.transpose() + static_cast<double>(n) * matrix::Identity(at(n), at(n));
    return full.template cast<T>().template cast<double>();
}

// The lower part of it as guarded rows; NaN above the diagonal, which nobody may read.
template <class T> test::guarded_rows<T> lower(const matrix& full, std::size_t stride) {
    const auto n = static_cast<std::size_t>(full.rows());
    test::guarded_rows<T> rows(n, n, stride);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) rows[i][j] = j <= i ? static_cast<T>(full(at(i), at(j))) : std::numeric_limits<T>::quiet_NaN();
    return rows;
}

}  // namespace

TEST_CASE_TEMPLATE("the factor equals Eigen's in double, whatever the width and stride, and nothing around it changes", T, float, double) {
    rv::random draw(1);
    for (const std::size_t n : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 12u, 15u, 16u, 17u, 20u, 31u, 32u, 33u, 48u, 63u, 64u, 65u, 100u, 130u})
        for (const std::size_t extra : {std::size_t(0), std::size_t(5)}) {
            CAPTURE(n);
            CAPTURE(extra);
            const matrix full = precision<T>(draw, n);
            auto a = lower<T>(full, n + extra);
            REQUIRE(rv::math::cholesky(a[0], n, n + extra));
            REQUIRE(a.intact());
            if (n == 0) continue;
            const matrix expected = Eigen::LLT<matrix>(full).matrixL();
            // Entries of L are at most sqrt(2 n); a well conditioned A hands the error of L L' on to L with a factor near one.
            const double tolerance = test::tolerance::sum<T>(n, std::sqrt(2.0 * static_cast<double>(n)));
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j <= i; ++j) REQUIRE(within(static_cast<double>(a[i][j]), expected(at(i), at(j)), tolerance));
        }
}

TEST_CASE_TEMPLATE("forward, backward and solve invert L, L' and A", T, float, double) {
    rv::random draw(2);
    for (const std::size_t n : {1u, 2u, 5u, 16u, 17u, 33u, 64u, 90u}) {
        CAPTURE(n);
        const matrix full = precision<T>(draw, n);
        auto a = lower<T>(full, n + 3);
        REQUIRE(rv::math::cholesky(a[0], n, n + 3));
        test::guarded<T> b(draw, n);
        Eigen::VectorXd right(at(n));
        for (std::size_t i = 0; i < n; ++i) right[at(i)] = static_cast<double>(b.data()[i]);
        const Eigen::LLT<matrix> peer(full);
        const Eigen::VectorXd solved = peer.solve(right), half = peer.matrixL().solve(right), other = peer.matrixU().solve(right);

        auto x = b, forward = b, backward = b;
        rv::math::cholesky_solve(a[0], x.data(), n, n + 3);
        rv::math::cholesky_forward(a[0], forward.data(), n, n + 3);
        rv::math::cholesky_backward(a[0], backward.data(), n, n + 3);
        CHECK((x.intact() && forward.intact() && backward.intact()));
        // A has its smallest eigenvalue at n or more and right sides are at most 1, so solutions are small; their error is n u times them
        // and a condition of at most 4.
        const double tolerance = 4 * test::tolerance::sum<T>(n, 1 / std::sqrt(static_cast<double>(n)));
        double variance = 0;
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(within(static_cast<double>(x.data()[i]), solved[at(i)], tolerance));
            REQUIRE(within(static_cast<double>(forward.data()[i]), half[at(i)], tolerance));
            REQUIRE(within(static_cast<double>(backward.data()[i]), other[at(i)], tolerance));
            variance += std::pow(static_cast<double>(forward.data()[i]), 2);
        }
        CHECK(within(variance, right.dot(solved), tolerance * std::sqrt(static_cast<double>(n))));  // n squares of 1 / sqrt(n)
    }
}

TEST_CASE_TEMPLATE("what is not positive definite is refused, wherever that shows", T, float, double) {
    rv::random draw(3);
    for (const std::size_t n : {1u, 3u, 4u, 5u, 17u, 64u, 70u})
        for (const std::size_t where : {std::size_t(0), n / 2, n - 1}) {
            CAPTURE(n);
            CAPTURE(where);
            const matrix full = precision<T>(draw, n);
            for (const double bad : {0.0, -1.0, double(std::numeric_limits<T>::quiet_NaN()), double(std::numeric_limits<T>::infinity())}) {
                CAPTURE(bad);
                matrix broken = full;
                broken(at(where), at(where)) = bad;
                auto a = lower<T>(broken, n);
                CHECK_FALSE(rv::math::cholesky(a[0], n, n));
                CHECK(a.intact());
            }
            if (where == 0) continue;
            matrix broken = full;  // off the diagonal
            broken(at(where), 0) = double(std::numeric_limits<T>::infinity());
            auto a = lower<T>(broken, n);
            CHECK_FALSE(rv::math::cholesky(a[0], n, n));
        }
    T indefinite[] = {1, 0, 2, 1};  // 1 2; 2 1
    CHECK_FALSE(rv::math::cholesky(indefinite, 2, 2));
    T singular[] = {4, 0, 2, 1};  // 4 2; 2 1
    CHECK_FALSE(rv::math::cholesky(singular, 2, 2));
}

TEST_CASE("an ill-conditioned matrix: L L' is A to rounding all the same") {
    constexpr std::size_t n = 8;
    matrix hilbert(at(n), at(n));
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) hilbert(at(i), at(j)) = 1 / static_cast<double>(i + j + 1);
    auto a = lower<double>(hilbert, n);
    REQUIRE(rv::math::cholesky(a[0], n, n));
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j) {
            double product = 0;
            for (std::size_t k = 0; k <= j; ++k) product += a[i][k] * a[j][k];
            const double scale = std::sqrt(hilbert(at(i), at(i)) * hilbert(at(j), at(j)));
            CHECK(within(product, hilbert(at(i), at(j)), test::tolerance::sum<double>(n, scale)));
        }
}
