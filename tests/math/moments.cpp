// SPDX-License-Identifier: MIT
// Mean and scatter of streams against long double: whatever the batches, the shards, the offset and the forgetting.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <rivulet/math/moments.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

/// The two passes, with weights f^age.
struct two_passes {
    std::vector<long double> mean, scatter;
    long double weight = 0, squares = 0;

    template <class T>
    two_passes(const test::guarded_rows<T>& data, std::size_t n, std::size_t width, double factor = 1)
        : mean(width), scatter(width * width) {
        std::vector<long double> w(n, 1);
        for (std::size_t r = n; r-- > 1;) w[r - 1] = w[r] * factor;
        for (std::size_t r = 0; r < n; ++r) {
            weight += w[r];
            squares += w[r] * w[r];
            for (std::size_t i = 0; i < width; ++i) mean[i] += w[r] * data[r][i];
        }
        for (long double& m : mean) m /= weight;
        for (std::size_t r = 0; r < n; ++r)
            for (std::size_t i = 0; i < width; ++i)
                for (std::size_t j = 0; j < width; ++j) scatter[i * width + j] += w[r] * (data[r][i] - mean[i]) * (data[r][j] - mean[j]);
    }
};

/// Largest error of the scatter relative to sqrt(s_ii s_jj), and of the mean relative to the deviation and the offset.
template <class T>
std::pair<double, double> errors(rv::math::moments<T> got, const two_passes& expected, std::size_t width, bool full = true) {
    got.fold();
    double scatter = 0, mean = 0;
    for (std::size_t i = 0; i < width; ++i) {
        const long double deviation = std::sqrt(expected.scatter[i * width + i] / expected.weight);
        mean = std::max(mean, static_cast<double>(std::abs(static_cast<long double>(got.mean()[i]) - expected.mean[i]) /
                                                  (deviation + std::abs(expected.mean[i]))));
        for (std::size_t j = i; j < (full ? width : i + 1); ++j) {
            const long double scale = std::sqrt(expected.scatter[i * width + i] * expected.scatter[j * width + j]);
            scatter = std::max(
                scatter,
                static_cast<double>(std::abs(static_cast<long double>(got.scatter(i, j)) - expected.scatter[i * width + j]) / scale));
        }
    }
    return {scatter, mean};
}

template <class T> double worst = 0;
template <class T>
void check(const rv::math::moments<T>& got, const test::guarded_rows<T>& data, std::size_t n, std::size_t width, double factor = 1,
           bool full = true, double offset = 0) {
    const two_passes expected(data, n, width, factor);
    const auto [scatter, mean] = errors(got, expected, width, full);
    worst<T> = std::max(worst<T>, scatter);
    REQUIRE(scatter < test::tolerance::scatter<T>(n, offset));
    REQUIRE(mean < test::tolerance::sum<double>(n, 1));
    REQUIRE(got.count() == n);
}

/// Equal to the last bit, in everything that can be read.
template <class T> bool same(rv::math::moments<T> a, rv::math::moments<T> b) {
    a.fold();
    b.fold();
    bool equal = a.count() == b.count() && a.weight() == b.weight() && a.freedom() == b.freedom();
    for (std::size_t i = 0; i < a.width(); ++i) {
        equal = equal && a.mean()[i] == b.mean()[i];
        for (std::size_t j = i; j < a.width(); ++j) equal = equal && a.scatter(i, j) == b.scatter(i, j);
    }
    return equal;
}

template <class T> test::guarded_rows<T> around(std::uint64_t seed, std::size_t n, std::size_t width, double centre, double spread) {
    rv::random draw(seed);
    auto data = test::guarded_rows<T>(n, width, width + 3).fill(draw, spread);
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < width; ++i) data[r][i] = static_cast<T>(static_cast<double>(data[r][i]) + centre);
    return data;
}

}  // namespace

TEST_CASE_TEMPLATE("mean and scatter equal two passes, whatever the width, the count and the stride", T, float, double) {
    for (const std::size_t width : {1u, 2u, 3u, 11u, 12u, 13u, 16u, 17u, 33u, 50u})
        for (const std::size_t n : {2u, 3u, 10u, 255u, 256u, 257u, 1000u}) {
            CAPTURE(width);
            CAPTURE(n);
            const auto data = around<T>(width * 1000 + n, n, width, 0.3, 1);
            rv::math::moments<T> full(width, true), diagonal(width, false);
            full.add(std::as_const(data).view());
            diagonal.add(std::as_const(data).view());
            check(full, data, n, width);
            check(diagonal, data, n, width, 1, false);
        }
    MESSAGE("largest relative error of a scatter: " << worst<T>);
}

TEST_CASE_TEMPLATE("rows far from the origin have the scatter of rows around it", T, float, double) {
    // At 1e6 a float is a multiple of 1/16: rounded before anything is measured, then exact distances to a centre.
    const auto data = around<T>(2, 900, 20, 1e6, 10);
    rv::math::moments<T> full(20, true), diagonal(20, false);
    full.add(std::as_const(data).view());
    diagonal.add(std::as_const(data).view());
    const double offset = 1e6 / 5.7;  // in deviations
    check(full, data, 900, 20, 1, true, offset);
    check(diagonal, data, 900, 20, 1, false, offset);
}

TEST_CASE_TEMPLATE("blocks around different places are joined as if they were one", T, float, double) {
    auto data = around<T>(3, 1024, 9, 0, 1);
    for (std::size_t r = 0; r < 1024; ++r)
        for (std::size_t i = 0; i < 9; ++i) data[r][i] += static_cast<T>(100 * (r / 256));
    rv::math::moments<T> seen(9, true);
    seen.add(std::as_const(data).view());
    check(seen, data, 1024, 9);
}

TEST_CASE_TEMPLATE("the same rows in batches of 1, 7, 64 and all give the same bytes, looked at in between or not", T, float, double) {
    const auto data = around<T>(4, 700, 14, 5, 2);
    rv::math::moments<T> all(14, true);
    all.add(std::as_const(data).view());
    for (const std::size_t batch : {1u, 7u, 64u}) {
        rv::math::moments<T> seen(14, true);
        for (std::size_t r = 0; r < 700; r += batch) {
            seen.add(std::as_const(data).view().from(r, std::min<std::size_t>(batch, 700 - r)));
            if (r % 5 == 0) {
                auto look = seen;
                look.fold();
            }
        }
        CHECK(same(seen, all));
    }
}

TEST_CASE_TEMPLATE("shards that are merged in any order agree with all rows at once", T, float, double) {
    const auto data = around<T>(5, 1500, 10, 1e4, 3);
    const std::size_t cut[] = {0, 1, 40, 900, 900, 1500};  // one row, few, many, none
    const std::size_t orders[][5] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}};
    for (const auto& order : orders)
        for (const bool full : {true, false}) {
            rv::math::moments<T> all(10, full);
            for (const std::size_t s : order) {
                rv::math::moments<T> shard(10, full);
                shard.add(std::as_const(data).view().from(cut[s], cut[s + 1] - cut[s]));
                all.merge(shard);
            }
            check(all, data, 1500, 10, 1, full, 1e4 / 1.7);
        }
}

TEST_CASE_TEMPLATE("rows go on after a merge, and a merge with nothing or into nothing changes nothing", T, float, double) {
    const auto data = around<T>(6, 600, 5, -3, 1);
    rv::math::moments<T> first(5, true), rest(5, true), none(5, true), all(5, true);
    first.add(std::as_const(data).view().from(0, 100));
    rest.add(std::as_const(data).view().from(100, 300));
    first.merge(rest);
    first.add(std::as_const(data).view().from(400, 200));
    check(first, data, 600, 5);
    auto again = first;
    again.merge(none);
    CHECK(same(again, first));
    all.merge(first);
    CHECK(same(all, first));
    none.merge(none);
    none.fold();
    CHECK(none.count() == 0);
    CHECK(none.weight() == 0);
    CHECK(none.freedom() == 0);
}

TEST_CASE_TEMPLATE("a forgetting factor weighs rows by their age, however they are cut into batches", T, float, double) {
    const auto data = around<T>(7, 800, 6, 2, 1);
    for (const double factor : {0.9, 0.99, 0.9995})
        for (const std::size_t batch : {1u, 30u, 800u}) {
            rv::math::moments<T> seen(6, true, factor);
            for (std::size_t r = 0; r < 800; r += batch)
                seen.add(std::as_const(data).view().from(r, std::min<std::size_t>(batch, 800 - r)));
            check(seen, data, 800, 6, factor);
            seen.fold();
            const two_passes expected(data, 800, 6, factor);
            CHECK(within(seen.weight(), static_cast<double>(expected.weight), 1e-12 * seen.weight()));
            CHECK(within(seen.freedom(), static_cast<double>(expected.weight - expected.squares / expected.weight), 1e-12 * seen.weight()));
        }
    rv::math::moments<T> sudden(6, true, 1e-300);  // remembers the last row
    sudden.add(std::as_const(data).view());
    sudden.fold();
    CHECK(sudden.mean()[2] == static_cast<double>(data[799][2]));
    CHECK(sudden.freedom() == 0);
}

TEST_CASE_TEMPLATE("numbers that are all alike have their mean and a scatter of zero, exactly", T, float, double) {
    const auto data = test::guarded_rows<T>(700, 9).fill(T(0.1));
    rv::math::moments<T> seen(9, true), other(9, true);
    seen.add(std::as_const(data).view());
    other.add(std::as_const(data).view().from(0, 3));
    seen.merge(other);
    seen.fold();
    for (std::size_t i = 0; i < 9; ++i) {
        CHECK(seen.mean()[i] == static_cast<double>(T(0.1)));
        for (std::size_t j = i; j < 9; ++j) CHECK(seen.scatter(i, j) == 0);
    }
}

TEST_CASE("a worked example: (0, 0), (2, 4), (4, 2) has mean (2, 2) and covariance ((4, 2), (2, 4))") {
    const float data[] = {0, 0, 2, 4, 4, 2};
    rv::math::moments<float> seen(2, true);
    seen.add(rv::rows<const float>{data, 3, 2});
    seen.fold();
    CHECK(seen.mean()[0] == 2);
    CHECK(seen.mean()[1] == 2);
    CHECK(seen.freedom() == 2);
    CHECK(seen.covariance() == std::vector<double>{4, 2, 2, 4});
}

TEST_CASE_TEMPLATE("the first number beyond a limit, or none, is found at any place", T, float, double) {
    const T bad[] = {std::numeric_limits<T>::quiet_NaN(),
                     -std::numeric_limits<T>::quiet_NaN(),
                     std::numeric_limits<T>::infinity(),
                     -std::numeric_limits<T>::infinity(),
                     T(1e10),
                     T(-1e10)};
    for (const std::size_t n : test::sizes) {
        std::vector<T> x(n, T(-1e9));
        CHECK(rv::math::first_beyond(T(1e9), x.data(), n) == n);
        for (std::size_t i = 0; i < n; i += 1 + n / 7) {
            auto spoilt = x;
            spoilt[i] = bad[i % 6];
            CHECK(rv::math::first_beyond(T(1e9), spoilt.data(), n) == i);
        }
    }
}
