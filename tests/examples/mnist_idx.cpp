// SPDX-License-Identifier: MIT
// Tests of how the example reads IDX files: good ones, and the sentence for each way in which a file can be wrong.
#include "../../examples/mnist/idx.hpp"

#include "../../examples/shared/bad_input.hpp"
#include "../../examples/shared/byte_stream.hpp"
#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#ifdef EXAMPLES_READ_GZIP
#include <zlib.h>
#endif

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace {

using bytes = std::string;

/// Big-endian, as IDX has them.
bytes numbers(std::initializer_list<std::uint32_t> all) {
    bytes out;
    for (const std::uint32_t n : all)
        for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(n >> shift & 255);
    return out;
}
constexpr std::uint32_t of_images = 0x803, of_labels = 0x801;

bytes image_file(std::uint32_t count, std::size_t pixels) { return numbers({of_images, count, 28, 28}) + bytes(pixels, '\x7f'); }
bytes label_file(std::uint32_t count, const bytes& labels) { return numbers({of_labels, count}) + labels; }

/// What reading is refused with; empty when it is not.
template <class F> std::string complaint(F&& read) {
    try {
        read();
    } catch (const shared::bad_input& refused) { return refused.what(); }
    return {};
}
std::string of_pixels(const bytes& content) {
    const scratch_folder folder;
    return complaint([&] { mnist::read_pixels(folder.write("images", content)); });
}
std::string of_label_file(const bytes& content) {
    const scratch_folder folder;
    return complaint([&] { mnist::read_labels(folder.write("labels", content)); });
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

#ifdef EXAMPLES_READ_GZIP
bytes gzipped(const bytes& content) {
    const scratch_folder folder;
    const auto path = folder.path() / "packed";
    const gzFile file = gzopen(path.c_str(), "wb");
    REQUIRE(gzwrite(file, content.data(), static_cast<unsigned>(content.size())) == static_cast<int>(content.size()));
    REQUIRE(gzclose(file) == Z_OK);
    return folder.read("packed");
}
#endif

}  // namespace

TEST_CASE("idx: two whole files become images and their labels") {
    const scratch_folder folder;
    bytes pixels(3 * 784, '\0');
    pixels[784] = '\x01';
    pixels[3 * 784 - 1] = '\xff';
    folder.write("train-images-idx3-ubyte", numbers({of_images, 3, 28, 28}) + pixels);
    folder.write("train-labels-idx1-ubyte", label_file(3, bytes("\x09\x00\x05", 3)));
    const mnist::image_set found = mnist::read_images(folder.path(), "train");
    REQUIRE(found.size() == 3);
    CHECK(found.labels == std::vector<std::uint8_t>{9, 0, 5});
    CHECK(found.image(1)[0] == 1);
    CHECK(found.image(2)[783] == 255);
    CHECK(found.image(0)[783] == 0);
}

TEST_CASE("idx: a file that begins otherwise is refused with both numbers") {
    CHECK(contains(of_pixels(label_file(1, bytes(784, '\0'))), "images: expected 2051 in bytes 0 to 3"));
    CHECK(contains(of_pixels(label_file(1, bytes(784, '\0'))), "got 2049"));
    CHECK(contains(of_label_file(image_file(1, 784)), "expected 2049 in bytes 0 to 3"));
    CHECK(contains(of_pixels("P5 28 28 255\n and whatever"), "expected 2051"));
    CHECK(contains(of_pixels(numbers({0x03080000, 1, 28, 28}) + bytes(784, '\0')), "expected 2051"));  // the other byte order
    CHECK(contains(of_pixels(numbers({0x0d03, 1, 28, 28}) + bytes(784, '\0')), "got 3331"));           // floats
}

TEST_CASE("idx: a header that is cut off is refused") {
    const bytes whole = numbers({of_images, 1, 28, 28});
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK(contains(of_pixels(whole.substr(0, length)), "expected a header of 16 bytes, got " + std::to_string(length)));
    }
    CHECK(contains(of_label_file(""), "expected a header of 8 bytes, got 0 bytes"));
}

TEST_CASE("idx: counts and sizes that are not to be believed are refused before anything is read for them") {
    CHECK(contains(of_pixels(image_file(0, 0)), "expected 1 to 1,000,000 images by bytes 4 to 7, got 0"));
    CHECK(contains(of_pixels(image_file(0xffffffff, 784)), "got 4,294,967,295"));
    CHECK(contains(of_pixels(image_file(1'000'001, 784)), "got 1,000,001"));
    CHECK(contains(of_label_file(label_file(0x80000000, "\x01")), "got 2,147,483,648"));
    // 65536 * 65536 = 0 and 28 * 28 = 1 * 784 in 32 bits and less
    CHECK(contains(of_pixels(numbers({of_images, 1, 65536, 65536})), "expected a size of 28 in bytes 8 to 11, got 65536"));
    CHECK(contains(of_pixels(numbers({of_images, 1, 28, 0xffffffff})), "in bytes 12 to 15, got 4294967295"));
    CHECK(contains(of_pixels(numbers({of_images, 1, 1, 784}) + bytes(784, '\0')), "got 1"));
}

TEST_CASE("idx: content that is cut off or goes on is refused") {
    CHECK(of_pixels(image_file(2, 2 * 784)).empty());
    CHECK(contains(of_pixels(image_file(2, 2 * 784 - 1)), "expected 1,568 bytes after the header, for 2 images, got 1,567"));
    CHECK(contains(of_pixels(image_file(2, 2 * 784 + 1)), "for 2 images, got more"));
    CHECK(contains(of_pixels(image_file(1'000'000, 5)), "expected 784,000,000 bytes after the header, for 1,000,000 images, got 5"));
    CHECK(contains(of_label_file(label_file(1, "")), "expected 1 byte after the header, for 1 labels, got 0"));
}

TEST_CASE("idx: a label above 9 is refused with its place") {
    CHECK(of_label_file(label_file(2, bytes("\x00\x09", 2))).empty());
    CHECK(contains(of_label_file(label_file(3, bytes("\x00\x0a\x01", 3))), "expected labels from 0 to 9, got 10 as the label of image 1,"));
    CHECK(contains(of_label_file(label_file(1, "\xff")), "got 255"));
}

TEST_CASE("idx: files that are missing or do not belong together are refused") {
    const scratch_folder folder;
    const auto read = [&] { return complaint([&] { mnist::read_images(folder.path(), "t10k"); }); };
    CHECK(contains(read(), "expected t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz in this folder, found neither"));
    folder.write("t10k-labels-idx1-ubyte", label_file(2, bytes("\x01\x02", 2)));
    CHECK(contains(read(), "expected t10k-images-idx3-ubyte or"));
    folder.write("t10k-images-idx3-ubyte", image_file(3, 3 * 784));
    CHECK(contains(read(), "expected a label for each of the 3 images of t10k-images-idx3-ubyte, got 2"));
    std::filesystem::remove(folder.path() / "t10k-images-idx3-ubyte");
    std::filesystem::create_directory(folder.path() / "t10k-images-idx3-ubyte");
    CHECK(contains(read(), "expected a file, found none"));
    CHECK(contains(complaint([&] { mnist::read_pixels(folder.path() / "nowhere"); }), "nowhere: expected a file, found none"));
}

#ifdef EXAMPLES_READ_GZIP
TEST_CASE("idx: gzipped files are read as the files in them, and refused when they are cut off or spoilt") {
    CHECK(shared::reads_gzip());
    bytes content = image_file(40, 40 * 784);
    for (std::size_t i = 16; i < content.size(); ++i) content[i] = static_cast<char>(i * i * 2654435761u >> 13);
    const bytes packed = gzipped(content);
    REQUIRE(packed.size() > 10'000);
    const scratch_folder folder;
    CHECK(mnist::read_pixels(folder.write("whole.gz", packed)) == std::vector<std::uint8_t>(content.begin() + 16, content.end()));
    for (const std::size_t length : {packed.size() - 1, packed.size() - 8, packed.size() - 9, packed.size() / 2}) {
        CAPTURE(length);
        CHECK(contains(of_pixels(packed.substr(0, length)), "cut off"));
    }
    bytes spoilt = packed;
    spoilt[packed.size() - 7] ^= 1;  // of the checksum
    CHECK(contains(of_pixels(spoilt), "cannot be read"));
    CHECK(contains(of_pixels(gzipped(image_file(40, 40 * 784 + 1))), "got more"));
    CHECK_FALSE(of_pixels(packed.substr(0, 5)).empty());
}
#else
TEST_CASE("idx: without zlib, gzipped files are refused with what to do") {
    CHECK_FALSE(shared::reads_gzip());
    CHECK(contains(of_pixels("\x1f\x8b\x08 and so on"), "built without zlib: unpack it with gunzip"));
}
#endif
