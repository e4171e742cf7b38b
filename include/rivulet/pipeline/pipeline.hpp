// SPDX-License-Identifier: MIT
// The pipeline: features fused, ranked, learned. A plain value that owns its weights.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../core/arena.hpp"
#include "../core/hash.hpp"
#include "../math/loss.hpp"
#include "../update/feedback.hpp"
#include "../update/settings.hpp"
#include "catalogue.hpp"
#include "gradient.hpp"
#include "ranking.hpp"

namespace rivulet::inline RIVULET_ABI {

/// How a pipeline starts, and what it refuses to learn.
struct setup {
    std::uint64_t seed = 1;       ///< of the first weights
    float gradient_limit = 1e6f;  ///< Euclidean norm of one step's gradient beyond which the step is refused
};

/// One score, or why there is none.
struct judged {
    float score = 0;
    rivulet::status status{};
    explicit operator bool() const noexcept { return static_cast<bool>(status); }
};

/// What a step learned from: the weighted mean loss before the step. A refused step changed nothing.
struct learned {
    double loss = 0;
    rivulet::status status{};
    explicit operator bool() const noexcept { return static_cast<bool>(status); }
};

/// `pipeline ranker{fuse{...}, mlp<128, 64>{}, adagrad{.rate = 0.05f}}`; a loss and a setup may follow. Const calls may run on many
/// threads at once. score, rank and learn allocate nothing and throw nothing.
template <class Fuse, class Ranker, class Updater, class Loss = logistic, std::floating_point Scalar = float> class pipeline {
    using plan_type = detail::plan<Scalar, Fuse, Ranker>;
    static constexpr auto at = plan_type::at;
    static constexpr std::size_t learnable = at.size - at.fitted_end;
    static_assert(updater<Updater, Scalar>, "the third argument of a pipeline is an updater, such as adagrad{.rate = 0.05f}");
    static_assert(loss_function<Loss, Scalar>, "the fourth argument of a pipeline is a loss, such as logistic{}");

public:
    using scalar = Scalar;
    using plan = plan_type;
    using updater_type = Updater;
    using catalogue_type = rivulet::catalogue<plan_type>;
    static constexpr std::size_t small_ranking = 128;  // what rank(visit, items, k) has room for

    /// Draws the first weights. Throws rivulet::error for a setting outside its range.
    explicit pipeline(Fuse fused, Ranker ranker = {}, Updater updater = {}, Loss loss = {}, setup start = {})
        : plan_(fused, ranker), updater_(updater), loss_(loss), gradient_limit_(start.gradient_limit), weights_(at.size),
          state_(Updater::state * learnable), slopes_(at.size) {
        detail::require(plan_.validate());
        detail::require(updater_.validate());
        detail::require(detail::above_zero(gradient_limit_, "setup.gradient_limit must be a finite number above 0"));
        random seeded(start.seed);
        plan_.start(weights_.data(), seeded);
    }
    pipeline(Fuse fused, Ranker ranker, Updater updater, setup start) : pipeline(fused, ranker, updater, Loss{}, start) {}

    // ---- items

    /// A catalogue of `ids`, each feature's rows in the same order. Throws rivulet::error for a wrong width or count, a number that is
    /// not finite, or an id that comes twice.
    template <class... Given> catalogue_type catalogue(std::span<const item_id> ids, Given... parts) const {
        (detail::require(check_rows(parts, ids.size())), ...);
        catalogue_type items = catalogue();
        items.reserve(ids.size());
        for (std::size_t i = 0; i < ids.size(); ++i)
            detail::require(items.add(ids[i], Given{.data = parts.row(i), .size = Given::feature::width}...));
        return items;
    }
    /// An empty one, to be filled by add.
    catalogue_type catalogue() const { return catalogue_type(plan_, weights_.span()); }

    /// Publishes the weights that candidate values depend on, and recomputes those values. O(items).
    void refresh(catalogue_type& items) const noexcept { items.refresh(weights_.span()); }

    // ---- ranking

    /// The best `k` (at most 128), ties by id. `choice`: everything{}, among{ids}, or a predicate on the id.
    template <class Request, class Choice = everything>
    ranking<small_ranking> rank(const Request& request, const catalogue_type& items, std::size_t k,
                                const Choice& choice = {}) const noexcept {
        ranking<small_ranking> best;
        if (k > best.capacity) {
            best.status = {errc::limit, "rank (give it a buffer for more)", static_cast<double>(best.capacity), static_cast<double>(k)};
            return best;
        }
        const ranked found = rank(request, items, std::span<scored>(best.room).first(k), choice);
        best.count = found.size();
        best.status = found.status;
        best.overflowed = found.overflowed;
        return best;
    }

    /// The same into the caller's buffer, which decides k.
    template <class Request, class Choice = everything>
    ranked rank(const Request& request, const catalogue_type& items, std::span<scored> buffer, const Choice& choice = {}) const noexcept {
        ranked result;
        top_k best(buffer, std::same_as<Choice, among>);
        result.status = each_score(request, items, choice, [&](std::size_t row, Scalar score) {
            if (math::finite(static_cast<float>(score)))
                best.add({items.id(row), static_cast<float>(score)});
            else
                ++result.overflowed;
        });
        if (result.status) result.items = best.sorted();
        return result;
    }

    /// Every item's score, in the catalogue's order. scores: (items.size()).
    template <class Request> status score(const Request& request, const catalogue_type& items, std::span<Scalar> scores) const noexcept {
        if (scores.size() != items.size())
            return {errc::count, "scores", static_cast<double>(items.size()), static_cast<double>(scores.size())};
        return each_score(request, items, everything{}, [&](std::size_t row, Scalar score) { scores[row] = score; });
    }

    /// One score: of an entry of a catalogue, as rank would see it, or of a free item under the current weights.
    template <class Request, class Item> judged score(const Request& request, const Item& item) const noexcept {
        if (const status checked = check(request, item); !checked) return {0, checked};
        std::array<Scalar, plan_type::values> fresh;
        const Scalar* values = fresh.data();
        if constexpr (std::same_as<Item, typename catalogue_type::entry>)
            values = item.values();
        else
            plan_.prepare_candidate(weights_.data(), item, fresh.data());
        typename plan_type::request_values kept;
        plan_.prepare_context(weights_.data(), request, kept);
        Scalar score;
        plan_.score(weights_.data(), kept, &values, 1, &score);
        if (!math::finite(static_cast<float>(score))) return {0, {errc::nonfinite, "score"}};
        return {static_cast<float>(score), {}};
    }

    // ---- learning

    /// One step on one outcome: `learn(visit, items.at(42), click)`.
    template <class Request, class Item> learned learn(const Request& request, const Item& item, feedback what) noexcept {
        const outcome<Item> one{item, what};
        return learn(request, std::span<const outcome<Item>>(&one, 1));
    }
    template <class Request, class Outcomes> learned learn(const Request& request, const Outcomes& outcomes) noexcept requires requires {
        std::span(outcomes)[0].feedback;
    }
    { return learn(request, std::span<const typename Outcomes::value_type>(outcomes)); }

    /// One step on what came of several items of one request, whose losses add up. Predicts, then learns.
    template <class Request, class Item> learned learn(const Request& request, std::span<const outcome<Item>> outcomes) noexcept {
        if (const status checked = check_outcomes(request, outcomes); !checked) return {0, checked};
        Scalar* g = slopes_.data();
        std::fill_n(g + at.fitted_end, learnable, Scalar(0));
        double loss = 0, weight = 0;
        {
            detail::gradient<plan_type, Request> slopes(plan_, weights_.data(), request, g);
            for (std::size_t done = 0; done < outcomes.size(); done += slopes.chunk_size) {
                const auto chunk = outcomes.subspan(done, std::min(slopes.chunk_size, outcomes.size() - done));
                loss += slopes.add(
                    chunk.size(), [&](std::size_t i) -> const Item& { return chunk[i].item; },
                    [&](std::size_t i, Scalar score) {
                        const auto label = static_cast<Scalar>(chunk[i].feedback.label);
                        const auto counts = static_cast<Scalar>(chunk[i].feedback.weight);
                        return std::pair(static_cast<double>(counts * loss_.value(score, label)), counts * loss_.slope(score, label));
                    });
            }
            slopes.finish();
        }
        for (const auto& one : outcomes) weight += static_cast<double>(one.feedback.weight);
        const Scalar squares = math::dot(g + at.fitted_end, g + at.fitted_end, learnable);
        if (!math::finite(squares) || squares > static_cast<Scalar>(gradient_limit_) * static_cast<Scalar>(gradient_limit_))
            return {0, {errc::gradient, "learn", static_cast<double>(gradient_limit_), std::sqrt(static_cast<double>(squares))}};
        updater_.step(weights_.data() + at.fitted_end, g + at.fitted_end, updater_state<Scalar>{state_.data(), learnable, steps_},
                      learnable);
        ++steps_;
        return {weight > 0 ? loss / weight : 0, {}};
    }

    /// Fits the components that are estimated rather than learned (pca) and read this feature, from rows of it, and re-expresses what was
    /// learned over their old output, so that scores move no more than the new basis must. Catalogues want a refresh after it. Cold:
    /// allocates; throws rivulet::error and changes nothing for a wrong width, a number that is not finite, too few rows.
    template <class Feature> void fit(given<Feature, Scalar> data) {
        detail::require(check_rows(data, data.count()));
        arena<Scalar> next = weights_;
        bool found = false;
        detail::each<plan_type::count>([&](auto i) {
            auto& stage = std::get<i>(plan_.components);
            using component = std::remove_reference_t<decltype(stage)>;
            if constexpr (is_fitted<component> && std::same_as<typename component::inputs, features<Feature>>) {
                found = true;
                stage.fit(plan_.template own<i>(next.data()), rows<const Scalar>{data.data, data.count(), Feature::width});
                if (steps_ > 0) plan_.template reexpress<i>(weights_.data(), next.data());
            }
        });
        if (!found) detail::raise(errc::empty, std::string(type_name<Feature>()) + ": no component of this pipeline is fitted on it");
        weights_ = std::move(next);
    }

    // ---- the value itself

    std::uint64_t steps() const noexcept { return steps_; }
    std::span<Scalar> weights() noexcept { return weights_.span(); }
    std::span<const Scalar> weights() const noexcept { return weights_.span(); }
    std::span<Scalar> updater_numbers() noexcept { return state_.span(); }
    std::span<const Scalar> updater_numbers() const noexcept { return state_.span(); }
    const plan_type& evaluation() const noexcept { return plan_; }

    /// A hash of everything that decides what the pipeline will do: equal digests, equal behaviour.
    std::uint64_t digest() const noexcept {
        return hash(state_.bytes(), hash(weights_.bytes(), hash(std::as_bytes(std::span(&steps_, 1)))));
    }
    /// What the weights mean, in words; two pipelines with the same signature can read each other's files.
    std::string signature() const {
        return plan_.signature() + " " + std::string(type_name<Updater>()) + " " + std::string(type_name<Loss>()) + " float" +
               std::to_string(8 * sizeof(Scalar));
    }
    /// Bytes held: weights, updater state, slopes.
    std::size_t memory() const noexcept { return (weights_.size() + state_.size() + slopes_.size()) * sizeof(Scalar); }
    /// Continues from a saved count of steps; for persist.
    void resume_at(std::uint64_t steps) noexcept { steps_ = steps; }

private:
    template <class Given> static status check_rows(const Given& part, std::size_t rows) noexcept {
        static_assert(std::same_as<typename Given::scalar, Scalar>,
                      "the pipeline and the numbers given to it differ in type: float or double");
        return detail::check_rows(part, rows);
    }

    template <class Request, class Item> static status check(const Request& request, const Item& item) noexcept {
        if (const status checked = detail::check<Scalar>(request, typename plan_type::context_features{}); !checked) return checked;
        return check(item);
    }
    template <class Item> static status check(const Item& item) noexcept {
        if constexpr (std::same_as<Item, typename catalogue_type::entry>)
            return item ? status{} : status{errc::unknown_item, "catalogue", 0, 0, item.id()};
        else
            return detail::check<Scalar>(item, typename plan_type::candidate_features{});
    }
    template <class Request, class Item>
    status check_outcomes(const Request& request, std::span<const outcome<Item>> outcomes) const noexcept {
        if (outcomes.empty()) return {errc::empty, "learn"};
        if (const status checked = detail::check<Scalar>(request, typename plan_type::context_features{}); !checked) return checked;
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            const auto [label, weight] = outcomes[i].feedback;
            if (!math::finite(label) || label < Loss::lowest || label > Loss::highest) return {errc::label, "learn", 0, label, i};
            if (!math::finite(weight) || weight < 0) return {errc::weight, "learn", 0, weight, i};
            if (const status checked = check(outcomes[i].item); !checked) return checked;
        }
        return {};
    }

    /// f(row, score) for every row that the choice allows, scored in blocks.
    template <class Request, class Choice, class F>
    status each_score(const Request& request, const catalogue_type& items, const Choice& choice, F&& f) const noexcept {
        if (const status checked = detail::check<Scalar>(request, typename plan_type::context_features{}); !checked) return checked;
        typename plan_type::request_values kept;
        plan_.prepare_context(weights_.data(), request, kept);
        std::array<const Scalar*, plan_type::block> values;
        std::array<std::size_t, plan_type::block> block_rows;
        std::array<Scalar, plan_type::block> scores;
        std::size_t number = 0;
        const auto flush = [&] {
            plan_.score(weights_.data(), kept, values.data(), number, scores.data());
            for (std::size_t i = 0; i < number; ++i) f(block_rows[i], scores[i]);
            number = 0;
        };
        detail::each_row(items, choice, [&](std::size_t row) {
            values[number] = items.values(row);
            block_rows[number] = row;
            if (++number == plan_type::block) flush();
        });
        if (number) flush();
        return {};
    }

    plan_type plan_;
    Updater updater_;
    Loss loss_;
    float gradient_limit_;
    std::uint64_t steps_ = 0;
    arena<Scalar> weights_;
    arena<Scalar> state_;   // the updater's, (Updater::state, learnable)
    arena<Scalar> slopes_;  // of one step; kept so that a step allocates nothing
};

template <class F, class R, class U> pipeline(F, R, U) -> pipeline<F, R, U>;
template <class F, class R, class U> pipeline(F, R, U, setup) -> pipeline<F, R, U>;
template <class F, class R, class U, class L> pipeline(F, R, U, L) -> pipeline<F, R, U, L>;
template <class F, class R, class U, class L> pipeline(F, R, U, L, setup) -> pipeline<F, R, U, L>;

/// The same with another scalar: `basic_pipeline<double, ...>`, which gradients are checked in.
template <class Scalar, class Fuse, class Ranker, class Updater, class Loss = logistic>
using basic_pipeline = pipeline<Fuse, Ranker, Updater, Loss, Scalar>;

}  // namespace rivulet::inline RIVULET_ABI
