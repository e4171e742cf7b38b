// SPDX-License-Identifier: MIT
// Reads a log from its directory: the files that a snapshot does not cover, one after the other, by a policy for what is wrong with them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "file_system.hpp"
#include "log_reader.hpp"
#include "log_report.hpp"
#include "siphash.hpp"

namespace rivulet::inline RIVULET_ABI {

/// When events become durable. Appending writes to memory; a sync writes that to the file and the file to the disk. A sync is due when
/// `events` are pending, or when the oldest has been for `microseconds`; 0 means never for that reason.
struct sync_policy {
    std::uint32_t events = 1;
    std::int64_t microseconds = 0;
};
/// Nothing that `append` returned is lost.
inline constexpr sync_policy sync_every_event{1, 0};
/// At most the last n - 1 events, and none older than the time (if sync_if_due is called so often), are lost, whether the process is
/// killed or the power fails.
constexpr sync_policy sync_group(std::uint32_t events, std::int64_t microseconds) noexcept { return {events, microseconds}; }
/// When the process is killed, what is in the buffer is lost: at most `buffer_bytes`. When the power fails, all since the last `sync`, or
/// rotation, may be.
inline constexpr sync_policy sync_never{0, 0};

struct log_settings {
    std::string directory = ".";                         ///< that exists, and is the log's alone
    std::uint64_t model = 0;                             ///< the hash of a pipeline's signature; the log of another is refused
    hash_key key{};                                      ///< of the chain; without a secret one, who can write can also forge
    log_policy policy = log_policy::tolerate_tail;       ///< what is done about damage found when the log is opened
    sync_policy sync = sync_group(1000, 5000);           ///< when events become durable
    std::size_t largest_record = std::size_t(1) << 16;   ///< bytes of a payload, at most 2^30
    std::uint16_t largest_type = 0xffff;                 ///< types are 1 to this
    std::uint64_t file_bytes = std::uint64_t(64) << 20;  ///< when a file would be longer, the next begins
    std::size_t buffer_bytes = std::size_t(1) << 20;     ///< of events that are not written yet
};

namespace detail {

struct ignore {
    template <class... Any> constexpr void operator()(const Any&...) const noexcept {}
};

inline std::string log_path(const std::string& directory, std::uint64_t first_sequence) {
    return directory + "/" + log_name(first_sequence);
}

template <file_system Files> std::vector<std::string> list_names(Files& files, const std::string& directory) {
    std::vector<std::string> names;
    const auto attempt = [&] {
        names.clear();
        return files.list(directory, names);
    };
    require(uninterrupted(attempt), directory);
    return names;
}

/// The first sequences of the files of a log, ascending.
template <file_system Files> std::vector<std::uint64_t> list_log(Files& files, const std::string& directory) {
    std::vector<std::uint64_t> firsts;
    for (const std::string& name : list_names(files, directory))
        if (const std::uint64_t first = sequence_of_name(name); first != 0) firsts.push_back(first);
    std::sort(firsts.begin(), firsts.end());
    return firsts;
}

/// What a walk over the files of a log found.
struct log_walk {
    log_reader reader;
    std::vector<std::uint64_t> firsts;  // of the files, without an empty last one
    std::uint64_t empty_last = 0;       // the first sequence in the name of that one
    std::size_t at = 0;                 // the file that was read last; firsts.size() when there was none to read
};

/// Reads what is needed from `from` on. Throws rivulet::error for what the policy does not tolerate, and when the system refuses.
template <file_system Files, class OnRecord, class OnProgress>
log_walk walk_log(Files& files, const log_settings& settings, log_position from, OnRecord&& on_record, OnProgress&& on_progress) {
    log_walk walk{log_reader({.model = settings.model,
                              .key = settings.key,
                              .largest_record = settings.largest_record,
                              .largest_type = settings.largest_type,
                              .policy = settings.policy,
                              .from = from}),
                  list_log(files, settings.directory)};
    log_report& report = walk.reader.report;
    std::vector<std::uint64_t> sizes;
    for (const std::uint64_t first : walk.firsts) {
        const std::string path = log_path(settings.directory, first);
        typename Files::file file;
        std::uint64_t size = 0;
        require(open_file(files, path, open_for::reading, file), path);
        require(uninterrupted([&] { return files.size(file, size); }), path);
        sizes.push_back(size);
    }
    if (!sizes.empty() && sizes.back() == 0) {
        walk.empty_last = walk.firsts.back();
        walk.firsts.pop_back();
    }
    // A file whose successor begins at or before the first event that is wanted holds nothing that is.
    const auto& firsts = walk.firsts;
    const auto above = std::upper_bound(firsts.begin(), firsts.end(), from.sequence + 1);
    std::size_t i = above == firsts.begin() ? 0 : static_cast<std::size_t>(above - firsts.begin()) - 1;
    for (std::size_t j = i; j < firsts.size(); ++j) report.bytes_total += sizes[j];
    walk.at = firsts.size();
    for (bool going_on = true; going_on && i < firsts.size(); ++i) {
        walk.at = i;
        const std::string path = log_path(settings.directory, firsts[i]);
        const std::vector<std::byte> bytes = read_whole_file(files, path);
        going_on = walk.reader.read(path, bytes, firsts[i], i + 1 == firsts.size(), on_record, on_progress) ||
                   settings.policy == log_policy::salvage;
    }
    for (; i < firsts.size(); ++i) report.bytes_dropped += sizes[i];
    if (report.fault == log_fault::none || tolerates(settings.policy, report.fault)) walk.reader.reached_start(settings.directory);
    on_progress(static_cast<const log_report&>(report));
    if (report.fault != log_fault::none && !tolerates(settings.policy, report.fault))
        raise(code_of(report.fault), "feedback log: " + report.message());
    return walk;
}

}  // namespace detail

/// Reads a log without changing it: `on_record(const log_record&)` gets each event after `from`, in order, its payload valid during the
/// call; `on_progress(const log_report&)` is called about every 2^20 bytes. Verifies every checksum, every sequence and the chain. Linear
/// in the bytes of the files that are read; holds one file in memory. Throws rivulet::error for what the policy does not tolerate: what was
/// delivered by then is right, and not all.
template <file_system Files, class OnRecord, class OnProgress = detail::ignore>
log_report read_log(Files& files, const log_settings& settings, log_position from, OnRecord&& on_record, OnProgress&& on_progress = {}) {
    return detail::walk_log(files, settings, from, on_record, on_progress).reader.report;
}

}  // namespace rivulet::inline RIVULET_ABI
