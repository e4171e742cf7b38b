// SPDX-License-Identifier: MIT
// Only a feature that says so may be missing.
// expect: missing<Feature>\(\) is for an optional feature
#include <rivulet/rivulet.hpp>

struct price : rivulet::candidate<4> {};
struct poster : rivulet::optional<rivulet::candidate<4>> {};

#ifdef RIVULET_SHOULD_COMPILE
const auto item = rivulet::item(rivulet::missing<poster>());
#else
const auto item = rivulet::item(rivulet::missing<price>());
#endif
