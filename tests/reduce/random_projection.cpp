// SPDX-License-Identifier: MIT
// A random projection keeps lengths and distances as its theorem says, and is the same for the same seed.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <rivulet/input/record.hpp>
#include <rivulet/reduce/random_projection.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 300, kept = 256;
struct title : rv::candidate<in> {};
using projection = rv::random_projection<title, kept>;

template <class T> std::vector<T> drawn(std::uint64_t seed) {
    std::vector<T> w(projection::weights, T(7));  // over anything
    rv::random seeded(seed);
    projection{}.start(w.data(), seeded);
    return w;
}
template <class T> double squares(const T* x, const T* y, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += std::pow(static_cast<double>(x[i]) - (y ? static_cast<double>(y[i]) : 0), 2);
    return sum;
}

}  // namespace

TEST_CASE_TEMPLATE("the matrix is signs of one size, as many of either, the padding zero, the same for the same seed", T, float, double) {
    using narrow = rv::random_projection<title, 5>;
    std::vector<T> w(narrow::weights, T(7));
    rv::random seeded(1);
    narrow{}.start(w.data(), seeded);
    CHECK(test::padding_is_zero(w.data(), in, 5));
    int sum = 0;
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < 5; ++j) {
            const T entry = w[i * rv::padded(5) + j];
            CHECK(std::abs(entry) == static_cast<T>(1 / std::sqrt(5.0)));
            sum += entry > 0 ? 1 : -1;
        }
    CHECK(std::abs(sum) < 4 * std::sqrt(5.0 * in));  // four deviations of as many coins
    CHECK(drawn<T>(2) == drawn<T>(2));
    CHECK(drawn<T>(2) != drawn<T>(3));
}

TEST_CASE_TEMPLATE("all distances among 50 vectors are kept within the bound of Johnson and Lindenstrauss", T, float, double) {
    // 1,225 distances, each beyond e with a chance of at most 2 exp(-256 (e^2 / 4 - e^3 / 6)), which at e = 0.5 is 5e-5: all together
    // 0.06 over the choice of seeds, of which this is one.
    constexpr std::size_t n = 50;
    constexpr double e = 0.5;
    rv::random draw(4);
    const auto data = test::guarded_rows<T>(n, in, in + 1).fill(draw);
    const auto w = drawn<T>(5);
    test::guarded_rows<T> out(n, kept, kept + 2);
    projection{}.transform(w.data(), data.view(), out.view());
    CHECK(out.intact());
    double mean = 0, worst = 0;
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < a; ++b) {
            const double ratio = squares<T>(out[a], out[b], kept) / squares<T>(data[a], data[b], in);
            mean += ratio / (n * (n - 1) / 2);
            worst = std::max(worst, std::abs(ratio - 1));
        }
    CHECK(worst < e);
    CHECK(within(mean, 1, 0.1));
    MESSAGE("largest distortion of a squared distance: " << worst);
}

TEST_CASE_TEMPLATE("the expected squared length is that of the input: its mean over seeds, and its spread", T, float, double) {
    // Of one vector, the variance of the ratio is at most 2 / Width: the mean over 400 seeds lies within 4 sqrt(2 / 256 / 400) = 0.018.
    rv::random draw(6);
    const auto x = test::numbers<T>(draw, in);
    double mean = 0, beyond = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        T out[kept];
        projection{}.forward(drawn<T>(seed).data(), rv::item(rv::with<title>(x)), out);
        const double ratio = squares<T>(out, nullptr, kept) / squares<T>(x.data(), nullptr, in);
        mean += ratio / 400;
        beyond += std::abs(ratio - 1) > 0.25 ? 1.0 / 400 : 0;
    }
    CHECK(within(mean, 1, 0.018));
    CHECK(beyond <= 2 * std::exp(-256 * (0.0625 / 4 - 0.015625 / 6)));  // the theorem's bound: 0.07
}

TEST_CASE_TEMPLATE("rows at once give what each gives alone, and that is the product written out", T, float, double) {
    rv::random draw(7);
    const auto data = test::guarded_rows<T>(13, in, in + 3).fill(draw);
    const auto w = drawn<T>(8);
    for (const std::size_t count : {0u, 1u, 5u, 6u, 7u, 13u}) {
        test::guarded_rows<T> out(count, kept);
        projection{}.transform(w.data(), data.view().from(0, count), out.view());
        for (std::size_t r = 0; r < count; ++r) {
            T alone[kept];
            projection{}.forward(w.data(), rv::item(rv::with<title>(data[r], in)), alone);
            for (std::size_t j = 0; j < kept; ++j) {
                double expected = 0;
                for (std::size_t i = 0; i < in; ++i) expected += static_cast<double>(data[r][i]) * static_cast<double>(w[i * kept + j]);
                REQUIRE(within(static_cast<double>(out[r][j]), expected, test::tolerance::sum<T>(in, std::sqrt(in))));
                REQUIRE(within(static_cast<double>(alone[j]), expected, test::tolerance::sum<T>(in, std::sqrt(in))));
            }
        }
        CHECK(out.intact());
    }
}

TEST_CASE("it may be wider than its feature, or one number, and zero stays zero") {
    struct two : rv::context<2> {};
    using wide = rv::random_projection<two, 40>;
    using one = rv::random_projection<two, 1>;
    std::vector<float> w(wide::weights), v(one::weights), out(40);
    rv::random seeded(9);
    wide{}.start(w.data(), seeded);
    one{}.start(v.data(), seeded);
    const float x[] = {3, 0}, zero[] = {0, 0};
    wide{}.forward(w.data(), rv::request(rv::with<two>(x)), out.data());
    CHECK(within(squares<float>(out.data(), nullptr, 40), 9, test::tolerance::rounding<float>(9)));  // one axis: exact
    one{}.forward(v.data(), rv::request(rv::with<two>(x)), out.data());
    CHECK(std::abs(out[0]) == 3);
    wide{}.forward(w.data(), rv::request(rv::with<two>(zero)), out.data());
    for (const float z : out) CHECK(z == 0);
}
