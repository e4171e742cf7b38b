// SPDX-License-Identifier: MIT
// Item-item neighbours and popularity as parts of a pipeline: what they give is what neighbours called by hand give, current to the last
// event, and their memory is bounded, copied, saved and checked like the rest.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include <rivulet/rivulet.hpp>

#include "../tolerance.hpp"

namespace rv = rivulet;

namespace test {
inline std::size_t allocations = 0;  // as counting_new.hpp has it, which another source of this program includes
}

namespace {

struct user : rv::context_ids<> {};
struct film : rv::candidate_ids<> {};

constexpr rv::neighbours_settings how{.kept = 8, .history = 5, .fade = 0.9f, .half_life = 300, .shrinkage = 2, .recency = 0.7f};
constexpr rv::item_id strange = 0xfedcba9876543210u;  // ids are any 64 bits

auto make_ranker(std::size_t users = 64, std::size_t films = 64) {
    return rv::pipeline{rv::fuse{rv::similar<user, film, 64>{.users = {.capacity = users}, .items = {.capacity = films}, .how = how},
                                 rv::popularity<film>{.items = {.capacity = films}, .half_life = 50}},
                        rv::linear{}, rv::sgd{.rate = 0.01f}};
}
using ranker = decltype(make_ranker());

auto visit_of(rv::item_id who) { return rv::request(rv::with<user>(who)); }
auto item_of(rv::item_id what) { return rv::item(rv::with<film>(what)); }

/// What the parts give, through the plan's own functions.
std::array<float, 3> given_by(const ranker& by, rv::item_id who, rv::item_id what) {
    using plan = ranker::plan;
    const plan& parts = by.evaluation();
    std::array<float, plan::values> row;
    parts.prepare_candidate(by.weights().data(), by.kept(), item_of(what), row.data());
    plan::request_values kept;
    parts.prepare_context(by.weights().data(), by.kept(), visit_of(who), kept);
    std::array<float, 3> out;
    parts.join_parts<0>(by.weights().data(), by.kept(), std::get<0>(kept.parts).value, {row.data() + plan::part_offset[0], 1, 3},
                        {out.data(), 1, 2});
    parts.join_parts<1>(by.weights().data(), by.kept(), std::get<1>(kept.parts).value, {row.data() + plan::part_offset[1], 1, 3},
                        {out.data() + 2, 1, 1});
    return out;
}

struct event {
    rv::item_id who, what;
};
/// Users and films under odd ids, popular films more often.
event event_of(rv::random& draw, std::size_t users, std::size_t films) {
    return {1000 + 7 * draw.below(users), strange + (std::min(draw.below(films), draw.below(films)) << 41)};
}
void learn_some(ranker& by, std::uint64_t seed, int events, std::size_t users = 20, std::size_t films = 30) {
    rv::random draw(seed);
    for (int n = 0; n < events; ++n) {
        const event now = event_of(draw, users, films);
        REQUIRE(by.learn(visit_of(now.who), item_of(now.what), rv::click));
    }
}

}  // namespace

TEST_CASE("similar is neighbours called by hand over each user's last items, popularity a faded count") {
    ranker by = make_ranker();
    rv::neighbours pairs(64, how);
    std::map<rv::item_id, std::uint32_t> slots;  // in the order of arrival
    std::map<rv::item_id, std::deque<std::uint32_t>> taken;
    std::map<rv::item_id, double> counts;
    rv::random draw(3);
    std::size_t above_zero = 0;
    for (int n = 0; n < 600; ++n) {
        const event now = event_of(draw, 20, 40);
        if (n % 10 == 0)
            for (std::size_t f = 0; f < 40; ++f) {
                const rv::item_id other = strange + (f << 41);
                const std::vector<std::uint32_t> history(taken[now.who].begin(), taken[now.who].end());
                const float expected = slots.contains(other) ? pairs.score(history, slots[other]) : 0;
                const auto got = given_by(by, now.who, other);
                above_zero += expected > 0;
                CHECK(test::within(got[0], expected, test::tolerance::sum<float>(how.history, expected)));
                CHECK(test::within(got[1], std::log1p(100 * double(got[0])), test::tolerance::exponential<float>(1 + double(got[1]))));
                CHECK(test::within(got[2], std::log1p(counts[other]), test::tolerance::exponential<float>(1 + counts[other])));
            }
        const bool negative = n % 3 == 0;
        const rv::outcome<decltype(item_of(1))> all[]{
            {item_of(now.what), rv::click}, {item_of(now.what + 1), rv::skip}, {item_of(now.what + 2), rv::click.times(0)}};
        REQUIRE(by.learn(visit_of(now.who), std::span(all).subspan(negative ? 1 : 0)));
        if (negative) continue;  // neither a skip nor a click that does not count is a take
        const std::uint32_t slot = slots.emplace(now.what, static_cast<std::uint32_t>(slots.size())).first->second;
        auto& history = taken[now.who];
        REQUIRE(bool(pairs.learn(std::vector<std::uint32_t>(history.begin(), history.end()), slot)));
        history.push_back(slot);
        if (history.size() > how.history) history.pop_front();
        for (auto& [id, count] : counts) count *= std::exp2(-1 / 50.0);
        counts[now.what] += 1;
    }
    CHECK(above_zero > 300);
}

TEST_CASE("A catalogue need not be refreshed for what was learned") {
    ranker by = make_ranker();
    by.weights()[ranker::plan::at.block[0]] = 1;
    const std::vector<rv::item_id> ids{1, strange, 3};
    const auto items = by.catalogue(ids, rv::with<film>(ids));
    for (rv::item_id n = 0; n < 5; ++n)
        for (const rv::item_id id : {rv::item_id(1), strange}) REQUIRE(by.learn(visit_of(n), item_of(id), rv::click));
    REQUIRE(by.learn(visit_of(9), item_of(1), rv::click));
    std::array<float, 3> scores;
    REQUIRE(bool(by.score(visit_of(9), items, std::span<float>(scores))));
    for (std::size_t i = 0; i < 3; ++i) CHECK(scores[i] == by.score(visit_of(9), item_of(ids[i])).score);
    CHECK(given_by(by, 9, strange)[0] > 0);
    CHECK(given_by(by, 10, strange)[0] == 0);
    CHECK(given_by(by, 9, 3) == std::array<float, 3>{});
}

TEST_CASE("An item without an id, and a request without a user, are nobody") {
    ranker by = make_ranker();
    learn_some(by, 1, 50);
    const std::vector<rv::item_id> none;
    const auto nothing = rv::item(rv::with<film>(none));
    const auto nobody = rv::request(rv::with<user>(none));
    const auto before = by.digest();
    CHECK(bool(by.score(visit_of(1000), nothing)));
    CHECK(bool(by.score(nobody, item_of(strange))));
    CHECK(by.digest() == before);
    REQUIRE(by.learn(visit_of(1000), nothing, rv::click));
    REQUIRE(by.learn(nobody, item_of(5), rv::click));  // counts for the item
    CHECK(given_by(by, 1000, 5)[2] > 0.6f);
    CHECK(given_by(by, 0, 5)[0] == 0);
}

TEST_CASE("A refused step changes nothing, what is learned again is not taken twice") {
    ranker by = make_ranker();
    learn_some(by, 1, 100);
    const auto before = by.digest();
    CHECK_FALSE(by.learn(visit_of(1), item_of(2), rv::click.times(-1)));
    CHECK_FALSE(by.learn(visit_of(1), item_of(2), rv::click.times(std::numeric_limits<float>::infinity())));
    CHECK(by.digest() == before);
    const rv::outcome<decltype(item_of(1))> one{item_of(2), rv::click};
    REQUIRE(by.learn(visit_of(1), std::span(&one, 1), true));
    CHECK(given_by(by, 1, 2)[2] == 0);
    by.freeze<rv::popularity<film>>();
    REQUIRE(by.learn(visit_of(1), item_of(2), rv::click));
    CHECK(given_by(by, 1, 2)[2] == 0);
}

TEST_CASE("Copies are independent, and a file brings everything back") {
    ranker by = make_ranker(), twin = make_ranker();
    learn_some(by, 1, 200);
    const ranker copy = by;
    CHECK(copy.digest() == by.digest());
    const auto bytes = rv::save(by);
    rv::load(twin, bytes);
    CHECK(twin.digest() == by.digest());
    learn_some(by, 2, 100);
    CHECK(copy.digest() != by.digest());
    CHECK(copy.digest() == twin.digest());
    learn_some(twin, 2, 100);
    CHECK(twin.digest() == by.digest());
    CHECK(given_by(twin, 1000, strange) == given_by(by, 1000, strange));
    ranker smaller = make_ranker(64, 32);
    CHECK_THROWS_AS(rv::load(smaller, bytes), rv::error);
}

TEST_CASE("Whatever bytes are read, a state is refused or safe to work with") {
    ranker good = make_ranker();
    learn_some(good, 1, 200);
    rv::random draw(7);
    std::size_t refused = 0, taken = 0;
    for (int trial = 0; trial < 400; ++trial) {
        ranker by = good;
        std::size_t size = 0;
        by.memory_parts(by.kept(), [&](std::span<std::byte> part) { size += part.size(); });
        const std::size_t from = draw.below(size), to = from + 1 + draw.below(16);
        std::size_t at = 0;
        by.memory_parts(by.kept(), [&](std::span<std::byte> part) {
            for (std::byte& one : part)
                if (++at > from && at <= to) one = static_cast<std::byte>(draw.below(256));
        });
        if (!by.check_kept(by.kept())) {
            ++refused;
            continue;
        }
        ++taken;
        learn_some(by, 2, 20, 20, 90);
        CHECK(std::isfinite(given_by(by, 1000, strange)[1]));
    }
    CHECK(refused > 50);
    CHECK(taken > 20);
}

TEST_CASE("Memory is fixed and nothing is allocated; who comes often stays, who left leaves no trace") {
    ranker by = make_ranker(16, 16);
    const std::size_t memory = by.memory();
    learn_some(by, 1, 100, 5, 5);
    const std::size_t before = test::allocations;
    rv::random draw(5);
    for (int n = 0; n < 2000; ++n) {
        static_cast<void>(by.learn(visit_of(1000 + 7 * draw.below(5)), item_of(strange + (draw.below(5) << 41)), rv::click));
        static_cast<void>(by.learn(visit_of(100'000 + draw.below(3000)), item_of(100'000 + draw.below(3000)), rv::click));
        static_cast<void>(by.score(visit_of(1000), item_of(strange)));
    }
    CHECK(test::allocations == before);
    CHECK(by.memory() == memory);
    CHECK(bool(by.check_kept(by.kept())));
    const auto& kept = std::get<0>(by.kept());
    CHECK(kept.items.size() < 16);
    for (std::uint32_t slot = 0; slot < 16; ++slot)
        kept.pairs.each(slot, [&](std::uint32_t to, float) { CHECK((kept.items.occupied(slot) && kept.items.occupied(to))); });
    for (std::size_t f = 0; f < 5; ++f) {
        CHECK(given_by(by, 1000, strange + (f << 41))[0] > 0);
        CHECK(given_by(by, 1000, strange + (f << 41))[2] > 1);
    }
    CHECK(given_by(by, 1000, 99'999) == std::array<float, 3>{});
}

TEST_CASE("Users and items are forgotten on request") {
    ranker by = make_ranker();
    learn_some(by, 1, 400);
    auto& kept = std::get<0>(by.kept());
    const rv::item_id gone = strange;
    REQUIRE(kept.items.find(gone) != rv::id_directory::none);
    CHECK(kept.forget_item(gone));
    CHECK_FALSE(kept.forget_item(gone));
    CHECK(std::find(kept.taken.begin(), kept.taken.end(), gone) == kept.taken.end());
    CHECK(std::get<1>(by.kept()).forget_item(gone));
    CHECK(given_by(by, 1000, gone) == std::array<float, 3>{});
    std::size_t ages = 0;
    kept.each_taken(1007, [&](std::uint32_t, std::size_t age) { ages += 1 + age; });
    CHECK(ages > 0);
    CHECK(kept.forget_user(1007));
    CHECK_FALSE(kept.forget_user(1007));
    kept.each_taken(1007, [&](std::uint32_t, std::size_t) { FAIL("a forgotten user took something"); });
    CHECK(bool(by.check_kept(by.kept())));
}

TEST_CASE("A table of sums that is full leaves out what comes last") {
    rv::detail::sums_by_slot<float, 16> sums;
    sums.clear();
    for (std::uint32_t slot = 0; slot < 40; ++slot) sums.add(slot, 1);
    sums.add(3, 2);
    for (std::uint32_t slot = 0; slot < 40; ++slot) CHECK(sums.at(slot) == (slot == 3 ? 3.0f : slot < 16 ? 1.0f : 0.0f));
}

TEST_CASE("Settings outside their ranges are refused") {
    using component = rv::similar<user, film>;
    CHECK(bool(component{}.validate()));
    CHECK_FALSE(bool(component{.how = {.history = 257}}.validate()));
    CHECK_FALSE(bool(component{.how = {.history = 0}}.validate()));
    CHECK_FALSE(bool(component{.how = {.kept = 0}}.validate()));
    CHECK_FALSE(bool(component{.above = std::numeric_limits<float>::quiet_NaN()}.validate()));
    CHECK_FALSE(bool(component{.unit = 0}.validate()));
    CHECK(bool(rv::popularity<film>{.half_life = 0}.validate()));
    CHECK_FALSE(bool(rv::popularity<film>{.half_life = 0.5f}.validate()));
    CHECK_FALSE(bool(rv::popularity<film>{.items = {.capacity = 0}}.validate()));
}
