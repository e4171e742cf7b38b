// SPDX-License-Identifier: MIT
// A request that lacks what the pipeline reads is refused by the compiler, which names the feature.
// expect: the record does not bring a feature that the pipeline reads
#include "../../pipeline/shop.hpp"

float score(const float* numbers) {
    using namespace shop;
    const auto ranker = shop::everything<float, rv::mlp<4>>();
    const auto full = rv::request(rv::with<shopper>(numbers, 5), rv::with<hour>(numbers, 3), rv::with<recent>(numbers, 7));
    const auto short_one = rv::request(rv::with<shopper>(numbers, 5), rv::with<hour>(numbers, 3));
#ifdef RIVULET_SHOULD_COMPILE
    static_cast<void>(short_one);
    return ranker.score(full, rv::item(rv::with<title>(numbers, 7), rv::with<price>(numbers, 2))).score;
#else
    static_cast<void>(full);
    return ranker.score(short_one, rv::item(rv::with<title>(numbers, 7), rv::with<price>(numbers, 2))).score;
#endif
}
