// SPDX-License-Identifier: MIT
// The factors that personal states keep by item, against plain twins: adding up, moving, and what a file may say of their content.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <rivulet/core/random.hpp>
#include <rivulet/factor/personal_memory.hpp>

namespace rv = rivulet;

namespace {

constexpr std::size_t states = 5, content = 67;  // no whole register, and more than one word of bits
using factors = rv::detail::item_factors<double, states, content>;

/// One item, of which the numbers 0, 3, 64 and 66 are not zero, and a map of drawn numbers.
factors drawn(std::uint32_t& slot) {
    factors made(rv::room_for_ids{.capacity = 4});
    rv::random draw(1);
    for (std::size_t i = 0; i <= content; ++i)
        for (std::size_t k = 0; k < states; ++k) made.map.data()[i * factors::stride + k] = draw.around_zero(1);
    std::array<double, content> about{};
    about[0] = 1, about[3] = -2, about[64] = 0.5, about[66] = 3;
    slot = made.sight(42, about.data(), 0.1f, 0);
    return made;
}

double summed(const factors& of, std::uint32_t slot, std::size_t k) {
    double sum = of.map.data()[k] + of.own.data()[slot * factors::stride + k];
    for (std::size_t i = 0; i < content; ++i) sum += of.content.data()[slot * content + i] * of.map.data()[(i + 1) * factors::stride + k];
    return sum;
}

}  // namespace

TEST_CASE("item_factors: a row is the item's own plus [1, content] times the map") {
    std::uint32_t slot = 0;
    const factors made = drawn(slot);
    REQUIRE(slot != factors::none);
    for (std::size_t k = 0; k < states; ++k) CHECK(made.row(slot)[k] == doctest::Approx(summed(made, slot, k)).epsilon(1e-14));
    for (std::size_t k = states; k < factors::stride; ++k) CHECK(made.row(slot)[k] == 0);
}

TEST_CASE("item_factors: a move takes the own row, the rows of the map that the content has, and no others along, then adds up") {
    std::uint32_t slot = 0;
    factors made = drawn(slot);
    const factors before = made;
    alignas(64) std::array<double, factors::stride> step{}, rates{}, pulls{};
    for (std::size_t k = 0; k < states; ++k) step[k] = 0.3 + double(k), rates[k] = k == 0 ? 0.5 : 0.25, pulls[k] = 0.1 * double(k);
    made.move(slot, step.data(), rates.data(), pulls.data(), 0.01, 0.2);
    for (std::size_t k = 0; k < states; ++k) {
        const double own = before.own.data()[slot * factors::stride + k];
        CHECK(made.own.data()[slot * factors::stride + k] == doctest::Approx(own + rates[k] * (step[k] - pulls[k] * own)).epsilon(1e-14));
        for (std::size_t i = 0; i <= content; ++i) {
            const double old = before.map.data()[i * factors::stride + k], x = i == 0 ? 1 : made.content.data()[slot * content + i - 1];
            const double expected = x == 0 ? old : old + 0.01 * (x * step[k] - 0.2 * old);
            CHECK(made.map.data()[i * factors::stride + k] == doctest::Approx(expected).epsilon(1e-14));
        }
        CHECK(made.row(slot)[k] == doctest::Approx(summed(made, slot, k)).epsilon(1e-13));
    }
}

TEST_CASE("item_factors: bits that do not say which numbers of the content are not zero are refused") {
    std::uint32_t slot = 0;
    factors made = drawn(slot);
    CHECK(made.validate_state());
    made.present[slot * factors::words] ^= 2;
    CHECK_FALSE(made.validate_state());
    made.present[slot * factors::words] ^= 2;
    made.present[slot * factors::words + 1] ^= std::uint64_t(1) << 40;  // beyond the content: it would be read out of bounds
    CHECK_FALSE(made.validate_state());
}

TEST_CASE("item_factors: a slot that an item has left is not taken for its own") {
    std::uint32_t slot = 0;
    const factors made = drawn(slot);
    CHECK(made.slot_of(42, slot) == slot);
    CHECK(made.slot_of(42, slot + 1) == slot);
    CHECK(made.slot_of(42, factors::none) == slot);
    CHECK(made.slot_of(43, slot) == factors::none);
    CHECK(made.slot_of(0, slot + 1) == factors::none);  // a free slot holds id 0
}
