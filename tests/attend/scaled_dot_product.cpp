// SPDX-License-Identifier: MIT
// Scaled dot-product attention as a function, against its formula in double.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <rivulet/attend/scaled_dot_product.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

TEST_CASE_TEMPLATE("the output is the formula's, for any widths and strides, whatever masked keys and values hold", T, float, double) {
    rv::random draw(1);
    for (const std::size_t n : {0u, 1u, 4u})
        for (const std::size_t time : {0u, 1u, 2u, 16u, 33u})
            for (const std::size_t width : {1u, 3u, 16u, 40u})
                for (const std::size_t value_width : {1u, 7u, 33u})
                    for (int mask = 0; mask < 4; ++mask) {  // none, all there, none there, every other
                        CAPTURE(n);
                        CAPTURE(time);
                        CAPTURE(width);
                        CAPTURE(value_width);
                        CAPTURE(mask);
                        const auto queries = test::guarded_rows<T>(n, width, width + 2).fill(draw, 2);
                        auto keys = test::guarded_rows<T>(time, width, width + 1).fill(draw, 2);
                        auto values = test::guarded_rows<T>(time, value_width, value_width + 3).fill(draw);
                        test::guarded_rows<T> out(n, value_width, value_width + 1);
                        std::vector<std::uint8_t> valid(mask ? time : 0, mask == 2 ? 0 : 255);
                        for (std::size_t t = 0; mask == 3 && t < time; t += 2) valid[t] = 0;
                        for (std::size_t t = 0; t < valid.size(); ++t)
                            if (!valid[t]) {
                                std::fill_n(keys[t], width, std::numeric_limits<T>::quiet_NaN());
                                std::fill_n(values[t], value_width, std::numeric_limits<T>::infinity());
                            }
                        std::vector<T> shares(time);
                        rv::scaled_dot_product<T>(queries.view(), width, std::as_const(keys).view(), std::as_const(values).view(),
                                                  value_width, out.view(), shares, valid);
                        for (std::size_t r = 0; r < n; ++r) {
                            std::vector<double> sum(value_width, 0);
                            double total = 0;
                            for (std::size_t t = 0; t < time; ++t) {
                                if (!valid.empty() && !valid[t]) continue;
                                double logit = 0;
                                for (std::size_t i = 0; i < width; ++i)
                                    logit += static_cast<double>(queries[r][i]) * static_cast<double>(keys[t][i]);
                                const double share = std::exp(logit / std::sqrt(static_cast<double>(width)));
                                total += share;
                                for (std::size_t j = 0; j < value_width; ++j) sum[j] += share * static_cast<double>(values[t][j]);
                            }
                            for (std::size_t j = 0; j < value_width; ++j)
                                REQUIRE(within(static_cast<double>(out[r][j]), total > 0 ? sum[j] / total : 0,
                                               test::tolerance::attention<T>(width, width, time)));
                        }
                        REQUIRE(out.intact());
                    }
}

TEST_CASE_TEMPLATE("one key gives exactly its value, and huge logits weighted means", T, float, double) {
    const T query[] = {T(1e5), T(-1e5)}, keys[] = {T(1e5), T(3), T(-1e5), T(3)}, values[] = {T(2), T(5)};
    T out = 0, shares[2];
    const rv::rows<const T> asked{query, 1, 2}, known{keys, 2, 2}, held{values, 2, 1};
    rv::scaled_dot_product<T>(asked, 2, known.from(1, 1), held.from(1, 1), 1, rv::rows<T>{&out, 1, 1}, shares);
    CHECK(out == 5);
    CHECK(shares[0] == 1);
    rv::scaled_dot_product<T>(asked, 2, known, held, 1, rv::rows<T>{&out, 1, 1}, shares);
    CHECK(out == 2);
}
