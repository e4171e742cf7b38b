// SPDX-License-Identifier: MIT
// How often ids were seen lately, in memory that is fixed at the start: a count-min sketch that is halved as it ages.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../core/hash.hpp"
#include "../core/rows.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Count-min with conservative update (Cormode and Muthukrishnan 2005; Estan and Varghese 2002): of the four counters of an id, one a row,
/// the smallest is the estimate, and only those that equal it grow. After every `period()` adds all counters are halved, so that what was
/// seen long ago fades (the reset of TinyLFU, Einziger, Friedman and Manes 2017).
///
/// Between two halvings an estimate is never below the true count, up to 255, where counters stay. It is above it where in each row some
/// other id met the counter. The four counters of an id lie in one cache line. 16 to 32 bytes for each id of the expected capacity.
/// add and estimate: O(1), but an add that halves passes over memory() bytes; none allocates or throws.
class frequency_sketch {
    static constexpr std::size_t rows = 4, columns = 16;
    struct alignas(64) block {
        std::array<std::array<std::uint8_t, columns>, rows> counts{};
    };

public:
    static constexpr std::uint32_t most = 255;  ///< where a counter stays

    /// `capacity`: how many ids the decisions are about; many more may be added. A halving every 48 adds for each of them: of a stream of
    /// ten million with a long tail 16 would keep 94 % of the most frequent half of them, 32 over 98 %, 64 no more than 48, and longer
    /// means slower to see that the world has changed. Throws std::bad_alloc.
    explicit frequency_sketch(std::size_t capacity)
        : period_(48 * static_cast<std::uint64_t>(std::max<std::size_t>(capacity, 64))),
          blocks_(std::bit_ceil(std::max<std::size_t>(capacity, 64) / (columns / 4))) {}

    void add(item_id id) noexcept {
        const std::uint64_t z = detail::mix(id);
        block& at = blocks_[z & (blocks_.size() - 1)];
        const std::uint8_t least = smallest(at, z);
        for (std::size_t row = 0; row < rows; ++row) {  // without a branch on the counters, which would be mispredicted
            std::uint8_t& count = at.counts[row][column(z, row)];
            count = static_cast<std::uint8_t>(count + (unsigned(count == least) & unsigned(least < most)));
        }
        if (++age_.adds >= period_) halve();
    }
    std::uint32_t estimate(item_id id) const noexcept {
        const std::uint64_t z = detail::mix(id);
        return smallest(blocks_[z & (blocks_.size() - 1)], z);
    }

    std::uint64_t period() const noexcept { return period_; }                                      ///< adds from one halving to the next
    std::uint64_t halvings() const noexcept { return age_.halvings; }                              ///< so far
    std::size_t memory() const noexcept { return sizeof *this + blocks_.size() * sizeof(block); }  ///< bytes

    /// Calls f with every block of state, as bytes, in a fixed order. Any bytes are a valid state.
    template <class F> void parts(F&& f) noexcept(noexcept(f(std::span<std::byte>()))) {
        f(std::as_writable_bytes(std::span(&age_, 1)));
        f(std::as_writable_bytes(std::span(blocks_)));
    }
    template <class F> void parts(F&& f) const noexcept(noexcept(f(std::span<const std::byte>()))) {
        f(std::as_bytes(std::span(&age_, 1)));
        f(std::as_bytes(std::span(blocks_)));
    }

private:
    /// Bits 48 to 63 choose the columns, the low ones the block: at most 2^29 blocks, so the two never meet.
    static std::size_t column(std::uint64_t z, std::size_t row) noexcept { return z >> (48 + 4 * row) & (columns - 1); }
    static std::uint8_t smallest(const block& at, std::uint64_t z) noexcept {
        std::uint8_t least = at.counts[0][column(z, 0)];
        for (std::size_t row = 1; row < rows; ++row) least = std::min(least, at.counts[row][column(z, row)]);
        return least;
    }
    void halve() noexcept {
        for (block& each : blocks_)
            for (auto& row : each.counts)
                for (std::uint8_t& count : row) count = static_cast<std::uint8_t>(count >> 1);
        age_.adds = 0;
        ++age_.halvings;
    }

    struct {
        std::uint64_t adds = 0;  // since the last halving
        std::uint64_t halvings = 0;
    } age_;
    std::uint64_t period_;
    std::vector<block> blocks_;  // a power of two
};

}  // namespace rivulet::inline RIVULET_ABI
