// SPDX-License-Identifier: MIT
// From scores and feedback to a loss and the slopes of the scores, for each of the three kinds of loss.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "../core/arena.hpp"
#include "../core/concepts.hpp"
#include "../core/rows.hpp"
#include "../math/vector.hpp"
#include "../update/feedback.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// How many outputs of a ranker a loss is about.
template <class Loss>
constexpr std::size_t outputs_of = [] {
    if constexpr (requires { Loss::outputs; })
        return std::size_t(Loss::outputs);
    else
        return std::size_t(1);
}();

/// A sum of weighted losses, and of what it is to be divided by for the mean: weights, or lists.
struct loss_sum {
    double loss = 0, weight = 0;
};

/// An outcome as a loss saw it.
template <class T> struct heard { T score = 0, label = 0, slope = 0, weight = 0; };

/// What is wrong with the i-th outcome's feedback, if anything is.
template <class Loss> status check_feedback(const Loss& loss, const feedback& what, std::size_t i) noexcept {
    if (!math::finite(what.label) || !loss.accepts(what.label, what.head))
        return {errc::label, "learn", 0, static_cast<double>(what.label), i};
    if (!math::finite(what.weight) || what.weight < 0) return {errc::weight, "learn", 0, static_cast<double>(what.weight), i};
    if (!math::finite(what.probability) || !(what.probability > 0) || what.probability > 1)
        return {errc::probability, "learn", 0, static_cast<double>(what.probability), i};
    return {};
}

/// Losses of outcomes that each stand for themselves. scores, slopes: (n, padded(outputs)); `what(k)`: the feedback of the k-th.
template <class Loss, class T, class FeedbackOf>
loss_sum judge_each(const Loss& loss, rows<const T> scores, rows<T> slopes, FeedbackOf&& what) noexcept {
    loss_sum total;
    for (std::size_t k = 0; k < scores.count; ++k) {
        const feedback& said = what(k);
        const T label = static_cast<T>(said.label), counts = static_cast<T>(said.weight);
        if constexpr (pointwise_loss<Loss, T>) {
            total.loss += static_cast<double>(counts * loss.value(*scores[k], label));
            *slopes[k] = counts * loss.slope(*scores[k], label);
        } else {
            total.loss += static_cast<double>(counts * loss.of(scores[k], label, said.head, slopes[k]));
            for (std::size_t h = 0; h < Loss::outputs; ++h) slopes[k][h] *= counts;
        }
        total.weight += static_cast<double>(said.weight);
    }
    return total;
}

/// The list that a request's outcomes are: room for what a loss over it reads and writes.
template <class T> class outcome_list {
public:
    explicit outcome_list(std::size_t longest = 0) : longest_(longest), numbers_(4 * longest) {}

    std::size_t longest() const noexcept { return longest_; }
    std::size_t memory() const noexcept { return numbers_.size() * sizeof(T); }

    /// The k-th outcome. A score is corrected by the logarithm of the chance with which its item was drawn.
    void put(std::size_t k, T score, const feedback& said) noexcept {
        const float chance = said.probability;
        part(0)[k] = chance == 1 ? score : score - static_cast<T>(std::log(static_cast<double>(chance)));
        part(1)[k] = static_cast<T>(said.label);
        part(2)[k] = static_cast<T>(said.weight);
    }
    template <class Loss> loss_sum judge(const Loss& loss, std::size_t n) noexcept {
        return {static_cast<double>(loss.over(part(0), part(1), part(2), part(3), n)), 1.0};
    }
    T slope(std::size_t k) const noexcept { return numbers_.data()[3 * longest_ + k]; }

private:
    T* part(std::size_t i) noexcept { return numbers_.data() + i * longest_; }

    std::size_t longest_;
    arena<T> numbers_;  // scores, labels, weights, slopes: (4, longest)
};

}  // namespace rivulet::inline RIVULET_ABI::detail
