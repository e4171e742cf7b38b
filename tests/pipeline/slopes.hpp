// SPDX-License-Identifier: MIT
// The gradient that a pipeline's step follows, read off its weights, against central differences of a loss computed naively.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "shop.hpp"

namespace shop {

/// Whether a place of the arena holds a learned weight.
template <class Plan> bool descends(std::size_t i) {
    for (std::size_t k = 0; k < Plan::at.stretch_count; ++k)
        if (i >= Plan::at.stretches[k].begin && i < Plan::at.stretches[k].end) return true;
    return false;
}

/// The loss of a request's outcomes under the naive evaluation, for each kind of loss.
template <class Pipeline, class Loss, class Request, class Outcomes>
double naive_loss(const Pipeline& ranker, const Loss& loss, const Request& request, const Outcomes& outcomes) {
    double total = 0;
    std::vector<double> scores, labels, weights;
    for (const auto& [item, what] : outcomes) {
        const std::vector<double> outputs = naive_outputs(ranker, request, item);
        const auto label = static_cast<double>(what.label), weight = static_cast<double>(what.weight);
        if constexpr (rv::pointwise_loss<Loss, double>)
            total += weight * loss.value(outputs[0], label);
        else if constexpr (rv::loss_of_outputs<Loss, double>) {
            std::vector<double> slopes(outputs.size());
            total += weight * loss.of(outputs.data(), label, what.head, slopes.data());
        } else {
            scores.push_back(outputs[0] - std::log(static_cast<double>(what.probability)));
            labels.push_back(label);
            weights.push_back(weight);
        }
    }
    if constexpr (rv::listwise_loss<Loss, double>) {
        std::vector<double> slopes(scores.size());
        total = loss.over(scores.data(), labels.data(), weights.data(), slopes.data(), scores.size());
    }
    return total;
}

/// `ranker` descends plainly at rate 1. `step(copy)` takes one step; `loss(ranker)` is what it should descend. The largest relative
/// difference of the step from central differences; infinite if anything moved that does not descend.
/// `expected_to_move`: weights that at least have a slope.
template <class Pipeline, class Step, class LossOf>
double worst_difference(Pipeline ranker, Step&& step, LossOf&& loss, std::size_t expected_to_move = 21) {
    auto stepped = ranker;
    step(stepped);
    double worst = 0;
    std::size_t moved = 0;
    using plan = typename Pipeline::plan;
    for (std::size_t i = 0; i < plan::at.size; ++i) {
        if (!descends<plan>(i)) {
            CHECK(ranker.weights()[i] == stepped.weights()[i]);
            continue;
        }
        const double slope = ranker.weights()[i] - stepped.weights()[i], keep = ranker.weights()[i], width = 1e-5;
        moved += slope != 0;
        ranker.weights()[i] = keep + width;
        const double up = loss(ranker);
        ranker.weights()[i] = keep - width;
        const double down = loss(ranker);
        ranker.weights()[i] = keep;
        const double expected = (up - down) / (2 * width);
        worst = std::max(worst, std::abs(slope - expected) / (1 + std::abs(expected)));
    }
    CHECK(moved >= expected_to_move);
    return worst;
}

// Central differences at step 1e-5 in double: truncation about 1e-10, cancellation about 1e-16 / 1e-5 = 1e-11 a unit of loss.
inline constexpr double rounding_and_truncation = 2e-8;

/// Outcomes of the first items of a shelf: every third taken, with weights, drawn with some chance.
template <class T> auto outcomes_of(const shelf<T>& shelf, std::size_t number) {
    using item = decltype(shelf.item(0));
    std::vector<rv::outcome<item>> shown;
    for (std::size_t i = 0; i < number; ++i)
        shown.push_back({shelf.item(i),
                         {.label = i % 3 == 0 ? 1.0f : 0.0f,
                          .weight = 0.5f + static_cast<float>(i % 4),
                          .probability = 1.0f / static_cast<float>(1 + i % 5)}});
    return shown;
}

}  // namespace shop
