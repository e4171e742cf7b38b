// SPDX-License-Identifier: MIT
// The writer of a log: when events become durable, what each policy may lose, what a refusal leaves, rotation, and opening again.
#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "log_story.hpp"

namespace rv = rivulet;
using test::log_story;

namespace {

std::string opening(test::simulated_files& files, const rv::log_settings& settings, rv::log_position from = {}) {
    log_story story{files, settings};
    story.snapshot = from;
    return story.open() ? "" : story.refusal;
}
std::string error_text(int cause) { return std::generic_category().message(cause); }
std::size_t logs(const test::simulated_files& files) {
    std::size_t count = 0;
    for (const auto& [name, bytes] : files.contents()) count += name.ends_with(".log");
    return count;
}

}  // namespace

TEST_CASE("sequences count from 1, over rotations and reopenings, and the position moves with each event") {
    test::simulated_files files;
    log_story story{files, test::small_settings()};
    std::uint64_t next = 0;
    for (int life = 0; life < 3; ++life) {
        REQUIRE(story.open());
        for (int i = 0; i < 9; ++i) {
            const auto before = story.log->position();
            REQUIRE(story.append());
            CHECK(story.log->position().sequence == ++next);
            CHECK(story.log->position().chain != before.chain);
            CHECK(story.log->acknowledged() == next);
        }
    }
    CHECK(logs(files) > 3);
    CHECK(story.wrong == "");
    CHECK(story.log->recovered().records == 18);
    CHECK(story.log->recovered().delivered == 18);
}

TEST_CASE("every event: each is durable when append returns") {
    test::simulated_files files;
    log_story story{files, test::small_settings(rv::sync_every_event)};
    REQUIRE(story.open());
    for (std::uint64_t i = 1; i <= 20; ++i) {
        const std::uint64_t syncs = files.syncs;
        REQUIRE(story.append());
        CHECK(story.log->acknowledged() == i);
        CHECK(files.syncs > syncs);
    }
}

TEST_CASE("groups by count: one sync for n events, and never more than n - 1 pending") {
    test::simulated_files files;
    auto settings = test::small_settings(rv::sync_group(8, 0));
    settings.file_bytes = 1 << 20;
    settings.buffer_bytes = 1 << 20;
    log_story story{files, settings};
    REQUIRE(story.open());
    const std::uint64_t syncs = files.syncs, operations = files.operations;
    for (std::uint64_t i = 1; i <= 80; ++i) {
        REQUIRE(story.append());
        CHECK(story.log->acknowledged() == i / 8 * 8);
    }
    CHECK(files.syncs - syncs == 10);
    CHECK(files.operations - operations == 20);  // a write and a sync a group
}

TEST_CASE("groups by time: nothing stays pending longer, if the log is asked so often; a clock that goes back makes no event wait") {
    test::simulated_files files;
    log_story story{files, test::small_settings(rv::sync_group(0, 1000))};
    story.now = 5000;
    REQUIRE(story.open());
    REQUIRE(story.append());
    story.now = 5999;
    REQUIRE(story.append());
    REQUIRE(story.log->sync_if_due());
    CHECK(story.log->acknowledged() == 0);
    story.now = 6000;
    REQUIRE(story.log->sync_if_due());
    CHECK(story.log->acknowledged() == 2);
    const std::uint64_t syncs = files.syncs;
    story.now = 50000;
    REQUIRE(story.log->sync_if_due());  // nothing is pending
    CHECK(files.syncs == syncs);
    REQUIRE(story.append());
    CHECK(story.log->acknowledged() == 2);
    story.now = 51000;
    REQUIRE(story.append());
    CHECK(story.log->acknowledged() == 4);
    REQUIRE(story.append());
    story.now = 20;
    REQUIRE(story.log->sync_if_due());
    CHECK(story.log->acknowledged() == 5);
}

TEST_CASE("what each policy may lose, to the event, in a kill and in a power failure") {
    struct row {
        rv::sync_policy sync;
        std::uint64_t most;  // events lost of 200
    };
    const row rows[] = {{rv::sync_every_event, 0}, {rv::sync_group(10, 0), 9}, {rv::sync_group(1000, 500), 5}, {rv::sync_never, 200}};
    for (const row& one : rows)
        for (const bool power_fails : {false, true}) {
            std::uint64_t worst = 0;
            for (std::uint64_t seed = 0; seed < 60; ++seed) {
                test::simulated_files files;
                auto settings = test::small_settings(one.sync);
                settings.file_bytes = 1 << 20;
                settings.buffer_bytes = 1000;
                log_story story{files, settings};
                REQUIRE(story.open());
                for (std::uint64_t i = 0; i < 140 + seed; ++i) {
                    story.now += 100;
                    REQUIRE(story.append());
                }
                if (power_fails)
                    story.crash(seed);
                else
                    story.kill();
                const std::uint64_t appended = story.events.size();
                REQUIRE(story.open());
                worst = std::max(worst, appended - story.events.size());
                REQUIRE(story.wrong == "");
            }
            CAPTURE(one.sync.events);
            CAPTURE(power_fails);
            CHECK(worst <= one.most);
            if (one.sync.events != 0) CHECK(worst == one.most);  // the window that is stated is the one there is
            if (one.sync.events == 0 && !power_fails) CHECK(worst * rv::detail::record_size(8) <= 1000);
            if (one.sync.events == 0 && power_fails) CHECK(worst > 100);
        }
}

TEST_CASE("what cannot be an event is refused, and nothing changes") {
    test::simulated_files files;
    auto settings = test::small_settings();
    settings.largest_type = 5;
    log_story story{files, settings};
    REQUIRE(story.open());
    REQUIRE(story.append());
    const auto before = story.log->position();
    const auto bytes = files.contents();
    const auto code = [&](std::uint16_t type, std::size_t size) { return story.log->append(type, test::file_bytes(size)).result; };
    CHECK(code(1, 0).code == rv::errc::empty);
    CHECK(code(1, 101).message() == "feedback log: bytes: at most 100 here, got 101");
    CHECK(code(0, 1).message() == "feedback log: type: at most 5 here, got 0");
    CHECK(code(6, 1).code == rv::errc::limit);
    CHECK(story.log->position() == before);
    CHECK(files.contents() == bytes);
    CHECK(code(5, 100));
    CHECK(story.log->position().sequence == 2);
}

TEST_CASE("settings outside their range, and salvage, are refused in words") {
    test::simulated_files files;
    auto settings = test::small_settings();
    settings.policy = rv::log_policy::salvage;
    CHECK(opening(files, settings) == "feedback log: salvage is for reading; a log to append to is opened with another policy");
    settings = test::small_settings();
    settings.largest_record = 0;
    CHECK(opening(files, settings) == "feedback log: largest_record must be 1 to 2^30, got 0");
    settings.largest_record = (std::size_t(1) << 30) + 1;
    CHECK(opening(files, settings) == "feedback log: largest_record must be 1 to 2^30, got 1073741825");
    settings = test::small_settings();
    settings.largest_type = 0;
    CHECK(opening(files, settings) == "feedback log: largest_type must be 1 or more, got 0");
    CHECK(files.contents().empty());
}

TEST_CASE("a second writer is refused while the first lives") {
    test::simulated_files files;
    log_story first{files, test::small_settings()}, second{files, test::small_settings()};
    REQUIRE(first.open());
    REQUIRE(first.append());
    CHECK_FALSE(second.open());
    CHECK(second.refusal == "log/feedback.lock: the log is open in another writer");
    REQUIRE(first.append());
    first.log.reset();
    second.events = first.events;
    CHECK(second.open());
    CHECK(second.wrong == "");
}

TEST_CASE("a sync that fails is final: no second one, nothing is taken any more, and the log says why") {
    for (const auto& sync : {rv::sync_every_event, rv::sync_group(3, 0)}) {
        test::simulated_files files;
        log_story story{files, test::small_settings(sync)};
        REQUIRE(story.open());
        while (story.append() && story.attempts < 6) {}
        files.fail_only("sync");
        files.fail(1, EIO);
        const auto acknowledged = story.log->acknowledged();
        CHECK(acknowledged > 0);
        while (story.append()) {}
        files.heal();  // the next sync would "succeed"
        CHECK(story.log->failure().message(story.log->path()) == story.log->path() + ": sync: " + error_text(EIO));
        const auto operations = files.operations;
        for (int i = 0; i < 5; ++i) {
            const auto refused = story.log->append(1, test::payload_of(1));
            CHECK(refused.result.code == rv::errc::system);
            CHECK(refused.result.got == EIO);
            CHECK(story.log->sync().code == rv::errc::system);
        }
        CHECK(files.operations == operations);
        CHECK(files.syncs_after_failed_sync == 0);
        CHECK(story.log->acknowledged() == acknowledged);
        story.log.reset();
        CHECK(files.operations == operations);
        REQUIRE(story.open());  // another life: what it finds it writes again before it believes in it
        const auto found = story.events.size();
        story.crash(3);
        REQUIRE(story.open());
        CHECK(story.events.size() == found);
        CHECK(story.wrong == "");
    }
}

TEST_CASE("a full disk refuses events, keeps what is pending, and goes on when there is room again") {
    for (const auto& sync : {rv::sync_every_event, rv::sync_group(4, 0), rv::sync_never})
        for (std::uint64_t room = 400; room < 900; room += 7) {
            CAPTURE(sync.events);
            CAPTURE(room);
            test::simulated_files files;
            log_story story{files, test::small_settings(sync)};
            REQUIRE(story.open());
            files.capacity = room;
            while (story.append()) {}
            REQUIRE(story.log->failure());
            REQUIRE(story.log->last_refusal().cause == ENOSPC);
            const auto position = story.log->position();
            const auto acknowledged = story.log->acknowledged();
            for (int i = 0; i < 3; ++i) REQUIRE_FALSE(story.log->append(1, test::file_bytes(100)));
            REQUIRE(story.log->position() == position);
            REQUIRE(story.log->acknowledged() == acknowledged);
            files.heal();
            for (int i = 0; i < 5; ++i) REQUIRE(story.append());
            story.sync();
            REQUIRE(story.log->acknowledged() == position.sequence + 5);
            story.crash(room);
            REQUIRE(story.open());
            REQUIRE(story.wrong == "");
            REQUIRE(story.log->recovered().faults == 0);
        }
}

TEST_CASE("on a full disk the file holds whole records only") {
    for (std::uint64_t room = 72; room < 380; ++room) {
        test::simulated_files files;
        log_story story{files, test::small_settings()};
        REQUIRE(story.open());
        files.capacity = room;
        while (story.append()) {}
        const auto report = rv::read_log(files, test::small_settings(), {}, rv::detail::ignore{});
        REQUIRE(report.faults == 0);
        REQUIRE(report.records == story.log->acknowledged());
        REQUIRE(report.bytes == files.at(story.log->path()).size());
    }
}

TEST_CASE("a file that cannot be cut back ends the log, for what it holds is open") {
    test::simulated_files files;
    log_story story{files, test::small_settings()};
    REQUIRE(story.open());
    REQUIRE(story.append());
    files.fail(files.operations + 1, EIO, true);
    CHECK_FALSE(story.append());
    CHECK(story.log->failure().cause == EIO);
    CHECK(std::string(story.log->failure().operation) == "write");
}

TEST_CASE("a directory that cannot be synced when a file begins ends the log") {
    test::simulated_files files;
    log_story story{files, test::small_settings()};
    REQUIRE(story.open());
    files.fail_only("sync directory");
    files.fail(1, EIO);
    while (story.append()) {}
    CHECK(story.log->failure().message(story.log->path()) == story.log->path() + ": sync directory: " + error_text(EIO));
    files.heal();
    CHECK_FALSE(story.append());
    story.kill();
    CHECK(story.open());
    CHECK(story.wrong == "");
}

TEST_CASE("a new file begins where the last ended: its name, its first sequence, the chain") {
    test::simulated_files files;
    log_story story{files, test::small_settings()};
    REQUIRE(story.open());
    std::vector<rv::log_position> positions{{}};
    while (logs(files) < 4) {
        REQUIRE(story.append());
        positions.push_back(story.log->position());
    }
    for (const auto& [name, bytes] : files.contents()) {
        if (!name.ends_with(".log")) continue;
        const std::uint64_t first = rv::detail::sequence_of_name(name.substr(4));
        REQUIRE(first != 0);
        CHECK(rv::detail::load_little<std::uint64_t>(bytes.data() + rv::detail::log_at::first_sequence) == first);
        CHECK(rv::detail::load_little<std::uint64_t>(bytes.data() + rv::detail::log_at::chain) == positions[first - 1].chain);
        CHECK(bytes.size() <= 400);
    }
}

TEST_CASE("a record longer than a file has one of its own") {
    test::simulated_files files;
    auto settings = test::small_settings();
    settings.file_bytes = 1;
    log_story story{files, settings};
    REQUIRE(story.open());
    for (int i = 0; i < 5; ++i) REQUIRE(story.append());
    CHECK(logs(files) == 5);
    REQUIRE(story.open());
    CHECK(story.wrong == "");
}

TEST_CASE("files are removed only when a snapshot covers all their events, and never the one in use") {
    test::simulated_files files;
    log_story story{files, test::small_settings()};
    REQUIRE(story.open());
    std::vector<rv::log_position> positions{{}};
    for (int i = 0; i < 30; ++i) {
        REQUIRE(story.append());
        positions.push_back(story.log->position());
    }
    std::vector<std::uint64_t> firsts = rv::detail::list_log(files, "log");
    const std::size_t before = firsts.size();
    REQUIRE(before > 4);
    story.log->remove_covered(0);
    story.log->remove_covered(firsts[1] - 2);
    CHECK(logs(files) == before);
    story.log->remove_covered(firsts[1] - 1);
    CHECK(logs(files) == before - 1);
    story.log->remove_covered(firsts[3]);
    CHECK(logs(files) == before - 3);
    story.log->remove_covered(std::numeric_limits<std::uint64_t>::max());
    CHECK(logs(files) == 1);
    CHECK(files.holds(story.log->path()));
    const std::uint64_t kept = firsts.back();
    story.kill();
    story.snapshot = positions[kept - 1];
    CHECK(story.open());
    CHECK(story.wrong == "");
    story.log.reset();
    CHECK(opening(files, test::small_settings()).find("events are missing: expected sequence 1, got " + std::to_string(kept)) !=
          std::string::npos);
    CHECK(opening(files, test::small_settings(), positions[kept - 2]).find("events are missing") != std::string::npos);
    CHECK(opening(files, test::small_settings(), {30, positions[30].chain ^ 1}).find("what the snapshot has learned") != std::string::npos);
    CHECK(opening(files, test::small_settings(), {31, 5}).find("what the snapshot has learned: expected sequence 31, got 30") !=
          std::string::npos);
}

TEST_CASE("to go on behind damage: what follows the fault is set aside under other names, whole") {
    for (const bool in_header : {false, true})
        for (const std::size_t which : {0u, 1u, 3u}) {
            CAPTURE(in_header);
            CAPTURE(which);
            test::simulated_files files;
            log_story story{files, test::small_settings()};
            REQUIRE(story.open());
            for (int i = 0; i < 24; ++i) REQUIRE(story.append());
            story.log.reset();
            std::vector<std::string> names;
            for (const std::uint64_t first : rv::detail::list_log(files, "log")) names.push_back(rv::detail::log_path("log", first));
            REQUIRE(names.size() > 4);
            auto bytes = files.at(names[which]);
            const std::size_t second = 72 + rv::detail::record_size(rv::detail::load_little<std::uint32_t>(bytes.data() + 72 + 8));
            bytes[in_header ? 30 : second + 42] ^= std::byte(4);
            files.put_durable(names[which], bytes);
            const auto before = files.contents();

            CHECK_FALSE(story.open());  // by default a log that was damaged is not served
            CHECK(files.contents() == before);

            story.settings.policy = rv::log_policy::point_in_time;
            story.acknowledged = 0;  // the host asked for it
            const std::uint64_t first = rv::detail::list_log(files, "log")[which];
            REQUIRE(story.open());
            CHECK(story.events.size() == first - (in_header ? 1 : 0));
            CHECK(story.log->recovered().fault == rv::log_fault::corrupt);
            for (std::size_t later = which + 1; later < names.size(); ++later) {
                CHECK(files.at(names[later] + ".aside") == before.at(names[later]));
                CHECK_FALSE(files.holds(names[later]));
            }
            const auto& aside = files.at(names[which] + ".aside");
            CHECK(aside == test::file_bytes(bytes.begin() + (in_header ? 0 : static_cast<std::ptrdiff_t>(second)), bytes.end()));
            for (int i = 0; i < 10; ++i) REQUIRE(story.append());
            story.settings.policy = rv::log_policy::strict;
            CHECK(story.open());
            CHECK(story.log->recovered().faults == 0);
            CHECK(story.wrong == "");
        }
}

TEST_CASE("a crash at any operation while damage is set aside leaves the same to be done") {
    for (std::uint64_t at = 1; at < 60; ++at)
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            CAPTURE(at);
            CAPTURE(seed);
            test::simulated_files files;
            log_story story{files, test::small_settings()};
            REQUIRE(story.open());
            for (int i = 0; i < 24; ++i) REQUIRE(story.append());
            story.log.reset();
            const auto firsts = rv::detail::list_log(files, "log");
            auto bytes = files.at(rv::detail::log_path("log", firsts[2]));
            bytes[120] ^= std::byte(1);
            files.put_durable(rv::detail::log_path("log", firsts[2]), bytes);
            story.settings.policy = rv::log_policy::point_in_time;
            story.acknowledged = firsts[2] - 1;
            files.power_off_at(files.operations + at);
            story.open();
            story.crash(seed);
            REQUIRE(story.open());
            REQUIRE(story.events.size() == firsts[2] - 1);
            for (int i = 0; i < 5; ++i) REQUIRE(story.append());
            story.crash(seed + 1);
            story.settings.policy = rv::log_policy::tolerate_tail;
            REQUIRE(story.open());
            REQUIRE(story.wrong == "");
        }
}

TEST_CASE("a file that a crash left without a name, or without bytes, is swept") {
    test::simulated_files files;
    files.put_durable("log/feedback-00000000000000000009.log.new", test::file_bytes(30));
    files.put_durable("log/feedback-00000000000000000001.log", {});
    files.put_durable("log/notes.new", test::file_bytes(3));
    log_story story{files, test::small_settings()};
    REQUIRE(story.open());
    REQUIRE(story.append());
    CHECK(files.holds("log/notes.new"));
    CHECK_FALSE(files.holds("log/feedback-00000000000000000009.log.new"));
    REQUIRE(story.open());
    CHECK(story.wrong == "");
}

TEST_CASE("the bytes of a log depend on the events, the clock and the key, and on nothing else") {
    const auto bytes = [](rv::hash_key key, std::int64_t begin) {
        test::simulated_files files;
        auto settings = test::small_settings();
        settings.key = key;
        log_story story{files, settings};
        story.now = begin;
        REQUIRE(story.live(20, false));
        return files.contents();
    };
    CHECK(bytes({1, 2}, 5) == bytes({1, 2}, 5));
    CHECK(bytes({1, 2}, 5) != bytes({1, 3}, 5));
    CHECK(bytes({1, 2}, 5) != bytes({1, 2}, 6));
}

TEST_CASE("names of files give their first sequence, and nothing else is one") {
    using rv::detail::log_name;
    using rv::detail::sequence_of_name;
    for (const std::uint64_t sequence : {std::uint64_t(1), std::uint64_t(12345), std::numeric_limits<std::uint64_t>::max()})
        CHECK(sequence_of_name(log_name(sequence)) == sequence);
    CHECK(log_name(7) == "feedback-00000000000000000007.log");
    for (const char* other :
         {"", "feedback-.log", "feedback-0000000000000000000x.log", "feedback-99999999999999999999.log",
          "feedback-00000000000000000000.log", "feedback-00000000000000000001.log.new", "feedback-000000000000000000001.log"})
        CHECK(sequence_of_name(other) == 0);
}
