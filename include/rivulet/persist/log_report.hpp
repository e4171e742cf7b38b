// SPDX-License-Identifier: MIT
// What was found in a log: how much was read and dropped, what is wrong first and where, in numbers and in words.
#pragma once

#include <cstdint>
#include <string>

#include "../core/error.hpp"
#include "log_format.hpp"

namespace rivulet::inline RIVULET_ABI {

/// What can be wrong with a log.
enum class log_fault : std::uint8_t {
    none,
    torn_tail,  ///< bytes after the last whole record that nothing shows to have been durable: what a crash leaves
    corrupt,    ///< a record or header that does not match its checksum, of which something after it shows that it was durable
    version,    ///< of a newer rivulet, or another byte order
    model,      ///< of another model
    key,        ///< written under another key, or its header was edited
    limit,      ///< a record longer than the settings allow
    type,       ///< a record of a type or with a flag that is not known here
    gap,        ///< events are missing
    duplicate,  ///< an event for the second time
    stale,      ///< an event from further back: a block of an older state
    chain,      ///< a whole record that does not follow the one before it: edited, or others were taken away
    anchor      ///< the log ends before, or differs at, the place that a snapshot names
};

/// What is done about it.
enum class log_policy : std::uint8_t {
    strict,         ///< any fault is an error, a torn tail too
    tolerate_tail,  ///< a torn tail is dropped, as after every crash; any other fault is an error
    point_in_time,  ///< what comes before the first fault is taken; opening to append sets the rest aside under other names
    salvage         ///< every whole record that can be found is taken, none twice; only for reading
};

struct log_report {
    log_position head{};              ///< where the log ends: the last record that was taken
    std::uint64_t files = 0;          ///< read
    std::uint64_t bytes = 0;          ///< read so far
    std::uint64_t bytes_total = 0;    ///< of all files that have to be read
    std::uint64_t records = 0;        ///< whole ones
    std::uint64_t delivered = 0;      ///< of these, after the position that reading started from
    std::uint64_t bytes_dropped = 0;  ///< that belong to no record that was taken; files that were not reached count whole
    std::uint64_t faults = 0;         ///< of all kinds; reading stops at the first except when salvaging
    std::uint64_t times_back = 0;     ///< records with a time before that of the record before: noted, not a fault

    log_fault fault = log_fault::none;  ///< the first
    std::string path;                   ///< of it, with the offset in the file and what was expected and found there
    std::uint64_t offset = 0, expected = 0, got = 0;

    /// "folder/feedback-00000000000000000001.log, offset 80: an event is missing: expected sequence 1, got 2"
    std::string message() const {
        const auto numbers = [&](const char* what) {
            return std::string(": expected ") + what + std::to_string(expected) + ", got " + std::to_string(got);
        };
        const std::string where = path + ", offset " + std::to_string(offset) + ": ";
        switch (fault) {
        case log_fault::none:
            return "no fault";
        case log_fault::torn_tail:
            return where + "torn tail";
        case log_fault::corrupt:
            return where + "bytes that are not what was written, though it was durable";
        case log_fault::version:
            return where + "another format" + numbers("version ");
        case log_fault::model:
            return where + "the log of another model" + numbers("hash ");
        case log_fault::key:
            return where + "another key, or an edited header";
        case log_fault::limit:
            return where + "a record is too long" + numbers("at most ");
        case log_fault::type:
            return where + "a type or flag that is not known here" + numbers("types up to ");
        case log_fault::gap:
            return where + "events are missing" + numbers("sequence ");
        case log_fault::duplicate:
            return where + "an event stands here a second time" + numbers("sequence ");
        case log_fault::stale:
            return where + "a record of an older state" + numbers("sequence ");
        case log_fault::chain:
            return where + "record " + std::to_string(got) + " does not follow from the one before it";
        case log_fault::anchor:
            return where + "the log does not hold what the snapshot has learned" + numbers("sequence ");
        }
        return where;
    }
};

namespace detail {

constexpr errc code_of(log_fault fault) noexcept {
    return fault == log_fault::limit                                                            ? errc::limit
           : fault == log_fault::model || fault == log_fault::key || fault == log_fault::anchor ? errc::mismatch
                                                                                                : errc::format;
}

/// Whether a policy goes on with what was taken.
constexpr bool tolerates(log_policy policy, log_fault fault) noexcept {
    switch (policy) {
    case log_policy::strict:
        return false;
    case log_policy::tolerate_tail:
        return fault == log_fault::torn_tail;
    case log_policy::point_in_time:
    case log_policy::salvage:
        // A log of another model, under another key or older than the snapshot is not a damaged log but the wrong one.
        return fault != log_fault::model && fault != log_fault::key && fault != log_fault::anchor && fault != log_fault::version;
    }
    return false;
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
