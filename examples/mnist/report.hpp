// SPDX-License-Identifier: MIT
// Everything that the trainings found, as plain data, and the three ways to put it out: tables, a JSON file, a page.
#pragma once

#include "../shared/page.hpp"
#include "../shared/svg.hpp"
#include "trial.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace mnist {

using namespace shared;

struct model_report {
    kind model = kind::softmax;
    model_text text;
    std::vector<trial> trials;  // one a seed, 1 or more
};

struct report {
    std::size_t training_images = 0, test_images = 0;
    bool held_out = false;    // what is read are training images that nothing was learned from
    trial_settings settings;  // of the first trial
    std::vector<model_report> models;
    image_set test;  // to draw mistakes from
    std::vector<std::string> reproduce;
    double seconds = 0;
    std::string rivulet_version, compiler, instruction_set;
};

/// Over the seeds: the accuracy after the last epoch, and its standard deviation, which is NaN for one seed.
struct summary {
    double mean = 0, deviation = 0, seconds_per_epoch = 0;
};
[[nodiscard]] summary summarise(const model_report& model);

/// Means over the seeds, epoch by epoch.
[[nodiscard]] std::vector<epoch_found> mean_epochs(const model_report& model);

/// Sums over the seeds.
[[nodiscard]] confusion_table all_confusions(const model_report& model);

/// "seed 1" or "seeds 1 to 5".
[[nodiscard]] std::string seeds_text(const model_report& model);

/// What happened, in one sentence.
[[nodiscard]] std::string headline(const report& found);

/// How the images that accuracies are of were used: said wherever these are.
std::string selection(const report& found);

void print(const report& found, std::ostream& out);

// Both throw std::runtime_error, with the path and the reason, if the file cannot be written.
void write_json(const report& found, const std::filesystem::path& path);
void write_page(const report& found, const std::filesystem::path& path);

/// Test accuracy by epoch, a thin line for each seed and a thick one for their mean.
[[nodiscard]] std::string accuracy_chart(const report& found, layout size);

}  // namespace mnist
