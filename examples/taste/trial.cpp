// SPDX-License-Identifier: MIT
// Runs the models of model.hpp over streams.
#include "trial.hpp"

#include "model.hpp"
#include "player.hpp"

#include <stdexcept>
#include <utility>

namespace taste {

namespace {

/// f(model) for the model that is named.
template <class F> auto with_model(kind model, F&& f) {
    switch (model) {
    case kind::popular:
        return f(popular{});
    case kind::similar:
        return f(near{});
    case kind::bpr:
        return f(bpr{});
    case kind::factors:
        return f(factors{});
    case kind::counts:
        return f(counts{});
    case kind::whole:
        return f(whole{});
    }
    throw std::logic_error("no such model");
}

}  // namespace

model_text describe(kind model) {
    return with_model(model, []<class Model>(Model) {
        return model_text{Model::name, Model::note, Model::make({.users = 64, .films = 64}).signature()};
    });
}

std::size_t relative_cost(kind model) {
    switch (model) {
    case kind::popular:
    case kind::similar:
    case kind::bpr:
        return 1;
    case kind::factors:
    case kind::counts:
        return 2;
    case kind::whole:
        return 15;
    }
    return 1;
}

trial run_trial(kind model, const stream& over, std::uint64_t seed, const watcher& watch) {
    return with_model(model, [&]<class Model>(Model) { return player<Model>(over, seed).run(seed, watch); });
}

}  // namespace taste
