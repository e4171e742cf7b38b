// SPDX-License-Identifier: MIT
// Places for ids by hash alone: no index, no admission, and ids that share a place share its row.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/error.hpp"
#include "../core/hash.hpp"
#include "../core/rows.hpp"

namespace rivulet::inline RIVULET_ABI {

/// 2^bits places; an id always has one (Weinberger et al. 2009, "Feature hashing", without the sign). Has the face of an id_directory.
class hashed_places {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    explicit hashed_places(unsigned bits) noexcept : shift_(64 - bits), beside_((1u << std::min(bits, 3u)) - 1) {}

    /// Eight ids that differ in their last three bits alone lie side by side, a cache line of rows of two numbers: what is counted from
    /// zero is often used together, and often from the most frequent down. The others by two rounds of multiply and fold; one alone lays
    /// ids that lie on a grid (a feature's number and its value) onto each other.
    std::uint32_t find(item_id id) const noexcept {
        const std::uint64_t group = id >> 3, z = (group ^ (group >> 32)) * 0xd6e8feb86659fd93u;
        const auto place = static_cast<std::uint32_t>(((z ^ (z >> 29)) * 0x9e3779b97f4a7c15u) >> shift_);
        return (place & ~beside_) | (static_cast<std::uint32_t>(id) & beside_);
    }
    std::uint32_t admit(item_id id) noexcept { return find(id); }
    std::span<const std::uint32_t> tentative() const noexcept { return {}; }
    void commit() noexcept {}
    void rollback() noexcept {}
    void sighted(item_id) noexcept {}
    template <class F> void make_room(std::size_t, F&&) noexcept {}
    std::size_t capacity() const noexcept { return std::size_t(1) << (64 - shift_); }
    std::size_t memory() const noexcept { return 0; }
    template <class F> void parts(F&&) {}
    template <class F> void parts(F&&) const {}
    status validate_state() const noexcept { return {}; }

private:
    unsigned shift_, beside_;
};

/// One id for a combination of two, which depends on their order: what quadratic crosses are looked up by.
constexpr item_id combined(item_id a, item_id b) noexcept { return detail::mix(a ^ 0x8ebc6af09c88c6e3u) * 0x9fb21c651e98df25u + b; }

}  // namespace rivulet::inline RIVULET_ABI
