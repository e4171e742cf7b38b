// SPDX-License-Identifier: MIT
// The table of items: rows and ids stay together while items come, change and go.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include <rivulet/input/item_table.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

namespace {

struct title : rv::candidate<5> {};
struct price : rv::candidate<1> {};
struct tags : rv::candidate<3> {};
template <class T> using table = rv::item_table<T, title, price, tags>;

/// What an item of the twin brings: all 9 numbers side by side.
template <class T> using numbers = std::vector<T>;
template <class T> auto record_of(const numbers<T>& all) {
    return rv::item(rv::with<tags>(all.data() + 6, 3), rv::with<title>(all.data(), 5), rv::with<price>(all.data() + 5, 1));
}
template <class T> numbers<T> row_of(const table<T>& items, std::size_t row) {
    numbers<T> all(items.template get<title>(row).data, items.template get<title>(row).data + 5);
    all.push_back(items.template get<price>(row).data[0]);
    all.insert(all.end(), items.template get<tags>(row).data, items.template get<tags>(row).data + 3);
    return all;
}
template <class T> bool equal(const table<T>& items, const std::map<rv::item_id, numbers<T>>& twin) {
    if (items.size() != twin.size() || items.ids().size() != twin.size()) return false;
    for (const auto& [id, all] : twin) {
        const std::size_t row = items.find(id);
        if (row >= items.size() || items.id(row) != id || row_of(items, row) != all) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("an empty table finds nothing") {
    const table<float> items;
    CHECK(items.size() == 0);
    CHECK(items.find(7) == items.size());
    CHECK(items.ids().empty());
    CHECK(table<float>::width == 9);
}

TEST_CASE_TEMPLATE("a table does what a map does, through any run of appends, writes and removals", T, float, double) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        rv::random draw(seed);
        table<T> items;
        std::map<rv::item_id, numbers<T>> twin;
        for (int step = 0; step < 600; ++step) {
            // few ids, so that they come back; spread over all 64 bits
            const rv::item_id id = draw.below(60) * 0x0404040404040404u;
            const auto all = test::numbers<T>(draw, 9);
            if (!twin.contains(id)) {
                items.append(id, record_of(all));
                twin[id] = all;
            } else if (draw.unit() < 0.5) {
                items.remove(items.find(id));
                twin.erase(id);
                REQUIRE(items.find(id) == items.size());
            } else if (draw.unit() < 0.5) {
                items.write(items.find(id), record_of(all));
                twin[id] = all;
            } else {
                items.write(items.find(id), rv::with<price>(all.data() + 5, 1));
                twin[id][5] = all[5];
            }
            REQUIRE(equal(items, twin));
        }
        const table<T> copy = items;
        while (items.size() > 0) items.remove(0);
        CHECK(equal(items, {}));
        CHECK(equal(copy, twin));  // a copy has memory of its own
    }
}

TEST_CASE("an item that is removed gives its row to the last one, and the last row just goes") {
    table<float> items;
    std::vector<numbers<float>> all;
    for (rv::item_id id = 10; id < 14; ++id) {
        all.push_back(numbers<float>(9, static_cast<float>(id)));
        items.append(id, record_of(all.back()));
    }
    items.remove(1);
    CHECK(items.ids() == std::vector<rv::item_id>{10, 13, 12});
    CHECK(row_of(items, 1) == all[3]);
    items.remove(2);
    CHECK(items.ids() == std::vector<rv::item_id>{10, 13});
}

TEST_CASE("reserved rows are there: appending up to them moves nothing, and what was there stays") {
    table<float> items;
    const numbers<float> all(9, 1.5f);
    items.append(1, record_of(all));
    items.reserve(500);
    const float* const place = items.get<title>(0).data;
    const std::size_t memory = items.memory();
    for (rv::item_id id = 2; id <= 500; ++id) items.append(id, record_of(all));
    CHECK(items.get<title>(0).data == place);
    CHECK(row_of(items, 0) == all);
    CHECK(items.memory() >= memory);
    CHECK(items.memory() >= 500 * (9 * sizeof(float) + sizeof(rv::item_id)));
    items.reserve(10);  // never shrinks
    CHECK(items.size() == 500);
    CHECK(items.get<title>(0).data == place);
}

TEST_CASE("growing one item at a time moves rows a logarithmic number of times") {
    table<float> items;
    const numbers<float> all(9, 2.0f);
    int moves = 0;
    const float* place = nullptr;
    for (rv::item_id id = 0; id < 10000; ++id) {
        items.append(id, record_of(all));
        if (items.get<title>(0).data != place) ++moves;
        place = items.get<title>(0).data;
    }
    CHECK(moves <= 14);
}

TEST_CASE("items may bring nothing but their id") {
    rv::item_table<float> items;
    for (rv::item_id id = 0; id < 100; ++id) items.append(id, rv::item());
    items.remove(50);
    CHECK(items.size() == 99);
    CHECK(items.find(99) == 50);
}

namespace {

struct poster : rv::optional<rv::candidate<3>> {};
struct clip : rv::optional<rv::candidate<2>> {};
struct brought {
    float price;
    bool has_poster, has_clip;
    float first;  // of poster; the others follow
    bool operator==(const brought&) const = default;
};
using lacking_table = rv::item_table<float, clip, price, poster>;

}  // namespace

TEST_CASE("what an item lacks stays missing through any run of appends, writes and removals, and leaves no trace") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        rv::random draw(seed);
        lacking_table items;
        std::map<rv::item_id, brought> twin;
        const auto get = [&](std::size_t row) {
            const auto p = items.get<poster>(row);
            const auto c = items.get<clip>(row);
            for (const auto& [data, size, there] : {std::tuple(p.data, p.size, p.holds(0)), std::tuple(c.data, c.size, c.holds(0))})
                REQUIRE((data != nullptr && size != 0) == there);
            if (c.holds(0)) REQUIRE(c.data[1] == items.get<price>(row).data[0]);
            return brought{items.get<price>(row).data[0], p.holds(0), c.holds(0), p.holds(0) ? p.data[0] : 0};
        };
        for (int step = 0; step < 600; ++step) {
            const rv::item_id id = draw.below(60) * 0x0404040404040404u;
            const auto all = test::numbers<float>(draw, 4);
            const std::array<float, 2> moving{0, all[0]};
            const brought now{all[0], draw.unit() < 0.5, draw.unit() < 0.5, all[1]};
            const auto p = now.has_poster ? rv::with<poster>(all.data() + 1, 3) : rv::missing<poster>();
            const auto c = now.has_clip ? rv::with<clip>(moving) : rv::missing<clip>();
            const brought expected{now.price, now.has_poster, now.has_clip, now.has_poster ? now.first : 0};
            if (!twin.contains(id)) {
                items.append(id, rv::item(p, rv::with<price>(all.data(), 1), c));
                twin[id] = expected;
            } else if (draw.unit() < 0.4) {
                items.remove(items.find(id));
                twin.erase(id);
            } else if (draw.unit() < 0.5) {
                items.write(items.find(id), rv::item(p, rv::with<price>(all.data(), 1), c));
                twin[id] = expected;
            } else {
                items.write(items.find(id), p);
                twin[id].has_poster = expected.has_poster;
                twin[id].first = expected.first;
            }
            REQUIRE(items.size() == twin.size());
            for (const auto& [known, what] : twin) REQUIRE(get(items.find(known)) == what);
        }
        const lacking_table copy = items;
        while (items.size() > 0) items.remove(0);
        for (const auto& [known, what] : twin) CHECK(copy.get<poster>(copy.find(known)).holds(0) == what.has_poster);
    }
}

TEST_CASE("a masked row is written like a missing one, and an item may be appended from one that lacks something") {
    lacking_table items;
    const std::vector<float> all(3, 2.0f);
    const std::vector<std::uint8_t> no{0}, yes{7};
    items.append(1, rv::item(rv::with<poster>(all, no), rv::with<price>(all.data(), 1), rv::with<clip>(all.data(), 2)));
    CHECK_FALSE(items.get<poster>(0).holds(0));
    CHECK(items.get<clip>(0).holds(0));
    for (rv::item_id id = 2; id < 100; ++id) {
        items.append(id, rv::item(items.get<poster>(0), items.get<price>(0), items.get<clip>(0)));
        REQUIRE_FALSE(items.get<poster>(id - 1).holds(0));
        REQUIRE(items.get<clip>(id - 1).data[1] == 2);
    }
    items.write(5, rv::with<poster>(all, yes));
    CHECK(items.get<poster>(5).data[2] == 2);
    CHECK(items.memory() >= 99 * (6 * sizeof(float) + sizeof(rv::item_id) + 2));
}

TEST_CASE("an item may be appended from a view of another item of the same table, even when the table must grow") {
    table<float> items;
    rv::random draw(3);
    const auto all = test::numbers<float>(draw, 9);
    items.append(0, record_of(all));
    for (rv::item_id id = 1; id < 200; ++id) {
        items.append(id, rv::item(items.get<title>(0), items.get<price>(0), items.get<tags>(0)));
        REQUIRE(row_of(items, id) == all);
    }
}
