// SPDX-License-Identifier: MIT
// How far a step goes and what it moves: clipping by norm and by value, the hard limit, frozen parts.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "shop.hpp"

using namespace shop;

namespace {

template <class T> std::vector<T> weights_of(const auto& ranker) { return {ranker.weights().begin(), ranker.weights().end()}; }

/// What one plain step at rate 1 took off each weight.
std::vector<double> step_of(rv::setup setup, bool* clipped = nullptr) {
    auto ranker = shop::everything<double, rv::mlp<8>>(2, setup, rv::sgd{.rate = 1});
    scatter(ranker, 21, 1.0);
    const visit<double> here(31);
    const shelf<double> shelf(1, 41);
    auto step = weights_of<double>(ranker);
    const auto learned = ranker.learn(here.request(), shelf.item(0), rv::click.times(30));
    REQUIRE(learned);
    if (clipped != nullptr) *clipped = learned.clipped;
    for (std::size_t i = 0; i < step.size(); ++i) step[i] -= ranker.weights()[i];
    return step;
}
double norm(const std::vector<double>& x) {
    double squares = 0;
    for (const double v : x) squares += v * v;
    return std::sqrt(squares);
}

// The weights are of size 1 and a step is read off them as a difference.
constexpr double read_off = 1e-14;

}  // namespace

TEST_CASE("clipping by norm shortens a gradient and keeps its direction") {
    bool clipped = true;
    const auto whole = step_of({}, &clipped);
    CHECK_FALSE(clipped);
    const double length = norm(whole);
    REQUIRE(length > 3);
    const auto shorter = step_of({.clip_norm = 2}, &clipped);
    CHECK(clipped);
    CHECK(norm(shorter) == doctest::Approx(2));
    for (std::size_t i = 0; i < whole.size(); ++i) CHECK(std::abs(shorter[i] - whole[i] * 2 / length) <= read_off * (1 + length));
    CHECK(step_of({.clip_norm = static_cast<float>(2 * length)}, &clipped) == whole);
    CHECK_FALSE(clipped);
}

TEST_CASE("clipping by value bounds each number and leaves the others") {
    bool clipped = false;
    const auto whole = step_of({}), bounded = step_of({.clip_value = 0.25f}, &clipped);
    CHECK(clipped);
    std::size_t at_the_bound = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        CHECK(std::abs(bounded[i] - std::clamp(whole[i], -0.25, 0.25)) <= read_off);
        at_the_bound += std::abs(whole[i]) > 0.25;
    }
    CHECK(at_the_bound > 5);
    CHECK(step_of({.clip_value = 1e9f}, &clipped) == whole);
    CHECK_FALSE(clipped);
}

TEST_CASE("by value first, then by norm, as when both are set") {
    const auto both = step_of({.clip_norm = 0.5f, .clip_value = 0.25f});
    CHECK(norm(both) == doctest::Approx(0.5));
}

TEST_CASE("beyond the limit a step is refused even if clipping would have shortened it") {
    auto ranker = shop::everything<float, rv::mlp<8>>(2, {.gradient_limit = 1e-3f, .clip_norm = 1e-4f}, rv::sgd{.rate = 1});
    const visit<float> here(31);
    const shelf<float> shelf(1, 41);
    const auto digest = ranker.digest();
    CHECK(ranker.learn(here.request(), shelf.item(0), rv::click).status.code == rv::errc::gradient);
    CHECK(ranker.digest() == digest);
}

TEST_CASE("a setup out of range is refused in words") {
    const auto message = [](rv::setup setup) -> std::string {
        try {
            shop::everything<float, rv::mlp<4>>(2, setup);
        } catch (const rv::error& problem) { return problem.what(); }
        return "";
    };
    CHECK(message({.clip_norm = -1}) == "setup.clip_norm must be a finite number of 0 or more, got -1");
    CHECK(message({.clip_value = std::numeric_limits<float>::infinity()}) ==
          "setup.clip_value must be a finite number of 0 or more, got inf");
    CHECK(message({}).empty());
}

TEST_CASE_TEMPLATE("what is frozen stays to the bit, also under momentum and decay, and what is not learns on", Updater, rv::sgd,
                   rv::adamw) {
    auto ranker = shop::everything<float, rv::mlp<8, 6>, Updater>(2, {}, Updater{});
    using plan = typename decltype(ranker)::plan;
    const visit<float> here(31);
    const shelf<float> shelf(4, 41);
    const auto learn = [&] {
        for (std::size_t i = 0; i < 4; ++i) REQUIRE(ranker.learn(here.request(), shelf.item(i), i % 2 ? rv::click : rv::skip));
    };
    learn();  // so that there is momentum to carry frozen weights on
    const auto moved = [&](const std::vector<float>& before, std::size_t k) {
        const auto& one = plan::at.stretches[k];
        return !std::equal(before.begin() + static_cast<std::ptrdiff_t>(one.begin), before.begin() + static_cast<std::ptrdiff_t>(one.end),
                           ranker.weights().begin() + static_cast<std::ptrdiff_t>(one.begin));
    };
    const auto check = [&](auto&& is_frozen) {
        const auto before = weights_of<float>(ranker);
        learn();
        for (std::size_t k = 0; k < plan::at.stretch_count; ++k) CHECK(moved(before, k) == !is_frozen(plan::at.stretches[k].owner));
    };
    using kind = rv::detail::owner::kind;

    check([](const auto&) { return false; });
    ranker.freeze_trunk();
    check([](const auto& who) { return !(who.what == kind::layer && who.index == 2); });
    ranker.unfreeze();
    check([](const auto&) { return false; });
    ranker.freeze_layers(2);
    check([](const auto& who) { return who.what == kind::layer && who.index < 2; });
    ranker.freeze_layers(0);
    ranker.template freeze<rv::attend<recent, title, 12>>();
    check([](const auto& who) { return who.what == kind::component && who.index == 1; });
    ranker.template freeze<rv::attend<recent, title, 12>>(false);
    check([](const auto&) { return false; });
}

TEST_CASE("freezing everything makes a step that moves nothing and still says the loss") {
    auto ranker = shop::everything<float, rv::mlp<8>>();
    const visit<float> here(31);
    const shelf<float> shelf(1, 41);
    ranker.freeze_trunk();
    ranker.freeze_layers(2);
    const auto before = weights_of<float>(ranker);
    const auto learned = ranker.learn(here.request(), shelf.item(0), rv::click);
    CHECK(learned);
    CHECK(learned.loss > 0);
    CHECK(weights_of<float>(ranker) == before);
}
