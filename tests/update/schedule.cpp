// SPDX-License-Identifier: MIT
// Factors of the rate by hand at every edge, and what is refused.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include <rivulet/update/schedule.hpp>

#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::uint64_t latest = std::numeric_limits<std::uint64_t>::max();
bool near(double got, double expected) { return within(got, expected, 1e-14); }

}  // namespace

TEST_CASE("by default the rate is the rate, for ever, to the bit") {
    const rv::schedule none;
    for (const std::uint64_t t : {std::uint64_t(0), std::uint64_t(1), std::uint64_t(1000000), latest}) {
        CHECK(none.factor(t) == 1);
        CHECK(none.rate<float>(0.1f, t) == 0.1f);
        CHECK(none.rate<double>(0.1f, t) == static_cast<double>(0.1f));
    }
    CHECK(rv::schedule{.floor = 0.3f}.factor(5) == 1);
}

TEST_CASE("a warm-up rises in equal parts to the whole rate, whatever follows") {
    for (const rv::curve curve : {rv::curve::constant, rv::curve::inverse_square_root, rv::curve::line, rv::curve::cosine}) {
        const rv::schedule warm{.curve = curve, .over = 8, .floor = 0.25f, .warm_up = 4};
        CHECK(warm.factor(0) == 0.25);
        CHECK(warm.factor(1) == 0.5);
        CHECK(warm.factor(2) == 0.75);
        CHECK(warm.factor(3) == 1);
        CHECK(warm.factor(4) == 1);
        CHECK(rv::schedule{.curve = curve, .over = 8}.factor(0) == 1);
        CHECK(rv::schedule{.curve = curve, .over = 8, .warm_up = 1}.factor(0) == 1);
        CHECK(rv::schedule{.curve = curve, .over = 8, .warm_up = 1}.factor(1) == 1);
    }
    CHECK(rv::schedule{.warm_up = 4}.factor(latest) == 1);
}

TEST_CASE("a line falls by equal parts to the floor and stays there") {
    const rv::schedule fall{.curve = rv::curve::line, .over = 8, .floor = 0.25f, .warm_up = 4};
    CHECK(fall.factor(5) == 1 - 0.75 / 8);
    CHECK(fall.factor(8) == 0.625);
    CHECK(fall.factor(11) == 0.25 + 0.75 / 8);
    CHECK(fall.factor(12) == 0.25);
    CHECK(fall.factor(13) == 0.25);
    CHECK(fall.factor(latest) == 0.25);
    CHECK(rv::schedule{.curve = rv::curve::line, .over = 1}.factor(1) == 0);
    CHECK(rv::schedule{.curve = rv::curve::line, .over = 2, .floor = 1}.factor(1) == 1);
}

TEST_CASE("a cosine falls slowly, fast, slowly to the floor and stays there") {
    const rv::schedule fall{.curve = rv::curve::cosine, .over = 6, .floor = 0.5f};
    CHECK(fall.factor(0) == 1);
    CHECK(near(fall.factor(1), 0.5 + 0.25 * (1 + std::sqrt(3.0) / 2)));  // cos 30 degrees
    CHECK(near(fall.factor(2), 0.875));                                  // cos 60 degrees is a half
    CHECK(near(fall.factor(3), 0.75));
    CHECK(near(fall.factor(4), 0.625));
    CHECK(fall.factor(6) == 0.5);
    CHECK(fall.factor(7) == 0.5);
    CHECK(fall.factor(12) == 0.5);  // no restart
    CHECK(fall.factor(latest) == 0.5);
}

TEST_CASE("an inverse square root falls for ever, towards the floor") {
    const rv::schedule plain{.curve = rv::curve::inverse_square_root};
    CHECK(plain.factor(0) == 1);
    CHECK(plain.factor(3) == 0.5);
    CHECK(plain.factor(99) == 0.1);
    CHECK(within(plain.factor(latest), std::exp2(-32), 1e-20));
    const rv::schedule slow{.curve = rv::curve::inverse_square_root, .over = 100, .floor = 0.5f, .warm_up = 50};
    CHECK(near(slow.factor(50 + 100), 0.5 + 0.5 / std::sqrt(2.0)));
    CHECK(slow.factor(50 + 300) == 0.75);
    // Vaswani et al.: min(1 / sqrt(t), t / W^1.5), here over its peak 1 / sqrt(W), t counted from 1 at the rise.
    const rv::schedule attention{.curve = rv::curve::inverse_square_root, .over = 16, .warm_up = 16};
    for (std::uint64_t t = 0; t < 16; ++t) CHECK(near(attention.factor(t), static_cast<double>(t + 1) / 16));
    for (std::uint64_t t = 16; t < 100; ++t) CHECK(near(attention.factor(t), std::sqrt(16 / static_cast<double>(t))));
}

TEST_CASE("a fall over no steps and a floor that is no share are refused in words") {
    CHECK(rv::schedule{}.validate());
    CHECK(rv::schedule{.over = latest, .floor = 1, .warm_up = latest}.validate());
    CHECK(rv::schedule{.over = 0}.validate().message() == "schedule.over must be 1 or more, got 0");
    for (const float bad : {-0.5f, 1.5f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
        CHECK(rv::schedule{.floor = bad}.validate().code == rv::errc::setting);
    CHECK(rv::schedule{.floor = 1.5f}.validate().message() == "schedule.floor must be a number from 0 to 1, got 1.5");
}
