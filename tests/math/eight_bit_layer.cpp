// SPDX-License-Identifier: MIT
// A layer in 8 bits: what its codes say, and that no error is larger than its bound, for kind numbers and for the unkindest.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <rivulet/math/eight_bit_layer.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

namespace {

std::vector<float> rectified(rv::random& draw, std::size_t n, int kind) {
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        const double number = draw.around_zero(1);
        x[i] = static_cast<float>(kind == 1 && i > 0 ? number * 1e-4 : kind == 2 ? number * 1e-35 : kind == 3 ? number * 1e12 : number);
        x[i] = std::max(x[i], 0.0f);
    }
    if (kind == 1 && n > 0) x[0] = 100;  // one number above all: the others have code 0
    if (kind == 4) std::fill(x.begin(), x.end(), 0.0f);
    return x;
}

}  // namespace

TEST_CASE("codes of a row are the nearest, and both norms are those of what the codes say and miss") {
    rv::random draw(1);
    for (const std::size_t n : {0u, 1u, 3u, 4u, 16u, 31u, 256u, 300u})
        for (const int kind : {0, 1, 2, 3, 4}) {
            const auto x = rectified(draw, n, kind);
            std::vector<std::uint8_t> codes(rv::math::padded_inputs(n) + 1, 99), plain = codes;
            const auto row = rv::math::encode_row<true>(x.data(), n, codes.data());
            CHECK(rv::math::encode_row<false>(x.data(), n, plain.data()).scale == row.scale);
            CHECK(plain == codes);
            CHECK(codes.back() == 99);
            const float largest = n == 0 ? 0 : *std::max_element(x.begin(), x.end());
            CHECK(rv::math::largest_of(x.data(), n) == largest);
            double squares = 0, missed = 0;
            for (std::size_t i = 0; i < n; ++i) {
                const double said = static_cast<double>(row.scale) * codes[i], left = static_cast<double>(x[i]) - said;
                if (row.scale > 0) CHECK(std::abs(left) <= 0.5001 * static_cast<double>(row.scale));
                squares += said * said;
                missed += left * left;
            }
            for (std::size_t i = n; i < rv::math::padded_inputs(n); ++i) CHECK(codes[i] == 0);
            CHECK(static_cast<double>(row.length) == doctest::Approx(std::sqrt(squares)).epsilon(1e-5));
            CHECK(std::abs(static_cast<double>(row.missed) - std::sqrt(missed)) <=
                  1e-4 * std::sqrt(missed) + 2e-7 * std::sqrt(squares) + 1e-18 * double(n));
        }
    std::vector<std::uint8_t> codes(40);
    for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
        for (const std::size_t where : {0u, 20u, 36u}) {
            std::vector<float> x(37, 1.0f);
            x[where] = bad;
            const auto row = rv::math::encode_row<true>(x.data(), x.size(), codes.data());
            CHECK_FALSE(std::isfinite(row.missed));
            CHECK_FALSE(std::isfinite(row.scale));
        }
}

TEST_CASE("a product in 8 bits is what its codes say, and as far from the product in float as the bound says at most") {
    rv::random draw(2);
    double tightest = 1e9;
    for (const std::size_t in : {1u, 5u, 64u, 130u})
        for (const std::size_t out : {1u, 16u, 40u})
            for (const int kind : {0, 1, 2, 3, 4})
                for (const bool uneven : {false, true}) {
                    const std::size_t stride = rv::padded(out);
                    std::vector<float> w(in * stride), bias(stride);
                    for (std::size_t i = 0; i < in; ++i)
                        for (std::size_t j = 0; j < out; ++j)
                            w[i * stride + j] = static_cast<float>(draw.around_zero(uneven && i % 7 == 0 ? 30 : 0.2));
                    for (std::size_t j = 0; j < out; ++j) bias[j] = static_cast<float>(draw.around_zero(0.5));
                    const rv::math::eight_bit_layer layer(rv::rows<const float>{w.data(), in, stride}, out, bias.data());
                    const auto x = rectified(draw, in, kind);
                    std::vector<std::uint8_t> codes(rv::math::padded_inputs(in));
                    std::vector<std::int32_t> products(layer.scales.size());
                    const auto row = rv::math::encode_row<true>(x.data(), in, codes.data());
                    rv::math::multiply(rv::rows<const std::uint8_t>{codes.data(), 1, codes.size()}, in, layer.codes.data(), out,
                                       rv::rows<std::int32_t>{products.data(), 1, products.size()});
                    std::vector<float> z(products.size()), ones(products.size(), 0.0f), y(stride);
                    std::fill_n(ones.begin(), out, 1.0f);
                    rv::math::decode_rectified(products.data(), row.scale, layer.scales.data(), layer.bias.data(), z.size(), z.data());
                    const float sum = rv::math::decode_and_weigh(products.data(), row.scale, layer.scales.data(), layer.bias.data(),
                                                                 ones.data(), z.size());
                    rv::math::affine<float>({x.data(), 1, in}, in, w.data(), bias.data(), out, {y.data(), 1, stride});
                    double squares = 0, total = 0, size = 1e-30;
                    for (std::size_t j = 0; j < out; ++j) {
                        const double miss = static_cast<double>(z[j]) - std::max(0.0, static_cast<double>(y[j]));
                        squares += miss * miss;
                        total += static_cast<double>(z[j]);
                        size += static_cast<double>(std::abs(z[j]));
                    }
                    CHECK(std::abs(static_cast<double>(sum) - total) <= 1e-5 * size);
                    const double bound = layer.error(row, 0);
                    CHECK(std::sqrt(squares) <= bound);
                    CHECK(layer.error(row, 1) >= bound + layer.norm);
                    if (kind == 0 && in == 130 && squares > 0) tightest = std::min(tightest, bound / std::sqrt(squares));
                }
    CHECK(tightest < 50);  // a bound that is always far off says nothing
}
