// SPDX-License-Identifier: MIT
// Reads IDX files and believes nothing that their headers say.
#include "idx.hpp"

#include "../shared/bad_input.hpp"
#include "../shared/text.hpp"

#ifdef MNIST_READS_GZIP
#include <zlib.h>
#else
#include <fstream>
#endif

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace mnist {

using namespace shared;

namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
    throw bad_input(clean(file.string()) + ": " + what);
}

/// The bytes of a file, unpacked.
class byte_stream {
public:
    explicit byte_stream(const std::filesystem::path& file) : file_(file) {
        std::error_code unknown;
        if (!std::filesystem::is_regular_file(file, unknown)) refuse(file, "expected a file, found none");
        open();
    }

    /// Appends at most `count` bytes to `out`, fewer only at the end of the file.
    void read(std::vector<std::uint8_t>& out, std::size_t count) {
        constexpr std::size_t at_once = std::size_t(1) << 20;  // so that a header that lies about a short file costs no memory
        while (count > 0) {
            const std::size_t wanted = std::min(count, at_once), before = out.size();
            out.resize(before + wanted);
            const std::size_t got = some(out.data() + before, wanted);
            out.resize(before + got);
            if (got == 0) return;
            count -= got;
        }
    }

private:
    std::filesystem::path file_;

#ifdef MNIST_READS_GZIP
    struct closes {
        void operator()(gzFile file) const { gzclose(file); }
    };

    void open() {
        stream_.reset(gzopen(file_.c_str(), "rb"));  // reads plain files, too
        if (!stream_) refuse(file_, "cannot be opened");
    }
    std::size_t some(std::uint8_t* to, std::size_t count) {
        const int got = gzread(stream_.get(), to, static_cast<unsigned>(count));
        int code = Z_OK;
        const char* const said = gzerror(stream_.get(), &code);
        if (code == Z_BUF_ERROR) refuse(file_, "the gzipped data are cut off");
        if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) refuse(file_, "cannot be read: " + clean(said));
        return static_cast<std::size_t>(got);
    }

    std::unique_ptr<std::remove_pointer_t<gzFile>, closes> stream_;
#else
    void open() {
        stream_.open(file_, std::ios::binary);
        std::array<char, 2> start{};
        stream_.read(start.data(), start.size());
        if (stream_ && start == std::array{'\x1f', '\x8b'})
            refuse(file_, "is gzipped, and this program was built without zlib: unpack it with gunzip");
        stream_.clear();
        stream_.seekg(0);
        if (!stream_) refuse(file_, "cannot be read");
    }
    std::size_t some(std::uint8_t* to, std::size_t count) {
        stream_.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(count));
        if (stream_.bad()) refuse(file_, "cannot be read");
        return static_cast<std::size_t>(stream_.gcount());
    }

    std::ifstream stream_;
#endif
};

std::string bytes(std::uint64_t count) { return grouped(count) + (count == 1 ? " byte" : " bytes"); }

/// The content of a file of `sizes.size() + 1` dimensions, of which all but the first, the count, are known. `things` are what it counts.
std::vector<std::uint8_t> read_idx(const std::filesystem::path& file, std::span<const std::uint32_t> sizes, std::string_view things) {
    constexpr std::uint32_t unsigned_bytes = 0x08;
    const std::uint32_t magic = unsigned_bytes << 8 | static_cast<std::uint32_t>(sizes.size() + 1);
    const std::size_t header_size = 4 * (sizes.size() + 2);

    byte_stream in(file);
    std::vector<std::uint8_t> header;
    in.read(header, header_size);
    const auto number = [&](std::size_t i) {
        std::uint32_t n = 0;
        for (std::size_t b = 4 * i; b < 4 * i + 4; ++b) n = n << 8 | header[b];
        return n;
    };
    if (header.size() >= 4 && number(0) != magic)
        refuse(file, "expected " + std::to_string(magic) + " in bytes 0 to 3, which is how a file of " + std::string(things) +
                         " begins, got " + std::to_string(number(0)));
    if (header.size() < header_size) refuse(file, "expected a header of " + bytes(header_size) + ", got " + bytes(header.size()));
    const std::uint32_t count = number(1);
    if (count < 1 || count > most_images)
        refuse(file, "expected 1 to " + grouped(most_images) + " " + std::string(things) + " by bytes 4 to 7, got " + grouped(count));
    std::size_t one = 1;
    for (std::size_t d = 0; d < sizes.size(); ++d) {
        const std::size_t at = 4 * (d + 2);
        if (number(d + 2) != sizes[d])
            refuse(file, "expected a size of " + std::to_string(sizes[d]) + " in bytes " + std::to_string(at) + " to " +
                             std::to_string(at + 3) + ", got " + std::to_string(number(d + 2)));
        one *= sizes[d];
    }

    std::vector<std::uint8_t> content;
    const std::size_t wanted = one * count;  // no overflow: the count is bounded above
    in.read(content, wanted + 1);
    if (content.size() != wanted)
        refuse(file, "expected " + bytes(wanted) + " after the header, for " + grouped(count) + " " + std::string(things) + ", got " +
                         (content.size() > wanted ? "more" : grouped(content.size())));
    return content;
}

std::filesystem::path find(const std::filesystem::path& folder, const std::string& name) {
    const std::filesystem::path plain = folder / name, packed = folder / (name + ".gz");
    std::error_code unknown;
    if (std::filesystem::exists(plain, unknown)) return plain;
    if (std::filesystem::exists(packed, unknown)) return packed;
    refuse(folder, "expected " + name + " or " + name + ".gz in this folder, found neither");
}

}  // namespace

bool reads_gzip() noexcept {
#ifdef MNIST_READS_GZIP
    return true;
#else
    return false;
#endif
}

std::vector<std::uint8_t> read_pixels(const std::filesystem::path& file) {
    constexpr std::array<std::uint32_t, 2> sizes{side, side};
    return read_idx(file, sizes, "images");
}

std::vector<std::uint8_t> read_labels(const std::filesystem::path& file) {
    const std::vector<std::uint8_t> labels = read_idx(file, {}, "labels");
    const auto wrong = std::find_if(labels.begin(), labels.end(), [](std::uint8_t label) { return label > 9; });
    if (wrong != labels.end())
        refuse(file, "expected labels from 0 to 9, got " + std::to_string(*wrong) + " as the label of image " +
                         grouped(static_cast<std::uint64_t>(wrong - labels.begin())) + ", counted from 0");
    return labels;
}

image_set read_images(const std::filesystem::path& folder, const std::string& name) {
    const std::filesystem::path labels = find(folder, name + "-labels-idx1-ubyte"), images = find(folder, name + "-images-idx3-ubyte");
    image_set found{.pixels = {}, .labels = read_labels(labels)};
    found.pixels = read_pixels(images);
    if (const std::size_t count = found.pixels.size() / (side * side); count != found.size())
        refuse(labels, "expected a label for each of the " + grouped(count) + " images of " + clean(images.filename().string()) + ", got " +
                           grouped(found.size()));
    return found;
}

}  // namespace mnist
