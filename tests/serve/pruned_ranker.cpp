// SPDX-License-Identifier: MIT
// Rankings without zero blocks are the pipeline's own to the last bit, whatever was pruned, and when weights have moved since.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <rivulet/pipeline/pruning.hpp>
#include <rivulet/serve/pruned_ranker.hpp>

#include "same_rankings.hpp"

using namespace shop;

namespace {

template <class T = float, class... Parts, std::size_t... Units>
auto made(rv::fuse<Parts...> parts, rv::mlp<Units...> layers, float share, double spread = 0.4) {
    rv::basic_pipeline<T, rv::fuse<Parts...>, rv::mlp<Units...>, rv::sgd> ranker{parts, layers, rv::sgd{.rate = 0.01f}};
    scatter(ranker, 7, spread);
    rv::prune(ranker, {.share = share});
    return ranker;
}
auto plain() { return rv::fuse{rv::pass<shopper>{}, rv::pass<title>{}, rv::pass<price>{}}; }
auto with_pairs() { return rv::fuse{rv::pass<shopper>{}, rv::attend<recent, title, 4>{.heads = 2}, rv::pass<price>{}}; }

template <class Ranker> void same_as_exact(const Ranker& ranker, const rv::pruned_ranker<Ranker>& quick, std::size_t items) {
    same_rankings(ranker, quick, items, [](const auto&) {});
}

}  // namespace

TEST_CASE("rankings are the same to the last bit, for any share, few and many items, with pairs and without") {
    for (const float share : {0.0f, 0.5f, 0.9f})
        for (const std::size_t items : {1u, 24u, 25u, 200u}) {
            const auto two = made(plain(), rv::mlp<40, 24>{}, share);
            same_as_exact(two, rv::pruned_ranker(two), items);
            const auto pairs = made(with_pairs(), rv::mlp<33, 7>{}, share);
            same_as_exact(pairs, rv::pruned_ranker(pairs), items);
            const auto deep = made(plain(), rv::mlp<20, 40, 16, 3>{}, share);
            same_as_exact(deep, rv::pruned_ranker(deep), items);
            const auto exact = made<double>(plain(), rv::mlp<40, 24>{}, share);
            same_as_exact(exact, rv::pruned_ranker(exact), items);
        }
}

TEST_CASE("it does without the zeros") {
    const auto dense = made(plain(), rv::mlp<64, 64>{}, 0), pruned = made(plain(), rv::mlp<64, 64>{}, 0.75f);
    const std::size_t gone = 64 * 4 * 3 / 4;
    CHECK(rv::pruned_ranker(dense).memory() - rv::pruned_ranker(pruned).memory() == gone * (16 * sizeof(float) + 4));
}

TEST_CASE("numbers that overflow are left out and counted, as with the zeros") {
    for (const double spread : {1e12, 1e13, 3e13, 1e20, 1e30}) {
        const auto two = made(plain(), rv::mlp<16, 16>{}, 0.5f, spread);
        same_as_exact(two, rv::pruned_ranker(two), 100);
        const auto deep = made(plain(), rv::mlp<16, 16, 16>{}, 0.5f, spread);
        same_as_exact(deep, rv::pruned_ranker(deep), 100);
    }
}

TEST_CASE("where an infinite number meets zeros alone it is left out and counted, too") {
    auto ranker = made(plain(), rv::mlp<16, 16>{}, 0.5f);
    constexpr auto at = decltype(ranker)::plan::at;
    std::size_t unit = 0;  // the first that nothing goes on from
    while (!rv::math::zero_block(ranker.weights().data() + at.ranker + 16 * unit)) ++unit;
    ranker.weights()[at.bias + unit] = ranker.weights()[at.block[2] + unit] = 3e38f;  // infinite for prices above 0.13
    const rv::pruned_ranker quick(ranker);
    same_as_exact(ranker, quick, 100);
    const shelf<float> shelf(100, 41);
    const auto overflowed = quick.rank(ranker, visit<float>(31).request(), shelf.catalogue(ranker), 5).overflowed;
    CHECK(overflowed > 20);
    CHECK(overflowed < 80);
}

TEST_CASE("after a step the copy is of older weights: rankings stay exact without it, until it follows") {
    auto ranker = made(plain(), rv::mlp<40, 24>{}, 0.5f);
    const rv::block_mask mask(ranker);
    rv::pruned_ranker quick(ranker);
    CHECK(quick.follows(ranker));
    const visit<float> here(3);
    const shelf<float> shelf(30, 43);
    const auto catalogue = shelf.catalogue(ranker);
    REQUIRE(ranker.learn(here.request(), catalogue.at(shelf.ids[7]), rv::click.times(50)));
    CHECK_FALSE(quick.follows(ranker));
    same_as_exact(ranker, quick, 100);
    mask.apply(ranker);
    quick.follow(ranker);
    CHECK(quick.follows(ranker));
    same_as_exact(ranker, quick, 100);
    auto other = ranker;
    other.weights()[decltype(other)::plan::at.ranker + rv::mlp<40, 24>::offset(2)] += 1e-6f;  // of the last layer, which was never pruned
    CHECK_FALSE(quick.follows(other));
    same_as_exact(other, quick, 100);
}

TEST_CASE("what rank refuses is refused in the same words") {
    const auto ranker = made(plain(), rv::mlp<16, 16>{}, 0.5f);
    const rv::pruned_ranker quick(ranker);
    const shelf<float> shelf(30, 43);
    const auto catalogue = shelf.catalogue(ranker);
    visit<float> here(3);
    here.attributes[2] = std::numeric_limits<float>::quiet_NaN();
    CHECK(quick.rank(ranker, here.request(), catalogue, 3).status.message() == ranker.rank(here.request(), catalogue, 3).status.message());
    CHECK(quick.rank(ranker, here.request(), catalogue, 129).status.code == rv::errc::limit);
}
