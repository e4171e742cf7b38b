// SPDX-License-Identifier: MIT
// Factorisation machines against the double loop over all pairs, their slopes against central differences, and a stream against numpy and
// River.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <rivulet/factor/factorisation.hpp>

#include "../golden/factorisation.hpp"
#include "../pipeline/cinema.hpp"
#include "../tolerance.hpp"

using namespace cinema;

namespace {

constexpr rv::room_for_ids third_sighting{.capacity = 40, .after = 3};

template <std::size_t Width, class... Features> rv::factorisation<Width, Features...> of() {
    rv::factorisation<Width, Features...> stage;
    stage.room.fill(third_sighting);
    return stage;
}

}  // namespace

TEST_CASE_TEMPLATE("linear time equals the double loop over all pairs: free, planned and by entry", T, float, double) {
    check_values<T>(rounding<T>, of<4, user, film>());
    check_values<T>(rounding<T>, of<5, user, pages, film, genres>());
    check_values<T>(rounding<T>, of<16, genres, pages>());
    check_values<T>(rounding<T>, of<1, film, user, genres>(), of<3, pages, film>());
}

TEST_CASE("every slope, of factors, prior rows and layers, is the central difference") {
    check_slopes(of<3, user, film>());
    check_slopes(of<2, genres, user, pages, film>());
    check_slopes(of<4, pages, genres>(), rv::embed<user, 1>{.room = third_sighting});
}

TEST_CASE("with one user and one item it is matrix factorisation: the product of two rows, and nothing for strangers") {
    rv::basic_pipeline<double, rv::fuse<rv::factorisation<3, user, film>>, rv::additive, rv::sgd> ranker(
        rv::fuse{rv::factorisation<3, user, film>{.room = {{{.capacity = 9}, {.capacity = 9}}}}});
    auto& kept = std::get<0>(ranker.kept());
    const auto put = [](auto& table, rv::item_id id, double a, double b, double c) {
        table.admit(id, [&](double* row) { row[0] = a, row[1] = b, row[2] = c; });
        table.settle(true);
    };
    put(kept.context.of[0], 7, 1, 2, 3);
    put(kept.candidate.of[0], 7, 4, 5, -6);
    const auto score = [&](rv::item_id who, rv::item_id what) {
        return ranker.score(rv::request(rv::with<user>(who)), rv::item(rv::with<film>(what))).score;
    };
    CHECK(score(7, 7) == -4);
    CHECK(score(7, 8) == 0);
    CHECK(score(8, 7) == 0);

    // A step of plain descent on squared error by hand: u -= rate e v, v -= rate e u, both from the old rows.
    rv::basic_pipeline<double, rv::fuse<rv::factorisation<3, user, film>>, rv::additive, rv::sgd, rv::squared> learner(
        rv::fuse{rv::factorisation<3, user, film>{.room = {{{.capacity = 9}, {.capacity = 9}}}}}, {}, rv::sgd{.rate = 0.125f},
        rv::squared{});
    learner.kept() = ranker.kept();
    REQUIRE(learner.learn(rv::request(rv::with<user>(7)), rv::item(rv::with<film>(7)), rv::rating(-2)));
    const double* const u = std::get<0>(learner.kept()).context.of[0].find(7);
    const double* const v = std::get<0>(learner.kept()).candidate.of[0].find(7);
    CHECK(std::vector<double>(u, u + 3) == std::vector<double>{2, 3.25, 1.5});
    CHECK(std::vector<double>(v, v + 3) == std::vector<double>{4.25, 5.5, -5.25});
}

TEST_CASE_TEMPLATE("a stream of ratings under plain descent is numpy's and River's", T, float, double) {
    using factors = rv::factorisation<golden::factor_width, user, film, genres>;
    using fused = rv::fuse<rv::embed<user, 1>, rv::embed<film, 1>, rv::embed<genres, 1>, factors>;
    const rv::room_for_ids room{.capacity = 16};
    rv::basic_pipeline<T, fused, rv::additive, rv::sgd, rv::squared> ranker(
        fused({.room = room, .spread = 0, .shrink = golden::shrink}, {.room = room, .spread = 0, .shrink = golden::shrink},
              {.room = room, .spread = 0, .shrink = golden::shrink}, {.room = {room, room, room}, .shrink = golden::shrink}),
        {}, rv::sgd{.rate = golden::rate}, rv::squared{});
    auto& kept = std::get<3>(ranker.kept());
    const auto start = [](auto& table, const auto& rows) {
        for (std::size_t id = 0; id < std::size(rows); ++id)
            table.admit(id, [&](T* row) {
                for (std::size_t k = 0; k < golden::factor_width; ++k) row[k] = static_cast<T>(rows[id][k]);
            });
        table.settle(true);
    };
    start(kept.context.of[0], golden::user_start);
    start(kept.candidate.of[0], golden::film_start);
    start(kept.candidate.of[1], golden::genre_start);
    for (std::size_t step = 0; step < golden::steps; ++step) {
        const std::size_t from = golden::genre_begin[step], count = golden::genre_begin[step + 1] - from;
        const std::span<const rv::item_id> kinds(golden::genres + from, count);
        const std::span<const float> worth(golden::genre_values + from, count);
        const auto here = rv::request(rv::with<user>(golden::users[step]));
        const auto shown = rv::item(rv::with<film>(golden::films[step]), rv::with<genres>(kinds, worth));
        CAPTURE(step);
        const auto learned = ranker.learn(here, shown, rv::rating(golden::stars[step]));
        REQUIRE(learned);
        for (const double before : {golden::predictions[step], golden::peer_predictions[step]}) {
            const double e = before - static_cast<double>(golden::stars[step]);
            CHECK(test::within(learned.loss, e * e / 2, test::tolerance::trajectory<T>(step + 4, 2)));
        }
    }
    const auto compare = [](const auto& table, const auto& rows) {
        for (std::size_t id = 0; id < std::size(rows); ++id)
            for (std::size_t k = 0; k < golden::factor_width; ++k)
                CHECK(test::within(static_cast<double>(table.find(id)[k]), rows[id][k], test::tolerance::trajectory<T>(golden::steps, 1)));
    };
    compare(kept.context.of[0], golden::user_factors);
    compare(kept.candidate.of[0], golden::film_factors);
    compare(kept.candidate.of[1], golden::genre_factors);
}

TEST_CASE("factors of new ids start apart, each by its id alone, and so learn apart") {
    rv::pipeline ranker{rv::fuse{rv::factorisation<4, user, film>{.room = {{{.capacity = 9}, {.capacity = 9}}}}}, rv::additive{},
                        rv::sgd{}};
    auto other = ranker;
    REQUIRE(ranker.learn(rv::request(rv::with<user>(3)), rv::item(rv::with<film>(3)), rv::click));
    const float* const row = std::get<0>(ranker.kept()).context.of[0].find(3);
    REQUIRE(row != nullptr);
    CHECK(row[0] != row[1]);
    CHECK(row[2] != row[3]);
    REQUIRE(other.learn(rv::request(rv::with<user>(4)), rv::item(rv::with<film>(3)), rv::click));
    CHECK(std::get<0>(other.kept()).context.of[0].find(4)[0] != row[0]);
}

TEST_CASE("settings outside their range are refused in words") {
    rv::factorisation<2, user, film> stage;
    CHECK(stage.validate());
    stage.room[1].capacity = 0;
    CHECK(stage.validate().message().find("room_for_ids.capacity") != std::string::npos);
    for (const float bad : {0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()})
        CHECK(rv::factorisation<2, user, film>{.spread = bad}.validate().message().find("factorisation.spread") != std::string::npos);
    CHECK(rv::factorisation<2, user, film>{.shrink = -1}.validate().message().find("factorisation.shrink") != std::string::npos);
}
