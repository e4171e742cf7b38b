// SPDX-License-Identifier: MIT
// Writes a small set in the format of MNIST: seven-segment digits, moved about, in noise. digits <folder>: 2,000 images and 500 more.
#include <rivulet/rivulet.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

constexpr std::size_t side = 28;

// Segments: top, upper left, upper right, middle, lower left, lower right, bottom.
constexpr std::array<const char*, 10> lit{"1110111", "0010010", "1011101", "1011011", "0111010",
                                          "1101011", "1101111", "1010010", "1111111", "1111011"};

struct box {
    std::size_t left, top, width, height;
};
constexpr std::array<box, 7> segments{{{1, 0, 9, 2}, {0, 1, 2, 7}, {9, 1, 2, 7}, {1, 7, 9, 2}, {0, 8, 2, 7}, {9, 8, 2, 7}, {1, 14, 9, 2}}};

std::string draw(std::size_t digit, rivulet::random& seeded) {
    std::string pixels(side * side, '\0');
    for (char& pixel : pixels) pixel = static_cast<char>(seeded.below(60));
    const std::size_t left = 6 + seeded.below(5), top = 4 + seeded.below(5);
    for (std::size_t s = 0; s < segments.size(); ++s)
        if (lit[digit][s] == '1')
            for (std::size_t y = 0; y < segments[s].height; ++y)
                for (std::size_t x = 0; x < segments[s].width; ++x)
                    pixels[(top + segments[s].top + y) * side + left + segments[s].left + x] = static_cast<char>(180 + seeded.below(76));
    return pixels;
}

std::string number(std::uint32_t n) {
    std::string out;
    for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(n >> shift & 255);
    return out;
}

void write(const std::filesystem::path& folder, const std::string& name, std::uint32_t count, rivulet::random& seeded) {
    std::ofstream images(folder / (name + "-images-idx3-ubyte"), std::ios::binary);
    std::ofstream labels(folder / (name + "-labels-idx1-ubyte"), std::ios::binary);
    images.exceptions(std::ios::failbit | std::ios::badbit);
    labels.exceptions(std::ios::failbit | std::ios::badbit);
    images << number(0x803) << number(count) << number(side) << number(side);
    labels << number(0x801) << number(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::size_t digit = seeded.below(10);
        images << draw(digit, seeded);
        labels << static_cast<char>(digit);
    }
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) return 2;
    std::filesystem::create_directories(words[1]);
    rivulet::random seeded(7);
    write(words[1], "train", 2000, seeded);
    write(words[1], "t10k", 500, seeded);
}
