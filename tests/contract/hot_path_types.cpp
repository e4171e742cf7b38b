// SPDX-License-Identifier: MIT
// What the types promise: hot calls are noexcept, pipelines and catalogues are values, views are cheap to copy.
#include <doctest/doctest.h>

#include <type_traits>

#include "../pipeline/shop.hpp"

using namespace shop;

namespace promised {  // named, since what is declared here is never defined

using ranker_type = decltype(shop::everything<float, rv::mlp<16, 8>, rv::adagrad>());
using items_type = ranker_type::catalogue_type;
using request_type = decltype(std::declval<visit<float>>().request());
using item_type = decltype(std::declval<shelf<float>>().item(0));
const ranker_type& ranker() noexcept;
ranker_type& learner() noexcept;
const items_type& items() noexcept;
items_type& stock() noexcept;
const request_type& request() noexcept;
const item_type& item() noexcept;

static_assert(noexcept(ranker().score(request(), item())));
static_assert(noexcept(ranker().score(request(), items().at(1))));
static_assert(noexcept(ranker().score(request(), items(), std::span<float>())));
static_assert(noexcept(ranker().rank(request(), items(), 10)));
static_assert(noexcept(ranker().rank(request(), items(), std::span<rv::scored>())));
static_assert(noexcept(ranker().rank(request(), items(), 10, rv::among{})));
static_assert(noexcept(learner().learn(request(), item(), rv::click)));
static_assert(noexcept(learner().learn(request(), std::span<const rv::outcome<item_type>>())));
using batch_type = std::span<const rv::example<request_type, std::span<const rv::outcome<item_type>>>>;
static_assert(noexcept(learner().learn(batch_type(), std::declval<ranker_type::batch_room<request_type>&>())));
static_assert(noexcept(std::declval<rv::reservoir<ranker_type>&>().keep(request(), item(), rv::click)));
static_assert(noexcept(std::declval<rv::reservoir<ranker_type>&>().rehearse(learner(), 1)));
static_assert(noexcept(std::declval<rv::candidate_cache<ranker_type>&>().rank(ranker(), request(), items(), 10)));
using waiting_type = std::span<const rv::asked<request_type>>;
static_assert(noexcept(std::declval<rv::batch_ranker<ranker_type>&>().rank(ranker(), waiting_type(), items(), std::span<rv::ranked>())));
static_assert(noexcept(learner().serve({1})) && noexcept(learner().freeze_trunk()) && noexcept(learner().unfreeze()));
static_assert(noexcept(ranker().refresh(stock())));
static_assert(noexcept(ranker().digest()));
static_assert(noexcept(stock().remove(1)));

// Learning through a const pipeline does not compile.
template <class Ranker>
concept can_learn = requires(Ranker& r) {
    r.learn(request(), item(), rv::click);
};
static_assert(can_learn<ranker_type> && !can_learn<const ranker_type>);

static_assert(std::is_copy_constructible_v<ranker_type> && std::is_copy_assignable_v<ranker_type>);
static_assert(std::is_nothrow_move_constructible_v<ranker_type> && std::is_nothrow_move_assignable_v<ranker_type>);
static_assert(std::is_copy_constructible_v<items_type> && std::is_nothrow_move_constructible_v<items_type>);
static_assert(std::is_trivially_copyable_v<request_type> && std::is_trivially_copyable_v<item_type>);
static_assert(std::is_trivially_copyable_v<rv::status> && std::is_trivially_copyable_v<rv::scored>);
static_assert(std::is_trivially_copyable_v<rv::ranked> && std::is_trivially_copyable_v<rv::learned>);

}  // namespace promised

TEST_CASE("the promises above hold, or this file would not compile") { CHECK(std::is_empty_v<rv::pass<price>>); }
