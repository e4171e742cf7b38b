// SPDX-License-Identifier: MIT
// A log with what must be in it: appends, syncs, rotations, snapshots and reopenings, compared with what was appended and acknowledged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <rivulet/core/random.hpp>
#include <rivulet/persist/feedback_log.hpp>

#include "simulated_files.hpp"

namespace test {

struct manual_clock {
    const std::int64_t* now;
    std::int64_t operator()() const noexcept { return *now; }
};
using simulated_log = rivulet::feedback_log<simulated_files, manual_clock>;

/// A payload that no other number gives.
inline file_bytes payload_of(std::uint64_t number) {
    rivulet::random draw(number);
    file_bytes bytes(8 + number * 7 % 50);
    rivulet::detail::store_little(bytes.data(), number);
    for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(draw.bits());
    return bytes;
}

inline rivulet::log_settings small_settings(rivulet::sync_policy sync = rivulet::sync_every_event) {
    return {.directory = "log", .model = 77, .key = {1, 2}, .sync = sync, .largest_record = 100, .file_bytes = 400, .buffer_bytes = 300};
}

/// What is known of a log from outside.
struct log_story {
    simulated_files& files;
    rivulet::log_settings settings;
    std::int64_t now = 1000;
    std::vector<std::uint64_t> events{};  // the number of the payload of sequence 1, 2, ...: as appended, the last perhaps refused for good
    std::uint64_t acknowledged = 0;       // these must never be lost
    std::uint64_t attempts = 0;
    rivulet::log_position snapshot{};  // durable, and learned up to there
    std::string wrong{};               // the first thing that was not as it has to be
    std::string refusal{};             // why the log could not be opened
    std::optional<simulated_log> log{};

    void expect(bool true_thing, const std::string& what) {
        if (!true_thing && wrong.empty()) wrong = what;
    }

    /// Opens the log; what it gives must be what was appended, from the snapshot on, without end missing that was acknowledged.
    bool open() {
        log.reset();
        std::uint64_t next = snapshot.sequence;
        const auto take = [&](const rivulet::log_record& record) {
            ++next;
            expect(record.sequence == next, "sequence " + std::to_string(record.sequence) + " where " + std::to_string(next) + " follows");
            expect(next <= events.size(), "more than was appended");
            if (next > events.size()) return;
            const file_bytes expected = payload_of(events[next - 1]);
            expect(std::equal(expected.begin(), expected.end(), record.payload.begin(), record.payload.end()), "another payload");
            expect(record.type == 1 + events[next - 1] % 5, "another type");
        };
        try {
            log.emplace(files, settings, snapshot, take, rivulet::detail::ignore{}, manual_clock{&now});
        } catch (const rivulet::error& refused) {
            refusal = refused.what();
            return false;
        }
        expect(next >= acknowledged, "acknowledged up to " + std::to_string(acknowledged) + ", found up to " + std::to_string(next));
        expect(log->position().sequence == next && log->acknowledged() == next, "the log says another end than it gave");
        events.resize(next);
        acknowledged = next;
        return true;
    }
    /// Appends an event; true when it was taken.
    bool append() {
        const std::uint64_t number = ++attempts;
        events.resize(log->position().sequence);
        events.push_back(number);
        const rivulet::appended done = log->append(static_cast<std::uint16_t>(1 + number % 5), payload_of(number));
        if (done) expect(done.sequence == events.size(), "another sequence number than the next");
        if (!done && log->failure()) events.pop_back();  // refused and nothing changed: it must never be found
        acknowledged = log->acknowledged();
        return static_cast<bool>(done);
    }
    void sync() {
        static_cast<void>(log->sync());
        acknowledged = log->acknowledged();
    }
    /// A snapshot of all that is durable, after which older files are not needed.
    void take_snapshot() {
        sync();
        if (log->acknowledged() != log->position().sequence) return;
        snapshot = log->position();
        try {
            log->remove_covered(snapshot.sequence);
        } catch (const rivulet::error&) {}
    }
    /// The process is killed: what is in its memory is gone, and nothing is written any more.
    void kill() {
        files.power_off_at(0);
        log.reset();
        files.restart();
    }
    void crash(std::uint64_t seed) {
        files.power_off_at(0);
        log.reset();
        files.crash(seed);
    }
    /// Some of everything; returns whether the log could be opened.
    bool live(int appends, bool snapshots = true) {
        if (!open()) return false;
        for (int i = 0; i < appends; ++i) {
            now += 100;
            append();
            if (i % 7 == 5) sync();
            if (snapshots && i % 11 == 9) take_snapshot();
        }
        return true;
    }
};

}  // namespace test
