// SPDX-License-Identifier: MIT
// The contract of a component: the examples of its header keep it, and types that nearly do are told apart.
#include <doctest/doctest.h>

#include <cstddef>

#include <rivulet/attend/attend.hpp>
#include <rivulet/core/concepts.hpp>
#include <rivulet/fuse/pass.hpp>
#include <rivulet/input/record.hpp>
#include <rivulet/math/loss.hpp>
#include <rivulet/reduce/pca.hpp>
#include <rivulet/update/adagrad.hpp>
#include <rivulet/update/sgd.hpp>

namespace rv = rivulet;

namespace parts {

struct shopper : rv::context<3> {};
struct recent : rv::context_sequence<4, 8> {};
struct title : rv::candidate<4> {};
struct age : rv::candidate<1> {};
using request = rv::request<rv::given<shopper, float>, rv::given<recent, float>>;
using item = rv::item<rv::given<title, float>, rv::given<age, float>>;

struct recency {
    using inputs = rv::features<age>;
    static constexpr std::size_t width = 1;
    static constexpr rv::binding bound = age::bound;
    static constexpr std::size_t weights = 0;
    template <class T, class Side> void forward(const T*, const Side& side, T* out) const noexcept {
        *out = 1 / (1 + side.template get<age>().data[0]);
    }
};
struct weighted : recency {
    static constexpr std::size_t weights = 2;
    template <class T, class Side> void backward(const T*, const Side&, const T*, T*) const noexcept {}
};
struct without_backward : recency {
    static constexpr std::size_t weights = 2;
};
struct not_fitted : recency {
    static constexpr bool fitted = false;
};
struct without_forward {
    static constexpr rv::binding bound = rv::binding::candidate;
    static constexpr std::size_t weights = 0;
};

using on_item = rv::attend<recent, title, 6>;       // the query from the candidate
using on_request = rv::attend<recent, shopper, 6>;  // and from the request

struct half_an_updater {
    static constexpr std::size_t state = 0;
    rv::status validate() const noexcept { return {}; }
};
struct half_a_loss {
    static constexpr double lowest = 0;
    template <class T> T value(T, T) const noexcept { return 0; }
};

}  // namespace parts
using namespace parts;

TEST_CASE("the components of the library keep the contract") {
    static_assert(rv::detail::complete_component<rv::pass<shopper>, float, request, item>());
    static_assert(rv::detail::complete_component<rv::pass<title>, float, request, item>());
    static_assert(rv::detail::complete_component<rv::pca<title, 2>, float, request, item>());
    static_assert(rv::detail::complete_component<on_item, float, request, item>());
    static_assert(rv::detail::complete_component<on_request, float, request, item>());
    static_assert(rv::detail::complete_component<recency, float, request, item>());
    static_assert(rv::detail::complete_component<weighted, float, request, item>());
    CHECK(true);
}

TEST_CASE("a component of one side has forward, and backward when it learns") {
    CHECK(rv::one_sided<recency, float, item>);
    CHECK(rv::one_sided<recency, double, item>);
    CHECK_FALSE(rv::one_sided<without_forward, float, item>);
    CHECK(rv::learns_one_sided<weighted, float, item>);
    CHECK_FALSE(rv::learns_one_sided<without_backward, float, item>);
    CHECK_FALSE(rv::learns_one_sided<rv::pca<title, 2>, float, item>);
    CHECK(rv::learns_one_sided<on_request, float, request>);
    CHECK_FALSE(rv::one_sided<on_item, float, request>);
}

TEST_CASE("a component of both sides prepares a part on each and joins them") {
    CHECK(rv::two_sided<on_item, float, request, item>);
    CHECK(rv::learns_two_sided<on_item, float, request, item>);
    CHECK(on_item::bound == rv::binding::pair);
    CHECK(on_request::bound == rv::binding::context);
}

TEST_CASE("weights are counted on the side that uses them") {
    constexpr std::size_t keys_and_values = 2 * 4 * rv::padded(6);
    CHECK(rv::candidate_weights<recency> == 0);
    CHECK(rv::candidate_weights<weighted> == 2);
    CHECK(rv::request_weights<weighted> == 0);
    CHECK(rv::candidate_weights<on_item> == 4 * rv::padded(6));
    CHECK(rv::request_weights<on_item> == keys_and_values);
    CHECK(rv::candidate_weights<on_request> == 0);
    CHECK(rv::request_weights<on_request> == keys_and_values + 3 * rv::padded(6));
    CHECK(rv::request_weights<rv::pass<shopper>> == 0);
    CHECK(rv::candidate_weights<rv::pca<title, 2>> == 4 * (1 + rv::padded(2)) + 2 + 1);
}

TEST_CASE("only a component that says so is fitted") {
    CHECK(rv::is_fitted<rv::pca<title, 2>>);
    CHECK_FALSE(rv::is_fitted<recency>);
    CHECK_FALSE(rv::is_fitted<not_fitted>);
    CHECK_FALSE(rv::is_fitted<on_item>);
}

TEST_CASE("updaters and losses are told from types that lack a member") {
    CHECK(rv::updater<rv::sgd, float>);
    CHECK(rv::updater<rv::adagrad, double>);
    CHECK_FALSE(rv::updater<half_an_updater, float>);
    CHECK_FALSE(rv::updater<int, float>);
    CHECK(rv::loss_function<rv::logistic, float>);
    CHECK(rv::loss_function<rv::squared, double>);
    CHECK_FALSE(rv::loss_function<half_a_loss, float>);
}
