// SPDX-License-Identifier: MIT
// Gradients of whole pipelines against central differences in double: every learned weight, every loss, every kind of component.
#include <doctest/doctest.h>

#include "slopes.hpp"

using namespace shop;

namespace {

template <class Ranker, class Loss> double difference(std::size_t outcomes, std::size_t moments, Loss loss = {}) {
    auto ranker = shop::everything<double, Ranker, rv::sgd, Loss>(2, {}, rv::sgd{.rate = 1}, loss);
    scatter(ranker, 21);
    const visit<double> here(31, moments);
    const shelf<double> shelf(outcomes, 41);
    const auto shown = outcomes_of(shelf, outcomes);
    return worst_difference(
        ranker,
        [&](auto& pipeline) {
            const auto learned = pipeline.learn(here.request(), shown);
            REQUIRE(learned);
            double weight = 0;
            for (const auto& one : shown) weight += static_cast<double>(one.feedback.weight);
            if (rv::listwise_loss<Loss, double>) weight = 1;
            CHECK(learned.loss == doctest::Approx(naive_loss(ranker, loss, here.request(), shown) / weight));
        },
        [&](const auto& pipeline) { return naive_loss(pipeline, loss, here.request(), shown); });
}

}  // namespace

TEST_CASE_TEMPLATE("the gradient of a pipeline equals central differences", Loss, rv::logistic, rv::squared, rv::softmax_cross_entropy,
                   rv::pairwise) {
    const std::size_t one = rv::listwise_loss<Loss, double> ? 2 : 1;  // a list of one item has nothing to choose from
    CHECK(difference<rv::mlp<>, Loss>(one, 5) < rounding_and_truncation);
    CHECK(difference<rv::mlp<>, Loss>(3, 5) < rounding_and_truncation);
    CHECK(difference<rv::mlp<16>, Loss>(one, 5) < rounding_and_truncation);
    CHECK(difference<rv::mlp<11, 5>, Loss>(4, 9) < rounding_and_truncation);
    CHECK(difference<rv::mlp<8, 6, 4>, Loss>(2, 1) < rounding_and_truncation);
}

TEST_CASE("the gradient of a Huber loss equals central differences on both sides of its seam") {
    CHECK(difference<rv::mlp<11, 5>, rv::huber>(4, 9, {.delta = 0.3f}) < rounding_and_truncation);
    CHECK(difference<rv::mlp<11, 5>, rv::huber>(4, 9, {.delta = 30}) < rounding_and_truncation);
}

TEST_CASE_TEMPLATE("more outcomes than one chunk holds give one gradient", Loss, rv::logistic, rv::softmax_cross_entropy, rv::pairwise) {
    CHECK(difference<rv::mlp<7>, Loss>(37, 4) < 10 * rounding_and_truncation);  // 312 pairs that weigh up to 12: a loss of hundreds
}

TEST_CASE("an empty history has a gradient too") { CHECK(difference<rv::mlp<9>, rv::logistic>(2, 0) < rounding_and_truncation); }

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

TEST_CASE("prefer moves the first of two items above the second, and means nothing between equal ones") {
    auto ranker = shop::everything<double, rv::mlp<8>, rv::sgd, rv::pairwise>(2, {}, rv::sgd{.rate = 0.05f});
    const visit<double> here(3);
    const shelf<double> shelf(2, 4);
    const auto margin = [&] {
        return ranker.score(here.request(), shelf.item(1)).score - ranker.score(here.request(), shelf.item(0)).score;
    };
    const float before = margin();
    for (int i = 0; i < 20; ++i) REQUIRE(ranker.learn(here.request(), rv::prefer(shelf.item(1), shelf.item(0))));
    CHECK(margin() > before + 0.1f);
    const auto settled = std::vector<double>(ranker.weights().begin(), ranker.weights().end());
    const auto nothing =
        ranker.learn(here.request(), std::array{rv::outcome{shelf.item(0), rv::click}, rv::outcome{shelf.item(1), rv::click}});
    CHECK(nothing);
    CHECK(nothing.loss == 0);
    CHECK(std::equal(settled.begin(), settled.end(), ranker.weights().begin()));
}

TEST_CASE("a list longer than the pipeline has room for, and a chance that is none, are refused with nothing changed") {
    auto ranker = shop::everything<float, rv::mlp<8>, rv::sgd, rv::softmax_cross_entropy>(2, {.longest_list = 20}, rv::sgd{});
    const visit<float> here(3);
    const shelf<float> shelf(21, 4);
    const auto digest = ranker.digest();
    auto shown = outcomes_of(shelf, 21);
    CHECK(ranker.learn(here.request(), shown).status.message() == "setup.longest_list: at most 20 here, got 21");
    shown.pop_back();
    for (const float chance : {0.0f, -0.5f, 1.5f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        shown[7].feedback.probability = chance;
        CHECK(ranker.learn(here.request(), shown).status.code == rv::errc::probability);
    }
    shown[7].feedback.probability = 2;
    CHECK(ranker.learn(here.request(), shown).status.message() == "learn: probability 2 of outcome 7 is not above 0 and at most 1");
    CHECK(ranker.digest() == digest);
    shown[7].feedback.probability = 1;
    CHECK(ranker.learn(here.request(), shown));
    CHECK(ranker.digest() != digest);
}
