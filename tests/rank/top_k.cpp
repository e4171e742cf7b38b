// SPDX-License-Identifier: MIT
// The best k against a full sort: ties, repeats, room for none and room for more than there are.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <span>
#include <vector>

#include <rivulet/core/random.hpp>
#include <rivulet/rank/top_k.hpp>

namespace rv = rivulet;

namespace {

std::vector<rv::scored> kept(const std::vector<rv::scored>& all, std::size_t k, bool repeats = false) {
    std::vector<rv::scored> room(k + 2, {~0ull, -12345});  // and a guard on each side
    rv::top_k best(std::span<rv::scored>(room).subspan(1, k), repeats);
    for (const auto& one : all) best.add(one);
    const auto sorted = best.sorted();
    CHECK(room.front() == rv::scored{~0ull, -12345});
    CHECK(room.back() == rv::scored{~0ull, -12345});
    return {sorted.begin(), sorted.end()};
}
std::vector<rv::scored> sorted_whole(std::vector<rv::scored> all, std::size_t k) {
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; });
    all.erase(std::unique(all.begin(), all.end()), all.end());
    all.resize(std::min(k, all.size()));
    return all;
}
void shuffle(std::vector<rv::scored>& all, rv::random& draw) {
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[draw.below(i)]);
}

}  // namespace

TEST_CASE("for any scores and any k the answer is the head of a full sort") {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        rv::random draw(seed);
        const std::size_t n = draw.below(60), levels = 1 + draw.below(12);  // few levels: many ties
        std::vector<rv::scored> all;
        std::set<rv::item_id> ids;
        while (ids.size() < n) ids.insert(draw.bits() >> draw.below(60));
        for (const auto id : ids) all.push_back({id, static_cast<float>(draw.below(levels)) - 3});
        shuffle(all, draw);
        for (const std::size_t k : {std::size_t(0), std::size_t(1), std::size_t(2), std::size_t(7), n, n + 1, n + 50}) {
            CAPTURE(seed);
            CAPTURE(k);
            REQUIRE(kept(all, k) == sorted_whole(all, k));
            REQUIRE(kept(all, k, true) == sorted_whole(all, k));
        }
    }
}

TEST_CASE("the order in which items come does not matter") {
    rv::random draw(1);
    std::vector<rv::scored> all;
    for (rv::item_id id = 0; id < 50; ++id) all.push_back({id, static_cast<float>(id % 5)});
    const auto expected = sorted_whole(all, 12);
    for (int round = 0; round < 50; ++round) {
        shuffle(all, draw);
        REQUIRE(kept(all, 12) == expected);
    }
}

TEST_CASE("an id that comes again is kept once where repeats are expected, however often and whenever it comes") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        rv::random draw(seed);
        const std::size_t items = 1 + draw.below(20);
        std::vector<rv::scored> all;
        for (std::size_t i = 0; i < 60; ++i) {
            const rv::item_id id = draw.below(items);
            all.push_back({id, static_cast<float>(id * 7 % 4)});  // an item has one score, some of them the same
        }
        for (const std::size_t k : {0u, 1u, 3u, 10u, 100u}) {
            CAPTURE(seed);
            CAPTURE(k);
            REQUIRE(kept(all, k, true) == sorted_whole(all, k));
        }
    }
}

TEST_CASE("higher scores come first, among equal ones the lower id, and -0 equals 0") {
    CHECK(kept({{7, 1}, {3, 2}, {5, 1}, {9, 2}}, 3) == std::vector<rv::scored>{{3, 2}, {9, 2}, {5, 1}});
    CHECK(kept({{2, 0.0f}, {1, -0.0f}}, 1)[0].id == 1);
    CHECK(kept({{1, 0.0f}, {2, -0.0f}}, 1)[0].id == 1);
    static_assert(rv::ranks_before({1, 2}, {2, 1}) && rv::ranks_before({1, 1}, {2, 1}) && !rv::ranks_before({1, 1}, {1, 1}));
}

TEST_CASE("the largest and smallest finite scores and ids are ranked like any others") {
    const float highest = std::numeric_limits<float>::max(), lowest = std::numeric_limits<float>::lowest();
    CHECK(kept({{~0ull, highest}, {0, lowest}, {1, 0}, {0x8000000000000000u, highest}}, 3) ==
          std::vector<rv::scored>{{0x8000000000000000u, highest}, {~0ull, highest}, {1, 0}});
}

TEST_CASE("nothing gives nothing, and no room takes nothing") {
    CHECK(kept({}, 5).empty());
    rv::top_k none{std::span<rv::scored>{}};
    none.add({1, 1});
    CHECK(none.sorted().empty());
}

TEST_CASE("what must be reached is the worst kept score once the room is full, and nothing is left of what is forgotten") {
    std::array<rv::scored, 2> room;
    rv::top_k best{room};
    CHECK(best.least() == std::numeric_limits<float>::lowest());
    best.add({1, 5});
    CHECK(best.least() == std::numeric_limits<float>::lowest());
    best.add({2, 3});
    CHECK(best.least() == 3);
    best.add({3, 4});
    CHECK(best.least() == 4);
    best.clear();
    CHECK(best.least() == std::numeric_limits<float>::lowest());
    best.add({4, 1});
    const auto left = best.sorted();
    REQUIRE(left.size() == 1);
    CHECK(left[0] == rv::scored{4, 1});
}
