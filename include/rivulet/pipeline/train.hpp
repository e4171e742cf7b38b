// SPDX-License-Identifier: MIT
// Training over a set of examples in mini-batches and epochs, before a pipeline goes online.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "../core/random.hpp"
#include "../math/settings.hpp"
#include "pipeline.hpp"

namespace rivulet::inline RIVULET_ABI {

/// How `train` goes over its examples.
struct training {
    std::size_t epochs = 10;   ///< at most so many times over all of them; 1 or more
    std::size_t batch = 64;    ///< examples a step; 1 or more
    float validation = 0;      ///< the share of examples held out, the last ones, so that time order is kept; 0 to below 1
    std::size_t patience = 0;  ///< stop after so many epochs without a lower validation loss; 0 is never
    bool keep_best = true;     ///< with a validation share: end with the weights of the epoch with the lowest validation loss
    bool shuffle = true;       ///< another order in every epoch, drawn from the seed
    std::uint64_t seed = 1;

    status validate() const noexcept {
        if (epochs == 0) return {errc::setting, "training.epochs must be 1 or more"};
        if (batch == 0) return {errc::setting, "training.batch must be 1 or more"};
        return detail::below_one(validation, "training.validation must be a number from 0 to below 1");
    }
};

/// Where a training is: what its progress callback sees after every step.
struct training_progress {
    std::size_t epoch, epochs;   ///< the first is 0
    std::size_t done, examples;  ///< of this epoch
    double loss;                 ///< mean of this epoch so far
};

/// What one epoch came to. Without a validation share validation_loss is 0.
struct epoch_result {
    double loss = 0, validation_loss = 0;
};

/// What came of a training. Refused examples end it, and then the pipeline is what it was before.
struct trained {
    std::vector<epoch_result> epochs{};
    std::size_t best = 0;        ///< the epoch with the lowest validation loss, or the last
    bool stopped_early = false;  ///< by patience or by the callback
    std::size_t clipped = 0;     ///< steps whose gradient was shortened
    rivulet::status status{};
    std::size_t batch_begin = 0;  ///< of a refusal: how many examples of the epoch's order came before the refused batch
    explicit operator bool() const noexcept { return static_cast<bool>(status); }
};

namespace detail {

template <class Ranker, class Example> class batches;
template <class Ranker, class Request, class Outcomes> class batches<Ranker, example<Request, Outcomes>> {
public:
    batches(Ranker& ranker, std::size_t batch) : ranker_(ranker), room_(std::make_unique<room>()) { held_.reserve(batch); }

    /// One step on examples `order[from, to)`, or their mean loss.
    template <class ExampleOf> learned take(bool learning, ExampleOf& example, std::span<const std::size_t> order) {
        held_.clear();
        for (const std::size_t i : order) held_.push_back(example(i));
        const std::span<const rivulet::example<Request, Outcomes>> batch(held_);
        return learning ? ranker_.learn(batch, *room_) : ranker_.loss(batch, *room_);
    }

private:
    using room = typename Ranker::template batch_room<Request>;
    Ranker& ranker_;
    std::unique_ptr<room> room_;
    std::vector<rivulet::example<Request, Outcomes>> held_;
};

/// A callback may return whether to go on, or nothing.
template <class Progress> bool goes_on(Progress& progress, const training_progress& now) {
    if constexpr (std::convertible_to<decltype(progress(now)), bool>)
        return static_cast<bool>(progress(now));
    else
        return progress(now), true;
}

}  // namespace detail

/// Trains on `count` examples: `example(i)` gives `rv::example{request, outcomes}` for i < count, views of memory that lasts until the
/// step is done. Every step is one update along the mean of a batch's gradients. The same seed, examples and settings give the same
/// bytes. `progress(training_progress)` is called after every step; if it returns false, training ends there. Cold: allocates a batch's
/// room. Throws rivulet::error for a setting outside its range.
template <class Ranker, class ExampleOf, class Progress>
trained train(Ranker& ranker, std::size_t count, ExampleOf&& example, const training& settings, Progress&& progress) {
    detail::require(settings.validate());
    const auto held_out = static_cast<std::size_t>(static_cast<double>(count) * static_cast<double>(settings.validation));
    const std::size_t examples = count - held_out;
    trained result;
    if (examples == 0) {
        result.status = {errc::empty, "train"};
        return result;
    }
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t(0));
    const std::span<const std::size_t> all(order);
    detail::batches<Ranker, std::decay_t<decltype(example(std::size_t(0)))>> batches(ranker, settings.batch);
    const Ranker before = ranker;
    const bool keeps_best = held_out > 0 && settings.keep_best;
    std::optional<Ranker> best;
    random seeded(settings.seed);

    // f(the order of a batch, how many came before); gives the mean loss, or refuses the training
    const auto pass = [&](bool learning, std::span<const std::size_t> part, auto&& after) {
        double loss = 0;
        std::size_t done = 0;
        for (std::size_t from = 0; from < part.size(); from = done) {
            const auto batch = part.subspan(from, std::min(settings.batch, part.size() - from));
            const learned step = batches.take(learning, example, batch);
            if (!step) {
                result.status = step.status;
                result.batch_begin = from;
                return loss;
            }
            result.clipped += step.clipped;
            loss += step.loss * static_cast<double>(batch.size());
            done = from + batch.size();
            if (!after(done, loss / static_cast<double>(done))) break;
        }
        return loss / static_cast<double>(done);
    };

    bool going = true;
    for (std::size_t e = 0; e < settings.epochs && going; ++e) {
        if (settings.shuffle)
            for (std::size_t i = examples; i > 1; --i) std::swap(order[i - 1], order[seeded.below(i)]);
        epoch_result found;
        found.loss = pass(true, all.first(examples), [&](std::size_t done, double loss) {
            return going = detail::goes_on(progress, training_progress{e, settings.epochs, done, examples, loss});
        });
        if (result && held_out > 0) found.validation_loss = pass(false, all.last(held_out), [](std::size_t, double) { return true; });
        if (!result) {
            ranker = before;
            return result;
        }
        result.epochs.push_back(found);
        if (held_out == 0 || e == 0 || found.validation_loss < result.epochs[result.best].validation_loss) {
            result.best = e;
            if (keeps_best) best = ranker;
        }
        if (held_out > 0 && settings.patience > 0 && e - result.best >= settings.patience) going = false;
        result.stopped_early = !going;
    }
    if (best) ranker = *best;
    return result;
}
template <class Ranker, class ExampleOf>
trained train(Ranker& ranker, std::size_t count, ExampleOf&& example, const training& settings = {}) {
    return train(ranker, count, example, settings, [](const training_progress&) {});
}

}  // namespace rivulet::inline RIVULET_ABI
