// SPDX-License-Identifier: MIT
// The operator norm of a matrix, |W| = max |x W| / |x|, from above: what a bound on what a layer makes of an error stands on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "dense.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// A number that is not below |W|_2, and at most 5 % above it for ranks up to 1,000: with M = W'W,
///
///     |W|^2 = |M^k|^(1/k) <= |M^k|_F^(1/k),    k = 64,
///
/// since the Frobenius norm of a symmetric matrix is the root of the sum of the squares of its eigenvalues; it exceeds the largest at most
/// by the root of the rank, of which the 2k-th root is left. Power iteration would come closer, from below. M is divided by its Frobenius
/// norm before each squaring, so nothing overflows; each of the six squarings errs by at most n u |M|_F^2 in its norm, which is under
/// 1e-9 of what it can be at least, and the result is taken 1e-6 larger. w: (in, out). 0 without numbers; not finite if W is not.
/// in out min(in, out) + 6 min(in, out)^3 multiply-adds in double. Allocates.
template <class T> double operator_norm_above(rows<const T> w, std::size_t out) {
    const std::size_t in = w.count, n = std::min(in, out), stride = padded(n) == 1 ? 16 : padded(n);
    if (n == 0) return 0;
    std::vector<double> m(n * stride), next(n * stride), line(stride);
    // M = W'W or WW', whichever is smaller, as a sum of outer products of lines of n numbers.
    for (std::size_t k = 0; k < std::max(in, out); ++k) {
        for (std::size_t i = 0; i < n; ++i) line[i] = static_cast<double>(out <= in ? w[k][i] : w[i][k]);
        for (std::size_t i = 0; i < n; ++i)
            if (line[i] != 0) add_scaled(line[i], line.data(), m.data() + i * stride, n);
    }
    double log_norm = 0;  // of M^k, k = power, which is exp(log_norm) m
    int power = 1;
    const auto normalise = [&] {
        const double norm = std::sqrt(dot(m.data(), m.data(), m.size()));
        if (!(norm > 0)) return false;
        for (double& x : m) x /= norm;
        log_norm += std::log(norm);
        return finite(norm);
    };
    if (!normalise()) return dot(m.data(), m.data(), m.size());  // 0, or not finite
    for (; power < 64; power *= 2) {
        std::fill(next.begin(), next.end(), 0.0);
        multiply_columns<double>({m.data(), n, stride}, n, m.data(), stride, stride, {next.data(), n, stride});
        m.swap(next);
        log_norm *= 2;
        if (!normalise()) return std::numeric_limits<double>::quiet_NaN();
    }
    return std::exp(log_norm / (2 * power)) * (1 + 1e-6);
}

}  // namespace rivulet::inline RIVULET_ABI::math
