// SPDX-License-Identifier: MIT
// Networks of layers: against PyTorch, against the fast path for the same layers, against central differences; heads, noise, hostile
// settings.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <rivulet/math/loss.hpp>
#include <rivulet/rank/mlp.hpp>
#include <rivulet/rank/network.hpp>
#include <rivulet/update/adam.hpp>

#include "../central_differences.hpp"
#include "../golden/network.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
namespace golden_network = golden::network;
using test::within;

namespace {

/// Everything that forward and backward touch, for `n` rows, strides wider than rows; what is to be overwritten holds 77.
template <class Ranker, class T> struct run {
    static constexpr std::size_t first = rv::padded(Ranker::first), outputs = rv::padded(Ranker::outputs), kept = Ranker::activations;
    Ranker ranker;
    test::guarded_rows<T> sums, hidden, hidden_slopes, sum_slopes, scores, score_slopes;
    test::guarded<T> w, g;
    rv::noise by;

    run(const Ranker& described, std::size_t n)
        : ranker(described), sums(n, first, first + 3), hidden(n, kept, kept + 2), hidden_slopes(n, kept, kept + 5),
          sum_slopes(n, first, first + 1), scores(n, outputs, outputs), score_slopes(n, outputs, outputs), w(Ranker::weights),
          g(Ranker::weights) {
        for (auto* zero : {&sums, &score_slopes}) zero->fill(T(0));
        for (auto* old : {&hidden, &hidden_slopes, &sum_slopes, &scores}) old->fill(T(77));
        w.fill(T(0));
        g.fill(T(0));
    }
    void draw(std::uint64_t seed) {
        rv::random drawn(seed);
        ranker.start(w.data(), drawn);
        for (std::size_t r = 0; r < sums.view().count; ++r) {
            for (std::size_t j = 0; j < Ranker::first; ++j) sums[r][j] = static_cast<T>(drawn.around_zero(2));
            for (std::size_t j = 0; j < Ranker::outputs; ++j) score_slopes[r][j] = static_cast<T>(drawn.around_zero(1));
        }
        forward();  // a step along the slopes, so that biases are not zero and padding is
        backward();
        for (std::size_t i = 0; i < Ranker::weights; ++i) w.data()[i] += g.data()[i] / static_cast<T>(sums.view().count + 1);
        g.fill(T(0));
    }
    void forward() { ranker.forward(w.data(), sums.view(), hidden.view(), scores.view(), by); }
    void backward() {
        const auto& read = *this;
        ranker.backward(w.data(), read.sums.view(), read.hidden.view(), read.score_slopes.view(), hidden_slopes.view(), sum_slopes.view(),
                        g.data(), by);
    }
    double loss() {
        forward();
        double total = 0;
        for (std::size_t r = 0; r < scores.view().count; ++r)
            for (std::size_t j = 0; j < Ranker::outputs; ++j)
                total += static_cast<double>(scores[r][j]) * static_cast<double>(score_slopes[r][j]);
        return total;
    }
    bool intact() const {
        return sums.intact() && hidden.intact() && hidden_slopes.intact() && sum_slopes.intact() && scores.intact() && w.intact() &&
               g.intact() && score_slopes.intact();
    }
};

template <class Ranker> void check_slopes(const Ranker& ranker, rv::noise by = {}) {
    for (const std::size_t n : {1u, 3u, 7u}) {
        CAPTURE(n);
        run<Ranker, double> one(ranker, n);
        one.by = by;
        one.draw(n);
        const auto before = one.sums;
        one.forward();
        one.g.fill(0.25);
        one.backward();
        REQUIRE(one.intact());
        const auto loss = [&one] { return one.loss(); };
        for (std::size_t r = 0; r < n; ++r) {
            for (std::size_t j = 0; j < Ranker::first; ++j) REQUIRE(one.sums[r][j] == before[r][j]);  // backward reads them
            CHECK(test::worst_slope({one.sums[r], Ranker::first}, {one.sum_slopes[r], Ranker::first}, loss) <
                  test::tolerance::central_difference);
            for (std::size_t j = Ranker::first; j < one.first; ++j) REQUIRE(one.sum_slopes[r][j] == 0);
            for (std::size_t j = Ranker::outputs; j < one.outputs; ++j) REQUIRE(one.scores[r][j] == 0);
        }
        for (std::size_t i = 0; i < Ranker::weights; ++i) one.g.data()[i] -= 0.25;
        CHECK(test::worst_slope({one.w.data(), Ranker::weights}, {one.g.data(), Ranker::weights}, loss) <
              test::tolerance::central_difference);
    }
}

/// A network and its first layer, which is the pipeline's, as one arena: the golden parameters one after the other, columns padded.
template <class T, std::size_t Shapes> struct arena_of {
    std::vector<T> numbers;
    std::vector<std::size_t> places;  // of every golden number
    explicit arena_of(const golden_network::shape (&shapes)[Shapes]) {
        std::size_t at = 0;
        for (const auto& [rows, columns] : shapes) {
            for (std::size_t i = 0; i < rows; ++i)
                for (std::size_t j = 0; j < columns; ++j) places.push_back(at + i * rv::padded(columns) + j);
            at += rows * rv::padded(columns);
        }
        numbers.assign(at, T(0));
    }
    template <std::size_t N> void put(const double (&golden)[N]) {
        REQUIRE(places.size() == N);
        for (std::size_t i = 0; i < N; ++i) numbers[places[i]] = static_cast<T>(golden[i]);
    }
    template <std::size_t N> double farthest(const double (&golden)[N]) const {
        double distance = 0;
        for (std::size_t i = 0; i < N; ++i) {
            const double here = std::abs(static_cast<double>(numbers[places[i]]) - golden[i]) / (1 + std::abs(golden[i]));
            distance = here <= distance ? distance : here;  // NaN stays
        }
        return distance;
    }
    bool padding_is_zero() const {
        std::vector<bool> ours(numbers.size());
        for (const std::size_t place : places) ours[place] = true;
        for (std::size_t i = 0; i < numbers.size(); ++i)
            if (!ours[i] && numbers[i] != T(0)) return false;
        return true;
    }
};

/// Logits, gradients and 20 steps of Adam from the golden first weights.
template <class T, class Ranker, std::size_t Shapes, std::size_t N>
void follows_pytorch(const char* name, const Ranker& ranker, const golden_network::shape (&shapes)[Shapes], const double (&first)[N],
                     const double (&logits)[golden_network::rows], const double (&slopes)[N], const double (&losses)[golden_network::steps],
                     const double (&trained)[N]) {
    CAPTURE(name);
    constexpr std::size_t n = golden_network::rows, in = golden_network::in, stride = rv::padded(Ranker::first), begin = (in + 1) * stride;
    arena_of<T, Shapes> w(shapes), g(shapes);
    REQUIRE(w.numbers.size() == begin + Ranker::weights);
    w.put(first);
    std::vector<T> x(n * in), state(2 * w.numbers.size(), T(0));
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < in; ++i) x[r * in + i] = static_cast<T>(golden_network::x[r][i]);
    const rv::rows<const T> inputs{x.data(), n, in};
    const rv::adam updater{.rate = 0.01f};
    run<Ranker, T> one(ranker, n);
    for (std::size_t t = 0; t < golden_network::steps; ++t) {
        CAPTURE(t);
        for (std::size_t r = 0; r < n; ++r) std::copy_n(w.numbers.data() + in * stride, stride, one.sums[r]);
        rv::math::multiply<T>(inputs, in, w.numbers.data(), Ranker::first, one.sums.view());
        std::copy_n(w.numbers.data() + begin, Ranker::weights, one.w.data());
        one.forward();
        double loss = 0;
        for (std::size_t r = 0; r < n; ++r) {
            const double z = static_cast<double>(*one.scores[r]), label = golden_network::labels[r];
            if (t == 0) CHECK(within(z, logits[r], test::tolerance::network<T>(1 + std::abs(logits[r]))));
            loss += rv::logistic{}.value(z, label);
            *one.score_slopes[r] = static_cast<T>(rv::logistic{}.slope(z, label));
        }
        CHECK(within(loss, losses[t], test::tolerance::trained_network<T>(t + 1) * (1 + losses[t])));
        std::fill(g.numbers.begin(), g.numbers.end(), T(0));
        one.g.fill(T(0));
        one.backward();
        std::copy_n(one.g.data(), Ranker::weights, g.numbers.data() + begin);
        rv::math::add_outer<T>(inputs, in, one.sum_slopes.view(), Ranker::first, g.numbers.data());
        for (std::size_t r = 0; r < n; ++r) rv::math::add_scaled(T(1), one.sum_slopes[r], g.numbers.data() + in * stride, stride);
        if (t == 0) {
            CHECK(g.farthest(slopes) <= test::tolerance::network<T>(1));
            CHECK(g.padding_is_zero());
        }
        updater.step(w.numbers.data(), g.numbers.data(), rv::updater_state<T>{state.data(), w.numbers.size(), t}, w.numbers.size());
    }
    CHECK(w.farthest(trained) <= test::tolerance::trained_network<T>(golden_network::steps));
    CHECK(w.padding_is_zero());
    CHECK(one.intact());
}

const rv::network everything{rv::dense<18>{},
                             rv::layer_norm{},
                             rv::gelu{},
                             rv::dropout{.share = 0.3f},
                             rv::residual{rv::dense<18>{}, rv::silu{}, rv::dropout{.share = 0.2f}},
                             rv::cross_layers<2, 3>{},
                             rv::dense<5>{},
                             rv::hyperbolic_tangent{},
                             rv::dense<1>{}};

}  // namespace

TEST_CASE_TEMPLATE("logits, gradients and 20 steps of Adam are PyTorch's", T, float, double) {
#define RIVULET_GOLDEN(name)                                                                                                               \
#name, name##_network, golden_network::name::shapes, golden_network::name::first, golden_network::name::logits,                        \
        golden_network::name::slopes, golden_network::name::losses, golden_network::name::trained
    const rv::network rectified_network{rv::dense<8>{}, rv::rectifier{}, rv::dense<6>{}, rv::rectifier{}, rv::dense<1>{}};
    const rv::network normalised_network{rv::dense<8>{}, rv::layer_norm{}, rv::gelu{}, rv::residual{rv::dense<8>{}, rv::gelu{}},
                                         rv::dense<1>{}};
    const rv::network swished_network{rv::dense<8>{}, rv::silu{}, rv::dense<6>{}, rv::silu{}, rv::dense<1>{}};
    const rv::network bounded_network{rv::dense<8>{}, rv::hyperbolic_tangent{}, rv::dense<6>{}, rv::hyperbolic_tangent{}, rv::dense<1>{}};
    const rv::network crossed_network{rv::dense<6>{}, rv::cross_layers<2>{}, rv::cross_layers<2, 3>{}, rv::dense<1>{}};
    follows_pytorch<T>(RIVULET_GOLDEN(rectified));
    follows_pytorch<T>(RIVULET_GOLDEN(normalised));
    follows_pytorch<T>(RIVULET_GOLDEN(swished));
    follows_pytorch<T>(RIVULET_GOLDEN(bounded));
    follows_pytorch<T>(RIVULET_GOLDEN(crossed));
#undef RIVULET_GOLDEN
}

TEST_CASE("the slopes of all weights and of the first layer's sums equal central differences") {
    check_slopes(rv::network{rv::dense<1>{}});
    check_slopes(rv::network{rv::dense<5>{}});
    check_slopes(rv::network{rv::dense<5>{}, rv::dense<1>{}});
    check_slopes(rv::network{rv::dense<17>{}, rv::gelu{}, rv::dense<1>{}});
    check_slopes(rv::network{rv::dense<6>{}, rv::silu{}, rv::dense<1>{}, rv::hyperbolic_tangent{}});
    // Wide enough that no row is rectified to nothing: then the next sums would be exactly zero, which is no place to differentiate.
    check_slopes(rv::network{rv::dense<15>{}, rv::rectifier{}, rv::dense<19>{}, rv::rectifier{}, rv::dense<3>{}});
    check_slopes(everything);
    check_slopes(everything, {.seed = 5, .row = 16});
}

TEST_CASE_TEMPLATE("a network of an mlp's layers is that mlp, bit for bit", T, float, double) {
    using plain = rv::mlp<33, 17>;
    const rv::network layered{rv::dense<33>{}, rv::rectifier{}, rv::dense<17>{}, rv::rectifier{}, rv::dense<1>{}};
    using network = std::remove_const_t<decltype(layered)>;
    static_assert(network::weights == plain::weights && network::first == plain::first && network::layer_begin[2] == plain::offset(1) &&
                  network::layer_begin[4] == plain::offset(2));
    CHECK(network::first_limit(70) == plain::first_limit(70));
    for (const std::size_t n : {0u, 1u, 2u, 7u, 13u, 24u}) {
        CAPTURE(n);
        run<network, T> one(layered, n);
        one.draw(n);
        std::vector<T> w(plain::weights, T(0)), drawn(plain::weights, T(0)), g(plain::weights, T(0));
        rv::random mine(3), theirs(3);
        layered.start(w.data(), mine);
        plain{}.start(drawn.data(), theirs);
        CHECK(w == drawn);
        std::copy_n(one.w.data(), plain::weights, w.data());
        one.forward();
        one.backward();

        const std::size_t stride = rv::padded(plain::first);
        std::vector<T> sums(n * stride + 1), hidden(n * plain::activations + 1), slopes(hidden.size()), sum_slopes(sums.size()),
            scores(n + 1);
        for (std::size_t r = 0; r < n; ++r) std::copy_n(one.sums[r], stride, sums.data() + r * stride);
        const rv::rows<T> sum{sums.data(), n, stride}, sum_slope{sum_slopes.data(), n, stride};
        const rv::rows<T> act{hidden.data(), n, plain::activations}, act_slope{slopes.data(), n, plain::activations};
        const rv::rows<T> score{scores.data(), n, 1};
        const rv::rows<const T> score_slope = one.score_slopes.view();
        const plain ranker;
        ranker.forward(w.data(), sum, act, score, rv::noise{});
        ranker.backward(w.data(), rv::rows<const T>(sum), rv::rows<const T>(act), score_slope, act_slope, sum_slope, g.data(), rv::noise{});
        for (std::size_t r = 0; r < n; ++r) {
            REQUIRE(*one.scores[r] == scores[r]);
            for (std::size_t j = 0; j < plain::first; ++j) REQUIRE(one.sum_slopes[r][j] == sum_slopes[r * stride + j]);
        }
        for (std::size_t i = 0; i < plain::weights; ++i) REQUIRE(one.g.data()[i] == g[i]);
        CHECK(one.intact());
    }
}

TEST_CASE_TEMPLATE("without noise dropout is not there; with it the seed says what is dropped", T, float, double) {
    const rv::network noisy{rv::dense<20>{}, rv::gelu{}, rv::dropout{.share = 0.5f}, rv::dense<1>{}};
    const rv::network plain{rv::dense<20>{}, rv::gelu{}, rv::dense<1>{}};
    run<std::remove_const_t<decltype(noisy)>, T> one(noisy, 6), again(noisy, 6);
    run<std::remove_const_t<decltype(plain)>, T> bare(plain, 6);
    one.draw(1);
    again.draw(1);
    bare.draw(1);
    const auto scores = [](auto& which, rv::noise by) {
        which.by = by;
        which.forward();
        std::vector<T> found;
        for (std::size_t r = 0; r < 6; ++r) found.push_back(*which.scores[r]);
        return found;
    };
    CHECK(scores(one, {}) == scores(bare, {.seed = 3}));
    CHECK(scores(one, {.seed = 3}) == scores(again, {.seed = 3}));
    CHECK(scores(one, {.seed = 3}) != scores(one, {.seed = 4}));
    CHECK(scores(one, {.seed = 3}) != scores(one, {.seed = 3, .row = 1}));
    CHECK(scores(one, {.seed = 3}) != scores(one, {}));
    double mean = 0;
    for (std::uint64_t seed = 1; seed <= 4000; ++seed) mean += static_cast<double>(scores(one, {.seed = seed})[0]) / 4000;
    const double exact = static_cast<double>(scores(one, {})[0]);
    CHECK(within(mean, exact, 0.1));  // the layer after dropout is linear: the mean is the score without
}

TEST_CASE("several heads: padded scores, each head its own sums") {
    const rv::network heads{rv::dense<6>{}, rv::hyperbolic_tangent{}, rv::dense<3>{}};
    using network = std::remove_const_t<decltype(heads)>;
    static_assert(network::outputs == 3 && network::layers == 3 && network::widths == std::array<std::size_t, 3>{6, 6, 3});
    static_assert(network::layer_begin == std::array<std::size_t, 4>{0, 0, 0, 7 * 16} && network::weights == 7 * 16);
    run<network, double> one(heads, 2);
    one.draw(8);
    one.forward();
    for (std::size_t r = 0; r < 2; ++r)
        for (std::size_t j = 0; j < 3; ++j) {
            double expected = one.w.data()[6 * 16 + j];
            for (std::size_t i = 0; i < 6; ++i) expected += std::tanh(one.sums[r][i]) * one.w.data()[i * 16 + j];
            CHECK(within(one.scores[r][j], expected, test::tolerance::network<double>(4)));
        }
}

TEST_CASE("a network of one layer is linear: the sums are the scores") {
    using linear = rv::network<rv::dense<1>>;
    static_assert(linear::weights == 0 && linear::first == 1 && linear::outputs == 1 && linear::layers == 1 && linear::activations == 1);
    static_assert(linear::layer_begin == std::array<std::size_t, 2>{0, 0});
    CHECK(linear::first_limit(10) == 0);
    run<linear, float> one(linear{rv::dense<1>{}}, 2);
    one.sums[0][0] = 3;
    one.sums[1][0] = -4;
    one.score_slopes[0][0] = 0.5f;
    one.score_slopes[1][0] = -2;
    one.forward();
    one.backward();
    CHECK((one.scores[0][0] == 3 && one.scores[1][0] == -4));
    CHECK((one.sum_slopes[0][0] == 0.5f && one.sum_slopes[1][0] == -2));
}

TEST_CASE("first weights heed what follows: twice the variance before a rectifier or its kin, behind noise and norms too") {
    using before_gelu = rv::network<rv::dense<8>, rv::layer_norm, rv::dropout, rv::gelu, rv::dense<1>>;
    using before_tanh = rv::network<rv::dense<8>, rv::hyperbolic_tangent, rv::dense<1>>;
    CHECK(within(before_gelu::first_limit(6), 1, 1e-12));
    CHECK(within(before_tanh::first_limit(3), 1, 1e-12));
    const rv::network deep{rv::dense<40>{}, rv::silu{}, rv::dense<64>{}, rv::dropout{}, rv::gelu{}, rv::dense<32>{}, rv::dense<1>{}};
    using network = std::remove_const_t<decltype(deep)>;
    std::vector<double> w(network::weights, 0.0);
    rv::random draw(1);
    deep.start(w.data(), draw);
    const auto variance = [&](std::size_t layer, std::size_t in, std::size_t out) {
        double squares = 0;
        for (std::size_t i = 0; i < in * out; ++i) squares += std::pow(w[network::layer_begin[layer] + i], 2);
        return squares / static_cast<double>(out);
    };
    CHECK(within(variance(2, 40, 64), 2, 0.2));
    CHECK(within(variance(5, 64, 32), 1, 0.1));
}

TEST_CASE_TEMPLATE("sums of 1e4 give finite scores and slopes, NaN is seen in its own row only", T, float, double) {
    using network = std::remove_const_t<decltype(everything)>;
    run<network, T> one(everything, 4);
    one.draw(2);
    for (std::size_t j = 0; j < network::first; ++j) {
        one.sums[0][j] = j % 2 ? T(1e4) : T(-1e4);
        one.sums[1][j] = T(1e4);
        one.sums[3][j] = 0;
    }
    one.by = {.seed = 1};
    one.forward();
    one.backward();
    for (std::size_t r = 0; r < 4; ++r) {
        CHECK(rv::math::finite(*one.scores[r]));
        CHECK(rv::math::first_nonfinite(one.sum_slopes[r], network::first) == network::first);
    }
    CHECK(rv::math::first_nonfinite(one.g.data(), network::weights) == network::weights);
    one.sums[2][7] = std::numeric_limits<T>::quiet_NaN();
    one.forward();
    for (std::size_t r = 0; r < 4; ++r) CHECK(std::isnan(*one.scores[r]) == (r == 2));
}

TEST_CASE("what a layer refuses the network refuses; a file of the weights names every layer") {
    CHECK(everything.validate());
    CHECK(rv::network{rv::dense<4>{}, rv::dropout{.share = 1}, rv::dense<1>{}}.validate().message() ==
          "dropout.share must be a number from 0 to below 1, got 1");
    CHECK(rv::network{rv::dense<4>{}, rv::residual{rv::layer_norm{.epsilon = 0}}, rv::dense<1>{}}.validate().code == rv::errc::setting);
    CHECK(rv::network{rv::dense<4>{}, rv::layer_norm{.epsilon = 0.5f}, rv::dropout{}, rv::residual{rv::dense<4>{}, rv::gelu{}},
                      rv::cross_layers<2, 3>{}, rv::dense<1>{}}
              .settings() ==
          "dense{units=4},layer_norm{epsilon=0.5},dropout,residual{dense{units=4},gelu},cross_layers{depth=2,rank=3},dense{units=1}");
    CHECK(rv::network{rv::dense<1>{}}.settings() == "dense{units=1}");
}
