// SPDX-License-Identifier: MIT
// One step's examples, chunk by chunk: scores, losses, slopes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "gradient.hpp"
#include "objective.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// Adds up the slopes of examples in `Room`, a gradient. `example(e)`, e < number, gives {request, outcomes}; all were checked.
template <class Loss, class Room, class Plan, class ExampleOf> class lesson {
    using scalar = typename Plan::scalar;
    static constexpr bool over_lists = listwise_loss<Loss, scalar>;
    struct place {
        std::size_t request, outcome;
    };

public:
    lesson(const Plan& plan, const Loss& loss, Room& room, outcome_list<scalar>& list, ExampleOf& example) noexcept
        : plan_(plan), loss_(loss), room_(room), list_(list), example_(example) {}

    /// `g`: where slopes go, or null to look at the losses alone.
    template <class Learns>
    loss_sum take(std::size_t number, const scalar* w, typename Plan::memories& known, slope_place<scalar> g, Learns&& learns,
                  noise dropping) noexcept {
        learning_ = g.at != nullptr;
        for (group_ = 0; group_ < number; group_ += Room::requests) {
            const std::size_t here = std::min(Room::requests, number - group_);
            noise_ = dropping.of(group_);
            room_.begin(
                plan_, w, known, g, here, [&](std::size_t r) -> const auto& { return example_(group_ + r).request; }, learns, noise_.of(0));
            for (std::size_t r = 0; r < here; ++r) {
                const std::size_t outcomes = size(r);
                if constexpr (over_lists) {
                    if (filled_ + outcomes > Room::chunk) flush();
                    if (outcomes > Room::chunk) {
                        take_long_list(r);
                        continue;
                    }
                }
                for (std::size_t o = 0; o < outcomes; ++o) {
                    if (filled_ == Room::chunk) flush();
                    place_[filled_++] = {r, o};
                }
            }
            flush();
            if (learning_) room_.finish();
        }
        return total_;
    }
    /// The last outcome that was learned from, of a loss that looks at each by itself: all that a step over one outcome was about.
    const heard<scalar>& last() const noexcept { return last_; }

private:
    std::size_t size(std::size_t r) const noexcept { return std::span(example_(group_ + r).outcomes).size(); }
    const auto& outcome(std::size_t k) const noexcept {
        return std::span(example_(group_ + place_[k].request).outcomes)[place_[k].outcome];
    }
    const feedback& said(std::size_t k) const noexcept { return outcome(k).feedback; }
    auto item() const noexcept {
        return [this](std::size_t k) -> const auto& { return outcome(k).item; };
    }
    rows<scalar> forward(std::size_t chunk) noexcept {
        return room_.forward(
            filled_, [this](std::size_t k) { return place_[k].request; }, item(), noise_.of(chunk + 1));
    }
    void add(const loss_sum& more) noexcept {
        total_.loss += more.loss;
        total_.weight += more.weight;
    }

    void flush() noexcept {
        if (filled_ == 0) return;
        const rows<scalar> scores = forward(chunk_), slopes = room_.slopes();
        if constexpr (over_lists)
            for (std::size_t k = 0, end = 0; k < filled_; k = end) {
                for (end = k; end < filled_ && place_[end].request == place_[k].request; ++end) list_.put(end - k, *scores[end], said(end));
                add(list_.judge(loss_, end - k));
                for (std::size_t i = k; i < end; ++i) *slopes[i] = list_.slope(i - k);
            }
        else
            add(judge_each(loss_, rows<const scalar>(scores), slopes, [this](std::size_t k) -> const feedback& { return said(k); }));
        if constexpr (pointwise_loss<Loss, scalar>) {
            const feedback& what = said(filled_ - 1);
            last_ = {*scores[filled_ - 1], static_cast<scalar>(what.label), *slopes[filled_ - 1], static_cast<scalar>(what.weight)};
        }
        if (learning_) room_.backward(item());
        filled_ = 0;
        ++chunk_;
    }

    /// A list that no chunk holds is scored as a whole, judged, and then scored and learned chunk by chunk.
    void take_long_list(std::size_t r) noexcept {
        const std::size_t number = size(r), before = chunk_;
        for (const bool scored : {false, true}) {
            if (scored && !learning_) break;
            chunk_ = before;
            for (std::size_t from = 0; from < number; from += Room::chunk, ++chunk_) {
                filled_ = std::min(Room::chunk, number - from);
                for (std::size_t k = 0; k < filled_; ++k) place_[k] = {r, from + k};
                const rows<scalar> scores = forward(chunk_), slopes = room_.slopes();
                for (std::size_t k = 0; k < filled_; ++k) {
                    if (scored)
                        *slopes[k] = list_.slope(from + k);
                    else
                        list_.put(from + k, *scores[k], said(k));
                }
                if (scored) room_.backward(item());
            }
            if (!scored) add(list_.judge(loss_, number));
        }
        filled_ = 0;
    }

    const Plan& plan_;
    const Loss& loss_;
    Room& room_;
    outcome_list<scalar>& list_;
    ExampleOf& example_;
    std::array<place, Room::chunk> place_;
    bool learning_ = true;
    std::size_t group_ = 0, filled_ = 0, chunk_ = 0;
    noise noise_{};
    loss_sum total_{};
    heard<scalar> last_{};
};

}  // namespace rivulet::inline RIVULET_ABI::detail
