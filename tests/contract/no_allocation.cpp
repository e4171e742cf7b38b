// SPDX-License-Identifier: MIT
// The hot path allocates nothing: operator new counts while a pipeline scores, ranks, learns and changes items in place.
#include <doctest/doctest.h>

#include <memory>
#include <type_traits>

#include "../counting_new.hpp"
#include "../pipeline/cinema.hpp"
#include "../pipeline/shop.hpp"

using namespace shop;

TEST_CASE("score, rank and learn allocate nothing, refused or not") {
    auto ranker = shop::everything<float, rv::mlp<16, 8>, rv::adagrad>();
    const visit<float> here(1);
    const shelf<float> shelf(200, 2);
    auto items = shelf.catalogue(ranker);
    std::vector<rv::scored> buffer(200);
    std::vector<float> scores(200);
    const auto request = here.request();
    const auto bad = rv::request(rv::with<shopper>(here.time), rv::with<hour>(here.time), rv::with<recent>(here.history));
    const std::vector<rv::item_id> list{1000, 1003, 1};
    const std::vector outcomes(40, rv::outcome{items.at(1003), rv::skip});

    const std::vector examples(70, rv::example{request, outcomes});
    const std::span<const rv::example<std::remove_const_t<decltype(request)>, std::remove_const_t<decltype(outcomes)>>> batch(examples);
    const auto room = std::make_unique<decltype(ranker)::batch_room<std::remove_const_t<decltype(request)>>>();
    rv::reservoir past(ranker, 5);

    const std::size_t before = test::allocations;
    bool good = true;
    for (int i = 0; i < 10; ++i) {
        good = good && ranker.learn(request, items.at(1000), rv::click) && ranker.learn(request, shelf.item(3), rv::skip) &&
               ranker.learn(request, outcomes);
        past.keep(request, items.at(1000), rv::click);
        good = good && past.rehearse(ranker, 2) && ranker.learn(batch, *room) && ranker.loss(batch, *room);
        good = good && ranker.rank(request, items, 10) && ranker.rank(request, items, std::span(buffer)) &&
               ranker.rank(request, items, 5, rv::among{list}) &&
               ranker.rank(request, items, 5, [](rv::item_id id) { return id % 2 == 0; });
        good = good && ranker.score(request, items, std::span<float>(scores)) && ranker.score(request, items.at(1000)) &&
               ranker.score(request, shelf.item(9));
        good = good && items.change(1003, rv::with<price>(shelf.prices.data(), 2));
        good = good && !ranker.learn(bad, items.at(1000), rv::click) && !ranker.rank(bad, items, 10) &&
               !ranker.learn(request, items.at(1), rv::click);
        ranker.refresh(items);
    }
    const std::size_t after = test::allocations;
    CHECK(good);
    CHECK(after == before);

    void* const one = ::operator new(1);  // the counter counts; a compiler may leave out a vector's allocation, but not this call
    CHECK(test::allocations == after + 1);
    ::operator delete(one);
}

TEST_CASE("nor do rankings of a catalogue that holds no values, alone, from a cache and in batches, while items and weights change") {
    auto ranker = shop::everything<float, rv::mlp<16, 8>, rv::adagrad>();
    const visit<float> here(1);
    const shelf<float> shelf(200, 2);
    auto bare = ranker.catalogue({.keep_values = false}, shelf.ids, rv::with<title>(shelf.titles), rv::with<price>(shelf.prices));
    auto copy = bare;
    rv::candidate_cache kept(ranker, {.bytes = 60000});
    rv::batch_ranker together(ranker, {.requests = 3, .listed = 100});
    std::vector<rv::scored> buffer(60);
    const auto request = here.request();
    std::vector<rv::asked<std::remove_const_t<decltype(request)>>> all;
    std::vector<rv::asked<std::remove_const_t<decltype(request)>, rv::among>> listed;
    for (std::size_t r = 0; r < 3; ++r) {
        all.push_back({request, std::span(buffer).subspan(20 * r, 20)});
        listed.push_back({request, all[r].buffer, rv::among{std::span(shelf.ids).subspan(10 * r, 30)}});
    }
    std::vector<rv::ranked> found(3);

    const std::size_t before = test::allocations;
    bool good = true;
    for (int i = 0; i < 10; ++i) {
        auto& items = i % 3 ? bare : copy;
        good = good && ranker.rank(request, items, 10) && ranker.score(request, items.at(1003));
        good = good && kept.rank(ranker, request, items, 10) && kept.rank(ranker, request, items, 10, rv::among{shelf.ids});
        good = good && together.rank(ranker, all, items, found) && together.rank(ranker, all, items, found, kept) &&
               together.rank(ranker, listed, items, found, kept) && found[2];
        good = good && ranker.learn(request, items.at(1000), rv::click) && items.change(1003, rv::with<price>(shelf.prices.data(), 2));
        if (i % 2) ranker.refresh(items);
    }
    CHECK(test::allocations == before);
    CHECK(good);
}

TEST_CASE("nor do they where rows are kept by id, evicted and admitted, in a copy of a pipeline too") {
    const rv::room_for_ids room{.capacity = 32};
    const rv::pipeline original{rv::fuse{rv::embed<cinema::pages, 3>{.room = room}, rv::embed<cinema::film, 3>{.room = room},
                                         rv::hashed<cinema::pages, cinema::genres>{.bits = 8}, rv::hashed<cinema::genres>{.bits = 6},
                                         rv::factorisation<4, cinema::user, cinema::film>{.room = {room, room}}, rv::pass<cinema::mood>{},
                                         rv::pass<cinema::running_time>{}},
                                rv::mlp<4>{}, rv::adam{}};
    auto ranker = original;
    const cinema::bill<float> shown(2, 20);
    auto items = shown.catalogue(ranker);
    rv::reservoir past(ranker, 5);
    std::vector<cinema::visit<float>> visits;
    for (std::uint64_t seed = 0; seed < 50; ++seed) visits.emplace_back(seed, seed % 7, 1000);
    const std::vector<rv::item_id> too_many(7);
    const auto bad = rv::request(rv::with<cinema::user>(1), rv::with<cinema::pages>(too_many), rv::with<cinema::mood>(visits[0].moods));

    const std::size_t before = test::allocations;
    bool good = true;
    for (std::size_t i = 0; i < visits.size(); ++i) {
        const auto here = visits[i].request();
        good = good && ranker.learn(here, shown.item(i % 20), i % 2 ? rv::click : rv::skip) &&
               ranker.learn(here, items.at(1000 + i % 20), rv::click) && !ranker.learn(bad, shown.item(0), rv::click);
        past.keep(here, shown.item(i % 20), rv::click);
        good = good && past.rehearse(ranker, 1) && ranker.rank(here, items, 10) && ranker.score(here, shown.item(3)) &&
               items.change(1003, rv::with<cinema::film>(i));
        ranker.refresh(items);
    }
    CHECK(test::allocations == before);
    CHECK(good);
    CHECK(ranker.digest() != original.digest());
}
