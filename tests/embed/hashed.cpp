// SPDX-License-Identifier: MIT
// Hashed linear weights and crosses against every combination written down, their slopes against central differences.
#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <vector>

#include <rivulet/embed/hashed.hpp>

#include "../golden/factorisation.hpp"
#include "../pipeline/cinema.hpp"
#include "../tolerance.hpp"

using namespace cinema;

TEST_CASE_TEMPLATE("linear weights and crosses equal the sum over all combinations: free, planned and by entry", T, float, double) {
    check_values<T>(rounding<T>, rv::hashed<pages>{.bits = 12});
    check_values<T>(rounding<T>, rv::hashed<genres>{.bits = 12});
    check_values<T>(rounding<T>, rv::hashed<pages, user>{.bits = 12}, rv::hashed<genres, film>{.bits = 12});
    check_values<T>(rounding<T>, rv::hashed<pages, pages>{.bits = 12});
    check_values<T>(rounding<T>, rv::hashed<pages, genres>{.bits = 12}, rv::hashed<film, user>{.bits = 12});
    check_values<T>(rounding<T>, rv::hashed<genres, user, pages, film>{.bits = 12});
    check_values<T>(rounding<T>, rv::hashed<genres, pages>{.bits = 1});  // where all collide
}

TEST_CASE("every slope, of hashed weights and of layers, is the central difference") {
    check_slopes(rv::hashed<pages>{.bits = 6}, rv::hashed<genres>{.bits = 5});
    check_slopes(rv::hashed<pages, genres>{.bits = 7}, rv::hashed<user, film>{.bits = 5});
    check_slopes(rv::hashed<pages, user>{.bits = 6}, rv::hashed<genres, pages, film>{.bits = 7});
}

TEST_CASE("combinations are told apart by ids, by their order and by the features that bring them") {
    const auto slots = [](auto& ranker) {
        auto& table = std::get<0>(ranker.kept());
        std::set<std::uint32_t> used;
        for (std::uint32_t slot = 0; slot < table.places().capacity(); ++slot)
            if (*table.row(slot) != 0) used.insert(slot);
        return used;
    };
    rv::pipeline crosses{rv::fuse{rv::hashed<user, film>{.bits = 22}}, rv::additive{}, rv::sgd{}};
    rv::pipeline singles{rv::fuse{rv::hashed<user>{.bits = 22}}, rv::additive{}, rv::sgd{}};
    constexpr std::size_t side = 40;
    for (rv::item_id a = 0; a < side; ++a) {
        REQUIRE(singles.learn(rv::request(rv::with<user>(a)), rv::item(), rv::click));
        for (rv::item_id b = 0; b < side; ++b)
            REQUIRE(crosses.learn(rv::request(rv::with<user>(a)), rv::item(rv::with<film>(b)), rv::click));
    }
    CHECK(slots(singles).size() == side);
    // 1600 balls in 2^22 bins: 0.3 pairs collide, more than 5 once in 10^5 hash functions.
    CHECK(slots(crosses).size() >= side * side - 5);
}

TEST_CASE("an untouched weight is nothing; an id that shares the place of another shares its weight") {
    rv::pipeline ranker{rv::fuse{rv::hashed<user>{.bits = 1}}, rv::additive{}, rv::sgd{.rate = 1}};
    auto& table = std::get<0>(ranker.kept());
    CHECK(table.places().capacity() == 2);
    *table.mutable_row(0) = 3;
    for (rv::item_id id = 0; id < 50; ++id) {
        const float score = ranker.score(rv::request(rv::with<user>(id)), rv::item()).score;
        CHECK((score == 0 || score == 3));
    }
}

TEST_CASE_TEMPLATE("a stream of clicks under AdaGrad is numpy's", T, float, double) {
    using fused = rv::fuse<rv::hashed<pages>, rv::hashed<user, film>>;
    rv::basic_pipeline<T, fused, rv::additive, rv::adagrad> ranker(
        fused({.bits = 20}, {.bits = 20}), {}, rv::adagrad{.rate = golden::hashed_rate, .initial = golden::hashed_initial});
    for (std::size_t step = 0; step < golden::steps; ++step) {
        const std::span<const rv::item_id> seen(golden::pages + golden::page_begin[step], golden::pages + golden::page_begin[step + 1]);
        const auto here = rv::request(rv::with<user>(golden::users[step]), rv::with<pages>(seen));
        const auto shown = rv::item(rv::with<film>(golden::films[step]));
        const auto learned = ranker.learn(here, shown, {.label = static_cast<float>(golden::clicks[step])});
        REQUIRE(learned);
        CAPTURE(step);
        CHECK(test::within(learned.loss, golden::hashed_losses[step], test::tolerance::trajectory<T>(step + 4, 2)));
        CHECK(test::within(static_cast<double>(ranker.score(here, shown).score), golden::hashed_scores[step],
                           test::tolerance::trajectory<float>(step + 4, 2)));
    }
}

TEST_CASE("settings outside their range are refused in words") {
    CHECK(rv::hashed<user>{.bits = 1}.validate());
    for (const unsigned bits : {0u, 31u, 64u})
        CHECK(rv::hashed<user>{.bits = bits}.validate().message().find("hashed.bits") != std::string::npos);
    CHECK(rv::hashed<user>{.shrink = -1}.validate().message().find("hashed.shrink") != std::string::npos);
}
