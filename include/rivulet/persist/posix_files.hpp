// SPDX-License-Identifier: MIT
// The file system of a POSIX host, by raw system calls. Included by its own name: rivulet.hpp does not need POSIX. Another platform brings
// a type of its own that models rivulet::file_system.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_system.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Without state; any number of threads may use one. New files are readable and writable by their owner alone. Locks are those of flock:
/// of the open file, given up with it, also when the process dies. On systems whose fsync stops at the drive's own cache (macOS), so does
/// `sync`.
struct posix_files {
    class file {
    public:
        file() = default;
        file(file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
        file& operator=(file&& other) noexcept {
            std::swap(descriptor_, other.descriptor_);
            return *this;
        }
        ~file() {
            if (descriptor_ >= 0) ::close(descriptor_);
        }

    private:
        friend posix_files;
        int descriptor_ = -1;
    };

    io_status open(const std::string& path, open_for purpose, file& opened) const noexcept {
        // O_NONBLOCK: opening a pipe for reading would wait for a writer. It changes nothing for regular files.
        const int always = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
        const int flags = purpose == open_for::reading    ? O_RDONLY
                          : purpose == open_for::updating ? O_RDWR
                          : purpose == open_for::creating ? O_RDWR | O_CREAT | O_EXCL
                                                          : O_RDWR | O_CREAT;
        file fresh;
        fresh.descriptor_ = ::open(path.c_str(), flags | always, S_IRUSR | S_IWUSR);
        if (fresh.descriptor_ < 0) return {errno, "open"};
        struct ::stat found;
        if (::fstat(fresh.descriptor_, &found) != 0) return {errno, "open"};
        if (!S_ISREG(found.st_mode)) return {EINVAL, "open"};
        opened = std::move(fresh);
        return {};
    }
    /// Whatever it says, the file is closed: it must not be repeated, for the number may be another file's by then.
    io_status close(file& open) const noexcept { return result(::close(std::exchange(open.descriptor_, -1)), "close"); }
    io_status size(file& open, std::uint64_t& bytes) const noexcept {
        struct ::stat found;
        if (::fstat(open.descriptor_, &found) != 0) return {errno, "size"};
        bytes = static_cast<std::uint64_t>(found.st_size);
        return {};
    }
    io_count read(file& open, std::uint64_t offset, std::span<std::byte> room) const noexcept {
        return moved(::pread(open.descriptor_, room.data(), at_once(room.size()), static_cast<::off_t>(offset)), "read");
    }
    io_count write(file& open, std::uint64_t offset, std::span<const std::byte> bytes) const noexcept {
        return moved(::pwrite(open.descriptor_, bytes.data(), at_once(bytes.size()), static_cast<::off_t>(offset)), "write");
    }
    io_status truncate(file& open, std::uint64_t size) const noexcept {
        return result(::ftruncate(open.descriptor_, static_cast<::off_t>(size)), "truncate");
    }
    io_status sync(file& open) const noexcept { return result(::fsync(open.descriptor_), "sync"); }
    io_status lock(file& open) const noexcept { return result(::flock(open.descriptor_, LOCK_EX | LOCK_NB), "lock"); }
    io_status rename(const std::string& from, const std::string& to) const noexcept {
        return result(::rename(from.c_str(), to.c_str()), "rename");
    }
    io_status remove(const std::string& path) const noexcept { return result(::unlink(path.c_str()), "remove"); }
    io_status sync_directory(const std::string& path) const noexcept {
        file directory;
        directory.descriptor_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory.descriptor_ < 0) return {errno, detail::directory_sync};
        return result(::fsync(directory.descriptor_), detail::directory_sync);
    }
    io_status list(const std::string& path, std::vector<std::string>& names) const {
        ::DIR* directory = ::opendir(path.c_str());
        if (directory == nullptr) return {errno, "list"};
        struct closes {
            ::DIR* open;
            ~closes() { ::closedir(open); }
        } const guard{directory};
        for (;;) {
            errno = 0;
            const ::dirent* entry = ::readdir(directory);
            if (entry == nullptr) return {errno, "list"};
            names.emplace_back(entry->d_name);
        }
    }

private:
    /// More than this in one call is refused by some systems (macOS: 2^31 bytes).
    static constexpr std::size_t at_once(std::size_t bytes) noexcept {
        return bytes < (std::size_t(1) << 30) ? bytes : std::size_t(1) << 30;
    }
    static io_status result(int returned, const char* operation) noexcept { return {returned == 0 ? 0 : errno, operation}; }
    static io_count moved(::ssize_t returned, const char* operation) noexcept {
        if (returned < 0) return {{errno, operation}, 0};
        return {{0, operation}, static_cast<std::size_t>(returned)};
    }
};
static_assert(file_system<posix_files>);

}  // namespace rivulet::inline RIVULET_ABI
