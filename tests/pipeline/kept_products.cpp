// SPDX-License-Identifier: MIT
// A step whose products are kept as factors is the step whose slopes are all written down, to the last bit: for every updater and ranker.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <vector>

#include "cinema.hpp"

using namespace shop;

namespace {

// A bound on values that nothing reaches makes a pipeline write all slopes down, for it looks at each.
constexpr rv::setup kept{.seed = 3}, written{.seed = 3, .clip_value = 1e30f};

template <class Pipeline> std::vector<typename Pipeline::scalar> after(Pipeline ranker, std::size_t outcomes) {
    using scalar = typename Pipeline::scalar;
    scatter(ranker, 11, 0.4);
    const shelf<scalar> shelf(outcomes, 41);
    for (std::uint64_t s = 0; s < 5; ++s) {
        const visit<scalar> here(31 + s, s == 3 ? 0 : 6);
        std::vector<rv::outcome<std::remove_cvref_t<decltype(shelf.item(0))>>> said;
        for (std::size_t i = 0; i < outcomes; ++i) said.push_back({shelf.item(i), i % 3 == 0 ? rv::click.times(2) : rv::skip});
        const auto step = ranker.learn(here.request(), said);
        REQUIRE_MESSAGE(bool(step), step.status.message());
        if (s == 1) ranker.template freeze<rv::pass<price>>();
        if (s == 2) ranker.freeze_layers(1);  // the one over the fused parts
        if (s == 3) ranker.unfreeze();
    }
    auto numbers = std::vector<scalar>(ranker.weights().begin(), ranker.weights().end());
    numbers.insert(numbers.end(), ranker.updater_numbers().begin(), ranker.updater_numbers().end());
    return numbers;
}
template <class Ranker, class Updater> void same_bits(Ranker ranker, Updater updater, float clip_norm = 0) {
    const auto parts = [] {
        return rv::fuse{rv::pass<shopper>{}, rv::attend<recent, title, 4>{.heads = 2}, rv::pass<price>{}, rv::pass<title>{},
                        rv::transformer<recent, 4, 1>{.heads = 2}};
    };
    for (const std::size_t outcomes : {1u, 2u, 16u, 17u}) {  // 17 are more than one pass takes
        rv::setup few = kept, all = written;
        few.clip_norm = all.clip_norm = clip_norm;
        CHECK(after(rv::pipeline{parts(), ranker, updater, few}, outcomes) == after(rv::pipeline{parts(), ranker, updater, all}, outcomes));
    }
}

}  // namespace

TEST_CASE("under an mlp, with every updater") {
    same_bits(rv::mlp<20, 5>{}, rv::sgd{.rate = 0.1f});
    same_bits(rv::mlp<20, 5>{}, rv::sgd{.rate = 0.1f, .schedule = {.curve = rv::curve::inverse_square_root, .over = 3}});
    same_bits(rv::mlp<20, 5>{}, rv::momentum{.rate = 0.1f});
    same_bits(rv::mlp<20, 5>{}, rv::adagrad{.rate = 0.1f});
    same_bits(rv::mlp<20, 5>{}, rv::rmsprop{.rate = 0.01f});
    same_bits(rv::mlp<20, 5>{}, rv::adam{.rate = 0.01f});
    same_bits(rv::mlp<20, 5>{}, rv::adamw{.rate = 0.01f});
    same_bits(rv::mlp<20, 5>{}, rv::ftrl{});
}

TEST_CASE("under other rankers") {
    same_bits(rv::linear{}, rv::sgd{.rate = 0.1f});
    same_bits(rv::mlp<1>{}, rv::sgd{.rate = 0.1f});
    same_bits(rv::mlp<150, 70>{}, rv::adagrad{.rate = 0.1f});  // more numbers than are made at a time
    same_bits(rv::additive{}, rv::sgd{.rate = 0.1f});
    same_bits(rv::network{rv::dense<12>{}, rv::layer_norm{}, rv::gelu{}, rv::dropout{.share = 0.2f},
                          rv::residual{rv::dense<7>{}, rv::silu{}, rv::dense<12>{}}, rv::cross_layers<2>{}, rv::dense<1>{}},
              rv::adam{.rate = 0.01f});
}

TEST_CASE("clipped by its norm a step is the same but for the rounding of the norm") {
    const auto made = [&](rv::setup start) {
        start.clip_norm = 0.05f;
        return after(
            rv::basic_pipeline<double, rv::fuse<rv::pass<shopper>, rv::pass<title>, rv::pass<price>>, rv::mlp<20, 5>, rv::sgd>{
                rv::fuse{rv::pass<shopper>{}, rv::pass<title>{}, rv::pass<price>{}}, rv::mlp<20, 5>{}, rv::sgd{.rate = 1}, start},
            2);
    };
    const auto few = made(kept), all = made(written);
    double moved = 0;
    for (std::size_t i = 0; i < few.size(); ++i) {
        CHECK(few[i] == doctest::Approx(all[i]).epsilon(1e-12));
        moved += std::abs(few[i] - all[i]);
    }
    CHECK(moved < 1e-12);
}
