// SPDX-License-Identifier: MIT
// Dropout as a layer: nothing without noise, the right share with it, the same units in both directions.
#include <doctest/doctest.h>

#include <limits>
#include <set>

#include <rivulet/layer/dropout.hpp>

#include "run.hpp"

namespace rv = rivulet;
using test::within;

namespace {

/// Which units of `rows` rows of ones are kept.
template <std::size_t In> std::vector<bool> kept(float share, rv::noise by, std::size_t rows) {
    test::layer_run<rv::dropout, In, float> run(rv::dropout{.share = share}, rows);
    for (std::size_t r = 0; r < rows; ++r) std::fill_n(run.x[r], In, 1.0f);
    run.by = by;
    run.forward();
    std::vector<bool> found;
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t i = 0; i < In; ++i) {
            REQUIRE((run.y[r][i] == 0 || run.y[r][i] == static_cast<float>(1 / (1 - static_cast<double>(share)))));
            found.push_back(run.y[r][i] != 0);
        }
    CHECK(run.intact());
    return found;
}

}  // namespace

TEST_CASE_TEMPLATE("without noise, or with nothing to drop, numbers and slopes pass as they are", T, float, double) {
    for (const auto& [share, seed] : {std::pair{0.5f, 0u}, std::pair{0.0f, 7u}}) {
        test::layer_run<rv::dropout, 19, T> run(rv::dropout{.share = share}, 4);
        run.draw(1, 2);
        run.by = {.seed = seed};
        run.forward();
        run.backward();
        for (std::size_t r = 0; r < 4; ++r)
            for (std::size_t i = 0; i < 32; ++i) {
                REQUIRE(run.y[r][i] == run.x[r][i]);
                REQUIRE(run.dx[r][i] == run.dy[r][i]);
            }
        CHECK(run.intact());
    }
}

TEST_CASE("the share that is dropped is the one asked for, and the mean is kept") {
    constexpr std::size_t width = 64, rows = 2000;
    for (const float share : {0.1f, 0.5f, 0.9f}) {
        CAPTURE(share);
        const auto units = kept<width>(share, {.seed = 11}, rows);
        const double q = 1 - static_cast<double>(share), count = width * rows;
        const double found = static_cast<double>(std::count(units.begin(), units.end(), true)) / count;
        CHECK(within(found, q, 5 * std::sqrt(q * (1 - q) / count)));  // five standard deviations; kept numbers are 1 / q
        for (std::size_t i = 0; i < width; ++i) {                     // no unit and no row is favoured
            double of_unit = 0;
            for (std::size_t r = 0; r < rows; ++r) of_unit += units[r * width + i] ? 1.0 / rows : 0;
            REQUIRE(within(of_unit, q, 5 * std::sqrt(q * (1 - q) / rows)));
        }
    }
}

TEST_CASE("a mask is a function of seed, row and layer: the same again, another with each of them") {
    constexpr std::size_t width = 64;
    const rv::noise by{.seed = 3};
    const auto mask = kept<width>(0.5f, by, 8);
    CHECK(kept<width>(0.5f, by, 8) == mask);
    std::set<std::vector<bool>> different{mask};
    for (const rv::noise other : {rv::noise{.seed = 4}, rv::noise{.seed = 3, .row = 8}, by.of(0), by.of(1), by.of(1).of(0), by.of(0).of(1),
                                  rv::noise{.seed = 4}.of(0)})
        CHECK(different.insert(kept<width>(0.5f, other, 8)).second);
    std::set<std::vector<bool>> of_rows;
    for (std::uint64_t r = 0; r < 8; ++r) CHECK(of_rows.insert(kept<width>(0.5f, by.from(r), 1)).second);
    // A step's rows may come in pieces.
    auto pieces = kept<width>(0.5f, by, 3);
    const auto rest = kept<width>(0.5f, by.from(3), 5);
    pieces.insert(pieces.end(), rest.begin(), rest.end());
    CHECK(pieces == mask);
    // Masks of neighbouring layers, rows and steps agree in half of the units, as chance would have it.
    for (const rv::noise other : {by.of(0), by.of(1), by.from(1), rv::noise{.seed = 4}}) {
        const auto a = kept<width>(0.5f, by, 200), b = kept<width>(0.5f, other, 200);
        double agree = 0;
        for (std::size_t i = 0; i < a.size(); ++i) agree += a[i] == b[i] ? 1.0 / static_cast<double>(a.size()) : 0;
        CHECK(within(agree, 0.5, 5 * 0.5 / std::sqrt(width * 200)));
    }
    CHECK_FALSE(rv::noise{}.of(5));  // serving stays serving
    CHECK_FALSE(rv::noise{}.from(5));
    CHECK(by.of(5));
}

TEST_CASE("a mask is the same on every machine") {
    std::uint64_t bits = 0;
    const auto units = kept<64>(0.5f, {.seed = 1}, 1);
    for (std::size_t i = 0; i < 64; ++i) bits |= std::uint64_t(units[i]) << i;
    CHECK(bits == 0x3869cb3cf1fc506bu);  // a change is a decision: learned weights depend on it
}

TEST_CASE("the slopes pass through the units that were kept") {
    test::slopes_are_right<19>(rv::dropout{.share = 0.3f}, 2, {.seed = 5, .row = 2});
    test::slopes_are_right<1>(rv::dropout{.share = 0.3f}, 2, {.seed = 5});
    test::float_is_near_double<19>(rv::dropout{.share = 0.3f}, 2, 1, {.seed = 5});
    test::nan_shows<19>(rv::dropout{.share = 0.5f});
}

TEST_CASE("NaN shows even where it is dropped") {
    test::layer_run<rv::dropout, 64, float> run(rv::dropout{.share = 0.9f}, 1);
    std::fill_n(run.x[0], 64, std::numeric_limits<float>::quiet_NaN());
    run.by = {.seed = 1};
    run.forward();
    for (std::size_t i = 0; i < 64; ++i) CHECK(std::isnan(run.y[0][i]));
}

TEST_CASE("a share that leaves nothing, or is no share, is refused in a sentence") {
    for (const float good : {0.0f, 0.1f, 0.999f}) CHECK(rv::dropout{.share = good}.validate());
    for (const float bad : {-0.1f, 1.0f, 2.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
        CHECK(rv::dropout{.share = bad}.validate().code == rv::errc::setting);
    CHECK(rv::dropout{.share = 1}.validate().message() == "dropout.share must be a number from 0 to below 1, got 1");
}
