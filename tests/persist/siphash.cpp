// SPDX-License-Identifier: MIT
// SipHash-2-4 against the vectors that its authors publish: key 00 .. 0f, messages 00, 00 01, and so on.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <rivulet/persist/siphash.hpp>

namespace rv = rivulet;

namespace {

constexpr rv::hash_key key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
constexpr std::array<std::byte, 64> message = [] {
    std::array<std::byte, 64> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i);
    return bytes;
}();

}  // namespace

TEST_CASE("the published vectors") {
    constexpr std::pair<std::size_t, std::uint64_t> vectors[] = {
        {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a}, {3, 0x85676696d7fb7e2d},
        {7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},  {9, 0x9e0082df0ba9e4b0}, {15, 0xa129ca6149be45e5},
        {16, 0x3f2acc7f57c29bdb}, {31, 0x32d892fad841c342}, {63, 0x958a324ceb064572}};
    for (const auto& vector : vectors) {
        CAPTURE(vector.first);
        CHECK(rv::siphash(key).finish(std::span(message).first(vector.first)) == vector.second);
    }
    static_assert(rv::siphash(key).finish(std::span(message).first(15)) == 0xa129ca6149be45e5);
}

TEST_CASE("words are eight little-endian bytes of the message, wherever they end") {
    const std::span<const std::byte> all(message);
    for (std::size_t words = 0; words <= 8; ++words) {
        rv::siphash hash(key);
        for (std::size_t i = 0; i < words; ++i) hash.add(0x0706050403020100 + 0x0808080808080808 * i);
        CHECK(hash.finish(all.subspan(8 * words)) == rv::siphash(key).finish(all));
        CHECK(hash.finish() == rv::siphash(key).finish(all.first(8 * words)));
    }
}

TEST_CASE("every bit of the key and of the message counts") {
    const std::uint64_t right = rv::siphash(key).finish(message);
    for (std::size_t bit = 0; bit < 128; ++bit) {
        auto other = key;
        other[bit / 64] ^= std::uint64_t(1) << bit % 64;
        REQUIRE(rv::siphash(other).finish(message) != right);
    }
    auto other = message;
    for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
        other[bit / 8] ^= std::byte(1 << bit % 8);
        REQUIRE(rv::siphash(key).finish(other) != right);
        other[bit / 8] ^= std::byte(1 << bit % 8);
    }
}
