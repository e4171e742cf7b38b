// SPDX-License-Identifier: MIT
// The list of a step's rows: each slot once, its slopes in its place, through every growth of the index.
#include <doctest/doctest.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include <rivulet/core/random.hpp>
#include <rivulet/table/touched_rows.hpp>

namespace rv = rivulet;

TEST_CASE("a slot has one place, and slopes of zero at first") {
    rv::touched_rows<float, 3> rows(100);
    CHECK(rows.count() == 0);
    CHECK(rows.place(7) == 0);
    CHECK(rows.place(99) == 1);
    rows.slopes(0)[2] = 5;
    CHECK(rows.place(7) == 0);
    CHECK(rows.count() == 2);
    CHECK(rows.slot(1) == 99);
    CHECK(std::vector<float>(rows.slopes().begin(), rows.slopes().end()) == std::vector<float>{0, 0, 5, 0, 0, 0});
    rows.clear();
    CHECK(rows.count() == 0);
    CHECK(rows.place(99) == 0);
    CHECK(rows.place(7) == 1);
    CHECK(rows.slopes(1)[2] == 0);
}

TEST_CASE("like a map, for few slots and for all, far apart or with equal last bits") {
    for (const std::size_t most : {1u, 5u, 200u, 5000u})
        for (const std::uint32_t apart : {1u, 256u, 65536u}) {
            rv::touched_rows<double, 1> rows(most);
            rv::random draw(most + apart);
            for (int step = 0; step < 3; ++step) {
                std::unordered_map<std::uint32_t, double> expected;
                for (std::size_t i = 0; i < 3 * most; ++i) {
                    const auto slot = static_cast<std::uint32_t>(draw.below(most)) * apart;
                    const double more = draw.unit();
                    expected[slot] += more;
                    *rows.slopes(rows.place(slot)) += more;
                }
                REQUIRE(rows.count() == expected.size());
                for (std::size_t i = 0; i < rows.count(); ++i) REQUIRE(*rows.slopes(i) == expected.at(rows.slot(i)));
                rows.clear();
            }
        }
}

TEST_CASE("many slots at once have the places that they would have one by one") {
    rv::touched_rows<float, 1> together(1000), alone(1000);
    rv::random draw(3);
    std::vector<std::uint32_t> slots(40), places(40);
    for (int round = 0; round < 20; ++round) {  // past the first size of the index
        const bool fresh = round == 0;
        for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = static_cast<std::uint32_t>(fresh ? 2 * i + 1 : draw.below(1000));
        const bool in_order = together.place_all(slots.data(), places.data(), slots.size());
        if (fresh) CHECK(in_order);
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const std::size_t place = in_order ? places[0] + i : places[i];  // then only the first is written
            REQUIRE(place == alone.place(slots[i]));
        }
    }
    CHECK(together.count() == alone.count());
    CHECK_FALSE(together.place_all(slots.data(), places.data(), 2));  // are there already
}

TEST_CASE("a copy is an empty list with as much room") {
    rv::touched_rows<float, 2> rows(10);
    rows.place(3);
    auto copy = rows;
    CHECK(copy.count() == 0);
    CHECK(copy.memory() == rows.memory());
    for (std::uint32_t slot = 0; slot < 10; ++slot) copy.place(slot);
    CHECK(copy.count() == 10);
    copy = rows;
    CHECK(copy.count() == 0);
    CHECK(copy.place(3) == 0);
    CHECK(rows.count() == 1);
    rv::touched_rows<float, 2> larger(20);
    larger.place(1);
    rows = larger;
    CHECK(rows.memory() == larger.memory());
    CHECK(rows.count() == 0);
}

TEST_CASE("a list without an index is indexed when somebody asks for a place, after any number of lists") {
    rv::touched_rows<float, 1> rows(20'000);
    const std::vector<std::uint32_t> slots{5, 4096, 700};
    std::vector<std::uint32_t> places(3);
    for (int step = 0; step < 600; ++step) {  // marks of lists long ago count no more
        REQUIRE(rows.place_all(slots.data(), places.data(), 3));
        REQUIRE(places[0] == 0);
        if (step % 3 == 0) {
            REQUIRE(rows.place(700) == 2);
            REQUIRE(rows.place(5 + 4096) == 3);
            REQUIRE(rows.place(4096) == 1);
        }
        REQUIRE(rows.count() == (step % 3 == 0 ? 4u : 3u));
        rows.clear();
    }
    const std::vector<std::uint32_t> alike{5, 9, 5 + 4096, 9};  // one that only looks as if it were there, and one that is
    places.resize(4);
    CHECK_FALSE(rows.place_all(alike.data(), places.data(), 4));
    CHECK(places == std::vector<std::uint32_t>{0, 1, 2, 1});
    CHECK_FALSE(rows.place_all(alike.data() + 1, places.data(), 2));  // a second list of the same step
    CHECK(std::vector<std::uint32_t>(places.begin(), places.begin() + 2) == std::vector<std::uint32_t>{1, 2});
    std::vector<std::uint32_t> all(20'000);
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    places.resize(all.size());
    rows.clear();
    static_cast<void>(rows.place_all(all.data(), places.data(), all.size()));
    for (std::uint32_t i = 0; i < all.size(); ++i) REQUIRE(rows.place(i) == i);
}
