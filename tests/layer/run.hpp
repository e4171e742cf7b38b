// SPDX-License-Identifier: MIT
// Runs a layer on guarded rows: against an oracle in double, its slopes against central differences, float against double.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <rivulet/layer/layer.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace test {

using numbers_of_a_row = std::vector<double>;

/// A layer between `In` numbers and what it gives, for `n` rows whose strides are all different. What is to be overwritten holds 77.
template <class L, std::size_t In, class T> struct layer_run {
    static constexpr std::size_t out = L::out(In), saved_width = L::saved(In), weight_count = L::weights(In);
    static constexpr std::size_t in_stride = rivulet::padded(In), out_stride = rivulet::padded(out);
    L layer;
    std::size_t n;
    guarded_rows<T> x, y, saved, dy, dx, scratch;
    guarded<T> w, g;
    rivulet::noise by;

    layer_run(const L& described, std::size_t count)
        : layer(described), n(count), x(n, in_stride, in_stride + 3), y(n, out_stride, out_stride + 1),
          saved(n, saved_width, saved_width + 2), dy(n, out_stride, out_stride + 4), dx(n, in_stride, in_stride + 5),
          scratch(n, saved_width, saved_width + 2), w(weight_count), g(weight_count) {
        for (auto* zero : {&x, &dy}) zero->fill(T(0));
        for (auto* old : {&y, &saved, &dx, &scratch}) old->fill(T(77));
        w.fill(T(0));
        g.fill(T(0));
    }
    /// Inputs up to `limit`, first weights after a step, slopes of the outputs up to 1.
    void draw(std::uint64_t seed, double limit) {
        rivulet::random drawn(seed);
        for (std::size_t r = 0; r < n; ++r) {
            for (std::size_t i = 0; i < In; ++i) {
                const double number = drawn.around_zero(limit);  // off the kink of a rectifier, where no central difference is right
                x[r][i] = static_cast<T>(static_cast<float>(number + (std::abs(number) < 1e-3 ? 0.01 : 0)));
            }
            for (std::size_t j = 0; j < out; ++j) dy[r][j] = static_cast<T>(static_cast<float>(drawn.around_zero(1)));
        }
        if constexpr (weight_count == 0) return;
        if constexpr (weight_count > 0) layer.template start<In, T>(w.data(), drawn, 1.0);
        forward();  // a step along the slopes, so that biases are not zero and padding is
        backward();
        for (std::size_t i = 0; i < weight_count; ++i)
            w.data()[i] = static_cast<T>(static_cast<float>(w.data()[i] + g.data()[i] / static_cast<T>(n + 1)));
        g.fill(T(0));
    }
    void forward() { layer.template forward<In, T>(w.data(), rivulet::rows<const T>(x.view()), y.view(), saved.view(), by); }
    void backward() {
        const auto& kept = *this;
        layer.template backward<In, T>(w.data(), kept.x.view(), kept.saved.view(), kept.dy.view(), dx.view(), scratch.view(), g.data(), by);
    }
    bool intact() const {
        return x.intact() && y.intact() && saved.intact() && dy.intact() && dx.intact() && scratch.intact() && w.intact() && g.intact();
    }
    /// What the slopes are slopes of.
    double loss() {
        forward();
        double total = 0;
        for (std::size_t r = 0; r < n; ++r)
            for (std::size_t j = 0; j < out; ++j) total += static_cast<double>(dy[r][j]) * static_cast<double>(y[r][j]);
        return total;
    }
};

/// `oracle(x, w)` gives y of a row, both in double; numbers that are summed on the way are up to `magnitude`, and there are `terms` of
/// them.
template <class T, std::size_t In, class L, class Oracle>
void equals_oracle(const L& layer, double limit, std::size_t terms, double magnitude, Oracle&& oracle) {
    for (const std::size_t n : {0u, 1u, 2u, 5u, 6u, 13u}) {
        CAPTURE(In);
        CAPTURE(n);
        layer_run<L, In, T> run(layer, n);
        run.draw(n + 1, limit);
        run.forward();
        const std::vector<double> w(run.w.data(), run.w.data() + run.weight_count);
        for (std::size_t r = 0; r < n; ++r) {
            const numbers_of_a_row x(run.x[r], run.x[r] + In), expected = oracle(x, w.data());
            REQUIRE(expected.size() == run.out);
            for (std::size_t j = 0; j < run.out; ++j)
                REQUIRE(within(static_cast<double>(run.y[r][j]), expected[j], tolerance::layer<T>(terms, magnitude)));
            for (std::size_t j = run.out; j < run.out_stride; ++j) REQUIRE(run.y[r][j] == 0);
        }
        CHECK(run.intact());
    }
}

/// The slopes of inputs and weights against central differences, the weights' padding included, whose slope is zero.
template <std::size_t In, class L> void slopes_are_right(const L& layer, double limit, rivulet::noise by = {}) {
    for (const std::size_t n : {1u, 3u, 7u}) {
        CAPTURE(In);
        CAPTURE(n);
        layer_run<L, In, double> run(layer, n);
        run.by = by;
        run.draw(n + 50, limit);
        run.forward();
        run.g.fill(0.25);  // added to
        run.backward();
        REQUIRE(run.intact());
        const auto loss = [&run] { return run.loss(); };
        for (std::size_t r = 0; r < n; ++r) {
            CHECK(worst_slope({run.x[r], In}, {run.dx[r], In}, loss) < tolerance::central_difference);
            for (std::size_t i = In; i < run.in_stride; ++i) REQUIRE(run.dx[r][i] == 0);
        }
        for (std::size_t i = 0; i < run.weight_count; ++i) run.g.data()[i] -= 0.25;
        const auto weights = std::span(run.w.data(), run.weight_count);
        CHECK(worst_slope(weights, {run.g.data(), run.weight_count}, loss) < tolerance::central_difference);
    }
}

/// What float gives against what double gives from the same numbers, outputs and slopes, relative to the largest of each kind.
template <std::size_t In, class L> void float_is_near_double(const L& layer, double limit, std::size_t terms, rivulet::noise by = {}) {
    constexpr std::size_t n = 5;
    layer_run<L, In, float> low(layer, n);
    layer_run<L, In, double> high(layer, n);
    low.draw(9, limit);
    high.draw(9, limit);
    for (std::size_t i = 0; i < low.weight_count; ++i) high.w.data()[i] = static_cast<double>(low.w.data()[i]);
    low.by = high.by = by;
    low.forward();
    high.forward();
    low.backward();
    high.backward();
    const auto compare = [&](const float* got, const double* expected, std::size_t count) {
        double largest = 1;
        for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(expected[i]));
        for (std::size_t i = 0; i < count; ++i)
            REQUIRE(within(static_cast<double>(got[i]), expected[i], tolerance::layer<float>(terms, largest)));
    };
    for (std::size_t r = 0; r < n; ++r) {
        compare(low.y[r], high.y[r], low.out_stride);
        compare(low.dx[r], high.dx[r], low.in_stride);
    }
    compare(low.g.data(), high.g.data(), low.weight_count);
}

/// NaN in an input is seen in the outputs of its row, and in no other row's.
template <std::size_t In, class L> void nan_shows(const L& layer) {
    for (std::size_t bad = 0; bad < In; ++bad) {
        layer_run<L, In, float> run(layer, 3);
        run.draw(4, 1);
        run.x[1][bad] = std::numeric_limits<float>::quiet_NaN();
        run.forward();
        const auto some_nan = [&](std::size_t r) {
            return std::any_of(run.y[r], run.y[r] + run.out, [](float y) { return std::isnan(y); });
        };
        REQUIRE_FALSE(some_nan(0));
        REQUIRE(some_nan(1));
        REQUIRE_FALSE(some_nan(2));
    }
}

}  // namespace test
