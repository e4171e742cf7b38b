// SPDX-License-Identifier: MIT
// An updater that looks ahead, in a pipeline: its steps are those of its formulas over all weights together, saved and refused as a whole.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rivulet/rivulet.hpp>

#include "../tolerance.hpp"

namespace rv = rivulet;

namespace {

struct words : rv::context_ids<6> {};
struct size : rv::context<2> {};
struct film : rv::candidate_ids<> {};

template <class Loss = rv::logistic> auto made(rv::scale_free updater = {}) {
    return rv::basic_pipeline<double, decltype(rv::fuse{rv::hashed<words>{}, rv::embed<film, 1>{}, rv::pass<size>{}}), rv::linear,
                              rv::scale_free, Loss>(
        rv::fuse{rv::hashed<words>{.bits = 22}, rv::embed<film, 1>{.room = {.capacity = 64}, .spread = 0}, rv::pass<size>{}}, {}, updater);
}

/// Karampatziakis & Langford's and Ross, Mineiro & Langford's formulas, weight by weight.
struct by_hand {
    struct number {
        double w = 0, largest = 0, squares = 0;
    };
    std::map<std::string, number> numbers;
    double weights = 0, sizes = 0;

    double learn(const std::vector<std::pair<std::string, double>>& x, double label, double weight, double rate) {
        double score = 0;
        for (const auto& [name, value] : x) score += numbers[name].w * value;
        const double slope = rv::logistic{}.slope(score, label);
        double movement = 0, size = 0;
        for (const auto& [name, value] : x) {
            number& n = numbers[name];
            const double before = n.largest;
            n.largest = std::max(n.largest, std::abs(value));
            if (before > 0) n.w *= before / n.largest;
            n.squares += weight * slope * slope * value * value;
            size += value * value / (n.largest * n.largest);
            movement += std::abs(value) / n.largest * std::abs(weight * slope * value) / std::sqrt(n.squares);
        }
        weights += weight;
        sizes += weight * size;
        double factor = rate * std::sqrt(weights / sizes);
        factor *= rv::damping(rv::logistic{}, score, label, slope, factor * movement);
        for (const auto& [name, value] : x) {
            number& n = numbers[name];
            n.w -= factor * weight * slope * value / (n.largest * std::sqrt(n.squares));
        }
        return score;
    }
};

/// The e-th of a stream of examples in wild units.
struct example {
    std::vector<rv::item_id> ids;
    std::vector<double> values;
    double sizes[2];
    rv::item_id shown;
    rv::feedback said;

    explicit example(std::size_t e) {
        rv::random draw(e + 1);
        for (rv::item_id k = 0; k < 6; ++k)
            if (draw.unit() < 0.6) {
                ids.push_back(100 * k + draw.below(5));
                values.push_back(draw.around_zero(1) * std::pow(10.0, static_cast<double>(k) - 3));
            }
        sizes[0] = draw.around_zero(1000);
        sizes[1] = draw.around_zero(0.001);
        shown = draw.below(9);
        said = {.label = draw.unit() < 0.5 ? 1.0f : 0.0f, .weight = e % 3 == 0 ? 2.5f : 1.0f};
    }
    auto request() const { return rv::request(rv::with<words>(ids, values), rv::with<size>(sizes)); }
    auto item() const { return rv::item(rv::with<film>(shown)); }
    std::vector<std::pair<std::string, double>> named() const {
        std::vector<std::pair<std::string, double>> x{{"bias", 1.0}, {"size 0", sizes[0]}, {"size 1", sizes[1]}};
        for (std::size_t i = 0; i < ids.size(); ++i) x.emplace_back("word " + std::to_string(ids[i]), values[i]);
        return x;
    }
};

}  // namespace

TEST_CASE("a pipeline's steps are the formulas' over all of its weights together") {
    auto ranker = rv::basic_pipeline<double, decltype(rv::fuse{rv::hashed<words>{}}), rv::additive, rv::scale_free>(
        rv::fuse{rv::hashed<words>{.bits = 22}}, {}, {.rate = 0.3f});
    by_hand expected;
    for (std::size_t e = 0; e < 300; ++e) {
        const example one(e);
        std::vector<std::pair<std::string, double>> x = one.named();
        x.erase(x.begin() + 1, x.begin() + 3);  // this pipeline does not read the sizes
        const auto request = rv::request(rv::with<words>(one.ids, one.values));
        const double score = expected.learn(x, static_cast<double>(one.said.label), static_cast<double>(one.said.weight), 0.3f);
        const auto got = ranker.learn(request, rv::item(), one.said);
        REQUIRE(got);
        CAPTURE(e);
        const double loss = rv::logistic{}.value(score, static_cast<double>(one.said.label));
        REQUIRE(test::within(got.loss, loss, 1e-9 * (1 + loss)));  // sums in another order
    }
}

TEST_CASE("arena, tables and sums are saved and hashed together, and go on as one") {
    auto ranker = made(), other = made();
    const auto learn = [](auto& by, std::size_t e) {
        const example one(e);
        const auto got = by.learn(one.request(), one.item(), one.said);
        REQUIRE(got);
        return got.loss;
    };
    for (std::size_t e = 0; e < 50; ++e) learn(ranker, e);
    rv::load(other, rv::save(ranker));
    CHECK(other.digest() == ranker.digest());
    for (std::size_t e = 50; e < 80; ++e) REQUIRE(learn(other, e) == learn(ranker, e));
    CHECK(other.digest() == ranker.digest());
}

TEST_CASE("several outcomes, a batch, a pull to zero: refused, and nothing changed") {
    auto ranker = made();
    const example one(1), two(2);
    REQUIRE(ranker.learn(one.request(), one.item(), one.said));
    const auto digest = ranker.digest();
    using outcomes = std::vector<rv::outcome<decltype(one.item())>>;
    const outcomes both{{one.item(), rv::click}, {two.item(), rv::skip}};
    const auto many = ranker.learn(one.request(), both);
    CHECK(many.status.code == rv::errc::limit);
    CHECK(many.status.got == 2);
    const std::vector<rv::example<decltype(one.request()), outcomes>> batch{{one.request(), {both[0]}}, {two.request(), {both[1]}}};
    const auto room = std::make_unique<decltype(ranker)::batch_room<decltype(one.request())>>();
    using example_type = rv::example<decltype(one.request()), outcomes>;
    CHECK(ranker.learn(std::span<const example_type>(batch), *room).status.code == rv::errc::limit);
    CHECK(ranker.learn(one.request(), one.item(), {.label = std::numeric_limits<float>::infinity()}).status.code == rv::errc::label);
    CHECK(ranker.learn(one.request(), one.item(), {.label = 1, .weight = 3e38f}).status.code == rv::errc::gradient);
    CHECK(ranker.digest() == digest);
    REQUIRE(ranker.learn(std::span<const example_type>(batch).first(1), *room));
    CHECK(ranker.digest() != digest);
    const auto shrunk = [] {
        return rv::pipeline{rv::fuse{rv::hashed<words>{.bits = 4, .shrink = 0.1f}}, rv::additive{}, rv::scale_free{}};
    };
    CHECK_THROWS_AS(shrunk(), rv::error);
}
