// SPDX-License-Identifier: MIT
// Names of types as their authors wrote them.
#include <doctest/doctest.h>

#include <string_view>

#include <rivulet/core/type_name.hpp>

namespace rv = rivulet;

struct shopper {};
template <class... Parts> struct basket {};
namespace {
struct hidden {};
}  // namespace
namespace shop {
struct shopper {};
namespace deep {
struct [[maybe_unused]] price {};
}  // namespace deep
template <class T, int N = 3> struct shelf {
    struct place {};
    template <class U> struct slot {};
};
struct outer {
    struct inner {};
};
}  // namespace shop

TEST_CASE("a type is named without its namespaces") {
    CHECK(rv::type_name<shopper>() == "shopper");
    CHECK(rv::type_name<shop::shopper>() == "shopper");
    CHECK(rv::type_name<shop::deep::price>() == "price");
    CHECK(rv::type_name<hidden>() == "hidden");
    CHECK(rv::type_name<shop::outer::inner>() == "inner");
}

TEST_CASE("a type is named without its template arguments, whatever they contain") {
    CHECK(rv::type_name<basket<>>() == "basket");
    CHECK(rv::type_name<basket<shopper>>() == "basket");
    CHECK(rv::type_name<shop::shelf<shop::deep::price>>() == "shelf");
    CHECK(rv::type_name<basket<shop::shelf<int>, basket<shop::shopper>>>() == "basket");
    CHECK(rv::type_name<basket<int (*)(char), hidden>>() == "basket");
}

TEST_CASE("a type inside a template is named by itself, not by what it lies in") {
    CHECK(rv::type_name<shop::shelf<int>::place>() == "place");
    CHECK(rv::type_name<shop::shelf<shop::shopper, 4>::slot<shop::deep::price>>() == "slot");
}

template <class T> constexpr std::string_view name_of_a_local_type() {
    struct local {};
    return rv::type_name<local>();
}

TEST_CASE("a local type is named without the function it lies in") {
    struct local {};
    CHECK(rv::type_name<local>() == "local");
    CHECK(name_of_a_local_type<shop::shelf<int>>() == "local");
}

TEST_CASE("a name is known while compiling") {
    static_assert(rv::type_name<shop::shopper>() == "shopper");
    static_assert(rv::type_name<int>() == "int");
    CHECK(rv::type_name<double>() == "double");
}
