// SPDX-License-Identifier: MIT
// What moves a pipeline's weights: slopes, clipping, frozen parts, and the updater with its state.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/arena.hpp"
#include "../math/settings.hpp"
#include "../math/slopes.hpp"
#include "../math/vector.hpp"
#include "../update/foresight.hpp"
#include "layout.hpp"
#include "memories.hpp"
#include "objective.hpp"

namespace rivulet::inline RIVULET_ABI {

/// How a pipeline starts, and how far it lets one step go.
struct setup {
    std::uint64_t seed = 1;           ///< of the first weights, and of dropout
    float gradient_limit = 1e6f;      ///< Euclidean norm of one step's gradient beyond which the step is refused
    float clip_norm = 0;              ///< a gradient with a larger Euclidean norm is shortened to it (Pascanu et al. 2013); 0 is off
    float clip_value = 0;             ///< each number of a gradient is kept within +-this, before its norm is looked at; 0 is off
    std::size_t longest_list = 1024;  ///< outcomes that a loss over a list takes in one step

    status validate() const noexcept {
        return detail::first_refusal({detail::above_zero(gradient_limit, "setup.gradient_limit must be a finite number above 0"),
                                      detail::zero_or_more(clip_norm, "setup.clip_norm must be a finite number of 0 or more"),
                                      detail::zero_or_more(clip_value, "setup.clip_value must be a finite number of 0 or more")});
    }
};

/// What a step learned from: the weighted mean loss before the step, over lists the mean of the lists'. A refused step changed nothing.
struct learned {
    double loss = 0;
    rivulet::status status{};
    bool clipped = false;  ///< the gradient was shortened as setup.clip_norm or clip_value say
    explicit operator bool() const noexcept { return static_cast<bool>(status); }
};

namespace detail {

template <class Plan, class Updater> class descent {
    using scalar = typename Plan::scalar;
    static constexpr auto at = Plan::at;

    static constexpr bool steps_along_lines = requires(const Updater& u, scalar* w, const outer_product<scalar>& g) {
        { u.step(w, g, std::uint64_t(0)) } -> std::same_as<bool>;
    };

public:
    using memories = typename Plan::memories;
    /// The updater looks ahead at one outcome, before it steps.
    static constexpr bool foresighted = foresighted_updater<Updater, scalar>;

    descent(const Updater& updater, const setup& start)
        : updater_(updater), limits_(start), state_(Updater::state * at.learned + (foresighted ? total_numbers : 0)), slopes_(at.size) {}

    /// Where a step's slopes are added up: an arena of the pipeline's shape, zero where weights descend. `few`: the step makes each product
    /// once, of rows that stay where they are until it is over, so that products may be kept as their factors.
    slope_place<scalar> begin(const Plan& plan, bool few) noexcept {
        products_.clear();
        const bool keeps = few && !(limits_.clip_value > 0);  // which looks at every number
        for (std::size_t k = 0; k < at.stretch_count; ++k)
            if (!keeps || at.stretches[k].owner.what == owner::kind::component)
                std::fill(slopes_.data() + at.stretches[k].begin, slopes_.data() + at.stretches[k].end, scalar(0));
        if (keeps) {
            std::fill_n(slopes_.data() + at.bias, padded(Plan::first), scalar(0));
            plan.ranker.clear(slopes_.data() + at.ranker);
        }
        return {slopes_.data(), keeps ? &products_ : nullptr};
    }

    /// One step along `scale` times the slopes. Refused, and no weight moved, for a gradient beyond the limit. `clipped` is told. `only`:
    /// of a foresighted updater, the outcome that the slopes are of.
    template <class Loss>
    status step(const Plan& plan, scalar* w, memories& kept, scalar scale, bool& clipped, const Loss& loss,
                const heard<scalar>& only) noexcept {
        each_table(plan, kept, [&](auto& table) { table.add_shrinkage(); });
        const scalar raw = scale * norm(plan, kept);
        if (!math::finite(raw) || raw > static_cast<scalar>(limits_.gradient_limit))
            return {errc::gradient, "learn", static_cast<double>(limits_.gradient_limit), static_cast<double>(raw)};
        if (scale != scalar(1)) multiply(plan, kept, scale);
        if (const auto most = static_cast<scalar>(limits_.clip_value); most > scalar(0))
            each_stretch(plan, kept, [&](scalar* slopes, std::size_t n) {
                for (std::size_t i = 0; i < n; ++i) {
                    clipped = clipped || slopes[i] > most || slopes[i] < -most;
                    slopes[i] = std::clamp(slopes[i], -most, most);
                }
            });
        if (const auto longest = static_cast<scalar>(limits_.clip_norm); longest > scalar(0))
            if (const scalar length = norm(plan, kept); length > longest) {
                clipped = true;
                multiply(plan, kept, longest / length);
            }
        if constexpr (foresighted)
            look_and_move(plan, w, kept, loss, only);
        else
            each_range<true>(plan, w, kept, [&](scalar* weights, const scalar* slopes, updater_state<scalar> state, std::size_t n) {
                updater_.step(weights, slopes, state, n);
            });
        ++steps_;
        return {};
    }

    bool component_frozen(std::size_t i) const noexcept { return still_[i]; }
    /// Components i with choose(i).
    template <class Choose> void freeze_components(Choose&& choose, bool still) noexcept {
        for (std::size_t k = 0; k < at.stretch_count; ++k)
            if (at.stretches[k].owner.what == owner::kind::component && choose(at.stretches[k].owner.index)) frozen_[k] = still;
        for (std::size_t i = 0; i < Plan::count; ++i)
            if (choose(i)) still_[i] = still;
    }
    /// The first `count` layers; the others learn.
    void freeze_layers(std::size_t count) noexcept {
        for (std::size_t k = 0; k < at.stretch_count; ++k)
            if (at.stretches[k].owner.what == owner::kind::layer) frozen_[k] = at.stretches[k].owner.index < count;
    }

    const Updater& updater() const noexcept { return updater_; }
    const setup& limits() const noexcept { return limits_; }
    std::uint64_t steps() const noexcept { return steps_; }
    void resume_at(std::uint64_t steps) noexcept { steps_ = steps; }
    arena<scalar>& state() noexcept { return state_; }
    const arena<scalar>& state() const noexcept { return state_; }
    std::size_t memory() const noexcept { return (state_.size() + slopes_.size()) * sizeof(scalar); }

private:
    /// f(weights, slopes, state, count) for all that descends and is not frozen, of the arena and of the rows that the step touches.
    /// `Changes`: f changes weights, and the rows' slopes are forgotten.
    template <bool Changes, class F> void each_range(const Plan& plan, scalar* w, memories& kept, F&& f) noexcept {
        const auto of_table = [&](scalar* weights, const scalar* slopes, scalar* state, std::size_t apart, std::size_t n) {
            f(weights, slopes, updater_state<scalar>{state, apart, steps_}, n);
        };
        each_table(plan, kept, [&](auto& table) {
            if constexpr (Changes)
                table.template change<Updater::state>(of_table);
            else
                table.template look<Updater::state>(of_table);
        });
        const auto state_at = [&](std::size_t state) { return updater_state<scalar>{state_.data() + state, at.learned, steps_}; };
        each_piece([&](std::size_t first, std::size_t last,
                       std::size_t state) { f(w + first, slopes_.data() + first, state_at(state), last - first); },
                   [&](const outer_product<scalar>& one, std::size_t first, std::size_t state) {
                       if constexpr (Changes && steps_along_lines)
                           if (products_.scale == scalar(1) && updater_.step(w + first, one, steps_)) return;
                       constexpr std::size_t room = 2048;  // numbers at a time, in the first cache
                       alignas(64) std::array<scalar, room> numbers;
                       for (std::size_t done = 0; done < one.size(); done += room) {
                           const std::size_t n = std::min(room, one.size() - done);
                           one.write(done, n, products_.scale, numbers.data());
                           f(w + first + done, static_cast<const scalar*>(numbers.data()), state_at(state + done), n);
                       }
                   });
    }

    /// A step in two phases, as update/foresight.hpp describes.
    template <class Loss>
    void look_and_move(const Plan& plan, scalar* w, memories& kept, const Loss& loss, const heard<scalar>& only) noexcept {
        static_assert(divisible_loss<Loss, scalar>,
                      "this updater looks ahead at one score and its label: it takes logistic{}, squared{} or huber{}");
        const pull<scalar> with{only.slope / only.weight, only.weight};
        foresight ahead;
        each_range<false>(plan, w, kept, [&](scalar*, const scalar* slopes, updater_state<scalar> state, std::size_t n) {
            ahead += updater_.measure(slopes, state, n, with);
        });
        mean_size total = this->total();
        if (ahead.size > 0) put_total(total = total.with(static_cast<double>(only.weight), ahead.size));
        scalar factor = updater_.template factor<scalar>(total, steps_);
        factor *= damping(loss, only.score, only.label, with.slope, factor * static_cast<scalar>(ahead.movement));
        each_range<true>(plan, w, kept, [&](scalar* weights, const scalar* slopes, updater_state<scalar> state, std::size_t n) {
            updater_.step(weights, slopes, state, n, with, factor);
        });
    }

    // What a foresighted updater keeps over all steps lies behind the weights' state, so that it is saved and hashed with it: two sums,
    // each a large part and a small one, because a float stops counting at 2^24.
    static constexpr std::size_t total_numbers = 4;
    mean_size total() const noexcept {
        const scalar* const n = state_.data() + Updater::state * at.learned;
        return {static_cast<double>(n[0]) + static_cast<double>(n[1]), static_cast<double>(n[2]) + static_cast<double>(n[3])};
    }
    void put_total(const mean_size& sums) noexcept {
        scalar* n = state_.data() + Updater::state * at.learned;
        for (const double sum : {sums.weight, sums.size}) {
            const double large = std::floor(sum / 0x1p20) * 0x1p20;
            *n++ = static_cast<scalar>(large);
            *n++ = static_cast<scalar>(sum - large);
        }
    }

    /// The same in pieces: written(begin, end, state) where slopes are written down, product(product, begin, state) where they are not.
    template <class Written, class Product> void each_piece(Written&& written, Product&& product) const noexcept {
        const scalar* const slopes = slopes_.data();
        each_run([&](std::size_t first, std::size_t last, std::size_t state) {
            std::size_t from = first;
            for (const auto* one = products_.from(slopes + first); one != products_.end() && one->slope() < slopes + last; ++one) {
                const auto here = static_cast<std::size_t>(one->slope() - slopes);
                if (here > from) written(from, here, state + (from - first));
                product(*one, here, state + (here - first));
                from = here + one->size();
            }
            if (from < last) written(from, last, state + (from - first));
        });
    }
    /// f(begin, end, state) for what descends and is not frozen, in as few runs as there can be.
    template <class F> void each_run(F&& f) const noexcept {
        for (std::size_t k = 0; k < at.stretch_count;) {
            if (frozen_[k]) {
                ++k;
                continue;
            }
            const stretch& first = at.stretches[k];
            std::size_t end = first.end;
            for (++k; k < at.stretch_count && !frozen_[k] && at.stretches[k].begin == end; ++k) end = at.stretches[k].end;
            f(first.begin, end, first.state);
        }
    }
    /// f(slopes, count) for what is written down of what descends and is not frozen, of the arena and of the rows that the step touches.
    template <class F> void each_stretch(const Plan& plan, memories& kept, F&& f) noexcept {
        each_piece([&](std::size_t first, std::size_t last, std::size_t) { f(slopes_.data() + first, last - first); },
                   [](const auto&, std::size_t, std::size_t) {});
        each_table(plan, kept, [&](auto& table) {
            const std::span<scalar> slopes = table.step_slopes();
            f(slopes.data(), slopes.size());
        });
    }
    scalar norm(const Plan& plan, const memories& kept) const noexcept {
        scalar squares = 0;
        each_piece([&](std::size_t first, std::size_t last,
                       std::size_t) { squares += math::dot(slopes_.data() + first, slopes_.data() + first, last - first); },
                   [&](const outer_product<scalar>& one, std::size_t, std::size_t) {
                       squares += one.squares() * products_.scale * products_.scale;
                   });
        each_table(plan, kept, [&](const auto& table) {
            const std::span<const scalar> slopes = table.step_slopes();
            squares += math::dot(slopes.data(), slopes.data(), slopes.size());
        });
        return std::sqrt(squares);
    }
    void multiply(const Plan& plan, memories& kept, scalar factor) noexcept {
        each_stretch(plan, kept, [&](scalar* slopes, std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) slopes[i] *= factor;
        });
        products_.scale *= factor;
    }

    Updater updater_;
    setup limits_;
    std::uint64_t steps_ = 0;
    std::array<bool, at.most_stretches> frozen_{};
    std::array<bool, Plan::count> still_{};  // components
    arena<scalar> state_;                    // the updater's: (Updater::state, at.learned)
    arena<scalar> slopes_;                   // of one step; kept so that a step allocates nothing
    outer_products<scalar> products_;        // of one step: slopes that are not written down
};

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
