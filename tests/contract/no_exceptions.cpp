// SPDX-License-Identifier: MIT
// Compiled with -fno-exceptions -fno-rtti: the library and the calls below work in programs that have neither.
#include "../pipeline/shop.hpp"

float use(const float* numbers, const char* path) {
    using namespace shop;
    auto ranker = shop::everything<float, rv::mlp<8, 4>, rv::adagrad>();
    auto items = ranker.catalogue();
    items.add(7, rv::with<title>(numbers, 7), rv::with<price>(numbers, 2));
    const auto visit = rv::request(rv::with<shopper>(numbers, 5), rv::with<hour>(numbers, 3), rv::with<recent>(numbers, 14));
    ranker.learn(visit, items.at(7), rv::click);
    ranker.fit(rv::with<title>(numbers, 700));
    rv::moments<title> seen;
    seen.add(rv::with<title>(numbers, 700));
    ranker.fit(seen);
    rv::train(ranker, 1, [&](std::size_t) { return rv::example{visit, std::array{rv::outcome{items.at(7), rv::click}}}; });
    rv::reservoir past(ranker, 10);
    past.keep(visit, items.at(7), rv::click);
    past.rehearse(ranker, 1);
    ranker.refresh(items);
    const auto bare = ranker.catalogue({.keep_values = false});
    rv::candidate_cache kept(ranker, {.bytes = 100000});
    rv::batch_ranker together(ranker, {.requests = 1});
    std::array<rv::scored, 1> room;
    std::array<rv::ranked, 1> found;
    together.rank(ranker, std::array{rv::asked{visit, std::span<rv::scored>(room)}}, bare, found, kept);
    rv::save(ranker, path);
    rv::load(ranker, path);
    const auto best = ranker.rank(visit, items, 1);
    return best.size() ? best[0].score : ranker.score(visit, items.at(7)).score;
}
