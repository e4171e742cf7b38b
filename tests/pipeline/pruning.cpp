// SPDX-License-Identifier: MIT
// Pruning takes the weakest blocks and no others, and what a mask holds at zero no updater brings back.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include <rivulet/pipeline/pruning.hpp>

#include "shop.hpp"

using namespace shop;

namespace {

template <class Ranker, class Updater = rv::sgd> auto made(Ranker layers, Updater updater = {}) {
    rv::pipeline ranker{rv::fuse{rv::pass<shopper>{}, rv::pass<title>{}, rv::pass<price>{}}, layers, updater};
    scatter(ranker, 7);
    return ranker;
}

using two = rv::mlp<40, 24>;
constexpr std::size_t blocks_of_two = 40 * 2;  // 24 outputs lie in two blocks

template <class Pipeline> auto* second_layer(Pipeline& ranker) { return ranker.weights().data() + Pipeline::plan::at.ranker; }
template <class Pipeline> double squares(Pipeline& ranker, std::size_t block) {
    double sum = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        const auto w = static_cast<double>(second_layer(ranker)[16 * block + i]);
        sum += w * w;
    }
    return sum;
}
template <class Pipeline> std::vector<bool> gone(Pipeline& ranker) {
    std::vector<bool> zero(blocks_of_two);
    for (std::size_t b = 0; b < blocks_of_two; ++b) zero[b] = !(squares(ranker, b) > 0);
    return zero;
}

}  // namespace

TEST_CASE("the weakest blocks go, as many as were asked for, and nothing else changes") {
    for (const float share : {0.0f, 0.01f, 0.5f, 0.749f, 0.99f}) {
        auto ranker = made(two{});
        const auto before = ranker;
        const auto mask = rv::prune(ranker, {.share = share});
        const auto expected = static_cast<std::size_t>(static_cast<double>(share) * blocks_of_two);
        CHECK(mask.zero_blocks() == expected);
        CHECK(mask.blocks() == blocks_of_two);
        const auto zero = gone(ranker);
        CHECK(static_cast<std::size_t>(std::count(zero.begin(), zero.end(), true)) == expected);
        double strongest_gone = 0, weakest_left = 1e9;
        std::vector<float> all(before.weights().begin(), before.weights().end());
        float* const layer = all.data() + decltype(ranker)::plan::at.ranker;
        for (std::size_t b = 0; b < blocks_of_two; ++b) {
            const double strength = squares(before, b);
            if (zero[b]) std::fill_n(layer + 16 * b, 16, 0.0f);
            (zero[b] ? strongest_gone : weakest_left) = zero[b] ? std::max(strongest_gone, strength) : std::min(weakest_left, strength);
        }
        CHECK(strongest_gone < weakest_left);
        CHECK(std::equal(all.begin(), all.end(), ranker.weights().begin(), ranker.weights().end()));
    }
}

TEST_CASE("pruning again takes more, beside what is gone") {
    auto ranker = made(two{});
    rv::prune(ranker, {.share = 0.3f});
    const auto before = gone(ranker);
    CHECK(rv::prune(ranker, {.share = 0.3f}).zero_blocks() == 24);
    CHECK(gone(ranker) == before);
    CHECK(rv::prune(ranker, {.share = 0.6f}).zero_blocks() == 48);
    const auto after = gone(ranker);
    for (std::size_t b = 0; b < blocks_of_two; ++b) CHECK(after[b] >= before[b]);
}

TEST_CASE_TEMPLATE("no updater brings back what a mask holds at zero, and the others go on learning", Updater, rv::sgd, rv::momentum,
                   rv::adagrad, rv::rmsprop, rv::adam, rv::adamw, rv::ftrl, rv::scale_free) {
    auto ranker = made(two{}, Updater{});
    const shelf<float> shelf(6, 3);
    const auto items = shelf.catalogue(ranker);
    const auto learn = [&](std::uint64_t i) {
        const visit<float> here(i);
        REQUIRE(ranker.learn(here.request(), items.at(shelf.ids[i % 6]), i % 2 ? rv::click : rv::skip));
    };
    for (std::uint64_t i = 0; i < 20; ++i) learn(i);  // the updater has something to remember
    const auto mask = rv::prune(ranker, {.share = 0.5f});
    const auto zero = gone(ranker);
    const std::vector<float> before(ranker.weights().begin(), ranker.weights().end());
    bool came_back = false;
    for (std::uint64_t i = 20; i < 40; ++i) {
        learn(i);
        came_back = came_back || gone(ranker) != zero;
        mask.apply(ranker);
        REQUIRE(gone(ranker) == zero);
    }
    CHECK(came_back);  // without the mask they would
    CHECK_FALSE(std::equal(before.begin(), before.end(), ranker.weights().begin()));
}

TEST_CASE("a mask of weights that hold zeros, such as a file's, is the mask that made them") {
    auto ranker = made(two{});
    const auto mask = rv::prune(ranker, {.share = 0.5f});
    auto other = ranker;
    const rv::block_mask again(other);
    CHECK(again.zero_blocks() == mask.zero_blocks());
    scatter(other, 8);
    again.apply(other);
    CHECK(gone(other) == gone(ranker));
}

TEST_CASE("of a network the dense layers between the first and the last are pruned, in residuals too, and nothing else") {
    const rv::network layers{
        rv::dense<16>{}, rv::layer_norm{}, rv::rectifier{}, rv::residual{rv::dense<32>{}, rv::rectifier{}, rv::dense<16>{}},
        rv::dense<20>{}, rv::rectifier{},  rv::dense<3>{}};
    rv::pipeline ranker{rv::fuse{rv::pass<shopper>{}, rv::pass<title>{}}, layers, rv::sgd{}, rv::multinomial<3>{}};
    const std::vector<float> before(ranker.weights().begin(), ranker.weights().end());
    const auto mask = rv::prune(ranker, {.share = 0.25f});
    constexpr std::size_t blocks[] = {16 * 2, 32, 16 * 2};  // in x chunks of out: 16 -> 32, 32 -> 16, 16 -> 20
    CHECK(mask.blocks() == blocks[0] + blocks[1] + blocks[2]);
    CHECK(mask.zero_blocks() == (blocks[0] + blocks[1] + blocks[2]) / 4);
    // Where they lie, written out: behind the norm's two rows of 16, each with a bias behind it.
    const std::size_t begins[] = {32, 32 + 16 * 32 + 32, 32 + 16 * 32 + 32 + 32 * 16 + 16};
    std::vector<float> expected = before;
    float* const w = expected.data() + decltype(ranker)::plan::at.ranker;
    for (std::size_t l = 0; l < 3; ++l) {
        std::size_t zero = 0;
        for (std::size_t b = 0; b < blocks[l]; ++b) {
            const float* const block = ranker.weights().data() + decltype(ranker)::plan::at.ranker + begins[l] + 16 * b;
            if (!std::all_of(block, block + 16, [](float x) { return x == 0; })) continue;
            std::fill_n(w + begins[l] + 16 * b, 16, 0.0f);
            ++zero;
        }
        CHECK(zero == blocks[l] / 4);
    }
    CHECK(std::equal(expected.begin(), expected.end(), ranker.weights().begin()));
}

TEST_CASE("weights that are not finite are the strongest, and a share that is none is refused") {
    auto ranker = made(two{});
    second_layer(ranker)[5] = std::numeric_limits<float>::quiet_NaN();
    second_layer(ranker)[16] = std::numeric_limits<float>::infinity();
    rv::prune(ranker, {.share = 0.95f});
    CHECK_FALSE(rv::math::finite(second_layer(ranker)[5]));
    CHECK_FALSE(rv::math::finite(second_layer(ranker)[16]));
    const auto before = ranker.digest();
    for (const float bad : {-0.1f, 1.0f, std::numeric_limits<float>::quiet_NaN()})
        CHECK_THROWS_WITH_AS(rv::prune(ranker, {.share = bad}), doctest::Contains("pruning.share must be from 0 to below 1, got"),
                             rv::error);
    CHECK(ranker.digest() == before);
}
