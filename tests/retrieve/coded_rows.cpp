// SPDX-License-Identifier: MIT
// The bounds of coded rows: never below the product, exact or as it is computed, on rows chosen to break them; and tight enough to be of
// use.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <rivulet/retrieve/coded_rows.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

namespace {

struct products {
    double exact = 0, lengths = 0, longer = 0;  // |query| |row|, the larger of them
    float computed = 0;
};

template <std::size_t Width> products multiply(const float* query, const float* row) {
    products p;
    double qq = 0, rr = 0;
    for (std::size_t i = 0; i < Width; ++i) {
        const auto a = static_cast<double>(query[i]), b = static_cast<double>(row[i]);
        p.exact += a * b, qq += a * a, rr += b * b;
    }
    p.lengths = std::sqrt(qq) * std::sqrt(rr);
    p.longer = std::sqrt(std::max(qq, rr));
    constexpr std::size_t together = rv::math::rows_at_once<Width>;
    std::vector<float> padded(query, query + Width), rows(together * Width + rv::math::read_beyond_rows), found(together);
    padded.resize((Width + 15) / 16 * 16);
    std::copy_n(row, Width, rows.data());
    rv::math::row_products<Width>(padded.data(), rows.data(), together, found.data());
    p.computed = found[0];
    return p;
}

/// Checks every row against every query, both ways round, and gives the largest excess of a bound over the exact product, in lengths.
template <std::size_t Width> double check(const std::vector<float>& queries, const std::vector<float>& rows) {
    const std::size_t count = rows.size() / Width;
    rv::coded_rows<Width> coded;
    coded.reserve(count);
    for (std::size_t r = 0; r < count; ++r) coded.write(r, rows.data() + r * Width);
    double excess = 0;
    std::vector<float> query(Width);
    for (std::size_t q = 0; q < queries.size() / Width; ++q)
        for (const float sign : {1.0f, -1.0f}) {
            for (std::size_t i = 0; i < Width; ++i) query[i] = sign * queries[q * Width + i];
            const typename rv::coded_rows<Width>::question asked(query.data());
            std::vector<float> highest(count);
            for (std::size_t r = 0; r < count; ++r) {
                const auto truth = multiply<Width>(query.data(), rows.data() + r * Width);
                highest[r] = coded.highest(asked, r);
                const bool bounded = highest[r] < std::numeric_limits<float>::max();
                if (!bounded) CHECK((truth.lengths > 4e37 || truth.longer > 4e37 / (256.0 * Width)));
                if (!bounded) continue;
                CHECK(std::isfinite(truth.computed));
                REQUIRE(highest[r] >= truth.computed);
                REQUIRE(static_cast<double>(highest[r]) >= truth.exact);
                if (truth.lengths > 1e-20) excess = std::max(excess, (static_cast<double>(highest[r]) - truth.exact) / truth.lengths);
            }
            for (const float least : {-1e30f, -1.0f, 0.0f, 1.0f, 1e30f}) {
                std::vector<std::size_t> found, expected;
                coded.each_that_may_reach(
                    asked, 0, count, [&] { return least; }, [&](std::size_t row) { found.push_back(row); });
                for (std::size_t r = 0; r < count; ++r)
                    if (highest[r] >= least) expected.push_back(r);
                CHECK(found == expected);
                found.clear();
                coded.each_that_may_reach(
                    asked, 16, 27, [&] { return least; }, [&](std::size_t row) { found.push_back(row); });
                std::erase_if(expected, [](std::size_t row) { return row < 16 || row >= 27; });
                CHECK(found == expected);
            }
        }
    return excess;
}

template <std::size_t Width> void check_all() {
    CAPTURE(Width);
    rv::random draw(Width);
    auto queries = test::numbers<float>(draw, 8 * Width), rows = test::numbers<float>(draw, 45 * Width);
    const double excess = check<Width>(queries, rows);
    CHECK(excess < (Width < 1000 ? 0.03 : 0.05));  // each side misses about (largest / 127) / sqrt(12) / root mean square
    CHECK(excess > 0);

    SUBCASE("one component far above the others") {
        for (std::size_t r = 0; r < 45; r += 2)
            rows[r * Width + draw.below(Width)] = static_cast<float>(std::pow(10.0, draw.around_zero(8)));
        queries[draw.below(Width)] = 1e5f;
        check<Width>(queries, rows);
    }
    SUBCASE("halves of a step, all rounded the same way") {
        for (float& x : rows) x = std::round(x * 127 - 0.5f) + (x < 0 ? 0.499f : 0.501f);
        for (std::size_t r = 0; r < 45; ++r) rows[r * Width] = 127;
        for (std::size_t i = 0; i < Width; ++i) queries[i] = rows[i];
        check<Width>(queries, rows);
    }
    SUBCASE("queries that are rows, or the residual of one") {
        std::copy_n(rows.data(), Width, queries.data());
        std::vector<std::int8_t> codes(Width);
        const float scale = rv::math::encode_signed(rows.data(), Width, codes.data());
        for (std::size_t i = 0; i < Width; ++i) queries[Width + i] = rows[i] - scale * static_cast<float>(codes[i]);
        check<Width>(queries, rows);
    }
    SUBCASE("sizes from subnormal to huge") {
        for (std::size_t r = 0; r < 45; ++r)
            for (std::size_t i = 0; i < Width; ++i)
                rows[r * Width + i] *= static_cast<float>(std::pow(10.0, static_cast<double>(r) * 1.9 - 45));
        for (std::size_t q = 0; q < 8; ++q)
            for (std::size_t i = 0; i < Width; ++i)
                queries[q * Width + i] *= static_cast<float>(std::pow(10.0, static_cast<double>(q) * 11 - 42));
        check<Width>(queries, rows);
    }
    SUBCASE("zeros") {
        std::fill_n(rows.data(), 5 * Width, 0.0f);
        std::fill_n(queries.data(), 2 * Width, 0.0f);
        check<Width>(queries, rows);
    }
}

}  // namespace

TEST_CASE("bounds of 1 number") {
    rv::random draw(1);
    check<1>(test::numbers<float>(draw, 40), test::numbers<float>(draw, 40));
}
TEST_CASE("bounds of 5 numbers") { check_all<5>(); }
TEST_CASE("bounds of 16 numbers") { check_all<16>(); }
TEST_CASE("bounds of 64 numbers") { check_all<64>(); }
TEST_CASE("bounds of 300 numbers") { check_all<300>(); }
TEST_CASE("bounds of 1,100 numbers, whose products of codes are rounded to float") { check_all<1100>(); }

TEST_CASE("a row that was copied has the bounds of the first, and reserving keeps what was there") {
    rv::random draw(1);
    const auto rows = test::numbers<float>(draw, 40 * 20), query = test::numbers<float>(draw, 20);
    rv::coded_rows<20> coded;
    coded.reserve(20);
    for (std::size_t r = 0; r < 20; ++r) coded.write(r, rows.data() + r * 20);
    const rv::coded_rows<20>::question asked(query.data());
    const float seventh = coded.highest(asked, 7), eighteenth = coded.highest(asked, 18);
    coded.reserve(40);
    for (std::size_t r = 20; r < 40; ++r) coded.write(r, rows.data() + r * 20);
    CHECK(coded.highest(asked, 7) == seventh);
    coded.copy(18, 7);
    CHECK(coded.highest(asked, 7) == eighteenth);
    CHECK(coded.highest(asked, 18) == eighteenth);
    CHECK(coded.memory() == 48 * (20 + 12));
}
