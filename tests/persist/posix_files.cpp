// SPDX-License-Identifier: MIT
// The files of a POSIX host: what must not be opened is refused without waiting, locks exclude, and nothing stays open.
#include <doctest/doctest.h>

#if __has_include(<sys/file.h>)
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>

#include <rivulet/persist/posix_files.hpp>

#include "scratch_folder.hpp"

namespace rv = rivulet;
namespace fs = std::filesystem;

namespace {

std::vector<std::byte> bytes_of(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte(i * 7);
    return bytes;
}
int cause_of_opening(const std::string& path, rv::open_for purpose) {
    rv::posix_files files;
    rv::posix_files::file file;
    return files.open(path, purpose, file).cause;
}
std::ptrdiff_t open_descriptors() {
    return fs::exists("/proc/self/fd") ? std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()) : 0;
}

}  // namespace

TEST_CASE("what is written is read, from any offset, and truncated") {
    const test::scratch_folder scratch("posix-files");
    const std::string path = scratch.file("a");
    rv::posix_files files;
    const auto before = open_descriptors();
    {
        rv::posix_files::file file, other;
        REQUIRE(files.open(path, rv::open_for::creating, file));
        const auto bytes = bytes_of(5000);
        REQUIRE(rv::detail::write_all(files, file, 0, bytes));
        REQUIRE(rv::detail::write_all(files, file, 100, std::span(bytes).first(10)));
        REQUIRE(files.sync(file));
        std::uint64_t size = 0;
        REQUIRE(files.size(file, size));
        CHECK(size == 5000);
        std::vector<std::byte> room(20);
        CHECK(rv::detail::read_all(files, file, 100, std::span(room).first(10)).bytes == 10);
        CHECK(std::equal(room.begin(), room.begin() + 10, bytes.begin()));
        CHECK(rv::detail::read_all(files, file, 4990, room).bytes == 10);
        CHECK(files.read(file, 5000, room).bytes == 0);
        REQUIRE(files.truncate(file, 200));
        other = std::move(file);
        REQUIRE(files.size(other, size));
        CHECK(size == 200);
        CHECK(files.close(other));
        CHECK(files.open(path, rv::open_for::creating, file).cause == EEXIST);
        CHECK(files.open(scratch.file("none"), rv::open_for::updating, file).cause == ENOENT);
        REQUIRE(files.open(path, rv::open_for::reading, file));
        CHECK(files.write(file, 0, bytes).cause == EBADF);
    }
    CHECK(open_descriptors() == before);
    CHECK((fs::status(path).permissions() & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("only regular files are opened, at once: no pipe, directory, device or symbolic link") {
    const test::scratch_folder scratch("posix-files");
    const auto before = open_descriptors();
    const std::string pipe = scratch.file("pipe"), link = scratch.file("link"), target = scratch.file("target");
    std::ofstream(target) << "x";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    fs::create_symlink(target, link);
    for (const auto purpose : {rv::open_for::reading, rv::open_for::updating, rv::open_for::locking}) {
        CHECK(cause_of_opening(pipe, purpose) == EINVAL);
        CHECK(cause_of_opening(link, purpose) == ELOOP);
        CHECK(cause_of_opening("/dev/null", purpose) == EINVAL);
        CHECK(cause_of_opening(scratch.path().string(), purpose) != 0);
        CHECK(cause_of_opening(target, purpose) == 0);
    }
    CHECK(cause_of_opening(link, rv::open_for::creating) == EEXIST);
    CHECK(open_descriptors() == before);
}

TEST_CASE("a lock excludes another open file until the first is closed") {
    const test::scratch_folder scratch("posix-files");
    rv::posix_files files;
    rv::posix_files::file first, second;
    REQUIRE(files.open(scratch.file("lock"), rv::open_for::locking, first));
    REQUIRE(files.lock(first));
    REQUIRE(files.open(scratch.file("lock"), rv::open_for::locking, second));
    CHECK(files.lock(second).cause == EWOULDBLOCK);
    CHECK(files.close(first));
    CHECK(files.lock(second));
}

TEST_CASE("names: listed, renamed over, removed, and what fails says why") {
    const test::scratch_folder scratch("posix-files");
    const std::string folder = scratch.path().string(), a = scratch.file("a"), b = scratch.file("b");
    rv::posix_files files;
    const auto before = open_descriptors();
    rv::write_whole_file(files, a, bytes_of(10));
    rv::write_whole_file(files, b, bytes_of(20));
    CHECK(files.rename(a, b));
    CHECK(rv::read_whole_file(files, b) == bytes_of(10));
    std::vector<std::string> names;
    CHECK(files.list(folder, names));
    std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
    CHECK(names == std::vector<std::string>{"b"});
    CHECK(files.remove(b));
    CHECK(files.remove(b).cause == ENOENT);
    CHECK(files.rename(a, b).cause == ENOENT);
    CHECK(files.list(scratch.file("none"), names).cause == ENOENT);
    CHECK(files.sync_directory(scratch.file("none")).cause == ENOENT);
    CHECK(files.sync_directory(folder));
    CHECK_THROWS_WITH_AS(rv::write_whole_file(files, scratch.file("none/x"), bytes_of(1)),
                         (scratch.file("none/x") + ": open: No such file or directory").c_str(), rv::error);
    CHECK(open_descriptors() == before);
}

TEST_CASE("a file that may not grow is refused with the cause, and the old one stays") {
    const test::scratch_folder scratch("posix-files");
    rv::posix_files files;
    const std::string path = scratch.file("model");
    rv::write_whole_file(files, path, bytes_of(1000));
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    ::rlimit old{};
    ::getrlimit(RLIMIT_FSIZE, &old);
    ::rlimit small = old;
    small.rlim_cur = 4096;
    ::setrlimit(RLIMIT_FSIZE, &small);
    std::string why;
    try {
        rv::write_whole_file(files, path, bytes_of(10000));
    } catch (const rv::error& refused) { why = refused.what(); }
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, ignored);
    CHECK(why == path + ": write: File too large");
    CHECK(rv::read_whole_file(files, path) == bytes_of(1000));
    CHECK_FALSE(fs::exists(path + ".new"));
}
#endif
