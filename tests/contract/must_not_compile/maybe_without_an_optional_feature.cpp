// SPDX-License-Identifier: MIT
// maybe<> around what is always there would only cost a number.
// expect: maybe<Component> is for a component that reads an optional feature
#include <rivulet/rivulet.hpp>

struct price : rivulet::candidate<4> {};
struct poster : rivulet::optional<rivulet::candidate<4>> {};

#ifdef RIVULET_SHOULD_COMPILE
const rivulet::maybe<rivulet::pass<poster>> part;
#else
const rivulet::maybe<rivulet::pass<price>> part;
#endif
