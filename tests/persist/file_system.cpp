// SPDX-License-Identifier: MIT
// A whole file is written so that after a crash at any operation, or a failure of any, it is the old one or the new one.
#include <doctest/doctest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <rivulet/persist/file_system.hpp>

#include "simulated_files.hpp"

namespace rv = rivulet;

namespace {

const std::string path = "folder/model", beside = "folder/model.new";
const test::file_bytes old_bytes(700, std::byte(1)), new_bytes(1900, std::byte(2));

test::simulated_files holding_the_old() {
    test::simulated_files files;
    files.put_durable(path, old_bytes);
    return files;
}
/// What write_whole_file said; empty when it wrote.
std::string refusal(test::simulated_files& files, const test::file_bytes& bytes = new_bytes) {
    try {
        rv::write_whole_file(files, path, bytes);
    } catch (const rv::error& refused) {
        CHECK(refused.code() == rv::errc::system);
        return refused.what();
    }
    return {};
}
std::uint64_t operations_of_a_write() {
    auto files = holding_the_old();
    CHECK(refusal(files).empty());
    return files.operations;
}

}  // namespace

TEST_CASE("a whole file is written, replaces the old one, and leaves nothing beside it") {
    auto files = holding_the_old();
    CHECK(refusal(files).empty());
    CHECK(files.contents() == std::map<std::string, test::file_bytes>{{path, new_bytes}});
    CHECK(rv::read_whole_file(files, path) == new_bytes);
    CHECK(refusal(files, {}).empty());
    CHECK(rv::read_whole_file(files, path).empty());
    CHECK(files.open_files == 0);
}

TEST_CASE("after a crash at any operation the file is the old one or the new one, and the new one once the write returned") {
    const std::uint64_t operations = operations_of_a_write();
    int kept_old = 0, kept_new = 0;
    for (std::uint64_t at = 1; at <= operations + 1; ++at)
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            CAPTURE(at);
            CAPTURE(seed);
            auto files = holding_the_old();
            files.power_off_at(at);
            const bool returned = refusal(files).empty();
            REQUIRE(returned == (at > operations));
            files.crash(seed);
            const auto found = rv::read_whole_file(files, path);
            const bool one_of_two = found == old_bytes || found == new_bytes;
            REQUIRE(one_of_two);
            if (returned) REQUIRE(found == new_bytes);
            ++(found == new_bytes ? kept_new : kept_old);
            REQUIRE(refusal(files).empty());  // whatever the crash left beside it
            REQUIRE(files.contents() == std::map<std::string, test::file_bytes>{{path, new_bytes}});
        }
    CHECK(kept_old > 100);
    CHECK(kept_new > 100);
}

TEST_CASE("the simulation bites: a write that is not synced before it is renamed leaves a third state") {
    int third_states = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        auto files = holding_the_old();
        test::simulated_files::file file;
        REQUIRE(files.open(beside, rv::open_for::creating, file));
        REQUIRE(rv::detail::write_all(files, file, 0, new_bytes));
        REQUIRE(files.rename(beside, path));
        REQUIRE(files.sync_directory("folder"));
        files.crash(seed);
        const auto found = rv::read_whole_file(files, path);
        third_states += found != old_bytes && found != new_bytes;
    }
    CHECK(third_states > 100);
}

TEST_CASE("any operation failing, once or for good, leaves the old file and names the operation") {
    const std::uint64_t operations = operations_of_a_write();
    for (const int cause : {EIO, ENOSPC, EACCES, EFBIG})
        for (const bool sticky : {false, true})
            for (std::uint64_t at = 1; at <= operations; ++at) {
                CAPTURE(cause);
                CAPTURE(sticky);
                CAPTURE(at);
                auto files = holding_the_old();
                files.fail(at, cause, sticky);
                const std::string why = refusal(files);
                REQUIRE(why.starts_with(path + ": "));
                REQUIRE(why.ends_with(std::generic_category().message(cause)));
                const bool name_was_changed = why.find("sync directory") != std::string::npos;
                REQUIRE(rv::detail::open_file(files, path, rv::open_for::reading, *std::make_unique<test::simulated_files::file>()).cause ==
                        (sticky ? cause : 0));
                files.heal();
                REQUIRE(files.at(path) == (name_was_changed ? new_bytes : old_bytes));
                if (!sticky) REQUIRE_FALSE(files.holds(beside));
                REQUIRE(files.open_files == 0);
                files.crash(at);
                const auto found = rv::read_whole_file(files, path);
                const bool allowed = found == old_bytes || (name_was_changed && found == new_bytes);
                REQUIRE(allowed);
            }
}

TEST_CASE("what a signal interrupts is repeated, and a short write or read goes on") {
    const std::uint64_t operations = operations_of_a_write();
    for (const int cause : {EINTR, test::simulated_files::half_a_write})
        for (std::uint64_t at = 1; at <= operations + 3; ++at) {
            CAPTURE(cause);
            CAPTURE(at);
            auto files = holding_the_old();
            files.fail(at, cause);
            REQUIRE(refusal(files).empty());
            REQUIRE(rv::read_whole_file(files, path) == new_bytes);
        }
    auto files = holding_the_old();
    files.fail(1, test::simulated_files::half_a_write, true);
    CHECK(refusal(files).empty());
    CHECK(rv::read_whole_file(files, path) == new_bytes);
}

TEST_CASE("a disk that is full keeps the old file") {
    for (std::uint64_t capacity = 0; capacity < old_bytes.size() + new_bytes.size(); capacity += 13) {
        auto files = holding_the_old();
        files.capacity = capacity;
        REQUIRE(refusal(files) == path + ": write: " + std::generic_category().message(ENOSPC));
        REQUIRE(files.contents() == std::map<std::string, test::file_bytes>{{path, old_bytes}});
    }
}

TEST_CASE("a file that is not there, or longer than allowed, is refused in words") {
    auto files = holding_the_old();
    CHECK_THROWS_WITH_AS(rv::read_whole_file(files, "folder/other"),
                         ("folder/other: open: " + std::generic_category().message(ENOENT)).c_str(), rv::error);
    CHECK_THROWS_WITH_AS(rv::read_whole_file(files, path, 699), "folder/model: at most 699 bytes here, got 700", rv::error);
    CHECK(rv::read_whole_file(files, path, 700) == old_bytes);
}

TEST_CASE("the directory of a path") {
    CHECK(rv::detail::directory_of("a/b/c") == "a/b");
    CHECK(rv::detail::directory_of("c") == ".");
    CHECK(rv::detail::directory_of("/c") == "/");
}
