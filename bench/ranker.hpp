// SPDX-License-Identifier: MIT
// The ranker of the peers' workloads, random numbers for it, and its naive evaluation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

namespace bench {

struct user : rv::context<128> {};
struct thing : rv::candidate<128> {};

template <class Updater = rv::sgd> auto ranker(Updater updater = {.rate = 1e-3f}) {
    return rv::pipeline{rv::fuse{rv::pass<user>{}, rv::pass<thing>{}}, rv::mlp<256, 128>{}, updater};
}

inline std::vector<float> numbers(std::size_t count, std::uint64_t seed) {
    rv::random seeded(seed);
    std::vector<float> made(count);
    for (float& x : made) x = static_cast<float>(seeded.around_zero(1.7));
    return made;
}

inline std::vector<rv::item_id> ids(std::size_t count) {
    std::vector<rv::item_id> made(count);
    for (std::size_t i = 0; i < count; ++i) made[i] = i;
    return made;
}

/// One dense layer in double. w: (in, out) then b: (out).
inline std::vector<double> layer(const std::vector<double>& x, const float* w, const float* bias, std::size_t out, bool rectify) {
    std::vector<double> y(out);
    for (std::size_t j = 0; j < out; ++j) {
        y[j] = static_cast<double>(bias[j]);
        for (std::size_t i = 0; i < x.size(); ++i) y[j] += x[i] * static_cast<double>(w[i * rv::padded(out) + j]);
        if (rectify) y[j] = std::max(y[j], 0.0);
    }
    return y;
}

template <class Ranker> double naive_score(const Ranker& ranker, const float* context, const float* candidate) {
    constexpr auto at = Ranker::plan::at;
    const float* w = ranker.weights().data();
    std::vector<float> stacked(w + at.block[0], w + at.block[0] + 128 * 256);
    stacked.insert(stacked.end(), w + at.block[1], w + at.block[1] + 128 * 256);
    std::vector<double> x(context, context + 128);
    x.insert(x.end(), candidate, candidate + 128);
    using tail = rv::mlp<256, 128>;
    const float *second = w + at.ranker + tail::offset(1), *third = w + at.ranker + tail::offset(2);
    return layer(layer(layer(x, stacked.data(), w + at.bias, 256, true), second, second + 256 * 128, 128, true), third, third + 128, 1,
                 false)[0];
}

}  // namespace bench
