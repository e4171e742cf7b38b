// SPDX-License-Identifier: MIT
// Inner products with rows: near those in double, and the same bits wherever a row lies.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <rivulet/math/row_products.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;
namespace math = rivulet::math;

namespace {

template <std::size_t Width> void check() {
    CAPTURE(Width);
    rv::random draw(Width);
    constexpr std::size_t together = math::rows_at_once<Width>, count = 48;
    std::vector<float> x = test::numbers<float>(draw, Width, 2);
    x.resize((Width + 15) / 16 * 16);
    auto rows = test::numbers<float>(draw, count * Width, 3);
    rows.resize(count * Width + math::read_beyond_rows);
    std::vector<float> products(count);
    math::row_products<Width>(x.data(), rows.data(), count, products.data());
    for (std::size_t r = 0; r < count; ++r) {
        double exact = 0, xx = 0, rr = 0;
        for (std::size_t i = 0; i < Width; ++i) {
            const auto a = static_cast<double>(x[i]), b = static_cast<double>(rows[r * Width + i]);
            exact += a * b, xx += a * a, rr += b * b;
        }
        CHECK(std::abs(static_cast<double>(products[r]) - exact) <= (Width + 1) * 0x1p-24 * std::sqrt(xx * rr));

        // Alone, at any place among others.
        std::vector<float> others = test::numbers<float>(draw, together * Width, 100);
        others.resize(together * Width + math::read_beyond_rows, 50);
        const std::size_t place = draw.below(together);
        std::copy_n(rows.data() + r * Width, Width, others.data() + place * Width);
        std::vector<float> again(together);
        math::row_products<Width>(x.data(), others.data(), together, again.data());
        CHECK(std::bit_cast<std::uint32_t>(again[place]) == std::bit_cast<std::uint32_t>(products[r]));
    }
}

}  // namespace

TEST_CASE("products of every width are those of double within the bound, and do not depend on the place of a row") {
    check<1>();
    check<3>();
    check<4>();
    check<7>();
    check<8>();
    check<15>();
    check<16>();
    check<17>();
    check<33>();
    check<64>();
    check<100>();
    check<128>();
    check<144>();
    check<256>();
    check<257>();
    check<384>();
    check<768>();
}

TEST_CASE("scores count that reach the least one or are not finite") {
    constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const float most = std::numeric_limits<float>::max();
    const std::vector<float> scores{1, 2, 3, -4, infinity, -infinity, nan, -nan, 0, -0.0f, most, -most, 1.5f, 2.5f, 1e-40f, 2};
    CHECK(math::which_count(scores.data(), 2) == 0b1010'0100'1111'0110);
    CHECK(math::which_count(scores.data(), 0) == 0b1111'0111'1111'0111);
    CHECK(math::which_count(scores.data(), -most) == 0xffff);
    CHECK(math::which_count(scores.data(), most) == 0b0000'0100'1111'0000);
}
