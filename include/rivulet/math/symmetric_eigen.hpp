// SPDX-License-Identifier: MIT
// Eigenvalues and eigenvectors of a symmetric matrix, by Eigen.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <Eigen/Eigenvalues>

#include "../core/config.hpp"
#include "../core/error.hpp"
#include "../core/random.hpp"
#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// Eigenvalues, (keep), and eigenvectors, one a row: (keep, width).
template <class T> struct eigenpairs { std::vector<T> values, vectors; };

namespace detail {

/// A tridiagonal matrix less a shift, factored with row exchanges: P (A - shift) = L U, U with two diagonals above its own. O(n).
template <class T> class shifted_tridiagonal {
public:
    template <class Numbers>
    shifted_tridiagonal(const Numbers& diagonal, const Numbers& off, T shift, T least)
        : n_(static_cast<std::size_t>(diagonal.size())), main_(n_), above_(n_), second_(n_), below_(n_), exchanged_(n_) {
        for (std::size_t i = 0; i < n_; ++i) main_[i] = diagonal[static_cast<Eigen::Index>(i)] - shift;
        for (std::size_t i = 0; i + 1 < n_; ++i) above_[i] = below_[i] = off[static_cast<Eigen::Index>(i)];
        for (std::size_t i = 0; i + 1 < n_; ++i) {
            exchanged_[i] = std::abs(main_[i]) < std::abs(below_[i]);
            if (exchanged_[i]) {
                std::swap(main_[i], below_[i]);
                std::swap(above_[i], main_[i + 1]);
                std::swap(second_[i], above_[i + 1]);
            }
            if (std::abs(main_[i]) < least) main_[i] = least;  // the shift is an eigenvalue: that is what makes the iteration fast
            below_[i] /= main_[i];
            main_[i + 1] -= below_[i] * above_[i];
            above_[i + 1] -= below_[i] * second_[i];
        }
        if (std::abs(main_[n_ - 1]) < least) main_[n_ - 1] = least;
    }
    void solve(T* x) const {
        for (std::size_t i = 0; i + 1 < n_; ++i) {
            if (exchanged_[i]) std::swap(x[i], x[i + 1]);
            x[i + 1] -= below_[i] * x[i];
        }
        for (std::size_t i = n_; i-- > 0;) {
            if (i + 1 < n_) x[i] -= above_[i] * x[i + 1];
            if (i + 2 < n_) x[i] -= second_[i] * x[i + 2];
            x[i] /= main_[i];
        }
    }

private:
    std::size_t n_;
    std::vector<T> main_, above_, second_, below_;
    std::vector<char> exchanged_;
};

/// Eigenvectors of a tridiagonal matrix of norm about 1, to eigenvalues that are known and descend, by inverse iteration (Peters and
/// Wilkinson 1979), each kept orthogonal to those before it, so that equal eigenvalues do no harm. vectors: (values.size(), n). False when
/// a residual stays above n u: then another way must be taken.
template <class T, class Numbers>
bool inverse_iteration(const Numbers& diagonal, const Numbers& off, const std::vector<T>& values, std::vector<T>& vectors) {
    const auto n = static_cast<std::size_t>(diagonal.size());
    const T small = std::numeric_limits<T>::epsilon(), enough = static_cast<T>(n) * small;
    std::vector<T> product(n);
    random seeded(n);
    const auto normalise = [n](T* x) {
        const T length = std::sqrt(dot(x, x, n));
        for (std::size_t i = 0; i < n; ++i) x[i] /= length;
    };
    for (std::size_t k = 0; k < values.size(); ++k) {
        T* const x = vectors.data() + k * n;
        for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(seeded.around_zero(1));
        const shifted_tridiagonal<T> factors(diagonal, off, values[k], small);
        bool done = false;
        for (int round = 0; round < 5 && !done; ++round) {
            factors.solve(x);
            normalise(x);
            for (int twice = 0; twice < 2; ++twice)
                for (std::size_t before = 0; before < k; ++before)
                    add_scaled(-dot(x, vectors.data() + before * n, n), vectors.data() + before * n, x, n);
            normalise(x);
            T moved = 0, residual = 0;  // (A - value) x = moved x + residual: the vector's own fault is the residual
            for (std::size_t i = 0; i < n; ++i) {
                const auto at = static_cast<Eigen::Index>(i);
                product[i] = (diagonal[at] - values[k]) * x[i];
                if (i > 0) product[i] += off[at - 1] * x[i - 1];
                if (i + 1 < n) product[i] += off[at] * x[i + 1];
                moved += product[i] * x[i];
            }
            for (std::size_t i = 0; i < n; ++i) residual += (product[i] - moved * x[i]) * (product[i] - moved * x[i]);
            done = round > 0 && residual <= enough * enough && std::abs(moved) <= 8 * enough;
        }
        if (!done || first_nonfinite(x, n) != n) return false;
    }
    return true;
}

}  // namespace detail

/// The `keep` largest eigenvalues, largest first, and their vectors. Each vector has length 1 and a positive entry of largest magnitude,
/// so that the same matrix gives the same vectors. 4 / 3 width^3 multiply-adds for up to half of the vectors, about 10 width^3 for more.
/// Throws rivulet::error when it does not converge.
/// A template so that a host which never fits does not pay for compiling the solver.
template <class T> eigenpairs<T> symmetric_eigen(const std::vector<T>& matrix, std::size_t width, std::size_t keep) {
    using square = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
    constexpr const char* diverged = "the eigenvectors of a symmetric matrix did not converge: are its numbers finite?";
    if (first_nonfinite(matrix.data(), matrix.size()) != matrix.size()) rivulet::detail::raise(errc::nonfinite, diverged);
    const auto n = static_cast<Eigen::Index>(width);
    const Eigen::Map<const square> given(matrix.data(), n, n);
    eigenpairs<T> found{std::vector<T>(keep), std::vector<T>(keep * width)};
    Eigen::Map<square> columns(found.vectors.data(), n, static_cast<Eigen::Index>(keep));

    bool done = false;
    const T size = matrix.empty() ? T(0) : given.cwiseAbs().maxCoeff();
    if (2 * keep <= width && keep > 0 && size > T(0)) {
        const Eigen::Tridiagonalization<square> reduced(given / size);  // given / size = Q A Q'
        const typename Eigen::Tridiagonalization<square>::SubDiagonalType off = reduced.subDiagonal();
        const Eigen::Matrix<T, Eigen::Dynamic, 1> diagonal = reduced.diagonal();
        Eigen::SelfAdjointEigenSolver<square> solver;
        solver.computeFromTridiagonal(diagonal, off, Eigen::EigenvaluesOnly);
        for (std::size_t k = 0; k < keep; ++k) found.values[k] = solver.eigenvalues()[n - 1 - static_cast<Eigen::Index>(k)];
        done = solver.info() == Eigen::Success && detail::inverse_iteration(diagonal, off, found.values, found.vectors);
        if (done) columns = reduced.matrixQ() * columns;
        for (T& value : found.values) value *= size;
    }
    if (!done) {
        const Eigen::SelfAdjointEigenSolver<square> solver(given);
        if (solver.info() != Eigen::Success) rivulet::detail::raise(errc::nonfinite, diverged);
        for (std::size_t k = 0; k < keep; ++k) {
            const Eigen::Index from = n - 1 - static_cast<Eigen::Index>(k);
            found.values[k] = solver.eigenvalues()[from];
            columns.col(static_cast<Eigen::Index>(k)) = solver.eigenvectors().col(from);
        }
    }
    for (std::size_t k = 0; k < keep; ++k) {
        auto vector = columns.col(static_cast<Eigen::Index>(k));
        Eigen::Index largest = 0;
        vector.cwiseAbs().maxCoeff(&largest);
        if (vector[largest] < 0) vector = -vector;
    }
    return found;
}

}  // namespace rivulet::inline RIVULET_ABI::math
