// SPDX-License-Identifier: MIT
// A table of rows: what a step adds up and takes, what a refusal leaves, what eviction clears, and which bytes it believes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include <rivulet/table/hashed_places.hpp>
#include <rivulet/table/id_directory.hpp>
#include <rivulet/table/row_table.hpp>
#include <rivulet/update/adagrad.hpp>
#include <rivulet/update/sgd.hpp>

namespace rv = rivulet;

namespace {

template <std::size_t Width> using table = rv::row_table<float, rv::id_directory, Width>;

template <class Table> std::vector<std::byte> bytes_of(const Table& rows) {
    std::vector<std::byte> bytes;
    rows.parts([&](std::span<const std::byte> part) {
        for (const std::byte one : part) bytes.push_back(one);
    });
    return bytes;
}
template <class Table> std::vector<float> row(const Table& rows, rv::item_id id) {
    const float* const found = rows.find(id);
    return found == nullptr ? std::vector<float>{} : std::vector<float>(found, found + Table::width);
}
template <class Table> void put(Table& rows, rv::item_id id, float first) {
    rows.admit(id, [&](float* weights) {
        for (std::size_t k = 0; k < Table::width; ++k) weights[k] = first + static_cast<float>(k);
    });
}
constexpr auto accepts_all = [](float, std::size_t) { return true; };

}  // namespace

TEST_CASE("a step moves the rows whose slopes were added up, once, however often they were") {
    table<3> rows(rv::id_directory({.capacity = 8}), 0);
    put(rows, 5, 1);
    put(rows, 6, 10);
    rows.settle(true);
    float* const slope = rows.slopes(rows.slot(5));
    CHECK(std::vector<float>(slope, slope + 3) == std::vector<float>{0, 0, 0});
    slope[0] = 1;
    rows.slopes(rows.slot(5))[0] += 1;
    CHECK(rows.step_slopes().size() == 3);
    rows.step(rv::sgd{.rate = 0.25f}, 0);
    rows.settle(true);
    CHECK(row(rows, 5) == std::vector<float>{0.5f, 2, 3});
    CHECK(row(rows, 6) == std::vector<float>{10, 11, 12});
    rows.step(rv::sgd{.rate = 0.25f}, 1);  // nothing is left of the slopes
    CHECK(row(rows, 5) == std::vector<float>{0.5f, 2, 3});
}

TEST_CASE("each row has state of its own, as an updater would keep it of weights that lie alone") {
    rv::row_table<float, rv::hashed_places, 5> rows(rv::hashed_places(2), rv::adagrad::state);
    std::vector<std::vector<float>> weights(4, std::vector<float>(5)), seen = weights;
    const rv::adagrad updater{.rate = 0.5f};
    for (std::uint64_t step = 0; step < 20; ++step) {
        for (std::uint32_t slot = 0; slot < 4; ++slot) {
            if (step % (slot + 1) != 0) continue;
            std::vector<float> g(5);
            for (std::size_t k = 0; k < 5; ++k) g[k] = static_cast<float>(step + k) - 6.5f * static_cast<float>(slot);
            std::copy(g.begin(), g.end(), rows.slopes(slot));
            updater.step(weights[slot].data(), g.data(), {seen[slot].data(), 5, step}, 5);
        }
        rows.step(updater, step);
        for (std::uint32_t slot = 0; slot < 4; ++slot) CHECK(std::equal(weights[slot].begin(), weights[slot].end(), rows.row(slot)));
    }
}

TEST_CASE("a refused step leaves every byte as it was") {
    table<2> rows(rv::id_directory({.capacity = 8}), 1);
    put(rows, 1, 1);
    rows.settle(true);
    const auto before = bytes_of(rows);
    put(rows, 2, 5);
    put(rows, 3, 7);
    put(rows, 2, 9);  // is there already
    CHECK(row(rows, 2) == std::vector<float>{5, 6});
    rows.slopes(rows.slot(1))[0] = 3;
    rows.slopes(rows.slot(3))[1] = 3;
    rows.settle(false);
    CHECK(bytes_of(rows) == before);
    CHECK(rows.step_slopes().empty());
}

TEST_CASE("shrinkage joins the slopes of touched rows") {
    table<2> rows(rv::id_directory({.capacity = 8}), 0, 0.5f);
    put(rows, 1, 2);
    put(rows, 2, 4);
    rows.settle(true);
    rows.slopes(rows.slot(1))[0] = 1;
    rows.add_shrinkage();
    rows.step(rv::sgd{.rate = 1}, 0);
    CHECK(row(rows, 1) == std::vector<float>{0, 1.5f});
    CHECK(row(rows, 2) == std::vector<float>{4, 5});
}

TEST_CASE("who is evicted or erased leaves zeros, and his slot starts afresh") {
    table<2> rows(rv::id_directory({.capacity = 4}), 1);
    for (rv::item_id id = 0; id < 4; ++id) put(rows, id, 1);
    rows.settle(true);
    for (rv::item_id id = 1; id < 4; ++id) rows.sighted(id);
    rows.slopes(rows.slot(0))[0] = 1;
    rows.step(rv::adagrad{}, 0);
    const std::uint32_t slot = rows.slot(0);
    rows.make_room();
    CHECK(rows.find(0) == nullptr);
    CHECK(std::all_of(rows.row(slot), rows.row(slot) + 4, [](float x) { return x == 0; }));
    CHECK(rows.erase(2));
    CHECK_FALSE(rows.erase(2));
    CHECK(rows.find(2) == nullptr);
    CHECK(rows.validate_state(accepts_all));
}

TEST_CASE("hashed places: every id has one, none is new, and there is nothing to forget") {
    for (const unsigned bits : {1u, 2u, 7u, 20u, 30u}) {
        const rv::hashed_places places(bits);
        CHECK(places.capacity() == std::size_t(1) << bits);
        for (const rv::item_id id : {rv::item_id(0), rv::item_id(1), ~rv::item_id(0), rv::item_id(1) << 63})
            CHECK(places.find(id) < places.capacity());
    }
    rv::hashed_places places(4);
    std::vector<std::size_t> used(16);
    for (rv::item_id id = 0; id < 1600; ++id) ++used[places.admit(id)];
    CHECK(*std::min_element(used.begin(), used.end()) >= 80);  // consecutive ids are spread evenly
    CHECK(*std::max_element(used.begin(), used.end()) <= 120);
    CHECK(places.tentative().empty());
    static_assert(rv::combined(1, 2) != rv::combined(2, 1));
}

TEST_CASE("bytes that no step can have left are refused") {
    table<2> rows(rv::id_directory({.capacity = 4}), 1);
    for (rv::item_id id = 0; id < 3; ++id) put(rows, id, 1);
    rows.settle(true);
    CHECK(rows.validate_state(accepts_all));
    CHECK_FALSE(rows.validate_state([](float, std::size_t) { return false; }));
    std::size_t kinds = 0;
    CHECK(rows.validate_state([&](float, std::size_t kind) { return kinds += kind, true; }));
    CHECK(kinds == 0);                                   // one kind: the first
    for (const std::size_t column : {0u, 1u, 2u, 3u}) {  // weights, state
        auto changed = rows;
        changed.mutable_row(1)[column] = std::numeric_limits<float>::infinity();
        CAPTURE(column);
        CHECK_FALSE(changed.validate_state(accepts_all));
        changed.mutable_row(1)[column] = 1;
        CHECK(changed.validate_state(accepts_all));
    }
}

TEST_CASE("copies have numbers of their own, and memory is counted") {
    table<2> rows(rv::id_directory({.capacity = 100}), 1);
    put(rows, 1, 1);
    rows.settle(true);
    auto copy = rows;
    copy.mutable_row(copy.slot(1))[0] = 9;
    CHECK(row(rows, 1)[0] == 1);
    CHECK(rows.memory() >= 100 * (6 * sizeof(float) + 40));
    CHECK(rows.memory() == copy.memory());
}
