// SPDX-License-Identifier: MIT
// A reservoir: what it keeps is what was brought, every event with the same chance, and learning it again is learning it.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "cinema.hpp"
#include "shop.hpp"

using namespace shop;

namespace {

auto made() { return shop::everything<float, rv::mlp<8>, rv::adagrad>(2, {}, rv::adagrad{.rate = 0.1f}); }

}  // namespace

TEST_CASE("a kept event is learned exactly as the event itself, whatever became of the host's memory") {
    auto ranker = made();
    rv::reservoir past(ranker, 4);
    for (const std::size_t moments : {0u, 3u, 30u}) {
        auto direct = made(), again = made();
        rv::reservoir one(ranker, 1);
        const visit<float> here(31, moments);
        {
            const visit<float> gone(31, moments);
            const shelf<float> sold(3, 41);
            one.keep(gone.request(), sold.item(1), rv::favourite);
        }
        const shelf<float> shelf(3, 41);
        REQUIRE(direct.learn(here.request(), shelf.item(1), rv::favourite));
        REQUIRE(one.rehearse(again, 1));
        CHECK(again.digest() == direct.digest());
        CHECK(one.said(0).weight == 2);
    }
}

TEST_CASE("every event of a stream is kept with the same chance") {
    auto ranker = made();
    const visit<float> here(31);
    const shelf<float> shelf(1, 41);
    constexpr std::size_t capacity = 20, events = 200, rounds = 400;
    std::vector<double> kept(events);
    for (std::size_t round = 0; round < rounds; ++round) {
        rv::reservoir past(ranker, capacity, round);
        for (std::size_t e = 0; e < events; ++e) past.keep(here.request(), shelf.item(0), {.label = 1, .weight = static_cast<float>(e)});
        CHECK(past.size() == capacity);
        CHECK(past.seen() == events);
        for (std::size_t slot = 0; slot < capacity; ++slot) kept[static_cast<std::size_t>(past.said(slot).weight)] += 1;
    }
    // Each is kept binomially: 400 rounds at a chance of 0.1 are 40 +- 6, and the worst of 200 lies within 4.5 of these but for once in
    // 700.
    double early = 0;
    for (std::size_t e = 0; e < events; ++e) {
        CHECK(std::abs(kept[e] - 40) < 27);
        if (e < events / 2) early += kept[e];
    }
    CHECK(std::abs(early - 4000) < 4.5 * std::sqrt(8000 * 0.25));
}

TEST_CASE("an empty reservoir, or one without room, rehearses nothing") {
    auto ranker = made();
    rv::reservoir past(ranker, 3), none(ranker, 0);
    const visit<float> here(31);
    const shelf<float> shelf(5, 41);
    const auto digest = ranker.digest();
    CHECK(past.rehearse(ranker, 5));
    none.keep(here.request(), shelf.item(0), rv::click);
    CHECK(none.rehearse(ranker, 5));
    CHECK(ranker.digest() == digest);
    for (std::size_t i = 0; i < 5; ++i) past.keep(here.request(), shelf.item(i), rv::click);
    CHECK(past.size() == 3);
    CHECK(past.rehearse(ranker, 4));
    CHECK(ranker.steps() == 4);
    CHECK(past.memory() > 3 * (7 + 2) * sizeof(float));
}

TEST_CASE("rehearsing keeps what a stream without an old habit would drive out") {
    // A visit learns that it likes the first item; then 300 events are about another visit and item alone.
    const visit<float> old_visit(31), new_visit(77);
    const shelf<float> shelf(2, 41);
    const auto liking = [&](bool rehearsing) {
        auto ranker = made();
        rv::reservoir past(ranker, 50);
        for (int i = 0; i < 50; ++i) {
            REQUIRE(ranker.learn(old_visit.request(), shelf.item(0), rv::click));
            past.keep(old_visit.request(), shelf.item(0), rv::click);
        }
        for (int i = 0; i < 300; ++i) {
            REQUIRE(ranker.learn(new_visit.request(), shelf.item(1), rv::skip));
            past.keep(new_visit.request(), shelf.item(1), rv::skip);
            if (rehearsing) REQUIRE(past.rehearse(ranker, 1));
        }
        return ranker.score(old_visit.request(), shelf.item(0)).score;
    };
    CHECK(liking(true) > liking(false) + 0.5f);
}

namespace {

auto with_ids() {
    return rv::pipeline{rv::fuse{rv::embed<cinema::pages, 3>{.room = {.capacity = 32}}, rv::hashed<cinema::pages, cinema::genres>{.bits = 8},
                                 rv::factorisation<2, cinema::user, cinema::film>{.room = {{{32}, {32}}}}, rv::pass<cinema::running_time>{}},
                        rv::mlp<4>{}, rv::adagrad{}};
}

}  // namespace

TEST_CASE("ids and their values are kept, one by one, as lists or none, and learned as they were") {
    for (const std::size_t size : {0u, 1u, 6u})
        for (const bool valued : {false, true}) {
            auto direct = with_ids(), again = with_ids();
            rv::reservoir one(direct, 1);
            const cinema::visit<float> here(3, size, 30, valued);
            const cinema::bill<float> shown(4, 5, 30, valued);
            {
                const cinema::visit<float> gone(3, size, 30, valued);
                const cinema::bill<float> sold(4, 5, 30, valued);
                one.keep(gone.request(), sold.item(4), rv::click);
            }
            const std::vector outcomes{rv::outcome{shown.item(4), rv::click}};
            REQUIRE(direct.learn(here.request(), std::span<const rv::outcome<decltype(shown.item(4))>>(outcomes), true));
            REQUIRE(one.rehearse(again, 1));
            CHECK(again.digest() == direct.digest());
        }
}

TEST_CASE("an event that a pipeline would refuse is passed by: a list too long, a number that is none, an item that is gone") {
    auto ranker = with_ids();
    rv::reservoir past(ranker, 2);
    const cinema::visit<float> here(3);
    const cinema::bill<float> shown(4, 2);
    past.keep(here.request(), shown.item(0), rv::click);
    const std::vector<rv::item_id> many(100, 7);
    past.keep(rv::request(rv::with<cinema::user>(1), rv::with<cinema::pages>(many)), shown.item(0), rv::click);
    past.keep(here.request(), ranker.catalogue().at(5), rv::click);
    auto bad = shown;
    bad.lengths[0] = std::numeric_limits<float>::quiet_NaN();
    past.keep(here.request(), bad.item(0), rv::click);
    CHECK(past.seen() == 1);
    CHECK(past.rehearse(ranker, 3));
}
