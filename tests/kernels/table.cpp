// SPDX-License-Identifier: MIT
// The table of kernels: what is offered, what is chosen, and that a host which goes through it computes what any other does.
#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <rivulet/rivulet.hpp>

#include "recommender.hpp"

namespace rv = rivulet;

TEST_CASE("every processor has a table, and each is for other instructions") {
    const rv::kernels::table* tables[8];
    const std::size_t count = rv::kernels::available(tables, 8);
    REQUIRE(count >= 1);
    std::set<std::string> names;
    for (std::size_t i = 0; i < count; ++i) CHECK(names.insert(tables[i]->instructions).second);
    CHECK(rv::kernels::available(tables, 0) == 0);
}

TEST_CASE("what nobody chose is the best that there is, and a choice holds") {
    const rv::kernels::table* const before = rv::kernels::chosen.load();
    const rv::kernels::table* tables[8];
    const std::size_t count = rv::kernels::available(tables, 8);
    rv::kernels::chosen.store(nullptr);
    CHECK(&rv::kernels::in_use() == tables[0]);
    rv::kernels::use(*tables[count - 1]);
    CHECK(&rv::kernels::in_use() == tables[count - 1]);
    CHECK(&rv::kernels::choose() == tables[count - 1]);  // whoever was first stays
    rv::kernels::use(*before);
}

TEST_CASE("this unit goes through the table: one that answers otherwise is heard") {
    CHECK(rv::through_table);
    const rv::kernels::table before = rv::kernels::in_use();
    const rv::kernels::table* const there = &rv::kernels::in_use();
    rv::kernels::table other = before;
    other.dot = [](const float*, const float*, std::size_t) noexcept { return 42.0f; };
    rv::kernels::use(other);
    const float x[3] = {1, 2, 3};
    CHECK(rv::math::dot(x, x, 3) == 42.0f);
    const double exact[3] = {1, 2, 3};
    CHECK(rv::math::dot(exact, exact, 3) == 14.0);  // the table is of float alone
    rv::kernels::use(*there);
    CHECK(rv::math::dot(x, x, 3) == 14.0f);
}

TEST_CASE("a pipeline that learns and ranks through the table does what one without it does, in one program") {
    const ranked_items here = ranked_after_learning(), there = ranked_header_only();
    REQUIRE(here.size() == 10);
    REQUIRE(there.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) {
        CHECK(here[i].first == there[i].first);
        CHECK(here[i].second == doctest::Approx(there[i].second).epsilon(1e-3));  // 200 steps of Adam, each with roundings of its own
    }
}
