// SPDX-License-Identifier: MIT
// Reads the bytes of one file of a log: which records are whole and follow from each other, and where the first fault is. Linear time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "log_format.hpp"
#include "log_report.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// What a reader takes.
struct log_rules {
    std::uint64_t model = 0;
    hash_key key{};
    std::size_t largest_record = std::size_t(1) << 20;
    std::uint16_t largest_type = 0xffff;
    log_policy policy = log_policy::tolerate_tail;
    log_position from{};           // records up to it are checked, not delivered
    bool verify_checksums = true;  // false lets a fuzzer behind them
};

inline std::uint16_t flags_of(std::span<const std::byte> record) noexcept {
    return load_little<std::uint16_t>(record.data() + record_at::flags);
}
inline log_record decode_record(std::span<const std::byte> record) noexcept {
    const std::byte* const at = record.data();
    return {.sequence = load_little<std::uint64_t>(at + record_at::sequence),
            .time = load_little<std::int64_t>(at + record_at::time),
            .type = load_little<std::uint16_t>(at + record_at::type),
            .payload = record.subspan(record_header_size, load_little<std::uint32_t>(at + record_at::length))};
}

/// Reads files one after the other. Holds where the next record has to go on, and what the report says.
class log_reader {
public:
    explicit log_reader(const log_rules& rules) noexcept : rules_(rules) {}

    log_report report;

    /// Reads a file; false when reading stops here. `last`: no file follows it, so its tail may be torn. `end` becomes the end of the last
    /// record that was taken, `in_doubt` where the records begin of which the file does not show that they were durable.
    /// `progress` is called at the start and about every 2^20 bytes.
    template <class OnRecord, class OnProgress>
    bool read(const std::string& path, std::span<const std::byte> bytes, std::uint64_t first_sequence, bool last, OnRecord&& on_record,
              OnProgress&& on_progress) {
        ++report.files;
        end = in_doubt = 0;
        const std::uint64_t bytes_before = report.bytes;
        if (bytes.empty() && last) return true;  // made, and nothing more
        log_header header;
        if (!read_header(path, bytes, first_sequence, header)) return drop(bytes.size(), bytes_before + bytes.size());
        salt_ = header.salt();
        end = in_doubt = log_header_size;
        for (std::size_t at = log_header_size, shown = 0; at < bytes.size();) {
            if (at >= shown) {
                report.bytes = bytes_before + at;
                on_progress(static_cast<const log_report&>(report));
                shown = at + (std::size_t(1) << 20);
            }
            const std::span<const std::byte> rest = bytes.subspan(at);
            const found here = look(rest);
            const log_fault fault = here.fault == log_fault::none ? follow(rest.first(here.size)) : here.fault;
            if (fault == log_fault::none) {
                take(rest.first(here.size), at, on_record);
                at += here.size;
                continue;
            }
            fault_at(path, at, fault, rest, last);
            if (rules_.policy != log_policy::salvage) return drop(bytes.size() - at, bytes_before + bytes.size());
            at = salvage(bytes, at, here, fault, on_record);
        }
        report.bytes = bytes_before + bytes.size();
        return true;
    }

    /// Whether the log reaches the position that reading started from; after the last file.
    bool reached_start(const std::string& path) {
        if (report.head.sequence >= rules_.from.sequence) return true;
        note(path, 0, log_fault::anchor, rules_.from.sequence, report.head.sequence);
        return false;
    }

    void note(const std::string& path, std::size_t offset, log_fault fault, std::uint64_t expected, std::uint64_t got) {
        if (report.faults++ > 0 && tolerates(log_policy::salvage, fault)) return;  // that it is the wrong log outranks any damage
        report.fault = fault;
        report.path = path;
        report.offset = offset;
        report.expected = expected;
        report.got = got;
    }

    std::size_t end = 0, in_doubt = 0;

private:
    /// A record at the beginning of some bytes, by itself.
    struct found {
        log_fault fault = log_fault::none;
        bool header = false;   // its header matches its checksum
        std::size_t size = 0;  // of the whole record, when the header does
    };

    bool drop(std::size_t bytes, std::uint64_t read) {
        report.bytes_dropped += bytes;
        report.bytes = read;
        return false;
    }

    bool header_matches(std::span<const std::byte> bytes) const noexcept {
        return load_little<std::uint32_t>(bytes.data() + record_at::check) ==
                   crc32c(bytes.first(record_header_size).subspan(record_at::payload_check), salt_) ||
               !rules_.verify_checksums;
    }
    static std::size_t payload_of(std::span<const std::byte> bytes) noexcept {
        return load_little<std::uint32_t>(bytes.data() + record_at::length);
    }

    found look(std::span<const std::byte> bytes) const noexcept {
        if (bytes.size() < record_header_size || !header_matches(bytes)) return {log_fault::torn_tail};
        const std::size_t payload = payload_of(bytes), size = record_size(payload);
        if (payload == 0) return {log_fault::corrupt};
        if (payload > rules_.largest_record) return {log_fault::limit};
        if (size > bytes.size()) return {log_fault::torn_tail};
        if (rules_.verify_checksums && load_little<std::uint32_t>(bytes.data() + record_at::payload_check) !=
                                           crc32c(bytes.first(size).subspan(record_header_size), salt_))
            return {log_fault::torn_tail, true, size};
        const auto type = load_little<std::uint16_t>(bytes.data() + record_at::type);
        if (type == 0 || type > rules_.largest_type || flags_of(bytes) > after_sync_flag) return {log_fault::type, true, size};
        return {log_fault::none, true, size};
    }

    /// Whether a whole record is the one that comes next.
    log_fault follow(std::span<const std::byte> record) const noexcept {
        const std::uint64_t sequence = decode_record(record).sequence, last = report.head.sequence;
        if (sequence == last && last != 0) return log_fault::duplicate;
        if (sequence <= last) return log_fault::stale;
        if (sequence != last + 1) return log_fault::gap;
        const std::uint64_t chain = load_little<std::uint64_t>(record.data() + record_at::chain);
        if (rules_.verify_checksums && chain != chain_after(record, report.head.chain, rules_.key)) return log_fault::chain;
        if (sequence == rules_.from.sequence && chain != rules_.from.chain) return log_fault::anchor;
        return log_fault::none;
    }

    template <class OnRecord> void take(std::span<const std::byte> bytes, std::size_t at, OnRecord& on_record) {
        const log_record record = decode_record(bytes);
        report.head = {record.sequence, load_little<std::uint64_t>(bytes.data() + record_at::chain)};
        if (report.records > 0 && record.time < time_) ++report.times_back;
        time_ = record.time;
        ++report.records;
        if (flags_of(bytes) & after_sync_flag) in_doubt = at;
        end = at + bytes.size();
        if (record.sequence <= rules_.from.sequence) return;
        ++report.delivered;
        on_record(record);
    }

    /// Whether something after a record that is not whole shows that it was durable: a later record, written when all before it was.
    /// Headers alone are looked at, so that this stays linear whatever the bytes claim.
    bool was_durable(std::span<const std::byte> rest) const noexcept {
        for (std::size_t at = 8; at + record_header_size <= rest.size(); at += 8) {
            const auto bytes = rest.subspan(at);
            if (flags_of(bytes) == after_sync_flag && header_matches(bytes) && record_size(payload_of(bytes)) <= bytes.size() &&
                load_little<std::uint64_t>(bytes.data() + record_at::sequence) > report.head.sequence)
                return true;
        }
        return false;
    }

    void fault_at(const std::string& path, std::size_t at, log_fault fault, std::span<const std::byte> rest, bool last) {
        if (report.faults > 0) {  // while salvaging only the first is told apart: was_durable once is linear, once a fault is not
            ++report.faults;
            return;
        }
        if (fault == log_fault::torn_tail && (!last || was_durable(rest))) fault = log_fault::corrupt;
        std::uint64_t expected = report.head.sequence + 1, got = 0;
        if (rest.size() >= record_header_size) {
            got = load_little<std::uint64_t>(rest.data() + record_at::sequence);
            if (fault == log_fault::limit) expected = rules_.largest_record, got = payload_of(rest);
            if (fault == log_fault::type) expected = rules_.largest_type, got = load_little<std::uint16_t>(rest.data() + record_at::type);
        }
        note(path, at, fault, expected, got);
    }

    /// Takes what can be taken of the record at a fault; returns where to look next. A whole record that repeats or goes back is dropped,
    /// and so is one that does not follow from the one before it although that one is there: it was edited.
    template <class OnRecord>
    std::size_t salvage(std::span<const std::byte> bytes, std::size_t at, const found& here, log_fault fault, OnRecord& on_record) {
        if (fault == log_fault::gap) {
            take(bytes.subspan(at, here.size), at, on_record);
            return at + here.size;
        }
        const std::size_t next = here.header ? at + here.size : std::min(at + 8, bytes.size());
        if (fault == log_fault::chain)  // the next is chained to what this one claims
            report.head = {report.head.sequence + 1, load_little<std::uint64_t>(bytes.data() + at + record_at::chain)};
        report.bytes_dropped += next - at;
        return next;
    }

    bool read_header(const std::string& path, std::span<const std::byte> bytes, std::uint64_t first_sequence, log_header& header) {
        const auto refuse = [&](std::size_t at, log_fault fault, std::uint64_t expected = 0, std::uint64_t got = 0) {
            note(path, at, fault, expected, got);
            return false;
        };
        const std::byte* const at = bytes.data();
        if (bytes.size() < log_header_size) return refuse(bytes.size(), log_fault::corrupt);
        if (!std::equal(log_magic.begin(), log_magic.end(), at, [](char c, std::byte b) { return static_cast<std::byte>(c) == b; }))
            return refuse(0, log_fault::corrupt);
        if (rules_.verify_checksums && load_little<std::uint32_t>(at + log_at::check) != crc32c(bytes.first(log_at::check)))
            return refuse(log_at::check, log_fault::corrupt);
        const auto version = load_little<std::uint32_t>(at + log_at::version);
        if (version != log_version) return refuse(log_at::version, log_fault::version, log_version, version);
        if (load_little<std::uint32_t>(at + log_at::zero) != 0 || load_little<std::uint32_t>(at + log_at::more_zero) != 0)
            return refuse(log_at::zero, log_fault::version, log_version, version);  // what a later version may mean by it is not known
        if (rules_.verify_checksums && load_little<std::uint64_t>(at + log_at::tag) != siphash(rules_.key).finish(bytes.first(log_at::tag)))
            return refuse(log_at::tag, log_fault::key);
        header.file_id = load_little<std::uint64_t>(at + log_at::file_id);
        header.model = load_little<std::uint64_t>(at + log_at::model);
        header.first_sequence = load_little<std::uint64_t>(at + log_at::first_sequence);
        header.chain = load_little<std::uint64_t>(at + log_at::chain);
        if (header.model != rules_.model) return refuse(log_at::model, log_fault::model, rules_.model, header.model);
        return joins(path, first_sequence, header);
    }

    /// Whether a file goes on where the one before ended, or where reading starts.
    bool joins(const std::string& path, std::uint64_t first_sequence, const log_header& header) {
        const bool first = report.files == 1;
        const std::uint64_t latest = (first ? rules_.from.sequence : report.head.sequence) + 1;
        const bool early = first && header.first_sequence < latest, salvaging = rules_.policy == log_policy::salvage;
        if (header.first_sequence == 0 || header.first_sequence != first_sequence || (header.first_sequence != latest && !early)) {
            note(path, log_at::first_sequence, header.first_sequence < latest ? log_fault::stale : log_fault::gap, latest,
                 header.first_sequence);
            if (!salvaging || header.first_sequence == 0) return false;
        } else if (const std::uint64_t chain = first ? rules_.from.chain : report.head.chain; !early && header.chain != chain) {
            note(path, log_at::chain, first ? log_fault::anchor : log_fault::chain, latest, header.first_sequence);
            if (!salvaging) return false;
        }
        if (first || header.first_sequence > report.head.sequence) report.head = {header.first_sequence - 1, header.chain};
        return true;
    }

    log_rules rules_;
    std::uint32_t salt_ = 0;
    std::int64_t time_ = 0;
};

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
