// SPDX-License-Identifier: MIT
// A dense layer behind a rectifier in 8 bits: unsigned codes of its inputs, row by row, signed codes of its weights, output by output.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "eight_bit_product.hpp"
#include "eight_bits.hpp"
#include "operator_norm.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// A row in codes: x is about scale * code.
struct coded_row {
    float scale = 0;
    float length = 0;  ///< |scale * codes|
    float missed = 0;  ///< |x - scale * codes|
};

/// The largest of n numbers of 0 or more; NaN if one of them is. As integers: so ordered they are the same, with NaN on top. O(n).
template <class Arch = simd::native> float largest_of(const float* x, std::size_t n) noexcept {
    using numbers = simd::batch<std::int32_t, Arch>;
    constexpr std::size_t step = simd::lanes<float, Arch>;
    const auto load = [x](std::size_t at) { return numbers::load_unaligned(reinterpret_cast<const std::int32_t*>(x + at)); };
    numbers most(0), second(0);
    const std::size_t whole = n / step * step;
    std::size_t at = 0;
    for (; at + 2 * step <= whole; at += 2 * step) {
        most = simd::max(most, load(at));
        second = simd::max(second, load(at + step));
    }
    if (at < whole) most = simd::max(most, load(at));
    std::int32_t largest = simd::largest(simd::max(most, second));
    for (std::size_t i = whole; i < n; ++i) largest = std::max(largest, std::bit_cast<std::int32_t>(x[i]));
    return std::bit_cast<float>(largest);
}

/// Codes of n rectified numbers in [0, 255]. codes: padded_inputs(n), zeros behind n. `Bound`: with how far they are from the numbers; both
/// norms are roots of float sums, right to n 2^-24 of themselves, `missed` also to 2^-24 of the length where a
/// multiply-add rounds twice, and to 1e-18 n where its squares are too small for floats.
/// Where a number is not finite, `missed` is not, and nor is `scale`. O(n).
template <bool Bound, class Arch = simd::native> coded_row encode_row(const float* x, std::size_t n, std::uint8_t* codes) noexcept {
    if constexpr (kernel::apart<float, Arch>) {
        coded_row row;
        kernels::in_use().encode_row(x, n, codes, Bound, &row);
        return row;
    }
    constexpr std::size_t step = simd::lanes<float, Arch>;
    const float largest = largest_of<Arch>(x, n);
    coded_row row;
    row.scale = largest < 1e-30f ? 0 : largest / 255;  // so little is missed as a whole
    const float inverse = row.scale > 0 ? 255 / largest : 0;
    const simd::batch<float, Arch> per(inverse), half(0.5f), back(-row.scale);
    simd::batch<float, Arch> squares(0.0f), missed(0.0f);
    const std::size_t whole = n / step * step;
    for (std::size_t at = 0; at < whole; at += step) {
        const auto numbers = simd::load<float, Arch>(x + at);
        const auto nearest = simd::to_int(simd::fma(numbers, per, half));  // 255 and a rounding at most, for 255.5 is cut off
        simd::store_bytes(codes + at, nearest);
        if constexpr (Bound) {
            const auto code = simd::to_float(nearest), left = simd::fma(code, back, numbers);
            squares = simd::fma(code, code, squares);
            missed = simd::fma(left, left, missed);
        }
    }
    float square = simd::sum(squares), miss = simd::sum(missed);
    for (std::size_t i = whole; i < n; ++i) {
        codes[i] = static_cast<std::uint8_t>(detail::nearest_code(x[i] * inverse, 0, 255));
        const float code = codes[i], left = simd::fma(-row.scale, code, x[i]);
        square += code * code;
        miss += left * left;
    }
    std::fill(codes + n, codes + padded_inputs(n), std::uint8_t(0));
    if constexpr (Bound) {
        row.length = row.scale * std::sqrt(square);
        row.missed = std::sqrt(miss) + (largest - largest);
    }
    return row;
}

/// z = max(b + scale * scales[j] * products[j], 0), j < n. products, scales, bias, z: (n), n a multiple of 16. O(n).
template <class Arch = simd::native>
void decode_rectified(const std::int32_t* products, float scale, const float* scales, const float* bias, std::size_t n, float* z) noexcept {
    if constexpr (kernel::apart<float, Arch>) return kernels::in_use().decode_rectified(products, scale, scales, bias, n, z);
    const simd::batch<float, Arch> of_row(scale);
    for (std::size_t at = 0; at < n; at += simd::lanes<float, Arch>) {
        const auto about = simd::to_float(simd::batch<std::int32_t, Arch>::load_unaligned(products + at));
        const auto sum = simd::fma(about, of_row * simd::load<float, Arch>(scales + at), simd::load<float, Arch>(bias + at));
        simd::store(z + at, simd::rectified(sum));
    }
}
/// The product of the same with weights, without writing it down: the sum of z[j] w[j]. w: (n).
template <class Arch = simd::native>
float decode_and_weigh(const std::int32_t* products, float scale, const float* scales, const float* bias, const float* w,
                       std::size_t n) noexcept {
    if constexpr (kernel::apart<float, Arch>) return kernels::in_use().decode_and_weigh(products, scale, scales, bias, w, n);
    const simd::batch<float, Arch> of_row(scale);
    simd::batch<float, Arch> total(0.0f);
    for (std::size_t at = 0; at < n; at += simd::lanes<float, Arch>) {
        const auto about = simd::to_float(simd::batch<std::int32_t, Arch>::load_unaligned(products + at));
        const auto sum = simd::fma(about, of_row * simd::load<float, Arch>(scales + at), simd::load<float, Arch>(bias + at));
        total = simd::fma(simd::rectified(sum), simd::load<float, Arch>(w + at), total);
    }
    return simd::sum(total);
}

/// The weights of y = b + x W in codes, and how much an error of x, and their own, can come to in y.
///
/// With x = s c + d (codes, what they miss) and W = C S + E (codes, a scale an output, what they miss), y differs from b + s c C S by
/// d W + s c E, so by at most |d| |W| + |s c| |E| in norm. On top of that come roundings, of this product and of the same in float: of
/// each y_j at most (in + 8) 2^-24 (|b_j| + |x| |W_j|) in either way of adding, so in norm at most `rounding` (|b| + |x| |W|_F), of which
/// `rounding` counts both.
struct eight_bit_layer {
    std::size_t in = 0, out = 0;
    std::vector<std::int8_t> codes;   // packed
    std::vector<float> scales, bias;  // (padded_outputs(out)), zeros behind out
    double norm = 0, missed = 0;      // |W| and |E|, not below the true ones
    double frobenius = 0, shift = 0;  // |W|_F with E, and |b|
    double rounding = 0;

    /// w: (in, out), each output's weights in a column; bias: (out). O(in out min(in, out)). Throws std::bad_alloc.
    eight_bit_layer(rows<const float> w, std::size_t outputs, const float* biases)
        : in(w.count), out(outputs), codes(packed_size(in, out)), scales(padded_outputs(out)), bias(padded_outputs(out)) {
        std::vector<std::int8_t> by_output(in * out);
        std::vector<float> column(in);
        std::vector<double> left(in * out);
        double squares = 0, missed_squares = 0, bias_squares = 0;
        for (std::size_t j = 0; j < out; ++j) {
            for (std::size_t i = 0; i < in; ++i) column[i] = w[i][j];
            std::int8_t* const code = by_output.data() + j * in;
            scales[j] = encode_signed(column.data(), in, code);
            bias[j] = biases[j];
            bias_squares += static_cast<double>(bias[j]) * static_cast<double>(bias[j]);
            for (std::size_t i = 0; i < in; ++i) {
                const double exact = static_cast<double>(column[i]), miss = exact - static_cast<double>(scales[j]) * code[i];
                left[i * out + j] = miss;
                squares += exact * exact;
                missed_squares += miss * miss;
            }
        }
        pack(rows<const std::int8_t>{by_output.data(), out, in}, in, codes.data());
        norm = operator_norm_above(w, out);
        missed = operator_norm_above(rows<const double>{left.data(), in, out}, out);
        frobenius = (std::sqrt(squares) + std::sqrt(missed_squares)) * (1 + 1e-6);
        shift = std::sqrt(bias_squares) * (1 + 1e-6);
        rounding = 2 * static_cast<double>(in + 8) * 0x1p-24 * (1 + 1e-3);
    }

    /// At most this far is y from its double in 8 bits, if x is at most `before` from the row that was encoded.
    double error(const coded_row& x, double before) const noexcept {
        // What the float sums of encode_row lack: roundings, of a multiply-add that rounds twice as well, and squares that are too small.
        const double n = static_cast<double>(in), larger = 1 + (n + 64) * 0x1p-24;
        const double length = static_cast<double>(x.length) * larger;
        const double miss = static_cast<double>(x.missed) * larger + 0x1p-23 * length + 1e-18 * n + before;
        return norm * miss + missed * length + rounding * (shift + (length + miss) * frobenius);
    }
    std::size_t memory() const noexcept { return codes.size() + (scales.size() + bias.size()) * sizeof(float); }
};

}  // namespace rivulet::inline RIVULET_ABI::math
