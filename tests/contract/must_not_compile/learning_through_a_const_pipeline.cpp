// SPDX-License-Identifier: MIT
// A pipeline that is const cannot learn.
// expect: passing 'const .*discards qualifiers|no matching member function for call to 'learn'|no matching function for call to .*learn|'this' argument to member function 'learn' has type 'const
#include "../../pipeline/shop.hpp"

using namespace shop;
using ranker_type = decltype(shop::everything<float, rv::mlp<4>>());

#ifdef RIVULET_SHOULD_COMPILE
void teach(ranker_type& ranker, const visit<float>& here, const shelf<float>& shelf) {
#else
void teach(const ranker_type& ranker, const visit<float>& here, const shelf<float>& shelf) {
#endif
    ranker.learn(here.request(), shelf.item(0), rv::click);
}
