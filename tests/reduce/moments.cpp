// SPDX-License-Identifier: MIT
// The public estimators: what they give and refuse. How exact they are is shown in tests/math/moments.cpp.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <rivulet/reduce/moments.hpp>

#include "../golden/reduce.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 5;
struct title : rv::candidate<in> {};
struct wide : rv::context<golden::width> {};

template <class T> T not_a_number = std::numeric_limits<T>::quiet_NaN();
template <class T> T infinity = std::numeric_limits<T>::infinity();

template <class Moments> bool same(const Moments& a, const Moments& b) {
    return a.count() == b.count() && a.mean() == b.mean() && a.covariance() == b.covariance();
}

}  // namespace

TEST_CASE_TEMPLATE("mean and variances are scikit-learn's", T, float, double) {
    std::vector<T> data;
    for (const auto& row : golden::data) data.insert(data.end(), row, row + golden::width);
    rv::moments<wide, T> seen;
    rv::scales<wide, T> cheap;
    REQUIRE(seen.add(rv::with<wide>(data)));
    REQUIRE(cheap.add(rv::with<wide>(data)));
    CHECK(seen.count() == golden::rows);
    const auto covariance = seen.covariance();
    double total = 0;
    for (std::size_t i = 0; i < golden::width; ++i) {
        CHECK(within(seen.mean()[i], golden::mean[i], test::tolerance::sum<double>(golden::rows, std::abs(golden::mean[i]))));
        CHECK(cheap.mean()[i] == seen.mean()[i]);
        const double tolerance = test::tolerance::scatter<T>(golden::rows);
        if (i != 2) {  // the scaler saw a constant there
            CHECK(within(seen.population_variance()[i] / golden::scaled_variance[i], 1, tolerance));
            CHECK(within(cheap.population_variance()[i] / golden::scaled_variance[i], 1, tolerance));
        }
        CHECK(covariance[i * golden::width + i] == seen.variance()[i]);
        CHECK(within(seen.variance()[i] * (golden::rows - 1) / golden::rows / seen.population_variance()[i], 1, 1e-14));
        total += seen.variance()[i];
        for (std::size_t j = 0; j < i; ++j) CHECK(covariance[i * golden::width + j] == covariance[j * golden::width + i]);
    }
    CHECK(within(total, golden::explained_variance[0] / golden::explained_variance_ratio[0], total * test::tolerance::scatter<T>(30)));
}

TEST_CASE_TEMPLATE("spans, pointers and Eigen expressions are rows alike", T, float, double) {
    rv::random draw(1);
    const auto data = test::numbers<T>(draw, 12 * in);
    rv::moments<title, T> span, pointer, matrix;
    CHECK(span.add(rv::with<title>(data)));
    CHECK(pointer.add(rv::with<title>(data.data(), 5 * in)));
    CHECK(pointer.add(rv::with<title>(data.data() + 5 * in, 7 * in)));
    const Eigen::Map<const Eigen::Matrix<T, in, Eigen::Dynamic>> columns(data.data(), in, 12);
    CHECK(matrix.add(rv::with<title>(columns)));
    CHECK(same(span, pointer));
    CHECK(same(span, matrix));
}

TEST_CASE_TEMPLATE("what is refused is refused in words, and nothing of its batch is added", T, float, double) {
    rv::random draw(2);
    auto data = test::numbers<T>(draw, 300 * in);
    rv::moments<title, T> seen;
    REQUIRE(seen.add(rv::with<title>(data)));
    const auto before = seen;
    CHECK(seen.add(rv::with<title>(data.data(), 7)).message() == "title: expected 10 numbers, got 7");
    CHECK(seen.add(rv::with<title>(static_cast<const T*>(nullptr), 10)).message() == "title: expected 10 numbers, got 0");
    const Eigen::Matrix<T, in + 1, 2> tall = Eigen::Matrix<T, in + 1, 2>::Zero();
    CHECK(seen.add(rv::with<title>(tall)).message() == "title: expected 5 numbers, got 6");
    for (const T bad : {not_a_number<T>, infinity<T>, -infinity<T>}) {
        auto spoilt = data;
        spoilt[1234] = bad;
        const auto refused = seen.add(rv::with<title>(spoilt));
        CHECK(refused.code == rv::errc::nonfinite);
        CHECK(refused.message() == "title: number 1234 is not finite");
    }
    for (const T bad : {std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest()}) {
        auto spoilt = data;
        spoilt[1499] = bad;
        const auto refused = seen.add(rv::with<title>(spoilt));
        CHECK(refused.code == rv::errc::limit);
        CHECK(refused.index == 1499);
    }
    CHECK(same(seen, before));
    REQUIRE(seen.add(rv::with<title>(data)));  // and the state is sound
    CHECK(seen.count() == 600);
    CHECK(within(seen.mean()[0], before.mean()[0], 1e-12));
}

TEST_CASE_TEMPLATE("rows at the limit leave a finite covariance", T, float, double) {
    constexpr T most = rv::moments<title, T>::largest;
    std::vector<T> data(1000 * in);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = (i / in) % 2 ? most : -most;
    rv::moments<title, T> seen;
    REQUIRE(seen.add(rv::with<title>(data)));
    for (const double c : seen.covariance()) CHECK(within(c / (static_cast<double>(most) * static_cast<double>(most)), 1.001, 1e-4));
}

TEST_CASE("no rows and one row have no spread; no row at all is a batch too") {
    rv::moments<title> seen;
    REQUIRE(seen.add(rv::with<title>(static_cast<const float*>(nullptr), 0)));
    CHECK(seen.count() == 0);
    CHECK(seen.mean() == std::vector<double>(in));
    CHECK(seen.covariance() == std::vector<double>(in * in));
    const float row[] = {1, 2, 3, 4, 5};
    REQUIRE(seen.add(rv::with<title>(row)));
    CHECK(seen.mean() == std::vector<double>{1, 2, 3, 4, 5});
    CHECK(seen.variance() == std::vector<double>(in));
    CHECK(seen.population_variance() == std::vector<double>(in));
}

TEST_CASE("merged shards count together, and merging with itself doubles the rows") {
    rv::random draw(3);
    const auto data = test::numbers<float>(draw, 90 * in);
    rv::moments<title> all, left, right;
    REQUIRE(all.add(rv::with<title>(data)));
    REQUIRE(left.add(rv::with<title>(data.data(), 20 * in)));
    REQUIRE(right.add(rv::with<title>(data.data() + 20 * in, 70 * in)));
    left.merge(right);
    CHECK(left.count() == 90);
    for (std::size_t i = 0; i < in * in; ++i)
        CHECK(within(left.covariance()[i], all.covariance()[i], test::tolerance::scatter<float>(90) * 0.4));
    all.merge(all);
    CHECK(all.count() == 180);
    CHECK(within(all.population_variance()[1], left.population_variance()[1], test::tolerance::scatter<float>(90) * 0.4));
}

TEST_CASE("an estimator that forgets follows a mean that moves") {
    rv::moments<title> seen({.forgetting_factor = 0.95});
    rv::random draw(4);
    for (int phase = 0; phase < 2; ++phase)
        for (int r = 0; r < 400; ++r) {
            auto row = test::numbers<float>(draw, in);
            row[0] += static_cast<float>(100 * phase);
            REQUIRE(seen.add(rv::with<title>(row)));
        }
    CHECK(within(seen.mean()[0], 100, 0.5));
    CHECK(within(seen.variance()[0], 1.0 / 3, 0.3));
    CHECK(seen.count() == 800);
}

TEST_CASE("a forgetting factor outside its range is refused in words") {
    for (const double bad : {0.0, -1.0, 1.001, not_a_number<double>, infinity<double>})
        CHECK_THROWS_AS(rv::moments<title>({.forgetting_factor = bad}), rv::error);
    CHECK_THROWS_WITH_AS(rv::moments<title>({.forgetting_factor = 2}), "moments.forgetting_factor must be above 0 and at most 1, got 2",
                         rv::error);
}

TEST_CASE("it is a value of a known size") {
    static_assert(std::is_copy_constructible_v<rv::moments<title>> && std::is_nothrow_move_constructible_v<rv::moments<title>>);
    static_assert(std::is_same_v<rv::moments<title>::feature, title>);
    CHECK(rv::scales<title>().memory() < rv::moments<title>().memory());
}
