// SPDX-License-Identifier: MIT
// One training of one model from one seed, and how well it reads the test images after each epoch.
#pragma once

#include "idx.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mnist {

enum class kind { softmax, pairwise };

struct trial_settings {
    std::size_t epochs = 10;
    std::size_t batch = 0;  // images; 0: what the recipe says, as of the rate
    float rate = 0;
    std::uint64_t seed = 1;
    float prune = 0;              // the share of the hidden layers' blocks that is made zero
    std::size_t prune_after = 0;  // this epoch, before its test, and is held there while the others are learned; 0: never
};

struct epoch_found {
    double loss = 0;      // mean over the training images, each before the step that it is in
    double accuracy = 0;  // share of the test images read right at the end of the epoch
    double seconds = 0;   // of training, without the test
};

/// How often each digit (row) was read as each digit (column).
using confusion_table = std::array<std::array<std::uint64_t, 10>, 10>;

struct mistake {
    std::size_t image = 0;  // of the test images
    std::size_t truth = 0, said = 0;
    double said_probability = 0, truth_probability = 0;
};

struct trial {
    std::uint64_t seed = 1;
    std::vector<epoch_found> epochs;
    confusion_table confusion{};    // after the last epoch
    std::vector<mistake> mistakes;  // of those, the worst: given the highest probability
};

inline constexpr std::size_t most_mistakes = 20;

/// What a model is, in words.
struct model_text {
    std::string name, note, updater, signature;
    std::size_t weights = 0, batch = 0;
    float rate = 0;
};

/// Images as a pipeline takes them.
class images {
public:
    /// The first `count`.
    images(const image_set& from, std::size_t count);

    std::size_t size() const { return labels_.size(); }
    const float* pixels(std::size_t i) const { return pixels_.data() + i * side * side; }
    std::size_t label(std::size_t i) const { return labels_[i]; }

private:
    std::vector<float> pixels_;  // (size, side * side)
    std::vector<std::uint8_t> labels_;
};

/// Called after every step, and after every epoch and its test; epochs count from 0.
struct watcher {
    std::function<void(std::size_t epoch, std::size_t done, double loss)> step;
    std::function<void(std::size_t epoch, const epoch_found& found)> epoch;
};

/// How much longer a training image takes than with the softmax, about: for the time that is left.
[[nodiscard]] std::size_t relative_cost(kind model);

[[nodiscard]] model_text describe(kind model, const trial_settings& settings, std::size_t training_images);

/// Throws std::runtime_error when the training fails, as from a rate that is far too high.
[[nodiscard]] trial run_trial(kind model, const images& training, const images& test, const trial_settings& settings, const watcher& watch);

}  // namespace mnist
