// SPDX-License-Identifier: MIT
// The bound on the operator norm against Eigen's largest singular value: never below, seldom far above.
#include <doctest/doctest.h>

#include <Eigen/SVD>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <rivulet/math/operator_norm.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

namespace {

double exact(const std::vector<double>& w, std::size_t in, std::size_t out, std::size_t stride) {
    Eigen::MatrixXd m(static_cast<Eigen::Index>(in), static_cast<Eigen::Index>(out));
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < out; ++j) m(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = w[i * stride + j];
    return Eigen::JacobiSVD<Eigen::MatrixXd>(m).singularValues()(0);
}

}  // namespace

TEST_CASE("never below the largest singular value, and at most 5 % above it") {
    rv::random draw(1);
    for (const std::size_t in : {1u, 2u, 7u, 33u, 64u})
        for (const std::size_t out : {1u, 3u, 16u, 40u, 64u})
            for (const int kind : {0, 1, 2, 3}) {
                const std::size_t stride = out + 5;
                std::vector<double> w(in * stride, 1e300);  // what lies between rows is not read
                for (std::size_t i = 0; i < in; ++i)
                    for (std::size_t j = 0; j < out; ++j)
                        w[i * stride + j] = kind == 0   ? draw.around_zero(1)
                                            : kind == 1 ? (i == j ? 1.0 : 0.0)  // all singular values equal: the worst
                                            : kind == 2 ? 1e-20 * draw.around_zero(1)
                                                        : (i == 0 ? 1e20 : 1.0) * draw.around_zero(1);  // one direction above all
                const double found = rv::math::operator_norm_above(rv::rows<const double>{w.data(), in, stride}, out);
                const double right = exact(w, in, out, stride);
                CAPTURE(in);
                CAPTURE(out);
                CAPTURE(kind);
                CHECK(found >= right);
                CHECK(found <= right * 1.05);
                std::vector<float> single(w.begin(), w.end());
                for (std::size_t i = 0; i < single.size(); ++i)
                    if (!std::isfinite(single[i])) single[i] = 7;
                const double of_float = rv::math::operator_norm_above(rv::rows<const float>{single.data(), in, stride}, out);
                CHECK(of_float == doctest::Approx(found).epsilon(1e-5));
            }
}

TEST_CASE("of zeros it is zero, of nothing too, and of what is not finite not finite") {
    const std::vector<double> zeros(12);
    CHECK(rv::math::operator_norm_above(rv::rows<const double>{zeros.data(), 3, 4}, 4) == 0);
    CHECK(rv::math::operator_norm_above(rv::rows<const double>{zeros.data(), 0, 4}, 4) == 0);
    for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        std::vector<double> w(12, 1.0);
        w[5] = bad;
        CHECK_FALSE(std::isfinite(rv::math::operator_norm_above(rv::rows<const double>{w.data(), 3, 4}, 4)));
    }
}
