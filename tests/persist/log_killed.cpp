// SPDX-License-Identifier: MIT
// A process that appends to a log on the disk is killed at random times: what it said was durable is found, and nothing that it did not
// append. RIVULET_KILLS says how many times, for a long run.
#include <doctest/doctest.h>

#if __has_include(<sys/wait.h>)
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <rivulet/core/random.hpp>
#include <rivulet/persist/feedback_log.hpp>
#include <rivulet/persist/posix_files.hpp>

#include "log_story.hpp"
#include "scratch_folder.hpp"

namespace rv = rivulet;

namespace {

rv::log_settings settings_in(const test::scratch_folder& scratch, std::uint64_t round) {
    const rv::sync_policy policies[] = {rv::sync_every_event, rv::sync_group(16, 1000), rv::sync_group(300, 2000), rv::sync_never};
    return {.directory = scratch.path().string(),
            .model = 5,
            .key = {7, 8},
            .sync = policies[round % 4],
            .file_bytes = 20000,
            .buffer_bytes = 5000};
}

/// Appends until it is killed, and tells what is durable after each change of it.
[[noreturn]] void append_until_killed(const rv::log_settings& settings, int tell) {
    rv::posix_files files;
    rv::feedback_log log(files, settings, {}, rv::detail::ignore{});
    std::uint64_t told = 0;
    for (;;) {
        const std::uint64_t next = log.position().sequence + 1;
        if (!log.append(1, test::payload_of(next))) ::_exit(1);
        if (log.acknowledged() == told) continue;
        told = log.acknowledged();
        if (::write(tell, &told, sizeof told) != sizeof told) ::_exit(2);
    }
}

}  // namespace

TEST_CASE("killed at random times, a log holds all that it had acknowledged, and what it holds was appended") {
    const char* const wanted = std::getenv("RIVULET_KILLS");
    const std::uint64_t kills = wanted ? std::strtoull(wanted, nullptr, 10) : 24;
    const test::scratch_folder scratch("log-killed");
    rv::posix_files files;
    rv::random draw(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
    std::uint64_t torn = 0, events = 0;
    for (std::uint64_t round = 0; round < kills; ++round) {
        int pipe[2];
        REQUIRE(::pipe(pipe) == 0);
        const auto settings = settings_in(scratch, round);
        const ::pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(pipe[0]);
            append_until_killed(settings, pipe[1]);
        }
        ::close(pipe[1]);
        std::this_thread::sleep_for(std::chrono::microseconds(1000 + draw.below(40000)));
        ::kill(child, SIGKILL);
        int how = 0;
        ::waitpid(child, &how, 0);
        CHECK(WIFSIGNALED(how));
        std::uint64_t acknowledged = 0;
        while (::read(pipe[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {}
        ::close(pipe[0]);

        bool appended = true;
        const auto report = rv::read_log(files, settings, {}, [&](const rv::log_record& record) {
            const auto expected = test::payload_of(record.sequence);
            appended = appended && std::equal(expected.begin(), expected.end(), record.payload.begin(), record.payload.end());
        });
        REQUIRE(appended);
        REQUIRE(report.head.sequence >= acknowledged);
        REQUIRE(report.head.sequence >= events);  // what an opening found is durable
        events = report.head.sequence;
        torn += report.fault == rv::log_fault::torn_tail;
    }
    MESSAGE(kills << " kills, " << events << " events, " << torn << " torn tails");
    CHECK(events > 0);
}
#endif
