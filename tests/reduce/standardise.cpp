// SPDX-License-Identifier: MIT
// Standard scores against scikit-learn's and the formula: constants, outliers, far from the origin, from rows and from a stream.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <rivulet/input/record.hpp>
#include <rivulet/reduce/standardise.hpp>

#include "../golden/reduce.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 4;
struct price : rv::candidate<in> {};
struct wide : rv::context<golden::width> {};
using scores = rv::standardise<price>;

template <class T> std::array<T, in> given(const scores& stage, const std::vector<T>& w, const T* x) {
    std::array<T, in> out;
    stage.forward(w.data(), rv::item(rv::with<price>(x, in)), out.data());
    return out;
}
/// Columns of unlike centres and spreads; the last is constant.
template <class T> test::guarded_rows<T> prices(std::uint64_t seed, std::size_t n) {
    rv::random draw(seed);
    test::guarded_rows<T> data(n, in, in + 1);
    for (std::size_t r = 0; r < n; ++r) {
        data[r][0] = static_cast<T>(3 + draw.around_zero(2));
        data[r][1] = static_cast<T>(1e6 + draw.around_zero(30));
        data[r][2] = static_cast<T>(1e-3 * draw.around_zero(1));
        data[r][3] = T(0.7);
    }
    return data;
}
template <class T> std::vector<T> fitted(const test::guarded_rows<T>& data, std::size_t first, std::size_t n) {
    std::vector<T> w(scores::weights, T(9));
    scores{}.fit(w.data(), data.view().from(first, n));
    return w;
}

}  // namespace

TEST_CASE_TEMPLATE("standard scores are scikit-learn's, from rows and from either estimator", T, float, double) {
    using stage = rv::standardise<wide>;
    test::guarded_rows<T> data(golden::rows, golden::width);
    for (std::size_t r = 0; r < golden::rows; ++r)
        for (std::size_t i = 0; i < golden::width; ++i) data[r][i] = i == 2 ? T(0.125) : static_cast<T>(golden::data[r][i]);
    std::vector<T> w[3] = {std::vector<T>(stage::weights), std::vector<T>(stage::weights), std::vector<T>(stage::weights)};
    rv::scales<wide, T> cheap;
    rv::moments<wide, T> full;
    REQUIRE(cheap.add(rv::with<wide>(data[0], golden::rows * golden::width)));
    REQUIRE(full.add(rv::with<wide>(data[0], golden::rows * golden::width)));
    stage{}.fit(w[0].data(), std::as_const(data).view());
    stage{}.fit(w[1].data(), cheap);
    stage{}.fit(w[2].data(), full);
    double worst = 0;
    for (const auto& fit : w)
        for (std::size_t r = 0; r < golden::rows; ++r) {
            T out[golden::width];
            stage{}.forward(fit.data(), rv::request(rv::with<wide>(data[r], golden::width)), out);
            for (std::size_t i = 0; i < golden::width; ++i) {
                const double expected = golden::standard_scores[r][i];
                worst = std::max(worst, std::abs(static_cast<double>(out[i]) - expected));
                REQUIRE(within(static_cast<double>(out[i]), expected, (1 + std::abs(expected)) * test::tolerance::scatter<T>(30)));
            }
        }
    MESSAGE("largest difference to StandardScaler: " << worst);
}

TEST_CASE_TEMPLATE("scores have mean 0 and deviation 1, and a constant gives 0, far from the origin too", T, float, double) {
    const auto data = prices<T>(1, 400);
    const auto w = fitted(data, 0, 400);
    double mean[in] = {}, square[in] = {};
    for (std::size_t r = 0; r < 400; ++r) {
        const auto out = given({}, w, data[r]);
        for (std::size_t i = 0; i < in; ++i) {
            mean[i] += static_cast<double>(out[i]) / 400;
            square[i] += static_cast<double>(out[i]) * static_cast<double>(out[i]) / 400;
        }
        REQUIRE(out[3] == 0);
    }
    for (std::size_t i = 0; i < 3; ++i) {
        // The mean is estimated in double: at 1e6 it is right to u 1e6 / 17 deviations. In float alone it would be wrong by 1e-3.
        CHECK(within(mean[i], 0, test::tolerance::rounding<T>(3) + test::tolerance::rounding<double>(1e6 / 17)));
        CHECK(within(square[i], 1, test::tolerance::rounding<T>(3) + test::tolerance::rounding<double>(1e6 / 17)));
    }
    const T other[] = {3, T(1e6), 0, T(-1e30)};
    CHECK(given({}, w, other)[3] == 0);
}

TEST_CASE_TEMPLATE("an outlier is clipped at the setting, whatever its size", T, float, double) {
    const auto w = fitted(prices<T>(2, 100), 0, 100);
    const T most = std::numeric_limits<T>::max();
    for (const float clip : {5.f, 2.f, 0.25f})
        for (const T x : {most, T(1e20)}) {
            const T up[] = {x, x, x, x}, down[] = {-x, -x, -x, -x};
            CHECK(given({.clip = clip}, w, up) == std::array<T, in>{T(clip), T(clip), T(clip), T(0)});
            CHECK(given({.clip = clip}, w, down) == std::array<T, in>{-T(clip), -T(clip), -T(clip), T(0)});
        }
}

TEST_CASE_TEMPLATE("until it is fitted it is the feature, clipped", T, float, double) {
    std::vector<T> w(scores::weights, T(9));
    rv::random seeded(3);
    scores{}.start(w.data(), seeded);
    const T x[] = {1, T(-4.5), 6, T(-1e9)};
    CHECK(given({}, w, x) == std::array<T, in>{1, T(-4.5), 5, -5});
}

TEST_CASE_TEMPLATE("a stream of single rows gives what all rows at once give", T, float, double) {
    const auto data = prices<T>(4, 700);
    rv::scales<price, T> seen;
    for (std::size_t r = 0; r < 700; ++r) REQUIRE(seen.add(rv::with<price>(data[r], in)));
    std::vector<T> w(scores::weights);
    scores{}.fit(w.data(), seen);
    const auto batch = fitted(data, 0, 700);
    for (std::size_t r = 0; r < 700; r += 13) {
        const auto one = given({}, w, data[r]), all = given({}, batch, data[r]);
        for (std::size_t i = 0; i < in; ++i)
            REQUIRE(within(static_cast<double>(one[i]), static_cast<double>(all[i]), 3 * test::tolerance::scatter<T>(700)));
    }
}

TEST_CASE_TEMPLATE("scores under an old fit follow from those under a new one, for what neither clips", T, float, double) {
    auto data = prices<T>(5, 300);
    for (std::size_t r = 150; r < 300; ++r) {
        data[r][0] = 2 * data[r][0] + 1;
        data[r][2] = T(0.0005);  // now constant
    }
    const auto before = fitted(data, 0, 150), after = fitted(data, 150, 150);
    T m[in * in], c[in];
    scores{}.change_of_basis(before.data(), after.data(), m, c);
    double farthest = 0;
    for (std::size_t r = 150; r < 300; ++r) {
        const auto old = given({.clip = 100}, before, data[r]), fresh = given({.clip = 100}, after, data[r]);
        for (std::size_t i = 0; i < in; ++i) {
            double from_fresh = static_cast<double>(c[i]);
            for (std::size_t j = 0; j < in; ++j) from_fresh += static_cast<double>(fresh[j]) * static_cast<double>(m[j * in + i]);
            REQUIRE(within(from_fresh, static_cast<double>(old[i]), test::tolerance::rounding<T>(20)));
            farthest = std::max(farthest, std::abs(static_cast<double>(fresh[i] - old[i])));
        }
    }
    CHECK(farthest > 0.5);
    // A constant at which the old fit clipped: its score is the clipped one.
    test::guarded_rows<T> extreme(2, in);
    extreme.fill(T(1000));
    const auto constant = fitted(extreme, 0, 2);
    scores{}.change_of_basis(before.data(), constant.data(), m, c);
    CHECK(std::equal(c, c + 3, given({}, before, extreme[0]).data()));
    CHECK(std::all_of(m, m + in * in, [](T x) { return x == 0; }));
}

TEST_CASE("fewer than two rows, numbers without a variance and settings outside their range are refused in words") {
    const auto data = prices<double>(6, 10);
    const auto before = fitted(data, 0, 10);
    for (const std::size_t count : {0u, 1u}) {
        auto w = before;
        CHECK_THROWS_WITH_AS(scores{}.fit(w.data(), data.view().from(0, count)),
                             ("standardise: expected at least 2 rows to fit, got " + std::to_string(count)).c_str(), rv::error);
        CHECK_THROWS_WITH_AS(scores{}.fit(w.data(), rv::scales<price>()), "standardise: expected at least 2 rows to fit, got 0", rv::error);
        CHECK(w == before);
    }
    for (const double bad : {1e200, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        auto spoilt = data;
        spoilt[3][2] = bad;
        auto w = before;
        CHECK_THROWS_AS(scores{}.fit(w.data(), std::as_const(spoilt).view()), rv::error);
        CHECK(w == before);
    }
    CHECK(scores{}.validate());
    for (const float clip : {0.f, -1.f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
        CHECK(scores{.clip = clip}.validate().code == rv::errc::setting);
    CHECK(scores{.clip = 0}.validate().message() == "standardise.clip must be a finite number above 0, got 0");
    CHECK(scores{.clip = 2.5f}.settings() == "clip=2.5");
}

TEST_CASE_TEMPLATE("a deviation too small to divide by is a constant, and nothing that is not a number comes out", T, float, double) {
    test::guarded_rows<T> data(2, in);
    data.fill(T(0));
    data[0][0] = std::numeric_limits<T>::denorm_min();
    data[0][1] = std::numeric_limits<T>::min();
    data[0][3] = data[1][3] = std::numeric_limits<T>::max();  // a constant to which the distance of others overflows
    const auto w = fitted(data, 0, 2);
    CHECK(rv::math::first_nonfinite(w.data(), w.size()) == w.size());
    for (const T x : {T(0), T(1), std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(), std::numeric_limits<T>::min()}) {
        const T row[] = {x, x, x, x};
        for (const T z : given({}, w, row)) CHECK(rv::math::finite(z));
    }
}
