// SPDX-License-Identifier: MIT
// A ranking in parts is the ranking: for any number of parts, in any order, on threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <thread>
#include <vector>

#include <rivulet/serve/parallel_rank.hpp>

#include "../pipeline/shop.hpp"

using namespace shop;

namespace {

const auto forwards = [](std::size_t parts, auto&& task) {
    for (std::size_t p = 0; p < parts; ++p) task(p);
};
const auto backwards = [](std::size_t parts, auto&& task) {
    for (std::size_t p = parts; p-- > 0;) task(p);
};
const auto on_threads = [](std::size_t parts, auto&& task) {
    std::vector<std::thread> all;
    for (std::size_t p = 0; p < parts; ++p) all.emplace_back([&task, p] { task(p); });
    for (auto& one : all) one.join();
};

template <class Ranker> void same_in_parts(const Ranker& ranker) {
    const visit<float> here(31);
    for (const std::size_t count : {1u, 5u, 24u, 100u}) {
        const shelf<float> shelf(count, 41);
        const auto items = shelf.catalogue(ranker);
        std::vector<rv::item_id> ids;
        for (std::size_t i = 0; i < count; ++i) ids.insert(ids.end(), {shelf.ids[i], 5, shelf.ids[count - 1 - i]});  // repeats
        for (const std::size_t k : {0u, 1u, 10u, 300u})
            for (const std::size_t parts : {1u, 2u, 3u, 7u, 128u}) {
                const auto same = [&](const auto& choice, const auto& run) {
                    std::vector<rv::scored> room(k * parts), expected(k);
                    const rv::ranked found = rv::parallel_rank(ranker, here.request(), items, std::span(room), k, parts, run, choice);
                    const rv::ranked right = ranker.rank(here.request(), items, std::span(expected), choice);
                    REQUIRE(bool(found));
                    CHECK(found.overflowed == right.overflowed);
                    CHECK(std::equal(found.begin(), found.end(), right.begin(), right.end()));
                };
                same(rv::everything{}, forwards);
                same(rv::everything{}, backwards);
                if (count == 100) same(rv::everything{}, on_threads);
                same([](rv::item_id id) { return id % 2 == 1; }, backwards);
                same(rv::among{ids}, forwards);
            }
    }
}

}  // namespace

TEST_CASE("in any number of parts, in any order, with pairs, several outputs and overflows") {
    auto ranker = shop::everything<float, rv::mlp<8>>();
    scatter(ranker, 3, 0.5);
    same_in_parts(ranker);
    rv::pipeline two{rv::fuse{rv::pass<shopper>{}, rv::pass<title>{}}, rv::network{rv::dense<2>{}}, rv::sgd{},
                     rv::tasks{rv::logistic{}, rv::squared{}}};
    scatter(two, 4, 0.5);
    REQUIRE(two.serve({0.5f, 2.0f}));
    same_in_parts(two);
    for (float& w : ranker.weights()) w *= 1e19f;
    same_in_parts(ranker);
}

TEST_CASE("too little room, too many parts and a bad request are refused") {
    const auto ranker = shop::everything<float, rv::mlp<8>>();
    const shelf<float> shelf(9, 41);
    const auto items = shelf.catalogue(ranker);
    visit<float> here(31);
    std::vector<rv::scored> room(10);
    CHECK(rv::parallel_rank(ranker, here.request(), items, std::span(room), 5, 3, forwards).status.code == rv::errc::limit);
    CHECK(rv::parallel_rank(ranker, here.request(), items, std::span(room), 5, 0, forwards).status.code == rv::errc::limit);
    CHECK(rv::parallel_rank(ranker, here.request(), items, std::span(room), 0, 257, forwards).status.code == rv::errc::limit);
    CHECK(bool(rv::parallel_rank(ranker, here.request(), items, std::span(room), 5, 2, forwards)));
    here.attributes[1] = std::numeric_limits<float>::infinity();
    CHECK(rv::parallel_rank(ranker, here.request(), items, std::span(room), 5, 2, forwards).status.code == rv::errc::nonfinite);
}
