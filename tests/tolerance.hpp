// SPDX-License-Identifier: MIT
// How far a kernel may lie from its twin in higher precision: one table, each entry with the reason for it.
#pragma once

#include <cstddef>
#include <limits>

namespace test {

/// False for NaN, whatever the tolerance.
inline bool within(double got, double expected, double tolerance) {
    const double distance = got - expected;
    return distance <= tolerance && -distance <= tolerance;
}

namespace tolerance {

/// Twice the unit roundoff u, so every entry below that counts eps for u has a factor of 2 to spare for terms of second order.
template <class T> inline constexpr double eps = static_cast<double>(std::numeric_limits<T>::epsilon());

/// A sum of n products in any order, fused or not: n u times the sum of their magnitudes (Higham 2002, eq. 3.5).
template <class T> constexpr double sum(std::size_t n, double magnitude) { return static_cast<double>(n + 1) * eps<T> * magnitude; }

/// A handful of roundings of numbers of this magnitude: one multiply-add, a quotient, an updater's step.
template <class T> constexpr double rounding(double magnitude) { return 4 * eps<T> * magnitude; }

/// A weight after `steps` steps of an updater, weights and steps up to `magnitude`: each step rounds its own handful of operations, and so
/// is what it leaves in the state, with errors that the next steps average or add up, never multiply.
template <class T> constexpr double trajectory(std::size_t steps, double magnitude) {
    return static_cast<double>(steps) * rounding<T>(magnitude);
}

/// exp of a register is good to 2 ulp, and log1p, exp and a quotient of the standard library to 1 ulp each; 8 covers any of their chains.
template <class T> constexpr double exponential(double magnitude) { return 8 * eps<T> * magnitude; }

/// One share of a softmax of n numbers that spread over `spread`: the difference to the largest is rounded (relative spread * u in its
/// exp), exp itself, the sum of n of them, the quotient; a share is at most 1.
template <class T> constexpr double softmax(std::size_t n, double spread) {
    return exponential<T>(1) + static_cast<double>(n + 1) * eps<T> + eps<T> * spread;
}

/// Attention over n rows of `in` numbers in [-1, 1], weights in +-sqrt(3 / in), heads of `depth`: queries and keys are at most
/// sqrt(3 in), a logit sums `depth` of their products over sqrt(depth), so it is at most 3 in sqrt(depth) and off by that times
/// (2 in + depth) u; a share is off by twice a logit's error times itself, and the values, again at most sqrt(3 in), are averaged. Typical
/// numbers are far from all these maxima at once: their root mean squares take sqrt(in) out of each factor, which leaves the sums of
/// roundings times a small constant.
template <class T> constexpr double attention(std::size_t in, std::size_t depth, std::size_t n) {
    return 8 * eps<T> * static_cast<double>(2 * in + depth + n + 8);
}

/// A slope against a central difference in double with h = cbrt(eps) = 6e-6, relative to 1 + |slope|: the truncation h^2 f''' / 6 and the
/// cancellation eps f / h are both about 4e-11; 1e-7 leaves room for f and f''' of a few hundred.
inline constexpr double central_difference = 1e-7;

/// Orthonormality and residuals of a symmetric n x n eigenproblem: a small multiple of n u times its norm (Golub & Van Loan, 8.3).
template <class T> constexpr double eigen(std::size_t n, double norm) { return 8 * static_cast<double>(n) * eps<T> * norm; }

}  // namespace tolerance
}  // namespace test
