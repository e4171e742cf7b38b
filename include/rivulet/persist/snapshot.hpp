// SPDX-License-Identifier: MIT
// Snapshots: a pipeline's weights, updater state and step count as bytes that are checked before anything is believed.
//
// Bytes, little-endian: a header of 72 (magic 8, version 4, byte order 4, signature length 4, scalar size 4, weights 8, updater numbers 8,
// bytes kept by id 8, steps 8, hash of the signature 8, hash of the preceding 64: 8), the signature, the weights, the updater's numbers,
// what components keep by id, hash of these four (8).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../core/hash.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

static_assert(std::endian::native == std::endian::little, "snapshots are written as the memory of a little-endian machine");

struct snapshot_header {
    std::array<char, 8> magic{'r', 'i', 'v', 'u', 'l', 'e', 't', '\n'};
    std::uint32_t version = 3;
    std::uint32_t byte_order = 0x01020304;
    std::uint32_t signature = 0;  // bytes
    std::uint32_t scalar = 0;     // bytes
    std::uint64_t weights = 0;
    std::uint64_t updater = 0;
    std::uint64_t kept = 0;  // bytes
    std::uint64_t steps = 0;
    std::uint64_t signature_check = 0;
    std::uint64_t check = 0;
};
static_assert(sizeof(snapshot_header) == 72);

inline std::uint64_t header_check(const snapshot_header& header) noexcept {
    return hash(std::as_bytes(std::span(&header, 1)).first(sizeof header - sizeof header.check));
}

template <class Pipeline> std::size_t kept_size(const Pipeline& ranker) noexcept {
    std::size_t bytes = 0;
    ranker.memory_parts(ranker.kept(), [&](std::span<const std::byte> part) { bytes += part.size(); });
    return bytes;
}

template <class Pipeline> std::size_t snapshot_size(const Pipeline& ranker, std::size_t signature) noexcept {
    return sizeof(snapshot_header) + signature + ranker.weights().size_bytes() + ranker.updater_numbers().size_bytes() +
           kept_size(ranker) + sizeof(std::uint64_t);
}

/// Reads a value at an offset; the caller has checked that it is there.
template <class T> T read_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

/// The header of a snapshot, or rivulet::error in words: what, at which offset, expected, got.
inline snapshot_header read_header(std::span<const std::byte> bytes) {
    const auto refuse = [](const std::string& why) { raise(errc::format, "snapshot: " + why); };
    if (bytes.size() < sizeof(snapshot_header)) refuse("expected a header of 72 bytes, got " + std::to_string(bytes.size()));
    const auto header = read_at<snapshot_header>(bytes, 0);
    if (header.magic != snapshot_header{}.magic) refuse("the first 8 bytes are not those of a rivulet snapshot");
    if (header.byte_order != snapshot_header{}.byte_order) refuse("byte order at offset 12 is another machine's");
    if (header.version != snapshot_header{}.version)
        refuse("format version " + std::to_string(header.version) + " at offset 8, this rivulet reads version " +
               std::to_string(snapshot_header{}.version));
    if (header.check != header_check(header)) refuse("the header's checksum at offset 64 does not match");
    return header;
}

}  // namespace detail

/// A pipeline as bytes. Throws std::bad_alloc.
template <class Pipeline> std::vector<std::byte> save(const Pipeline& ranker) {
    const std::string signature = ranker.signature();
    detail::snapshot_header header{.signature = static_cast<std::uint32_t>(signature.size()),
                                   .scalar = sizeof(typename Pipeline::scalar),
                                   .weights = ranker.weights().size(),
                                   .updater = ranker.updater_numbers().size(),
                                   .kept = detail::kept_size(ranker),
                                   .steps = ranker.steps(),
                                   .signature_check = hash(std::string_view(signature))};
    header.check = detail::header_check(header);
    std::vector<std::byte> bytes(detail::snapshot_size(ranker, signature.size()));
    std::size_t at = 0;
    const auto write = [&](std::span<const std::byte> part) {
        std::copy(part.begin(), part.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
        at += part.size();
    };
    write(std::as_bytes(std::span(&header, 1)));
    write(std::as_bytes(std::span(signature)));
    write(std::as_bytes(ranker.weights()));
    write(std::as_bytes(ranker.updater_numbers()));
    ranker.memory_parts(ranker.kept(), write);
    const std::uint64_t check = hash(std::span<const std::byte>(bytes).first(at).subspan(sizeof header));
    write(std::as_bytes(std::span(&check, 1)));
    return bytes;
}

/// Makes `ranker` the pipeline that was saved: equal digests. It must have been built alike; catalogues want a refresh afterwards.
/// Throws rivulet::error, and leaves the pipeline as it was, for bytes of another pipeline, cut, changed, or holding a number that is
/// not finite. Allocates nothing of a size that the bytes claim.
template <class Pipeline> void load(Pipeline& ranker, std::span<const std::byte> bytes) {
    using scalar = typename Pipeline::scalar;
    constexpr std::size_t updater_kinds = Pipeline::updater_type::state;
    const auto refuse = [](errc code, const std::string& why) { detail::raise(code, "snapshot: " + why); };
    const auto header = detail::read_header(bytes);
    const std::string signature = ranker.signature();
    if (bytes.size() - sizeof header < header.signature)
        refuse(errc::format, "cut inside the signature at offset " + std::to_string(bytes.size()));
    const std::string found(reinterpret_cast<const char*>(bytes.data()) + sizeof header, header.signature);
    if (header.signature_check != hash(std::string_view(found)))
        refuse(errc::format, "the signature at offset 72 does not match its checksum");
    if (found != signature) refuse(errc::mismatch, "expected [" + signature + "], got [" + found + "]");
    if (header.scalar != sizeof(scalar) || header.weights != ranker.weights().size() || header.updater != ranker.updater_numbers().size() ||
        header.kept != detail::kept_size(ranker))
        refuse(errc::mismatch, "expected " + std::to_string(ranker.weights().size()) + " weights, got " + std::to_string(header.weights));
    const std::size_t size = detail::snapshot_size(ranker, signature.size());
    if (bytes.size() != size) refuse(errc::format, "expected " + std::to_string(size) + " bytes, got " + std::to_string(bytes.size()));
    const std::span<const std::byte> payload = bytes.subspan(sizeof header, size - sizeof header - sizeof(std::uint64_t));
    if (detail::read_at<std::uint64_t>(bytes, size - sizeof(std::uint64_t)) != hash(payload))
        refuse(errc::format, "the checksum at offset " + std::to_string(size - sizeof(std::uint64_t)) + " does not match");

    const std::size_t first = sizeof header + signature.size(), count = static_cast<std::size_t>(header.weights + header.updater);
    for (std::size_t i = 0; i < count; ++i) {
        const auto number = detail::read_at<scalar>(bytes, first + i * sizeof(scalar));
        bool good = math::finite(number);
        if constexpr (updater_kinds > 0)
            if (good && i >= header.weights)
                good = state_accepts<typename Pipeline::updater_type>(number, (i - header.weights) / (header.updater / updater_kinds));
        if (!good)
            refuse(errc::nonfinite, "number " + std::to_string(i) + " at offset " + std::to_string(first + i * sizeof(scalar)) +
                                        " cannot be a weight or an updater's state");
    }
    auto kept = ranker.kept();
    std::size_t at = first + count * sizeof(scalar);
    ranker.memory_parts(kept, [&](std::span<std::byte> part) {
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), part.size(), part.begin());
        at += part.size();
    });
    if (const status valid = ranker.check_kept(kept); !valid) refuse(errc::format, "what is kept by id: " + valid.message());

    ranker.kept() = std::move(kept);
    std::memcpy(ranker.weights().data(), bytes.data() + first, ranker.weights().size_bytes());
    if (header.updater)
        std::memcpy(ranker.updater_numbers().data(), bytes.data() + first + ranker.weights().size_bytes(),
                    ranker.updater_numbers().size_bytes());
    ranker.resume_at(header.steps);
}

namespace detail {

struct close_file {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, close_file>;

inline file_handle open_file(const std::string& path, const char* mode) {
    file_handle file(std::fopen(path.c_str(), mode));
    if (!file) raise(errc::system, path + ": cannot be opened: " + std::strerror(errno));
    return file;
}

}  // namespace detail

/// Writes a snapshot beside `path` and renames it over, so a reader sees the old one or the new one. Throws rivulet::error.
template <class Pipeline> void save(const Pipeline& ranker, const std::string& path) {
    const std::vector<std::byte> bytes = save(ranker);
    const std::string fresh = path + ".new";
    detail::file_handle file = detail::open_file(fresh, "wb");
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
    const bool closed = std::fclose(file.release()) == 0;
    if (!written || !closed || std::rename(fresh.c_str(), path.c_str()) != 0) {
        const std::string why = std::strerror(errno);
        std::remove(fresh.c_str());
        detail::raise(errc::system, path + ": cannot be written: " + why);
    }
}

/// Reads a snapshot from a file, never more of it than this pipeline could have written.
template <class Pipeline> void load(Pipeline& ranker, const std::string& path) {
    constexpr std::size_t longest_signature = 1 << 16;
    const detail::file_handle file = detail::open_file(path, "rb");
    std::vector<std::byte> bytes(detail::snapshot_size(ranker, longest_signature) + 1);
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
    if (std::ferror(file.get())) detail::raise(errc::system, path + ": cannot be read: " + std::strerror(errno));
    load(ranker, std::span<const std::byte>(bytes));
}

}  // namespace rivulet::inline RIVULET_ABI
