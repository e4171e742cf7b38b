// SPDX-License-Identifier: MIT
// A file system in memory that forgets at a crash what was not made durable, by a seeded choice, and whose operations fail when told to.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rivulet/core/random.hpp>
#include <rivulet/persist/file_system.hpp>

namespace test {

using file_bytes = std::vector<std::byte>;

/// One flat directory. What is durable of a file is its bytes at the last sync; what is durable of the names, those at the last
/// sync_directory. Between, every write lies in pieces of a sector, of which a crash keeps any; every truncation and every change of a name
/// is kept or lost by itself.
class simulated_files {
    struct change {  // of a file: bytes put at an offset, or with `cut` the file's size set to it
        std::uint64_t at = 0;
        file_bytes bytes;
        bool cut = false;
    };
    struct node {
        file_bytes now, durable;
        std::vector<change> unsynced;
        std::uint64_t locked_by = 0;
    };
    using names = std::map<std::string, std::shared_ptr<node>>;
    struct renaming {  // of a name: given to a file, or taken away
        std::string from, to;
        std::shared_ptr<node> what;
    };

public:
    class file {
    public:
        file() = default;
        file(file&& other) noexcept { *this = std::move(other); }
        file& operator=(file&& other) noexcept {
            std::swap(owner_, other.owner_);
            std::swap(what_, other.what_);
            std::swap(number_, other.number_);
            std::swap(writable_, other.writable_);
            return *this;
        }
        ~file() { release(); }

    private:
        friend simulated_files;
        void release() noexcept {
            if (!what_) return;
            if (what_->locked_by == number_) what_->locked_by = 0;
            what_.reset();
            --owner_->open_files;
        }
        simulated_files* owner_ = nullptr;
        std::shared_ptr<node> what_;
        std::uint64_t number_ = 0;
        bool writable_ = false;
    };

    // ---- what happens to it
    static constexpr int half_a_write = -1;  ///< a cause of `fail`: no error, but a write or read of half the bytes
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t operations = 0;                                              ///< so far
    int open_files = 0;                                                        ///< files that nobody closed yet
    std::uint64_t capacity = never;                                            ///< bytes of all files; a write beyond fails with ENOSPC
    std::uint64_t syncs = 0, syncs_after_failed_sync = 0;                      ///< of files
    std::map<std::string, std::uint64_t> failed;                               ///< how often an operation failed because it was told to
    void power_off_at(std::uint64_t operation) { power_off_at_ = operation; }  ///< that one and all later do nothing and fail

    /// The operation of this number fails with this cause; with `sticky` every later one as well.
    void fail(std::uint64_t operation, int cause, bool sticky = false) {
        fail_at_ = operation;
        fail_cause_ = cause;
        fail_sticky_ = sticky;
    }
    /// From now on only operations of this name are counted for `fail`, from 1: "sync".
    void fail_only(std::string operation) {
        fail_only_ = std::move(operation);
        eligible_ = 0;
    }
    void heal() {
        fail_at_ = power_off_at_ = never;
        capacity = never;
    }

    /// The machine stops and starts again. All that was open is gone.
    void crash(std::uint64_t seed) {
        rivulet::random draw(seed);
        heal();
        const std::uint64_t keeps = draw.below(3);  // of every 2: none, half, all; a choice for the whole crash, so that pure cases occur
        const auto kept = [&] { return keeps == 0 ? false : keeps == 2 ? true : draw.below(2) == 0; };
        names after = durable_names_;
        for (const renaming& one : unsynced_names_)
            if (kept()) apply(after, one);
        for (auto& [path, what] : after) {
            file_bytes bytes = what->durable;
            for (const change& one : what->unsynced) {
                if (one.cut) {
                    if (kept()) bytes.resize(one.at);
                    continue;
                }
                const std::uint64_t sector = draw.below(2) == 0 ? 512 : 1 + draw.below(64);
                for (std::uint64_t at = 0; at < one.bytes.size(); at += sector)
                    if (kept())
                        put(bytes, one.at + at, std::span(one.bytes).subspan(at, std::min<std::uint64_t>(sector, one.bytes.size() - at)));
            }
            auto fresh = std::make_shared<node>();
            fresh->now = fresh->durable = bytes;
            what = std::move(fresh);
        }
        now_ = durable_names_ = after;
        unsynced_names_.clear();
    }
    /// The process stops; the system goes on. Locks are given up by the files that are destroyed.
    void restart() { heal(); }

    /// The files as a process sees them, and what a test puts there.
    std::map<std::string, file_bytes> contents() const {
        std::map<std::string, file_bytes> all;
        for (const auto& [path, what] : now_) all[path] = what->now;
        return all;
    }
    const file_bytes& at(const std::string& path) const { return now_.at(path)->now; }
    void put_durable(const std::string& path, file_bytes bytes) {
        auto fresh = std::make_shared<node>();
        fresh->now = fresh->durable = std::move(bytes);
        now_[path] = durable_names_[path] = fresh;
    }
    void erase_durable(const std::string& path) {
        now_.erase(path);
        durable_names_.erase(path);
    }
    bool holds(const std::string& path) const { return now_.count(path) != 0; }

    // ---- the operations
    rivulet::io_status open(const std::string& path, rivulet::open_for purpose, file& opened) noexcept {
        if (const int cause = begin("open")) return {cause, "open"};
        auto found = now_.find(path);
        if (found != now_.end() && purpose == rivulet::open_for::creating) return {EEXIST, "open"};
        if (found == now_.end()) {
            if (purpose == rivulet::open_for::reading || purpose == rivulet::open_for::updating) return {ENOENT, "open"};
            found = now_.emplace(path, std::make_shared<node>()).first;
            unsynced_names_.push_back({"", path, found->second});
        }
        opened.release();
        opened.owner_ = this;
        opened.what_ = found->second;
        opened.number_ = ++handles_;
        opened.writable_ = purpose != rivulet::open_for::reading;
        ++open_files;
        return {};
    }
    rivulet::io_status close(file& open) noexcept {
        const int cause = begin("close");
        open.release();  // closed whatever it says
        return {cause, "close"};
    }
    rivulet::io_status size(file& open, std::uint64_t& bytes) noexcept {
        if (const int cause = begin("size")) return {cause, "size"};
        bytes = open.what_->now.size();
        return {};
    }
    rivulet::io_count read(file& open, std::uint64_t offset, std::span<std::byte> room) noexcept {
        const int cause = begin("read");
        if (cause > 0) return {{cause, "read"}, 0};
        const file_bytes& bytes = open.what_->now;
        std::size_t count = offset >= bytes.size() ? 0 : std::min<std::size_t>(room.size(), bytes.size() - offset);
        if (cause == half_a_write) count = (count + 1) / 2;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset, bytes.size())), count, room.begin());
        return {{0, "read"}, count};
    }
    rivulet::io_count write(file& open, std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
        const int cause = begin("write");
        if (cause > 0 || !open.writable_) return {{cause > 0 ? cause : EBADF, "write"}, 0};
        if (cause == half_a_write) bytes = bytes.first((bytes.size() + 1) / 2);
        if (capacity != never) {
            const std::uint64_t held = used() - open.what_->now.size(), most = capacity > held ? capacity - held : 0;
            if (offset >= most && !bytes.empty()) return {{ENOSPC, "write"}, 0};
            bytes = bytes.first(std::min<std::size_t>(bytes.size(), most - offset));
        }
        put(open.what_->now, offset, bytes);
        open.what_->unsynced.push_back({offset, {bytes.begin(), bytes.end()}, false});
        return {{0, "write"}, bytes.size()};
    }
    rivulet::io_status truncate(file& open, std::uint64_t size) noexcept {
        if (const int cause = begin("truncate"); cause > 0 || !open.writable_) return {cause > 0 ? cause : EBADF, "truncate"};
        open.what_->now.resize(size);
        open.what_->unsynced.push_back({size, {}, true});
        return {};
    }
    /// As Linux does: a sync that failed forgets that there was something to write, and what a process reads stays the same.
    rivulet::io_status sync(file& open) noexcept {
        ++syncs;
        if (sync_failed_) ++syncs_after_failed_sync;
        const int cause = begin("sync");
        if (cause > 0 && cause != EINTR && operations < power_off_at_) {
            sync_failed_ = true;
            open.what_->unsynced.clear();
        }
        if (cause > 0) return {cause, "sync"};
        // Of what was forgotten the durable bytes know nothing: only the changes since are written.
        for (const change& one : open.what_->unsynced) {
            if (one.cut)
                open.what_->durable.resize(one.at);
            else
                put(open.what_->durable, one.at, one.bytes);
        }
        open.what_->unsynced.clear();
        return {};
    }
    rivulet::io_status lock(file& open) noexcept {
        if (const int cause = begin("lock"); cause > 0) return {cause, "lock"};
        if (open.what_->locked_by != 0 && open.what_->locked_by != open.number_) return {EWOULDBLOCK, "lock"};
        open.what_->locked_by = open.number_;
        return {};
    }
    rivulet::io_status rename(const std::string& from, const std::string& to) noexcept {
        if (const int cause = begin("rename"); cause > 0) return {cause, "rename"};
        const auto found = now_.find(from);
        if (found == now_.end()) return {ENOENT, "rename"};
        change_names({from, to, found->second});
        return {};
    }
    rivulet::io_status remove(const std::string& path) noexcept {
        if (const int cause = begin("remove"); cause > 0) return {cause, "remove"};
        if (now_.count(path) == 0) return {ENOENT, "remove"};
        change_names({path, "", nullptr});
        return {};
    }
    rivulet::io_status sync_directory(const std::string&) noexcept {
        if (const int cause = begin("sync directory"); cause > 0) return {cause, "sync directory"};
        durable_names_ = now_;
        unsynced_names_.clear();
        return {};
    }
    rivulet::io_status list(const std::string& path, std::vector<std::string>& found) {
        if (const int cause = begin("list"); cause > 0) return {cause, "list"};
        for (const auto& [name, what] : now_)
            if (name.starts_with(path + "/")) found.push_back(name.substr(path.size() + 1));
        return {};
    }

private:
    /// Counts an operation; the cause with which it has to fail, or 0.
    int begin(const std::string& operation) {
        if (++operations >= power_off_at_) return EIO;
        if (!fail_only_.empty() && operation != fail_only_) return 0;
        ++eligible_;
        if (!(fail_sticky_ ? eligible_ >= fail_at_ : eligible_ == fail_at_)) return 0;
        if (fail_cause_ == half_a_write) return operation == "write" || operation == "read" ? half_a_write : 0;
        ++failed[operation];
        return fail_cause_;
    }
    static void put(file_bytes& bytes, std::uint64_t at, std::span<const std::byte> part) {
        if (bytes.size() < at + part.size()) bytes.resize(at + part.size());
        std::copy(part.begin(), part.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    static void apply(names& where, const renaming& one) {
        if (!one.from.empty()) where.erase(one.from);
        if (!one.to.empty()) where[one.to] = one.what;
    }
    void change_names(renaming one) {
        apply(now_, one);
        unsynced_names_.push_back(std::move(one));
    }
    std::uint64_t used() const {
        std::uint64_t bytes = 0;
        for (const auto& [path, what] : now_) bytes += what->now.size();
        return bytes;
    }

    names now_, durable_names_;
    std::vector<renaming> unsynced_names_;
    std::uint64_t handles_ = 0, eligible_ = 0, fail_at_ = never, power_off_at_ = never;
    int fail_cause_ = 0;
    bool fail_sticky_ = false, sync_failed_ = false;
    std::string fail_only_;
};
static_assert(rivulet::file_system<simulated_files>);

}  // namespace test
