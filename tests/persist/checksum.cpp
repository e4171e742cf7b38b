// SPDX-License-Identifier: MIT
// CRC32C against the published vectors, and against division bit by bit.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <rivulet/core/random.hpp>
#include <rivulet/persist/checksum.hpp>

namespace rv = rivulet;

namespace {

std::uint32_t crc_of(std::string_view text) { return rv::crc32c(std::as_bytes(std::span(text))); }

/// The definition: long division by the polynomial.
std::uint32_t divided(std::span<const std::byte> bytes, std::uint32_t before = 0) {
    std::uint32_t state = ~before;
    for (const std::byte byte : bytes) {
        state ^= static_cast<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ (state & 1 ? 0x82f63b78u : 0u);
    }
    return ~state;
}
std::vector<std::byte> noise(std::size_t size, std::uint64_t seed) {
    rv::random draw(seed);
    std::vector<std::byte> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::byte>(draw.bits());
    return bytes;
}

}  // namespace

TEST_CASE("the vectors of RFC 3720, section B.4, and the check value of the catalogues") {
    std::array<std::byte, 32> bytes{};
    CHECK(rv::crc32c(bytes) == 0x8a9136aa);
    bytes.fill(std::byte(0xff));
    CHECK(rv::crc32c(bytes) == 0x62a8ab43);
    for (std::size_t i = 0; i < 32; ++i) bytes[i] = std::byte(i);
    CHECK(rv::crc32c(bytes) == 0x46dd794e);
    for (std::size_t i = 0; i < 32; ++i) bytes[i] = std::byte(31 - i);
    CHECK(rv::crc32c(bytes) == 0x113fdb5c);
    constexpr std::array<std::uint8_t, 48> read_command{0x01, 0xc0, 0, 0, 0, 0, 0,    0, 0,    0, 0, 0,    0, 0, 0, 0,
                                                        0x14, 0,    0, 0, 0, 0, 0x04, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
                                                        0x28, 0,    0, 0, 0, 0, 0,    0, 0x02, 0, 0, 0,    0, 0, 0, 0};
    CHECK(rv::crc32c(std::as_bytes(std::span(read_command))) == 0xd9963a56);
    CHECK(crc_of("123456789") == 0xe3069283);
    CHECK(crc_of("") == 0);
    CHECK(crc_of("a") == 0xc1d04330);
}

TEST_CASE("every length, from any address, is what long division gives") {
    const auto bytes = noise(300, 1);
    for (std::size_t from = 0; from < 9; ++from)
        for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
            const auto part = std::span<const std::byte>(bytes).subspan(from, size);
            REQUIRE(rv::crc32c(part, 0x1234567u * static_cast<std::uint32_t>(from)) ==
                    divided(part, 0x1234567u * static_cast<std::uint32_t>(from)));
        }
}

TEST_CASE("a checksum goes on from the one of what came before") {
    const auto bytes = noise(64, 2);
    const std::span<const std::byte> all(bytes);
    for (std::size_t cut = 0; cut <= 64; ++cut) REQUIRE(rv::crc32c(all.subspan(cut), rv::crc32c(all.first(cut))) == rv::crc32c(all));
}

TEST_CASE("one flipped bit, and another start, always give another checksum") {
    auto bytes = noise(100, 3);
    const std::uint32_t right = rv::crc32c(bytes);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        bytes[bit / 8] ^= std::byte(1 << bit % 8);
        REQUIRE(rv::crc32c(bytes) != right);
        bytes[bit / 8] ^= std::byte(1 << bit % 8);
    }
    for (int bit = 0; bit < 32; ++bit) REQUIRE(rv::crc32c(bytes, 1u << bit) != right);
}
