// SPDX-License-Identifier: MIT
// Explanations add up to the score, and what an id is said to add is what is gone without it.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include <rivulet/explain/explain.hpp>

#include "../pipeline/cinema.hpp"

namespace rv = rivulet;
using namespace cinema;

namespace {

double total(const rv::explanation& why) {
    double sum = 0;
    for (const rv::reason& one : why.reasons) sum += one.amount;
    return sum;
}
/// What the reasons of a component that name an id come to.
double of(const rv::explanation& why, std::size_t component, rv::item_id id) {
    double sum = 0;
    for (const rv::reason& one : why.reasons)
        if (one.component == component && std::find(one.ids.begin(), one.ids.end(), id) != one.ids.end()) sum += one.amount;
    return sum;
}

struct words : rv::context_ids<8> {};
struct hour : rv::context_ids<2> {};
struct tags : rv::candidate_ids<8> {};
constexpr rv::room_for_ids few{.capacity = 64};

/// Sums over ids, in every way that there is one.
auto sums_of_ids() {
    return rv::fuse{rv::hashed<words>{.bits = 10},
                    rv::hashed<words, hour>{.bits = 10},
                    rv::hashed<words, tags, hour>{.bits = 10},
                    rv::embed<words, 3>{.room = few},
                    rv::embed<tags, 2>{.room = few},
                    rv::factorisation<4, words, hour, tags>{.room = {few, few, few}}};
}
constexpr std::size_t sums = 6;

template <class Ranker> struct sides {
    std::vector<rv::item_id> w{3, 15, 31}, h{4}, t{7, 9};
    std::vector<double> values{0.5, -2, 1};
    Ranker& ranker;
    explicit sides(Ranker& of) : ranker(of) {}

    auto request() const { return rv::request(rv::with<words>(w, values), rv::with<hour>(h)); }
    auto item() const { return rv::item(rv::with<tags>(t)); }
    double score() const { return static_cast<double>(ranker.score(request(), item()).score); }
    rv::explanation why(std::size_t steps = 64) const { return rv::explain(ranker, request(), item(), {.steps = steps}); }
};

/// The first output of similar<>, which is component 1.
template <class Ranker, class Request, class Item> double similarity(const Ranker& ranker, const Request& request, const Item& item) {
    const auto& stage = std::get<1>(ranker.evaluation().components);
    typename std::remove_cvref_t<decltype(stage)>::template context_part<double> kept;
    std::array<double, 8> part;
    std::array<double, 2> out;
    stage.template prepare_context<double>(nullptr, std::get<1>(ranker.kept()), request, kept);
    stage.template prepare_candidate<double>(nullptr, item, part.data());
    stage.template forward<double>(nullptr, std::get<1>(ranker.kept()), kept, {part.data(), 1, 8}, {out.data(), 1, 2});
    return out[0];
}

}  // namespace

TEST_CASE("under a linear ranker the reasons and the base are the score, and without an id its amount is gone") {
    rv::basic_pipeline<double, decltype(sums_of_ids()), rv::linear, rv::sgd> ranker{sums_of_ids()};
    populate(ranker, 5);
    sides all(ranker);
    const auto why = all.why();
    CHECK(why.score == doctest::Approx(all.score()).epsilon(1e-6));
    CHECK(std::abs(why.remainder) < 1e-12);
    CHECK(why.base + total(why) == doctest::Approx(why.score).epsilon(1e-12));
    CHECK(std::is_sorted(why.reasons.begin(), why.reasons.end(),
                         [](const auto& a, const auto& b) { return std::abs(a.amount) > std::abs(b.amount); }));
    for (const rv::reason& one : why.reasons) CHECK_FALSE(one.ids.empty());  // all of it is of ids
    std::size_t named = 0;
    for (const auto& one : why.reasons) named += one.name == "hashed(words, tags, hour)";
    CHECK(named == 3 * 2 * 1);

    const auto without = [&](std::vector<rv::item_id>& list, std::size_t i) {
        const rv::item_id gone = list[i];
        double expected = 0;
        for (std::size_t c = 0; c < sums; ++c) expected += of(why, c, gone);
        auto kept = all.values;
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        if (&list == &all.w) all.values.erase(all.values.begin() + static_cast<std::ptrdiff_t>(i));
        const double left = all.why().score;
        list.insert(list.begin() + static_cast<std::ptrdiff_t>(i), gone);
        all.values = kept;
        CHECK_MESSAGE(why.score - left == doctest::Approx(expected).epsilon(1e-9), gone);
        CHECK(std::abs(expected) > 1e-3);
    };
    for (std::size_t i = 0; i < all.w.size(); ++i) without(all.w, i);
    for (std::size_t i = 0; i < all.t.size(); ++i) without(all.t, i);
    without(all.h, 0);
}

TEST_CASE("under hidden layers the amounts add up as closely as there are steps") {
    rv::basic_pipeline<double, decltype(sums_of_ids()), rv::mlp<16, 8>, rv::sgd> ranker{sums_of_ids()};
    populate(ranker, 6);
    const sides all(ranker);
    const auto close = all.why(4096), rough = all.why(2);
    CHECK(close.score == doctest::Approx(all.score()).epsilon(1e-6));
    CHECK(std::abs(close.score - close.base) > 0.1);
    CHECK(std::abs(close.remainder) < 2e-3 * std::abs(close.score - close.base));
    CHECK(std::abs(rough.remainder) > std::abs(close.remainder));
    CHECK(rough.base + rough.remainder + total(rough) == doctest::Approx(rough.score).epsilon(1e-12));

    // Along the line the slope by a component is the derivative of the score by its outputs' scale: one component alone has all of it.
    rv::basic_pipeline<double, rv::fuse<rv::embed<words, 3>>, rv::mlp<8>, rv::sgd> one{rv::fuse{rv::embed<words, 3>{.room = few}}};
    populate(one, 7);
    const auto why = rv::explain(one, all.request(), rv::item(), {.steps = 4096});
    CHECK(total(why) == doctest::Approx(why.score - why.base).epsilon(2e-3));
}

TEST_CASE("of several outputs the served one is explained") {
    rv::basic_pipeline<double, decltype(sums_of_ids()), rv::network<rv::dense<2>>, rv::sgd, rv::tasks<rv::logistic, rv::squared>> ranker{
        sums_of_ids(), rv::network{rv::dense<2>{}}, rv::sgd{}, rv::tasks{rv::logistic{}, rv::squared{}}};
    populate(ranker, 8);
    const sides all(ranker);
    const auto first = all.why();
    REQUIRE(ranker.serve({0.0, 3.0}));
    const auto second = all.why();
    CHECK(first.score != doctest::Approx(second.score));
    CHECK(second.score == doctest::Approx(all.score()).epsilon(1e-6));
    CHECK(std::abs(second.remainder) < 1e-12);
}

TEST_CASE("what has no ids is a reason of its own, and learned neighbours, fold-ins, attention and personal states name what was taken") {
    struct history : rv::context_ids<8> {};
    using parts = rv::fuse<rv::pass<mood>, rv::similar<user, film>, rv::folded<history, film, 4>, rv::attend_ids<history, film, 3>,
                           rv::personal<3, user, film, mood>, rv::popularity<film>>;
    constexpr std::size_t of_similar = 1, of_folded = 2, of_attention = 3, of_personal = 4;
    rv::basic_pipeline<double, parts, rv::linear, rv::sgd, rv::squared> ranker{
        parts{rv::pass<mood>{}, rv::similar<user, film>{.users = few, .items = few}, rv::folded<history, film, 4>{.items = few},
              rv::attend_ids<history, film, 3>{.room = few},
              rv::personal<3, user, film, mood>{.users = few, .items = few, .how = {.drift = 0, .kept = 200, .log = 64, .rehearse = 2}},
              rv::popularity<film>{.items = few}},
        rv::linear{}, rv::sgd{.rate = 0.01f}, rv::squared{}};
    rv::implicit_als<4, double> model(10, {.sweeps = 3});
    {
        std::vector<std::size_t> offsets{0};
        std::vector<std::uint32_t> columns;
        for (std::uint32_t u = 0; u < 12; ++u) {
            for (std::uint32_t i = u % 3; i < 10; i += 3) columns.push_back(i);
            offsets.push_back(columns.size());
        }
        model.fit({offsets, columns, {}});
    }
    std::vector<rv::item_id> ids(10);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = 50 + i;
    std::get<of_folded>(ranker.kept()).adopt(ids, model);

    const std::vector<double> moods{0.3, -0.2, 0.9};
    const auto visit = [&](rv::item_id who, const std::vector<rv::item_id>& taken) {
        return rv::request(rv::with<mood>(moods), rv::with<user>(who), rv::with<history>(taken));
    };
    rv::random draw(3);
    for (int i = 0; i < 200; ++i) {
        const rv::item_id who = draw.below(6), what = 50 + (who % 2 + 2 * draw.below(5)) % 10;
        REQUIRE(ranker.learn(visit(who, {50 + draw.below(10)}), rv::item(rv::with<film>(what)),
                             rv::rating(static_cast<float>(1 + (what + who) % 5))));
    }
    const std::vector<rv::item_id> taken{52, 54, 57};
    const auto request = visit(2, taken);
    const auto item = rv::item(rv::with<film>(rv::item_id(56)));
    const auto why = rv::explain(ranker, request, item);
    CHECK(why.score == doctest::Approx(static_cast<double>(ranker.score(request, item).score)).epsilon(1e-6));
    CHECK(std::abs(why.remainder) < 1e-4 * (1 + std::abs(why.score)));  // what is called rounding
    std::size_t whole = 0;
    std::vector<std::size_t> named(6);
    for (const auto& one : why.reasons) (one.ids.empty() ? whole : named[one.component])++;
    CHECK(named[0] == 0);
    CHECK(named[of_similar] >= 2);
    CHECK(named[of_folded] == 3);
    CHECK(named[of_attention] == 3);
    CHECK(named[of_personal] >= 10);  // an event each
    CHECK(whole == 3);                // the mood, what personal expects of anybody, popularity

    // A personal state answers to each label as it says.
    auto told = ranker;
    auto& memory = std::get<of_personal>(told.kept());
    const std::uint32_t slot = memory.users.ids.find(2);
    const std::uint64_t last = memory.users.seen[slot] - 1;
    auto& event = memory.users.events[slot * memory.users.kept + last % memory.users.kept];
    const double weight = ranker.weights()[decltype(ranker)::plan::at.block[of_personal]];
    const double known =
        static_cast<double>(event.label) - memory.centre() - memory.items.row(memory.items.slot_of(event.item, event.slot))[0];
    double amount = 0;  // of the last event: the first that is told
    {
        std::vector<double> of_events;
        const auto see = [&](std::span<const rv::item_id> one, const double* number) {
            if (of_events.empty()) CHECK(one[0] == event.item);
            of_events.push_back(*number);
        };
        std::get<of_personal>(ranker.evaluation().components).explain<double>(nullptr, nullptr, memory, request, item, see);
        REQUIRE(of_events.size() == last + 1);
        amount = weight * of_events[0];
    }
    event.label += 2;
    CHECK(rv::explain(told, request, item).score - why.score == doctest::Approx(amount / known * 2).epsilon(1e-6));

    // What a neighbour adds to the first output, it adds to the second in proportion.
    const double s = similarity(ranker, request, item), share = [&] {
        double sum = 0;
        const auto see = [&](std::span<const rv::item_id> one, const double* number) { sum += one[0] == 52 ? number[0] : 0; };
        std::get<of_similar>(ranker.evaluation().components)
            .explain<double>(nullptr, nullptr, std::get<of_similar>(ranker.kept()), request, item, see);
        return sum;
    }();
    REQUIRE(share > 0);
    double sum = 0;
    for (const auto& one : why.reasons)
        if (one.component == of_similar) sum += one.amount;
    const double* const w = ranker.weights().data() + decltype(ranker)::plan::at.block[of_similar];
    CHECK(sum == doctest::Approx(w[0] * s + w[1] * std::log1p(s / 0.01)).epsilon(1e-6));
    CHECK(of(why, of_similar, 52) == doctest::Approx(sum * share / s).epsilon(1e-6));
}

TEST_CASE("what a score refuses is refused, in words") {
    rv::basic_pipeline<double, rv::fuse<rv::pass<mood>>, rv::linear, rv::sgd> ranker{rv::fuse{rv::pass<mood>{}}};
    const std::vector<double> bad{0, std::numeric_limits<double>::quiet_NaN(), 0};
    CHECK_THROWS_WITH_AS(rv::explain(ranker, rv::request(rv::with<mood>(bad)), rv::item()), doctest::Contains("mood"), rv::error);
    ranker.weights()[decltype(ranker)::plan::at.bias] = std::numeric_limits<double>::infinity();
    const std::vector<double> good{0, 1, 0};
    CHECK_THROWS_WITH_AS(rv::explain(ranker, rv::request(rv::with<mood>(good)), rv::item()), doctest::Contains("score"), rv::error);
}
