// SPDX-License-Identifier: MIT
// Feature tags: what they say about themselves, and how lists of them are sorted by side.
#include <doctest/doctest.h>

#include <type_traits>

#include <rivulet/input/feature.hpp>

namespace rv = rivulet;
using rv::binding;
using rv::features;

namespace {

struct shopper : rv::context<16> {};
struct hour : rv::context<2> {};
struct recent : rv::context_sequence<384> {};
struct clicks : rv::context_sequence<8, 20> {};
struct title : rv::candidate<384> {};
struct price : rv::candidate<4> {};

template <binding Side, class... Lists> using of_side = typename rv::detail::features_of_side<Side, features<>, Lists...>::type;

}  // namespace

TEST_CASE("a feature says how wide it is, how many rows of it count, and which side brings it") {
    static_assert(shopper::width == 16 && shopper::length == 1 && shopper::bound == binding::context);
    static_assert(recent::width == 384 && recent::length == 64 && recent::bound == binding::context);
    static_assert(clicks::width == 8 && clicks::length == 20);
    static_assert(price::width == 4 && price::length == 1 && price::bound == binding::candidate);
    CHECK(rv::detail::is_sequence<recent>);
    CHECK(rv::detail::is_sequence<clicks>);
    CHECK_FALSE(rv::detail::is_sequence<shopper>);
    CHECK_FALSE(rv::detail::is_sequence<title>);
    CHECK(std::is_empty_v<shopper>);
}

TEST_CASE("an optional feature is its feature, and says that it may be missing") {
    struct poster : rv::optional<rv::candidate<4>> {};
    struct look : rv::optional<rv::context<3>> {};
    static_assert(poster::width == 4 && poster::length == 1 && poster::bound == binding::candidate);
    static_assert(look::width == 3 && look::bound == binding::context);
    CHECK(rv::detail::is_optional<poster>);
    CHECK(rv::detail::is_optional<look>);
    CHECK_FALSE(rv::detail::is_optional<price>);
    CHECK_FALSE(rv::detail::is_optional<recent>);
    CHECK_FALSE(rv::detail::is_sequence<poster>);
    CHECK(features<price, look>::any_optional);
    CHECK_FALSE(features<price, recent>::any_optional);
    CHECK_FALSE(features<>::any_optional);
    CHECK(std::is_empty_v<poster>);
}

TEST_CASE("the features of a side are those of all lists, each once, in order of first appearance") {
    using first = features<recent, title>;
    using second = features<shopper>;
    using third = features<title>;
    using fourth = features<price, recent, hour>;
    CHECK(std::is_same_v<of_side<binding::context, first, second, third, fourth>, features<recent, shopper, hour>>);
    CHECK(std::is_same_v<of_side<binding::candidate, first, second, third, fourth>, features<title, price>>);
}

TEST_CASE("no lists, empty lists and lists of the other side have no features of a side") {
    CHECK(std::is_same_v<of_side<binding::context>, features<>>);
    CHECK(std::is_same_v<of_side<binding::context, features<>, features<>>, features<>>);
    CHECK(std::is_same_v<of_side<binding::candidate, features<shopper>, features<recent>>, features<>>);
}
