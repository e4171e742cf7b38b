// SPDX-License-Identifier: MIT
// Without ids of both sides there is nothing to factorise.
// expect: wants ids of the request and ids of the item
#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

struct user : rv::context_ids<> {};
struct film : rv::candidate_ids<> {};
struct shopper : rv::context<2> {};

#ifdef RIVULET_SHOULD_COMPILE
const rv::pipeline ranker{rv::fuse{rv::factorisation<4, user, film>{}}, rv::linear{}, rv::sgd{}};
#else
const rv::pipeline ranker{rv::fuse{rv::factorisation<4, user>{}}, rv::linear{}, rv::sgd{}};
#endif
