// SPDX-License-Identifier: MIT
// Reads IDX files and believes nothing that their headers say.
#include "idx.hpp"

#include "../shared/bad_input.hpp"
#include "../shared/byte_stream.hpp"
#include "../shared/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mnist {

using namespace shared;

namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
    throw bad_input(clean(file.string()) + ": " + what);
}

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

}  // namespace

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
    const std::filesystem::path labels = find_file(folder, name + "-labels-idx1-ubyte"),
                                images = find_file(folder, name + "-images-idx3-ubyte");
    image_set found{.pixels = {}, .labels = read_labels(labels)};
    found.pixels = read_pixels(images);
    if (const std::size_t count = found.pixels.size() / (side * side); count != found.size())
        refuse(labels, "expected a label for each of the " + grouped(count) + " images of " + clean(images.filename().string()) + ", got " +
                           grouped(found.size()));
    return found;
}

}  // namespace mnist
