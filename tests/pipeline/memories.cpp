// SPDX-License-Identifier: MIT
// What is promised of rows kept by id around a step: a refusal leaves no trace, scoring makes none, budgets hold, copies are apart.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "cinema.hpp"

using namespace cinema;

namespace {

/// Every component that keeps rows, on every side.
template <class Ranker = rv::mlp<4>, class Updater = rv::adagrad, class Loss = rv::logistic>
auto made(rv::setup start = {}, rv::room_for_ids room = {.capacity = 64}, Updater updater = {}) {
    const rv::fuse fused{rv::hashed<pages>{.bits = 8},
                         rv::hashed<pages, genres>{.bits = 9},
                         rv::embed<pages, 3>{.room = room},
                         rv::embed<film, 2>{.room = room, .shrink = 0.01f},
                         rv::factorisation<4, user, film, genres>{.room = {room, room, room}},
                         rv::pass<mood>{},
                         rv::pass<running_time>{}};
    return rv::basic_pipeline<float, std::remove_const_t<decltype(fused)>, Ranker, Updater, Loss>(fused, Ranker{}, updater, Loss{}, start);
}
template <class Pipeline> void learn_some(Pipeline& ranker, std::uint64_t seed, std::size_t steps = 30, rv::item_id below = 20) {
    for (std::size_t i = 0; i < steps; ++i) {
        const visit<float> here(seed + i, 1 + i % 6, below);
        const bill<float> shown(seed + 100 + i, 3, below);
        std::vector<rv::outcome<decltype(shown.item(0))>> outcomes;
        for (std::size_t k = 0; k < 3; ++k) outcomes.push_back({shown.item(k), k == i % 3 ? rv::click : rv::skip});
        REQUIRE(ranker.learn(here.request(), outcomes));
    }
}

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("a refused step leaves every bit as it was, new ids included, whatever the updater") {
    const auto check = [](auto updater) {
        auto ranker = made<rv::mlp<4>, decltype(updater)>({}, {.capacity = 64}, updater);
        learn_some(ranker, 1);
        const auto digest = ranker.digest();
        const auto bytes = rv::save(ranker);
        const visit<float> stranger(500, 6, 1000000), shy(501, 6, 1000000);
        const bill<float> shown(502, 7, 1000000);
        const auto same = [&](rv::learned step, rv::errc code) {
            CHECK(step.status.code == code);
            CHECK(ranker.digest() == digest);
            CHECK(rv::save(ranker) == bytes);
        };
        same(ranker.learn(stranger.request(), shown.item(3), {.label = 3}), rv::errc::label);
        same(ranker.learn(stranger.request(), shown.item(3), {.label = not_a_number}), rv::errc::label);
        same(ranker.learn(stranger.request(), shown.item(3), {.weight = -1}), rv::errc::weight);
        auto bad = stranger;
        bad.seen.values[2] = not_a_number;
        same(ranker.learn(bad.request(), shown.item(3), rv::click), rv::errc::nonfinite);
        bad = stranger;
        bad.moods[0] = not_a_number;
        same(ranker.learn(bad.request(), shown.item(3), rv::click), rv::errc::nonfinite);
        const std::vector<rv::item_id> too_many(7, 99);
        same(ranker.learn(rv::request(rv::with<user>(1), rv::with<pages>(too_many), rv::with<mood>(stranger.moods)), shown.item(3),
                          rv::click),
             rv::errc::count);
        same(ranker.learn(stranger.request(),
                          rv::item(rv::with<film>(1), rv::with<genres>(too_many), rv::with<running_time>(shown.lengths.data(), 2)),
                          rv::click),
             rv::errc::count);
        same(ranker.learn(stranger.request(), shown.item(3), {.weight = 0}), rv::errc::none);
        same(ranker.learn(stranger.request(), shown.item(3), {.label = 1, .weight = 3e38f}), rv::errc::gradient);

        // A batch whose last example is refused.
        using items = std::vector<rv::outcome<decltype(shown.item(0))>>;
        std::vector<rv::example<decltype(shy.request()), items>> examples;
        examples.push_back({stranger.request(), items{{shown.item(1), rv::click}}});
        examples.push_back({shy.request(), items{{shown.item(2), rv::click}, {shown.item(3), {.label = 2}}}});
        const auto room = std::make_unique<typename decltype(ranker)::template batch_room<decltype(shy.request())>>();
        const std::span<const rv::example<decltype(shy.request()), items>> batch(examples);
        same(ranker.learn(batch, *room), rv::errc::label);
        examples[1].outcomes[1].feedback = {.weight = 3e38f};
        same(ranker.learn(batch, *room), rv::errc::gradient);
        CHECK(ranker.loss(batch, *room));  // which learns nothing, either
        CHECK(ranker.digest() == digest);

        // And what follows is as if nothing had been asked.
        auto fresh = made<rv::mlp<4>, decltype(updater)>({}, {.capacity = 64}, updater);
        learn_some(fresh, 1);
        learn_some(fresh, 900);
        learn_some(ranker, 900);
        CHECK(ranker.digest() == fresh.digest());
    };
    check(rv::sgd{});
    check(rv::adagrad{});
    check(rv::adam{});
    check(rv::ftrl{});
}

TEST_CASE("the gradient limit and clipping look at rows, too") {
    // One click: bias and weight of one id have slope -1/2 each. The norm of both is sqrt(1/2), of either alone 1/2.
    const auto one = [](rv::setup start) {
        return rv::pipeline{rv::fuse{rv::hashed<user>{.bits = 4}}, rv::additive{}, rv::sgd{.rate = 1}, start};
    };
    const auto here = rv::request(rv::with<user>(3));
    const auto row = [](auto& ranker) { return *std::get<0>(ranker.kept()).find(rv::combined(0x632be59bd9b4e019u, 3)); };
    auto limited = one({.gradient_limit = 0.6f}), wide = one({.gradient_limit = 0.8f});
    const auto digest = limited.digest();
    CHECK(limited.learn(here, rv::item(), rv::click).status.code == rv::errc::gradient);
    CHECK(limited.digest() == digest);
    CHECK(wide.learn(here, rv::item(), rv::click));
    CHECK(row(wide) == 0.5f);

    auto clipped = one({.clip_norm = 0.25f});
    CHECK(clipped.learn(here, rv::item(), rv::click).clipped);
    CHECK(row(clipped) == doctest::Approx(0.25 / std::sqrt(2.0)).epsilon(1e-6));
    CHECK(clipped.weights()[decltype(clipped)::plan::at.bias] == doctest::Approx(0.25 / std::sqrt(2.0)).epsilon(1e-6));
    auto unclipped = one({.clip_norm = 0.75f});
    CHECK_FALSE(unclipped.learn(here, rv::item(), rv::click).clipped);

    auto by_value = one({.clip_value = 0.125f});
    CHECK(by_value.learn(here, rv::item(), rv::click).clipped);
    CHECK(row(by_value) == 0.125f);
}

TEST_CASE("scoring and ranking what was never seen changes nothing") {
    auto ranker = made();
    learn_some(ranker, 1);
    const auto digest = ranker.digest();
    const bill<float> shown(7, 30, 1000000);
    const auto items = shown.catalogue(ranker);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const visit<float> here(seed, seed % 7, 1000000);
        CHECK(ranker.score(here.request(), shown.item(seed)));
        CHECK(ranker.rank(here.request(), items, 10).size() == 10);
    }
    CHECK(ranker.digest() == digest);
}

TEST_CASE("an id gets its row at the sighting that was asked for; until then it teaches the prior row") {
    for (const std::uint32_t after : {1u, 2u, 5u}) {
        rv::pipeline ranker{rv::fuse{rv::embed<user, 2>{.room = {.capacity = 16, .after = after}}}, rv::additive{}, rv::sgd{}};
        const auto& table = std::get<0>(ranker.kept());
        const auto prior = [&] { return ranker.weights()[decltype(ranker)::plan::at.request[0]]; };
        for (std::uint32_t sighting = 1; sighting <= 6; ++sighting) {
            const float before = prior();
            REQUIRE(ranker.learn(rv::request(rv::with<user>(77)), rv::item(), rv::click));
            CAPTURE(sighting);
            CHECK((table.find(77) != nullptr) == (sighting >= after));
            CHECK((prior() != before) == (sighting < after));
        }
        CHECK(table.places().size() == 1);
    }
}

TEST_CASE("learning again what was learned before counts nobody again") {
    rv::pipeline ranker{rv::fuse{rv::embed<user, 2>{.room = {.capacity = 16, .after = 3}}}, rv::additive{}, rv::sgd{}};
    const auto& table = std::get<0>(ranker.kept());
    const std::vector one{rv::outcome{rv::item(), rv::click}};
    const auto here = rv::request(rv::with<user>(5));
    REQUIRE(ranker.learn(here, one));
    for (int i = 0; i < 9; ++i) REQUIRE(ranker.learn(here, std::span<const rv::outcome<rv::item<>>>(one), true));
    CHECK(table.places().sketch().estimate(5) == 1);
    CHECK(table.find(5) == nullptr);
}

TEST_CASE("in a stream of many more ids than rows the frequent ones stay, and memory does not grow") {
    rv::pipeline ranker{rv::fuse{rv::embed<user, 2>{.room = {.capacity = 64}}, rv::factorisation<2, user, film>{.room = {{{64}, {64}}}}},
                        rv::additive{}, rv::adagrad{}};
    const std::size_t memory = ranker.memory();
    rv::random draw(3);
    for (std::size_t i = 0; i < 20000; ++i) {
        const rv::item_id id = i % 2 == 0 ? draw.below(16) : 1000 + i;  // 16 regulars, everybody else comes once
        REQUIRE(ranker.learn(rv::request(rv::with<user>(id)), rv::item(rv::with<film>(id)), i % 3 == 0 ? rv::click : rv::skip));
    }
    CHECK(ranker.memory() == memory);
    for (rv::item_id id = 0; id < 16; ++id) {
        CAPTURE(id);
        CHECK(std::get<0>(ranker.kept()).find(id) != nullptr);
        CHECK(std::get<1>(ranker.kept()).context.of[0].find(id) != nullptr);
        CHECK(std::get<1>(ranker.kept()).candidate.of[0].find(id) != nullptr);
    }
    CHECK(std::get<0>(ranker.kept()).places().size() <= 64);
    CHECK(std::get<0>(ranker.kept()).places().size() >= 40);
    CHECK(ranker.check_kept(ranker.kept()));
}

TEST_CASE("a table of one row, and a step that brings more ids than there is room for") {
    rv::pipeline ranker{rv::fuse{rv::embed<pages, 2>{.room = {.capacity = 1}}, rv::embed<user, 1>{.room = {.capacity = 2}}}, rv::additive{},
                        rv::sgd{}};
    for (rv::item_id i = 0; i < 100; ++i) {
        const std::vector<rv::item_id> ids{i, i + 1, i + 2, i + 3, i, i};
        REQUIRE(ranker.learn(rv::request(rv::with<pages>(ids), rv::with<user>(i)), rv::item(), rv::click));
        REQUIRE(ranker.check_kept(ranker.kept()));
    }
    CHECK(std::get<1>(ranker.kept()).places().size() >= 1);
}

TEST_CASE("copies are apart: what one learns, the other does not know") {
    auto ranker = made();
    learn_some(ranker, 1);
    auto copy = ranker, assigned = made();
    assigned = ranker;
    const auto digest = ranker.digest();
    CHECK(copy.digest() == digest);
    CHECK(assigned.digest() == digest);
    learn_some(copy, 200);
    CHECK(ranker.digest() == digest);
    CHECK(assigned.digest() == digest);
    learn_some(ranker, 200);
    CHECK(ranker.digest() == copy.digest());
    const auto moved = std::move(copy);
    CHECK(moved.digest() == ranker.digest());
}

TEST_CASE("what is frozen keeps its rows, its counts and its digest while the others learn") {
    auto ranker = made();
    learn_some(ranker, 1);
    const auto bytes_of = [&](auto component) {
        std::vector<std::byte> bytes;
        std::get<component>(ranker.kept()).parts([&](std::span<const std::byte> part) {
            for (const std::byte one : part) bytes.push_back(one);
        });
        return bytes;
    };
    using first = std::integral_constant<std::size_t, 2>;
    using pairs = std::integral_constant<std::size_t, 4>;
    using crosses = std::integral_constant<std::size_t, 1>;
    const auto embedded = bytes_of(first{}), factors = bytes_of(pairs{}), crossed = bytes_of(crosses{});
    ranker.freeze<rv::embed<pages, 3>>();
    ranker.freeze<rv::factorisation<4, user, film, genres>>();
    learn_some(ranker, 300, 20, 100000);
    CHECK(bytes_of(first{}) == embedded);
    CHECK(bytes_of(pairs{}) == factors);
    CHECK(bytes_of(crosses{}) != crossed);
    ranker.freeze_trunk();
    const auto still = bytes_of(crosses{});
    learn_some(ranker, 400);
    CHECK(bytes_of(crosses{}) == still);
    ranker.unfreeze();
    learn_some(ranker, 500);
    CHECK(bytes_of(first{}) != embedded);
    CHECK(bytes_of(crosses{}) != still);
}

TEST_CASE("a batch of one is the step itself, and a batch's order of new ids does not matter to their rows") {
    auto single = made(), batched = made();
    const visit<float> here(5);
    const bill<float> shown(6, 4);
    using items = std::vector<rv::outcome<decltype(shown.item(0))>>;
    const items outcomes{{shown.item(0), rv::click}, {shown.item(2), rv::skip}, {shown.item(3), rv::skip}};
    const std::vector<rv::example<decltype(here.request()), items>> one{{here.request(), outcomes}};
    const auto room = std::make_unique<decltype(batched)::batch_room<decltype(here.request())>>();
    REQUIRE(single.learn(here.request(), outcomes));
    REQUIRE(batched.learn(std::span<const rv::example<decltype(here.request()), items>>(one), *room));
    CHECK(single.digest() == batched.digest());
}

TEST_CASE("training with rows by id starts again from where it was when a batch is refused") {
    auto ranker = made();
    learn_some(ranker, 1);
    const auto digest = ranker.digest();
    const visit<float> here(5);
    const bill<float> shown(6, 4);
    const auto result = rv::train(
        ranker, 10,
        [&](std::size_t i) {
            return rv::example{here.request(), std::array{rv::outcome{shown.item(1), rv::feedback{.label = i == 7 ? 5.0f : 1.0f}}}};
        },
        {.epochs = 2, .batch = 3, .shuffle = false});
    CHECK_FALSE(result);
    CHECK(ranker.digest() == digest);
}
