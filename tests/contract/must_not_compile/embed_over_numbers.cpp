// SPDX-License-Identifier: MIT
// A dense feature has no ids to look up.
// expect: embed<Feature, Width> takes a feature of ids
#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

struct user : rv::context_ids<> {};
struct film : rv::candidate_ids<> {};
struct shopper : rv::context<2> {};

#ifdef RIVULET_SHOULD_COMPILE
const rv::pipeline ranker{rv::fuse{rv::embed<user, 4>{}}, rv::linear{}, rv::sgd{}};
#else
const rv::pipeline ranker{rv::fuse{rv::embed<shopper, 4>{}}, rv::linear{}, rv::sgd{}};
#endif
