// SPDX-License-Identifier: MIT
// Eigenvectors of a symmetric matrix, by Eigen.
#pragma once

#include <cstddef>
#include <vector>

#include <Eigen/Eigenvalues>

#include "../core/config.hpp"
#include "../core/error.hpp"
#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// The `keep` eigenvectors with the largest eigenvalues, largest first, one a row: (keep, width). Each has length 1 and a positive
/// entry of largest magnitude, so that the same matrix gives the same vectors. Throws rivulet::error when it does not converge.
/// A template so that a host which never fits does not pay for compiling the solver.
template <class T> std::vector<T> symmetric_eigenvectors(const std::vector<T>& matrix, std::size_t width, std::size_t keep) {
    using square = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
    const auto n = static_cast<Eigen::Index>(width);
    const Eigen::SelfAdjointEigenSolver<square> solver(Eigen::Map<const square>(matrix.data(), n, n));
    if (solver.info() != Eigen::Success || first_nonfinite(matrix.data(), matrix.size()) != matrix.size())
        rivulet::detail::raise(errc::nonfinite, "the eigenvectors of a symmetric matrix did not converge: are its numbers finite?");
    std::vector<T> vectors(keep * width);
    for (std::size_t k = 0; k < keep; ++k) {
        const auto vector = solver.eigenvectors().col(n - 1 - static_cast<Eigen::Index>(k));
        Eigen::Index largest = 0;
        vector.cwiseAbs().maxCoeff(&largest);
        const T sign = vector[largest] < 0 ? T(-1) : T(1);
        for (std::size_t i = 0; i < width; ++i) vectors[k * width + i] = sign * vector[static_cast<Eigen::Index>(i)];
    }
    return vectors;
}

}  // namespace rivulet::inline RIVULET_ABI::math
