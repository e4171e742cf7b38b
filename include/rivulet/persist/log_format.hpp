// SPDX-License-Identifier: MIT
// The bytes of a feedback log: a header a file, then records, each checked by itself and chained to the one before.
//
// Little-endian on any machine. A file is called feedback-<first sequence, 20 digits>.log. Its header, 72 bytes: magic 8, version 4, zero
// 4, file id 8, model 8, first sequence 8, chain before it 8, time of creation 8, zero 4, CRC32C of the preceding 60: 4, SipHash of the
// preceding 64 under the log's key: 8.
// A record, 40 bytes and the payload padded with zeros to a multiple of 8: CRC32C of the following 36: 4, CRC32C of the padded payload 4,
// payload length 4, type 2, flags 2 (bit 0: all before was durable when this was written), sequence 8, time 8, chain 8. Both checksums go
// on from one of the file's id, so a record of another file is none of this one. The chain is SipHash, under the log's key, of: the chain
// before, length and type and flags, sequence, time, padded payload.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "../core/config.hpp"
#include "checksum.hpp"
#include "siphash.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A place in a log: an event and the chain after it. A snapshot that keeps it beside the weights says which events it has learned, and
/// pins all that came before: a log that was cut below it, or holds other events, is not taken for the one it was. {} is before the first.
struct log_position {
    std::uint64_t sequence = 0;
    std::uint64_t chain = 0;
    friend bool operator==(const log_position&, const log_position&) = default;
};

/// One event as it was appended. What the payload means is up to whoever appends.
struct log_record {
    std::uint64_t sequence = 0;  ///< 1, 2, 3, ... over all files
    std::int64_t time = 0;       ///< microseconds since 1970, by the clock of the log; it may go back
    std::uint16_t type = 0;      ///< 1 or more
    std::span<const std::byte> payload{};
};

namespace detail {

inline constexpr std::array<char, 8> log_magic{'r', 'i', 'v', 'l', 'o', 'g', '\r', '\n'};
inline constexpr std::uint32_t log_version = 1;
inline constexpr std::size_t log_header_size = 72, record_header_size = 40;

struct log_header {
    std::uint64_t file_id = 0;
    std::uint64_t model = 0;
    std::uint64_t first_sequence = 1;
    std::uint64_t chain = 0;  // before the first record
    std::int64_t created = 0;

    std::uint32_t salt() const noexcept {
        std::array<std::byte, 8> id;
        store_little(id.data(), file_id);
        return crc32c(id);
    }
};

/// Where things lie in the bytes of a header and of a record.
namespace log_at {
inline constexpr std::size_t version = 8, zero = 12, file_id = 16, model = 24, first_sequence = 32, chain = 40, created = 48,
                             more_zero = 56, check = 60, tag = 64;
}
namespace record_at {
inline constexpr std::size_t check = 0, payload_check = 4, length = 8, type = 12, flags = 14, sequence = 16, time = 24, chain = 32;
}
inline constexpr std::uint16_t after_sync_flag = 1;

using log_header_bytes = std::array<std::byte, log_header_size>;

inline log_header_bytes encode_header(const log_header& header, const hash_key& key) noexcept {
    log_header_bytes bytes{};
    std::byte* const to = bytes.data();
    std::transform(log_magic.begin(), log_magic.end(), to, [](char c) { return static_cast<std::byte>(c); });
    store_little(to + log_at::version, log_version);
    store_little(to + log_at::file_id, header.file_id);
    store_little(to + log_at::model, header.model);
    store_little(to + log_at::first_sequence, header.first_sequence);
    store_little(to + log_at::chain, header.chain);
    store_little(to + log_at::created, header.created);
    store_little(to + log_at::check, crc32c(std::span(bytes).first(log_at::check)));
    store_little(to + log_at::tag, siphash(key).finish(std::span(bytes).first(log_at::tag)));
    return bytes;
}

constexpr std::size_t padded_payload(std::size_t payload) noexcept { return (payload + 7) / 8 * 8; }
constexpr std::size_t record_size(std::size_t payload) noexcept { return record_header_size + padded_payload(payload); }

/// The chain after a record whose bytes are complete but for it.
inline std::uint64_t chain_after(std::span<const std::byte> record, std::uint64_t before, const hash_key& key) noexcept {
    const std::byte* const at = record.data();
    return siphash(key)
        .add(before)
        .add(load_little<std::uint64_t>(at + record_at::length))
        .add(load_little<std::uint64_t>(at + record_at::sequence))
        .add(load_little<std::uint64_t>(at + record_at::time))
        .finish(record.subspan(record_header_size));
}

/// Writes a record to its place, of record_size bytes; returns the chain after it.
inline std::uint64_t encode_record(const log_record& record, bool after_sync, std::uint32_t salt, std::uint64_t chain, const hash_key& key,
                                   std::span<std::byte> place) noexcept {
    std::byte* const to = place.data();
    std::fill(std::copy(record.payload.begin(), record.payload.end(), place.begin() + record_header_size), place.end(), std::byte(0));
    store_little(to + record_at::payload_check, crc32c(place.subspan(record_header_size), salt));
    store_little(to + record_at::length, static_cast<std::uint32_t>(record.payload.size()));
    store_little(to + record_at::type, record.type);
    store_little(to + record_at::flags, static_cast<std::uint16_t>(after_sync ? after_sync_flag : 0));
    store_little(to + record_at::sequence, record.sequence);
    store_little(to + record_at::time, record.time);
    const std::uint64_t after = chain_after(place, chain, key);
    store_little(to + record_at::chain, after);
    store_little(to + record_at::check, crc32c(place.first(record_header_size).subspan(record_at::payload_check), salt));
    return after;
}

inline constexpr std::string_view log_name_begin = "feedback-", log_name_end = ".log";
inline constexpr std::size_t log_name_digits = 20;

inline std::string log_name(std::uint64_t first_sequence) {
    const std::string digits = std::to_string(first_sequence);
    return std::string(log_name_begin) + std::string(log_name_digits - digits.size(), '0') + digits + std::string(log_name_end);
}

/// The first sequence that a file's name gives; 0 when it is not the name of a log.
inline std::uint64_t sequence_of_name(std::string_view name) noexcept {
    if (name.size() != log_name_begin.size() + log_name_digits + log_name_end.size() || !name.starts_with(log_name_begin) ||
        !name.ends_with(log_name_end))
        return 0;
    const char* const first = name.data() + log_name_begin.size();
    std::uint64_t sequence = 0;
    const auto [end, error] = std::from_chars(first, first + log_name_digits, sequence);
    return error == std::errc() && end == first + log_name_digits ? sequence : 0;
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
