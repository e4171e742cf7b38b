// SPDX-License-Identifier: MIT
// Every component with every loss: the gradient of a pipeline of all of them, and what hostile numbers do to it.
#include <doctest/doctest.h>

#include <cfloat>
#include <cstring>
#include <limits>
#include <vector>

#include "../random_data.hpp"
#include "../tolerance.hpp"
#include "slopes.hpp"

namespace {

namespace rv = rivulet;
using shop::rounding_and_truncation;

struct person : rv::context<3> {};
struct mood : rv::optional<rv::context<2>> {};
struct seen : rv::context_sequence<5, 6> {};  // four numbers as an item's, and an age
struct look : rv::candidate<4> {};
struct sound : rv::optional<rv::candidate<3>> {};

template <class T>
using parts =
    rv::fuse<rv::standardise<person>, rv::transformer<seen, 6, 1, 8>, rv::attend<seen, look, 6, rv::age_decay<4>>,
             rv::attend<seen, person, 4, rv::position_decay>, rv::interest<seen, look, 3>, rv::bilinear<person, look, 3>, rv::pass<look>,
             rv::random_projection<look, 2>, rv::pca<look, 2>, rv::gate<rv::pca<look, 2>, person>, rv::gate<rv::pass<look>, look>,
             rv::maybe<rv::pass<sound>>, rv::maybe<rv::bilinear<person, sound, 2>>, rv::maybe<rv::pass<mood>>>;

template <class T> struct event {
    std::vector<T> about, rows, moods, looks, sounds;
    static constexpr std::size_t items = 6;

    explicit event(std::uint64_t seed) {
        rv::random draw(seed);
        about = test::numbers<T>(draw, 3);
        rows = test::numbers<T>(draw, 5 * 4);
        moods = test::numbers<T>(draw, 2);
        looks = test::numbers<T>(draw, 4 * items);
        sounds = test::numbers<T>(draw, 3 * items);
    }
    auto request() const { return rv::request(rv::with<person>(about), rv::with<seen>(rows), rv::with<mood>(moods)); }
    auto item(std::size_t i) const {  // every other one makes no sound
        const auto heard = i % 2 ? rv::with<sound>(sounds.data() + 3 * i, 3) : rv::missing<sound, T>();
        return rv::item(rv::with<look>(looks.data() + 4 * i, 4), heard);
    }
    auto shown() const {
        std::vector<rv::outcome<decltype(item(0))>> all;
        for (std::size_t i = 0; i < items; ++i)
            all.push_back({item(i), {.label = i % 3 == 0 ? 1.0f : 0.0f, .weight = 0.5f + static_cast<float>(i), .probability = 0.5f}});
        return all;
    }
};

template <class T, class Ranker, class Updater, class Loss = rv::logistic>
auto pipeline_of(Ranker ranker, Updater updater, Loss loss = {}) {
    parts<T> all({}, {.heads = 2}, {.heads = 2}, {.heads = 2}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});
    return rv::basic_pipeline<T, parts<T>, Ranker, Updater, Loss>(all, ranker, updater, loss);
}

template <class Ranker, class Loss> double difference(Ranker ranker, Loss loss) {
    const event<double> here(5);
    const auto shown = here.shown();
    return shop::worst_difference(
        pipeline_of<double>(ranker, rv::sgd{.rate = 1}, loss), [&](auto& pipeline) { REQUIRE(pipeline.learn(here.request(), shown)); },
        [&](const auto& pipeline) { return shop::naive_loss(pipeline, loss, here.request(), shown); });
}

constexpr rv::network one_output{rv::dense<6>{}, rv::gelu{}, rv::dense<1>{}};
constexpr rv::network two_outputs{rv::dense<6>{}, rv::gelu{}, rv::dense<2>{}};

}  // namespace

TEST_CASE("all components: the gradient with every loss of a score or a list equals central differences") {
    CHECK(difference(one_output, rv::logistic{}) < rounding_and_truncation);
    CHECK(difference(one_output, rv::squared{}) < rounding_and_truncation);
    CHECK(difference(one_output, rv::huber{.delta = 0.4f}) < rounding_and_truncation);
    CHECK(difference(one_output, rv::softmax_cross_entropy{}) < rounding_and_truncation);
    CHECK(difference(one_output, rv::pairwise{}) < rounding_and_truncation);
}

TEST_CASE("all components: the gradient with every loss of several outputs equals central differences") {
    CHECK(difference(two_outputs, rv::tasks{rv::logistic{}, rv::squared{}}) < rounding_and_truncation);
    CHECK(difference(two_outputs, rv::multinomial<2>{}) < rounding_and_truncation);
}

TEST_CASE("all components: planned equals naive, and a saved pipeline is the same one") {
    auto ranker = pipeline_of<float>(one_output, rv::adam{});
    const event<float> here(5);
    for (int i = 0; i < 5; ++i) REQUIRE(ranker.learn(here.request(), here.shown()));
    const std::vector<rv::item_id> ids{0, 1, 2, 3, 4, 5};
    const std::vector<std::uint8_t> heard{0, 1, 0, 1, 0, 1};
    const auto items = ranker.catalogue(ids, rv::with<look>(here.looks), rv::with<sound>(here.sounds, heard));
    std::vector<float> scores(6);
    REQUIRE(ranker.score(here.request(), items, std::span<float>(scores)));
    for (std::size_t i = 0; i < 6; ++i) {
        const double naive = shop::naive_score(ranker, here.request(), here.item(i));
        CHECK(test::within(static_cast<double>(scores[i]), naive, test::tolerance::sum<float>(64, 1 + std::abs(naive))));
    }
    auto restored = pipeline_of<float>(one_output, rv::adam{});
    rv::load(restored, std::span<const std::byte>(rv::save(ranker)));
    CHECK(restored.digest() == ranker.digest());
}

TEST_CASE("all components: a number that is not finite is refused wherever it lies, named, and nothing changes") {
    auto ranker = pipeline_of<float>(one_output, rv::adam{});
    const auto digest = ranker.digest();
    std::uint32_t payload_bits = 0x7fa00001u;  // a signalling NaN with a payload
    float payload;
    std::memcpy(&payload, &payload_bits, sizeof payload);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(), payload}) {
        for (std::vector<float> event<float>::*where :
             {&event<float>::about, &event<float>::rows, &event<float>::moods, &event<float>::looks, &event<float>::sounds}) {
            event<float> here(5);
            std::memcpy(&(here.*where)[4 % (here.*where).size()], &bad, sizeof bad);
            const auto learned = ranker.learn(here.request(), here.shown());
            CHECK(learned.status.code == rv::errc::nonfinite);
            CHECK_FALSE(learned.status.where.empty());
        }
    }
    CHECK(ranker.digest() == digest);
}

TEST_CASE("all components: numbers so large that a score overflows are refused by learn and left out by rank, and nothing changes") {
    auto ranker = pipeline_of<float>(one_output, rv::adam{});
    const auto digest = ranker.digest();
    event<float> here(5);
    for (float& x : here.looks) x = x < 0 ? -FLT_MAX : FLT_MAX;
    for (float& x : here.about) x = x < 0 ? -FLT_MAX : FLT_MAX;
    CHECK_FALSE(ranker.learn(here.request(), here.shown()));
    CHECK_FALSE(ranker.score(here.request(), here.item(0)));
    CHECK(ranker.digest() == digest);
}

TEST_CASE("all components: subnormal numbers, negative zeros and memory aligned for no register are as good as any") {
    auto ranker = pipeline_of<float>(one_output, rv::sgd{.rate = 0.1f});
    event<float> here(5), zero(5);
    for (std::vector<float> event<float>::*where : {&event<float>::about, &event<float>::rows, &event<float>::looks}) {
        std::fill((here.*where).begin(), (here.*where).end(), std::numeric_limits<float>::denorm_min());
        std::fill((zero.*where).begin(), (zero.*where).end(), -0.0f);
    }
    for (std::size_t i = 0; i < 6; ++i) {
        const auto tiny = ranker.score(here.request(), here.item(i)), none = ranker.score(zero.request(), zero.item(i));
        REQUIRE(tiny);
        CHECK(tiny.score == doctest::Approx(none.score).epsilon(1e-5));
    }
    CHECK(ranker.learn(here.request(), here.shown()));

    const event<float> plain(5);
    std::vector<float> shifted(plain.looks.size() + 1);  // no longer where a register would like to begin
    std::copy(plain.looks.begin(), plain.looks.end(), shifted.begin() + 1);
    const auto odd = rv::item(rv::with<look>(shifted.data() + 1, 4), rv::missing<sound>());
    CHECK(ranker.score(plain.request(), odd).score == ranker.score(plain.request(), plain.item(0)).score);
}

TEST_CASE("all components: an outcome that counts nothing changes nothing, whatever momentum the weights have") {
    auto ranker = pipeline_of<float>(one_output, rv::adamw{});
    const event<float> here(5);
    REQUIRE(ranker.learn(here.request(), here.shown()));
    const auto digest = ranker.digest();
    const auto learned = ranker.learn(here.request(), here.item(0), rv::click.times(0));
    CHECK(learned);
    CHECK(learned.loss == 0);
    CHECK(ranker.digest() == digest);
}

TEST_CASE("all components: logits of 1e4 either way are learned from without a number that is not finite") {
    auto ranker = pipeline_of<float>(one_output, rv::sgd{.rate = 1e-6f});
    event<float> here(5);
    for (float& x : here.looks) x *= 3e4f;
    for (float& x : here.about) x *= 3e4f;
    for (float& x : here.rows) x *= 3e4f;
    const auto learned = ranker.learn(here.request(), here.shown());
    if (learned)
        for (const float w : ranker.weights()) REQUIRE(rv::math::finite(w));
    else
        CHECK(learned.status.code == rv::errc::gradient);
}
