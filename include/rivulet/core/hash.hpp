// SPDX-License-Identifier: MIT
// A 64-bit hash of bytes, the same on every platform: digests, checksums of files, names at the edge. Not for secrets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 32)) * 0xd6e8feb86659fd93u;
    z = (z ^ (z >> 32)) * 0xd6e8feb86659fd93u;
    return z ^ (z >> 32);
}

template <class Byte> constexpr std::uint64_t hash_bytes(const Byte* data, std::size_t size, std::uint64_t seed) noexcept {
    std::uint64_t state = seed ^ 0x9e3779b97f4a7c15u;
    const auto absorb = [&](std::size_t at, std::size_t count) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < count; ++i) word |= static_cast<std::uint64_t>(static_cast<unsigned char>(data[at + i])) << (8 * i);
        state = mix(state ^ word) * 0x9fb21c651e98df25u;
    };
    const std::size_t whole = size / 8 * 8;
    for (std::size_t at = 0; at < whole; at += 8) absorb(at, 8);
    absorb(whole, size - whole);
    return mix(state ^ size);
}

}  // namespace detail

/// Eight little-endian bytes at a time: state = mix(state xor word) * odd constant, the length last. Every step is a bijection of the
/// state, so two inputs of equal length that differ in one word never collide.
constexpr std::uint64_t hash(std::span<const std::byte> bytes, std::uint64_t seed = 0) noexcept {
    return detail::hash_bytes(bytes.data(), bytes.size(), seed);
}

/// The same for text, such as an id that the host keeps as a string.
constexpr std::uint64_t hash(std::string_view text, std::uint64_t seed = 0) noexcept {
    return detail::hash_bytes(text.data(), text.size(), seed);
}

}  // namespace rivulet::inline RIVULET_ABI
