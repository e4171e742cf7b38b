// SPDX-License-Identifier: MIT
// The planned evaluation equals the naive one: same pipeline, same weights, nothing approximated.
#include <doctest/doctest.h>

#include <cmath>

#include "shop.hpp"

using namespace shop;

namespace {

// Both add the same products in another order; about 40 terms of size 1, so 40 roundings of the scalar.
template <class T> constexpr double rounding = 0;
template <> constexpr double rounding<float> = 40 * 1.2e-7;
template <> constexpr double rounding<double> = 40 * 2.3e-16;

template <class T, class Ranker> void planned_equals_naive(std::size_t heads, std::size_t moments) {
    auto ranker = shop::everything<T, Ranker>(heads);
    scatter(ranker, 11);
    const visit<T> here(7, moments);
    const shelf<T> shelf(53, 5);  // two full blocks and a rest
    const auto items = shelf.catalogue(ranker);
    std::vector<T> scores(items.size());
    REQUIRE(ranker.score(here.request(), items, std::span<T>(scores)));
    for (std::size_t i = 0; i < shelf.size; ++i) {
        const double naive = naive_score(ranker, here.request(), shelf.item(i));
        CHECK(std::abs(static_cast<double>(scores[i]) - naive) <= rounding<T> * (1 + std::abs(naive)));
        CHECK(std::abs(static_cast<double>(ranker.score(here.request(), shelf.item(i)).score) - naive) <=
              rounding<float> * (1 + std::abs(naive)));
        CHECK(std::abs(static_cast<double>(ranker.score(here.request(), items.at(shelf.ids[i])).score) - naive) <=
              rounding<float> * (1 + std::abs(naive)));
    }
}

}  // namespace

TEST_CASE_TEMPLATE("a plan scores what the naive evaluation scores", T, float, double) {
    for (const std::size_t moments : {0u, 1u, 6u, 9u, 30u}) {
        planned_equals_naive<T, rv::mlp<>>(1, moments);
        planned_equals_naive<T, rv::mlp<16>>(2, moments);
        planned_equals_naive<T, rv::mlp<19, 5>>(3, moments);
        planned_equals_naive<T, rv::mlp<33, 17, 4>>(6, moments);
    }
}

TEST_CASE("a pipeline may have one side only, or one component") {
    const shelf<float> shelf(10, 3);
    const visit<float> here(4);
    rv::pipeline bare{rv::fuse{rv::pass<price>{}}, rv::linear{}, rv::sgd{}};
    scatter(bare, 2);
    const auto items = bare.catalogue(shelf.ids, rv::with<price>(shelf.prices));
    std::vector<float> scores(10);
    REQUIRE(bare.score(rv::request(), items, std::span<float>(scores)));
    for (std::size_t i = 0; i < 10; ++i) CHECK(scores[i] == doctest::Approx(naive_score(bare, rv::request(), shelf.item(i))));

    rv::pipeline blind{rv::fuse{rv::pass<shopper>{}}, rv::mlp<8>{}, rv::sgd{}};
    const auto any = blind.catalogue(shelf.ids);
    REQUIRE(blind.score(here.request(), any, std::span<float>(scores)));
    for (std::size_t i = 1; i < 10; ++i) CHECK(scores[i] == scores[0]);
    CHECK(scores[0] == doctest::Approx(naive_score(blind, here.request(), rv::item())));
}

TEST_CASE("the last moments of a long history count, and only they") {
    auto ranker = shop::everything<float, rv::mlp<16>>();
    const shelf<float> shelf(3, 5);
    visit<float> here(7, 20);
    const float before = ranker.score(here.request(), shelf.item(0)).score;
    for (std::size_t i = 0; i < 7 * 11; ++i) here.history[i] = 100;  // recent keeps 9 of 20
    CHECK(ranker.score(here.request(), shelf.item(0)).score == before);
    here.history[7 * 11] += 1;
    CHECK(ranker.score(here.request(), shelf.item(0)).score != before);
}

TEST_CASE("a masked moment counts as one that is not there") {
    auto ranker = shop::everything<float, rv::mlp<16>>();
    const shelf<float> shelf(3, 5);
    const visit<float> here(7, 4);
    std::vector<float> padded(here.history.begin(), here.history.begin() + 14);
    padded.resize(14 + 7 * 3, std::numeric_limits<float>::quiet_NaN());
    padded.insert(padded.end(), here.history.begin() + 14, here.history.end());
    const std::vector<std::uint8_t> valid{1, 1, 0, 0, 0, 1, 1};
    const auto masked = rv::request(rv::with<shopper>(here.attributes), rv::with<hour>(here.time), rv::with<recent>(padded, valid));
    CHECK(ranker.score(masked, shelf.item(1)).score == ranker.score(here.request(), shelf.item(1)).score);
}
