// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <deque>
#include <limits>
#include <map>
#include <vector>

#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

namespace {

struct recent : rv::context_sequence<3, 4> {};
struct taken : rv::context_ids<5> {};
struct title : rv::candidate<3> {};

std::vector<float> rows_of(const rv::given<recent, float>& view) { return {view.data, view.data + view.size}; }

std::vector<std::byte> bytes_of(const auto& past) {
    std::vector<std::byte> all;
    past.parts([&](std::span<const std::byte> part) {
        for (const std::byte one : part) all.push_back(one);
    });
    return all;
}

}  // namespace

TEST_CASE("A history is the last rows of a user, oldest first, and nobody else's") {
    rv::histories<recent> past{{.capacity = 50}};
    std::map<rv::item_id, std::deque<std::vector<float>>> expected;
    rv::random seeded(3);
    for (int event = 0; event < 500; ++event) {
        const rv::item_id user = 100 + seeded.below(20);
        const std::vector<float> row{static_cast<float>(event), static_cast<float>(user), 1};
        REQUIRE(bool(past.remember(user, row)));
        auto& kept = expected[user];
        kept.push_back(row);
        if (kept.size() > recent::length) kept.pop_front();
        std::vector<float> flat;
        for (const auto& one : kept) flat.insert(flat.end(), one.begin(), one.end());
        REQUIRE(rows_of(past.of(user)) == flat);
    }
    for (const auto& [user, kept] : expected) CHECK(past.of(user).count() == kept.size());
    CHECK(past.size() == expected.size());
    CHECK(past.of(7).count() == 0);
}

TEST_CASE("A history of ids keeps the values beside them") {
    rv::histories<taken> past{{.capacity = 4}};
    for (rv::item_id id = 0; id < 8; ++id) REQUIRE(bool(past.remember(1, id, static_cast<float>(id) / 2)));
    const auto view = past.of(1);
    REQUIRE(view.count() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(view.id(i) == 3 + i);
        CHECK(view.value<float>(i) == static_cast<float>(3 + i) / 2);
    }
}

TEST_CASE("Attention over a history works from a user's id alone") {
    rv::pipeline ranker{rv::fuse{rv::attend<recent, title, 4>{}}, rv::linear{}, rv::sgd{}};
    for (float& w : ranker.weights()) w = 0.25f;
    rv::histories<recent> past{{.capacity = 4}};
    const std::vector<float> first{1, 0, 0}, second{0, 1, .5f}, title_row{1, 1, 0};
    past.remember(9, first);
    past.remember(9, second);
    std::vector<float> both(first);
    both.insert(both.end(), second.begin(), second.end());
    const auto item = rv::item(rv::with<title>(title_row));
    const auto kept = ranker.score(rv::request(past.of(9)), item), given = ranker.score(rv::request(rv::with<recent>(both)), item);
    REQUIRE(bool(kept));
    CHECK(kept.score == given.score);
    CHECK(kept.score != ranker.score(rv::request(past.of(8)), item).score);
}

TEST_CASE("What is refused changes nothing, and a forgotten user leaves no trace") {
    rv::histories<recent> past{{.capacity = 8}};
    past.remember(1, std::vector<float>{1, 2, 3});
    const auto before = bytes_of(past);
    CHECK(past.remember(1, std::vector<float>{1, 2}).code == rv::errc::width);
    CHECK(past.remember(2, std::vector<float>{1, 2, std::numeric_limits<float>::quiet_NaN()}).code == rv::errc::nonfinite);
    CHECK(bytes_of(past) == before);
    CHECK_FALSE(past.forget(2));
    CHECK(past.forget(1));
    CHECK(past.of(1).count() == 0);
    past.remember(3, std::vector<float>{4, 5, 6});
    CHECK(rows_of(past.of(3)) == std::vector<float>{4, 5, 6});
}

TEST_CASE("Memory is fixed: who comes often stays") {
    rv::histories<recent> past{{.capacity = 64}};
    const std::size_t memory = past.memory();
    const std::vector<float> row{1, 2, 3};
    for (rv::item_id stranger = 1000; stranger < 5000; ++stranger) {
        past.remember(stranger % 10, row);
        past.remember(stranger, row);
    }
    CHECK(past.memory() == memory);
    CHECK(past.size() <= 64);
    for (rv::item_id regular = 0; regular < 10; ++regular) CHECK(past.of(regular).count() == recent::length);
}

TEST_CASE("State that was tampered with is refused") {
    rv::histories<recent> past{{.capacity = 2}};
    past.remember(1, std::vector<float>{1, 2, 3});
    CHECK(bool(past.validate_state()));
    past.parts([&](std::span<std::byte> bytes) {
        if (bytes.size() == 2 * sizeof(std::uint32_t)) std::fill(bytes.begin(), bytes.end(), std::byte{0x7f});
    });
    CHECK_FALSE(bool(past.validate_state()));
}
