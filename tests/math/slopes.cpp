// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <rivulet/math/slopes.hpp>
#include <rivulet/update/sgd.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

namespace {

/// Two factors of `n` rows, some numbers zero as behind a rectifier, and what their product is, written down.
template <class T> struct factors {
    std::size_t n, in, out, stride = rv::padded(out), apart = in + 3;
    std::vector<T> x, dy, product;

    factors(std::size_t count, std::size_t from, std::size_t to, std::uint64_t seed) : n(count), in(from), out(to) {
        rv::random draw(seed);
        x = test::numbers<T>(draw, n * apart);
        for (T& one : x)
            if (draw.unit() < 0.4) one = T(0);
        dy.assign(n * stride, T(0));
        for (std::size_t r = 0; r < n; ++r)
            for (std::size_t j = 0; j < out; ++j) dy[r * stride + j] = static_cast<T>(draw.around_zero(2));
        product.assign(in * stride, T(0));
        rv::math::add_outer<T>(left(), in, right(), out, product.data());
    }
    rv::rows<const T> left() const { return {x.data(), n, apart}; }
    rv::rows<const T> right() const { return {dy.data(), n, stride}; }
    rv::outer_product<T> kept(T* at) const { return {at, left(), in, right(), out}; }
};

}  // namespace

TEST_CASE_TEMPLATE("a kept product writes down the very numbers that add_outer adds, from anywhere, and knows its squares", T, float,
                   double) {
    for (const std::size_t n : {0u, 1u, 2u, 5u})
        for (const std::size_t in : {1u, 3u, 20u})
            for (const std::size_t out : {1u, 2u, 16u, 33u}) {
                const factors<T> of(n, in, out, n + 10 * in + 100 * out);
                const auto kept = of.kept(nullptr);
                REQUIRE(kept.size() == of.product.size());
                for (const std::size_t room : {1u, 7u, 16u, 1000u}) {
                    std::vector<T> numbers(kept.size(), T(77));
                    for (std::size_t at = 0; at < kept.size(); at += room)
                        kept.write(at, std::min(room, kept.size() - at), T(1), numbers.data() + at);
                    CHECK(numbers == of.product);
                }
                std::vector<T> half(kept.size());
                kept.write(0, half.size(), T(0.5), half.data());
                double squares = 0;
                for (std::size_t i = 0; i < half.size(); ++i) {
                    CHECK(half[i] == of.product[i] * T(0.5));
                    squares += static_cast<double>(of.product[i]) * static_cast<double>(of.product[i]);
                }
                CHECK(static_cast<double>(kept.squares()) == doctest::Approx(squares).epsilon(1e-5));
            }
}

TEST_CASE_TEMPLATE("a step along the lines of a product is the step along its numbers, bit for bit, and of several rows there is none", T,
                   float, double) {
    const rv::sgd updater{.rate = 0.37f};
    for (const std::size_t in : {1u, 9u})
        for (const std::size_t out : {1u, 5u, 40u}) {
            const factors<T> of(1, in, out, in + out);
            rv::random draw(3);
            auto along = test::numbers<T>(draw, of.product.size()), down = along;
            REQUIRE(updater.step(along.data(), of.kept(nullptr), 0));
            updater.step<T>(down.data(), of.product.data(), rv::updater_state<T>{nullptr, 0, 0}, down.size());
            CHECK(along == down);
            CHECK_FALSE(updater.step(along.data(), factors<T>(2, in, out, 1).kept(nullptr), 0));
            CHECK(along == down);
        }
}

TEST_CASE("a list is in the order of places, and what finds it full is written down over what was there") {
    const factors<float> of(1, 4, 3, 5);
    std::vector<float> slopes((rv::outer_products<float>::most + 1) * of.product.size(), 55.0f);
    rv::outer_products<float> kept;
    const rv::slope_place<float> place(slopes.data(), &kept);
    CHECK(place.keeps_products());
    for (std::size_t i = 0; i <= kept.most; ++i)  // in an order of its own
        (place + (i * 7 + 3) % (kept.most + 1) * of.product.size()).add_outer(of.left(), of.in, of.right(), of.out);
    REQUIRE(kept.end() - kept.begin() == kept.most);
    for (const auto* one = kept.begin(); one + 1 != kept.end(); ++one) CHECK(one->slope() < one[1].slope());
    CHECK(kept.from(slopes.data()) == kept.begin());
    CHECK(kept.from(kept.begin()[3].slope() + 1) == kept.begin() + 4);
    CHECK(kept.from(slopes.data() + slopes.size()) == kept.end());
    const std::size_t last = (kept.most * 7 + 3) % (kept.most + 1) * of.product.size();
    for (std::size_t i = 0; i < slopes.size(); ++i)
        CHECK(slopes[i] == (i >= last && i < last + of.product.size() ? of.product[i - last] : 55.0f));
    kept.clear();
    CHECK(kept.begin() == kept.end());

    std::vector<float> sums(of.product.size(), 1.0f);  // without a list it adds, in one rounding
    rv::slope_place<float>(sums.data()).add_outer(of.left(), of.in, of.right(), of.out);
    for (std::size_t i = 0; i < sums.size(); ++i) CHECK(sums[i] == doctest::Approx(1.0f + of.product[i]));
}
