// SPDX-License-Identifier: MIT
// Reads handwritten digits in two ways: as a recommender, which recommends one of ten digits to an image, and as a softmax over ten
// outputs. The models and how they are trained are in mnist/model.hpp.
#include "mnist/idx.hpp"
#include "mnist/report.hpp"
#include "mnist/trial.hpp"
#include "shared/build.hpp"
#include "shared/byte_stream.hpp"
#include "shared/command_line.hpp"
#include "shared/progress.hpp"
#include "shared/text.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace mnist;

struct options {
    std::filesystem::path data, json, page;
    std::vector<kind> models;
    std::size_t seeds = 5, train = 48'000, limit = 0;
    bool held_out = false;  // read training images that nothing was learned from, not the test images
    trial_settings settings;
};

/// The images from the first on that `skipped` leave.
image_set from(const image_set& all, std::size_t skipped) {
    const auto first = static_cast<std::ptrdiff_t>(std::min(skipped, all.size()));
    return {{all.pixels.begin() + first * static_cast<std::ptrdiff_t>(side * side), all.pixels.end()},
            {all.labels.begin() + first, all.labels.end()}};
}

/// Trains every model from every seed; the models take turns, so that the time that is left is soon known.
report run(const options& wanted) {
    const auto start = std::chrono::steady_clock::now();
    report found;
    const image_set all = read_images(wanted.data, "train");
    found.held_out = wanted.held_out;
    found.test = wanted.held_out ? from(all, wanted.train) : read_images(wanted.data, "t10k");
    if (found.test.size() == 0)
        throw shared::bad_input("--held-out: expected fewer than " + grouped(all.size()) + " images to learn from, got --train " +
                                grouped(wanted.train));
    const auto limited = [&](std::size_t count) { return wanted.limit ? std::min(wanted.limit, count) : count; };
    found.training_images = limited(wanted.train);
    found.test_images = limited(found.test.size());
    if (found.training_images > all.size())
        throw shared::bad_input("--train: expected at most the " + grouped(all.size()) + " training images that there are, got " +
                                grouped(found.training_images));
    const images training(all, found.training_images), test(found.test, found.test_images);
    found.settings = wanted.settings;

    std::size_t work = 0;
    for (const kind model : wanted.models) {
        found.models.push_back({model, describe(model, wanted.settings, training.size()), {}});
        work += relative_cost(model) * training.size() * wanted.settings.epochs * wanted.seeds;
    }
    shared::progress bar(work, {.lines = 0});
    std::size_t done = 0;
    for (std::size_t seed = 1; seed <= wanted.seeds; ++seed)
        for (model_report& model : found.models) {
            trial_settings settings = wanted.settings;
            settings.seed = seed;
            const auto where = [&](std::size_t epoch) {
                return model.text.name + ", seed " + std::to_string(seed) + " of " + std::to_string(wanted.seeds) + ", epoch " +
                       std::to_string(epoch + 1) + " of " + std::to_string(settings.epochs);
            };
            const std::size_t cost = relative_cost(model.model), before = done;
            model.trials.push_back(run_trial(model.model, training, test, settings,
                                             {.step =
                                                  [&](std::size_t epoch, std::size_t trained, double loss) {
                                                      done = before + cost * (epoch * training.size() + trained);
                                                      bar.tick(done, [&] { return where(epoch) + ", loss " + fixed(loss, 5); });
                                                  },
                                              .epoch =
                                                  [&](std::size_t epoch, const epoch_found& here) {
                                                      bar.say(where(epoch) + ": loss " + fixed(here.loss, 5) + ", accuracy " +
                                                              percent(here.accuracy, 2) + ", " + fixed(here.seconds, 2) + " s");
                                                  }}));
        }
    bar.finish();
    found.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    found.rivulet_version = shared::rivulet_version();
    found.compiler = shared::compiler_name();
    found.instruction_set = rivulet::instructions;
    return found;
}

std::vector<kind> models_named(const std::string& name) {
    if (name == "softmax") return {kind::softmax};
    if (name == "pairwise") return {kind::pairwise};
    if (name == "both") return {kind::softmax, kind::pairwise};
    throw shared::bad_input("--model: expected pairwise, softmax or both, got \"" + shared::clean(name) + "\"");
}

/// What the command line asks for; nothing when it asked for help only. Throws bad_input.
std::optional<options> parse(int count, char** words) {
    using text = std::string;
    using number = std::size_t;
    shared::command_line known("mnist", "Reads handwritten digits with a recommender and with a softmax, and reports how many were right.");
    known.option<text>("data", "the folder of the four IDX files, gzipped or not", "FOLDER")
        .option<text>("model", "pairwise, softmax or both", "NAME", "both")
        .option<number>("epochs", "times over the training images", "N", "10")
        .option<number>("seeds", "train from the seeds 1 to N", "N", "5")
        .option<number>("train", "learn from the first N training images", "N", "48000")
        .option<number>("batch", "images a step (default: what the recipe of the model says)", "N")
        .option<double>("rate", "of the updater (the same default)", "NUMBER")
        .option<double>("prune", "make this share of the blocks between the hidden layers zero: a block is an input's 16 weights", "SHARE")
        .option<number>("prune-after", "prune after this epoch, and train on with what is left (default: after the last)", "N")
        .option<bool>("held-out", "read the other training images, not the test images: for choosing a recipe", "")
        .option<number>("limit", "for a quick run: at most the first N images of each set", "N")
        .option<text>("json", "write the findings for machines", "FILE")
        .option<text>("page", "write the page for people", "FILE");
    const text codes = text(shared::reads_gzip() ? "" : "This program was built without zlib: it reads unpacked files only.\n") +
                       "Exit codes: 0 done, 1 a training failed or a file could not be written, 2 bad arguments or data.";
    return known.read(count, words, codes.c_str(), [&](const shared::arguments& given) {
        if (!given.has("data")) throw shared::bad_input("--data FOLDER is missing; --help lists the options");
        options wanted{.data = given.path("data"),
                       .json = given.path("json"),
                       .page = given.path("page"),
                       .models = models_named(given.get<text>("model")),
                       .seeds = given.from_one("seeds", 1000),
                       .train = given.from_one("train", most_images),
                       .limit = given.from_one("limit", most_images),
                       .held_out = given.has("held-out"),
                       .settings = {.epochs = given.from_one("epochs", 10'000), .batch = given.from_one("batch", most_images)}};
        if (given.has("rate")) {
            const auto rate = given.get<double>("rate");
            if (!(rate >= 1e-9 && rate <= 10)) throw shared::bad_input("--rate: expected a number from 1e-9 to 10");
            wanted.settings.rate = static_cast<float>(rate);
        }
        if (given.has("prune")) {
            const auto share = given.get<double>("prune");
            if (!(share >= 0 && share < 1)) throw shared::bad_input("--prune: expected a share from 0 to below 1");
            wanted.settings.prune = static_cast<float>(share);
            wanted.settings.prune_after =
                given.has("prune-after") ? given.from_one("prune-after", wanted.settings.epochs) : wanted.settings.epochs;
        }
        if (given.has("prune-after") && !given.has("prune")) throw shared::bad_input("--prune-after: expected --prune SHARE beside it");
        return wanted;
    });
}

/// The command again, without the names of folders and files, which are another machine's.
std::string command(const options& wanted) {
    const std::string model = wanted.models.size() == 2 ? "" : wanted.models[0] == kind::softmax ? " --model softmax" : " --model pairwise";
    std::string out = "sh examples/run.sh mnist --data FOLDER" + model + " --epochs " + std::to_string(wanted.settings.epochs) +
                      " --seeds " + std::to_string(wanted.seeds) + " --train " + std::to_string(wanted.train);
    if (wanted.held_out) out += " --held-out";
    if (wanted.settings.batch > 0) out += " --batch " + std::to_string(wanted.settings.batch);
    if (wanted.settings.rate > 0) out += " --rate " + fixed(static_cast<double>(wanted.settings.rate), 9);
    if (wanted.settings.prune_after > 0)
        out += " --prune " + fixed(static_cast<double>(wanted.settings.prune), 4) + " --prune-after " +
               std::to_string(wanted.settings.prune_after);
    if (wanted.limit) out += " --limit " + std::to_string(wanted.limit);
    return out;
}

}  // namespace

int main(int count, char** words) {
    return shared::run_program("mnist", [&] {
        const auto wanted = parse(count, words);
        if (!wanted) return;
        report found = run(*wanted);
        found.reproduce = {command(*wanted)};
        print(found, std::cout);
        if (!wanted->json.empty()) write_json(found, wanted->json);
        if (!wanted->page.empty()) write_page(found, wanted->page);
    });
}
