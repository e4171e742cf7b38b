// SPDX-License-Identifier: MIT
// Why a score is what it is: what each part of a pipeline, and each id that it looks up, adds to it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../core/arena.hpp"
#include "../core/type_name.hpp"
#include "../math/dense.hpp"
#include "../math/dropout.hpp"
#include "../pipeline/checks.hpp"
#include "../pipeline/layout.hpp"

namespace rivulet::inline RIVULET_ABI {

/// What one part of a score comes from.
struct reason {
    double amount = 0;           ///< in units of the score
    std::size_t component = 0;   ///< which of the fuse's
    std::string name{};          ///< its type and what it reads, such as "hashed(page, ad)"
    std::vector<item_id> ids{};  ///< what it looked up: one id, or those of a cross or a pair; none for what is not of a single look-up
};

/// score = base + remainder + the sum of all amounts.
struct explanation {
    double score = 0;
    double base = 0;                ///< the score if every component gave zeros: what biases alone come to
    double remainder = 0;           ///< rounding, and under a ranker with hidden layers what `explain_settings.steps` are too few for
    std::vector<reason> reasons{};  ///< the largest amount first, whatever its sign
};

struct explain_settings {
    std::size_t steps = 64;  ///< of the sum that stands for an integral; under a ranker of one layer 1 is exact and is used
};

namespace detail {

template <class Pipeline, class Request, class Item> class account {
    using plan = typename Pipeline::plan;
    using scalar = typename Pipeline::scalar;
    using ranker = decltype(plan::ranker);
    static constexpr auto at = plan::at;
    static constexpr std::size_t first = plan::first, stride = padded(first);
    template <std::size_t I> using component = std::tuple_element_t<I, decltype(plan::components)>;
    template <class Components> struct outputs_of;
    template <class... C> struct outputs_of<std::tuple<C...>> { using type = std::tuple<std::array<scalar, C::width>...>; };

public:
    account(const Pipeline& of, const Request& request, const Item& item) noexcept : of_(of), request_(request), item_(item) {}

    explanation settle(std::size_t steps) {
        explanation found;
        std::array<scalar, stride> sums{};  // the first layer's share of all components together
        each<plan::count>([&](auto i) {
            auto& out = std::get<i>(outputs_);
            output<i>(out);
            math::multiply<scalar>({out.data(), 1, out.size()}, out.size(), weights() + at.block[i], first, {sums.data(), 1, stride});
        });
        found.base = walk(sums, 0, nullptr);
        std::array<scalar, stride> slope{};
        steps = ranker::layers == 1 ? 1 : std::max<std::size_t>(steps, 1);
        for (std::size_t s = 0; s < steps; ++s)
            walk(sums, static_cast<scalar>((static_cast<double>(s) + 0.5) / static_cast<double>(steps)), slope.data());
        for (scalar& one : slope) one /= static_cast<scalar>(steps);
        found.score = walk(sums, 1, nullptr);
        if (!math::finite(found.score)) require({errc::nonfinite, "score"});
        found.remainder = found.score - found.base;
        each<plan::count>([&](auto i) { share<i>(slope, found); });
        std::stable_sort(found.reasons.begin(), found.reasons.end(),
                         [](const reason& a, const reason& b) { return std::abs(a.amount) > std::abs(b.amount); });
        return found;
    }

private:
    const scalar* weights() const noexcept { return of_.weights().data(); }
    template <std::size_t I> const auto& known() const noexcept { return std::get<I>(of_.kept()); }

    /// What component I gives for the pair.
    template <std::size_t I> void output(std::array<scalar, component<I>::width>& out) const noexcept {
        const plan& all = of_.evaluation();
        const auto& stage = std::get<I>(all.components);
        const auto one_side = [&](const auto& side) {
            if constexpr (has_memory<component<I>>)
                stage.forward(plan::template own<I>(weights()), known<I>(), side, out.data());
            else
                stage.forward(plan::template own<I>(weights()), side, out.data());
        };
        if constexpr (component<I>::bound == binding::context)
            one_side(request_);
        else if constexpr (component<I>::bound == binding::candidate)
            one_side(item_);
        else {
            typename component<I>::template context_part<scalar> kept;
            std::array<scalar, component<I>::candidate_part> part;
            all.template prepare_context_part<I>(weights(), of_.kept(), request_, kept);
            all.template prepare_part<I>(weights(), plan::template candidate_side<I>(of_.kept()), item_, part.data());
            all.template join_parts<I>(weights(), of_.kept(), kept, {part.data(), 1, part.size()}, {out.data(), 1, out.size()});
        }
    }

    /// The score if components gave `part` of what they give; its slope by the first layer's sums is added to `slope`.
    double walk(const std::array<scalar, stride>& sums, scalar part, scalar* slope) {
        const ranker& judge = of_.evaluation().ranker;
        alignas(64) std::array<scalar, stride> row, row_slope;
        alignas(64) std::array<scalar, ranker::activations> hidden, hidden_slope;
        alignas(64) std::array<scalar, padded(ranker::outputs)> scores, served{};
        std::copy_n(of_.serving().data(), ranker::outputs, served.data());
        for (std::size_t j = 0; j < stride; ++j) row[j] = weights()[at.bias + j] + part * sums[j];
        const rows<scalar> in{row.data(), 1, stride}, between{hidden.data(), 1, hidden.size()}, out{scores.data(), 1, scores.size()};
        judge.forward(weights() + at.ranker, in, between, out, noise{});
        if (slope != nullptr) {
            judge.backward(weights() + at.ranker, rows<const scalar>(in), rows<const scalar>(between),
                           rows<const scalar>{served.data(), 1, served.size()}, rows<scalar>{hidden_slope.data(), 1, hidden.size()},
                           rows<scalar>{row_slope.data(), 1, stride}, unused_.data(), noise{});
            math::add_scaled(scalar(1), row_slope.data(), slope, stride);
        }
        double score = 0;
        for (std::size_t o = 0; o < ranker::outputs; ++o) score += static_cast<double>(served[o]) * static_cast<double>(scores[o]);
        return score;
    }

    /// The reasons that component I gives. slope: of the first layer's sums, the mean on the way.
    template <std::size_t I> void share(const std::array<scalar, stride>& slope, explanation& found) const {
        constexpr std::size_t width = component<I>::width;
        const auto& out = std::get<I>(outputs_);
        std::array<double, width> price, left;  // of a unit of each output; what no id accounts for
        for (std::size_t k = 0; k < width; ++k) {
            price[k] = static_cast<double>(math::dot(slope.data(), weights() + at.block[I] + k * stride, first));
            left[k] = static_cast<double>(out[k]);
        }
        const std::string name = std::string(type_name<component<I>>()) + "(" + names_of(typename component<I>::inputs{}) + ")";
        const auto add = [&](std::span<const item_id> ids, double amount) {
            found.reasons.push_back({amount, I, name, {ids.begin(), ids.end()}});
            found.remainder -= amount;
        };
        const auto see = [&](std::span<const item_id> ids, const scalar* numbers) {
            double amount = 0;
            for (std::size_t k = 0; k < width; ++k) {
                amount += price[k] * static_cast<double>(numbers[k]);
                left[k] -= static_cast<double>(numbers[k]);
            }
            add(ids, amount);
        };
        const auto& stage = std::get<I>(of_.evaluation().components);
        if constexpr (requires { stage.explain(weights(), weights(), known<I>(), request_, item_, see); })
            stage.explain(plan::template own<I>(weights()), weights() + at.candidate[I], known<I>(), request_, item_, see);
        double rest = 0, scale = 0;
        for (std::size_t k = 0; k < width; ++k) {
            rest += price[k] * left[k];
            scale = std::max(scale, std::abs(price[k] * static_cast<double>(out[k])));
        }
        if (std::abs(rest) > 1e-5 * scale) add({}, rest);  // smaller ones are rounding
    }

    template <class... Features> static std::string names_of(features<Features...>) {
        std::string text;
        ((text += (text.empty() ? "" : ", ") + std::string(type_name<Features>())), ...);
        return text;
    }

    const Pipeline& of_;
    const Request& request_;
    const Item& item_;
    typename outputs_of<decltype(plan::components)>::type outputs_;    // what each component gives: (width)
    arena<scalar> unused_{std::max<std::size_t>(ranker::weights, 1)};  // slopes of the ranker's weights, which nobody asks for
};

}  // namespace detail

/// Why `ranker.score(visit, item)` is what it is under the current weights (a catalogue's entry agrees after a refresh). Every component's
/// outputs are followed from zero to what they are, all at once and in a straight line, and each is given the slope of the score on the
/// way: integrated gradients with a baseline of zeros (Sundararajan, Taly & Yan 2017, equation 1), whose amounts add up to the score. Under
/// `linear` and `additive` that is weight times output. A component that looks ids up divides its amount among them as it adds them up
/// itself: hashed and embed by id, factorisation by pair of ids, attend_ids, similar, folded and personal by what the user took. Of an
/// output that is not a sum over ids, the second of `similar`, each has its share of what it is a function of.
/// Cold: allocates. Throws rivulet::error for what score would refuse. O(steps) passes through the ranker's hidden layers.
template <class Pipeline, class Request, class Item>
explanation explain(const Pipeline& ranker, const Request& request, const Item& item, explain_settings how = {}) {
    detail::require(detail::checks<typename Pipeline::plan>::pair(request, item));
    return detail::account<Pipeline, Request, Item>(ranker, request, item).settle(how.steps);
}

}  // namespace rivulet::inline RIVULET_ABI
