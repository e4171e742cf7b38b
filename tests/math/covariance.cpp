// SPDX-License-Identifier: MIT
// Mean and covariance of rows against long double: symmetric, and right however far from the origin the rows lie.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <rivulet/math/covariance.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

template <class T> void check_moments(const test::guarded_rows<T>& data, std::size_t n, std::size_t width) {
    std::vector<double> mean(width), covariance(width * width, -1);
    rv::math::covariance<T>(data.view(), width, mean.data(), covariance.data());
    std::vector<long double> expected_mean(width);
    for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t r = 0; r < n; ++r) expected_mean[i] += data[r][i];
        expected_mean[i] /= static_cast<long double>(n);
        long double largest = 0;
        for (std::size_t r = 0; r < n; ++r) largest = std::max(largest, std::abs(static_cast<long double>(data[r][i])));
        REQUIRE(within(mean[i], static_cast<double>(expected_mean[i]), test::tolerance::sum<double>(n, static_cast<double>(largest))));
    }
    for (std::size_t i = 0; i < width; ++i)
        for (std::size_t j = 0; j < width; ++j) {
            long double sum = 0, magnitude = 0;
            for (std::size_t r = 0; r < n; ++r) {
                const long double product = (data[r][i] - expected_mean[i]) * (data[r][j] - expected_mean[j]);
                sum += product;
                magnitude += std::abs(product) + 1e-9L;  // of centred numbers that carry the mean's own rounding, at most 1e6 eps each
            }
            const double expected = static_cast<double>(sum / static_cast<long double>(n - 1));
            const double tolerance = test::tolerance::sum<double>(n, static_cast<double>(magnitude)) + 1e-9;
            REQUIRE(within(covariance[i * width + j], expected, tolerance));
            REQUIRE(covariance[i * width + j] == covariance[j * width + i]);
        }
}

}  // namespace

TEST_CASE_TEMPLATE("mean and covariance equal their formulas, whatever the width, the count and the stride", T, float, double) {
    rv::random draw(1);
    for (const std::size_t width : {1u, 2u, 3u, 8u, 15u, 16u, 17u, 33u})
        for (const std::size_t n : {2u, 3u, 10u, 200u}) {
            CAPTURE(width);
            CAPTURE(n);
            check_moments(test::guarded_rows<T>(n, width, width + 3).fill(draw), n, width);
        }
}

TEST_CASE_TEMPLATE("rows far from the origin have the covariance of rows around it", T, float, double) {
    rv::random draw(2);
    constexpr std::size_t n = 500, width = 5;
    auto data = test::guarded_rows<T>(n, width).fill(draw, 10);
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < width; ++i) data[r][i] += T(1e6);  // rounded here, before anything is measured
    check_moments(data, n, width);
}

TEST_CASE("a worked example: (0, 0), (2, 4), (4, 2) has mean (2, 2) and covariance ((4, 2), (2, 4))") {
    const float data[] = {0, 0, 2, 4, 4, 2};
    double mean[2], covariance[4];
    rv::math::covariance<float>({data, 3, 2}, 2, mean, covariance);
    CHECK(mean[0] == 2);
    CHECK(mean[1] == 2);
    CHECK(covariance[0] == 4);
    CHECK(covariance[1] == 2);
    CHECK(covariance[2] == 2);
    CHECK(covariance[3] == 4);
}

TEST_CASE("rows that are all alike have a covariance of exactly zero") {
    const auto data = test::guarded_rows<float>(7, 9).fill(0.5f);
    std::vector<double> mean(9), covariance(81, -1);
    rv::math::covariance<float>(data.view(), 9, mean.data(), covariance.data());
    for (const double m : mean) CHECK(m == 0.5);
    for (const double c : covariance) CHECK(c == 0);
}
