// SPDX-License-Identifier: MIT
// A dense feature has no ids to combine.
// expect: hashed<\.\.\.> takes features that are ids
#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

struct user : rv::context_ids<> {};
struct film : rv::candidate_ids<> {};
struct shopper : rv::context<2> {};

#ifdef RIVULET_SHOULD_COMPILE
const rv::pipeline ranker{rv::fuse{rv::hashed<user>{}}, rv::linear{}, rv::sgd{}};
#else
const rv::pipeline ranker{rv::fuse{rv::hashed<user, shopper>{}}, rv::linear{}, rv::sgd{}};
#endif
