// SPDX-License-Identifier: MIT
// Runs the models of model.hpp over ratings.
#include "trial.hpp"

#include "../shared/require.hpp"
#include "model.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace stars {

namespace {

using shared::require;

/// All users and films as the models take them.
struct world {
    const movielens::archive& data;
    std::vector<user_facts> users;
    std::vector<film_facts> films;

    explicit world(const movielens::archive& from)
        : data(from), users(from.users.begin(), from.users.end()), films(from.films.begin(), from.films.end()) {}
    size sized(std::uint64_t seed, bool only_new = false) const {
        // tables keep a quarter, up to 256, free for the ids that the next step may bring
        const auto room = [](std::size_t count) { return count + std::clamp<std::size_t>(count, 1, 300); };
        return {room(users.size()), room(films.size()), seed, only_new};
    }
};

/// The first rung, which knows no users and no films.
struct mean_model {
    static constexpr const char* name = "mean";
    static constexpr const char* note = "of all ratings so far";
};

template <class Model> class player {
public:
    explicit player(const size& by) : by_(by), ranker_(Model::make(by)) {}

    float predict(const user_facts& asks, const film_facts& what) const {
        const auto found = ranker_.score(Model::request(asks), Model::item(what));
        require(found.status);
        return middle + found.score;
    }
    void learn(const user_facts& asks, const film_facts& what, float stars) {
        require(ranker_.learn(Model::request(asks), Model::item(what), rv::rating(stars - middle)).status);
    }
    std::size_t bytes() const { return ranker_.memory(); }
    std::string signature() const { return ranker_.signature(); }

    /// The same with nothing but states of users to learn, if it has such; else a copy.
    player with_films_as_they_are() const {
        if constexpr (!std::is_same_v<Model, states> && !std::is_same_v<Model, full>)
            return *this;
        else {
            const std::vector<std::byte> saved = rv::save(ranker_);  // it must agree on sizes, not on how fast it learns
            size frozen = by_;
            frozen.only_new = true;
            player same(frozen);
            rv::load(same.ranker_, std::span<const std::byte>(saved));
            return same;
        }
    }

private:
    size by_;
    decltype(Model::make({})) ranker_;
};

template <> class player<mean_model> {
public:
    explicit player(const size&) {}
    float predict(const user_facts&, const film_facts&) const {
        return count_ > 0 ? static_cast<float>(sum_ / static_cast<double>(count_)) : middle;
    }
    void learn(const user_facts&, const film_facts&, float stars) {
        sum_ += static_cast<double>(stars);
        ++count_;
    }
    std::size_t bytes() const { return sizeof *this; }
    std::string signature() const { return "the mean of all labels"; }
    player with_films_as_they_are() const { return *this; }

private:
    double sum_ = 0;
    std::uint64_t count_ = 0;
};

template <> class player<both> {
public:
    explicit player(const size& by) : state_(by), machine_(by) {}
    float predict(const user_facts& asks, const film_facts& what) const {
        const float one = state_.predict(asks, what), other = machine_.predict(asks, what);
        return one + both::share_of_machine * (other - one);
    }
    void learn(const user_facts& asks, const film_facts& what, float stars) {
        state_.learn(asks, what, stars);
        machine_.learn(asks, what, stars);
    }
    std::size_t bytes() const { return state_.bytes() + machine_.bytes(); }
    std::string signature() const { return state_.signature() + " and " + machine_.signature(); }
    player with_films_as_they_are() const { return {state_.with_films_as_they_are(), machine_}; }

private:
    player(player<full> state, const player<machine>& other) : state_(std::move(state)), machine_(other) {}
    player<full> state_;
    player<machine> machine_;
};

/// f(model) for the model that is named.
template <class F> auto with_model(kind model, F&& f) {
    switch (model) {
    case kind::mean:
        return f(mean_model{});
    case kind::biases:
        return f(biases{});
    case kind::factors:
        return f(factors{});
    case kind::machine:
        return f(machine{});
    case kind::states:
        return f(states{});
    case kind::full:
        return f(full{});
    case kind::both:
        return f(both{});
    }
    throw std::logic_error("no such model");
}

/// Sums of what predictions missed, clipped to what a rating can be.
struct misses {
    double squares = 0, sizes = 0;
    std::size_t count = 0;

    void add(float predicted, float stars) {
        const double miss = static_cast<double>(std::clamp(predicted, lowest, highest) - stars);
        squares += miss * miss;
        sizes += std::abs(miss);
        ++count;
    }
    double rmse() const { return count > 0 ? std::sqrt(squares / static_cast<double>(count)) : 0; }
    double mae() const { return count > 0 ? sizes / static_cast<double>(count) : 0; }
};

/// A tenth of the users, one at least.
std::vector<bool> draw_users(std::size_t count, std::uint64_t seed) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t(0));
    rv::random draw(seed);
    for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[draw.below(i)]);
    std::vector<bool> chosen(count);
    for (std::size_t i = 0; i < std::max<std::size_t>(1, count / 10); ++i) chosen[order[i]] = true;
    return chosen;
}

}  // namespace

model_text describe(kind model) {
    return with_model(model, []<class Model>(Model) {
        return model_text{Model::name, Model::note, player<Model>({.users = 64, .films = 64}).signature()};
    });
}

std::size_t relative_cost(kind model) {
    switch (model) {
    case kind::mean:
    case kind::biases:
    case kind::factors:
        return 1;
    case kind::machine:
        return 4;
    case kind::states:
        return 60;
    case kind::full:
        return 90;
    case kind::both:
        return 94;
    }
    return 1;
}

trial run_trial(kind model, const movielens::archive& data, std::uint64_t seed, const watcher& watch) {
    const world all(data);
    return with_model(model, [&]<class Model>(Model) {
        player<Model> learner(all.sized(seed));
        misses found;
        const auto start = std::chrono::steady_clock::now();
        for (const movielens::rating& one : data.ratings) {
            found.add(learner.predict(all.users[one.user], all.films[one.film]), one.stars);
            learner.learn(all.users[one.user], all.films[one.film], one.stars);
            watch(found.count, found.rmse());
        }
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return trial{seed, found.rmse(), found.mae(), seconds, learner.bytes()};
    });
}

newcomers run_newcomers(kind model, const movielens::archive& data, std::uint64_t seed, const watcher& watch) {
    const world all(data);
    const std::vector<bool> held_out = draw_users(data.users.size(), seed);
    std::vector<std::vector<const movielens::rating*>> theirs(data.users.size());
    for (const movielens::rating& one : data.ratings)
        if (held_out[one.user]) theirs[one.user].push_back(&one);
    newcomers result{.seed = seed};
    for (const auto& own : theirs)
        if (own.size() > steps.back()) {
            ++result.users;
            result.ratings += own.size() - steps.back();
        }

    return with_model(model, [&]<class Model>(Model) {
        std::size_t done = 0;
        const auto judge = [&](const player<Model>& learner, const auto& own, misses& to) {
            for (std::size_t i = steps.back(); i < own.size(); ++i)
                to.add(learner.predict(all.users[own[i]->user], all.films[own[i]->film]), own[i]->stars);
        };
        const auto learn = [&](player<Model>& learner, const movielens::rating& one) {
            learner.learn(all.users[one.user], all.films[one.film], one.stars);
        };
        for (std::size_t s = 0; s < steps.size(); ++s) {
            player<Model> learner(all.sized(seed));
            std::vector<std::size_t> met(data.users.size());
            for (const movielens::rating& one : data.ratings) {
                if (!held_out[one.user] || met[one.user]++ < steps[s]) learn(learner, one);
                watch(++done, result.again[0]);
            }
            misses found;
            for (const auto& own : theirs) judge(learner, own, found);
            result.again[s] = found.rmse();
            if (s > 0) continue;

            const player<Model> before = learner.with_films_as_they_are();
            std::array<misses, steps.size()> alone;
            for (const auto& own : theirs) {
                if (own.size() <= steps.back()) continue;
                player<Model> one = before;
                std::size_t learned = 0;
                for (std::size_t n = 0; n < steps.size(); ++n) {
                    for (; learned < steps[n]; ++learned) learn(one, *own[learned]);
                    judge(one, own, alone[n]);
                }
            }
            for (std::size_t n = 0; n < steps.size(); ++n) result.alone[n] = alone[n].rmse();
        }
        return result;
    });
}

}  // namespace stars
