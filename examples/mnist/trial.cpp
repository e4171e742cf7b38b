// SPDX-License-Identifier: MIT
// Trains the models of model.hpp and reads test images with them.
#include "trial.hpp"

#include "../shared/require.hpp"
#include "../shared/text.hpp"
#include "model.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>

namespace mnist {

using namespace shared;

namespace {

using ten = std::array<double, 10>;

auto request(const images& from, std::size_t i) { return rv::request(rv::with<image>(from.pixels(i), side * side)); }

/// What a trained model says of an image: which digit, and how probable it holds each.
struct reading {
    std::size_t said = 0;
    ten probability{};
};

template <class Model> class reader;

template <> class reader<softmax> {
public:
    using ranker = decltype(softmax::make({}));
    explicit reader(const ranker& trained) : trained_(trained) {}
    void refresh() {}

    template <class Request> reading read(const Request& asked) const {
        ranker::output_numbers scores;
        require(trained_.score(asked, rv::item(), &scores).status);
        const float top = *std::max_element(scores.begin(), scores.end());
        reading found;
        found.said = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
        for (std::size_t d = 0; d < 10; ++d) found.probability[d] = std::exp(static_cast<double>(scores[d]) - static_cast<double>(top));
        const double total = std::accumulate(found.probability.begin(), found.probability.end(), 0.0);
        for (double& share : found.probability) share /= total;
        return found;
    }

private:
    const ranker& trained_;
};

template <> class reader<pairwise> {
public:
    using ranker = decltype(pairwise::make({}));
    explicit reader(const ranker& trained) : trained_(trained), items_(trained.catalogue()) {
        for (std::size_t d = 0; d < 10; ++d) require(items_.add(d, rv::with<digit>(pairwise::digits.data() + 10 * d, 10)));
    }
    void refresh() { trained_.refresh(items_); }

    /// Recommends digits for the image: the first one is what it reads.
    template <class Request> reading read(const Request& asked) const {
        const auto best = trained_.rank(asked, items_, 10);
        require(best.status);
        if (best.size() != 10) throw std::runtime_error("some scores are no finite numbers");
        reading found;
        found.said = static_cast<std::size_t>(best[0].id);
        for (const rv::scored& one : best) found.probability[one.id] = 1 / (1 + std::exp(-static_cast<double>(one.score)));
        return found;
    }

private:
    const ranker& trained_;
    ranker::catalogue_type items_;
};

template <class Model> void judge(const reader<Model>& by, const images& test, trial& found) {
    found.confusion = {};
    found.mistakes.clear();
    for (std::size_t i = 0; i < test.size(); ++i) {
        const reading here = by.read(request(test, i));
        ++found.confusion[test.label(i)][here.said];
        if (here.said != test.label(i))
            found.mistakes.push_back({i, test.label(i), here.said, here.probability[here.said], here.probability[test.label(i)]});
    }
    // Where both are certain, the one that leaves less to the truth is the worse one.
    std::sort(found.mistakes.begin(), found.mistakes.end(), [](const mistake& a, const mistake& b) {
        return std::tuple(-a.said_probability, a.truth_probability, a.image) <
               std::tuple(-b.said_probability, b.truth_probability, b.image);
    });
    if (found.mistakes.size() > most_mistakes) found.mistakes.resize(most_mistakes);
}

double accuracy(const confusion_table& table, std::size_t images) {
    std::uint64_t right = 0;
    for (std::size_t d = 0; d < 10; ++d) right += table[d][d];
    return static_cast<double>(right) / static_cast<double>(images);
}

template <class Model> std::size_t batch_of(const trial_settings& settings) { return settings.batch > 0 ? settings.batch : Model::batch; }

template <class Model> course course_of(const trial_settings& settings, std::size_t training_images) {
    const std::size_t batch = batch_of<Model>(settings), steps = (training_images + batch - 1) / batch;
    return {.steps = settings.epochs * steps, .rate = settings.rate > 0 ? settings.rate : Model::rate, .seed = settings.seed};
}

template <class Model> trial run_one(const images& training, const images& test, const trial_settings& settings, const watcher& watch) {
    using clock = std::chrono::steady_clock;
    auto ranker = Model::make(course_of<Model>(settings, training.size()));
    reader<Model> by(ranker);
    trial found;
    found.seed = settings.seed;
    std::optional<rv::block_mask<decltype(ranker)>> mask;
    auto start = clock::now();
    const rv::trained result = rv::train(
        ranker, training.size(),
        [&](std::size_t i) {
            return rv::example{request(training, i), Model::outcomes(training.label(i))};
        },
        {.epochs = settings.epochs, .batch = batch_of<Model>(settings), .seed = settings.seed},
        [&](const rv::training_progress& now) {
            if (mask) mask->apply(ranker);
            watch.step(now.epoch, now.done, now.loss);
            if (now.done < now.examples) return;
            if (now.epoch + 1 == settings.prune_after) mask = rv::prune(ranker, {.share = settings.prune});
            const double seconds = std::chrono::duration<double>(clock::now() - start).count();
            by.refresh();
            judge<Model>(by, test, found);
            found.epochs.push_back({now.loss, accuracy(found.confusion, test.size()), seconds});
            watch.epoch(now.epoch, found.epochs.back());
            start = clock::now();
        });
    if (!result) throw std::runtime_error("training of " + std::string(Model::name) + " failed: " + result.status.message());
    return found;
}

/// The settings of an updater that matter here.
template <class Updater> std::string text_of(const Updater& updater) {
    const auto plain = [](double number) {
        std::string digits = fixed(number, 7);
        while (digits.back() == '0') digits.pop_back();
        if (digits.back() == '.') digits.pop_back();
        return digits;
    };
    std::string out = std::string(rv::type_name<Updater>()) + ", rate " + plain(static_cast<double>(updater.rate));
    if constexpr (requires { updater.decay; }) out += ", decay " + plain(static_cast<double>(updater.decay));
    const rv::schedule& falls = updater.schedule;
    const std::string to = " to " + plain(static_cast<double>(falls.floor)) + " of it over " + grouped(falls.over) + " steps";
    if (falls.warm_up > 0) out += ", rising for " + grouped(falls.warm_up) + " steps";
    switch (falls.curve) {
    case rv::curve::constant:
        break;
    case rv::curve::inverse_square_root:
        out += ", falling as an inverse square root";
        break;
    case rv::curve::line:
        out += ", falling in a line" + to;
        break;
    case rv::curve::cosine:
        out += ", falling as a cosine" + to;
        break;
    }
    return out;
}

template <class Model> model_text describe_one(const trial_settings& settings, std::size_t training_images) {
    const course by = course_of<Model>(settings, training_images);
    const auto ranker = Model::make(by);
    std::string note = Model::note;
    if (settings.prune_after > 0)
        note += " " + percent(static_cast<double>(settings.prune), 0) + " of the blocks between the hidden layers are pruned after epoch " +
                std::to_string(settings.prune_after) + ".";
    return {Model::name, note, text_of(Model::updater(by)), ranker.signature(), ranker.weights().size(), batch_of<Model>(settings),
            by.rate};
}

}  // namespace

images::images(const image_set& from, std::size_t count)
    : pixels_(count * side * side), labels_(from.labels.begin(), from.labels.begin() + static_cast<std::ptrdiff_t>(count)) {
    std::transform(from.pixels.begin(), from.pixels.begin() + static_cast<std::ptrdiff_t>(pixels_.size()), pixels_.begin(), brightness);
}

std::size_t relative_cost(kind model) { return model == kind::pairwise ? 3 : 1; }

model_text describe(kind model, const trial_settings& settings, std::size_t training_images) {
    return model == kind::softmax ? describe_one<softmax>(settings, training_images) : describe_one<pairwise>(settings, training_images);
}

trial run_trial(kind model, const images& training, const images& test, const trial_settings& settings, const watcher& watch) {
    return model == kind::softmax ? run_one<softmax>(training, test, settings, watch) : run_one<pairwise>(training, test, settings, watch);
}

}  // namespace mnist
