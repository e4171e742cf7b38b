// SPDX-License-Identifier: MIT
// Products without zero blocks are the dense ones to the last bit, for every number of rows and any pattern of blocks.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include <rivulet/math/block_sparse.hpp>
#include <rivulet/math/dense.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

TEST_CASE_TEMPLATE("affine without zero blocks equals affine with them", T, float, double) {
    rv::random draw(1);
    for (const std::size_t out : {2u, 16u, 40u, 128u})
        for (const std::size_t in : {1u, 5u, 37u})
            for (const double share : {0.0, 0.3, 0.75, 1.0}) {
                const std::size_t width = rv::padded(out);
                std::vector<T> w(in * width);
                const std::vector<T> bias = test::numbers<T>(draw, width);
                std::size_t kept = 0;
                for (std::size_t block = 0; block < w.size(); block += rv::math::sparse_block) {
                    if (draw.unit() < share) continue;
                    // A single weight, and not the first, is enough for a block to be kept.
                    for (std::size_t i = kept % 2 ? 7 : 0; i < rv::math::sparse_block; ++i)
                        w[block + i] = static_cast<T>(draw.around_zero(1));
                    ++kept;
                }
                const rv::math::block_sparse<T> sparse(w.data(), in, width);
                CHECK(sparse.inputs.size() == kept);
                CHECK(sparse.memory() == kept * (16 * sizeof(T) + 4) + 4 * (width / 16 + 1));
                for (const std::size_t n : {0u, 1u, 2u, 3u, 6u, 7u, 11u, 24u, 25u}) {
                    test::guarded_rows<T> x(n, in), y(n, width), expected(n, width);
                    x.fill(draw);
                    y.fill(T(9));
                    expected.fill(T(8));
                    rv::math::affine<T>(x.view(), sparse.view(), bias.data(), y.view());
                    rv::math::multiply_columns<T>(x.view(), in, w.data(), width, width, {bias.data(), n, 0}, expected.view());
                    bool same = true;
                    for (std::size_t r = 0; r < n; ++r) same = same && std::equal(y[r], y[r] + width, expected[r]);
                    CHECK(same);
                    CHECK(y.intact());
                }
            }
}
