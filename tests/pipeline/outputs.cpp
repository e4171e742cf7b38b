// SPDX-License-Identifier: MIT
// Rankers of general layers in a pipeline, with one output or several: gradients, what each outcome teaches, what is served.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "../tolerance.hpp"
#include "slopes.hpp"

using namespace shop;

namespace {

using parts = rv::fuse<rv::pass<shopper>, rv::attend<recent, title, 12>, rv::pca<title, 3>, rv::pass<price>, scale_each<title>>;
parts made() { return parts({}, {.heads = 2}, {}, {}, {}); }

template <class T, class Ranker, class Updater, class Loss>
auto pipeline_of(Ranker ranker, Updater updater, Loss loss, rv::setup setup = {}) {
    auto made_of = rv::basic_pipeline<T, parts, Ranker, Updater, Loss>(made(), ranker, updater, loss, setup);
    rv::random draw(8);
    using plan = typename decltype(made_of)::plan;
    for (std::size_t j = 0; j < plan::first; ++j) made_of.weights()[plan::at.bias + j] = static_cast<T>(draw.around_zero(0.3));
    return made_of;
}

template <class Ranker, class Loss> double difference(Ranker ranker, Loss loss, std::vector<rv::feedback> said) {
    const visit<double> here(31, 5);
    const shelf<double> shelf(said.size(), 41);
    std::vector<rv::outcome<decltype(shelf.item(0))>> shown;
    for (std::size_t i = 0; i < said.size(); ++i) shown.push_back({shelf.item(i), said[i]});
    return worst_difference(
        pipeline_of<double>(ranker, rv::sgd{.rate = 1}, loss), [&](auto& pipeline) { REQUIRE(pipeline.learn(here.request(), shown)); },
        [&](const auto& pipeline) { return naive_loss(pipeline, loss, here.request(), shown); });
}

}  // namespace

TEST_CASE("a network of any layers as a ranker: its gradient through the pipeline equals central differences") {
    const std::vector<rv::feedback> said{rv::click, rv::skip.times(2), rv::click};
    CHECK(difference(rv::network{rv::dense<8>{}, rv::gelu{}, rv::layer_norm{}, rv::residual{rv::dense<8>{}, rv::silu{}}, rv::dense<1>{}},
                     rv::logistic{}, said) < rounding_and_truncation);
    CHECK(difference(rv::network{rv::dense<6>{}, rv::cross_layers<2>{}, rv::dense<5>{}, rv::hyperbolic_tangent{}, rv::dense<1>{}},
                     rv::pairwise{}, said) < rounding_and_truncation);
    CHECK(difference(rv::network{rv::dense<1>{}}, rv::squared{}, said) < rounding_and_truncation);
}

TEST_CASE("several heads over one trunk: a loss for each, classes, and more outputs than a register holds") {
    const rv::tasks tasks{rv::logistic{}, rv::squared{}, rv::huber{}};
    CHECK(difference(rv::network{rv::dense<8>{}, rv::gelu{}, rv::dense<3>{}}, tasks,
                     {rv::click, rv::rating(4).at(1), rv::skip.at(0), rv::rating(2).at(2).times(3), rv::rating(1).at(1)}) <
          rounding_and_truncation);
    CHECK(difference(rv::network{rv::dense<7>{}, rv::silu{}, rv::dense<5>{}}, rv::multinomial<5>{},
                     {{.label = 4}, {.label = 0, .weight = 2}, {.label = 2}}) < rounding_and_truncation);
    CHECK(difference(rv::network{rv::dense<19>{}}, rv::multinomial<19>{}, {{.label = 18}, {.label = 1}}) < rounding_and_truncation);
}

TEST_CASE("an outcome about one head moves the last layer of that head alone") {
    auto ranker = pipeline_of<float>(rv::network{rv::dense<8>{}, rv::gelu{}, rv::dense<3>{}}, rv::sgd{.rate = 0.1f},
                                     rv::tasks{rv::logistic{}, rv::squared{}, rv::logistic{}});
    const visit<float> here(31, 5);
    const shelf<float> shelf(1, 41);
    const std::vector<float> before(ranker.weights().begin(), ranker.weights().end());
    REQUIRE(ranker.learn(here.request(), shelf.item(0), rv::rating(5).at(1)));
    using plan = decltype(ranker)::plan;
    const std::size_t last = plan::at.ranker + decltype(plan::ranker)::layer_begin[2];
    for (std::size_t i = 0; i < 9; ++i)  // 8 inputs and the bias
        for (std::size_t head = 0; head < 3; ++head) {
            const std::size_t at = last + i * rv::padded(3) + head;
            CHECK((before[at] != ranker.weights()[at]) == (head == 1));
        }
}

TEST_CASE("what is served is the sum of the outputs that the host weights, at once, in score and in rank") {
    auto ranker = pipeline_of<float>(rv::network{rv::dense<8>{}, rv::gelu{}, rv::dense<3>{}}, rv::sgd{},
                                     rv::tasks{rv::logistic{}, rv::squared{}, rv::logistic{}});
    const visit<float> here(31, 5);
    const shelf<float> shelf(40, 41);
    const auto items = shelf.catalogue(ranker);
    std::array<float, 3> seen{};
    for (const auto& shares : {std::array<float, 3>{1, 0, 0}, {0, 0, 1}, {0.5f, -2, 3}}) {
        if (shares[0] != 1) REQUIRE(ranker.serve(shares));  // at first the first output alone
        std::vector<float> scores(40);
        REQUIRE(ranker.score(here.request(), items, std::span<float>(scores)));
        for (std::size_t i = 0; i < 40; ++i) {
            const auto judged = ranker.score(here.request(), shelf.item(i), &seen);
            REQUIRE(judged);
            double expected = 0, size = 0;
            for (std::size_t h = 0; h < 3; ++h) {
                expected += static_cast<double>(shares[h]) * static_cast<double>(seen[h]);
                size += std::abs(static_cast<double>(shares[h]) * static_cast<double>(seen[h]));
            }
            CHECK(test::within(static_cast<double>(judged.score), expected, test::tolerance::sum<float>(3, size)));
            CHECK(test::within(static_cast<double>(scores[i]), expected, test::tolerance::sum<float>(40, 1 + size)));
            const auto outputs = naive_outputs(ranker, here.request(), shelf.item(i));
            for (std::size_t h = 0; h < 3; ++h)
                CHECK(test::within(static_cast<double>(seen[h]), outputs[h], test::tolerance::sum<float>(40, 1 + std::abs(outputs[h]))));
        }
        const auto best = ranker.rank(here.request(), items, 1);
        CHECK(best[0].score == *std::max_element(scores.begin(), scores.end()));
    }
    CHECK(ranker.serve({1, std::numeric_limits<float>::quiet_NaN(), 0}).message() == "serve: number 1 is not finite");
    const float kept = ranker.score(here.request(), shelf.item(0), &seen).score;
    CHECK(kept == doctest::Approx(0.5f * seen[0] - 2 * seen[1] + 3 * seen[2]));
}

TEST_CASE("a label that the head does not take, or a head that is not there, is refused with nothing changed") {
    auto ranker =
        pipeline_of<float>(rv::network{rv::dense<8>{}, rv::gelu{}, rv::dense<2>{}}, rv::sgd{}, rv::tasks{rv::logistic{}, rv::squared{}});
    const visit<float> here(31, 5);
    const shelf<float> shelf(1, 41);
    const auto digest = ranker.digest();
    CHECK(ranker.learn(here.request(), shelf.item(0), rv::rating(4)).status.code == rv::errc::label);
    CHECK(ranker.learn(here.request(), shelf.item(0), rv::click.at(2)).status.code == rv::errc::label);
    CHECK(ranker.digest() == digest);
    CHECK(ranker.learn(here.request(), shelf.item(0), rv::rating(4).at(1)));
}

TEST_CASE("dropout: the same seed drops the same while learning, another seed something else, and nothing while serving") {
    const auto make = [](std::uint64_t seed, float share) {
        return pipeline_of<float>(rv::network{rv::dense<16>{}, rv::rectifier{}, rv::dropout{.share = share}, rv::dense<1>{}},
                                  rv::sgd{.rate = 0.1f}, rv::logistic{}, {.seed = seed});
    };
    const visit<float> here(31, 5);
    const shelf<float> shelf(3, 41);
    const auto learn = [&](auto& ranker) {
        for (std::size_t i = 0; i < 3; ++i) REQUIRE(ranker.learn(here.request(), shelf.item(i), rv::click));
    };
    auto first = make(1, 0.5f), again = make(1, 0.5f), whole = make(1, 0), other = make(1, 0.5f);
    const auto served = [&](const auto& ranker) { return ranker.score(here.request(), shelf.item(0)).score; };
    CHECK(served(first) == served(whole));
    learn(first);
    learn(again);
    learn(whole);
    CHECK(first.digest() == again.digest());
    CHECK(first.digest() != whole.digest());
    other.resume_at(100);  // another step of the same pipeline drops something else
    learn(other);
    CHECK(std::vector<float>(other.weights().begin(), other.weights().end()) !=
          std::vector<float>(first.weights().begin(), first.weights().end()));
}
