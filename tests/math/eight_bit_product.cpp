// SPDX-License-Identifier: MIT
// Products of 8-bit codes against plain loops over what was packed: every kernel gives the same integers, extreme codes included.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <rivulet/math/eight_bit_product.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;
namespace math = rivulet::math;

namespace {

template <class Code> std::vector<Code> codes(rv::random& draw, std::size_t n, bool extreme) {
    std::vector<Code> made(n);
    for (Code& one : made) {
        const auto drawn = extreme ? (draw.below(4) ? 255 : 0) : draw.below(256);
        one = static_cast<Code>(std::is_signed_v<Code> ? static_cast<int>(drawn) - 128 : static_cast<int>(drawn));
    }
    return made;
}

template <class Kernel, class X, class P> void check(std::size_t rows, std::size_t in, std::size_t out, bool extreme) {
    CAPTURE(rows);
    CAPTURE(in);
    CAPTURE(out);
    rv::random draw(rows * 1000 + in * 10 + out);
    const std::size_t stride = math::padded_inputs(in) + 3, columns = math::padded_outputs(out);
    auto x = codes<X>(draw, rows * stride, extreme);
    const auto w = codes<P>(draw, out * in, extreme);
    for (std::size_t r = 0; r < rows; ++r) std::fill(x.data() + r * stride + in, x.data() + (r + 1) * stride, X(7));  // times zeros
    std::vector<P> packed(math::packed_size(in, out) + 64, P(99));
    math::pack(rv::rows<const P>{w.data(), out, in}, in, packed.data());
    CHECK(std::count(packed.end() - 64, packed.end(), P(99)) == 64);

    test::guarded_rows<std::int32_t> y(rows, columns, columns + 5);
    math::multiply<Kernel>(rv::rows<const X>{x.data(), rows, stride}, in, packed.data(), out, y.view());
    CHECK(y.intact());
    std::vector<std::int32_t> streamed(columns + 1, 77);
    if (rows > 0) math::multiply_streamed<Kernel>(x.data(), in, packed.data(), out, streamed.data());
    CHECK((rows == 0 || std::equal(y[0], y[0] + columns, streamed.begin())));
    CHECK(streamed.back() == 77);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t o = 0; o < columns; ++o) {
            std::int64_t sum = 0;
            for (std::size_t i = 0; i < in && o < out; ++i) sum += std::int64_t(x[r * stride + i]) * w[o * in + i];
            REQUIRE(y[r][o] == sum);
        }
}

template <class Kernel> void check_all() {
    for (const bool extreme : {false, true})
        for (const std::size_t rows : {0u, 1u, 2u, 3u, 5u, 6u, 7u, 13u})
            for (const std::size_t in : {1u, 3u, 4u, 5u, 64u, 129u})
                for (const std::size_t out : {1u, 15u, 16u, 17u, 48u, 100u, 256u}) {
                    check<Kernel, std::uint8_t, std::int8_t>(rows, in, out, extreme);
                    check<Kernel, std::int8_t, std::uint8_t>(rows, in, out, extreme);
                }
}

}  // namespace

TEST_CASE("the kernel of this processor multiplies") { check_all<math::eight_bit::native>(); }
TEST_CASE("the plain kernel multiplies") { check_all<math::eight_bit::plain>(); }
#if defined(__AVX2__)
TEST_CASE("the kernel of 16-bit products multiplies") { check_all<math::eight_bit::avx2>(); }
#endif

TEST_CASE("the longest sums that are promised do not leave 32 bits") {
    constexpr std::size_t in = 65793;
    const std::vector<std::uint8_t> x(math::padded_inputs(in), 255);
    std::vector<std::int8_t> w(math::packed_size(in, 1), 0);
    for (std::size_t i = 0; i < in; ++i) w[math::packed_place(in, i, 0)] = -128;
    std::vector<std::int32_t> y(16);
    math::multiply(rv::rows<const std::uint8_t>{x.data(), 1, x.size()}, in, w.data(), 1, rv::rows<std::int32_t>{y.data(), 1, 16});
    CHECK(y[0] == -255 * 128 * std::int64_t(in));
    CHECK(y[1] == 0);
}

TEST_CASE("four inputs of sixteen outputs share a cache line, and every place is used once") {
    CHECK(math::packed_size(5, 17) == 8 * 32);
    CHECK(math::packed_place(8, 3, 0) == 3);
    CHECK(math::packed_place(8, 0, 1) == 4);
    CHECK(math::packed_place(8, 4, 0) == 64);
    CHECK(math::packed_place(8, 0, 16) == 128);
    std::vector<int> used(math::packed_size(8, 32));
    for (std::size_t i = 0; i < 8; ++i)
        for (std::size_t o = 0; o < 32; ++o) ++used[math::packed_place(8, i, o)];
    CHECK(std::count(used.begin(), used.end(), 1) == 256);
}

TEST_CASE("signed by signed: 128 more in every input is taken off by the sums of codes") {
    constexpr std::size_t in = 50, out = 40;
    rv::random draw(1);
    const auto x = codes<std::int8_t>(draw, in, false), w = codes<std::int8_t>(draw, in * out, false);
    std::vector<std::int8_t> packed(math::packed_size(in, out));
    math::pack(rv::rows<const std::int8_t>{w.data(), out, in}, in, packed.data());
    std::vector<std::int32_t> sums(math::padded_outputs(out)), y(math::padded_outputs(out));
    math::sum_packed(packed.data(), in, out, sums.data());
    std::vector<std::uint8_t> moved(math::padded_inputs(in));
    for (std::size_t i = 0; i < in; ++i) moved[i] = static_cast<std::uint8_t>(x[i] + 128);
    math::multiply(rv::rows<const std::uint8_t>{moved.data(), 1, moved.size()}, in, packed.data(), out,
                   rv::rows<std::int32_t>{y.data(), 1, y.size()});
    for (std::size_t o = 0; o < out; ++o) {
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < in; ++i) sum += x[i] * w[o * in + i];
        CHECK(y[o] - 128 * sums[o] == sum);
    }
}
