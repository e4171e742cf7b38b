// SPDX-License-Identifier: MIT
// Softmax against long double, at logits of any size, and its slope against central differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <rivulet/math/softmax.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {
template <class T> std::vector<double> expected_softmax(const T* x, std::size_t n) {
    std::vector<double> shares(n);
    if (n == 0) return shares;
    const long double top = *std::max_element(x, x + n);
    long double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += std::exp(static_cast<long double>(x[i]) - top);
    for (std::size_t i = 0; i < n; ++i) shares[i] = static_cast<double>(std::exp(static_cast<long double>(x[i]) - top) / sum);
    return shares;
}
}  // namespace

TEST_CASE_TEMPLATE("softmax gives shares that are right and sum to one, for logits small and huge", T, float, double) {
    rv::random draw(1);
    for (const std::size_t n : test::sizes)
        for (const double limit : {0.0, 1.0, 30.0, 1e4}) {
            CAPTURE(n);
            CAPTURE(limit);
            test::guarded<T> x(draw, n, limit);
            const auto expected = expected_softmax(x.data(), n);
            rv::math::softmax(x.data(), n);
            const double tolerance = test::tolerance::softmax<T>(n, 2 * std::min(limit, 100.0));  // what lies further below is zero
            double sum = 0;
            for (std::size_t i = 0; i < n; ++i) {
                REQUIRE(within(static_cast<double>(x.data()[i]), expected[i], tolerance));
                sum += static_cast<double>(x.data()[i]);
            }
            if (n > 0) CHECK(within(sum, 1, test::tolerance::sum<T>(n, 1)));
            CHECK(x.intact());
        }
}

TEST_CASE_TEMPLATE("one number has a share of exactly one, whatever it is", T, float, double) {
    for (T x :
         {T(0), T(1e4), T(-1e4), std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(), std::numeric_limits<T>::denorm_min()}) {
        CAPTURE(x);
        rv::math::softmax(&x, 1);
        CHECK(x == 1);
    }
}

TEST_CASE_TEMPLATE("equal logits have equal shares wherever they stand, in a register or after the last full one", T, float, double) {
    for (const std::size_t n : test::sizes)
        for (const T level : {T(0), T(-1e4), T(1e4)}) {
            std::vector<T> x(n, level);
            rv::math::softmax(x.data(), n);
            for (const T share : x) {
                REQUIRE(share == x[0]);
                REQUIRE(within(static_cast<double>(share), 1 / static_cast<double>(n),
                               test::tolerance::rounding<T>(1 / static_cast<double>(n))));
            }
        }
    rv::random draw(2);
    for (const std::size_t n : test::sizes) {  // a pattern that repeats
        auto x = test::numbers<T>(draw, n, 5);
        for (std::size_t i = 3; i < n; ++i) x[i] = x[i - 3];
        rv::math::softmax(x.data(), n);
        for (std::size_t i = 3; i < n; ++i) REQUIRE(x[i] == x[i - 3]);
    }
}

TEST_CASE_TEMPLATE("the largest and the smallest finite logits together give shares, not NaN", T, float, double) {
    for (const std::size_t n : {2u, 3u, 16u, 17u, 33u})
        for (std::size_t at = 0; at < n; ++at) {
            std::vector<T> x(n, std::numeric_limits<T>::lowest());
            x[at] = std::numeric_limits<T>::max();
            rv::math::softmax(x.data(), n);
            for (std::size_t i = 0; i < n; ++i) REQUIRE(x[i] == (i == at ? T(1) : T(0)));
        }
}

TEST_CASE_TEMPLATE("a scale multiplies every logit", T, float, double) {
    rv::random draw(4);
    for (const std::size_t n : test::sizes)
        for (const double scale : {0.001, 0.25, 1.0, 7.0}) {
            CAPTURE(n);
            CAPTURE(scale);
            test::guarded<T> x(draw, n, 3);
            std::vector<long double> scaled(x.data(), x.data() + n);
            for (long double& logit : scaled) logit *= static_cast<T>(scale);
            const auto expected = expected_softmax(scaled.data(), n);
            rv::math::softmax(x.data(), n, static_cast<T>(scale));
            for (std::size_t i = 0; i < n; ++i)
                REQUIRE(within(static_cast<double>(x.data()[i]), expected[i], test::tolerance::softmax<T>(n, 6 * scale)));
            CHECK(x.intact());
        }
}

TEST_CASE_TEMPLATE("with room for padded(n) numbers the shares are the same, the padding becomes zero, and nothing else is written", T,
                   float, double) {
    rv::random draw(5);
    for (const std::size_t n : test::sizes) {
        CAPTURE(n);
        const test::guarded<T> x(draw, n, 3);
        test::guarded<T> plain = x, padded(rv::padded(n));
        for (std::size_t i = 0; i < rv::padded(n); ++i) padded.data()[i] = i < n ? x.data()[i] : T(99);
        rv::math::softmax(plain.data(), n, T(0.5));
        rv::math::softmax<true>(padded.data(), n, T(0.5));
        for (std::size_t i = 0; i < n; ++i) REQUIRE(padded.data()[i] == plain.data()[i]);
        const std::size_t register_end = (n + rv::simd::lanes<T> - 1) / rv::simd::lanes<T> * rv::simd::lanes<T>;
        for (std::size_t i = n; i < std::min(rv::padded(n), register_end); ++i) REQUIRE(padded.data()[i] == 0);
        CHECK(padded.intact());
    }
}

TEST_CASE("softmax of nothing is nothing") {
    rv::math::softmax(static_cast<float*>(nullptr), 0);
    rv::math::softmax_backward(static_cast<const float*>(nullptr), static_cast<float*>(nullptr), 0);
}

TEST_CASE("the slope of the logits equals central differences, and pushes no mass in or out") {
    rv::random draw(3);
    for (const std::size_t n : {1u, 2u, 3u, 8u, 9u, 33u}) {
        CAPTURE(n);
        auto logits = test::numbers<double>(draw, n, 3);
        const auto d_out = test::numbers<double>(draw, n);
        const auto objective = [&] {
            auto shares = logits;
            rv::math::softmax(shares.data(), n);
            double sum = 0;
            for (std::size_t i = 0; i < n; ++i) sum += shares[i] * d_out[i];
            return sum;
        };
        auto shares = logits, slope = d_out;
        rv::math::softmax(shares.data(), n);
        rv::math::softmax_backward(shares.data(), slope.data(), n);
        CHECK(test::worst_slope(logits, slope, objective) < test::tolerance::central_difference);
        double sum = 0;
        for (const double s : slope) sum += s;
        CHECK(within(sum, 0, test::tolerance::sum<double>(n, 1)));
    }
}
