// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <Eigen/Dense>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

namespace {

constexpr std::size_t factors = 3, states = factors + 1, stride = rv::padded(states);
struct user : rv::context_ids<> {};
struct attributes : rv::context<2> {};
struct film : rv::candidate_ids<> {};
struct content : rv::candidate<3> {};

using component = rv::personal<factors, user, film, attributes, content>;
using ranker_type = rv::basic_pipeline<double, rv::fuse<component>, rv::additive, rv::sgd, rv::squared>;

struct event {
    rv::item_id user, film;
    float label;
};

std::array<double, 2> about_user(rv::item_id id) { return {id % 2 ? 1.0 : 0.0, 0.3 * static_cast<double>(id % 5)}; }
std::array<double, 3> about_film(rv::item_id id) {
    return {id % 3 == 0 ? 1.0 : 0.0, id % 3 == 1 ? 1.0 : 0.0, 0.2 * static_cast<double>(id % 4)};
}

template <class F> auto with_pair(rv::item_id who, rv::item_id what, F&& f) {
    const auto u = about_user(who);
    const auto c = about_film(what);
    return f(rv::request(rv::with<user>(who), rv::with<attributes>(u)), rv::item(rv::with<film>(what), rv::with<content>(c)));
}

rv::personal_settings settings() {
    return {.history = 6,
            .decay = 0.9f,
            .ridge = 2,
            .ridge_bias = 1.5f,
            .drift = 0,
            .kept = 12,
            .log = 64,
            .rehearse = 4,
            .stretch = 2,
            .rate = 0.05f,
            .rate_bias = 0.05f,
            .rate_content = 0.01f,
            .rate_prior = 0.01f};
}
ranker_type make(const rv::personal_settings& how) {
    return ranker_type{rv::fuse{component{.users = {.capacity = 16}, .items = {.capacity = 32}, .how = how}}, rv::additive{},
                       rv::sgd{.rate = 1e-30f}, rv::squared{}};
}

void learn(ranker_type& ranker, const event& one) {
    with_pair(one.user, one.film, [&](auto request, auto item) {
        const auto step = ranker.learn(request, item, rv::rating(one.label));
        REQUIRE_MESSAGE(bool(step), step.status.message());
    });
}

std::vector<event> stream(std::size_t count, std::uint64_t seed) {
    rv::random draw(seed);
    std::vector<event> events;
    for (std::size_t i = 0; i < count; ++i) events.push_back({draw.below(5), 100 + draw.below(9), static_cast<float>(1 + draw.below(5))});
    return events;
}

const auto& memory_of(const ranker_type& ranker) { return std::get<0>(ranker.kept()); }

/// The formulas of personal<>, written down once more with Eigen: what is expected of a pair, and the variance.
struct oracle {
    std::vector<double> own, map, prior;  // (items, stride) by slot, (1 + 3, stride), (1 + 2, stride)
    const ranker_type* ranker;
    rv::personal_settings how;
    double centre;

    Eigen::VectorXd row(rv::item_id id) const {
        Eigen::VectorXd sum = Eigen::VectorXd::Zero(states);
        const auto c = about_film(id);
        for (std::size_t k = 0; k < states; ++k) {
            const auto slot = memory_of(*ranker).items.ids.find(id);
            sum[static_cast<Eigen::Index>(k)] = map[k] + (slot == rv::id_directory::none ? 0.0 : own[slot * stride + k]);
            for (std::size_t i = 0; i < 3; ++i) sum[static_cast<Eigen::Index>(k)] += c[i] * map[(i + 1) * stride + k];
        }
        return sum;
    }
    struct answer {
        double mean, variance;
    };
    answer expect(rv::item_id who, rv::item_id what, const std::vector<event>& past) const {
        Eigen::VectorXd precision = Eigen::VectorXd::Constant(states, how.ridge), m(states);
        precision[0] = how.ridge_bias;
        const auto u = about_user(who);
        for (std::size_t k = 0; k < states; ++k)
            m[static_cast<Eigen::Index>(k)] = prior[k] + u[0] * prior[stride + k] + u[1] * prior[2 * stride + k];
        Eigen::MatrixXd a = precision.asDiagonal();
        Eigen::VectorXd right = precision.cwiseProduct(m);
        double counts = 1;
        std::size_t used = 0;
        for (std::size_t i = past.size(); i-- > 0 && used < how.history;) {
            if (past[i].user != who) continue;
            Eigen::VectorXd x = row(past[i].film);
            const double offset = x[0];
            x[0] = 1;
            a += counts * x * x.transpose();
            right += counts * (static_cast<double>(past[i].label) - centre - offset) * x;
            counts *= static_cast<double>(how.decay);
            ++used;
        }
        Eigen::VectorXd x = row(what);
        const double offset = x[0];
        x[0] = 1;
        return {centre + offset + x.dot(a.ldlt().solve(right)), x.dot(a.ldlt().solve(x))};
    }
};

oracle oracle_of(const ranker_type& ranker, const rv::personal_settings& how) {
    const auto& memory = memory_of(ranker);
    const auto copied = [](const auto& block) { return std::vector<double>(block.data(), block.data() + block.size()); };
    return {copied(memory.items.own), copied(memory.items.map), copied(memory.prior), &ranker, how, memory.centre()};
}

}  // namespace

TEST_CASE("A score is the posterior's expectation, and its variance x' A^-1 x, as written down with Eigen") {
    const auto how = settings();
    auto ranker = make(how);
    const auto events = stream(120, 5);
    for (const auto& one : events) learn(ranker, one);
    // what P has learned since an item was last added up reaches it within 32 events; the oracle knows no such delay
    auto& memory = std::get<0>(ranker.kept());
    for (std::uint32_t slot = 0; slot < 32; ++slot)
        if (memory.items.ids.occupied(slot)) memory.items.add_up(slot);
    const oracle expected = oracle_of(ranker, how);
    const auto& part = std::get<0>(ranker.evaluation().components);
    for (rv::item_id who = 0; who < 7; ++who)            // 5 and 6 are strangers
        for (rv::item_id what = 99; what < 112; ++what)  // 99 and some others are new
            with_pair(who, what, [&](auto request, auto item) {
                const auto answer = expected.expect(who, what, events);
                const auto found = part.about(memory, request, item);
                CHECK(found.mean == doctest::Approx(answer.mean).epsilon(1e-11));
                CHECK(found.variance == doctest::Approx(memory.noise() * answer.variance).epsilon(1e-11));
                const double bias = ranker.weights()[ranker_type::plan::at.bias];
                CHECK(std::abs(static_cast<double>(ranker.score(request, item).score) - answer.mean - bias) < 1e-6);
            });
}

TEST_CASE("A planned ranking gives the scores of free items") {
    auto ranker = make(settings());
    for (const auto& one : stream(80, 9)) learn(ranker, one);
    auto items = ranker.catalogue();
    for (rv::item_id id = 100; id < 112; ++id) {
        const auto c = about_film(id);
        REQUIRE(bool(items.add(id, rv::with<film>(id), rv::with<content>(c))));
    }
    with_pair(3, 100, [&](auto request, auto) {
        for (const auto& [id, score] : ranker.rank(request, items, 12))
            with_pair(3, id, [&, score = score](auto, auto item) { CHECK(score == ranker.score(request, item).score); });
    });
}

TEST_CASE("A lesson goes against the gradient of half the squared miss: items, through the solution, content and prior") {
    auto how = settings();
    how.rehearse = 0;
    how.shrink = how.shrink_bias = how.shrink_content = how.shrink_prior = 0;
    auto ranker = make(how);
    auto events = stream(60, 11);
    for (const auto& one : events) learn(ranker, one);
    auto& memory = std::get<0>(ranker.kept());
    // pull everything off its symmetric start
    rv::random draw(3);
    for (auto* block : {&memory.items.own, &memory.items.map, &memory.prior})
        for (std::size_t i = 0; i < block->size(); ++i)
            if (i % stride < states) block->data()[i] += draw.around_zero(0.3);
    for (std::uint32_t slot = 0; slot < 32; ++slot)
        if (memory.items.ids.occupied(slot))
            memory.items.add_up(slot);
        else
            for (std::size_t k = 0; k < states; ++k) memory.items.own.data()[slot * stride + k] = 0;

    const double rate = 1e-7;
    how.rate = how.rate_bias = how.rate_content = how.rate_prior = static_cast<float>(rate);
    auto slow = make(how);
    slow.kept() = ranker.kept();
    const event next{2, 104, 5};
    oracle before = oracle_of(slow, how);
    learn(slow, next);
    const auto& after = memory_of(slow);
    before.centre = after.centre();
    const auto loss = [&] { return 0.5 * std::pow(before.expect(next.user, next.film, events).mean - static_cast<double>(next.label), 2); };
    const auto check = [&](std::vector<double>& numbers, const rv::arena<double>& moved) {
        std::size_t nonzero = 0;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const double start = numbers[i], h = 1e-5;
            numbers[i] = start + h;
            const double up = loss();
            numbers[i] = start - h;
            const double down = loss();
            numbers[i] = start;
            const double slope = (up - down) / (2 * h), step = (start - moved.data()[i]) / static_cast<double>(how.rate);
            CHECK(std::abs(slope - step) < 2e-6 * (1 + std::abs(slope)));  // the step itself is taken after another, of size 1e-7
            nonzero += std::abs(slope) > 1e-4;
        }
        CHECK(nonzero > 3);
    };
    check(before.own, after.items.own);
    check(before.map, after.items.map);
    check(before.prior, after.prior);
}

TEST_CASE("It learns: labels of a planted model are foretold far better than by their mean") {
    auto how = settings();
    how.history = 40;
    how.kept = 80;
    how.decay = 1;
    how.ridge = how.ridge_bias = 1;
    how.rehearse = 32;
    how.shrink = 0.01f;
    auto ranker = make(how);
    rv::random draw(17);
    std::array<std::array<double, 2>, 5> tastes;
    std::array<std::array<double, 2>, 20> films;
    for (auto& one : tastes)
        for (double& x : one) x = draw.around_zero(2);
    for (auto& one : films)
        for (double& x : one) x = draw.around_zero(1);
    double missed = 0, spread = 0;
    for (int n = 0; n < 3000; ++n) {
        const std::size_t who = draw.below(5), what = draw.below(20);
        const double label = 3 + tastes[who][0] * films[what][0] + tastes[who][1] * films[what][1] + draw.around_zero(0.1);
        with_pair(who, 200 + what, [&](auto request, auto item) {
            if (n >= 2000) {
                missed += std::pow(static_cast<double>(ranker.score(request, item).score) - label, 2);
                spread += std::pow(3 - label, 2);
            }
            REQUIRE(bool(ranker.learn(request, item, rv::rating(static_cast<float>(label)))));
        });
    }
    CHECK(missed < 0.05 * spread);
}

TEST_CASE("Memory is fixed, a file brings the same future, and a forgotten user is a stranger") {
    auto ranker = make(settings());
    const std::size_t memory = ranker.memory();
    for (const auto& one : stream(200, 21))
        learn(ranker, {one.user * 7919 % 61, one.film * 31 % 97, one.label});  // more than there is room for
    CHECK(ranker.memory() == memory);
    CHECK(memory_of(ranker).users.ids.size() <= 16);

    const auto bytes = rv::save(ranker);
    auto restored = make(settings());
    rv::load(restored, std::span<const std::byte>(bytes));
    CHECK(restored.digest() == ranker.digest());
    for (const auto& one : stream(50, 22)) {
        learn(ranker, one);
        learn(restored, one);
    }
    CHECK(restored.digest() == ranker.digest());

    auto& users = std::get<0>(ranker.kept()).users;
    REQUIRE(users.ids.find(2) != rv::id_directory::none);
    CHECK(users.forget(2));
    CHECK_FALSE(users.forget(2));
    for (const auto& one : users.log) CHECK((one.user != 2 || one.number == 0));
    CHECK(bool(ranker.check_kept(ranker.kept())));
}

TEST_CASE("A refused step, and a score, change nothing; observe teaches without a step") {
    auto how = settings();
    how.steps_teach = false;
    auto ranker = make(how);
    with_pair(1, 100, [&](auto request, auto item) {
        REQUIRE(bool(ranker.learn(request, item, rv::rating(4))));
        CHECK(memory_of(ranker).total.count == 0);
        const auto digest = ranker.digest();
        CHECK_FALSE(bool(ranker.learn(request, item, rv::rating(std::numeric_limits<float>::quiet_NaN()))));
        CHECK_FALSE(bool(ranker.observe(request, item, rv::rating(std::numeric_limits<float>::infinity()))));
        CHECK(bool(ranker.score(request, item)));
        CHECK(ranker.digest() == digest);
        CHECK(bool(ranker.observe(request, item, rv::rating(4))));
        CHECK(memory_of(ranker).total.count == 1);
        CHECK(ranker.steps() == 1);
        CHECK(ranker.digest() != digest);
    });
}

TEST_CASE("Settings out of range are named") {
    const auto refused = [](auto change) {
        rv::personal_settings how;
        change(how);
        return !how.validate();
    };
    CHECK(bool(rv::personal_settings{}.validate()));
    CHECK(refused([](auto& how) { how.decay = 1.5f; }));
    CHECK(refused([](auto& how) { how.kept = how.history - 1; }));
    CHECK(refused([](auto& how) { how.ridge = 0; }));
    CHECK(refused([](auto& how) { how.stretch = 0; }));
    CHECK(refused([](auto& how) { how.rate = std::numeric_limits<float>::quiet_NaN(); }));
}
