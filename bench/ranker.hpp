// SPDX-License-Identifier: MIT
// The rankers of the benchmarks, random numbers for them, their naive evaluation, and the work that they cannot do without.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <vector>

#include <rivulet/rivulet.hpp>

#include "work.hpp"

namespace rv = rivulet;

namespace bench {

struct user : rv::context<128> {};
struct thing : rv::candidate<128> {};

/// An mlp of two hidden layers over two features; without arguments that of the peers' workloads.
template <class User = user, class Thing = thing, std::size_t First = 256, std::size_t Second = 128, class Updater = rv::sgd>
auto ranker(Updater updater = {.rate = 1e-3f}) {
    return rv::pipeline{rv::fuse{rv::pass<User>{}, rv::pass<Thing>{}}, rv::mlp<First, Second>{}, updater};
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

/// Widths of such a ranker: of its two features, and behind them of its layers.
template <class Ranker> struct widths_of {
    using parts = decltype(Ranker::plan::components);
    using layers = decltype(Ranker::plan::ranker);
    static constexpr std::size_t context = std::tuple_element_t<0, parts>::width, candidate = std::tuple_element_t<1, parts>::width;
    static constexpr std::size_t first = layers::widths[0], second = layers::widths[1];
    static constexpr std::size_t behind_first = first * second + second;  // multiply-adds of a candidate
    static constexpr std::size_t weights = (context + candidate) * first + behind_first + first + second + 1;
};

/// y += x W in double. x: (in), w: (in, padded(out)), y: (out).
template <class T> void add_product(const T* x, std::size_t in, const float* w, std::vector<double>& y) {
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < y.size(); ++j) y[j] += static_cast<double>(x[i]) * static_cast<double>(w[i * rv::padded(y.size()) + j]);
}

template <class Ranker> double naive_score(const Ranker& ranker, const float* context, const float* candidate) {
    using widths = widths_of<Ranker>;
    using layers = typename widths::layers;
    constexpr auto at = Ranker::plan::at;
    const float* w = ranker.weights().data();
    std::vector<double> x(w + at.bias, w + at.bias + widths::first);
    add_product(context, widths::context, w + at.block[0], x);
    add_product(candidate, widths::candidate, w + at.block[1], x);
    for (std::size_t l = 1; l < layers::layers; ++l) {
        const float* const bias = w + at.ranker + layers::bias_offset(l);
        std::vector<double> y(bias, bias + layers::widths[l]);
        for (double& sum : x) sum = std::max(sum, 0.0);
        add_product(x.data(), x.size(), w + at.ranker + layers::offset(l), y);
        x = y;
    }
    return x[0];
}

/// Of a request against so many candidates whose shares of the first layer are kept.
template <class Ranker> work rank_work(const Ranker&, std::size_t candidates) {
    using widths = widths_of<Ranker>;
    const auto n = static_cast<double>(candidates);
    constexpr auto request = static_cast<double>(widths::context * widths::first);
    return {.multiply_adds = request + n * static_cast<double>(widths::behind_first),
            .bytes_read = n * float_bytes(widths::first) + float_bytes(widths::weights - widths::candidate * widths::first)};
}

/// Of a score with nothing kept.
template <class Ranker> work score_work(const Ranker&) {
    using widths = widths_of<Ranker>;
    return {.multiply_adds = static_cast<double>((widths::context + widths::candidate) * widths::first + widths::behind_first),
            .bytes_read = float_bytes(widths::weights)};
}

/// Of a step on one example: forward, the slopes of the inputs but the features', the slopes of the weights. Every weight is read on the
/// way forward; on the way back it is updated, and so is what the updater keeps of it.
template <class Ranker> work learn_work(const Ranker& ranker) {
    using widths = widths_of<Ranker>;
    constexpr std::size_t kept = 1 + Ranker::updater_type::state;
    work once = score_work(ranker);
    once.multiply_adds = 2 * once.multiply_adds + static_cast<double>(widths::behind_first);
    once.bytes_updated = static_cast<double>(kept) * float_bytes(widths::weights);
    return once;
}

}  // namespace bench
