// SPDX-License-Identifier: MIT
// A candidate feature given to a request is refused by the compiler, which says where it belongs.
// expect: a candidate feature belongs to a catalogue or an item
#include <rivulet/rivulet.hpp>

#include <vector>

struct price : rivulet::candidate<4> {};
struct shopper : rivulet::context<4> {};

#ifdef RIVULET_SHOULD_COMPILE
using feature = shopper;
#else
using feature = price;
#endif
const std::vector<float> numbers(4);
const auto visit = rivulet::request(rivulet::with<feature>(numbers));
