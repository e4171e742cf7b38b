// SPDX-License-Identifier: MIT
// What moves a pipeline's weights: slopes, clipping, frozen parts, and the updater with its state.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "../core/arena.hpp"
#include "../math/settings.hpp"
#include "../math/vector.hpp"
#include "layout.hpp"
#include "memories.hpp"

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

public:
    using memories = typename Plan::memories;

    descent(const Updater& updater, const setup& start)
        : updater_(updater), limits_(start), state_(Updater::state * at.learned), slopes_(at.size) {}

    /// Where a step's slopes are added up: an arena of the pipeline's shape, zero where weights descend.
    scalar* begin() noexcept {
        for (std::size_t k = 0; k < at.stretch_count; ++k)
            std::fill(slopes_.data() + at.stretches[k].begin, slopes_.data() + at.stretches[k].end, scalar(0));
        return slopes_.data();
    }

    /// One step along `scale` times the slopes. Refused, and no weight moved, for a gradient beyond the limit. `clipped` is told.
    status step(const Plan& plan, scalar* w, memories& kept, scalar scale, bool& clipped) noexcept {
        scalar* g = slopes_.data();
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
        each_table(plan, kept, [&](auto& table) { table.step(updater_, steps_); });
        each_run([&](std::size_t first, std::size_t last, std::size_t state) {
            updater_.step(w + first, g + first, updater_state<scalar>{state_.data() + state, at.learned, steps_}, last - first);
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
    /// f(slopes, count) for what descends and is not frozen, of the arena and of the rows that the step touches.
    template <class F> void each_stretch(const Plan& plan, memories& kept, F&& f) noexcept {
        each_run([&](std::size_t first, std::size_t last, std::size_t) { f(slopes_.data() + first, last - first); });
        each_table(plan, kept, [&](auto& table) { table.each_touched([&](scalar*, scalar* slopes) { f(slopes, table.width); }); });
    }
    scalar norm(const Plan& plan, const memories& kept) const noexcept {
        scalar squares = 0;
        each_run([&](std::size_t first, std::size_t last, std::size_t) {
            squares += math::dot(slopes_.data() + first, slopes_.data() + first, last - first);
        });
        each_table(plan, kept, [&](const auto& table) { squares += table.squares(); });
        return std::sqrt(squares);
    }
    void multiply(const Plan& plan, memories& kept, scalar factor) noexcept {
        each_stretch(plan, kept, [&](scalar* slopes, std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) slopes[i] *= factor;
        });
    }

    Updater updater_;
    setup limits_;
    std::uint64_t steps_ = 0;
    std::array<bool, at.most_stretches> frozen_{};
    std::array<bool, Plan::count> still_{};  // components
    arena<scalar> state_;                    // the updater's: (Updater::state, at.learned)
    arena<scalar> slopes_;                   // of one step; kept so that a step allocates nothing
};

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
