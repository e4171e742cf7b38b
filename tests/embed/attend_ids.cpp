// SPDX-License-Identifier: MIT
// Attention by id against its formula in double, its slopes against central differences, and what ids without rows come to.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <rivulet/embed/attend_ids.hpp>

#include "../pipeline/cinema.hpp"

using namespace cinema;

namespace {

constexpr rv::room_for_ids third_sighting{.capacity = 40, .after = 3};

template <std::size_t Width> rv::attend_ids<pages, film, Width> of() { return {.room = third_sighting, .spread = 0.5f}; }

}  // namespace

TEST_CASE_TEMPLATE("what an item calls up of a history, ids without rows left out, equals the formula: free, planned and by entry", T,
                   float, double) {
    check_values<T>(rounding<T>, of<1>());
    check_values<T>(rounding<T>, of<5>());
    check_values<T>(rounding<T>, of<16>(), rv::embed<film, 3>{.room = third_sighting});
    check_values<T>(rounding<T>, rv::attend_ids<pages, genres, 7>{.room = third_sighting});
}

TEST_CASE("every slope, of the rows of either side, is the central difference") {
    check_slopes(of<3>());
    check_slopes(of<8>(), rv::embed<user, 2>{.room = third_sighting});
    check_slopes(rv::attend_ids<pages, genres, 4>{.room = third_sighting, .spread = 1});
}

TEST_CASE("three keys by hand: an item looks where its vector points, and at everything evenly where it has none") {
    rv::basic_pipeline<double, decltype(rv::fuse{of<2>()}), rv::additive, rv::sgd> ranker(
        rv::fuse{rv::attend_ids<pages, film, 2>{.room = {.capacity = 16}}});
    auto& table = std::get<0>(ranker.kept());
    const auto put = [&](rv::item_id id, double x, double y) { table.admit(id, [&](double* row) { row[0] = x, row[1] = y; }); };
    put(1, 1, 0);
    put(2, 0, 1);
    put(3, 0, 0);
    put(9, 2 * std::sqrt(2.0), 0);  // logits 2, 0, 0 with ids 1, 2, 3
    table.settle(true);
    const std::vector<rv::item_id> ids{1, 2, 77, 3};  // 77 has no row
    const auto score = [&](rv::item_id item) {
        return ranker.score(rv::request(rv::with<pages>(ids)), rv::item(rv::with<film>(item))).score;
    };
    const double share = std::exp(2.0) / (std::exp(2.0) + 2), other = 1 / (std::exp(2.0) + 2);
    CHECK(score(9) == doctest::Approx(share + other + 2 * std::sqrt(2.0) * share));
    CHECK(score(55) == doctest::Approx(2.0 / 3));
    const std::vector<rv::item_id> strangers{77, 78};
    CHECK(ranker.score(rv::request(rv::with<pages>(strangers)), rv::item(rv::with<film>(9))).score == 0);
}

TEST_CASE("an item that is in the history is one row, moved once by both") {
    rv::basic_pipeline<double, decltype(rv::fuse{of<2>()}), rv::additive, rv::sgd> ranker(
        rv::fuse{rv::attend_ids<pages, film, 2>{.room = {.capacity = 16}, .spread = 0.5f}}, {}, rv::sgd{.rate = 0.1f});
    const std::vector<rv::item_id> ids{4, 5};
    REQUIRE(ranker.learn(rv::request(rv::with<pages>(ids)), rv::item(rv::with<film>(4)), rv::click));
    CHECK(std::get<0>(ranker.kept()).places().size() == 2);
}
