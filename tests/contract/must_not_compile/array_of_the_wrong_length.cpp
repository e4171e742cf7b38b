// SPDX-License-Identifier: MIT
// An array whose length is known and no multiple of the feature's width is refused by the compiler.
// expect: the array's length is not a multiple of the feature's width
#include <rivulet/rivulet.hpp>

#include <array>

struct price : rivulet::candidate<4> {};

#ifdef RIVULET_SHOULD_COMPILE
const std::array<float, 4> numbers{};
#else
const std::array<float, 3> numbers{};
#endif
const auto item = rivulet::item(rivulet::with<price>(numbers));
