// SPDX-License-Identifier: MIT
// With zlib where the build has it.
#include "byte_stream.hpp"

#include "bad_input.hpp"
#include "text.hpp"

#ifdef EXAMPLES_READ_GZIP
#include <zlib.h>
#else
#include <fstream>
#endif

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

namespace shared {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
    throw bad_input(clean(file.string()) + ": " + what);
}

}  // namespace

#ifdef EXAMPLES_READ_GZIP

struct byte_stream::source {
    gzFile file = nullptr;
    ~source() {
        if (file != nullptr) gzclose(file);
    }
};

void byte_stream::open() {
    from_->file = gzopen(file_.c_str(), "rb");  // reads plain files, too
    if (from_->file == nullptr) refuse(file_, "cannot be opened");
}

std::size_t byte_stream::some(char* to, std::size_t count) {
    const int got = gzread(from_->file, to, static_cast<unsigned>(count));
    int code = Z_OK;
    const char* const said = gzerror(from_->file, &code);
    if (code == Z_BUF_ERROR) refuse(file_, "the gzipped data are cut off");
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) refuse(file_, "cannot be read: " + clean(said));
    return static_cast<std::size_t>(got);
}

bool reads_gzip() noexcept { return true; }

#else

struct byte_stream::source {
    std::ifstream file;
};

void byte_stream::open() {
    from_->file.open(file_, std::ios::binary);
    std::array<char, 2> start{};
    from_->file.read(start.data(), start.size());
    if (from_->file && start == std::array{'\x1f', '\x8b'})
        refuse(file_, "is gzipped, and this program was built without zlib: unpack it with gunzip");
    from_->file.clear();
    from_->file.seekg(0);
    if (!from_->file) refuse(file_, "cannot be read");
}

std::size_t byte_stream::some(char* to, std::size_t count) {
    from_->file.read(to, static_cast<std::streamsize>(count));
    if (from_->file.bad()) refuse(file_, "cannot be read");
    return static_cast<std::size_t>(from_->file.gcount());
}

bool reads_gzip() noexcept { return false; }

#endif

byte_stream::byte_stream(const std::filesystem::path& file) : file_(file), from_(std::make_unique<source>()) {
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(file, unknown)) refuse(file, "expected a file, found none");
    open();
}

byte_stream::~byte_stream() = default;

void byte_stream::read(std::vector<std::uint8_t>& out, std::size_t count) {
    constexpr std::size_t at_once = std::size_t(1) << 20;  // so that a header that lies about a short file costs no memory
    while (count > 0) {
        const std::size_t wanted = std::min(count, at_once), before = out.size();
        out.resize(before + wanted);
        const std::size_t got = some(reinterpret_cast<char*>(out.data() + before), wanted);
        out.resize(before + got);
        if (got == 0) return;
        count -= got;
    }
}

bool byte_stream::next_line(std::string& line) {
    line.clear();
    for (bool any = false;;) {
        if (next_ == end_) {
            buffer_.resize(std::size_t(1) << 16);
            next_ = 0;
            end_ = some(buffer_.data(), buffer_.size());
            if (end_ == 0) return any;
        }
        any = true;
        const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(next_), end = buffer_.begin() + static_cast<std::ptrdiff_t>(end_);
        const auto stop = std::find(begin, end, '\n');
        line.append(begin, stop);
        next_ = static_cast<std::size_t>(stop - buffer_.begin()) + (stop != end);
        if (stop != end) return true;
        if (line.size() > longest_line) refuse(file_, "expected lines of at most " + grouped(longest_line) + " bytes, got a longer one");
    }
}

std::filesystem::path find_file(const std::filesystem::path& folder, const std::string& name) {
    const std::filesystem::path plain = folder / name, packed = folder / (name + ".gz");
    std::error_code unknown;
    if (std::filesystem::exists(plain, unknown)) return plain;
    if (std::filesystem::exists(packed, unknown)) return packed;
    refuse(folder, "expected " + name + " or " + name + ".gz in this folder, found neither");
}

}  // namespace shared
