// SPDX-License-Identifier: MIT
// Layer normalisation as a layer: rows of mean 0 and variance 1, scaled and shifted as is learned.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>

#include "../math/layer_norm.hpp"
#include "layer.hpp"

namespace rivulet::inline RIVULET_ABI {

/// y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and variance over the row (Ba, Kiros, Hinton 2016).
/// Weights: scale (padded(in)), starts at 1; shift (padded(in)), starts at 0. Saves the mean and 1 / sqrt(variance + epsilon).
struct layer_norm {
    float epsilon = 1e-5f;  ///< added to the variance, so that rows of equal numbers divide by no zero; above 0

    static constexpr std::size_t out(std::size_t in) { return in; }
    static constexpr std::size_t weights(std::size_t in) { return 2 * padded(in); }
    static constexpr std::size_t saved(std::size_t) { return 2; }
    status validate() const noexcept {
        if (math::finite(epsilon) && epsilon > 0) return {};
        return {errc::setting, "layer_norm.epsilon must be a finite number above 0", 0, static_cast<double>(epsilon)};
    }
    std::string settings() const {
        char digits[16];  // the shortest text that reads back as the same float
        return "epsilon=" + std::string(digits, std::to_chars(digits, digits + sizeof digits, epsilon).ptr);
    }

    template <std::size_t In, class T> void start(T* w, random&, double) const noexcept { std::fill_n(w, In, T(1)); }
    template <std::size_t In, class T> void forward(const T* w, rows<const T> x, rows<T> y, rows<T> saved, noise) const noexcept {
        for (std::size_t r = 0; r < x.count; ++r) {
            math::layer_norm(x[r], w, w + padded(In), static_cast<T>(epsilon), y[r], saved[r], In);
            std::fill_n(y[r] + In, padded(In) - In, T(0));
        }
    }
    template <std::size_t In, class T>
    void backward(const T* w, rows<const T> x, rows<const T> saved, rows<const T> dy, rows<T> dx, rows<T>, T* g, noise) const noexcept {
        for (std::size_t r = 0; r < x.count; ++r) {
            std::fill_n(dx[r], padded(In), T(0));
            math::layer_norm_backward(x[r], w, saved[r], dy[r], dx[r], g, g + padded(In), In);
        }
    }
};

}  // namespace rivulet::inline RIVULET_ABI
