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
#include <utility>
#include <vector>

#include "../core/arena.hpp"
#include "../core/hash.hpp"
#include "../math/loss.hpp"
#include "../update/feedback.hpp"
#include "catalogue.hpp"
#include "checks.hpp"
#include "descent.hpp"
#include "fitting.hpp"
#include "lesson.hpp"
#include "ranking.hpp"

namespace rivulet::inline RIVULET_ABI {

/// `pipeline ranker{fuse{...}, mlp<128, 64>{}, adagrad{.rate = 0.05f}}`; a loss and a setup may follow. Const calls may run on many
/// threads at once. score, rank and learn allocate nothing and throw nothing.
template <class Fuse, class Ranker, class Updater, class Loss = logistic, std::floating_point Scalar = float> class pipeline {
    using plan_type = detail::plan<Scalar, Fuse, Ranker>;
    static constexpr auto at = plan_type::at;
    static constexpr bool over_lists = listwise_loss<Loss, Scalar>;
    static_assert(updater<Updater, Scalar> || foresighted_updater<Updater, Scalar>,
                  "the third argument of a pipeline is an updater, such as adagrad{.rate = 0.05f}");
    static_assert(loss_function<Loss, Scalar>, "the fourth argument of a pipeline is a loss, such as logistic{}");
    static_assert(detail::outputs_of<Loss> == Ranker::outputs, "the loss is about another number of outputs than the ranker gives");

public:
    using scalar = Scalar;
    using plan = plan_type;
    using updater_type = Updater;
    using catalogue_type = rivulet::catalogue<plan_type>;
    static constexpr std::size_t small_ranking = 128;  // what rank(visit, items, k) has room for
    static constexpr std::size_t outputs = Ranker::outputs;
    using output_numbers = std::array<Scalar, outputs>;

    /// Draws the first weights. Throws rivulet::error for a setting outside its range.
    explicit pipeline(Fuse fused, Ranker ranker = {}, Updater updater = {}, Loss loss = {}, setup start = {})
        : plan_(checked(plan_type(fused, ranker), updater, loss, start)), loss_(loss), weights_(at.size),
          kept_(plan_.make_memories(Updater::state)), descent_(updater, start), list_(over_lists ? start.longest_list : 0) {
        if (descent_.foresighted) detail::require(detail::check_unshrunk(plan_, kept_));
        random seeded(start.seed);
        plan_.start(weights_.data(), seeded);
    }
    pipeline(Fuse fused, Ranker ranker, Updater updater, setup start) : pipeline(fused, ranker, updater, Loss{}, start) {}

    // ---- items

    /// A catalogue of `ids`, each feature's rows in the same order. Throws rivulet::error for a wrong width or count, a number that is
    /// not finite, or an id that comes twice.
    template <class... Given> catalogue_type catalogue(std::span<const item_id> ids, Given... parts) const {
        return catalogue(catalogue_setup{}, ids, parts...);
    }
    template <class... Given> catalogue_type catalogue(catalogue_setup how, std::span<const item_id> ids, Given... parts) const {
        (detail::require(checks::rows(parts, ids.size())), ...);
        catalogue_type items = catalogue(how);
        items.reserve(ids.size());
        for (std::size_t i = 0; i < ids.size(); ++i) detail::require(items.add(ids[i], detail::row_of(parts, i)...));
        return items;
    }
    /// An empty one, to be filled by add.
    catalogue_type catalogue(catalogue_setup how = {}) const { return catalogue_type(plan_, weights_.span(), kept_, how); }

    /// Publishes the weights that candidate values depend on, and recomputes those values. O(items).
    void refresh(catalogue_type& items) const noexcept { items.refresh(weights_.span(), kept_); }

    // ---- ranking

    /// The best `k` (at most 128), ties by id. `choice`: everything{}, among{ids}, or a predicate on the id.
    template <class Request, class Choice = everything>
    ranking<small_ranking> rank(const Request& request, const catalogue_type& items, std::size_t k,
                                const Choice& choice = {}) const noexcept {
        return detail::rank_in_own_room<small_ranking>(k, [&](std::span<scored> room) { return rank(request, items, room, choice); });
    }

    /// The same into the caller's buffer, which decides k.
    template <class Request, class Choice = everything>
    ranked rank(const Request& request, const catalogue_type& items, std::span<scored> buffer, const Choice& choice = {}) const noexcept {
        ranked result;
        top_k best(buffer, std::same_as<Choice, among>);
        result.status = each_score(request, items, choice, [&](std::size_t row, Scalar score) {
            detail::add_finite(best, {items.id(row), static_cast<float>(score)}, result.overflowed);
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

    /// One score: of an entry of a catalogue, as rank would see it, or of a free item under the current weights. `seen`: where the
    /// ranker's outputs are to be written, of which the score is the sum that `serve` weights.
    template <class Request, class Item>
    judged score(const Request& request, const Item& item, output_numbers* seen = nullptr) const noexcept {
        if (const status checked = checks::pair(request, item); !checked) return {0, checked};
        std::array<Scalar, plan_type::values> fresh;
        const Scalar* values = fresh.data();
        if constexpr (std::same_as<Item, typename catalogue_type::entry>)
            values = item.values(fresh.data());
        else
            plan_.prepare_candidate(weights_.data(), kept_, item, fresh.data());
        typename plan_type::request_values kept;
        plan_.prepare_context(weights_.data(), kept_, request, kept);
        std::array<Scalar, padded(outputs)> numbers;
        plan_.score(weights_.data(), kept_, kept, &values, {numbers.data(), 1, numbers.size()});
        if (seen != nullptr) std::copy_n(numbers.data(), outputs, seen->data());
        const auto score = static_cast<float>(detail::served(numbers.data(), served_));
        if (!math::finite(score)) return {0, {errc::nonfinite, "score"}};
        return {score, {}};
    }

    /// Of a ranker with several outputs, what each counts in the score that is served: `ranker.serve({1, 0.2f, 2})`. At first the first
    /// output alone is served. In force at once, for catalogues too. Refused, and nothing changed, for a number that is not finite.
    status serve(const output_numbers& shares) noexcept {
        if (const std::size_t bad = math::first_nonfinite(shares.data(), outputs); bad != outputs)
            return {errc::nonfinite, "serve", 0, 0, bad};
        served_ = shares;
        return {};
    }
    const output_numbers& serving() const noexcept { return served_; }
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

    /// One step on what came of several items of one request, whose losses add up. Predicts, then learns. `again`: of what was learned
    /// before, whose ids are not counted again, and which no user remembers twice.
    template <class Request, class Item>
    learned learn(const Request& request, std::span<const outcome<Item>> outcomes, bool again = false) noexcept {
        const example<const Request&, std::span<const outcome<Item>>> one{request, outcomes};
        if (const status checked = check_example(one); !checked) return {0, checked};
        detail::gradient<plan_type, Request> room;
        return step(
            room, 1, [&](std::size_t) -> const auto& { return one; }, again);
    }

    /// Tells what came of an item to the components that teach themselves (personal<>), without a step: what a loss cannot take, such as a
    /// rating where clicks are learned. Refused, and nothing changed, as in learn.
    template <class Request, class Item> status observe(const Request& request, const Item& item, feedback what) noexcept {
        if (const status checked = checks::pair(request, item); !checked) return checked;
        if (!math::finite(what.label)) return {errc::label, "observe", 0, static_cast<double>(what.label)};
        detail::observe(plan_, weights_.data(), kept_, request, item, what, learns());
        return {};
    }

    /// Room for the work on a batch of examples: what `learn(batch, room)` needs, and too much for a stack. Make it once.
    template <class Request> using batch_room = detail::gradient<plan_type, Request, 64, 64>;

    /// One step on a batch: the mean of the examples' gradients. O(batch); allocates nothing.
    template <class Request, class Outcomes>
    learned learn(std::span<const example<Request, Outcomes>> batch, batch_room<Request>& room) noexcept {
        if (batch.empty()) return {0, {errc::empty, "learn"}};
        if (descent_.foresighted && batch.size() > 1) return {0, checks::one_outcome(batch.size())};
        for (const auto& one : batch)
            if (const status checked = check_example(one); !checked) return {0, checked};
        return step(
            room, batch.size(), [&](std::size_t e) -> const auto& { return batch[e]; }, false);
    }

    /// The mean loss over examples without learning from them, dropping nothing.
    template <class Request, class Outcomes>
    learned loss(std::span<const example<Request, Outcomes>> batch, batch_room<Request>& room) noexcept {
        if (batch.empty()) return {0, {errc::empty, "loss"}};
        for (const auto& one : batch)
            if (const status checked = check_example(one); !checked) return {0, checked};
        const detail::loss_sum sum = go_over(room, batch.size(), [&](std::size_t e) -> const auto& { return batch[e]; }, nullptr, {}).first;
        return {sum.weight > 0 ? sum.loss / sum.weight : 0, {}};
    }

    // ---- what learns

    /// Keeps weights as they are while others learn, as when a trained trunk meets a new head: those of all components of a type, or of
    /// the first `count` layers of the ranker, of which the one over the fused parts is the first.
    template <class Component> void freeze(bool still = true) noexcept {
        constexpr auto chosen = plan_type::template are<Component>;
        static_assert(std::find(chosen.begin(), chosen.end(), true) != chosen.end(), "the pipeline has no component of this type");
        descent_.freeze_components([&](std::size_t i) { return chosen[i]; }, still);
    }
    void freeze_layers(std::size_t count) noexcept { descent_.freeze_layers(count); }
    /// Everything but the last layer.
    void freeze_trunk() noexcept {
        descent_.freeze_components([](std::size_t) { return true; }, true);
        descent_.freeze_layers(Ranker::layers - 1);
    }
    /// Everything learns again.
    void unfreeze() noexcept {
        descent_.freeze_components([](std::size_t) { return true; }, false);
        descent_.freeze_layers(0);
    }

    /// Fits the components that are estimated rather than learned (pca) and read this feature, from rows of it, and re-expresses what was
    /// learned over their old output, so that scores move no more than the new basis must. Catalogues want a refresh after it. Cold:
    /// allocates; throws rivulet::error and changes nothing for a wrong width, a number that is not finite, too few rows.
    template <class Feature> void fit(given<Feature, Scalar> data) {
        detail::require(checks::rows(data, data.count()));
        std::vector<Scalar> room;
        fit_with<Feature>(detail::rows_there(data, room));
    }
    /// The same from an estimate that was collected elsewhere, such as `moments<title>`: in batches, one vector at a time, on other shards.
    template <class Estimate> void fit(const Estimate& estimate) requires requires { typename Estimate::feature; }
    { fit_with<typename Estimate::feature>(estimate); }

    // ---- the value itself

    std::uint64_t steps() const noexcept { return descent_.steps(); }
    std::span<Scalar> weights() noexcept { return weights_.span(); }
    std::span<const Scalar> weights() const noexcept { return weights_.span(); }
    std::span<Scalar> updater_numbers() noexcept { return descent_.state().span(); }
    std::span<const Scalar> updater_numbers() const noexcept { return descent_.state().span(); }
    const plan_type& evaluation() const noexcept { return plan_; }

    /// A hash of everything that decides what the pipeline will do: equal digests, equal behaviour.
    std::uint64_t digest() const noexcept {
        const std::uint64_t steps = descent_.steps();
        std::uint64_t digest = hash(descent_.state().bytes(), hash(weights_.bytes(), hash(std::as_bytes(std::span(&steps, 1)))));
        memory_parts(kept_, [&](std::span<const std::byte> part) { digest = hash(part, digest); });
        return digest;
    }
    /// What the weights mean, in words; two pipelines with the same signature can read each other's files.
    std::string signature() const {
        return plan_.signature() + " " + std::string(type_name<Updater>()) + " " + std::string(type_name<Loss>()) + " float" +
               std::to_string(8 * sizeof(Scalar));
    }
    /// Bytes held: weights, updater state, slopes.
    std::size_t memory() const noexcept {
        return weights_.size() * sizeof(Scalar) + descent_.memory() + list_.memory() + detail::bytes_of(plan_, kept_);
    }
    /// What components keep by id, beside the weights.
    using memories = typename plan_type::memories;
    const memories& kept() const noexcept { return kept_; }
    memories& kept() noexcept { return kept_; }
    /// Whether what was read into the blocks of `kept` can be what a pipeline keeps.
    status check_kept(const memories& kept) const noexcept { return detail::validate_state<Updater>(plan_, kept); }
    /// f(bytes) for every block of what is kept, always in the same order; for persist.
    template <class Memories, class F> void memory_parts(Memories& kept, F&& f) const {
        detail::each_memory(plan_, kept, [&](auto, const auto&, auto& memory) { memory.parts(f); });
    }
    /// Continues from a saved count of steps; for persist.
    void resume_at(std::uint64_t steps) noexcept { descent_.resume_at(steps); }

private:
    using checks = detail::checks<plan_type>;
    template <class Example> status check_example(const Example& e) const noexcept {
        return checks::example(loss_, list_.longest(), e, descent_.foresighted);
    }

    auto learns() const noexcept {
        return [this](std::size_t i) { return !descent_.component_frozen(i); };
    }
    template <class Room, class ExampleOf>
    auto go_over(Room& room, std::size_t number, ExampleOf&& example, slope_place<Scalar> g, noise dropping) noexcept {
        detail::lesson<Loss, Room, plan_type, std::remove_reference_t<ExampleOf>> lesson(plan_, loss_, room, list_, example);
        const detail::loss_sum sum = lesson.take(number, weights_.data(), kept_, g, learns(), dropping);
        return std::pair(sum, lesson.last());
    }
    template <class Room, class ExampleOf> learned step(Room& room, std::size_t number, ExampleOf&& example, bool again) noexcept {
        const noise dropping = plan_type::drops ? noise{descent_.limits().seed | 1}.of(descent_.steps()) : noise{};
        for (std::size_t e = 0; e < number; ++e) detail::admit(plan_, weights_.data(), kept_, example(e), learns());
        const bool few = number == 1 && std::span(example(0).outcomes).size() <= Room::chunk;  // in one pass: its rows stay where they are
        const auto [sum, only] = go_over(room, number, example, descent_.begin(plan_, few), dropping);
        const bool counts = sum.weight > 0 || !math::finite(sum.loss);  // if nothing does, momentum and decay stand still, too
        learned result;
        const Scalar mean = Scalar(1) / static_cast<Scalar>(number);
        if (counts) result.status = descent_.step(plan_, weights_.data(), kept_, mean, result.clipped, loss_, only);
        detail::settle(plan_, kept_, counts && result);
        if (!counts || !result) return result;
        if (!again)
            for (std::size_t e = 0; e < number; ++e) detail::remember(plan_, weights_.data(), kept_, example(e), learns());
        detail::make_room(plan_, kept_);
        result.loss = sum.loss / sum.weight;
        return result;
    }
    static plan_type checked(plan_type plan, const Updater& updater, const Loss& loss, const setup& start) {
        for (const status& found : {plan.validate(), updater.validate(), loss.validate(), start.validate()}) detail::require(found);
        return plan;
    }

    template <class Feature, class Source> void fit_with(const Source& source) {
        arena<Scalar> next = weights_;
        if (!detail::fit<Feature>(plan_, weights_.data(), next.data(), steps() > 0, source))
            detail::raise(errc::empty, std::string(type_name<Feature>()) + ": no component of this pipeline is fitted on it");
        weights_ = std::move(next);
    }

    /// f(row, score) for every row that the choice allows.
    template <class Request, class Choice, class F>
    status each_score(const Request& request, const catalogue_type& items, const Choice& choice, F&& f) const noexcept {
        if (const status checked = checks::request(request); !checked) return checked;
        typename plan_type::request_values kept;
        plan_.prepare_context(weights_.data(), kept_, request, kept);
        detail::score_rows(plan_, weights_.data(), kept_, kept, items, choice, 0, detail::places_of(items, choice),
                           [&](std::size_t row, const Scalar* numbers) { f(row, detail::served(numbers, served_)); });
        return {};
    }

    plan_type plan_;
    Loss loss_;
    arena<Scalar> weights_;
    memories kept_;
    detail::descent<plan_type, Updater> descent_;
    detail::outcome_list<Scalar> list_;
    output_numbers served_{Scalar(1)};
};

template <class F, class R, class U> pipeline(F, R, U) -> pipeline<F, R, U>;
template <class F, class R, class U> pipeline(F, R, U, setup) -> pipeline<F, R, U>;
template <class F, class R, class U, class L> pipeline(F, R, U, L) -> pipeline<F, R, U, L>;
template <class F, class R, class U, class L> pipeline(F, R, U, L, setup) -> pipeline<F, R, U, L>;

/// The same with another scalar: `basic_pipeline<double, ...>`, which gradients are checked in.
template <class Scalar, class Fuse, class Ranker, class Updater, class Loss = logistic>
using basic_pipeline = pipeline<Fuse, Ranker, Updater, Loss, Scalar>;

}  // namespace rivulet::inline RIVULET_ABI
