// SPDX-License-Identifier: MIT
// The component that hands a feature on.
#include <doctest/doctest.h>

#include <vector>

#include <rivulet/fuse/pass.hpp>
#include <rivulet/input/record.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

namespace {
struct shopper : rv::context<7> {};
struct hour : rv::context<1> {};
struct price : rv::candidate<1> {};
}  // namespace

TEST_CASE_TEMPLATE("a feature passes unchanged, from wherever it lies, and nothing beside it is written", T, float, double) {
    rv::random draw(1);
    for (int round = 0; round < 10; ++round) {
        const test::guarded<T> attributes(draw, 7);
        const T time = T(13);
        test::guarded<T> out(7);
        const auto visit = rv::request(rv::with<hour>(&time, 1), rv::with<shopper>(attributes.data(), 7));
        rv::pass<shopper>{}.forward(static_cast<const T*>(nullptr), visit, out.data());
        for (std::size_t i = 0; i < 7; ++i) REQUIRE(out.data()[i] == attributes.data()[i]);
        CHECK(out.intact());
    }
}

TEST_CASE("it is bound like its feature, as wide, and has no weights") {
    static_assert(rv::pass<shopper>::bound == rv::binding::context && rv::pass<price>::bound == rv::binding::candidate);
    static_assert(rv::pass<shopper>::width == 7 && rv::pass<price>::width == 1);
    static_assert(rv::pass<shopper>::weights == 0);
    const float cost = 2.5f;
    float out = 0;
    rv::pass<price>{}.forward(static_cast<const float*>(nullptr), rv::item(rv::with<price>(&cost, 1)), &out);
    CHECK(out == 2.5f);
}
