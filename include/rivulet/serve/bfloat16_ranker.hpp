// SPDX-License-Identifier: MIT
// What a catalogue keeps of its items once more in bfloat16: half the memory to read for a ranking of many items by a shallow network.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "../math/bfloat16.hpp"
#include "../pipeline/pipeline.hpp"

namespace rivulet::inline RIVULET_ABI {

/// The values of a catalogue's items in bfloat16, as they are when it is made: half as much memory again. A ranking reads the copy, then
/// scores what it chose in float.
///
///     rv::bfloat16_ranker quick(ranker, items);
///     quick.rank_roughly(ranker, visit, items, 10)   // ranker.rank but for items whose scores differ by less than roundings
///     quick.follow(items)                            // after refresh, add, change or remove
///
/// It gains where the items do not fit the last cache and little is computed of each: on AVX2, with 100,000 items and one hidden layer of
/// 64 to 512 units, 1.2 to 1.3 times as fast as in float, 1.1 with a second layer of 32; with 256 and 128 units arithmetic takes the time,
/// and with 1,000 items it gains nothing. Const members may be called on many threads at once; they allocate nothing.
template <class Pipeline> class bfloat16_ranker {
    using plan = typename Pipeline::plan;
    using network = decltype(plan::ranker);
    using catalogue = typename Pipeline::catalogue_type;
    static_assert(std::same_as<typename Pipeline::scalar, float>, "bfloat16_ranker is for pipelines of float");
    static_assert(Pipeline::outputs == 1, "bfloat16_ranker is for rankers of one output");
    static_assert(plan::at.pair_width == 0,
                  "bfloat16_ranker is for pipelines without parts that are a pair's: these are what takes the time");

public:
    /// Copies. Throws std::bad_alloc.
    bfloat16_ranker(const Pipeline&, const catalogue& items) { follow(items); }

    /// Copies the items' values as they are now. O(items); allocates.
    void follow(const catalogue& items) {
        std::vector<bfloat16> values(items.size() * plan::values);
        std::vector<item_id> ids(items.ids().begin(), items.ids().end());
        std::array<float, plan::values> room;
        for (std::size_t row = 0; row < items.size(); ++row)
            math::round_to(items.values(row, room.data()), values.data() + row * plan::values, plan::values);
        values_ = std::move(values);
        ids_ = std::move(ids);
    }
    /// The same for one item whose place in the catalogue is what it was, such as after change. O(1).
    void follow(const typename catalogue::entry& changed) noexcept {
        std::array<float, plan::values> room;
        if (changed.row() < ids_.size() && ids_[changed.row()] == changed.id())
            math::round_to(changed.values(room.data()), values_.data() + changed.row() * plan::values, plan::values);
    }
    /// Whether the copy is of the catalogue's items, in their places. That it is of their values it cannot know: these it takes as they
    /// were.
    bool follows(const catalogue& items) const noexcept { return std::ranges::equal(items.ids(), ids_); }

    /// The best of the buffer's size by the values in bfloat16, with the scores and in the order of `of.rank`: what is missing of its
    /// ranking, another item has taken the place of, whose score is less by no more than roundings. What request and network give is taken
    /// in float, as it is. Of items that have come or gone since `follow` this is of.rank.
    template <class Request, class Choice = everything>
    ranked rank_roughly(const Pipeline& of, const Request& request, const catalogue& items, std::span<scored> buffer,
                        const Choice& choice = {}) const noexcept {
        if (!follows(items)) return of.rank(request, items, buffer, choice);
        ranked result;
        if (result.status = detail::checks<plan>::request(request); !result.status) return result;
        typename plan::request_values kept;
        of.evaluation().prepare_context(of.weights().data(), of.kept(), request, kept);
        top_k best(buffer, std::same_as<Choice, among>);
        alignas(64) std::array<float, plan::block * plan::values> sums;
        alignas(64) std::array<float, plan::block * network::activations> hidden;
        std::array<float, plan::block> scores;
        detail::each_block(
            items, choice, 0, detail::places_of(items, choice),
            [&](const float* const*, const std::size_t* block_rows, std::size_t n) {
                for (std::size_t i = 0; i < n; ++i)
                    math::sum_of<plan::serves_rectified>(kept.base.data(), values_.data() + block_rows[i] * plan::values,
                                                         sums.data() + i * plan::values, plan::values);
                of.evaluation().further_layers(of.weights().data(), {sums.data(), n, plan::values},
                                               {hidden.data(), n, network::activations}, {scores.data(), n, 1});
                for (std::size_t i = 0; i < n; ++i) detail::add_finite(best, {items.id(block_rows[i]), scores[i]}, result.overflowed);
            },
            not_read{});

        std::array<const float*, plan::block> where;
        const std::span<scored> chosen = best.sorted();
        std::size_t left = 0;
        for (std::size_t from = 0; from < chosen.size(); from += plan::block) {
            const std::size_t n = std::min(plan::block, chosen.size() - from);
            for (std::size_t i = 0; i < n; ++i) where[i] = items.at(chosen[from + i].id).values(sums.data() + i * plan::values);
            of.evaluation().score(of.weights().data(), of.kept(), kept, where.data(), {scores.data(), n, 1});
            for (std::size_t i = 0; i < n; ++i)
                if (math::finite(scores[i]))
                    chosen[left++] = {chosen[from + i].id, scores[i]};
                else
                    ++result.overflowed;
        }
        std::sort(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(left), ranks_before);
        result.items = chosen.first(left);
        return result;
    }
    /// The same into room of its own, for up to 128 items.
    template <class Request, class Choice = everything>
    ranking<Pipeline::small_ranking> rank_roughly(const Pipeline& of, const Request& request, const catalogue& items, std::size_t k,
                                                  const Choice& choice = {}) const noexcept {
        return detail::rank_in_own_room<Pipeline::small_ranking>(
            k, [&](std::span<scored> room) { return rank_roughly(of, request, items, room, choice); });
    }

    std::size_t memory() const noexcept { return values_.size() * sizeof(bfloat16) + ids_.size() * sizeof(item_id); }

private:
    /// What is read of an item is the copy, and so nothing of the catalogue.
    struct not_read {
        const float* values(const catalogue&, std::size_t, float*) const noexcept { return nullptr; }
        void done(const catalogue&, const std::size_t*, const float* const*, std::size_t) const noexcept {}
    };

    std::vector<bfloat16> values_;  // (items, plan::values)
    std::vector<item_id> ids_;
};

template <class Pipeline> bfloat16_ranker(const Pipeline&, const typename Pipeline::catalogue_type&) -> bfloat16_ranker<Pipeline>;

}  // namespace rivulet::inline RIVULET_ABI
