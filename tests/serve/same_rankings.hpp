// SPDX-License-Identifier: MIT
// Every way to ask a ranker that serves faster, held against the pipeline that it was made of.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "../pipeline/shop.hpp"

namespace shop {

/// quick.rank gives what ranker.rank gives, to the last bit, for several visits to a shelf of `items`. see(found) is shown the best 1, 3
/// and 10 of everything.
template <class Ranker, class Quick, class See> void same_rankings(const Ranker& ranker, const Quick& quick, std::size_t items, See&& see) {
    using scalar = typename Ranker::scalar;
    const shelf<scalar> shelf(items, 41);
    const auto catalogue = shelf.catalogue(ranker);
    const auto bare = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    std::vector<rv::item_id> ids;
    for (std::size_t i = 0; i < items; i += 3) ids.insert(ids.end(), {shelf.ids[i], 5, shelf.ids[i], shelf.ids[i / 2]});  // repeats
    for (std::uint64_t seed = 31; seed < 36; ++seed) {
        const visit<scalar> here(seed);
        const auto same = [&](std::size_t k, const auto& choice) {
            std::vector<rv::scored> first(k), second(k);
            const auto found = quick.rank(ranker, here.request(), catalogue, std::span(first), choice);
            const rv::ranked expected = ranker.rank(here.request(), catalogue, std::span(second), choice);
            CHECK(bool(found));
            CHECK(found.overflowed == expected.overflowed);
            CHECK(std::equal(found.begin(), found.end(), expected.begin(), expected.end()));
            return found;
        };
        for (const std::size_t k : {1u, 3u, 10u}) see(same(k, rv::everything{}));
        for (const std::size_t k : {std::size_t(0), items, items + 5}) same(k, rv::everything{});
        same(4, [](rv::item_id id) { return id % 2 == 1; });
        same(6, rv::among{ids});
        const auto small = quick.rank(ranker, here.request(), catalogue, 5);
        const auto right = ranker.rank(here.request(), catalogue, 5);
        CHECK(std::equal(small.begin(), small.end(), right.begin(), right.end()));
        const auto computed = quick.rank(ranker, here.request(), bare, 5);
        CHECK(std::equal(computed.begin(), computed.end(), right.begin(), right.end()));
    }
}

}  // namespace shop
