// SPDX-License-Identifier: MIT
// A transformer over a request's sequence: PyTorch's trajectories, central differences, masks, dropout, decay.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <rivulet/attend/transformer.hpp>
#include <rivulet/fuse/fuse.hpp>
#include <rivulet/fuse/pass.hpp>
#include <rivulet/pipeline/pipeline.hpp>
#include <rivulet/rank/mlp.hpp>
#include <rivulet/update/adam.hpp>
#include <rivulet/update/sgd.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"
#include "from_pytorch.hpp"

namespace rv = rivulet;

namespace {

constexpr std::size_t in = 3, width = 8, feed_forward = 12;
struct recent : rv::context_sequence<in, 6> {};
template <std::size_t Blocks, class Decay = rv::no_decay> using stage_of = rv::transformer<recent, width, Blocks, feed_forward, Decay>;
using one = stage_of<1>;

/// Weights with every bias and scale somewhere, padding zero: places that `start` leaves at zero get numbers where a random slope says
/// that they are read.
template <class Stage, class T> std::vector<T> weights(rv::random& draw) {
    std::vector<T> w(Stage::weights);
    Stage{}.start(w.data(), draw);
    const auto scatter = [&](std::size_t at, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) w[at + i] += static_cast<T>(draw.around_zero(0.4));
    };
    scatter(in * rv::padded(width), width);
    for (std::size_t t = 0; t < recent::length; ++t) scatter(Stage::positions_at + t * rv::padded(width), width);
    for (std::size_t at = Stage::blocks_at; at + Stage::block::weights <= Stage::norm_at; at += Stage::block::weights) {
        using block = typename Stage::block;
        scatter(at + width * block::attention::projected, 3 * width);
        scatter(at + block::attention::out_at + width * block::stride, width);
        scatter(at + block::first_at + width * block::hidden, feed_forward);
        scatter(at + block::second_at + feed_forward * block::stride, width);
        for (std::size_t i = 0; i < 4; ++i) scatter(at + block::norms_at + i * block::stride, width);
    }
    scatter(Stage::norm_at, width);
    scatter(Stage::norm_at + rv::padded(width), width);
    return w;
}

template <class T, class Stage> std::vector<T> apply(const Stage& stage, const std::vector<T>& w, const auto& view, rv::noise noise = {}) {
    test::guarded<T> out(width);
    stage.forward(w.data(), rv::request(view), out.data(), noise);
    REQUIRE(out.intact());
    return std::vector<T>(out.data(), out.data() + width);
}

/// The largest distance of slopes from central differences over all weights that are not padding. Padding has slope zero.
template <class Stage> void check_slopes(const Stage& stage, std::vector<double>& w, const auto& view, rv::noise noise, rv::random& draw) {
    const auto slope = test::numbers<double>(draw, width);
    std::vector<double> g(w.size(), 0);
    stage.backward(w.data(), rv::request(view), slope.data(), g.data(), noise);
    const auto objective = [&] {
        const auto out = apply(stage, w, view, noise);
        double sum = 0;
        for (std::size_t i = 0; i < width; ++i) sum += out[i] * slope[i];
        return sum;
    };
    for (std::size_t at = 0; at < w.size(); ++at) {
        CAPTURE(at);
        if (w[at] != 0)
            REQUIRE(test::worst_slope({&w[at], 1}, {&g[at], 1}, objective) < test::tolerance::central_difference);
        else
            REQUIRE(g[at] == 0);
    }
}

/// The golden transformer's weights in ours.
template <class T>
std::vector<T> from_small(const double* embed_weight, const double* embed_bias, const double* positions,
                          const golden::attention::layer_parameters& layer, const double* scale, const double* shift) {
    std::vector<T> w(one::weights, T(0));
    T* at = test::put_affine(embed_weight, embed_bias, in, width, w.data());
    for (std::size_t t = 0; t < recent::length; ++t) at = test::put_row(positions + t * width, width, at);
    at = test::put_layer(layer, width, feed_forward, at);
    at = test::put_row(shift, width, test::put_row(scale, width, at));
    REQUIRE(at == w.data() + w.size());
    return w;
}

template <class T>
void follow(const one& stage, const auto& updater, const double* losses, const double* pooled, const std::vector<double>& last,
            double tolerance) {
    namespace golden = golden::attention;
    auto w = from_small<T>(golden::small_embed_weight, golden::small_embed_bias, golden::small_positions, golden::small_weights,
                           golden::small_norm_weight, golden::small_norm_bias);
    const std::vector<T> history(std::begin(golden::history), std::end(golden::history));
    std::vector<T> state(2 * w.size(), T(0)), slope(width);
    for (std::uint64_t step = 0; step < golden::steps; ++step) {
        CAPTURE(step);
        const auto out = apply(stage, w, rv::with<recent>(history));
        double loss = 0;
        for (std::size_t i = 0; i < width; ++i) {
            slope[i] = out[i] - static_cast<T>(golden::target[i]);
            loss += 0.5 * static_cast<double>(slope[i]) * static_cast<double>(slope[i]);
        }
        CHECK(test::worst_distance(&loss, losses + step, 1) < tolerance);
        std::vector<T> g(w.size(), T(0));
        stage.backward(w.data(), rv::request(rv::with<recent>(history)), slope.data(), g.data());
        updater.step(w.data(), g.data(), rv::updater_state<T>{state.data(), w.size(), step}, w.size());
    }
    CHECK(test::worst_distance(apply(stage, w, rv::with<recent>(history)).data(), pooled, width) < tolerance);
    // A key's bias moves all logits of a query alike, so its slope is zero but for rounding, which Adam takes for a direction.
    const std::size_t key_bias = one::blocks_at + width * one::block::attention::projected + width;
    CHECK(test::worst_distance(w.data(), last.data(), key_bias) < tolerance);
    CHECK(test::worst_distance(w.data() + key_bias + width, last.data() + key_bias + width, w.size() - key_bias - width) < tolerance);
}

}  // namespace

TEST_CASE_TEMPLATE("twenty steps go where PyTorch's go", T, float, double) {
    namespace golden = golden::attention;
    const double tolerance = test::tolerance::transformer_trajectory<T>(3 * width, golden::steps);
    follow<T>({.heads = 2, .order = rv::norm::after, .pool = rv::pooling::last}, rv::sgd{.rate = 0.05f}, golden::sgd_after_last_losses,
              golden::sgd_after_last_pooled,
              from_small<double>(golden::sgd_after_last_embed_weight, golden::sgd_after_last_embed_bias, golden::sgd_after_last_positions,
                                 golden::sgd_after_last_weights, golden::sgd_after_last_norm_weight, golden::sgd_after_last_norm_bias),
              tolerance);
    follow<T>({.heads = 2, .order = rv::norm::before, .pool = rv::pooling::mean}, rv::adam{.rate = 0.01f}, golden::adam_before_mean_losses,
              golden::adam_before_mean_pooled,
              from_small<double>(golden::adam_before_mean_embed_weight, golden::adam_before_mean_embed_bias,
                                 golden::adam_before_mean_positions, golden::adam_before_mean_weights, golden::adam_before_mean_norm_weight,
                                 golden::adam_before_mean_norm_bias),
              tolerance);
}

TEST_CASE("every slope equals central differences: both orders, both poolings, one block and three, masks, noise") {
    const auto check = []<class Stage>(Stage stage, std::size_t moments, std::uint64_t seed) {
        CAPTURE(moments);
        CAPTURE(seed);
        rv::random draw(seed);
        auto w = weights<Stage, double>(draw);
        const auto rows = test::numbers<double>(draw, moments * in);
        std::vector<std::uint8_t> valid(moments, 1);
        for (std::size_t t = 0; t < moments; t += 3) valid[t] = seed % 2;
        stage.heads = 1 + seed % 2;
        stage.causal = seed % 3 == 0;
        stage.dropout = 0.3f;
        check_slopes(stage, w, rv::with<recent>(rows, valid), rv::noise{.seed = seed % 2 ? seed : 0, .row = 3}, draw);
    };
    std::uint64_t seed = 1;
    for (const std::size_t moments : {1u, 2u, 5u, 9u})
        for (const rv::norm order : {rv::norm::before, rv::norm::after})
            for (const rv::pooling pool : {rv::pooling::last, rv::pooling::mean}) {
                check(one{.order = order, .pool = pool}, moments, seed++);
                check(stage_of<3>{.order = order, .pool = pool}, moments, seed++);
                check(stage_of<2, rv::position_decay>{.order = order, .pool = pool, .decay = {.half_life = 2}}, moments, seed++);
                check(stage_of<1, rv::age_decay<1>>{.order = order, .pool = pool, .decay = {.half_life = 0.5f}}, moments, seed++);
            }
}

TEST_CASE_TEMPLATE("no rows, or none that is there, give zeros and no slope", T, float, double) {
    rv::random draw(1);
    const auto w = weights<one, T>(draw);
    const std::vector<T> nothing, rows(4 * in, std::numeric_limits<T>::quiet_NaN());
    const std::vector<std::uint8_t> valid(4, 0);
    const std::vector<T> slope(width, T(1));
    for (const rv::norm order : {rv::norm::before, rv::norm::after})
        for (const rv::pooling pool : {rv::pooling::last, rv::pooling::mean})
            for (const auto& view : {rv::with<recent>(nothing), rv::with<recent>(rows, valid)}) {
                const one stage{.heads = 2, .order = order, .pool = pool};
                CHECK(apply(stage, w, view) == std::vector<T>(width, T(0)));
                std::vector<T> g(w.size(), T(0));
                stage.backward(w.data(), rv::request(view), slope.data(), g.data());
                CHECK(g == std::vector<T>(w.size(), T(0)));
            }
}

TEST_CASE_TEMPLATE("masked rows and rows before the last that are used count for nothing, whatever they hold", T, float, double) {
    rv::random draw(2);
    using faded = stage_of<2, rv::position_decay>;
    const auto w = weights<faded, T>(draw);
    const T nan = std::numeric_limits<T>::quiet_NaN();
    std::vector<T> rows(9 * in, nan), there;
    const std::vector<std::uint8_t> valid = {1, 1, 1, 0, 1, 1, 0, 0, 1};  // the last six are used, and of these three are there
    for (const std::size_t t : {4u, 5u, 8u})
        for (std::size_t i = 0; i < in; ++i) there.push_back(rows[t * in + i] = static_cast<T>(draw.around_zero(1)));
    for (const rv::pooling pool : {rv::pooling::last, rv::pooling::mean}) {
        const faded stage{.heads = 2, .pool = pool};
        const auto masked = apply(stage, w, rv::with<recent>(rows, valid)), without = apply(stage, w, rv::with<recent>(there));
        CHECK(test::worst_distance(masked.data(), without.data(), width) <= test::tolerance::transformer<T>(3 * width));
        std::vector<T> g(w.size(), T(0));
        stage.backward(w.data(), rv::request(rv::with<recent>(rows, valid)), masked.data(), g.data());
        CHECK(rv::math::first_nonfinite(g.data(), g.size()) == g.size());
    }
}

TEST_CASE_TEMPLATE("positions count from the newest row", T, float, double) {
    // Without a block's and the last norm's work, weights zero but for scales, what is pooled is the newest row and its position,
    // normalised.
    std::vector<T> w(one::weights, T(0)), expected(width), one_row(in, T(0)), five_rows(5 * in, T(0));
    rv::random draw(3);
    for (std::size_t t = 0; t < recent::length; ++t)
        for (std::size_t i = 0; i < width; ++i) w[one::positions_at + t * rv::padded(width) + i] = static_cast<T>(draw.around_zero(1));
    std::fill_n(w.data() + one::norm_at, width, T(1));
    T kept[2];
    const std::vector<T> scale(width, T(1)), shift(width, T(0));
    rv::math::layer_norm(w.data() + one::positions_at, scale.data(), shift.data(), T(1e-5f), expected.data(), kept, width);
    CHECK(apply(one{}, w, rv::with<recent>(one_row)) == expected);
    CHECK(apply(one{}, w, rv::with<recent>(five_rows)) == expected);
}

TEST_CASE_TEMPLATE("causal: the mean over a history is that of every row's answer among what came before it", T, float, double) {
    // Positions zero, so that a row's answer does not depend on how many follow it.
    rv::random draw(3);
    auto w = weights<stage_of<2>, T>(draw);
    std::fill_n(w.data() + stage_of<2>::positions_at, recent::length * rv::padded(width), T(0));
    const auto rows = test::numbers<T>(draw, 5 * in);
    for (const rv::norm order : {rv::norm::before, rv::norm::after})
        for (const bool causal : {true, false}) {
            const stage_of<2> newest{.heads = 2, .causal = causal, .order = order, .pool = rv::pooling::last},
                mean{.heads = 2, .causal = causal, .order = order, .pool = rv::pooling::mean};
            std::vector<double> expected(width, 0);
            for (std::size_t t = 1; t <= 5; ++t) {
                const auto out = apply(newest, w, rv::with<recent>(std::vector<T>(rows.begin(), rows.begin() + std::ptrdiff_t(t * in))));
                for (std::size_t i = 0; i < width; ++i) expected[i] += static_cast<double>(out[i]) / 5;
            }
            const auto out = apply(mean, w, rv::with<recent>(rows));
            CHECK((test::worst_distance(out.data(), expected.data(), width) < test::tolerance::transformer<T>(3 * width)) == causal);
        }
}

TEST_CASE_TEMPLATE("the same noise drops the same, another another; without noise or dropout nothing is dropped", T, float, double) {
    rv::random draw(4);
    const auto w = weights<stage_of<2>, T>(draw);
    const auto rows = test::numbers<T>(draw, 5 * in);
    const auto view = rv::with<recent>(rows);
    for (const rv::pooling pool : {rv::pooling::last, rv::pooling::mean}) {
        const stage_of<2> stage{.heads = 2, .pool = pool, .dropout = 0.5f}, never{.heads = 2, .pool = pool};
        const rv::noise noise{.seed = 5, .row = 1};
        const auto served = apply(never, w, view);
        CHECK(apply(stage, w, view) == served);
        CHECK(apply(never, w, view, noise) == served);
        const auto dropped = apply(stage, w, view, noise);
        CHECK(dropped != served);
        CHECK(apply(stage, w, view, noise) == dropped);
        CHECK(apply(stage, w, view, {.seed = 6, .row = 1}) != dropped);
        CHECK(apply(stage, w, view, {.seed = 5, .row = 2}) != dropped);
    }
}

TEST_CASE("over many steps dropout leaves the embedded rows their mean") {
    // One row, normalised after: with all else at zero the output is the embedded row, normalised; dropped numbers are found as such.
    constexpr std::size_t steps = 4000;
    std::vector<double> w(one::weights, 0);
    for (std::size_t i = 0; i < width; ++i) w[i] = 1;  // W_e: the row's first number, everywhere
    for (std::size_t i = 0; i < width; ++i) w[one::norm_at + i] = 1;
    const std::vector<double> row{1, 0, 0};
    const one stage{.heads = 1, .order = rv::norm::before, .pool = rv::pooling::last, .dropout = 0.25f};
    std::size_t low = 0, mixed = 0;
    for (std::uint64_t seed = 1; seed <= steps; ++seed) {
        const auto out = apply(stage, w, rv::with<recent>(row), {.seed = seed});
        const auto lost = static_cast<std::size_t>(std::count_if(out.begin(), out.end(), [](double x) { return x < 0; }));
        if (lost == 0) continue;  // none or all were dropped: a constant row has no spread
        low += lost;
        ++mixed;
    }
    CHECK(mixed > steps / 2);
    // P(a number is dropped) = 1/4; given that some are and some are not it is (1/4 - 1/4^8) / (1 - 3/4^8 - 1/4^8) = 0.278
    const double share = static_cast<double>(low) / static_cast<double>(mixed * width);
    CHECK(std::abs(share - 0.278) < 0.01);  // standard deviation 0.0027
}

TEST_CASE_TEMPLATE("float follows double", T, float) {
    rv::random draw(6);
    using stage_type = stage_of<3, rv::age_decay<0>>;
    const auto wide = weights<stage_type, double>(draw);
    const std::vector<T> w(wide.begin(), wide.end());
    const std::vector<double> rounded(w.begin(), w.end());
    const auto rows = test::numbers<T>(draw, 6 * in);
    const std::vector<double> wide_rows(rows.begin(), rows.end());
    for (const rv::norm order : {rv::norm::before, rv::norm::after}) {
        const stage_type stage{.heads = 2, .order = order, .decay = {.half_life = 1}};
        const auto got = apply(stage, w, rv::with<recent>(rows));
        const auto expected = apply(stage, rounded, rv::with<recent>(wide_rows));
        CHECK(test::worst_distance(got.data(), expected.data(), width) < 3 * test::tolerance::transformer<T>(3 * width));
        std::vector<T> g(w.size(), T(0)), slope(width, T(0.25));
        std::vector<double> wide_g(w.size(), 0), wide_slope(width, 0.25);
        stage.backward(w.data(), rv::request(rv::with<recent>(rows)), slope.data(), g.data());
        stage.backward(rounded.data(), rv::request(rv::with<recent>(wide_rows)), wide_slope.data(), wide_g.data());
        CHECK(test::worst_distance(g.data(), wide_g.data(), g.size()) < 3 * test::tolerance::transformer<T>(3 * width));
    }
}

TEST_CASE("settings outside their range are refused, and settings that change scores are told apart") {
    CHECK(one{.heads = 4}.validate());
    CHECK(one{.heads = 3}.validate().message() == "transformer.heads must divide the width, got 3");
    CHECK_FALSE(one{.heads = 0}.validate());
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const float bad : {-0.1f, 1.0f, nan}) CHECK_FALSE(one{.dropout = bad}.validate());
    for (const float bad : {0.0f, -1.0f, nan}) CHECK_FALSE(one{.epsilon = bad}.validate());
    using faded = stage_of<1, rv::position_decay>;
    CHECK(faded{}.validate());
    for (const float bad : {0.0f, -1.0f, nan, std::numeric_limits<float>::infinity()})
        CHECK_FALSE(faded{.decay = {.half_life = bad}}.validate());
    const std::string plain = one{}.settings();
    CHECK(plain != one{.heads = 2}.settings());
    CHECK(plain != one{.causal = true}.settings());
    CHECK(plain != one{.order = rv::norm::after}.settings());
    CHECK(plain != one{.pool = rv::pooling::mean}.settings());
    CHECK(plain != one{.epsilon = 1e-6f}.settings());
    CHECK(faded{}.settings() != faded{.decay = {.half_life = 3}}.settings());
    CHECK(faded{}.settings() != faded{.decay = {.learned = false}}.settings());
}

TEST_CASE("in a pipeline it learns what depends on the order of a history") {
    // Wanted is the item that the second newest moment showed: the newest alone, or the sum of all, cannot say.
    struct shown : rv::context_sequence<2, 4> {};
    struct shape : rv::candidate<2> {};
    rv::pipeline ranker{rv::fuse{rv::transformer<shown, 16, 1, 32>{.heads = 2}, rv::pass<shape>{}}, rv::mlp<16>{}, rv::adam{.rate = 0.01f}};
    rv::random draw(7);
    const float shapes[2][2] = {{1, 0}, {0, 1}};
    double first = 0, last = 0;
    constexpr int events = 3000;
    for (int event = 0; event < events; ++event) {
        float history[8];
        std::size_t which[4];
        for (std::size_t t = 0; t < 4; ++t) {
            which[t] = draw.below(2);
            std::copy_n(shapes[which[t]], 2, history + 2 * t);
        }
        const std::size_t candidate = draw.below(2);
        const auto visit = rv::request(rv::with<shown>(history));
        const auto item = rv::item(rv::with<shape>(shapes[candidate]));
        const auto learned = ranker.learn(visit, item, which[2] == candidate ? rv::click : rv::skip);
        REQUIRE(learned);
        if (event < 300) first += static_cast<double>(learned.loss) / 300;
        if (event >= events - 300) last += static_cast<double>(learned.loss) / 300;
    }
    CHECK(first > 0.5);
    CHECK(last < 0.1);
    static_assert(noexcept(ranker.learn(rv::request(rv::with<shown>(shapes[0], 2)), rv::item(rv::with<shape>(shapes[0])), rv::click)));
}
