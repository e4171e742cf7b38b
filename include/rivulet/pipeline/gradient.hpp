// SPDX-License-Identifier: MIT
// Learning examples of a pipeline: requests and what came of some of their items, forward and backward through the plan.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>

#include "../math/dropout.hpp"
#include "../math/slopes.hpp"
#include "plan.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// Adds the slopes of up to `Requests` requests' outcomes to `g`, an arena of the pipeline's shape. Works on current weights throughout,
/// candidate values included. A request's side is evaluated once forward and once backward, however many outcomes it has; the first
/// layer takes all requests, the others all outcomes, in one product. Outcomes come in chunks of up to `Chunk`: begin, then forward and
/// backward for each chunk, then finish. One request and a small chunk fit on the stack.
template <class Plan, class Request, std::size_t Requests = 1, std::size_t Chunk = 16> class gradient {
    using scalar = typename Plan::scalar;
    static constexpr std::size_t count = Plan::count, first = Plan::first, stride = padded(first);
    static constexpr auto at = Plan::at;
    using components = decltype(Plan::components);
    template <std::size_t I> using component = std::tuple_element_t<I, components>;
    template <std::size_t I> static constexpr binding bound = component<I>::bound;
    template <std::size_t I>
    static constexpr bool
        learned = (has_memory<component<I>> && !is_fitted<component<I>>) || component<I>::weights > fitted_weights<component<I>> ||
                  (component<I>::bound == binding::pair && candidate_weights<component<I>> > fitted_candidate_weights<component<I>>);
    using ranker = decltype(Plan::ranker);

    /// Columns of each component in the fused row.
    static constexpr std::array<std::size_t, count + 1> column = [] {
        std::array<std::size_t, count + 1> offsets{};
        each<count>([&](auto i) { offsets[i + 1] = offsets[i] + component<i>::width; });
        return offsets;
    }();
    static constexpr std::size_t fused = column[count];

public:
    static constexpr std::size_t requests = Requests, chunk = Chunk, output_stride = padded(ranker::outputs);

    /// What the first passes of a step need. `request(r)`, r < number <= Requests, gives the requests, which must live until finish.
    /// `learns(i)`: whether component i's own weights are to have slopes.
    template <class RequestOf, class Learns>
    void begin(const Plan& plan, const scalar* w, typename Plan::memories& known, slope_place<scalar> g, std::size_t number,
               RequestOf&& request, Learns&& learns, noise dropping) noexcept {
        plan_ = &plan;
        w_ = w;
        known_ = &known;
        g_ = g;
        number_ = number;
        context_noise_ = dropping;
        for (std::size_t i = 0; i < count; ++i) learns_[i] = learns(i);
        for (std::size_t r = 0; r < number; ++r) {
            request_[r] = &request(r);
            std::copy_n(w + at.bias, stride, base_.data() + r * stride);
        }
        each<count>([&](auto i) {
            [[maybe_unused]] const auto& stage = std::get<i>(plan.components);
            for (std::size_t r = 0; r < number; ++r)
                if constexpr (bound<i> == binding::context)
                    forward<i>(stage, *request_[r], context(r) + column[i], context_noise(r), std::get<i>(request_traces_[r]).value);
                else if constexpr (bound<i> == binding::pair) {
                    plan.template prepare_context_part<i>(w, known, *request_[r], std::get<i>(kept_[r]).value);
                    if constexpr (learned<i>) std::get<i>(part_slopes_[r]).value.start_slope(std::get<i>(kept_[r]).value);
                }
            if constexpr (bound<i> == binding::context)
                math::multiply<scalar>(context_rows().columns(column[i]), component<i>::width, w + at.block[i], first, base_rows());
        });
        std::fill_n(base_slope_.data(), number * stride, scalar(0));
    }

    /// Scores of up to Chunk outcomes: (number, output_stride). `request(k)`: which request the k-th is of, in ascending order; `item(k)`.
    template <class RequestOf, class Items>
    rows<scalar> forward(std::size_t number, RequestOf&& request, Items&& item, noise dropping) noexcept {
        rows_ = number;
        noise_ = dropping;
        const rows<scalar> x{inputs_.data(), number, fused}, sum{sums_.data(), number, stride};
        const rows<scalar> value{values_.data(), number, Plan::values};
        for (std::size_t k = 0; k < number; ++k) {
            of_[k] = request(k);
            std::copy_n(base_.data() + of_[k] * stride, stride, sum[k]);
        }
        each<count>([&](auto i) {
            [[maybe_unused]] const auto& stage = std::get<i>(plan_->components);
            if constexpr (bound<i> == binding::context)
                return;
            else if constexpr (bound<i> == binding::candidate)
                for (std::size_t k = 0; k < number; ++k)
                    forward<i>(stage, item(k), x[k] + column[i], row_noise(k), std::get<i>(row_traces_[k]).value);
            else {
                for (std::size_t k = 0; k < number; ++k)
                    plan_->template prepare_part<i>(w_, Plan::template candidate_side<i>(*known_), item(k),
                                                    value[k] + Plan::part_offset[i]);
                each_request([&](std::size_t r, std::size_t from, std::size_t n) {
                    plan_->template join_parts<i>(w_, *known_, std::get<i>(kept_[r]).value,
                                                  rows<const scalar>(value.from(from, n).columns(Plan::part_offset[i])),
                                                  x.from(from, n).columns(column[i]));
                });
            }
            math::multiply<scalar>(x.columns(column[i]), component<i>::width, w_ + at.block[i], first, sum);
        });
        const rows<scalar> scores{scores_.data(), number, output_stride};
        plan_->ranker.forward(w_ + at.ranker, sum, rows<scalar>{hidden_.data(), number, ranker::activations}, scores, noise_);
        return scores;
    }

    /// Where the slopes of the scores that forward gave are to be written before backward.
    rows<scalar> slopes() noexcept {
        if constexpr (output_stride > ranker::outputs) std::fill_n(slopes_.data(), rows_ * output_stride, scalar(0));  // the padding
        return {slopes_.data(), rows_, output_stride};
    }

    template <class Items> void backward(Items&& item) noexcept {
        const std::size_t number = rows_;
        const rows<scalar> x{inputs_.data(), number, fused}, sum{sums_.data(), number, stride};
        const rows<scalar> sum_slope{sum_slopes_.data(), number, stride};
        plan_->ranker.backward(w_ + at.ranker, rows<const scalar>(sum), rows<const scalar>{hidden_.data(), number, ranker::activations},
                               rows<const scalar>{slopes_.data(), number, output_stride},
                               rows<scalar>{hidden_slopes_.data(), number, ranker::activations}, sum_slope, g_ + at.ranker, noise_);
        for (std::size_t k = 0; k < number; ++k) math::add_scaled(scalar(1), sum_slope[k], base_slope_.data() + of_[k] * stride, stride);
        each<count>([&](auto i) {
            if constexpr (bound<i> != binding::context) {
                if constexpr (!adds_up<ranker>) (g_ + at.block[i]).add_outer(x.columns(column[i]), component<i>::width, sum_slope, first);
                if constexpr (learned<i>)
                    if (learns_[i]) part_backward<i>(item);
            }
        });
    }

    /// What is shared by all outcomes: the requests' side.
    void finish() noexcept {
        const rows<const scalar> slope{base_slope_.data(), number_, stride};
        for (std::size_t r = 0; r < number_; ++r) math::add_scaled(scalar(1), slope[r], g_.at + at.bias, stride);
        each<count>([&](auto i) {
            const auto& stage = std::get<i>(plan_->components);
            if constexpr (bound<i> == binding::context) {
                if constexpr (!adds_up<ranker>)
                    (g_ + at.block[i]).add_outer(context_rows().columns(column[i]), component<i>::width, slope, first);
                if constexpr (learned<i>) {
                    if (!learns_[i]) return;
                    std::array<scalar, component<i>::width> out_slope;
                    for (std::size_t r = 0; r < number_; ++r) {
                        out_slope.fill(scalar(0));
                        math::multiply_transposed<scalar>(slope.from(r, 1), first, w_ + at.block[i], out_slope.size(),
                                                          {out_slope.data(), 1, out_slope.size()});
                        backward<i>(stage, *request_[r], out_slope.data(), context_noise(r), std::get<i>(request_traces_[r]).value);
                    }
                }
            } else if constexpr (bound<i> == binding::pair && learned<i>) {
                if (!learns_[i]) return;
                for (std::size_t r = 0; r < number_; ++r) {
                    if constexpr (has_memory<component<i>>)
                        stage.backward_context(own<i>(w_), std::get<i>(*known_), *request_[r], std::get<i>(part_slopes_[r]).value,
                                               own<i>(g_.at));
                    else
                        stage.backward_context(own<i>(w_), *request_[r], std::get<i>(part_slopes_[r]).value, own<i>(g_.at));
                }
            }
        });
    }

private:
    template <std::size_t I, class Number> static Number* own(Number* w) noexcept { return Plan::template own<I>(w); }
    scalar* context(std::size_t r) noexcept { return fused_.data() + r * fused; }
    rows<const scalar> context_rows() const noexcept { return {fused_.data(), number_, fused}; }
    rows<scalar> base_rows() noexcept { return {base_.data(), number_, stride}; }
    noise context_noise(std::size_t r) const noexcept { return context_noise_.of(r); }
    noise row_noise(std::size_t k) const noexcept { return noise_.of(k); }

    /// A component that has dropout takes the noise, too.
    template <std::size_t I, class Stage, class Side, class Trace>
    void forward(const Stage& stage, const Side& side, scalar* out, [[maybe_unused]] noise dropping,
                 [[maybe_unused]] Trace& trace) noexcept {
        if constexpr (!std::is_same_v<Trace, no_memory>)
            stage.forward(own<I>(w_), std::get<I>(*known_), side, out, trace, g_.at != nullptr && learns_[I]);
        else if constexpr (has_memory<component<I>>)
            stage.forward(own<I>(w_), std::get<I>(*known_), side, out);
        else if constexpr (requires { stage.forward(w_, side, out, dropping); })
            stage.forward(own<I>(w_), side, out, dropping);
        else
            stage.forward(own<I>(w_), side, out);
    }
    template <std::size_t I, class Stage, class Side, class Trace>
    void backward(const Stage& stage, const Side& side, const scalar* slope, [[maybe_unused]] noise dropping,
                  [[maybe_unused]] const Trace& trace) noexcept {
        if constexpr (!std::is_same_v<Trace, no_memory>)
            stage.backward(own<I>(w_), std::get<I>(*known_), side, slope, own<I>(g_.at), trace);
        else if constexpr (has_memory<component<I>>)
            stage.backward(own<I>(w_), std::get<I>(*known_), side, slope, own<I>(g_.at));
        else if constexpr (requires { stage.backward(w_, side, slope, g_, dropping); })
            stage.backward(own<I>(w_), side, slope, own<I>(g_.at), dropping);
        else
            stage.backward(own<I>(w_), side, slope, own<I>(g_.at));
    }

    /// f(request, first row, rows) for every run of rows of one request.
    template <class F> void each_request(F&& f) const noexcept {
        for (std::size_t from = 0, end = 0; from < rows_; from = end) {
            for (end = from + 1; end < rows_ && of_[end] == of_[from];) ++end;
            f(of_[from], from, end - from);
        }
    }

    template <std::size_t I, class Items> void part_backward(Items& item) noexcept {
        const auto& stage = std::get<I>(plan_->components);
        constexpr std::size_t width = component<I>::width;
        const rows<scalar> slope{part_slope_.data(), rows_, width}, value{values_.data(), rows_, Plan::values};
        std::fill_n(slope.data, rows_ * width, scalar(0));
        math::multiply_transposed<scalar>({sum_slopes_.data(), rows_, stride}, first, w_ + at.block[I], width, slope);
        if constexpr (bound<I> == binding::candidate) {
            for (std::size_t k = 0; k < rows_; ++k) backward<I>(stage, item(k), slope[k], row_noise(k), std::get<I>(row_traces_[k]).value);
        } else {
            constexpr std::size_t part_width = component<I>::candidate_part;
            const rows<scalar> part{candidate_slope_.data(), rows_, part_width};
            std::fill_n(part.data, rows_ * part_width, scalar(0));
            each_request([&](std::size_t r, std::size_t from, std::size_t n) {
                const rows<const scalar> parts(value.from(from, n).columns(Plan::part_offset[I])), out_slope(slope.from(from, n));
                if constexpr (has_memory<component<I>>)
                    stage.backward(own<I>(w_), std::get<I>(*known_), std::get<I>(kept_[r]).value, parts, out_slope,
                                   std::get<I>(part_slopes_[r]).value, part.from(from, n), own<I>(g_.at));
                else
                    stage.backward(own<I>(w_), std::get<I>(kept_[r]).value, parts, out_slope, std::get<I>(part_slopes_[r]).value,
                                   part.from(from, n), own<I>(g_.at));
            });
            for (std::size_t k = 0; k < rows_; ++k)
                if constexpr (has_memory<component<I>>)
                    stage.backward_candidate(w_ + at.candidate[I], std::get<I>(*known_), item(k), part[k], g_.at + at.candidate[I]);
                else
                    stage.backward_candidate(w_ + at.candidate[I], item(k), part[k], g_.at + at.candidate[I]);
        }
    }

    const Plan* plan_;
    const scalar* w_;
    typename Plan::memories* known_;
    slope_place<scalar> g_{nullptr};
    std::size_t number_, rows_;    // requests, and outcomes of the chunk at hand
    noise context_noise_, noise_;  // of the requests, and of the chunk at hand
    std::array<bool, count> learns_;
    std::array<const Request*, Requests> request_;
    std::array<std::size_t, Chunk> of_;  // the request of each outcome
    std::array<typename Plan::context_parts, Requests> kept_, part_slopes_;
    std::array<typename Plan::template traces<binding::context>, Requests> request_traces_;
    std::array<typename Plan::template traces<binding::candidate>, Chunk> row_traces_;
    std::array<scalar, Requests * fused> fused_;                           // the context's columns; the others are a chunk's
    alignas(64) std::array<scalar, Requests * stride> base_, base_slope_;  // bias and the context's share of the first layer
    alignas(64) std::array<scalar, Chunk * stride> sums_, sum_slopes_;
    alignas(64) std::array<scalar, Chunk * ranker::activations> hidden_, hidden_slopes_;
    alignas(64) std::array<scalar, Chunk * output_stride> scores_, slopes_;
    std::array<scalar, Chunk * fused> inputs_, part_slope_;
    std::array<scalar, Chunk * Plan::values> values_, candidate_slope_;
};

}  // namespace rivulet::inline RIVULET_ABI::detail
