// SPDX-License-Identifier: MIT
// An attention under any mask, and its formula in double.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <rivulet/attend/scaled_dot_product.hpp>

#include "../random_data.hpp"

namespace test {

/// Queries, keys, values and a mask of any kind, in memory that is guarded. Keys and values that the mask hides from everyone are NaN.
template <class T> struct example {
    std::size_t width, value_width;
    guarded_rows<T> queries, keys, values;
    std::vector<std::uint8_t> valid;
    std::vector<T> added;
    rivulet::attention_mask<T> mask;

    example(rivulet::random& draw, std::size_t n, std::size_t time, std::size_t width_, std::size_t value_width_, bool causal, bool padded,
            int bias, double spread = 2)  // bias: 0: none, 1: for every pair, 2: the same for every query
        : width(width_), value_width(value_width_), queries(n, width, width + 2), keys(time, width, width + 1),
          values(time, value_width, value_width + 3) {
        queries.fill(draw, spread);
        keys.fill(draw, 2);
        values.fill(draw);
        if (padded)
            for (std::size_t t = 0; t < time; ++t) valid.push_back(draw.below(3) ? 255 : 0);
        if (bias)
            for (std::size_t i = 0; i < (bias == 1 ? n : 1) * time; ++i)
                added.push_back(draw.below(4) ? static_cast<T>(draw.around_zero(2)) : -std::numeric_limits<T>::infinity());
        mask = {.valid = valid, .causal = causal, .added = bias ? rows_of(added) : rivulet::rows<const T>{}};
        for (std::size_t t = 0; t < time; ++t) {
            bool seen = false;
            for (std::size_t r = 0; r < n; ++r) seen |= sees(r, t);
            if (!seen) {
                std::fill_n(keys[t], width, std::numeric_limits<T>::quiet_NaN());
                std::fill_n(values[t], value_width, std::numeric_limits<T>::infinity());
            }
        }
    }
    std::size_t n() const { return queries.view().count; }
    std::size_t time() const { return keys.view().count; }
    template <class Numbers> auto rows_of(Numbers& numbers) const {
        return rivulet::rows<std::remove_reference_t<decltype(numbers[0])>>{numbers.data(), n(),
                                                                            numbers.size() == n() * time() ? time() : 0};
    }
    /// The rules of the mask, written down once more. Signed, so that queries before the first key are not a case of their own.
    bool sees(std::size_t r, std::size_t t) const {
        const auto offset = static_cast<std::ptrdiff_t>(time()) - static_cast<std::ptrdiff_t>(n());
        if (mask.causal && static_cast<std::ptrdiff_t>(t) > static_cast<std::ptrdiff_t>(r) + offset) return false;
        if (!valid.empty() && valid[t] == 0) return false;
        return added.empty() || std::isfinite(mask.added[r][t]);
    }
    guarded_rows<T> attend() const {
        guarded_rows<T> out(n(), value_width, value_width + 1);
        std::vector<T> shares(time());
        rivulet::scaled_dot_product<T>(queries.view(), width, keys.view(), values.view(), value_width, out.view(), shares, mask);
        REQUIRE(out.intact());
        return out;
    }
    std::vector<double> formula(std::size_t r) const {
        std::vector<double> sum(value_width, 0), logits(time(), 0);
        double total = 0, top = -1e300;
        const auto at = [](const T* x, std::size_t i) { return static_cast<double>(x[i]); };
        for (std::size_t t = 0; t < time(); ++t) {
            if (!sees(r, t)) continue;
            for (std::size_t i = 0; i < width; ++i) logits[t] += at(queries[r], i) * at(keys[t], i);
            logits[t] = logits[t] / std::sqrt(static_cast<double>(width)) + (added.empty() ? 0 : at(mask.added[r], t));
            top = std::max(top, logits[t]);
        }
        for (std::size_t t = 0; t < time(); ++t) {
            if (!sees(r, t)) continue;
            const double share = std::exp(logits[t] - top);
            total += share;
            for (std::size_t j = 0; j < value_width; ++j) sum[j] += share * at(values[t], j);
        }
        for (double& one : sum) one = total > 0 ? one / total : 0;
        return sum;
    }
};

}  // namespace test
