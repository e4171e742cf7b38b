// SPDX-License-Identifier: MIT
// PyTorch's weights, (out, in) with biases apart, in the library's places: W (in, padded(out)), then b.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <rivulet/core/rows.hpp>

#include "../golden/attention.hpp"
#include "../random_data.hpp"

namespace test {

/// An affine layer into w; returns what follows it.
template <class T> T* put_affine(const double* weight, const double* bias, std::size_t in, std::size_t out, T* w) {
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < out; ++j) w[i * rivulet::padded(out) + j] = static_cast<T>(weight[j * in + i]);
    w += in * rivulet::padded(out);
    for (std::size_t j = 0; j < out; ++j) w[j] = static_cast<T>(bias[j]);
    return w + rivulet::padded(out);
}
template <class T> T* put_row(const double* numbers, std::size_t width, T* w) {
    for (std::size_t i = 0; i < width; ++i) w[i] = static_cast<T>(numbers[i]);
    return w + rivulet::padded(width);
}

/// self_attention's weights, or their slopes: the projections to queries, keys and values lie side by side in both.
template <class T, class Parameters> T* put_attention(const Parameters& from, std::size_t width, T* w) {
    w = put_affine(from.in_weight, from.in_bias, width, 3 * width, w);
    return put_affine(from.out_weight, from.out_bias, width, width, w);
}
/// transformer_block's.
template <class T> T* put_layer(const golden::attention::layer_parameters& from, std::size_t width, std::size_t feed_forward, T* w) {
    w = put_attention(from, width, w);
    w = put_affine(from.first_weight, from.first_bias, width, feed_forward, w);
    w = put_affine(from.second_weight, from.second_bias, feed_forward, width, w);
    for (const double* row : {from.first_scale, from.first_shift, from.second_scale, from.second_shift}) w = put_row(row, width, w);
    return w;
}

/// The rows that the golden layers were given, with gaps between them that nobody may touch.
template <class T> guarded_rows<T> golden_rows(std::size_t width) {
    guarded_rows<T> x(5, width, width + 1);
    for (std::size_t t = 0; t < 5; ++t)
        for (std::size_t i = 0; i < width; ++i) x[t][i] = static_cast<T>(golden::attention::rows[t * width + i]);
    return x;
}

/// The largest distance, infinite where one is NaN.
template <class T, class Expected> double worst_distance(const T* got, const Expected* expected, std::size_t n) {
    double worst = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double distance = std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i]));
        if (!std::isfinite(distance)) return std::numeric_limits<double>::infinity();
        worst = std::max(worst, distance);
    }
    return worst;
}

}  // namespace test
