// SPDX-License-Identifier: MIT
// The nearest vectors: a sort of products in double, and with codes the same bits as without, whatever the vectors and however they came.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <rivulet/retrieve/vector_table.hpp>

#include "../counting_new.hpp"
#include "../random_data.hpp"

namespace rv = rivulet;

namespace {

template <std::size_t Width> using plain_table = rv::vector_table<Width>;
template <std::size_t Width> using coded_table = rv::vector_table<Width, rv::vector_codes::eight_bit>;
const auto everything = [](rv::item_id) { return true; };

std::vector<rv::item_id> scattered_ids(std::size_t count) {
    std::vector<rv::item_id> ids(count);
    for (std::size_t i = 0; i < count; ++i) ids[i] = (i * 0x9e3779b97f4a7c15u) ^ 77;
    return ids;
}

/// Both tables of these vectors give the same, bit for bit, and that is right: returns what they gave.
template <std::size_t Width, class Filter = decltype(everything)>
std::vector<rv::scored> check(const plain_table<Width>& plain, const coded_table<Width>& coded, const std::vector<float>& query,
                              std::size_t k, const Filter& allows = everything) {
    CAPTURE(k);
    std::vector<rv::scored> room(k + 2, {~0ull, -12345}), other(k + 2, {~0ull, -12345});  // and a guard on each side
    const auto exact = plain.nearest(query, std::span(room).subspan(1, k), allows);
    const auto certified = coded.nearest(query, std::span(other).subspan(1, k), allows);
    REQUIRE(exact);
    REQUIRE(certified);
    CHECK(room == other);
    CHECK(exact.size() == certified.size());
    CHECK(exact.overflowed == certified.overflowed);
    CHECK(exact.computed == (k == 0 ? 0 : plain.size()));
    CHECK(certified.computed <= coded.size());
    CHECK(room.front().score == -12345);
    CHECK(room[exact.size() + 1].score == -12345);

    std::size_t eligible = 0;
    std::map<rv::item_id, double> naive;
    double largest = 0;
    for (const auto id : plain.ids()) {
        if (!allows(id)) continue;
        ++eligible;
        const auto vector = plain.at(id);
        double sum = 0, size = 0;
        for (std::size_t i = 0; i < Width; ++i) sum += static_cast<double>(query[i]) * static_cast<double>(vector[i]);
        for (std::size_t i = 0; i < Width; ++i) size += std::abs(static_cast<double>(query[i]) * static_cast<double>(vector[i]));
        naive[id] = sum;
        largest = std::max(largest, size);
    }
    if (k > 0) CHECK(exact.size() == std::min(k, eligible - exact.overflowed));
    if (exact.overflowed == 0 && k > 0) {
        const double close = largest * (Width + 1) * 0x1p-24 + 1e-37;
        double worst_kept = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < exact.size(); ++i) {
            if (i > 0) CHECK(rv::ranks_before(exact[i - 1], exact[i]));
            CHECK(std::abs(static_cast<double>(exact[i].score) - naive.at(exact[i].id)) <= close);
            worst_kept = std::min(worst_kept, static_cast<double>(exact[i].score));
            naive.erase(exact[i].id);
        }
        for (const auto& [id, product] : naive) CHECK(product <= worst_kept + close);
    }
    return {exact.begin(), exact.end()};
}

template <std::size_t Width> struct both {
    plain_table<Width> plain;
    coded_table<Width> coded;

    explicit both(const std::vector<float>& vectors) {
        const auto ids = scattered_ids(vectors.size() / Width);
        REQUIRE(plain.add(ids, vectors));
        REQUIRE(coded.add(ids, vectors));
    }
    void check_all(const std::vector<float>& query) const {
        for (const std::size_t k :
             {std::size_t(0), std::size_t(1), std::size_t(2), std::size_t(10), std::size_t(100), plain.size(), plain.size() + 5}) {
            check(plain, coded, query, k);
            check(plain, coded, query, k, [](rv::item_id id) { return id % 3 == 0; });
        }
    }
};

template <std::size_t Width> void check_random(std::size_t count, double limit = 1, double query_limit = 1) {
    CAPTURE(Width);
    CAPTURE(count);
    CAPTURE(limit);
    rv::random draw(count + Width);
    const both<Width> tables(test::numbers<float>(draw, count * Width, limit));
    for (int i = 0; i < 3; ++i) tables.check_all(test::numbers<float>(draw, Width, query_limit));
}

}  // namespace

TEST_CASE("random vectors of any width, in tables of any size") {
    for (const std::size_t count : {1u, 2u, 15u, 16u, 17u, 100u, 127u, 128u, 129u, 511u, 512u, 513u, 1500u}) {
        check_random<1>(count);
        check_random<3>(count);
        check_random<16>(count);
        check_random<33>(count);
        check_random<64>(count);
    }
    check_random<257>(700);
    check_random<768>(600);
}

TEST_CASE("tiny and huge vectors, whose products underflow or overflow") {
    for (const double limit : {1e-45, 1e-40, 1e-30, 1e-20, 1e10, 1e19, 1e30, 3e38})
        for (const double query_limit : {1e-45, 1e-30, 1.0, 1e19, 1e30, 3e38}) check_random<20>(300, limit, query_limit);
}

TEST_CASE("products that are not finite are left out and counted, the others stay") {
    rv::random draw(1);
    auto vectors = test::numbers<float>(draw, 200 * 8);
    for (std::size_t r = 0; r < 200; r += 4) vectors[r * 8 + r / 4 % 8] = r % 8 ? 1e30f : -1e30f;
    vectors[2 * 8] = 3e38f, vectors[2 * 8 + 1] = -3e38f;  // infinity less infinity
    const both<8> tables(vectors);
    const std::vector<float> query(8, 1e10f);
    tables.check_all(query);
    std::array<rv::scored, 10> buffer;
    const auto found = tables.coded.nearest(query, buffer);
    CHECK(found.overflowed == 51);
    CHECK(found.size() == 10);
    CHECK(std::isfinite(found[0].score));
}

TEST_CASE("clusters, duplicates and zeros: many products that are equal or nearly so, ties by id") {
    rv::random draw(2);
    const std::size_t count = 1000;
    std::vector<float> centres = test::numbers<float>(draw, 5 * 32), clustered, duplicates;
    for (std::size_t r = 0; r < count; ++r)
        for (std::size_t i = 0; i < 32; ++i) {
            clustered.push_back(centres[r % 5 * 32 + i] + static_cast<float>(draw.around_zero(1e-5)));
            duplicates.push_back(centres[r % 5 * 32 + i]);
        }
    const auto query = test::numbers<float>(draw, 32);
    both<32>(clustered).check_all(query);
    const both<32> same(duplicates);
    same.check_all(query);
    const auto best = check(same.plain, same.coded, query, 200);
    for (std::size_t i = 1; i < 200; ++i) CHECK((best[i].score == best[0].score && best[i].id > best[i - 1].id));

    both<32>(std::vector<float>(count * 32)).check_all(query);
    same.check_all(std::vector<float>(32));
}

TEST_CASE("vectors in the order of their products, rising and falling") {
    rv::random draw(3);
    const auto query = test::numbers<float>(draw, 24);
    for (const float sign : {1.0f, -1.0f}) {
        std::vector<float> vectors;
        for (std::size_t r = 0; r < 2000; ++r)
            for (std::size_t i = 0; i < 24; ++i)
                vectors.push_back(sign * query[i] * static_cast<float>(r) + static_cast<float>(draw.around_zero(10)));
        both<24>(vectors).check_all(query);
    }
}

TEST_CASE("one component far above the others makes codes useless, and the answer stays") {
    rv::random draw(4);
    auto vectors = test::numbers<float>(draw, 3000 * 16);
    for (std::size_t r = 0; r < 3000; ++r) vectors[r * 16 + 5] = 1e4f * static_cast<float>(1 + draw.below(3));
    auto query = test::numbers<float>(draw, 16);
    query[5] = 0;
    const both<16> tables(vectors);
    tables.check_all(query);
    std::array<rv::scored, 10> buffer;
    CHECK(tables.coded.nearest(query, buffer).computed > 1000);
}

TEST_CASE("codes are given up where they exclude little, and tried again where they exclude much") {
    rv::random draw(8);
    auto vectors = test::numbers<float>(draw, 30000 * 8);
    const auto query = test::numbers<float>(draw, 8);
    for (std::size_t r = 0; r < 13000; ++r)
        for (std::size_t i = 0; i < 8; ++i) vectors[r * 8 + i] += query[i] * static_cast<float>(r);
    const both<8> tables(vectors);
    for (const std::size_t k : {1u, 10u, 100u}) {
        check(tables.plain, tables.coded, query, k);
        check(tables.plain, tables.coded, query, k, [](rv::item_id id) { return id % 3 == 0; });
    }
    std::array<rv::scored, 10> buffer;
    const auto computed = tables.coded.nearest(query, buffer).computed;
    CHECK(computed > 13000 + 2048);
    CHECK(computed < 13000 + 5 * 2048);
}

TEST_CASE("of random vectors codes leave few to be computed") {
    rv::random draw(5);
    const both<64> tables(test::numbers<float>(draw, 20000 * 64));
    std::array<rv::scored, 10> buffer;
    const auto query = test::numbers<float>(draw, 64);
    check(tables.plain, tables.coded, query, 10);
    CHECK(tables.coded.nearest(query, buffer).computed < 600);
}

TEST_CASE("a table that was changed is a table made afresh") {
    rv::random draw(6);
    plain_table<12> plain;
    coded_table<12> coded;
    std::map<rv::item_id, std::vector<float>> kept;
    for (int round = 0; round < 3000; ++round) {
        const rv::item_id id = draw.below(400);
        const auto vector = test::numbers<float>(draw, 12);
        if (kept.count(id) == 0) {
            CHECK(plain.change(id, vector).code == rv::errc::unknown_item);
            CHECK(plain.remove(id).code == rv::errc::unknown_item);
            CHECK((plain.add(id, vector) && coded.add(id, vector)));
            kept[id] = vector;
        } else if (draw.below(2) == 0) {
            CHECK(coded.add(id, vector).code == rv::errc::duplicate_item);
            CHECK((plain.change(id, vector) && coded.change(id, vector)));
            kept[id] = vector;
        } else {
            CHECK((plain.remove(id) && coded.remove(id)));
            kept.erase(id);
        }
        if (round % 100 != 99) continue;
        CHECK(plain.size() == kept.size());
        plain_table<12> fresh;
        coded_table<12> fresh_coded;
        for (const auto& [one, numbers] : kept) {
            CHECK((fresh.add(one, numbers) && fresh_coded.add(one, numbers)));
            CHECK(std::equal(numbers.begin(), numbers.end(), plain.at(one).begin(), plain.at(one).end()));
        }
        const auto query = test::numbers<float>(draw, 12);
        for (const std::size_t k : {1u, 20u, 500u}) CHECK(check(plain, coded, query, k) == check(fresh, fresh_coded, query, k));
    }
    const auto copy = coded;
    const auto moved = std::move(coded);
    const auto query = test::numbers<float>(draw, 12);
    CHECK(check(plain, copy, query, 30) == check(plain, moved, query, 30));
}

TEST_CASE("an empty table gives nothing, and a table can be emptied and filled again") {
    coded_table<4> table;
    std::array<rv::scored, 3> buffer;
    const std::array<float, 4> vector{1, 2, 3, 4};
    CHECK(table.nearest(vector, buffer));
    CHECK(table.nearest(vector, buffer).size() == 0);
    CHECK(table.at(1).empty());
    CHECK(table.add(1, vector));
    CHECK(table.nearest(vector, buffer)[0] == rv::scored{1, 30});
    CHECK(table.remove(1));
    CHECK(table.size() == 0);
    CHECK(table.nearest(vector, buffer).size() == 0);
    CHECK(table.add(2, vector));
    CHECK(table.nearest(vector, buffer)[0] == rv::scored{2, 30});
    auto taken = std::move(table);
    CHECK(taken.size() == 1);
    CHECK(table.size() == 0);  // NOLINT: a table that was moved from is empty
    CHECK(table.add(3, vector));
    CHECK(table.nearest(vector, buffer)[0] == rv::scored{3, 30});
}

TEST_CASE("what is refused changes nothing and says why") {
    constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    coded_table<4> table;
    const std::vector<float> good{1, 2, 3, 4}, shorter{1, 2, 3}, poisoned{1, 2, nan, 4}, infinite{1, infinity, 3, 4};
    CHECK(table.add(7, good));
    const auto refused = [&](const rv::status& got, rv::errc code, std::uint64_t index = 0) {
        CHECK(got.code == code);
        CHECK(got.index == index);
        CHECK(table.size() == 1);
        CHECK(std::equal(good.begin(), good.end(), table.at(7).begin()));
    };
    refused(table.add(7, good), rv::errc::duplicate_item, 7);
    refused(table.add(8, shorter), rv::errc::width);
    refused(table.add(8, poisoned), rv::errc::nonfinite, 2);
    refused(table.add(8, infinite), rv::errc::nonfinite, 1);
    refused(table.change(7, shorter), rv::errc::width);
    refused(table.change(7, poisoned), rv::errc::nonfinite, 2);
    refused(table.change(8, good), rv::errc::unknown_item, 8);
    refused(table.remove(8), rv::errc::unknown_item, 8);

    const std::vector<float> three{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    using ids = std::vector<rv::item_id>;
    refused(table.add(ids{1, 2}, three), rv::errc::count);
    refused(table.add(ids{1, 2, 7}, three), rv::errc::duplicate_item, 7);
    refused(table.add(ids{1, 2, 1}, three), rv::errc::duplicate_item, 1);
    refused(table.add(ids{1}, infinite), rv::errc::nonfinite, 1);
    CHECK_FALSE(table.contains(1));
    CHECK(table.add(ids{1, 2, 3}, three));
    CHECK(table.size() == 4);

    std::array<rv::scored, 2> buffer{rv::scored{99, 99}, rv::scored{99, 99}};
    for (const auto& query : {shorter, poisoned, infinite}) {
        const auto found = table.nearest(query, buffer);
        CHECK_FALSE(found);
        CHECK(found.size() == 0);
        CHECK(found.status.where == "query");
    }
    CHECK(table.nearest(poisoned, buffer).status.index == 2);
    CHECK(buffer[0].id == 99);
    CHECK(table.nearest(good, buffer));
}

TEST_CASE("a table takes its own vectors, also while it grows") {
    coded_table<4> table;
    REQUIRE(table.add(0, std::array<float, 4>{1, 2, 3, 4}));
    for (rv::item_id id = 1; id < 100; ++id) REQUIRE(table.add(id, table.at(0)));
    const std::span<const float> all(table.at(0).data(), 100 * 4);
    std::vector<rv::item_id> ids(100);
    for (std::size_t i = 0; i < 100; ++i) ids[i] = 1000 + i;
    REQUIRE(table.add(ids, all));
    for (const auto id : table.ids()) CHECK(table.at(id)[3] == 4);
}

TEST_CASE("searching and changing in place allocate nothing, and memory is what was asked for") {
    rv::random draw(7);
    const std::size_t count = 5000;
    const auto vectors = test::numbers<float>(draw, count * 64), query = test::numbers<float>(draw, 64);
    plain_table<64> plain;
    coded_table<64> coded;
    const auto ids = scattered_ids(count);
    const std::size_t before_plain = test::allocated;
    REQUIRE(plain.add(ids, vectors));
    const std::size_t before_coded = test::allocated;
    REQUIRE(coded.add(ids, vectors));
    const auto near = [](std::size_t reported, std::size_t counted) { return 10 * reported > 9 * counted && 9 * reported < 10 * counted; };
    CHECK(near(plain.memory(), before_coded - before_plain));
    CHECK(near(coded.memory(), test::allocated - before_coded));
    CHECK(coded.memory() - plain.memory() == 5008 * (64 + 12));

    std::vector<rv::scored> buffer(100);
    static_assert(noexcept(plain.nearest(query, buffer))&& noexcept(coded.nearest(query, buffer, everything)));
    static_assert(noexcept(coded.change(1, query))&& noexcept(coded.remove(1)));
    const auto first = plain.ids()[0], second = plain.ids()[1];
    const std::size_t before = test::allocations;
    const bool good = plain.nearest(query, buffer) && coded.nearest(query, buffer) && coded.nearest(query, buffer, everything) &&
                      plain.change(first, query) && coded.change(first, query) && plain.remove(second) && coded.remove(second) &&
                      !coded.nearest(buffer.empty() ? query : std::vector<float>{}, buffer);
    CHECK(test::allocations == before);
    CHECK(good);
    plain.reserve(6000);
    const float* const lies = plain.at(first).data();
    for (rv::item_id id = 0; plain.size() < 6000; ++id)
        if (!plain.contains(id)) REQUIRE(plain.add(id, query));
    CHECK(plain.at(first).data() == lies);
}
