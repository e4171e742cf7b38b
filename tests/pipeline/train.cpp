// SPDX-License-Identifier: MIT
// Training over batches and epochs: the gradient of a batch, determinism, validation, early stopping, refusals.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "../tolerance.hpp"
#include "slopes.hpp"

using namespace shop;

namespace {

/// Visits that differ, each with a few outcomes; a click where the first price is above zero.
template <class T> struct history {
    std::vector<visit<T>> visits;
    shelf<T> items;
    std::size_t shown;

    history(std::size_t count, std::size_t outcomes, std::uint64_t seed) : items(50, seed), shown(outcomes) {
        for (std::size_t i = 0; i < count; ++i) visits.emplace_back(seed + i, i % 7);
    }
    auto example(std::size_t i) const {
        using item = decltype(items.item(0));
        std::vector<rv::outcome<item>> outcomes;
        for (std::size_t k = 0; k < shown; ++k) {
            const std::size_t which = (5 * i + 3 * k) % items.size;
            outcomes.push_back({items.item(which), items.prices[2 * which] > 0 ? rv::click : rv::skip});
        }
        return rv::example{visits[i].request(), outcomes};
    }
};

template <class Pipeline> std::vector<double> weights_of(const Pipeline& ranker) {
    return {ranker.weights().begin(), ranker.weights().end()};
}

}  // namespace

TEST_CASE_TEMPLATE("a batch's step is along the mean of its examples' gradients", Loss, rv::logistic, rv::pairwise) {
    const history<double> seen(67, 3, 5);  // more requests and more outcomes than one pass holds
    auto ranker = shop::everything<double, rv::mlp<8, 5>, rv::sgd, Loss>(2, {}, rv::sgd{.rate = 1});
    scatter(ranker, 3);
    std::vector<decltype(seen.example(0))> batch;
    for (std::size_t i = 0; i < 67; ++i) batch.push_back(seen.example(i));

    std::vector<double> expected(ranker.weights().size());
    double loss = 0;
    for (const auto& one : batch) {
        auto alone = ranker;
        const auto learned = alone.learn(one.request, one.outcomes);
        REQUIRE(learned);
        loss += learned.loss / 67;
        for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += (ranker.weights()[i] - alone.weights()[i]) / 67;
    }
    using pipeline = decltype(ranker);
    using request = decltype(batch[0].request);
    auto stepped = ranker;
    const auto room = std::make_unique<typename pipeline::template batch_room<request>>();
    const std::span<const decltype(seen.example(0))> all(batch);
    CHECK(stepped.loss(all, *room).loss == doctest::Approx(loss));
    CHECK(weights_of(stepped) == weights_of(ranker));
    const auto learned = stepped.learn(all, *room);
    REQUIRE(learned);
    CHECK(learned.loss == doctest::Approx(loss));
    CHECK(stepped.steps() == 1);
    for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(test::within(ranker.weights()[i] - stepped.weights()[i], expected[i], 1e-13 * (1 + std::abs(expected[i]))));
}

TEST_CASE("training lowers the loss, tells where it is, and does the same again for the same seed") {
    const history<float> seen(90, 4, 9);
    const auto make = [] { return shop::everything<float, rv::mlp<16, 8>, rv::adam>(2, {}, rv::adam{.rate = 0.01f}); };
    auto first = make(), again = make(), other = make();
    const rv::training settings{.epochs = 12, .batch = 16, .seed = 4};
    std::size_t calls = 0;
    rv::training_progress last{};
    const auto trained = rv::train(
        first, 90, [&](std::size_t i) { return seen.example(i); }, settings,
        [&](const rv::training_progress& now) {
            ++calls;
            last = now;
        });
    REQUIRE(trained);
    CHECK(trained.epochs.size() == 12);
    CHECK(trained.best == 11);
    CHECK_FALSE(trained.stopped_early);
    CHECK(calls == 12 * 6);
    CHECK(first.steps() == 12 * 6);
    CHECK(last.epoch == 11);
    CHECK(last.done == 90);
    CHECK(last.examples == 90);
    CHECK(last.loss == doctest::Approx(trained.epochs.back().loss));
    CHECK(trained.epochs.back().loss < 0.5 * trained.epochs.front().loss);
    REQUIRE(rv::train(
        again, 90, [&](std::size_t i) { return seen.example(i); }, settings));
    CHECK(again.digest() == first.digest());
    REQUIRE(rv::train(other, 90, [&](std::size_t i) { return seen.example(i); }, {.epochs = 12, .batch = 16, .seed = 5}));
    CHECK(other.digest() != first.digest());
}

TEST_CASE("the held-out share is never learned from, patience ends a training, and the best weights are kept") {
    history<float> seen(60, 2, 21);
    const auto make = [] { return shop::everything<float, rv::mlp<32>, rv::adam>(2, {}, rv::adam{.rate = 0.03f}); };
    auto ranker = make();
    std::size_t asked_after_training = 0;
    const rv::training settings{.epochs = 60, .batch = 8, .validation = 0.25f, .patience = 3};
    const auto trained = rv::train(
        ranker, 60, [&](std::size_t i) { return asked_after_training += i >= 45, seen.example(i); }, settings);
    REQUIRE(trained);
    CHECK(trained.stopped_early);  // 45 visits under 32 units: it is going to know them by heart
    CHECK(trained.epochs.size() == trained.best + 4);
    CHECK(asked_after_training == 15 * trained.epochs.size());
    for (const auto& epoch : trained.epochs) CHECK(epoch.validation_loss >= trained.epochs[trained.best].validation_loss);

    auto until_best = make();  // the kept weights are those of the best epoch
    REQUIRE(rv::train(until_best, 60, [&](std::size_t i) { return seen.example(i); },
                      {.epochs = trained.best + 1, .batch = 8, .validation = 0.25f, .keep_best = false}));
    CHECK(until_best.digest() == ranker.digest());
}

TEST_CASE("a callback may end a training") {
    const history<float> seen(20, 2, 1);
    auto ranker = shop::everything<float, rv::mlp<4>>();
    double last = 0;
    const auto trained = rv::train(
        ranker, 20, [&](std::size_t i) { return seen.example(i); }, {.epochs = 5, .batch = 5},
        [&](const rv::training_progress& now) {
            last = now.loss;
            return now.epoch * 20 + now.done < 30;
        });
    CHECK(trained);
    CHECK(trained.stopped_early);
    CHECK(trained.epochs.size() == 2);
    CHECK(trained.epochs[1].loss == last);  // the mean of what was seen of the epoch
    CHECK(ranker.steps() == 6);
}

TEST_CASE("an example that cannot be learned ends a training, and the pipeline is what it was before") {
    history<float> seen(20, 2, 1);
    seen.items.titles[7 * 8 + 2] = std::numeric_limits<float>::quiet_NaN();
    auto ranker = shop::everything<float, rv::mlp<4>, rv::adam>(2, {}, rv::adam{});
    const auto digest = ranker.digest();
    const auto trained = rv::train(ranker, 20, [&](std::size_t i) { return seen.example(i); }, {.batch = 2, .shuffle = false});
    CHECK_FALSE(trained);
    CHECK(trained.status.code == rv::errc::nonfinite);
    CHECK(trained.batch_begin == 0);  // item 8 is shown to visit 1: (5 + 3) % 50
    CHECK(ranker.digest() == digest);
}

TEST_CASE("settings out of range and nothing to train on are refused") {
    const history<float> seen(3, 2, 1);
    auto ranker = shop::everything<float, rv::mlp<4>>();
    const auto message = [&](rv::training settings) -> std::string {
        try {
            rv::train(
                ranker, 3, [&](std::size_t i) { return seen.example(i); }, settings);
        } catch (const rv::error& problem) { return problem.what(); }
        return "";
    };
    CHECK(message({.epochs = 0}) == "training.epochs must be 1 or more, got 0");
    CHECK(message({.batch = 0}) == "training.batch must be 1 or more, got 0");
    CHECK(message({.validation = 1}) == "training.validation must be a number from 0 to below 1, got 1");
    CHECK(rv::train(ranker, 0, [&](std::size_t i) { return seen.example(i); }).status.code == rv::errc::empty);
    CHECK(ranker.steps() == 0);
}
