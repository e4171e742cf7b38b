// SPDX-License-Identifier: MIT
// A pipeline of float that is given doubles says so, instead of failing inside a kernel.
// expect: the pipeline and the numbers given to it differ in type
#include <rivulet/rivulet.hpp>

#include <vector>

namespace rv = rivulet;

struct price : rv::candidate<4> {};

#ifdef RIVULET_SHOULD_COMPILE
using number = float;
#else
using number = double;
#endif

float score(const std::vector<number>& numbers) {
    const rv::pipeline ranker{rv::fuse{rv::pass<price>{}}, rv::linear{}, rv::sgd{}};
    return ranker.score(rv::request(), rv::item(rv::with<price>(numbers))).score;
}
