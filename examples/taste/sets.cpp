// SPDX-License-Identifier: MIT
// Each model scores all areas for a list of given ones; the rest is the same for all.
#include "sets.hpp"

#include "../shared/require.hpp"
#include "model.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

namespace taste {

using shared::require;

namespace {

using given_areas = std::span<const std::uint32_t>;

void shuffle(area_set& areas, rv::random& draw) {
    for (std::size_t i = areas.size(); i > 1; --i) std::swap(areas[i - 1], areas[draw.below(i)]);
}

/// How many users took each area.
class popular_areas {
public:
    popular_areas(const visits& data, std::uint64_t, const std::function<void(std::size_t)>&) : counts_(data.areas) {
        for (const area_set& own : data.training)
            for (const std::uint32_t one : own) ++counts_[one];
    }
    void score(given_areas, std::span<float> out) const { std::copy(counts_.begin(), counts_.end(), out.begin()); }
    std::size_t bytes() const { return counts_.size() * sizeof(float); }

private:
    std::vector<float> counts_;
};

void learn_pairs(rv::neighbours& pairs, given_areas own) {
    for (std::size_t i = 0; i < own.size(); ++i) require(pairs.learn(own.first(i), own[i]));
}

class similar_areas {
public:
    similar_areas(const visits& data, std::uint64_t seed, const std::function<void(std::size_t)>&)
        : near_(make_neighbours(data.areas, seed)) {
        for (const area_set& own : data.training) learn_pairs(near_, own);
    }
    void score(given_areas given, std::span<float> out) const { require(near_.score(given, out)); }
    std::size_t bytes() const { return near_.memory(); }

private:
    rv::neighbours near_;
};

class als_areas {
public:
    als_areas(const visits& data, std::uint64_t seed, const std::function<void(std::size_t)>&) : model_(data.areas, als_settings(seed)) {
        std::vector<std::size_t> begins{0};
        std::vector<std::uint32_t> all;
        for (const area_set& own : data.training) {
            all.insert(all.end(), own.begin(), own.end());
            begins.push_back(all.size());
        }
        model_.fit({begins, all, {}});
    }
    void score(given_areas given, std::span<float> out) const {
        std::array<float, als_width> user;
        require(model_.fold_in(given, {}, user));
        require(model_.score(user, out));
    }
    const rv::implicit_als<als_width>& model() const { return model_; }
    std::size_t bytes() const { return model_.memory(); }

private:
    rv::implicit_als<als_width> model_;
};

/// What a request brings.
struct asking {
    std::array<rv::item_id, most_of_a_user> ids;
    std::array<float, most_of_a_user> shares;  // which together have the length of one
    std::array<float, most_areas> near{};
    std::size_t count;

    asking(const rv::neighbours& pairs, given_areas given) : count(given.size()) {
        std::copy(given.begin(), given.end(), ids.begin());
        std::fill_n(shares.begin(), count, 1 / std::sqrt(static_cast<float>(count)));
        require(pairs.score(given, std::span(near).first(pairs.capacity())));
    }
    auto request() const {
        const auto all = std::span(ids).first(count);
        return rv::request(rv::with<given>(all), rv::with<taken>(all, std::span(shares).first(count)), rv::with<near_taken>(near));
    }
};

/// Each training user once, each of the user's areas hidden in turn, and all or some of the others given.
class ranked_areas {
public:
    ranked_areas(const visits& data, std::uint64_t seed, const std::function<void(std::size_t)>& watch)
        : near_(make_neighbours(data.areas, seed)), ranker_(make_set_ranker(data.areas, seed)), items_(ranker_.catalogue()) {
        std::vector<rv::item_id> ids(data.areas);
        std::iota(ids.begin(), ids.end(), rv::item_id(0));
        std::get<als_part>(ranker_.kept()).adopt(ids, als_areas(data, seed, watch).model());
        std::array<float, most_areas> one_of{};
        for (std::uint32_t one = 0; one < data.areas; ++one) {
            one_of[one] = 1;
            require(items_.add(one, rv::with<area>(one), rv::with<which>(one_of)));
            one_of[one] = 0;
        }
        std::vector<rv::outcome<set_ranker::catalogue_type::entry>> outcomes;
        rv::random draw(seed);
        std::vector<std::size_t> order(data.training.size());
        std::iota(order.begin(), order.end(), std::size_t(0));
        for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draw.below(i)]);
        std::size_t done = 0;
        for (const std::size_t u : order) {
            const area_set& own = data.training[u];
            for (std::size_t hidden = 0; own.size() > 1 && hidden < own.size(); ++hidden) {
                area_set others = own;
                others.erase(others.begin() + static_cast<std::ptrdiff_t>(hidden));
                shuffle(others, draw);
                outcomes.assign(1, {items_.at(own[hidden]), rv::click});
                for (std::size_t drawn = 0; drawn < against; ++drawn) {
                    const auto other = static_cast<std::uint32_t>(draw.below(data.areas));
                    if (std::find(own.begin(), own.end(), other) == own.end()) outcomes.push_back({items_.at(other), rv::skip});
                }
                const asking asks(near_, given_areas(others).first(draw.below(2) ? others.size() : 1 + draw.below(others.size())));
                require(ranker_.learn(asks.request(), outcomes).status);
            }
            learn_pairs(near_, own);
            watch(++done);
        }
        ranker_.refresh(items_);
    }
    void score(given_areas given, std::span<float> out) const {
        const asking asks(near_, given);
        require(ranker_.score(asks.request(), items_, out));
    }
    std::size_t bytes() const { return near_.memory() + ranker_.memory() + items_.memory(); }

private:
    static constexpr std::size_t against = 200;  // draws of others

    rv::neighbours near_;
    set_ranker ranker_;
    set_ranker::catalogue_type items_;
};

/// What the hidden areas of a user are worth where they stand among all that are not given, and what they would be worth at the top.
template <class Model> std::pair<double, double> worth(const Model& model, given_areas given, given_areas hidden, std::span<float> scores) {
    constexpr double half_life = 5;
    const auto value = [](std::size_t place) { return std::exp2(-static_cast<double>(place) / (half_life - 1)); };
    model.score(given, scores);
    const auto is_given = [&](std::uint32_t one) { return std::find(given.begin(), given.end(), one) != given.end(); };
    double found = 0, best = 0;
    for (std::size_t h = 0; h < hidden.size(); ++h) {
        std::size_t place = 0;
        for (std::uint32_t other = 0; other < scores.size(); ++other)
            if (!is_given(other) && (scores[other] > scores[hidden[h]] || (scores[other] == scores[hidden[h]] && other < hidden[h])))
                ++place;
        found += value(place);
        best += value(h);
    }
    return {found, best};
}

template <class Model> set_trial run(const visits& data, std::uint64_t seed, const std::function<void(std::size_t)>& watch) {
    const auto start = std::chrono::steady_clock::now();
    const Model model(data, seed, watch);
    set_trial result{.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), .bytes = model.bytes()};
    std::vector<float> scores(data.areas);
    for (std::size_t g = 0; g < givens.size(); ++g) {
        rv::random draw(seed);
        double found = 0, best = 0;
        for (area_set own : data.test) {
            shuffle(own, draw);
            const std::size_t given = givens[g] > 0 ? givens[g] : own.size() - std::min<std::size_t>(own.size(), 1);
            if (own.size() <= given || given == 0) continue;
            const auto [got, most] = worth(model, given_areas(own).first(given), given_areas(own).subspan(given), scores);
            found += got;
            best += most;
            ++result.users[g];
        }
        result.score[g] = best > 0 ? 100 * found / best : 0;
    }
    return result;
}

}  // namespace

set_trial run_sets(set_model model, const visits& data, std::uint64_t seed, const std::function<void(std::size_t)>& watch) {
    switch (model) {
    case set_model::popular:
        return run<popular_areas>(data, seed, watch);
    case set_model::similar:
        return run<similar_areas>(data, seed, watch);
    case set_model::als:
        return run<als_areas>(data, seed, watch);
    case set_model::ranker:
        return run<ranked_areas>(data, seed, watch);
    }
    throw std::logic_error("no such model");
}

set_text describe(set_model model) {
    switch (model) {
    case set_model::popular:
        return {"popular", "how many users took an area"};
    case set_model::similar:
        return {"similar", "item-item neighbours"};
    case set_model::als:
        return {"als", "implicit ALS, 32 factors, folded in"};
    case set_model::ranker:
        return {"whole", "both, and weights and factors of given areas, under mlp<16>"};
    }
    throw std::logic_error("no such model");
}

}  // namespace taste
