// SPDX-License-Identifier: MIT
// Gradients of whole pipelines against central differences in double: every learned weight, every loss, every kind of component.
#include <doctest/doctest.h>

#include <cmath>

#include "shop.hpp"

using namespace shop;

namespace {

/// Loss of a few outcomes of one visit under the naive evaluation.
template <class Pipeline, class Loss, class Request>
double naive_loss(const Pipeline& ranker, const Loss& loss, const Request& request, const shelf<double>& shelf,
                  const std::vector<rv::feedback>& what) {
    double total = 0;
    for (std::size_t i = 0; i < what.size(); ++i)
        total += static_cast<double>(what[i].weight) *
                 loss.value(naive_score(ranker, request, shelf.item(i)), static_cast<double>(what[i].label));
    return total;
}

/// Learns one step by plain descent at rate 1 and reads the gradient off the weights. The largest difference from central differences.
template <class Ranker, class Loss> double worst_difference(std::size_t outcomes, std::size_t moments) {
    auto ranker = shop::everything<double, Ranker, rv::sgd, Loss>(2, {}, rv::sgd{.rate = 1});
    scatter(ranker, 21);
    const visit<double> here(31, moments);
    const shelf<double> shelf(outcomes, 41);
    std::vector<rv::feedback> what;
    for (std::size_t i = 0; i < outcomes; ++i) what.push_back({i % 3 == 0 ? 1.0f : 0.0f, 0.5f + static_cast<float>(i % 4)});

    using item = decltype(shelf.item(0));
    std::vector<rv::outcome<item>> shown;
    for (std::size_t i = 0; i < outcomes; ++i) shown.push_back({shelf.item(i), what[i]});
    auto stepped = ranker;
    const auto learned = stepped.learn(here.request(), shown);
    REQUIRE(learned);
    double weight = 0;
    for (const auto& one : what) weight += static_cast<double>(one.weight);
    CHECK(learned.loss == doctest::Approx(naive_loss(ranker, Loss{}, here.request(), shelf, what) / weight));

    double worst = 0;
    std::size_t moved = 0;
    using plan = typename decltype(ranker)::plan;
    for (std::size_t i = plan::at.fitted_end; i < plan::at.size; ++i) {
        const double slope = ranker.weights()[i] - stepped.weights()[i], keep = ranker.weights()[i], step = 1e-5;
        moved += slope != 0;
        ranker.weights()[i] = keep + step;
        const double up = naive_loss(ranker, Loss{}, here.request(), shelf, what);
        ranker.weights()[i] = keep - step;
        const double down = naive_loss(ranker, Loss{}, here.request(), shelf, what);
        ranker.weights()[i] = keep;
        const double expected = (up - down) / (2 * step);
        worst = std::max(worst, std::abs(slope - expected) / (1 + std::abs(expected)));
    }
    CHECK(moved > 100);
    for (std::size_t i = 0; i < plan::at.fitted_end; ++i) CHECK(ranker.weights()[i] == stepped.weights()[i]);
    return worst;
}

// Central differences at step 1e-5 in double: truncation about 1e-10, cancellation about 1e-16 / 1e-5 = 1e-11 a unit of loss.
constexpr double rounding_and_truncation = 2e-8;

}  // namespace

TEST_CASE_TEMPLATE("the gradient of a pipeline equals central differences", Loss, rv::logistic, rv::squared) {
    CHECK(worst_difference<rv::mlp<>, Loss>(1, 5) < rounding_and_truncation);
    CHECK(worst_difference<rv::mlp<>, Loss>(3, 5) < rounding_and_truncation);
    CHECK(worst_difference<rv::mlp<16>, Loss>(1, 5) < rounding_and_truncation);
    CHECK(worst_difference<rv::mlp<11, 5>, Loss>(4, 9) < rounding_and_truncation);
    CHECK(worst_difference<rv::mlp<8, 6, 4>, Loss>(2, 1) < rounding_and_truncation);
}

TEST_CASE("more outcomes than one chunk holds give one gradient") {
    CHECK(worst_difference<rv::mlp<7>, rv::logistic>(37, 4) < rounding_and_truncation);
}

TEST_CASE("an empty history has a gradient too") { CHECK(worst_difference<rv::mlp<9>, rv::logistic>(2, 0) < rounding_and_truncation); }

TEST_CASE("a batch of outcomes sums their gradients") {
    auto together = shop::everything<double, rv::mlp<8>, rv::sgd>(2, {}, rv::sgd{.rate = 1});
    const visit<double> here(3);
    const shelf<double> shelf(2, 4);
    const auto start = together;
    auto first = start, second = start;
    REQUIRE(together.learn(here.request(), std::array{rv::outcome{shelf.item(0), rv::click}, rv::outcome{shelf.item(1), rv::skip}}));
    REQUIRE(first.learn(here.request(), shelf.item(0), rv::click));
    REQUIRE(second.learn(here.request(), shelf.item(1), rv::skip));
    for (std::size_t i = 0; i < start.weights().size(); ++i) {
        const double sum = (first.weights()[i] - start.weights()[i]) + (second.weights()[i] - start.weights()[i]);
        CHECK(together.weights()[i] - start.weights()[i] == doctest::Approx(sum).epsilon(1e-9));
    }
}
