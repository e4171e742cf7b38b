// SPDX-License-Identifier: MIT
// The two models of MNIST and the recipe that trains them: everything that is rivulet's about this example.
#pragma once

#include <rivulet/rivulet.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace mnist {

namespace rv = rivulet;

struct image : rv::context<28 * 28> {};  // what a request brings: the pixels
struct digit : rv::candidate<10> {};     // what an item brings: which of the ten it is, one-hot

/// How far a training goes and from where.
struct course {
    std::size_t steps = 1;  // of all epochs together: the schedules fall over them
    float rate = 0;
    std::uint64_t seed = 1;
};

inline float brightness(std::uint8_t pixel) { return static_cast<float>(pixel) / 255; }

/// Ten outputs over the image alone, and a softmax over them. The one item that there is brings nothing.
struct softmax {
    static constexpr const char* name = "softmax";
    static constexpr const char* note =
        "ten outputs for an image, 784-256-128-10, the cross-entropy of a softmax over them, and a tenth of the hidden units dropped.";
    static constexpr float rate = 1e-3f;
    static constexpr std::size_t batch = 64;
    static constexpr rv::dropout drop{.share = 0.1f};  // of each hidden layer

    static rv::adamw updater(const course& by) {
        return {.rate = by.rate, .schedule = {.curve = rv::curve::cosine, .over = by.steps, .floor = 0.01f}};
    }
    static auto make(const course& by) {
        return rv::pipeline{rv::fuse{rv::pass<image>{}},
                            rv::network{rv::dense<256>{}, rv::rectifier{}, drop, rv::dense<128>{}, rv::rectifier{}, drop, rv::dense<10>{}},
                            updater(by), rv::multinomial<10>{}, rv::setup{.seed = by.seed}};
    }
    /// What came of an image: its class is the label.
    static auto outcomes(std::size_t label) {
        return std::array{rv::outcome{rv::item(), rv::feedback{.label = static_cast<float>(label)}}};
    }
};

/// A recommender: the image asks, the ten digits are the items, and each pair has one score, of whether the image would take the digit.
struct pairwise {
    static constexpr const char* name = "pairwise";
    static constexpr const char* note =
        "the recommender: one output for an image and a digit, 784+10-256-128-1, and the log loss of whether they belong together; it says "
        "the digit that it would recommend.";
    static constexpr float rate = 1e-3f;
    static constexpr std::size_t batch = 8;  // images, so 80 pairs

    static rv::adamw updater(const course& by) {
        return {.rate = by.rate, .schedule = {.curve = rv::curve::cosine, .over = by.steps, .floor = 0.01f}};
    }
    static auto make(const course& by) {
        return rv::pipeline{rv::fuse{rv::pass<image>{}, rv::pass<digit>{}}, rv::mlp<256, 128>{}, updater(by), rv::setup{.seed = by.seed}};
    }

    /// (10, 10): a row for each digit.
    static constexpr std::array<float, 100> digits = [] {
        std::array<float, 100> rows{};
        for (std::size_t d = 0; d < 10; ++d) rows[10 * d + d] = 1;
        return rows;
    }();
    static auto item(std::size_t d) { return rv::item(rv::with<digit>(digits.data() + 10 * d, 10)); }

    /// What came of an image: it took its digit and none of the others.
    static auto outcomes(std::size_t label) {
        const auto one = [label](std::size_t d) { return rv::outcome{item(d), d == label ? rv::click : rv::skip}; };
        return std::array{one(0), one(1), one(2), one(3), one(4), one(5), one(6), one(7), one(8), one(9)};
    }
};

}  // namespace mnist
