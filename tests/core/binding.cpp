// SPDX-License-Identifier: MIT
// When a value made of two others is known.
#include <doctest/doctest.h>

#include <initializer_list>

#include <rivulet/core/binding.hpp>

namespace rv = rivulet;
using rv::binding;

TEST_CASE("two values of one side meet on that side, and any others in a pair") {
    static_assert(rv::meet(binding::candidate, binding::candidate) == binding::candidate);
    static_assert(rv::meet(binding::context, binding::context) == binding::context);
    static_assert(rv::meet(binding::candidate, binding::context) == binding::pair);
    for (const binding a : {binding::candidate, binding::context, binding::pair}) {
        CHECK(rv::meet(a, a) == a);
        CHECK(rv::meet(a, binding::pair) == binding::pair);
        for (const binding b : {binding::candidate, binding::context, binding::pair}) CHECK(rv::meet(a, b) == rv::meet(b, a));
    }
}
