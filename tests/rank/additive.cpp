// SPDX-License-Identifier: MIT
// The additive ranker: the sum of what its parts give, and a bias that is all it learns.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include <rivulet/rank/additive.hpp>

#include "../pipeline/cinema.hpp"

using namespace cinema;

TEST_CASE("a score is the bias and the sum of the parts' numbers") {
    rv::pipeline ranker{rv::fuse{rv::pass<mood>{}, rv::pass<running_time>{}}, rv::additive{}, rv::sgd{}};
    const std::vector<float> moods{1, 2, 3}, times{10, 20};
    const auto here = rv::request(rv::with<mood>(moods));
    const auto shown = rv::item(rv::with<running_time>(times));
    CHECK(ranker.score(here, shown).score == 36);
    ranker.weights()[decltype(ranker)::plan::at.bias] = -6;
    CHECK(ranker.score(here, shown).score == 30);
    auto items = ranker.catalogue();
    REQUIRE(items.add(1, rv::with<running_time>(times)));
    CHECK(ranker.rank(here, items, 1)[0] == rv::scored{1, 30});
}

TEST_CASE("only the bias descends: the layer of ones stays, with every updater, and is not counted in a gradient's norm") {
    const auto check = [](auto updater) {
        rv::pipeline ranker{rv::fuse{rv::pass<mood>{}, rv::pass<running_time>{}, rv::hashed<user, film>{.bits = 4}}, rv::additive{},
                            updater, rv::setup{.gradient_limit = 0.75f}};
        using plan = typename decltype(ranker)::plan;
        const std::vector<float> before(ranker.weights().begin(), ranker.weights().end());
        const std::vector<float> moods{9, 9, 9}, times{-9, -18};
        for (int i = 0; i < 5; ++i)
            REQUIRE(ranker.learn(rv::request(rv::with<mood>(moods), rv::with<user>(1)),
                                 rv::item(rv::with<running_time>(times), rv::with<film>(2)), rv::click));
        for (std::size_t i = 0; i < before.size(); ++i) CHECK((ranker.weights()[i] != before[i]) == (i == plan::at.bias));
    };
    check(rv::sgd{});
    check(rv::adagrad{});
    check(rv::adamw{.decay = 0.1f});
    check(rv::ftrl{});
}

TEST_CASE("its first weights draw nothing and are ones") {
    rv::pipeline ranker{rv::fuse{rv::pass<mood>{}, rv::pass<running_time>{}}, rv::additive{}, rv::sgd{}};
    CHECK(std::count(ranker.weights().begin(), ranker.weights().end(), 1.0f) == 5);
    CHECK(std::count(ranker.weights().begin(), ranker.weights().end(), 0.0f) == static_cast<std::ptrdiff_t>(ranker.weights().size()) - 5);
}
