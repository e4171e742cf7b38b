// SPDX-License-Identifier: MIT
// The findings as aligned tables for people and as JSON for programs.
#include "report.hpp"

#include "../shared/report_file.hpp"
#include "../shared/text.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <ostream>
#include <utility>

namespace mnist {

namespace {

using json = nlohmann::ordered_json;

void print_accuracies(const report& found, std::ostream& out) {
    const auto line = [&](const std::string& name, auto&& cell) {
        out << left_aligned(name, 18);
        for (const model_report& model : found.models) out << right_aligned(cell(model), 12);
        out << '\n';
    };
    line("test accuracy", [](const model_report& model) { return model.text.name; });
    for (std::size_t t = 0; t < found.models[0].trials.size(); ++t)
        line("  seed " + std::to_string(found.models[0].trials[t].seed),
             [t](const model_report& model) { return percent(model.trials[t].epochs.back().accuracy, 2); });
    line("  mean", [](const model_report& model) { return percent(summarise(model).mean, 2); });
    line("  std deviation", [](const model_report& model) { return percent(summarise(model).deviation, 2); });
    line("seconds an epoch", [](const model_report& model) { return fixed(summarise(model).seconds_per_epoch, 2); });
    out << '\n';
}

void print_epochs(const report& found, std::ostream& out) {
    out << left_aligned("epoch", 6);
    for (const model_report& model : found.models) out << right_aligned(model.text.name + ": loss", 18) << right_aligned("accuracy", 10);
    out << "   (means of the seeds)\n";
    for (std::size_t e = 0; e < found.settings.epochs; ++e) {
        out << right_aligned(std::to_string(e + 1), 5) << ' ';
        for (const model_report& model : found.models) {
            const epoch_found here = mean_epochs(model)[e];
            out << right_aligned(fixed(here.loss, 5), 18) << right_aligned(percent(here.accuracy, 2), 10);
        }
        out << '\n';
    }
    out << '\n';
}

void print_confusion(const model_report& model, std::ostream& out) {
    const confusion_table table = all_confusions(model);
    out << model.text.name << ", " << seeds_text(model) << ": how often each digit (row) was read as each (column)\n   ";
    for (std::size_t said = 0; said < 10; ++said) out << right_aligned(std::to_string(said), 7);
    out << right_aligned("right", 9) << '\n';
    for (std::size_t truth = 0; truth < 10; ++truth) {
        out << "  " << truth;
        std::uint64_t all = 0;
        for (const std::uint64_t count : table[truth]) {
            all += count;
            out << right_aligned(count > 0 ? grouped(count) : ".", 7);
        }
        out << right_aligned(percent(static_cast<double>(table[truth][truth]) / static_cast<double>(all), 1), 9) << '\n';
    }
    out << '\n';
}

json to_json(const trial& one) {
    json out = {{"seed", one.seed}, {"accuracy", rounded(one.epochs.back().accuracy)}};
    json& epochs = out["epochs"] = json::array();
    for (const epoch_found& epoch : one.epochs)
        epochs.push_back({{"loss", rounded(epoch.loss)}, {"accuracy", rounded(epoch.accuracy)}, {"seconds", rounded(epoch.seconds)}});
    out["confusion"] = one.confusion;
    json& mistakes = out["worst_mistakes"] = json::array();
    for (const mistake& worst : one.mistakes)
        mistakes.push_back({{"image", worst.image},
                            {"truth", worst.truth},
                            {"said", worst.said},
                            {"said_probability", rounded(worst.said_probability)},
                            {"truth_probability", rounded(worst.truth_probability)}});
    return out;
}

json to_json(const model_report& model) {
    const summary all = summarise(model);
    json out = {{"name", model.text.name},       {"note", model.text.note},       {"signature", model.text.signature},
                {"weights", model.text.weights}, {"updater", model.text.updater}, {"rate", rounded(static_cast<double>(model.text.rate))},
                {"batch", model.text.batch}};
    out["mean_accuracy"] = rounded(all.mean);
    out["standard_deviation"] = std::isfinite(all.deviation) ? json(rounded(all.deviation)) : json();
    out["seconds_per_epoch"] = rounded(all.seconds_per_epoch);
    out["confusion"] = all_confusions(model);
    json& trials = out["seeds"] = json::array();
    for (const trial& one : model.trials) trials.push_back(to_json(one));
    return out;
}

}  // namespace

summary summarise(const model_report& model) {
    const auto count = static_cast<double>(model.trials.size());
    summary found;
    for (const trial& one : model.trials) found.mean += one.epochs.back().accuracy / count;
    double squares = 0;
    for (const trial& one : model.trials) squares += std::pow(one.epochs.back().accuracy - found.mean, 2);
    found.deviation = count > 1 ? std::sqrt(squares / (count - 1)) : std::numeric_limits<double>::quiet_NaN();
    const std::vector<epoch_found> epochs = mean_epochs(model);
    for (const epoch_found& epoch : epochs) found.seconds_per_epoch += epoch.seconds / static_cast<double>(epochs.size());
    return found;
}

std::vector<epoch_found> mean_epochs(const model_report& model) {
    const auto count = static_cast<double>(model.trials.size());
    std::vector<epoch_found> means(model.trials.front().epochs.size());
    for (const trial& one : model.trials)
        for (std::size_t e = 0; e < means.size(); ++e) {
            means[e].loss += one.epochs[e].loss / count;
            means[e].accuracy += one.epochs[e].accuracy / count;
            means[e].seconds += one.epochs[e].seconds / count;
        }
    return means;
}

confusion_table all_confusions(const model_report& model) {
    confusion_table sum{};
    for (const trial& one : model.trials)
        for (std::size_t truth = 0; truth < 10; ++truth)
            for (std::size_t said = 0; said < 10; ++said) sum[truth][said] += one.confusion[truth][said];
    return sum;
}

std::string seeds_text(const model_report& model) {
    const std::string first = std::to_string(model.trials.front().seed), last = std::to_string(model.trials.back().seed);
    return model.trials.size() == 1 ? "seed " + first : "seeds " + first + " to " + last;
}

std::string selection(const report& found) {
    return found.held_out
               ? "What is read are training images that nothing was learned from, for choosing a recipe; the last epoch counts."
               : "The test images are read after every epoch for information only: nothing is chosen by them, and the last epoch "
                 "counts.";
}

std::string headline(const report& found) {
    const auto right = [&](const model_report& model) {
        return percent(summarise(model).mean, 2) + (found.held_out ? " of the images held out" : " of the test images");
    };
    const model_report* recommender = nullptr;
    const model_report* head = nullptr;
    for (const model_report& model : found.models) (model.model == kind::pairwise ? recommender : head) = &model;
    if (recommender == nullptr) return "A softmax over ten outputs is right for " + right(*head) + ".";
    std::string out = "MNIST as a recommender: the digit that it recommends is right for " + right(*recommender);
    if (head != nullptr) out += "; a softmax over ten outputs for " + percent(summarise(*head).mean, 2);
    return out + ".";
}

void print(const report& found, std::ostream& out) {
    out << "mnist: " << grouped(found.training_images) << " training images, " << grouped(found.test_images)
        << (found.held_out ? " held out, " : " test images, ") << found.settings.epochs
        << (found.settings.epochs == 1 ? " epoch" : " epochs") << '\n'
        << selection(found) << '\n';
    for (const model_report& model : found.models)
        out << model.text.name << ": " << model.text.note << " Batches of " << model.text.batch << " images.\n";
    out << '\n';
    print_accuracies(found, out);
    print_epochs(found, out);
    for (const model_report& model : found.models) print_confusion(model, out);
    out << headline(found) << '\n'
        << fixed(found.seconds, 1) << " s, rivulet " << found.rivulet_version << ", " << found.compiler << ", " << found.instruction_set
        << '\n';
}

void write_json(const report& found, const std::filesystem::path& path) {
    json out = {{"format", 1}, {"headline", headline(found)}, {"held_out", found.held_out}, {"selection", selection(found)}};
    out["settings"] = {{"training_images", found.training_images},
                       {"test_images", found.test_images},
                       {"epochs", found.settings.epochs},
                       {"seeds", found.models[0].trials.size()}};
    json& models = out["models"] = json::array();
    for (const model_report& model : found.models) models.push_back(to_json(model));
    write_report(std::move(out), found, path);
}

}  // namespace mnist
