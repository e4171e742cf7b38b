// SPDX-License-Identifier: MIT
// Mean and covariance of rows, two passes in double: exact where one pass over large means is not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "../core/rows.hpp"
#include "vector.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// mean: (width); covariance: (width, width), symmetric, divided by n - 1. data: (n, width), n >= 2. n width^2 / 2 multiply-adds.
template <class T> void covariance(rows<const T> data, std::size_t width, double* mean, double* covariance) {
    const double n = static_cast<double>(data.count);
    std::fill_n(mean, width, 0.0);
    for (std::size_t r = 0; r < data.count; ++r)
        for (std::size_t i = 0; i < width; ++i) mean[i] += static_cast<double>(data[r][i]);
    for (std::size_t i = 0; i < width; ++i) mean[i] /= n;

    std::vector<double> centred(width);
    std::fill_n(covariance, width * width, 0.0);
    for (std::size_t r = 0; r < data.count; ++r) {
        for (std::size_t i = 0; i < width; ++i) centred[i] = static_cast<double>(data[r][i]) - mean[i];
        for (std::size_t i = 0; i < width; ++i)
            if (centred[i] != 0) add_scaled(centred[i], centred.data() + i, covariance + i * width + i, width - i);
    }
    for (std::size_t i = 0; i < width; ++i)
        for (std::size_t j = i; j < width; ++j) covariance[j * width + i] = covariance[i * width + j] /= n - 1;
}

}  // namespace rivulet::inline RIVULET_ABI::math
