// SPDX-License-Identifier: MIT
// Losses of a ranker with several outputs: a task for each of them, or one of so many classes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <tuple>

#include "../core/rows.hpp"
#include "loss.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Several tasks over one trunk (Caruana 1997): output h has the h-th loss, and an outcome teaches the output that `feedback.head` names:
/// `tasks{logistic{}, squared{}}` with `click` and `rating(4).at(1)`.
template <class... Losses> struct tasks {
    static constexpr std::size_t outputs = sizeof...(Losses);
    std::tuple<Losses...> losses;

    constexpr tasks() = default;
    constexpr explicit tasks(Losses... each) requires(sizeof...(Losses) > 0) : losses(each...) {}

    /// scores, slopes: (outputs). Gives the loss, writes the slopes.
    template <class T> T of(const T* scores, T label, std::size_t head, T* slopes) const noexcept {
        std::fill_n(slopes, outputs, T(0));
        T loss = 0;
        at(head, [&](const auto& task) {
            loss = task.value(scores[head], label);
            slopes[head] = task.slope(scores[head], label);
        });
        return loss;
    }
    bool accepts(float label, std::size_t head) const noexcept {
        bool accepted = false;  // also of a head that is not there
        at(head, [&](const auto& task) { accepted = task.accepts(label, 0); });
        return accepted;
    }
    status validate() const noexcept {
        status result;
        std::apply([&](const auto&... task) { static_cast<void>(((result = task.validate(), static_cast<bool>(result)) && ...)); }, losses);
        return result;
    }

private:
    template <class F> void at(std::size_t head, F&& f) const noexcept {
        std::size_t here = 0;
        std::apply([&](const auto&... task) { ((here++ == head ? f(task) : void()), ...); }, losses);
    }
};

/// Cross-entropy of a softmax over the outputs, one a class; the label is the index of the right one (Bishop 2006, eq. 4.108). O(Classes).
template <std::size_t Classes> struct multinomial {
    static_assert(Classes >= 2, "multinomial<Classes> chooses among two or more");
    static constexpr std::size_t outputs = Classes;

    template <class T> T of(const T* scores, T label, std::size_t, T* slopes) const noexcept {
        const auto right = static_cast<std::size_t>(label);
        const T top = *std::max_element(scores, scores + Classes);
        T total = 0;
        for (std::size_t k = 0; k < Classes; ++k) total += slopes[k] = std::exp(scores[k] - top);
        for (std::size_t k = 0; k < Classes; ++k) slopes[k] /= total;
        slopes[right] -= T(1);
        return std::log(total) - (scores[right] - top);
    }
    static bool accepts(float label, std::size_t) noexcept {
        return detail::label_within(label, 0, static_cast<double>(Classes - 1)) && label == std::floor(label);
    }
    static status validate() noexcept { return {}; }
};

}  // namespace rivulet::inline RIVULET_ABI
