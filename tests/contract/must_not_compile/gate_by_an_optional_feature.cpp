// SPDX-License-Identifier: MIT
// A gate would read the feature that decides where it is missing, even if what it gates takes missing features.
// expect: component reads an optional feature and would read it where it is missing: wrap it, rivulet::maybe<component>
#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

struct poster : rv::optional<rv::candidate<4>> {};
struct look : rv::optional<rv::context<2>> {};

#ifdef RIVULET_SHOULD_COMPILE
const rv::pipeline ranker{rv::fuse{rv::maybe<rv::gate<rv::pass<poster>, look>>{}}, rv::linear{}, rv::sgd{}};
#else
const rv::pipeline ranker{rv::fuse{rv::gate<rv::maybe<rv::pass<poster>>, look>{}}, rv::linear{}, rv::sgd{}};
#endif
