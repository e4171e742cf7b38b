// SPDX-License-Identifier: MIT
// CRC32C: finds what broke by accident in bytes that were stored. It proves nothing to somebody who can compute it again: siphash.hpp does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/config.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// A number of little-endian bytes, on any machine.
template <class T> constexpr T load_little(const std::byte* from) noexcept {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | static_cast<T>(static_cast<T>(from[i]) << (8 * i)));
    return value;
}
template <class T> constexpr void store_little(std::byte* to, T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i));
}

using crc_tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// tables[k][b]: the remainder of byte b followed by k zero bytes.
constexpr crc_tables make_crc_tables() noexcept {
    constexpr std::uint32_t reflected_polynomial = 0x82f63b78;  // of 0x1edc6f41, Castagnoli
    crc_tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t remainder = byte;
        for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ (remainder & 1 ? reflected_polynomial : 0);
        tables[0][byte] = remainder;
    }
    for (std::size_t k = 1; k < tables.size(); ++k)
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[k - 1][byte];
            tables[k][byte] = (before >> 8) ^ tables[0][before & 255];
        }
    return tables;
}
inline constexpr crc_tables crc32c_tables = make_crc_tables();

}  // namespace detail

/// CRC32C (Castagnoli) as iSCSI has it, RFC 3720 section 12.1; any error of up to 32 bits in a row is found. Eight bytes a step (Kounavis
/// and Berry, "slicing-by-8"). `before` is the checksum of bytes that came before: crc32c(b, crc32c(a)) is that of a then b. Two different
/// values of it give two different checksums of the same bytes, so one drawn per file tells the file's bytes from another's.
constexpr std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0) noexcept {
    const auto& tables = detail::crc32c_tables;
    std::uint32_t state = ~before;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) {
        const std::uint32_t low = state ^ detail::load_little<std::uint32_t>(at), high = detail::load_little<std::uint32_t>(at + 4);
        state = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^ tables[4][low >> 24] ^
                tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^ tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
    }
    for (; left > 0; ++at, --left) state = (state >> 8) ^ tables[0][(state ^ static_cast<std::uint32_t>(*at)) & 255];
    return ~state;
}

}  // namespace rivulet::inline RIVULET_ABI
