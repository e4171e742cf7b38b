// SPDX-License-Identifier: MIT
// One learning example of a pipeline: a request and what came of some of its items, forward and backward through the plan.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>

#include "plan.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// Adds the slopes of one request's outcomes to `g`, an arena of the pipeline's shape. Works on current weights throughout, candidate
/// values included. The request's side is evaluated once forward and once backward, however many outcomes there are.
template <class Plan, class Request> class gradient {
    using scalar = typename Plan::scalar;
    static constexpr std::size_t count = Plan::count, first = Plan::first, stride = padded(first), chunk = 16;
    static constexpr auto at = Plan::at;
    using components = decltype(Plan::components);
    template <std::size_t I> using component = std::tuple_element_t<I, components>;
    template <std::size_t I> static constexpr binding bound = component<I>::bound;
    template <std::size_t I>
    static constexpr bool learned = !is_fitted<component<I>> && component<I>::weights + candidate_weights<component<I>> > 0;
    using ranker = decltype(Plan::ranker);

    /// Columns of each component in the fused row.
    static constexpr std::array<std::size_t, count + 1> column = [] {
        std::array<std::size_t, count + 1> offsets{};
        each<count>([&](auto i) { offsets[i + 1] = offsets[i] + component<i>::width; });
        return offsets;
    }();
    static constexpr std::size_t fused = column[count];

public:
    gradient(const Plan& plan, const scalar* w, const Request& request, scalar* g) noexcept : plan_(plan), w_(w), request_(request), g_(g) {
        plan_.prepare_context(w_, request_, kept_, [&](std::size_t i, const scalar* out) {
            std::copy_n(out, column[i + 1] - column[i], fused_.data() + column[i]);
        });
        each<count>([&](auto i) {
            if constexpr (bound<i> == binding::pair && learned<i>) std::get<i>(part_slopes_).start_slope(std::get<i>(kept_.parts));
        });
        base_slope_.fill(0);
    }

    /// Takes up to `chunk` outcomes and gives the sum of their weighted losses. `slope_of(i, score)` gives {loss, slope} of outcome i.
    template <class Items, class SlopeOf> double add(std::size_t number, Items&& item, SlopeOf&& slope_of) noexcept {
        alignas(64) std::array<scalar, chunk * stride> sums, sum_slopes;
        alignas(64) std::array<scalar, chunk * ranker::activations> hidden, hidden_slopes;
        std::array<scalar, chunk * fused> inputs;
        std::array<scalar, chunk * Plan::values> values;
        std::array<scalar, chunk> scores, slopes;
        const rows<scalar> x{inputs.data(), number, fused}, sum{sums.data(), number, stride}, sum_slope{sum_slopes.data(), number, stride};
        const rows<scalar> value{values.data(), number, Plan::values};
        const rows<scalar> act{hidden.data(), number, ranker::activations}, act_slope{hidden_slopes.data(), number, ranker::activations};

        for (std::size_t r = 0; r < number; ++r) std::copy_n(kept_.base.data(), stride, sum[r]);
        each<count>([&](auto i) {
            const auto& stage = std::get<i>(plan_.components);
            if constexpr (bound<i> == binding::context)
                return;
            else if constexpr (bound<i> == binding::candidate)
                for (std::size_t r = 0; r < number; ++r) stage.forward(plan_.template own<i>(w_), item(r), x[r] + column[i]);
            else {
                for (std::size_t r = 0; r < number; ++r)
                    stage.prepare_candidate(w_ + at.candidate[i], item(r), value[r] + Plan::part_offset[i]);
                stage.forward(plan_.template own<i>(w_), std::get<i>(kept_.parts), rows<const scalar>(value.columns(Plan::part_offset[i])),
                              x.columns(column[i]));
            }
            math::multiply<scalar>(x.columns(column[i]), component<i>::width, w_ + at.block[i], first, sum);
        });
        plan_.ranker.forward(w_ + at.ranker, sum, act, scores.data());

        double loss = 0;
        for (std::size_t r = 0; r < number; ++r) {
            const auto [value_of_loss, slope] = slope_of(r, scores[r]);
            loss += value_of_loss;
            slopes[r] = slope;
        }
        plan_.ranker.backward(w_ + at.ranker, rows<const scalar>(sum), rows<const scalar>(act), slopes.data(), act_slope, sum_slope,
                              g_ + at.ranker);
        for (std::size_t r = 0; r < number; ++r) math::add_scaled(scalar(1), sum_slope[r], base_slope_.data(), stride);

        each<count>([&](auto i) {
            if constexpr (bound<i> != binding::context) {
                math::add_outer<scalar>(x.columns(column[i]), component<i>::width, sum_slope, first, g_ + at.block[i]);
                if constexpr (learned<i>) backward<i>(item, rows<const scalar>(sum_slope), value);
            }
        });
        return loss;
    }

    /// What is shared by all outcomes: the request's side.
    void finish() noexcept {
        math::add_scaled(scalar(1), base_slope_.data(), g_ + at.bias, stride);
        each<count>([&](auto i) {
            const auto& stage = std::get<i>(plan_.components);
            if constexpr (bound<i> == binding::context) {
                math::add_outer<scalar>({fused_.data() + column[i], 1, fused}, component<i>::width, {base_slope_.data(), 1, stride}, first,
                                        g_ + at.block[i]);
                if constexpr (learned<i>) {
                    std::array<scalar, component<i>::width> slope{};
                    math::multiply_transposed<scalar>({base_slope_.data(), 1, stride}, first, w_ + at.block[i], slope.size(),
                                                      {slope.data(), 1, slope.size()});
                    stage.backward(plan_.template own<i>(w_), request_, slope.data(), plan_.template own<i>(g_));
                }
            } else if constexpr (bound<i> == binding::pair && learned<i>) {
                stage.backward_context(plan_.template own<i>(w_), request_, std::get<i>(part_slopes_), plan_.template own<i>(g_));
            }
        });
    }

    static constexpr std::size_t chunk_size = chunk;

private:
    template <std::size_t I, class Items> void backward(Items& item, rows<const scalar> sum_slope, rows<scalar> value) noexcept {
        const auto& stage = std::get<I>(plan_.components);
        std::array<scalar, chunk * component<I>::width> slopes{};
        const rows<scalar> slope{slopes.data(), sum_slope.count, component<I>::width};
        math::multiply_transposed<scalar>(sum_slope, first, w_ + at.block[I], component<I>::width, slope);
        if constexpr (bound<I> == binding::candidate) {
            for (std::size_t r = 0; r < slope.count; ++r)
                stage.backward(plan_.template own<I>(w_), item(r), slope[r], plan_.template own<I>(g_));
        } else {
            std::array<scalar, chunk * component<I>::candidate_part> part_slopes{};
            const rows<scalar> part_slope{part_slopes.data(), slope.count, component<I>::candidate_part};
            stage.backward(plan_.template own<I>(w_), std::get<I>(kept_.parts), rows<const scalar>(value.columns(Plan::part_offset[I])),
                           rows<const scalar>(slope), std::get<I>(part_slopes_), part_slope, plan_.template own<I>(g_));
            for (std::size_t r = 0; r < slope.count; ++r)
                stage.backward_candidate(w_ + at.candidate[I], item(r), part_slope[r], g_ + at.candidate[I]);
        }
    }

    const Plan& plan_;
    const scalar* w_;
    const Request& request_;
    scalar* g_;
    typename Plan::request_values kept_;
    typename Plan::context_parts part_slopes_;
    std::array<scalar, fused> fused_;        // the context's columns; the others are a chunk's
    std::array<scalar, stride> base_slope_;  // of the context's share and the bias
};

}  // namespace rivulet::inline RIVULET_ABI::detail
