// SPDX-License-Identifier: MIT
// Ids are names, not numbers: a component that reads numbers does not take a feature of ids.
// expect: pass<> takes numbers; ids go into embed<>, hashed<> or factorisation<>
#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

struct user : rv::context_ids<> {};
struct shopper : rv::context<2> {};

#ifdef RIVULET_SHOULD_COMPILE
const rv::pipeline ranker{rv::fuse{rv::pass<shopper>{}}, rv::linear{}, rv::sgd{}};
#else
const rv::pipeline ranker{rv::fuse{rv::pass<user>{}}, rv::linear{}, rv::sgd{}};
#endif
