// SPDX-License-Identifier: MIT
// Reads the files of MNIST: IDX, a big-endian header and bytes, plain or gzipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace mnist {

inline constexpr std::size_t side = 28;                // pixels
inline constexpr std::size_t most_images = 1'000'000;  // of a file; MNIST has 60,000

/// Images and the digits that they show.
struct image_set {
    std::vector<std::uint8_t> pixels;  // (size, side * side), row by row from the top; 255 is ink
    std::vector<std::uint8_t> labels;  // (size), 0 to 9

    std::size_t size() const { return labels.size(); }
    std::span<const std::uint8_t> image(std::size_t i) const { return std::span(pixels).subspan(i * side * side, side * side); }
};

/// `FOLDER/<name>-images-idx3-ubyte` and `-labels-idx1-ubyte`, or either with `.gz`. Throws bad_input, with the file, what was expected
/// and what is there, unless both are whole and belong together.
image_set read_images(const std::filesystem::path& folder, const std::string& name);

/// One file: (count, side * side) pixels, or (count) labels.
std::vector<std::uint8_t> read_pixels(const std::filesystem::path& file);
std::vector<std::uint8_t> read_labels(const std::filesystem::path& file);

}  // namespace mnist
