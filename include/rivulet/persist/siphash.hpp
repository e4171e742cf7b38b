// SPDX-License-Identifier: MIT
// SipHash-2-4: a short hash under a key, that nobody without the key can compute for other bytes; what a log's chain is made of.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/config.hpp"
#include "checksum.hpp"

namespace rivulet::inline RIVULET_ABI {

/// 128 bits that the host keeps secret. All zero is no secret: the hash then finds accidents, and forgers only who do not try.
using hash_key = std::array<std::uint64_t, 2>;

/// SipHash with 2 rounds a word and 4 at the end, 64 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). A message is
/// any number of 8-byte words, then any bytes. Guessing the hash of other bytes succeeds once in 2^64 tries; it hides nothing, and 64 bits
/// are too few to tell billions of things apart by.
class siphash {
public:
    constexpr explicit siphash(const hash_key& key) noexcept
        : state_{key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du, key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u} {}

    /// Eight bytes of the message, little-endian.
    constexpr siphash& add(std::uint64_t word) noexcept {
        state_[3] ^= word;
        round();
        round();
        state_[0] ^= word;
        size_ += 8;
        return *this;
    }
    /// The hash of the words so far and then these bytes.
    constexpr std::uint64_t finish(std::span<const std::byte> rest = {}) const noexcept {
        siphash last = *this;
        for (; rest.size() >= 8; rest = rest.subspan(8)) last.add(detail::load_little<std::uint64_t>(rest.data()));
        std::uint64_t word = (last.size_ + rest.size()) << 56;
        for (std::size_t i = 0; i < rest.size(); ++i) word |= static_cast<std::uint64_t>(rest[i]) << (8 * i);
        last.add(word);
        last.state_[2] ^= 255;
        for (int i = 0; i < 4; ++i) last.round();
        return last.state_[0] ^ last.state_[1] ^ last.state_[2] ^ last.state_[3];
    }

private:
    constexpr void round() noexcept {
        auto& [a, b, c, d] = state_;
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }

    std::array<std::uint64_t, 4> state_;
    std::uint64_t size_ = 0;  // bytes so far
};

}  // namespace rivulet::inline RIVULET_ABI
