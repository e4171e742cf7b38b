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

/// A number on its way through a transformer's layers, or back: about ten stages, each a sum of at most n products of numbers that norms
/// and weights keep near one, so off by (n + 8) u at most with its exp or quotient. Residual paths and norms hand an error on as it is;
/// errors of ten stages have no common sign and add like the root of their squares, about 3, and 4 leaves a little.
template <class T> constexpr double transformer(std::size_t n) { return 4 * eps<T> * static_cast<double>(n + 8); }

/// The same after `steps` steps of an updater with small rates, each of which adds its slopes' error once and is at most one for one.
template <class T> constexpr double transformer_trajectory(std::size_t n, std::size_t steps) {
    return transformer<T>(n) * static_cast<double>(steps);
}

/// A slope against a central difference in double with h = cbrt(eps) = 6e-6, relative to 1 + |slope|: the truncation h^2 f''' / 6 and the
/// cancellation eps f / h are both about 4e-11; 1e-7 leaves room for f and f''' of a few hundred.
inline constexpr double central_difference = 1e-7;

/// A smooth activation or its slope, from numbers up to `magnitude` (1 or more): erf, tanh and exp of a register to 2 ulp, erf in double
/// (xsimd's) to 40 eps, all absolute since each is about 1 at most; times x, with a handful of roundings; erf's own argument and the
/// exponent of the density are rounded, which their slopes, at most 1.2, and x^2 exp(-x^2 / 2) < 1 keep as small.
template <class T> constexpr double activation(double magnitude) { return (sizeof(T) == 8 ? 48 : 8) * eps<T> * magnitude; }

/// Layer normalisation of n numbers up to `size`, with a deviation (sqrt(variance + epsilon)) and |scale| + |shift| <= `scale`: the mean is
/// off by n u size, which moves every distance from it; the variance by n u of itself and by that error's square.
template <class T> constexpr double layer_norm(std::size_t n, double size, double deviation, double scale) {
    return (sum<T>(n, size) / deviation + sum<T>(n, 1) + rounding<T>(4)) * scale;
}

/// A layer, or a few, whose longest sum has `terms` terms, each at most `magnitude`-ish once added up: the sum, then an activation or a
/// normalisation's handful of roundings.
template <class T> constexpr double layer(std::size_t terms, double magnitude) {
    return sum<T>(terms, magnitude) + activation<T>(magnitude);
}

/// A network of a few layers of up to 10 units, logits and gradients relative to 1 + their size: some 40 roundings lie one behind the
/// other, and weights of about 1 neither dampen nor amplify them much.
template <class T> constexpr double network(double magnitude) { return activation<T>(8 * magnitude); }

/// The same after `steps` steps of Adam at rate 0.01, relative: a slope near zero is off by eps of the slopes that cancelled in it, and
/// Adam divides by its size, so a step may be off by rate * eps * their ratio: 1000 at most here; over the steps such errors add up.
template <class T> constexpr double trained_network(std::size_t steps) { return static_cast<double>(steps) * 10 * eps<T> + network<T>(1); }

/// Orthonormality and residuals of a symmetric n x n eigenproblem: a small multiple of n u times its norm (Golub & Van Loan, 8.3).
template <class T> constexpr double eigen(std::size_t n, double norm) { return 8 * static_cast<double>(n) * eps<T> * norm; }

/// An output under an old fit, written as M and c times an output under a new one, n inputs and numbers up to `magnitude`: the new basis is
/// orthonormal up to an eigenproblem's error, and there is a product with each basis, with M, and the sum with c.
template <class T> constexpr double reexpressed(std::size_t n, double magnitude) {
    return eigen<T>(n, magnitude) + 4 * sum<T>(n, magnitude);
}

/// An entry of a scatter of n rows that are summed in T by blocks of 256 and in double beyond, relative to the root of the product of its
/// two diagonal entries: the rounding of up to 256 products and of their centring. They are of either sign, so they grow like
/// sqrt(256) = 16 rather than 256; 4 times that is more than any of a few thousand entries has. Where
/// blocks are joined, the distance of their means carries the rounding of means that lie `offset` deviations from the origin.
template <class T> constexpr double scatter(std::size_t n, double offset = 0) {
    return 4 * 16 * eps<T> / 2 + (static_cast<double>(n) + offset) * eps<double>;
}

}  // namespace tolerance
}  // namespace test
