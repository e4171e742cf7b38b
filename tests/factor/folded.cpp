// SPDX-License-Identifier: MIT
// A fitted matrix factorisation inside a pipeline: what implicit_als gives by hand, for known and unknown ids, saved, refused, replaced.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <tuple>
#include <vector>

#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

namespace {

struct taken : rv::context_ids<8> {};
struct good : rv::candidate_ids<> {};

constexpr std::size_t goods = 12;
constexpr rv::implicit_als_settings how{.confidence = 3, .l2 = 2, .sweeps = 4};

auto make_ranker(std::size_t room = 20) {
    return rv::pipeline{rv::fuse{rv::folded<taken, good, 5>{.items = {.capacity = room}, .how = how}}, rv::additive{},
                        rv::sgd{.rate = 0.01f}};
}
rv::implicit_als<5> fitted_model(std::size_t users = 30, std::uint64_t seed = 7) {
    rv::random draw(seed);
    std::vector<std::size_t> offsets{0};
    std::vector<std::uint32_t> columns;
    for (std::size_t u = 0; u < users; ++u) {
        for (std::uint32_t i = 0; i < goods; ++i)
            if (draw.unit() < (i % 3 == u % 3 ? 0.7 : 0.1)) columns.push_back(i);
        offsets.push_back(columns.size());
    }
    rv::implicit_als<5> model(goods, how);
    model.fit({offsets, columns, {}});
    return model;
}
std::vector<rv::item_id> ids_of_goods() {
    std::vector<rv::item_id> ids(goods);
    for (std::size_t i = 0; i < goods; ++i) ids[i] = 0xabcdef0000000000u + 1000 * i;
    return ids;
}
template <class Ranker>
float score(const Ranker& ranker, const std::vector<rv::item_id>& history, const std::vector<float>& values, rv::item_id item) {
    const auto found = ranker.score(rv::request(rv::with<taken>(history, values)), rv::item(rv::with<good>(item)));
    REQUIRE(found);
    return found.score;
}

}  // namespace

TEST_CASE("the score is the fold-in's, whatever the order of slots, and unknown, repeated and negative ids are left out") {
    auto ranker = make_ranker();
    const auto model = fitted_model();
    const auto ids = ids_of_goods();
    CHECK(score(ranker, {ids[0], ids[3]}, {1, 1}, ids[6]) == 0);  // nothing is known yet
    std::get<0>(ranker.kept()).adopt(ids, model);
    const std::array<std::uint32_t, 3> columns{0, 3, 7};
    const std::array<float, 3> values{1, 2, 0.5f};
    std::array<float, 5> user;
    REQUIRE(model.fold_in(columns, values, user));
    for (std::size_t i = 0; i < goods; ++i) {
        const float expected = model.score(user, i);
        CHECK(score(ranker, {ids[7], ids[0], ids[3]}, {0.5f, 1, 2}, ids[i]) == doctest::Approx(expected).epsilon(1e-4));
        CHECK(score(ranker, {ids[0], 5, ids[3], ids[0], ids[7], ids[1]}, {1, 1, 2, 9, 0.5f, -1}, ids[i]) ==
              doctest::Approx(expected).epsilon(1e-4));
    }
    CHECK(score(ranker, {ids[0]}, {1}, 123) == 0);
    CHECK(score(ranker, {5, 6}, {1, 1}, ids[0]) == 0);
    CHECK(score(ranker, {}, {}, ids[0]) == 0);
    CHECK(score(ranker, {ids[0], ids[3]}, {1, 1}, ids[6]) > score(ranker, {ids[0], ids[3]}, {1, 1}, ids[7]));  // of the same third
}

TEST_CASE("a newer model replaces the old one, and its values are saved, loaded and copied with the pipeline") {
    auto ranker = make_ranker();
    const auto ids = ids_of_goods();
    std::get<0>(ranker.kept()).adopt(ids, fitted_model());
    const float before = score(ranker, {ids[0]}, {1}, ids[3]);
    const auto copy = ranker;
    std::vector<rv::item_id> others = ids;
    others[0] = 1;
    std::get<0>(ranker.kept()).adopt(others, fitted_model(50, 9));
    CHECK(score(ranker, {ids[0]}, {1}, ids[3]) == 0);
    CHECK(score(ranker, {1}, {1}, ids[3]) > 0);
    CHECK(score(copy, {ids[0]}, {1}, ids[3]) == before);
    auto restored = make_ranker();
    rv::load(restored, rv::save(ranker));
    CHECK(restored.digest() == ranker.digest());
    CHECK(restored.digest() != copy.digest());
    CHECK(score(restored, {1}, {1}, ids[3]) == score(ranker, {1}, {1}, ids[3]));
    REQUIRE(ranker.learn(rv::request(rv::with<taken>(ids[0])), rv::item(rv::with<good>(ids[1])), rv::click));  // moves the bias alone
}

TEST_CASE("what adopt refuses changes nothing") {
    auto ranker = make_ranker();
    const auto model = fitted_model();
    auto ids = ids_of_goods();
    std::get<0>(ranker.kept()).adopt(ids, model);
    const auto digest = ranker.digest();
    const auto refused = [&](std::span<const rv::item_id> given, rv::errc code) {
        try {
            std::get<0>(ranker.kept()).adopt(given, model);
            FAIL("accepted");
        } catch (const rv::error& error) { CHECK(error.code() == code); }
        CHECK(ranker.digest() == digest);
    };
    refused(std::span(ids).first(goods - 1), rv::errc::count);
    ids[4] = ids[2];
    refused(ids, rv::errc::duplicate_item);
    auto small = make_ranker(goods - 1);
    CHECK_THROWS_AS(std::get<0>(small.kept()).adopt(ids_of_goods(), model), rv::error);
}
