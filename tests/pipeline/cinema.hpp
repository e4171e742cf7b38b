// SPDX-License-Identifier: MIT
// A small cinema for tests of what is kept by id: lists of ids with values and repeats, and every component written down pair by pair.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <rivulet/rivulet.hpp>

#include "../random_data.hpp"
#include "slopes.hpp"

namespace cinema {

namespace rv = rivulet;

struct user : rv::context_ids<> {};
struct pages : rv::context_ids<6> {};
struct mood : rv::context<3> {};
struct film : rv::candidate_ids<> {};
struct genres : rv::candidate_ids<4> {};
struct running_time : rv::candidate<2> {};

constexpr rv::item_id known_ids = 20;  // ids below are made known by `populate`, ids up to twice that may come too

/// A list of up to `most` ids below `below`, repeats among them, with values in [-1, 1) or without.
template <class T> struct list {
    std::vector<rv::item_id> ids;
    std::vector<T> values;
    bool valued = false;

    list(rv::random& draw, std::size_t size, rv::item_id below, bool has_values)
        : values(test::numbers<T>(draw, size)), valued(has_values) {
        for (std::size_t i = 0; i < size; ++i) ids.push_back(draw.below(below));
        if (size > 2) ids[1] = ids[0];
    }
    template <class Feature> rv::given<Feature, T> with() const {
        if (valued) return rv::with<Feature>(ids, values);
        const auto plain = rv::with<Feature>(ids);
        return {.list = plain.list, .size = plain.size};
    }
};

/// A request's memory. `size`: ids in its list.
template <class T> struct visit {
    rv::item_id who;
    list<T> seen;
    std::vector<T> moods;

    explicit visit(std::uint64_t seed, std::size_t size = 5, rv::item_id below = 2 * known_ids, bool valued = true)
        : visit(rv::random(seed), size, below, valued) {}
    auto request() const { return rv::request(rv::with<user>(who), seen.template with<pages>(), rv::with<mood>(moods)); }

private:
    visit(rv::random draw, std::size_t size, rv::item_id below, bool valued)
        : who(draw.below(below)), seen(draw, size, below, valued), moods(test::numbers<T>(draw, 3)) {}
};

/// Items' memory: lists of 0 to 4 genres.
template <class T> struct bill {
    std::vector<rv::item_id> films;
    std::vector<list<T>> kinds;
    std::vector<T> lengths;

    bill(std::uint64_t seed, std::size_t count, rv::item_id below = 2 * known_ids, bool valued = true) {
        rv::random draw(seed);
        lengths = test::numbers<T>(draw, 2 * count);
        for (std::size_t i = 0; i < count; ++i) {
            films.push_back(draw.below(below));
            kinds.emplace_back(draw, i % 5, below, valued && i % 2 == 0);
        }
    }
    std::size_t size() const { return films.size(); }
    auto item(std::size_t i) const {
        return rv::item(rv::with<film>(films[i]), kinds[i].template with<genres>(), rv::with<running_time>(lengths.data() + 2 * i, 2));
    }
    template <class Pipeline> auto catalogue(const Pipeline& ranker) const {
        auto made = ranker.catalogue();
        for (std::size_t i = 0; i < size(); ++i)
            REQUIRE(made.add(1000 + i, rv::with<film>(films[i]), kinds[i].template with<genres>(),
                             rv::with<running_time>(lengths.data() + 2 * i, 2)));
        return made;
    }
};

/// Gives every table rows for the ids below known_ids, all numbers random, and every weight a value, prior rows too. A table that admits at
/// the third sighting knows nothing of the other ids, and learns nothing of them in two steps.
template <class Pipeline> void populate(Pipeline& ranker, std::uint64_t seed) {
    using scalar = typename Pipeline::scalar;
    rv::random draw(seed);
    shop::scatter(ranker, seed, 0.4);
    using plan = typename Pipeline::plan;
    rv::detail::each_memory(ranker.evaluation(), ranker.kept(), [&](auto i, const auto& stage, auto&) {  // prior rows
        using component = std::remove_cvref_t<decltype(stage)>;
        constexpr std::size_t of_candidate = component::bound == rv::binding::pair ? rv::candidate_weights<component> : 0;
        scalar* const w = ranker.weights().data();
        for (std::size_t k = 0; k < component::weights; ++k) plan::template own<i>(w)[k] = static_cast<scalar>(draw.around_zero(0.4));
        for (std::size_t k = 0; k < of_candidate; ++k) w[plan::at.candidate[i] + k] = static_cast<scalar>(draw.around_zero(0.4));
    });
    rv::detail::each_table(ranker.evaluation(), ranker.kept(), [&](auto& table) {
        if constexpr (requires { table.places().room(); })
            for (rv::item_id id = 0; id < known_ids; ++id) {
                for (std::uint32_t i = 1; i < table.places().room().after; ++i) table.sighted(id);
                table.admit(id, [&](scalar* row) {
                    for (std::size_t k = 0; k < table.width; ++k) row[k] = static_cast<scalar>(draw.around_zero(0.6));
                });
            }
        else
            for (std::uint32_t slot = 0; slot < table.places().capacity(); ++slot)
                *table.mutable_row(slot) = static_cast<scalar>(draw.around_zero(0.6));
        table.settle(true);
    });
}

// ---- the components, written down in double: one id after the other, every pair by itself

struct valued_id {
    rv::item_id id;
    double value;
};
template <class Feature, class Record> std::vector<valued_id> ids_of(const Record& record) {
    const auto view = record.template get<Feature>();
    std::vector<valued_id> found;
    for (std::size_t i = 0; i < view.size; ++i)
        found.push_back(
            {view.list == nullptr ? view.one : view.list[i], view.numbers == nullptr ? 1.0 : static_cast<double>(view.numbers[i])});
    return found;
}
template <class Feature, class Request, class Item> std::vector<valued_id> ids_of(const Request& request, const Item& item) {
    if constexpr (Feature::bound == rv::binding::context)
        return ids_of<Feature>(request);
    else
        return ids_of<Feature>(item);
}
template <class Table, class T> std::vector<double> row_of(const Table& table, const T* prior, rv::item_id id) {
    const T* const row = table.find(id) == nullptr ? prior : table.find(id);
    return {row, row + Table::width};
}

template <class Feature, std::size_t Width, class T, class Memory, class Request, class Item>
std::vector<double> naive(const rv::embed<Feature, Width>& stage, const Memory& known, const T* prior, const T*, const Request& request,
                          const Item& item) {
    std::vector<double> sum(Width);
    double sizes = 0;
    for (const auto& [id, value] : ids_of<Feature>(request, item)) {
        const auto row = row_of(known, prior, id);
        for (std::size_t k = 0; k < Width; ++k) sum[k] += value * row[k];
        sizes += std::abs(value);
    }
    if (stage.mean && sizes > 0)
        for (double& number : sum) number /= sizes;
    return sum;
}

/// Every combination by recursion: of one side the id so far, salted by the place of the next feature, combined with the next id; of both
/// sides the one's with the other's.
template <rv::binding Side, class Request, class Item, class F>
void each_combination(const Request&, const Item&, rv::features<>, rv::item_id, rv::item_id id, double value, F&& f) {
    f(id, value);
}
template <rv::binding Side, class Request, class Item, class First, class... Rest, class F>
void each_combination(const Request& request, const Item& item, rv::features<First, Rest...>, rv::item_id place, rv::item_id id,
                      double value, F&& f) {
    const auto go_on = [&](rv::item_id next, double product) {
        each_combination<Side>(request, item, rv::features<Rest...>{}, place + 1, next, product, f);
    };
    if constexpr (First::bound != Side)
        go_on(id, value);
    else
        for (const auto& one : ids_of<First>(request, item))
            go_on(rv::combined(id + (place + 1) * 0x632be59bd9b4e019u, one.id), value * one.value);
}
template <class... Features, class T, class Memory, class Request, class Item>
std::vector<double> naive(const rv::hashed<Features...>&, const Memory& known, const T*, const T*, const Request& request,
                          const Item& item) {
    using stage = rv::hashed<Features...>;
    const auto weight = [&](rv::item_id id) { return static_cast<double>(*known.row(known.places().find(id))); };
    const rv::features<Features...> all{};
    double sum = 0;
    if constexpr (stage::bound != rv::binding::pair)
        each_combination<stage::bound>(request, item, all, 0, 0, 1, [&](rv::item_id id, double value) { sum += value * weight(id); });
    else
        each_combination<rv::binding::context>(request, item, all, 0, 0, 1, [&](rv::item_id a, double x) {
            each_combination<rv::binding::candidate>(request, item, all, 0, 0, 1,
                                                     [&](rv::item_id b, double y) { sum += x * y * weight(rv::combined(a, b)); });
        });
    return {sum};
}

/// Rendle's equation 1: the double loop over all pairs.
template <std::size_t Width, class... Features, class T, class Memory, class Request, class Item>
std::vector<double> naive(const rv::factorisation<Width, Features...>&, const Memory& known, const T* context_priors,
                          const T* candidate_priors, const Request& request, const Item& item) {
    std::vector<std::vector<double>> factors;
    std::vector<double> values;
    std::size_t contexts = 0, candidates = 0;
    const auto take = [&]<class Feature>(rv::features<Feature>) {
        constexpr bool of_request = Feature::bound == rv::binding::context;
        for (const auto& [id, value] : ids_of<Feature>(request, item)) {
            if constexpr (of_request)
                factors.push_back(row_of(known.context.of[contexts], context_priors + contexts * Width, id));
            else
                factors.push_back(row_of(known.candidate.of[candidates], candidate_priors + candidates * Width, id));
            values.push_back(value);
        }
        ++(of_request ? contexts : candidates);
    };
    (take(rv::features<Features>{}), ...);
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        for (std::size_t j = i + 1; j < values.size(); ++j)
            for (std::size_t k = 0; k < Width; ++k) sum += values[i] * values[j] * factors[i][k] * factors[j][k];
    return {sum};
}

template <class History, class Item, std::size_t Width, class T, class Memory, class Request, class Record>
std::vector<double> naive(const rv::attend_ids<History, Item, Width>&, const Memory& known, const T*, const T*, const Request& request,
                          const Record& item) {
    const std::vector<T> nothing(Width);
    const auto asked = ids_of<Item>(item);
    const auto q = asked.empty() ? std::vector<double>(Width) : row_of(known, nothing.data(), asked[0].id);
    std::vector<double> out(Width + 1);
    double total = 0;
    for (const auto& [id, value] : ids_of<History>(request)) {
        if (known.find(id) == nullptr) continue;
        const auto row = row_of(known, nothing.data(), id);
        double logit = 0;
        for (std::size_t k = 0; k < Width; ++k) logit += q[k] * row[k];
        const double share = std::exp(logit / std::sqrt(static_cast<double>(Width)));
        total += share;
        for (std::size_t k = 0; k < Width; ++k) out[k] += share * value * row[k];
    }
    for (std::size_t k = 0; k < Width; ++k) {
        if (total > 0) out[k] /= total;
        out[Width] += q[k] * out[k];
    }
    return out;
}

/// The score of a pipeline of these components and of pass.
template <class Pipeline, class Request, class Item> double naive_score(const Pipeline& ranker, const Request& request, const Item& item) {
    using plan = typename Pipeline::plan;
    const auto& parts = ranker.evaluation();
    const auto* const w = ranker.weights().data();
    std::vector<double> fused;
    std::vector<std::size_t> weight_row;
    rv::detail::each<plan::count>([&](auto i) {
        const auto& stage = std::get<i>(parts.components);
        using component = std::remove_cvref_t<decltype(stage)>;
        std::vector<double> out;
        if constexpr (rv::has_memory<component>)
            out = naive(stage, std::get<i>(ranker.kept()), plan::template own<i>(w), w + plan::at.candidate[i], request, item);
        else {
            std::vector<typename Pipeline::scalar> numbers(component::width);
            if constexpr (component::bound == rv::binding::context)
                stage.forward(w, request, numbers.data());
            else
                stage.forward(w, item, numbers.data());
            out.assign(numbers.begin(), numbers.end());
        }
        for (std::size_t k = 0; k < out.size(); ++k) {
            fused.push_back(out[k]);
            weight_row.push_back(plan::at.block[i] + k * rv::padded(plan::first));
        }
    });
    return shop::outputs_over(ranker, fused, weight_row)[0];
}

// ---- slopes

/// The largest relative difference of a step, plain descent at rate 1, from central differences of `loss`, over the weights and over the
/// rows of every table. Also tells how many rows moved.
template <class Pipeline, class Step, class LossOf>
double worst_difference(Pipeline ranker, Step&& step, LossOf&& loss, std::size_t& rows_moved) {
    double worst = shop::worst_difference(ranker, step, loss, 1);  // of an additive ranker the bias alone, but for prior rows
    Pipeline stepped = ranker;
    step(stepped);
    std::vector<std::vector<double>> after;
    rv::detail::each_table(ranker.evaluation(), stepped.kept(), [&](auto& table) {
        for (std::uint32_t slot = 0; slot < table.places().capacity(); ++slot)
            after.emplace_back(table.row(slot), table.row(slot) + table.width);
    });
    std::size_t at = 0;
    rows_moved = 0;
    rv::detail::each_table(ranker.evaluation(), ranker.kept(), [&](auto& table) {
        for (std::uint32_t slot = 0; slot < table.places().capacity(); ++slot, ++at) {
            double* const row = table.mutable_row(slot);
            const bool moved = !std::equal(row, row + table.width, after[at].begin());
            rows_moved += moved;
            for (std::size_t k = 0; k < table.width; ++k) {
                const double slope = row[k] - after[at][k], keep = row[k], width = 1e-5;
                row[k] = keep + width;
                const double up = loss(std::as_const(ranker));
                row[k] = keep - width;
                const double down = loss(std::as_const(ranker));
                row[k] = keep;
                const double expected = (up - down) / (2 * width);
                worst = std::max(worst, std::abs(slope - expected) / (1 + std::abs(expected)));
            }
        }
    });
    return worst;
}

/// A batch: requests that share ids, each with several outcomes.
struct batch {
    std::vector<visit<double>> visits;
    bill<double> shown;

    batch(std::uint64_t seed, std::size_t requests, std::size_t items) : shown(seed, items) {
        for (std::size_t r = 0; r < requests; ++r) visits.emplace_back(seed + 1 + r / 2 * 7, r % 2 == 0 ? 5 : r % 5);  // pairs share a user
    }
    using request_type = decltype(std::declval<visit<double>>().request());
    using item_type = decltype(std::declval<bill<double>>().item(0));
    using outcomes = std::vector<rv::outcome<item_type>>;

    outcomes of(std::size_t r) const {
        outcomes made;
        for (std::size_t i = r % 3; i < shown.size(); i += 1 + r % 2)
            made.push_back({shown.item(i), {.label = i % 3 == 0 ? 1.0f : 0.0f, .weight = 0.25f + static_cast<float>(i % 3)}});
        return made;
    }
    /// One step on all of it.
    template <class Pipeline> void learn(Pipeline& ranker) const {
        if (visits.size() == 1) {
            REQUIRE(ranker.learn(visits[0].request(), of(0)));
            return;
        }
        std::vector<rv::example<request_type, outcomes>> examples;
        for (std::size_t r = 0; r < visits.size(); ++r) examples.push_back({visits[r].request(), of(r)});
        const auto room = std::make_unique<typename Pipeline::template batch_room<request_type>>();
        REQUIRE(ranker.learn(std::span<const rv::example<request_type, outcomes>>(examples), *room));
    }
    /// The mean over requests of their outcomes' losses.
    template <class Loss, class Pipeline> double loss(const Loss& judged, const Pipeline& ranker) const {
        double total = 0;
        for (std::size_t r = 0; r < visits.size(); ++r)
            for (const auto& [item, what] : of(r))
                total += static_cast<double>(what.weight) *
                         judged.value(naive_score(ranker, visits[r].request(), item), static_cast<double>(what.label));
        return total / static_cast<double>(visits.size());
    }
};

/// One component, alone over a ranker: its slopes of weights and rows, of one request and of many, under two losses and two rankers.
template <class... Stages> void check_slopes(Stages... stages) {
    const auto check = [&]<class Ranker, class Loss>(Ranker, Loss) {
        for (const std::size_t requests : {1u, 5u, 70u}) {
            if (requests > 64 && !std::is_same_v<Loss, rv::logistic>) continue;
            using fused = rv::fuse<Stages..., rv::pass<mood>, rv::pass<running_time>>;
            // A difference across a rectifier's kink is no slope: then from another start. A slope that is wrong is wrong from all three.
            double least = 1;
            std::size_t moved = 0;
            for (std::size_t start = 0; start < 3 && !(least < shop::rounding_and_truncation); ++start) {
                rv::basic_pipeline<double, fused, Ranker, rv::sgd, Loss> ranker(fused(stages..., {}, {}), Ranker{}, rv::sgd{.rate = 1});
                populate(ranker, 30 + requests + 100 * start);
                const batch examples(requests, requests, requests > 64 ? 3 : 7);
                moved = 0;
                const double worst = worst_difference(
                    ranker, [&](auto& one) { examples.learn(one); }, [&](const auto& one) { return examples.loss(Loss{}, one); }, moved);
                least = std::min(least, worst);
            }
            CAPTURE(requests);
            CHECK(least < shop::rounding_and_truncation);
            CHECK(moved >= (requests > 1 ? 3 : 1));
        }
    };
    check(rv::mlp<6>{}, rv::logistic{});
    check(rv::mlp<6>{}, rv::squared{});
    check(rv::additive{}, rv::logistic{});
    check(rv::additive{}, rv::squared{});
}

/// Free items, catalogues and the formula agree. `size`: ids of the request's list.
template <class T, class... Stages> void check_values(double tolerance, Stages... stages) {
    using fused = rv::fuse<Stages..., rv::pass<mood>>;
    using ranker_type = rv::mlp<4, 3>;
    rv::basic_pipeline<T, fused, ranker_type, rv::adagrad> ranker(fused(stages..., {}), ranker_type{});
    populate(ranker, 3);
    const bill<T> shown(5, 60);
    const auto items = shown.catalogue(ranker);
    for (const std::size_t size : {0u, 1u, 2u, 5u, 6u})
        for (const bool valued : {false, true}) {
            const visit<T> here(size + 17, size, 2 * known_ids, valued);
            CAPTURE(size);
            std::vector<T> scores(shown.size());
            REQUIRE(ranker.score(here.request(), items, std::span<T>(scores)));
            for (std::size_t i = 0; i < shown.size(); ++i) {
                CAPTURE(i);
                const double expected = naive_score(ranker, here.request(), shown.item(i));
                CHECK(std::abs(static_cast<double>(scores[i]) - expected) <= tolerance * (1 + std::abs(expected)));
                const auto free = ranker.score(here.request(), shown.item(i)), entry = ranker.score(here.request(), items.at(1000 + i));
                REQUIRE(free);
                CHECK(std::abs(static_cast<double>(free.score) - expected) <= std::max(tolerance, 1e-6) * (1 + std::abs(expected)));
                CHECK(std::abs(entry.score - free.score) <= std::max(tolerance, 1e-6) * (1 + std::abs(expected)));
            }
        }
}
/// Parts that go by id, which have rows already, beside one that does not.
inline auto by_ids() {
    rv::pipeline ranker{rv::fuse{rv::embed<film, 3>{.room = {.capacity = 64}}, rv::hashed<genres>{.bits = 8},
                                 rv::factorisation<2, film, genres, user>{.room = {{{64}, {64}, {64}}}}, rv::pass<running_time>{}},
                        rv::mlp<4>{}, rv::adagrad{.rate = 0.5f}};
    populate(ranker, 3);
    return ranker;
}

// Sums of at most 24 products of four numbers below 1, then layers: some 60 roundings that lie one behind the other.
template <class T> inline constexpr double rounding = 64 * static_cast<double>(std::numeric_limits<T>::epsilon());

}  // namespace cinema
