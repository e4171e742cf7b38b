// SPDX-License-Identifier: MIT
// Neighbours learned online equal counting everything when there is room, and keep what space-saving promises when there is not.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include <rivulet/core/hash.hpp>
#include <rivulet/core/random.hpp>
#include <rivulet/factor/neighbours.hpp>

#include "../counting_new.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

struct event {
    std::size_t user;
    std::uint32_t item;
};

// `users` shuffled together, each taking items of few numbers more often, none twice.
std::vector<event> stream(std::uint64_t seed, std::size_t users, std::uint32_t items, std::size_t each) {
    rv::random draw(seed);
    std::vector<event> all;
    std::vector<std::vector<char>> taken(users, std::vector<char>(items, 0));
    for (std::size_t n = 0; n < users * each; ++n) {
        const std::size_t user = draw.below(users);
        const auto item = static_cast<std::uint32_t>(std::min(draw.below(items), draw.below(items)));
        if (!std::exchange(taken[user][item], char(1))) all.push_back({user, item});
    }
    return all;
}

// Every count that there is, in double, faded by what has passed since: the definition.
struct everything {
    rv::neighbours_settings settings;
    std::map<std::pair<std::uint32_t, std::uint32_t>, double> pairs;
    std::map<std::uint32_t, double> counts;

    void learn(const std::vector<std::uint32_t>& history, std::uint32_t item) {
        if (settings.half_life > 0) {
            for (auto& [pair, count] : pairs) count *= std::exp2(-1 / double(settings.half_life));
            for (auto& [one, count] : counts) count *= std::exp2(-1 / double(settings.half_life));
        }
        counts[item] += 1;
        for (std::size_t d = 0; d < std::min(history.size(), settings.history); ++d) {
            const std::uint32_t other = history[history.size() - 1 - d];
            if (other == item) continue;
            pairs[{item, other}] += std::pow(double(settings.fade), double(d));
            pairs[{other, item}] += std::pow(double(settings.fade), double(d));
        }
    }
    double similarity(std::uint32_t from, std::uint32_t to) const {
        const auto found = pairs.find({from, to});
        if (found == pairs.end()) return 0;
        return found->second /
               (std::pow(counts.at(from), double(settings.from_power)) * std::pow(counts.at(to), double(settings.to_power)) +
                double(settings.shrinkage));
    }
};

template <class Learner>
void learn_all(Learner& learner, const std::vector<event>& events, std::vector<std::vector<std::uint32_t>>& histories) {
    for (const event& e : events) {
        learner.learn(histories[e.user], e.item);
        histories[e.user].push_back(e.item);
    }
}
std::uint64_t digest(const rv::neighbours& model) {
    std::uint64_t hash = 0;
    model.parts([&](std::span<const std::byte> bytes) { hash = rv::hash(bytes, hash); });
    return hash;
}

// A count is a sum of at most `events` of its roundings; a similarity is of three counts.
double tolerance(std::size_t events, double size) { return 3 * test::tolerance::sum<float>(events, size); }

}  // namespace

TEST_CASE("with room for all it is exactly the cosine of the columns of the user-item matrix") {
    constexpr std::uint32_t items = 30;
    const auto events = stream(1, 25, items, 8);
    rv::neighbours model(items, {.kept = items, .history = items});
    std::vector<std::vector<std::uint32_t>> histories(25);
    learn_all(model, events, histories);
    std::vector<std::vector<double>> taken(items, std::vector<double>(25, 0));
    for (const event& e : events) taken[e.item][e.user] = 1;
    std::size_t pairs = 0;
    for (std::uint32_t i = 0; i < items; ++i)
        for (std::uint32_t j = 0; j < items; ++j) {
            if (i == j) continue;
            double product = 0, first = 0, second = 0;
            for (std::size_t u = 0; u < 25; ++u) product += taken[i][u] * taken[j][u], first += taken[i][u], second += taken[j][u];
            const double cosine = product > 0 ? product / std::sqrt(first * second) : 0;
            CHECK(within(double(model.similarity(i, j)), cosine, test::tolerance::rounding<float>(1)));  // counts are whole: exact
            pairs += product > 0;
        }
    CHECK(pairs > 100);
}

TEST_CASE("every setting does what its definition says, over many half lives") {
    constexpr std::uint32_t items = 20;
    const auto events = stream(2, 30, items, 12);
    for (const rv::neighbours_settings& settings : {rv::neighbours_settings{.kept = items, .history = 3},
                                                    {.kept = items, .history = 5, .fade = 0.5f},
                                                    {.kept = items, .history = 10, .half_life = 50},
                                                    {.kept = items, .history = 10, .fade = 0.9f, .half_life = 3, .shrinkage = 2},
                                                    {.kept = items, .from_power = 1, .to_power = 0},
                                                    {.kept = items, .half_life = 20, .from_power = 1, .to_power = 0.5f, .shrinkage = 1},
                                                    {.kept = items, .half_life = 1, .from_power = 0, .to_power = 0}}) {
        CAPTURE(settings.half_life);
        CAPTURE(settings.fade);
        rv::neighbours model(items, settings);
        everything oracle{settings, {}, {}};
        std::vector<std::vector<std::uint32_t>> histories(30), same(30);
        learn_all(model, events, histories);
        learn_all(oracle, events, same);
        CHECK(model.check());
        // What has faded over 80 half lives is dropped; it would have been 2^-80 of an event.
        for (std::uint32_t i = 0; i < items; ++i) {
            CHECK(within(double(model.count(i)), oracle.counts[i], tolerance(events.size(), oracle.counts[i]) + 0x1p-60));
            for (std::uint32_t j = 0; j < items; ++j) {
                const double expected = oracle.similarity(i, j);
                CHECK(within(double(model.similarity(i, j)), expected, tolerance(events.size(), expected) + 0x1p-60));
            }
        }
    }
}

TEST_CASE("a score adds up similarities over the history, newest counting whole, one by one and all at once") {
    constexpr std::uint32_t items = 20;
    rv::neighbours model(items, {.kept = 6, .half_life = 40, .shrinkage = 1, .recency = 0.8f});
    std::vector<std::vector<std::uint32_t>> histories(30);
    learn_all(model, stream(3, 30, items, 12), histories);
    std::vector<float> scores(items);
    for (const auto& history : histories) {
        REQUIRE(model.score(history, scores));
        for (std::uint32_t j = 0; j < items; ++j) {
            double expected = 0;
            for (std::size_t d = 0; d < history.size(); ++d)
                expected += std::pow(0.8, double(d)) * double(model.similarity(history[history.size() - 1 - d], j));
            CHECK(scores[j] == model.score(history, j));
            CHECK(within(double(scores[j]), expected, 2 * test::tolerance::sum<float>(2 * history.size(), expected)));
        }
    }
}

TEST_CASE("little room: what counts was seen, estimates stay near the truth, and most heavy ones of a row are in it") {
    constexpr std::uint32_t items = 60;
    const auto events = stream(4, 60, items, 25);
    for (const float half_life : {0.0f, 200.0f}) {
        double likely_sum = 0, heavy = 0, heavy_kept = 0, true_sum = 0;
        std::size_t kept = 0, inherited = 0;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const rv::neighbours_settings settings{.kept = 8, .history = 10, .half_life = half_life, .seed = seed};
            rv::neighbours model(items, settings);
            everything oracle{settings, {}, {}};
            std::vector<std::vector<std::uint32_t>> histories(60), same(60);
            learn_all(model, events, histories);
            learn_all(oracle, events, same);
            for (std::uint32_t i = 0; i < items; ++i) {
                double all = 0;
                for (std::uint32_t j = 0; j < items; ++j) all += oracle.pairs.count({i, j}) ? oracle.pairs[{i, j}] : 0;
                for (std::uint32_t j = 0; j < items; ++j) {
                    const double weight = oracle.pairs.count({i, j}) ? oracle.pairs[{i, j}] : 0;
                    const auto [seen, likely] = model.weight(i, j);
                    REQUIRE(double(seen) <= weight + tolerance(events.size(), all));
                    REQUIRE(likely >= seen);
                    if (likely > 0) likely_sum += double(likely), true_sum += weight;
                    if (weight > all / 16) heavy += 1, heavy_kept += likely > 0;
                    kept += likely > 0;
                    inherited += likely > seen;
                }
            }
            CHECK(kept <= (seed + 1) * 8 * items);
        }
        CHECK(inherited > 1000);
        // Of pairs that were let in chance favoured some, so estimates are above the truth: 1.5 times here, and 5 times if every newcomer
        // were let in. Of pairs of a 16th of their row, half of what would be kept for certain, 0.7 are kept.
        CHECK(likely_sum / true_sum < 2);
        CHECK(heavy_kept / heavy > 0.6);
    }
}

TEST_CASE("similar: the best of what is kept, best first, however much room there is") {
    constexpr std::uint32_t items = 40;
    rv::neighbours model(items, {.kept = 16});
    std::vector<std::vector<std::uint32_t>> histories(40);
    learn_all(model, stream(5, 40, items, 12), histories);
    for (std::uint32_t i = 0; i < items; ++i) {
        std::vector<rv::neighbour> all;
        for (std::uint32_t j = 0; j < items; ++j)
            if (model.similarity(i, j) > 0) all.push_back({j, model.similarity(i, j)});
        std::stable_sort(all.begin(), all.end(), [](auto a, auto b) { return a.similarity > b.similarity; });
        for (const std::size_t size : {0u, 1u, 3u, 15u, 16u, 50u}) {
            std::vector<rv::neighbour> around(size + 1, {77, 77});
            const auto got = model.similar(i, std::span(around).first(size));
            CHECK(around[size] == rv::neighbour{77, 77});
            REQUIRE(got.size() == std::min(size, all.size()));
            CHECK(std::equal(got.begin(), got.end(), all.begin()));
        }
    }
    CHECK(model.similar(items, {}).empty());
}

TEST_CASE("an item that is forgotten leaves no trace, and what is not about it stays") {
    constexpr std::uint32_t items = 10;
    rv::neighbours model(items, {.kept = items}), without(items, {.kept = items});
    auto events = stream(6, 20, items, 5);
    std::vector<std::vector<std::uint32_t>> histories(20), same(20);
    learn_all(model, events, histories);
    std::erase_if(events, [](const event& e) { return e.item == 3; });
    learn_all(without, events, same);
    CHECK(model.similarity(0, 3) > 0);
    REQUIRE(model.forget(3));
    for (std::uint32_t i = 0; i < items; ++i)
        for (std::uint32_t j = 0; j < items; ++j) CHECK(model.similarity(i, j) == without.similarity(i, j));
    CHECK(model.count(3) == 0);
    CHECK(model.forget(items).code == rv::errc::unknown_item);
}

TEST_CASE("what is taken again is counted again, and is no neighbour of itself") {
    rv::neighbours model(3, {.fade = 0.5f});
    const std::uint32_t history[]{0, 1, 0};
    REQUIRE((model.learn({}, 0) && model.learn(history, 1) && model.learn(history, 0)));
    CHECK(model.count(0) == 2);
    CHECK(model.similarity(0, 0) == 0);
    CHECK(model.weight(1, 0).seen == 1 + 0.25f + 0.5f);  // twice in the history of 1, then 1 in that of 0, a step back
}

TEST_CASE("nothing is allocated after construction, and memory stays what it was") {
    constexpr std::uint32_t items = 50;
    rv::neighbours model(items, {.kept = 8, .half_life = 1});
    const std::size_t memory = model.memory();
    CHECK(memory == items * (8 * 12 + 12) + 24);
    const auto events = stream(7, 20, items, 30);
    std::vector<std::uint32_t> history(20, 1);
    std::vector<float> scores(items);
    std::vector<rv::neighbour> room(5);
    const std::size_t before = test::allocations;
    bool good = true;
    for (const event& e : events) {
        history[e.item % 20] = e.item;
        good = good && model.learn(history, e.item) && model.score(history, scores) && model.similar(e.item, room).size() <= 5;
    }
    good = good && model.forget(1);
    CHECK(test::allocations == before);
    CHECK(good);
    CHECK(model.memory() == memory);
    static_assert(noexcept(model.learn(history, 1))&& noexcept(model.score(history, 1))&& noexcept(model.score(history, scores))&& noexcept(
        model.similar(1, room))&& noexcept(model.forget(1))&& noexcept(model.check()));
    static_assert(std::is_copy_assignable_v<rv::neighbours> && std::is_nothrow_move_constructible_v<rv::neighbours>);
}

TEST_CASE("a copy stands alone, and the parts written out and read in are the whole state") {
    constexpr std::uint32_t items = 20;
    rv::neighbours model(items, {.kept = 4, .half_life = 30});
    std::vector<std::vector<std::uint32_t>> histories(20);
    learn_all(model, stream(8, 20, items, 8), histories);
    rv::neighbours copy = model, read(items, {.kept = 4, .half_life = 30});
    std::vector<std::byte> written;
    std::as_const(model).parts([&](std::span<const std::byte> bytes) { written.insert(written.end(), bytes.begin(), bytes.end()); });
    CHECK(written.size() == model.memory());
    std::size_t at = 0;
    read.parts([&](std::span<std::byte> bytes) {
        std::copy_n(written.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), bytes.begin());
        at += bytes.size();
    });
    CHECK(read.check());
    CHECK(digest(read) == digest(model));
    CHECK(digest(copy) == digest(model));
    REQUIRE(model.learn(histories[0], 2));
    CHECK(digest(copy) != digest(model));
    REQUIRE((copy.learn(histories[0], 2) && read.learn(histories[0], 2)));
    CHECK((digest(copy) == digest(model) && digest(read) == digest(model)));

    // Bytes that nobody wrote: whatever part they are in, they are found before they are used.
    for (std::size_t part = 0; part < 7; ++part) {
        rv::neighbours spoilt = model;
        std::size_t index = 0;
        spoilt.parts([&](std::span<std::byte> bytes) {
            const float bad = -std::numeric_limits<float>::infinity();  // as a slot: far out of range
            for (std::size_t i = 0; index == part && i + 4 <= bytes.size(); i += 4) std::memcpy(bytes.data() + i, &bad, 4);
            ++index;
        });
        CAPTURE(part);
        CHECK(index == 7);
        CHECK(spoilt.check().code == rv::errc::format);
    }
}

TEST_CASE("slots and settings out of range are refused, and nothing is learned") {
    rv::neighbours model(5, {.kept = 2, .half_life = 10});
    const std::uint32_t good[]{0, 1}, bad[]{0, 5};
    float few[4], all[5];
    REQUIRE(model.learn(good, 2));
    const std::uint64_t before = digest(model);
    CHECK(model.learn(bad, 2).code == rv::errc::unknown_item);
    CHECK(model.learn(good, 5).index == 5);
    CHECK(model.score(bad, all).code == rv::errc::unknown_item);
    CHECK(model.score(good, few).code == rv::errc::count);
    CHECK((model.score(bad, 2) == model.score(std::span(good).first(0), 2) && model.score(good, 5) == 0 && model.similarity(5, 0) == 0));
    CHECK(digest(model) == before);
    CHECK(model.similarity(0, 2) == 0);  // in a history, but never taken: there is no count to divide by
    CHECK(within(double(model.weight(0, 2).seen), 1, test::tolerance::rounding<float>(1)));
    CHECK(model.weight(0, rv::neighbours::nobody).likely == 0);

    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const rv::neighbours_settings& wrong : {rv::neighbours_settings{.kept = 0},
                                                 {.kept = 65537},
                                                 {.fade = 0},
                                                 {.fade = 1.5f},
                                                 {.fade = nan},
                                                 {.half_life = 0.5f},
                                                 {.half_life = nan},
                                                 {.from_power = -1},
                                                 {.to_power = 2},
                                                 {.to_power = nan},
                                                 {.shrinkage = -1},
                                                 {.shrinkage = nan},
                                                 {.recency = 0},
                                                 {.recency = nan}}) {
        CHECK(wrong.validate().code == rv::errc::setting);
        CHECK_THROWS_AS(rv::neighbours(5, wrong), rv::error);
    }
    CHECK(rv::neighbours_settings{.recency = 2}.validate().message() == "neighbours.recency must be above 0 and at most 1, got 2");
    rv::neighbours none(0);
    CHECK(none.learn({}, 0).code == rv::errc::unknown_item);
    CHECK(none.score({}, std::span<float>()));
}
