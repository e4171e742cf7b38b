// SPDX-License-Identifier: MIT
// A transformer block against PyTorch's TransformerEncoderLayer and central differences, normalising before and after.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <rivulet/attend/transformer_block.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"
#include "from_pytorch.hpp"

namespace rv = rivulet;

namespace {

constexpr std::size_t width = 8, feed_forward = 12, length = 7;
using block = rv::transformer_block<width, feed_forward>;

/// A pass over `x`, (time, width), answered for the last n rows, and the way back from a slope.
template <class T> struct pass {
    block stage;
    const T* w;
    test::guarded_rows<T> x;
    std::size_t n;
    rv::noise unsettled{};
    std::vector<T> bias{};  // (heads, time), or none
    std::vector<T> g = std::vector<T>(block::weights, T(0)), bias_slope = std::vector<T>(bias.size(), T(0));
    test::guarded_rows<T> out{n, block::stride, block::stride + 1}, x_slope{x.view().count, block::stride, block::stride + 2};
    std::shared_ptr<block::activations<T, length>> kept = std::make_shared<block::activations<T, length>>();

    std::size_t time() const { return x.view().count; }
    rv::rows<const T> bias_rows() const { return bias.empty() ? rv::rows<const T>{} : rv::rows<const T>{bias.data(), stage.heads, time()}; }
    void forward() {
        stage.forward<T, length>(w, std::as_const(x).view(), out.view(), *kept, bias_rows(), unsettled);
        REQUIRE((out.intact() && x.intact()));
    }
    /// slope: (n, width)
    void backward(const T* slope) {
        const auto scratch = std::make_unique<block::slopes<T, length>>();
        stage.backward<T, length>(w, *kept, {slope, n, width}, x_slope.view(), *scratch, g.data(), bias_rows(),
                                  bias.empty() ? rv::rows<T>{} : rv::rows<T>{bias_slope.data(), stage.heads, time()}, unsettled);
        REQUIRE(x_slope.intact());
    }
    double along(const double* slope) {
        forward();
        double sum = 0;
        for (std::size_t r = 0; r < n; ++r)
            for (std::size_t i = 0; i < width; ++i) sum += slope[r * width + i] * static_cast<double>(out[r][i]);
        return sum;
    }
};

/// PyTorch's random layer, of which every weight differs from zero and the padding does not.
template <class T> std::vector<T> golden_weights() {
    std::vector<T> w(block::weights, T(0));
    REQUIRE(test::put_layer(golden::attention::layer_weights, width, feed_forward, w.data()) == w.data() + w.size());
    return w;
}

}  // namespace

TEST_CASE_TEMPLATE("outputs and all slopes equal PyTorch's TransformerEncoderLayer", T, float, double) {
    namespace golden = golden::attention;
    const auto w = golden_weights<T>();
    std::vector<T> expected_g(block::weights, T(0)), slope(std::begin(golden::slope), std::end(golden::slope));
    const auto check = [&](rv::norm order, bool causal, const double* out, const double* rows_slope,
                           const golden::layer_parameters& parameters) {
        CAPTURE(causal);
        pass<T> run{{.heads = golden::heads, .causal = causal, .order = order}, w.data(), test::golden_rows<T>(width), 5};
        run.forward();
        run.backward(slope.data());
        const double tolerance = test::tolerance::transformer<T>(3 * width);
        for (std::size_t t = 0; t < 5; ++t) {
            CHECK(test::worst_distance(run.out[t], out + t * width, width) < tolerance);
            CHECK(test::worst_distance(run.x_slope[t], rows_slope + t * width, width) < tolerance);
        }
        test::put_layer(parameters, width, feed_forward, expected_g.data());
        CHECK(test::worst_distance(run.g.data(), expected_g.data(), run.g.size()) < tolerance);
    };
    check(rv::norm::before, false, golden::layer_before_out, golden::layer_before_rows_slope, golden::layer_before_slope);
    check(rv::norm::before, true, golden::layer_before_causal_out, golden::layer_before_causal_rows_slope,
          golden::layer_before_causal_slope);
    check(rv::norm::after, false, golden::layer_after_out, golden::layer_after_rows_slope, golden::layer_after_slope);
    check(rv::norm::after, true, golden::layer_after_causal_out, golden::layer_after_causal_rows_slope, golden::layer_after_causal_slope);
}

TEST_CASE("slopes of weights, rows and bias equal central differences, with and without what is dropped") {
    rv::random draw(1);
    auto w = golden_weights<double>();
    for (const rv::norm order : {rv::norm::before, rv::norm::after})
        for (const std::size_t time : {1u, 2u, 7u})
            for (const std::size_t n : {std::size_t(1), time})
                for (const bool biased : {false, true})
                    for (const rv::noise unsettled : {rv::noise{}, rv::noise{.seed = 9, .row = 2}}) {
                        CAPTURE(time);
                        CAPTURE(n);
                        CAPTURE(biased);
                        CAPTURE(unsettled.seed);
                        const block stage{.heads = 2, .causal = time > 2, .order = order, .dropout = 0.4f};
                        pass<double> run{stage, w.data(),  test::guarded_rows<double>(time, width, width + 3).fill(draw),
                                         n,     unsettled, biased ? test::numbers<double>(draw, 2 * time) : std::vector<double>{}};
                        const auto slope = test::numbers<double>(draw, n * width);
                        const auto objective = [&] { return run.along(slope.data()); };
                        objective();
                        run.backward(slope.data());
                        for (std::size_t at = 0; at < w.size(); ++at)
                            if (w[at] != 0)
                                REQUIRE(test::worst_slope({&w[at], 1}, {&run.g[at], 1}, objective) < test::tolerance::central_difference);
                            else
                                REQUIRE(run.g[at] == 0);
                        for (std::size_t t = 0; t < time; ++t) {
                            CHECK(test::worst_slope({run.x[t], width}, {run.x_slope[t], width}, objective) <
                                  test::tolerance::central_difference);
                            for (std::size_t i = width; i < block::stride; ++i) CHECK(run.x_slope[t][i] == 0);
                        }
                        if (biased) CHECK(test::worst_slope(run.bias, run.bias_slope, objective) < test::tolerance::central_difference);
                    }
}

TEST_CASE_TEMPLATE("the last rows asked for alone get the answers that they get among all, dropped or not, in their own memory too", T,
                   float, double) {
    rv::random draw(2);
    const auto w = golden_weights<T>();
    for (const rv::norm order : {rv::norm::before, rv::norm::after})
        for (const rv::noise unsettled : {rv::noise{}, rv::noise{.seed = 4}}) {
            const block stage{.heads = 4, .order = order, .dropout = 0.25f};
            const auto x = test::guarded_rows<T>(6, block::stride).fill(draw);
            pass<T> all{stage, w.data(), x, 6, unsettled};
            all.forward();
            for (const std::size_t n : {1u, 4u}) {
                pass<T> last{stage, w.data(), x, n, unsettled};
                last.forward();
                for (std::size_t r = 0; r < n; ++r)
                    CHECK(test::worst_distance(last.out[r], all.out[6 - n + r], width) <= test::tolerance::transformer<T>(3 * width));
            }
            auto own = x;
            stage.template forward<T, length>(w.data(), std::as_const(own).view(), own.view(), *all.kept, {}, unsettled);
            for (std::size_t t = 0; t < 6; ++t) CHECK(std::equal(own[t], own[t] + width, all.out[t]));
        }
}

TEST_CASE_TEMPLATE("under a causal mask a later row changes no earlier answer", T, float, double) {
    rv::random draw(3);
    const auto w = golden_weights<T>();
    for (const bool causal : {false, true}) {
        pass<T> before{{.heads = 2, .causal = causal}, w.data(), test::guarded_rows<T>(6, width, width + 1).fill(draw), 6};
        before.forward();
        pass<T> after = before;
        after.x[4][3] += T(1);
        after.forward();
        for (std::size_t t = 0; t < 6; ++t) CHECK(std::equal(before.out[t], before.out[t] + width, after.out[t]) == (causal && t < 4));
    }
}

TEST_CASE_TEMPLATE("rows of ten thousand leave outputs and slopes finite", T, float, double) {
    rv::random draw(4);
    const auto w = golden_weights<T>();
    for (const rv::norm order : {rv::norm::before, rv::norm::after}) {
        pass<T> run{{.heads = 2, .order = order}, w.data(), test::guarded_rows<T>(6, width, width + 1).fill(draw, 1e4), 6};
        const auto slope = test::numbers<T>(draw, 6 * width);
        run.forward();
        run.backward(slope.data());
        for (std::size_t t = 0; t < 6; ++t) {
            CHECK(rv::math::first_nonfinite(run.out[t], width) == width);
            CHECK(rv::math::first_nonfinite(run.x_slope[t], width) == width);
        }
        CHECK(rv::math::first_nonfinite(run.g.data(), run.g.size()) == run.g.size());
    }
}

TEST_CASE_TEMPLATE("first weights: norms of scale one, biases zero, padding zero", T, float, double) {
    std::vector<T> w(block::weights, T(7));
    rv::random draw(5);
    block{}.start(w.data(), draw);
    const auto golden_places = golden_weights<T>();  // zero just where the padding is
    for (std::size_t i = 0; i < w.size(); ++i)
        if (golden_places[i] == 0) CHECK(w[i] == 0);
    for (const std::size_t which : {0u, 2u})
        for (std::size_t i = 0; i < width; ++i) {
            CHECK(w[block::norms_at + which * block::stride + i] == 1);
            CHECK(w[block::norms_at + (which + 1) * block::stride + i] == 0);
        }
}
