// SPDX-License-Identifier: MIT
// Multi-head self-attention against PyTorch's MultiheadAttention, central differences, and itself asked for fewer rows.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <rivulet/attend/self_attention.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"
#include "from_pytorch.hpp"

namespace rv = rivulet;

namespace {

constexpr std::size_t width = 8;
using attention = rv::self_attention<width>;

/// A pass over `x`, (time, width), answered for the last n rows, and the way back from a slope.
template <class T> struct pass {
    const attention& stage;
    const T* w;
    test::guarded_rows<T> x;
    std::size_t n;
    std::vector<T> bias{};  // (heads, time), or none
    std::vector<T> g = std::vector<T>(attention::weights, T(0)), bias_slope = std::vector<T>(bias.size(), T(0));
    test::guarded_rows<T> projections{x.view().count, attention::projected}, attended{n, attention::stride}, out{n, attention::stride},
        x_slope{x.view().count, width, width + 5};

    std::size_t time() const { return x.view().count; }
    rv::rows<const T> bias_rows() const { return bias.empty() ? rv::rows<const T>{} : rv::rows<const T>{bias.data(), stage.heads, time()}; }
    void forward() {
        std::vector<T> shares(time());
        stage.forward<T>(w, std::as_const(x).view(), projections.view(), attended.view(), out.view(), shares, bias_rows());
        REQUIRE((projections.intact() && attended.intact() && out.intact()));
    }
    /// slope: (n, width)
    void backward(const T* slope) {
        test::guarded_rows<T> out_slope(n, attention::stride), projection_slopes(time(), attention::projected),
            attended_slopes(n, attention::stride);
        out_slope.fill(T(0));
        for (std::size_t r = 0; r < n; ++r) std::copy_n(slope + r * width, width, out_slope[r]);
        x_slope.fill(T(0));
        std::vector<T> shares(2 * time());
        stage.backward<T>(w, std::as_const(x).view(), std::as_const(projections).view(), std::as_const(attended).view(),
                          std::as_const(out_slope).view(), projection_slopes.view(), attended_slopes.view(), shares, x_slope.view(),
                          g.data(), bias_rows(), bias.empty() ? rv::rows<T>{} : rv::rows<T>{bias_slope.data(), stage.heads, time()});
        REQUIRE((x_slope.intact() && projection_slopes.intact() && attended_slopes.intact()));
    }
    double along(const double* slope) {
        forward();
        double sum = 0;
        for (std::size_t r = 0; r < n; ++r)
            for (std::size_t i = 0; i < width; ++i) sum += slope[r * width + i] * static_cast<double>(out[r][i]);
        return sum;
    }
};

}  // namespace

TEST_CASE_TEMPLATE("outputs and all slopes equal PyTorch's MultiheadAttention", T, float, double) {
    namespace golden = golden::attention;
    std::vector<T> w(attention::weights, T(0)), expected_g(attention::weights, T(0)),
        slope(std::begin(golden::slope), std::end(golden::slope));
    CHECK(test::put_attention(golden::multihead_weights, width, w.data()) == w.data() + w.size());
    const auto check = [&](bool causal, const double* out, const double* rows_slope, const golden::attention_parameters& parameters) {
        const attention stage{.heads = golden::heads, .causal = causal};
        pass<T> run{stage, w.data(), test::golden_rows<T>(width), 5};
        run.forward();
        run.backward(slope.data());
        const double tolerance = test::tolerance::transformer<T>(3 * width);
        for (std::size_t t = 0; t < 5; ++t) {
            CHECK(test::worst_distance(run.out[t], out + t * width, width) < tolerance);
            CHECK(test::worst_distance(run.x_slope[t], rows_slope + t * width, width) < tolerance);
        }
        test::put_attention(parameters, width, expected_g.data());
        CHECK(test::worst_distance(run.g.data(), expected_g.data(), run.g.size()) < tolerance);
    };
    check(false, golden::multihead_out, golden::multihead_rows_slope, golden::multihead_slope);
    check(true, golden::multihead_causal_out, golden::multihead_causal_rows_slope, golden::multihead_causal_slope);
}

TEST_CASE("slopes of weights, rows and bias equal central differences, for all rows and for the last of them") {
    rv::random draw(1);
    for (const std::size_t time : {1u, 2u, 6u})
        for (const std::size_t n : {std::size_t(1), time})
            for (const std::size_t heads : {1u, 4u})
                for (const bool causal : {false, true})
                    for (const bool biased : {false, true}) {
                        CAPTURE(time);
                        CAPTURE(n);
                        CAPTURE(heads);
                        CAPTURE(causal);
                        CAPTURE(biased);
                        std::vector<double> w(attention::weights);
                        attention{}.start(w.data(), draw);
                        for (std::size_t i = 0; i < 3 * width; ++i) w[width * attention::projected + i] = draw.around_zero(0.5);
                        for (std::size_t i = 0; i < width; ++i) w[attention::weights - attention::stride + i] = draw.around_zero(0.5);
                        const attention stage{.heads = heads, .causal = causal};
                        auto x = test::guarded_rows<double>(time, width, width + 3).fill(draw);
                        pass<double> run{stage, w.data(), x, n, biased ? test::numbers<double>(draw, heads * time) : std::vector<double>{}};
                        const auto slope = test::numbers<double>(draw, n * width);
                        const auto objective = [&] { return run.along(slope.data()); };
                        objective();
                        run.backward(slope.data());
                        for (std::size_t i = 0; i < width; ++i) {
                            const std::size_t at = i * attention::projected;
                            CHECK(test::worst_slope(std::span(w).subspan(at, 3 * width),
                                                    std::span<const double>(run.g).subspan(at, 3 * width),
                                                    objective) < test::tolerance::central_difference);
                        }
                        for (std::size_t at = width * attention::projected; at < w.size(); ++at)  // b_i, W_o, b_o and their padding
                            if (w[at] != 0)
                                CHECK(test::worst_slope({&w[at], 1}, {&run.g[at], 1}, objective) < test::tolerance::central_difference);
                            else
                                CHECK(run.g[at] == 0);
                        for (std::size_t t = 0; t < time; ++t)
                            CHECK(test::worst_slope({run.x[t], width}, {run.x_slope[t], width}, objective) <
                                  test::tolerance::central_difference);
                        if (biased) CHECK(test::worst_slope(run.bias, run.bias_slope, objective) < test::tolerance::central_difference);
                    }
}

TEST_CASE_TEMPLATE("the last rows asked for alone get the answers that they get among all", T, float, double) {
    rv::random draw(2);
    std::vector<T> w(attention::weights);
    attention{}.start(w.data(), draw);
    for (const bool causal : {false, true}) {
        const attention stage{.heads = 2, .causal = causal};
        const auto x = test::guarded_rows<T>(9, width, width + 1).fill(draw);
        pass<T> all{stage, w.data(), x, 9};
        all.forward();
        for (const std::size_t n : {0u, 1u, 4u}) {
            pass<T> last{stage, w.data(), x, n};
            last.forward();
            for (std::size_t r = 0; r < n; ++r)
                CHECK(test::worst_distance(last.out[r], all.out[9 - n + r], width) <= test::tolerance::sum<T>(width, 4));
        }
    }
}

TEST_CASE_TEMPLATE("under a causal mask a later row changes no earlier answer", T, float, double) {
    rv::random draw(3);
    std::vector<T> w(attention::weights);
    attention{}.start(w.data(), draw);
    for (const bool causal : {false, true}) {
        const attention stage{.heads = 2, .causal = causal};
        pass<T> before{stage, w.data(), test::guarded_rows<T>(6, width, width + 1).fill(draw), 6};
        before.forward();
        pass<T> after = before;
        for (std::size_t i = 0; i < width; ++i) after.x[4][i] += T(1);
        after.forward();
        for (std::size_t t = 0; t < 6; ++t) CHECK(std::equal(before.out[t], before.out[t] + width, after.out[t]) == (causal && t < 4));
    }
}
