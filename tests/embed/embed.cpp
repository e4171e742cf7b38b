// SPDX-License-Identifier: MIT
// Embeddings against their formula in double, their slopes against central differences, and where a new row starts.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <rivulet/embed/embed.hpp>

#include "../pipeline/cinema.hpp"

using namespace cinema;

namespace {

constexpr rv::room_for_ids third_sighting{.capacity = 40, .after = 3};

template <class Feature, std::size_t Width> rv::embed<Feature, Width> of(bool mean = false) {
    return {.room = third_sighting, .mean = mean};
}

}  // namespace

TEST_CASE_TEMPLATE("a sum or a mean of rows, prior rows for ids without one, equals the formula: free, planned and by entry", T, float,
                   double) {
    check_values<T>(rounding<T>, of<pages, 5>());
    check_values<T>(rounding<T>, of<pages, 5>(true));
    check_values<T>(rounding<T>, of<genres, 3>());
    check_values<T>(rounding<T>, of<genres, 8>(true));
    check_values<T>(rounding<T>, of<user, 1>(), of<film, 1>(), of<genres, 17>());
}

TEST_CASE("every slope, of rows, prior rows and layers, is the central difference") {
    check_slopes(of<pages, 3>(), of<user, 1>());
    check_slopes(of<pages, 4>(true), of<genres, 3>(true));
    check_slopes(of<genres, 2>(), of<film, 1>(), of<user, 4>());
}

TEST_CASE("a mean divides by the sizes of the values; without any it is nothing") {
    rv::pipeline ranker{rv::fuse{rv::embed<pages, 2>{.room = {.capacity = 8}, .mean = true}}, rv::additive{}, rv::sgd{}};
    auto& table = std::get<0>(ranker.kept());
    table.admit(1, [](float* row) { row[0] = 1, row[1] = 2; });
    table.admit(2, [](float* row) { row[0] = 10, row[1] = 20; });
    table.settle(true);
    const std::vector<rv::item_id> ids{1, 2};
    const auto score = [&](std::vector<float> values) { return ranker.score(rv::request(rv::with<pages>(ids, values)), rv::item()).score; };
    CHECK(score({1, 1}) == 16.5f);
    CHECK(score({3, 1}) == 9.75f);
    CHECK(score({1, -1}) == -13.5f);
    CHECK(score({0, 0}) == 0);
    CHECK(score({1e-40f, 1e-40f}) == doctest::Approx(16.5f));  // values too small for their inverse
    CHECK(ranker.score(rv::request(rv::with<pages>(std::vector<rv::item_id>{})), rv::item()).score == 0);
}

TEST_CASE("a new row is the prior row plus numbers that depend on the id alone; with a spread of 0 it is the prior row") {
    const auto row_after = [](float spread, rv::item_id first, rv::item_id second) {
        rv::pipeline ranker{rv::fuse{rv::embed<user, 3>{.room = {.capacity = 8}, .spread = spread}}, rv::additive{},
                            rv::sgd{.rate = 1e-20f}};
        for (std::size_t i = 0; i < 3; ++i) ranker.weights()[decltype(ranker)::plan::at.request[0] + i] = 1 + static_cast<float>(i);
        for (const rv::item_id id : {first, second}) REQUIRE(ranker.learn(rv::request(rv::with<user>(id)), rv::item(), rv::click));
        const float* const row = std::get<0>(ranker.kept()).find(second);
        REQUIRE(row != nullptr);
        return std::vector<float>(row, row + 3);
    };
    CHECK(row_after(0, 1, 2) == std::vector<float>{1, 2, 3});
    const auto once = row_after(0.5f, 1, 2);
    CHECK(row_after(0.5f, 7, 2) == once);
    CHECK(row_after(0.5f, 2, 3) != once);
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(once[i] - static_cast<float>(1 + i)) <= 0.5f);
    CHECK(once[0] - 1 != once[1] - 2);
}

TEST_CASE("shrink pulls the rows of a step, once a step, and no others") {
    const auto made = [](float shrink) {
        rv::basic_pipeline<double, rv::fuse<rv::embed<pages, 2>>, rv::additive, rv::sgd> ranker(
            rv::fuse{rv::embed<pages, 2>{.room = {.capacity = 40}, .shrink = shrink}}, {}, rv::sgd{.rate = 0.5f}, rv::logistic{});
        populate(ranker, 2);
        return ranker;
    };
    auto with = made(0.25f), without = made(0);
    const auto before = made(0);
    const std::vector<rv::item_id> ids{3, 3, 5};
    for (auto* one : {&with, &without}) REQUIRE(one->learn(rv::request(rv::with<pages>(ids)), rv::item(), rv::click));
    for (rv::item_id id = 0; id < known_ids; ++id)
        for (std::size_t k = 0; k < 2; ++k) {
            const double old = std::get<0>(before.kept()).find(id)[k], pull = id == 3 || id == 5 ? 0.5 * 0.25 * old : 0;
            CHECK(std::abs(std::get<0>(with.kept()).find(id)[k] - (std::get<0>(without.kept()).find(id)[k] - pull)) < 1e-15);
        }
}

TEST_CASE("settings outside their range are refused in words") {
    const auto refused = [](rv::embed<user, 2> stage) { return stage.validate().message(); };
    CHECK(refused({}) == rv::status{}.message());
    CHECK(refused({.room = {.capacity = 0}}).find("room_for_ids.capacity") != std::string::npos);
    CHECK(refused({.room = {.after = 0}}).find("room_for_ids.after") != std::string::npos);
    for (const float bad : {-1.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        CHECK(refused({.spread = bad}).find("embed.spread") != std::string::npos);
        CHECK(refused({.shrink = bad}).find("embed.shrink") != std::string::npos);
    }
    CHECK_THROWS_AS((rv::pipeline{rv::fuse{rv::embed<user, 2>{.room = {.capacity = 0}}}, rv::additive{}, rv::sgd{}}), rv::error);
}
