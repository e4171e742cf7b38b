// SPDX-License-Identifier: MIT
// What is asked of a file system, as a concept: a host, a test or another platform brings its own; and how whole files are read and
// written through one so that a crash leaves the old file or the new one.
#pragma once

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace rivulet::inline RIVULET_ABI {

/// What came of an operation on a file: true when it was done. Small and trivially copyable; makes text only when asked to.
struct io_status {
    int cause = 0;               ///< as errno has it; 0 when it was done
    const char* operation = "";  ///< such as "write"; static storage

    constexpr explicit operator bool() const noexcept { return cause == 0; }
    /// "<path>: write: No space left on device"
    std::string message(const std::string& path) const {
        return path + ": " + operation + ": " + (cause == 0 ? "done" : std::generic_category().message(cause));
    }
};

/// The same of an operation that moves bytes, of which it may have moved fewer than it was asked to.
struct io_count : io_status {
    std::size_t bytes = 0;
};

enum class open_for : std::uint8_t {
    reading,   ///< a file that is there, only read
    updating,  ///< a file that is there, read and written
    creating,  ///< a file that is not there yet
    locking    ///< made when it is not there: a file that only stands for a lock
};

/// The operations. `file` closes itself when it is destroyed; `close` does so and says what came of it. Each operation is one attempt: it
/// may move fewer bytes than asked, or end with EINTR; the functions below go on. Reading 0 bytes means the end of the file.
/// `open` refuses what is no regular file (with EINVAL), and does not follow a symbolic link at the end of the path. `lock` fails with
/// EWOULDBLOCK when another holds it. `sync` returns when what the file holds is durable; `sync_directory` when the names are.
template <class Files>
concept file_system = requires(Files& files, typename Files::file& file, std::uint64_t& number, std::uint64_t offset,
                               const std::string& path, std::span<std::byte> room, std::span<const std::byte> bytes,
                               std::vector<std::string>& names) {
    requires std::default_initializable<typename Files::file> && std::movable<typename Files::file>;
    { files.open(path, open_for::reading, file) }
    noexcept->std::same_as<io_status>;
    { files.close(file) }
    noexcept->std::same_as<io_status>;
    { files.size(file, number) }
    noexcept->std::same_as<io_status>;
    { files.read(file, offset, room) }
    noexcept->std::same_as<io_count>;
    { files.write(file, offset, bytes) }
    noexcept->std::same_as<io_count>;
    { files.truncate(file, offset) }
    noexcept->std::same_as<io_status>;
    { files.sync(file) }
    noexcept->std::same_as<io_status>;
    { files.lock(file) }
    noexcept->std::same_as<io_status>;
    { files.rename(path, path) }
    noexcept->std::same_as<io_status>;
    { files.remove(path) }
    noexcept->std::same_as<io_status>;
    { files.sync_directory(path) }
    noexcept->std::same_as<io_status>;
    { files.list(path, names) } -> std::same_as<io_status>;  // the names in a directory, in any order
};

namespace detail {

/// Repeats what a signal interrupted: it was not carried out. An interrupted sync may be repeated, a failed one never.
template <class Operation> auto uninterrupted(Operation&& attempt) noexcept(noexcept(attempt())) {
    for (;;)
        if (const auto result = attempt(); result.cause != EINTR) return result;
}

template <file_system Files>
io_status open_file(Files& files, const std::string& path, open_for purpose, typename Files::file& file) noexcept {
    return uninterrupted([&] { return files.open(path, purpose, file); });
}

template <file_system Files> io_status sync_file(Files& files, typename Files::file& file) noexcept {
    return uninterrupted([&] { return files.sync(file); });
}

template <file_system Files>
io_status write_all(Files& files, typename Files::file& file, std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const io_count written = uninterrupted([&] { return files.write(file, offset, bytes); });
        if (!written) return written;
        if (written.bytes == 0) return {EIO, "write"};  // a device that takes nothing and does not say why
        offset += written.bytes;
        bytes = bytes.subspan(written.bytes);
    }
    return {};
}

/// Fills `room` from an offset on, or less where the file ends.
template <file_system Files>
io_count read_all(Files& files, typename Files::file& file, std::uint64_t offset, std::span<std::byte> room) noexcept {
    std::size_t done = 0;
    while (done < room.size()) {
        const io_count part = uninterrupted([&] { return files.read(file, offset + done, room.subspan(done)); });
        if (!part) return {part, done};
        if (part.bytes == 0) break;
        done += part.bytes;
    }
    return {{}, done};
}

inline constexpr const char* directory_sync = "sync directory";

/// Puts a file of these bytes at `path`: written beside it under `fresh`, made durable, renamed, and the name made durable. Allocates
/// nothing. When it fails, `path` is what it was; only after a failed sync of the directory it may be the old or the new one.
template <file_system Files>
io_status replace_file(Files& files, const std::string& path, const std::string& fresh, const std::string& directory,
                       std::span<const std::byte> bytes) noexcept {
    const auto write_fresh = [&]() -> io_status {
        typename Files::file file;
        if (const io_status removed = uninterrupted([&] { return files.remove(fresh); }); !removed && removed.cause != ENOENT)
            return removed;  // one that a crash left
        if (const io_status opened = open_file(files, fresh, open_for::creating, file); !opened) return opened;
        if (const io_status written = write_all(files, file, 0, bytes); !written) return written;
        if (const io_status synced = sync_file(files, file); !synced) return synced;
        const io_status closed = files.close(file);
        return closed.cause == EINTR ? io_status{} : closed;  // it is closed, and what it held was durable before
    };
    io_status result = write_fresh();
    if (result) result = uninterrupted([&] { return files.rename(fresh, path); });
    if (!result) {
        static_cast<void>(files.remove(fresh));
        return result;
    }
    return uninterrupted([&] { return files.sync_directory(directory); });
}

/// The directory that a path lies in.
inline std::string directory_of(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

[[noreturn]] inline void raise(const io_status& failed, const std::string& path) { raise(errc::system, failed.message(path)); }
inline void require(const io_status& result, const std::string& path) {
    if (!result) raise(result, path);
}

}  // namespace detail

/// Puts a file of these bytes at `path`, so that whatever happens it is the old one or the new one, whole, and after the return the new
/// one. Uses `path`.new. Throws rivulet::error; then it is the old one, unless the error is of "sync directory": then one of the two.
template <file_system Files> void write_whole_file(Files& files, const std::string& path, std::span<const std::byte> bytes) {
    detail::require(detail::replace_file(files, path, path + ".new", detail::directory_of(path), bytes), path);
}

/// The bytes of a file; throws rivulet::error. A file that is longer than `limit` is refused before anything of its size is allocated.
template <file_system Files>
std::vector<std::byte> read_whole_file(Files& files, const std::string& path, std::uint64_t limit = ~std::uint64_t(0)) {
    typename Files::file file;
    detail::require(detail::open_file(files, path, open_for::reading, file), path);
    std::uint64_t size = 0;
    detail::require(detail::uninterrupted([&] { return files.size(file, size); }), path);
    if (size > limit) detail::raise(errc::limit, path + ": at most " + std::to_string(limit) + " bytes here, got " + std::to_string(size));
    std::vector<std::byte> bytes(static_cast<std::size_t>(size));
    const io_count read = detail::read_all(files, file, 0, bytes);
    detail::require(read, path);
    bytes.resize(read.bytes);
    return bytes;
}

}  // namespace rivulet::inline RIVULET_ABI
