// SPDX-License-Identifier: MIT
// Whatever stops a log, and wherever: what is found again is a beginning of what was appended, with all that was acknowledged.
#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "log_story.hpp"

namespace rv = rivulet;
using test::log_story;

namespace {

const rv::sync_policy policies[] = {rv::sync_every_event, rv::sync_group(4, 0), rv::sync_group(100, 250), rv::sync_never};
constexpr int appends = 24;

std::uint64_t operations_of_a_life(const rv::sync_policy& sync) {
    test::simulated_files files;
    log_story story{files, test::small_settings(sync)};
    REQUIRE(story.live(appends));
    story.log.reset();
    REQUIRE(story.wrong == "");
    REQUIRE(story.events.size() == appends);
    return files.operations;
}

/// f(files, story, seed) for each policy, each operation of a life at which the power goes off, and `seeds` ways to lose what was not
/// synced: after the life that it ended.
template <class F> void each_power_off(std::uint64_t seeds, F&& f) {
    for (const auto& sync : policies) {
        const std::uint64_t operations = operations_of_a_life(sync);
        for (std::uint64_t at = 1; at <= operations + 1; ++at)
            for (std::uint64_t seed = 0; seed < seeds; ++seed) {
                CAPTURE(sync.events);
                CAPTURE(at);
                CAPTURE(seed);
                test::simulated_files files;
                log_story story{files, test::small_settings(sync)};
                files.power_off_at(at);
                story.live(appends);
                f(files, story, seed);
            }
    }
}

}  // namespace

TEST_CASE("the workload rotates and removes files") {
    test::simulated_files files;
    log_story story{files, test::small_settings()};
    REQUIRE(story.live(appends, false));
    CHECK(files.contents().size() > 4);
    story.take_snapshot();
    CHECK(files.contents().size() == 2);  // the last one and the lock
    CHECK(story.wrong == "");
    CHECK(story.open());
    CHECK(story.wrong == "");
    story.log.reset();
    CHECK(files.open_files == 0);
}

TEST_CASE("a crash at any operation: what is found is what was appended, without anything acknowledged missing, and so again afterwards") {
    std::uint64_t crashes = 0, lost = 0, lost_in_a_crash = 0;
    each_power_off(12, [&](test::simulated_files& files, log_story& story, std::uint64_t seed) {
        const std::uint64_t before = story.events.size();
        story.crash(seed);
        ++crashes;
        REQUIRE(story.open());
        lost_in_a_crash = std::max(lost_in_a_crash, before - story.events.size());
        lost += before - story.events.size();
        const auto bytes = files.contents();
        story.kill();
        REQUIRE(story.open());  // recovery again: the same bytes
        REQUIRE(files.contents() == bytes);
        REQUIRE(story.live(6));
        story.crash(seed + 1);
        REQUIRE(story.open());
        REQUIRE(story.wrong == "");
    });
    MESSAGE(crashes << " crashes, " << lost << " events lost that were not acknowledged, at most " << lost_in_a_crash << " at once");
    CHECK(lost > 0);
}

TEST_CASE("killed at any operation, opened, and then the power fails: what the second life acknowledged is still there") {
    each_power_off(4, [](test::simulated_files&, log_story& story, std::uint64_t seed) {
        story.kill();
        REQUIRE(story.live(static_cast<int>(seed)));
        story.crash(seed);
        REQUIRE(story.open());
        REQUIRE(story.wrong == "");
    });
}

TEST_CASE("any operation failing, once or for good, by any cause: nothing acknowledged is lost, nothing refused is found") {
    std::uint64_t tried = 0, refused_to_open = 0;
    for (const auto& sync : policies) {
        const std::uint64_t operations = operations_of_a_life(sync);
        for (const int cause : {EIO, ENOSPC, EINTR, EACCES, test::simulated_files::half_a_write})
            for (const bool sticky : {false, true})
                for (std::uint64_t at = 1; at <= operations; ++at)
                    for (const bool power_fails : {false, true}) {
                        if (cause == EINTR && sticky) continue;  // nothing interrupts for good
                        CAPTURE(sync.events);
                        CAPTURE(cause);
                        CAPTURE(sticky);
                        CAPTURE(at);
                        CAPTURE(power_fails);
                        test::simulated_files files;
                        log_story story{files, test::small_settings(sync)};
                        files.fail(at, cause, sticky);
                        if (!story.live(appends)) {
                            ++refused_to_open;
                            REQUIRE(story.refusal.starts_with("log"));
                            REQUIRE(story.refusal.ends_with(std::generic_category().message(cause)));
                        }
                        ++tried;
                        if (power_fails)
                            story.crash(at);
                        else
                            story.kill();
                        REQUIRE(story.wrong == "");
                        REQUIRE(story.open());
                        if (cause == EINTR || cause == test::simulated_files::half_a_write) REQUIRE(story.refusal == "");
                        story.crash(at + 1);  // what was found is durable
                        REQUIRE(story.live(3));
                        REQUIRE(story.wrong == "");
                    }
    }
    MESSAGE(tried << " failures injected, " << refused_to_open << " of them so early that the log did not open");
}

TEST_CASE("any operation of a recovery failing: it is refused with the cause, and tried again it succeeds") {
    std::uint64_t tried = 0;
    for (const auto& sync : policies)
        for (std::uint64_t seed = 0; seed < 6; ++seed) {
            test::simulated_files crashed;
            log_story before{crashed, test::small_settings(sync)};
            crashed.power_off_at(60 + 7 * seed);
            before.live(appends);
            before.crash(seed);
            const auto begin_again = [&](test::simulated_files& files, auto&& then) {
                for (const auto& [path, bytes] : crashed.contents()) files.put_durable(path, bytes);
                log_story story{files, before.settings, before.now, before.events, before.acknowledged, before.attempts, before.snapshot};
                then(story);
                REQUIRE(story.wrong == "");
            };
            std::uint64_t operations = 0;
            begin_again(*std::make_unique<test::simulated_files>(), [&](log_story& story) {
                REQUIRE(story.open());
                operations = story.files.operations;
            });
            for (const int cause : {EIO, ENOSPC, EINTR, test::simulated_files::half_a_write})
                for (std::uint64_t at = 1; at <= operations; ++at)
                    for (const bool power_fails : {false, true}) {
                        CAPTURE(seed);
                        CAPTURE(cause);
                        CAPTURE(at);
                        test::simulated_files files;
                        begin_again(files, [&](log_story& story) {
                            files.fail(at, cause);
                            const bool opened = story.open();
                            if (!opened) REQUIRE(story.refusal.ends_with(std::generic_category().message(cause)));
                            ++tried;
                            if (power_fails)
                                story.crash(at);
                            else
                                story.kill();
                            REQUIRE(story.open());
                            REQUIRE(story.live(3));
                        });
                    }
        }
    MESSAGE(tried << " failures injected into recoveries");
}

TEST_CASE("a crash at any operation of a recovery") {
    for (const auto& sync : policies)
        for (std::uint64_t seed = 0; seed < 20; ++seed)
            for (std::uint64_t at = 1; at < 25; ++at) {
                CAPTURE(seed);
                CAPTURE(at);
                test::simulated_files files;
                log_story story{files, test::small_settings(sync)};
                files.power_off_at(50 + 5 * seed);
                story.live(appends);
                story.crash(seed);
                files.power_off_at(files.operations + at);
                story.open();
                story.crash(seed + 1);
                REQUIRE(story.open());
                REQUIRE(story.wrong == "");
            }
}
