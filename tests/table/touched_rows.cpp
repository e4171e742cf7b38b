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
            REQUIRE(places[i] == alone.place(slots[i]));
            if (in_order) REQUIRE(places[i] == places[0] + i);
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
