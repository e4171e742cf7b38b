// SPDX-License-Identifier: MIT
// The hash: fixed values, sensitivity to every bit, to the length and to the seed.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <rivulet/core/hash.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

namespace {
std::vector<std::byte> random_bytes(std::uint64_t seed, std::size_t size) {
    rv::random draw(seed);
    std::vector<std::byte> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::byte>(draw.bits());
    return bytes;
}
}  // namespace

TEST_CASE("the hash of a text is the same everywhere and always: files and digests depend on it") {
    static_assert(rv::hash("") == 0xd1747edd23d934cdu);
    static_assert(rv::hash("rivulet") == 0x6ed2602db1811afdu);
    static_assert(rv::hash("12345678") == 0xb83244e7fa277408u);
    static_assert(rv::hash("a longer text of several words", 7) == 0x1c56fdb26b15ad8eu);
    CHECK(rv::hash(std::string("rivulet")) == 0x6ed2602db1811afdu);
}

TEST_CASE("text and bytes that are equal have equal hashes") {
    const std::string text = "any text, \x80\xff included";
    CHECK(rv::hash(text) == rv::hash(std::as_bytes(std::span(text))));
    CHECK(rv::hash(text, 5) == rv::hash(std::as_bytes(std::span(text)), 5));
}

TEST_CASE("where bytes lie does not matter") {
    const auto bytes = random_bytes(1, 64);
    for (std::size_t shift = 0; shift < 16; ++shift) {
        std::vector<std::byte> moved(shift);
        moved.insert(moved.end(), bytes.begin(), bytes.end());
        CHECK(rv::hash(std::span<const std::byte>(moved).subspan(shift)) == rv::hash(std::span<const std::byte>(bytes)));
    }
}

TEST_CASE("every bit that changes changes about half of the hash") {
    for (const std::size_t size : {1u, 7u, 8u, 9u, 40u, 67u}) {
        auto bytes = random_bytes(size, size);
        const std::uint64_t before = rv::hash(std::span<const std::byte>(bytes));
        int changed = 0;
        for (std::size_t bit = 0; bit < 8 * size; ++bit) {
            bytes[bit / 8] ^= std::byte(1 << bit % 8);
            const std::uint64_t after = rv::hash(std::span<const std::byte>(bytes));
            REQUIRE(after != before);
            changed += std::popcount(after ^ before);
            bytes[bit / 8] ^= std::byte(1 << bit % 8);
        }
        const double share = changed / (64.0 * 8 * static_cast<double>(size));
        CAPTURE(size);
        CHECK(share > 0.4);
        CHECK(share < 0.6);
    }
}

TEST_CASE("the length counts: runs of zeros of different lengths differ, and so do prefixes of a text") {
    const std::vector<std::byte> zeros(100);
    const auto noise = random_bytes(2, 100);
    std::set<std::uint64_t> seen;
    for (std::size_t size = 0; size <= 100; ++size) {
        seen.insert(rv::hash(std::span<const std::byte>(zeros).first(size)));
        seen.insert(rv::hash(std::span<const std::byte>(noise).first(size)));
    }
    CHECK(seen.size() == 201);  // nothing is nothing in both
}

TEST_CASE("the seed counts, also for nothing at all") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        seen.insert(rv::hash("", seed));
        seen.insert(rv::hash("text", seed));
    }
    CHECK(seen.size() == 2000);
}

TEST_CASE("numbers hash like different ids, with no collision in a hundred thousand") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t id = 0; id < 100000; ++id) seen.insert(rv::hash(std::as_bytes(std::span(&id, 1))));
    CHECK(seen.size() == 100000);
}
