// SPDX-License-Identifier: MIT
// A component that would read a feature where it is missing is refused, with what to do about it.
// expect: component reads an optional feature and would read it where it is missing: wrap it, rivulet::maybe<component>
#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

struct poster : rv::optional<rv::candidate<4>> {};

#ifdef RIVULET_SHOULD_COMPILE
const rv::pipeline ranker{rv::fuse{rv::maybe{rv::pass<poster>{}}}, rv::linear{}, rv::sgd{}};
#else
const rv::pipeline ranker{rv::fuse{rv::pass<poster>{}}, rv::linear{}, rv::sgd{}};
#endif
