// SPDX-License-Identifier: MIT
// Training: one epoch of 784-256-128-10 over 48,000 images of MNIST in batches of 64, Adam 1e-3.
#include <benchmark/benchmark.h>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include <rivulet/rivulet.hpp>

namespace rv = rivulet;

namespace {

constexpr std::size_t pixels = 784, images = 48'000;
struct image : rv::context<pixels> {};

/// The first `count` bytes behind a header of `skip`, or none if the file is not there or too short.
std::vector<unsigned char> read(const std::string& path, std::size_t skip, std::size_t count) {
    std::vector<unsigned char> bytes(skip + count);
    const gzFile file = gzopen(path.c_str(), "rb");
    if (file == nullptr) return {};
    const int got = gzread(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    if (got != static_cast<int>(bytes.size())) return {};
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(skip));
    return bytes;
}

void train_mnist_epoch(benchmark::State& state) {
    const char* const folder = std::getenv("RIVULET_DATA");
    const std::string at = std::string(folder ? folder : ".") + "/mnist/train-";
    const auto bytes = read(at + "images-idx3-ubyte.gz", 16, pixels * images), labels = read(at + "labels-idx1-ubyte.gz", 8, images);
    if (bytes.empty() || labels.empty()) return state.SkipWithError("set RIVULET_DATA to a folder that has mnist/train-*-ubyte.gz");
    std::vector<float> numbers(bytes.size());
    std::transform(bytes.begin(), bytes.end(), numbers.begin(), [](unsigned char byte) { return static_cast<float>(byte) / 255; });

    rv::pipeline ranker{rv::fuse{rv::pass<image>{}},
                        rv::network{rv::dense<256>{}, rv::rectifier{}, rv::dense<128>{}, rv::rectifier{}, rv::dense<10>{}},
                        rv::adam{.rate = 1e-3f}, rv::multinomial<10>{}};
    const auto example = [&](std::size_t i) {
        return rv::example{rv::request(rv::with<image>(numbers.data() + i * pixels, pixels)),
                           std::array{rv::outcome{rv::item(), rv::feedback{.label = static_cast<float>(labels[i])}}}};
    };
    double loss = 1;
    for (auto _ : state) loss = rv::train(ranker, images, example, {.epochs = 1, .batch = 64}).epochs[0].loss;
    if (!(loss < 0.4)) state.SkipWithError("the loss did not fall");  // a first epoch from random weights ends near 0.28
}

}  // namespace

BENCHMARK(train_mnist_epoch)->Name("train/mnist_epoch")->Unit(benchmark::kMillisecond);
