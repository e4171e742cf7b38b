// SPDX-License-Identifier: MIT
// The feedback log: events are appended, made durable one by one or in groups, and after a crash found again up to the last durable one.
#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "file_system.hpp"
#include "log_directory.hpp"
#include "log_format.hpp"
#include "log_report.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Microseconds since 1970 by the clock of the system, which may be set back.
struct system_microseconds {
    std::int64_t operator()() const noexcept {
        return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    }
};

/// What came of appending an event: its sequence number when it was taken.
struct appended {
    status result{};
    std::uint64_t sequence = 0;
    constexpr explicit operator bool() const noexcept { return static_cast<bool>(result); }
};

/// A log that is written by one thread of one process; a second writer is refused. What `acknowledged` covers outlives a kill and a power
/// failure. What was appended and is not yet acknowledged may be lost, always from the end. `append` and `sync` allocate nothing.
///
/// A write that fails, such as on a full disk, is refused: the file is cut back to its last whole record, pending events stay pending, and
/// the next call tries again. A sync that fails is final, for nobody can know what the disk holds: the log takes nothing any more, and
/// `failure` says why. Opening it anew writes again what may not be durable and goes on from there.
template <file_system Files, class Clock = system_microseconds> class feedback_log {
public:
    /// Opens the log in a directory, or begins one. Events after `from` (what a snapshot has learned; {} for all) are given to
    /// `on_record(const log_record&)`, and are durable once this returns. Damage is handled as the settings' policy says: a torn tail is
    /// cut off; with point_in_time what follows a fault is set aside as <file>.aside. Throws rivulet::error, having changed no file, for
    /// what the policy does not tolerate, for a log that another writer has open, and for settings outside their range.
    template <class OnRecord, class OnProgress = detail::ignore>
    feedback_log(Files& files, log_settings settings, log_position from, OnRecord&& on_record, OnProgress&& on_progress = {},
                 Clock clock = {})
        : files_(files), settings_(std::move(settings)), clock_(std::move(clock)), path_(detail::log_path(settings_.directory, 1)),
          fresh_path_(path_ + fresh_end) {
        check_settings();
        buffer_.resize(std::max(settings_.buffer_bytes, detail::record_size(settings_.largest_record)));
        lock();
        detail::log_walk walk = detail::walk_log(files_, settings_, from, on_record, on_progress);
        report_ = walk.reader.report;
        head_ = report_.head;
        remove_leftovers();
        set_aside_what_follows(walk);
        if (walk.at < walk.firsts.size() && walk.reader.end > 0)
            go_on(walk);
        else
            detail::require(begin_file(), path_);
        sync_directory();
        acknowledged_ = head_.sequence;
    }
    /// Makes pending events durable if it can; `sync` before says whether it could.
    ~feedback_log() { static_cast<void>(sync()); }
    feedback_log(const feedback_log&) = delete;
    feedback_log& operator=(const feedback_log&) = delete;

    /// Appends an event, and makes all durable when a sync is due. Refused, with nothing changed: an empty payload, one longer than the
    /// settings allow, a type outside 1 to largest_type, and what the system refuses. Only after a sync that failed, or a file that could
    /// not be cut back, it is open whether the event will be found again.
    appended append(std::uint16_t type, std::span<const std::byte> payload) noexcept {
        if (!failure_) return {refused(failure_)};
        if (payload.empty()) return {{errc::empty, "feedback log"}};
        if (payload.size() > settings_.largest_record)
            return {
                {errc::limit, "feedback log: bytes", static_cast<double>(settings_.largest_record), static_cast<double>(payload.size())}};
        if (type == 0 || type > settings_.largest_type)
            return {{errc::limit, "feedback log: type", static_cast<double>(settings_.largest_type), static_cast<double>(type)}};
        const std::size_t size = detail::record_size(payload.size());
        if (const std::uint64_t end = size_ + used_; end > detail::log_header_size && end + size > settings_.file_bytes)
            if (const status rotated = rotate(); !rotated) return {rotated};
        if (used_ + size > buffer_.size())
            if (const status written = flush(); !written) return {written};

        const std::int64_t now = clock_();
        const log_position before = head_;
        const bool all_durable = acknowledged_ == head_.sequence;
        if (all_durable) pending_since_ = now;
        head_.sequence += 1;
        head_.chain = detail::encode_record({.sequence = head_.sequence, .time = now, .type = type, .payload = payload}, all_durable, salt_,
                                            before.chain, settings_.key, std::span(buffer_).subspan(used_, size));
        used_ += size;
        if (due(now))
            if (const status synced = sync(); !synced) {
                if (failure_) {  // nothing of the buffer was written: this event is taken out again
                    used_ -= size;
                    head_ = before;
                }
                return {synced};
            }
        return {{}, head_.sequence};
    }

    /// Makes all that was appended durable.
    status sync() noexcept {
        if (!failure_) return refused(failure_);
        if (acknowledged_ == head_.sequence) return {};
        if (const status written = flush(); !written) return written;
        if (const io_status synced = detail::sync_file(files_, file_); !synced) return fail(synced);
        acknowledged_ = head_.sequence;
        return {};
    }
    /// The same if the settings want it by now: for a host that has no event to append.
    status sync_if_due() noexcept { return acknowledged_ != head_.sequence && due(clock_()) ? sync() : status{}; }

    /// Removes the files whose events a durable snapshot has learned, all up to this sequence; never the file that is appended to. Oldest
    /// first, so that a crash leaves a log without gaps. Throws rivulet::error when the system refuses; the log goes on.
    void remove_covered(std::uint64_t sequence) {
        const auto firsts = detail::list_log(files_, settings_.directory);
        bool removed = false;
        for (std::size_t i = 0; i + 1 < firsts.size() && firsts[i + 1] - 1 <= sequence && firsts[i] < first_sequence_; ++i) {
            remove(detail::log_path(settings_.directory, firsts[i]));
            removed = true;
        }
        if (removed)
            detail::require(detail::uninterrupted([&] { return files_.sync_directory(settings_.directory); }), settings_.directory);
    }

    std::uint64_t acknowledged() const noexcept { return acknowledged_; }  ///< the last event that is durable
    /// The last event that was appended. A snapshot keeps it, after a `sync`: a log that ends before its snapshot is refused.
    log_position position() const noexcept { return head_; }
    io_status failure() const noexcept { return failure_; }            ///< why nothing is taken any more; done while the log is well
    io_status last_refusal() const noexcept { return last_refusal_; }  ///< of the system, also of those that may pass
    const std::string& path() const noexcept { return path_; }         ///< of the file that is appended to
    const log_report& recovered() const noexcept { return report_; }   ///< what was found when it was opened

private:
    static constexpr const char* fresh_end = ".new";
    static constexpr const char* aside_end = ".aside";

    void check_settings() const {
        const auto refuse = [](const std::string& what, std::uint64_t got) {
            detail::raise(errc::setting, "feedback log: " + what + ", got " + std::to_string(got));
        };
        if (settings_.policy == log_policy::salvage)
            detail::raise(errc::setting, "feedback log: salvage is for reading; a log to append to is opened with another policy");
        if (settings_.largest_record == 0 || settings_.largest_record > std::size_t(1) << 30)
            refuse("largest_record must be 1 to 2^30", settings_.largest_record);
        if (settings_.largest_type == 0) refuse("largest_type must be 1 or more", 0);
    }

    void lock() {
        const std::string path = settings_.directory + "/feedback.lock";
        detail::require(detail::open_file(files_, path, open_for::locking, lock_), path);
        const io_status locked = detail::uninterrupted([&] { return files_.lock(lock_); });
        if (locked.cause == EWOULDBLOCK) detail::raise(errc::system, path + ": the log is open in another writer");
        detail::require(locked, path);
    }

    /// Files that a crash left before they got their names.
    void remove_leftovers() {
        const std::string_view end = fresh_end;
        for (const std::string& name : detail::list_names(files_, settings_.directory))
            if (name.ends_with(end) && detail::sequence_of_name(std::string_view(name).substr(0, name.size() - end.size())) != 0)
                remove(settings_.directory + "/" + name);
    }
    void sync_directory() {
        detail::require(detail::uninterrupted([&] { return files_.sync_directory(settings_.directory); }), settings_.directory);
    }
    void remove(const std::string& path) {
        detail::require(detail::uninterrupted([&] { return files_.remove(path); }), path);
    }

    /// Files after the one where reading stopped, the last first, so that a crash on the way leaves the same fault to be found again.
    void set_aside_what_follows(const detail::log_walk& walk) {
        const auto put_aside = [&](std::uint64_t first) {
            const std::string path = detail::log_path(settings_.directory, first);
            detail::require(detail::uninterrupted([&] { return files_.rename(path, path + aside_end); }), path);
        };
        if (walk.empty_last != 0) remove(detail::log_path(settings_.directory, walk.empty_last));
        for (std::size_t i = walk.firsts.size(); i-- > walk.at + 1;) put_aside(walk.firsts[i]);
        if (walk.at < walk.firsts.size() && walk.reader.end == 0) put_aside(walk.firsts[walk.at]);
    }

    /// Opens the last file for appending: cuts off what is no record, and writes once more what may not be durable, for after a sync that
    /// failed in another life the system may believe that it is.
    void go_on(const detail::log_walk& walk) {
        set_path(walk.firsts[walk.at]);
        const auto done = [&](const io_status& result) { detail::require(result, path_); };
        done(detail::open_file(files_, path_, open_for::updating, file_));
        std::vector<std::byte> bytes = read_whole_file(files_, path_);
        if (bytes.size() < walk.reader.end) done({EIO, "read"});  // shorter than a moment ago
        const auto tail = std::span<const std::byte>(bytes).subspan(walk.reader.end);
        if (!tail.empty() && report_.fault != log_fault::torn_tail) write_whole_file(files_, path_ + aside_end, tail);
        if (!tail.empty()) done(detail::uninterrupted([&] { return files_.truncate(file_, walk.reader.end); }));
        size_ = walk.reader.end;
        done(detail::write_all(files_, file_, walk.reader.in_doubt,
                               std::span<const std::byte>(bytes).first(walk.reader.end).subspan(walk.reader.in_doubt)));
        done(detail::sync_file(files_, file_));
        salt_ = detail::log_header{.file_id = detail::load_little<std::uint64_t>(bytes.data() + detail::log_at::file_id)}.salt();
    }

    void set_path(std::uint64_t first_sequence) noexcept {
        first_sequence_ = first_sequence;
        char digits[detail::log_name_digits];
        const auto count = static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, first_sequence).ptr - digits);
        const std::size_t end = path_.size() - detail::log_name_end.size(), begin = end - detail::log_name_digits;
        std::fill_n(path_.begin() + static_cast<std::ptrdiff_t>(begin), detail::log_name_digits - count, '0');
        std::copy_n(digits, count, path_.begin() + static_cast<std::ptrdiff_t>(end - count));
        std::copy(path_.begin(), path_.end(), fresh_path_.begin());
    }

    /// Begins the next file. It has its name only when its header is durable.
    io_status begin_file() noexcept {
        detail::log_header header{
            .model = settings_.model, .first_sequence = head_.sequence + 1, .chain = head_.chain, .created = clock_()};
        header.file_id = siphash(settings_.key)
                             .add(header.first_sequence)
                             .add(header.chain)
                             .add(static_cast<std::uint64_t>(header.created))
                             .add(salt_)
                             .finish();
        typename Files::file next;
        const std::uint64_t old_first = first_sequence_;
        set_path(header.first_sequence);
        io_status result =
            detail::replace_file(files_, path_, fresh_path_, settings_.directory, detail::encode_header(header, settings_.key));
        if (result) result = detail::open_file(files_, path_, open_for::updating, next);
        if (!result) {
            if (old_first != 0) set_path(old_first);
            return result;
        }
        file_ = std::move(next);
        size_ = detail::log_header_size;
        salt_ = header.salt();
        return result;
    }

    status rotate() noexcept {
        if (const status synced = sync(); !synced) return synced;
        const io_status begun = begin_file();
        if (begun) return {};
        const bool sync_failed = std::string_view(begun.operation).starts_with("sync");
        return sync_failed ? fail(begun) : refuse(begun);
    }

    status flush() noexcept {
        if (used_ == 0) return {};
        if (const io_status written = detail::write_all(files_, file_, size_, std::span(buffer_).first(used_)); !written) {
            const io_status cut = detail::uninterrupted([&] { return files_.truncate(file_, size_); });
            return cut ? refuse(written) : fail(written);
        }
        size_ += used_;
        used_ = 0;
        return {};
    }

    bool due(std::int64_t now) const noexcept {
        const sync_policy& when = settings_.sync;
        if (when.events != 0 && head_.sequence - acknowledged_ >= when.events) return true;
        // A clock that was set back says nothing about how long an event has been pending.
        return when.microseconds > 0 && (now < pending_since_ || now - pending_since_ >= when.microseconds);
    }

    status refused(const io_status& why) const noexcept { return {errc::system, "feedback log", 0, static_cast<double>(why.cause)}; }
    status refuse(const io_status& why) noexcept {
        last_refusal_ = why;
        return refused(why);
    }
    status fail(const io_status& why) noexcept {
        failure_ = why;
        return refuse(why);
    }

    Files& files_;
    log_settings settings_;
    Clock clock_;
    std::string path_, fresh_path_;
    typename Files::file lock_, file_;
    std::vector<std::byte> buffer_;     // records from `size_` of the file on that are not written yet
    std::size_t used_ = 0;              // bytes of it
    std::uint64_t size_ = 0;            // of the file, whole records only
    std::uint64_t first_sequence_ = 0;  // of the file
    std::uint32_t salt_ = 0;
    log_position head_{};
    std::uint64_t acknowledged_ = 0;
    std::int64_t pending_since_ = 0;
    io_status failure_{}, last_refusal_{};
    log_report report_{};
};

}  // namespace rivulet::inline RIVULET_ABI
