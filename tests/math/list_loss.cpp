// SPDX-License-Identifier: MIT
// Losses over lists against their formulas, at scores of any size, and slopes against central differences.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <rivulet/math/list_loss.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

template <class Loss, class T> struct judged {
    double loss;
    std::vector<T> slopes;
    judged(const std::vector<T>& scores, const std::vector<T>& labels, const std::vector<T>& weights) : loss(0), slopes(scores.size()) {
        loss = Loss{}.over(scores.data(), labels.data(), weights.data(), slopes.data(), scores.size());
    }
};

template <class Loss> double worst(const std::vector<double>& labels, const std::vector<double>& weights, double spread) {
    rv::random draw(7);
    std::vector<double> scores = test::numbers<double>(draw, labels.size(), spread);
    const judged<Loss, double> found(scores, labels, weights);
    return test::worst_slope(scores, found.slopes, [&] { return judged<Loss, double>(scores, labels, weights).loss; });
}

}  // namespace

TEST_CASE_TEMPLATE("slopes of a list are central differences", Loss, rv::softmax_cross_entropy, rv::pairwise) {
    CHECK(worst<Loss>({1, 0}, {1, 1}, 1) < test::tolerance::central_difference);
    CHECK(worst<Loss>({0, 0, 1, 0, 1}, {1, 1, 1, 1, 1}, 2) < test::tolerance::central_difference);
    CHECK(worst<Loss>({0.5, 0, 1, 2, 1, 0}, {1, 0, 2, 0.5, 1, 3}, 3) < test::tolerance::central_difference);
}

TEST_CASE_TEMPLATE("a worked list: three even scores cost log 3, and the one that was taken is pulled by two thirds", T, float, double) {
    const judged<rv::softmax_cross_entropy, T> even({2, 2, 2}, {0, 1, 0}, {1, 1, 1});
    CHECK(within(even.loss, std::log(3.0), test::tolerance::exponential<T>(2)));
    const double expected[] = {1.0 / 3, 1.0 / 3 - 1, 1.0 / 3};
    for (std::size_t i = 0; i < 3; ++i) CHECK(within(static_cast<double>(even.slopes[i]), expected[i], test::tolerance::exponential<T>(1)));

    const judged<rv::pairwise, T> pair({3, 1}, {0, 1}, {1, 2});  // the lower one is preferred: 2 log(1 + e^2)
    CHECK(within(pair.loss, 2 * std::log1p(std::exp(2.0)), test::tolerance::exponential<T>(8)));
    CHECK(pair.slopes[0] == -pair.slopes[1]);
    CHECK(within(static_cast<double>(pair.slopes[0]), 2 / (1 + std::exp(-2.0)), test::tolerance::exponential<T>(4)));
}

TEST_CASE_TEMPLATE("scores of 1e4 either way stay finite and right", T, float, double) {
    const judged<rv::softmax_cross_entropy, T> sure({T(1e4), T(-1e4), 0}, {1, 0, 0}, {1, 1, 1});
    CHECK(sure.loss == 0);
    for (const T slope : sure.slopes) CHECK(slope == 0);
    const judged<rv::softmax_cross_entropy, T> wrong({T(1e4), T(-1e4), 0}, {0, 1, 0}, {1, 1, 1});
    CHECK(wrong.loss == doctest::Approx(2e4));
    CHECK(wrong.slopes[0] == 1);
    CHECK(wrong.slopes[1] == -1);
    const judged<rv::pairwise, T> apart({T(1e4), T(-1e4)}, {0, 1}, {1, 1});
    CHECK(apart.loss == doctest::Approx(2e4));
    CHECK(apart.slopes[0] == 1);
}

TEST_CASE_TEMPLATE("lists that choose nothing teach nothing", Loss, rv::softmax_cross_entropy, rv::pairwise) {
    rv::random draw(1);
    for (const auto& labels : {std::vector<double>{0, 0, 0}, std::vector<double>{0}}) {
        const judged<Loss, double> found(test::numbers<double>(draw, labels.size()), labels, std::vector<double>(labels.size(), 1.0));
        CHECK(found.loss == 0);
        for (const double slope : found.slopes) CHECK(slope == 0);
    }
    CHECK_FALSE(Loss{}.accepts(std::numeric_limits<float>::quiet_NaN(), 0));
    CHECK_FALSE(Loss{}.accepts(std::numeric_limits<float>::infinity(), 0));
}

TEST_CASE("slopes of a list sum to zero: only differences of scores count") {
    rv::random draw(9);
    const auto scores = test::numbers<double>(draw, 50, 4), weights = std::vector<double>(50, 1.5);
    std::vector<double> labels(50);
    for (std::size_t i = 0; i < 50; i += 7) labels[i] = 1;
    for (const auto& slopes : {judged<rv::softmax_cross_entropy, double>(scores, labels, weights).slopes,
                               judged<rv::pairwise, double>(scores, labels, weights).slopes}) {
        double sum = 0, size = 0;
        for (const double s : slopes) sum += s, size += std::abs(s);
        CHECK(size > 1);
        CHECK(within(sum, 0, test::tolerance::sum<double>(50, size)));
    }
}
