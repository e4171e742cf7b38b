// SPDX-License-Identifier: MIT
// Crosses: numbers by hand, and inside a pipeline.
#include <doctest/doctest.h>

#include <array>

#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

namespace {

struct taste : rv::context<3> {};
struct tastes : rv::context<6> {};
struct genres : rv::candidate<3> {};
constexpr std::array liked{0.5f, -1.0f, 2.0f}, has{1.0f, 3.0f, 0.25f};
const auto visit = rv::request(rv::with<taste>(liked));
const auto film = rv::item(rv::with<genres>(has));

template <class Cross> std::array<float, 3> crossed() {
    const Cross cross;
    std::array<float, 3> kept{}, part{}, out{};
    cross.template prepare_context<float>(nullptr, visit, kept);
    cross.template prepare_candidate<float>(nullptr, film, part.data());
    cross.template forward<float>(nullptr, kept, rv::rows<const float>{part.data(), 1, 3}, rv::rows<float>{out.data(), 1, 3});
    return out;
}

}  // namespace

TEST_CASE("a product multiplies element by element, a dot adds them up") {
    CHECK(crossed<rv::product<taste, genres>>() == std::array{0.5f, -3.0f, 0.5f});
    CHECK(crossed<rv::dot<taste, genres>>() == std::array{-2.0f, 0.0f, 0.0f});
}

TEST_CASE("a dot with several vectors gives one number each") {
    const std::array both{0.5f, -1.0f, 2.0f, 1.0f, 0.0f, 4.0f};
    const auto twice = rv::request(rv::with<taste>(liked), rv::with<tastes>(both));
    rv::pipeline ranker{rv::fuse{rv::dot<tastes, genres>{}, rv::dot<taste, genres>{}}, rv::linear{}, rv::sgd{}};
    for (std::size_t i = 0; i < 3; ++i) ranker.weights()[decltype(ranker)::plan::at.pair_block + i] = std::array{1.0f, 10.0f, 100.0f}[i];
    CHECK(ranker.score(twice, film).score == -2.0f + 10 * 2.0f + 100 * -2.0f);
}

TEST_CASE("a linear model over a cross learns that liked genres are liked") {
    rv::pipeline ranker{rv::fuse{rv::product<taste, genres>{}, rv::dot<taste, genres>{}}, rv::linear{}, rv::sgd{.rate = 0.1f}};
    CHECK(ranker.score(visit, film).score == 0);
    REQUIRE(ranker.learn(visit, film, rv::click));
    // One step from zero: slope -1/2, so w = 0.05 * (0.5, -3, 0.5, -2) and b = 0.05.
    CHECK(ranker.score(visit, film).score == doctest::Approx(0.05 * (0.25 + 9 + 0.25 + 4 + 1)));
}
