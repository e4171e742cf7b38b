// SPDX-License-Identifier: MIT
// Rankings of a pruned mlp without its zeros: the same items and scores, in the time of the blocks that are left.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "../math/block_sparse.hpp"
#include "../pipeline/pipeline.hpp"

namespace rivulet::inline RIVULET_ABI {

/// The weights between the hidden layers of an mlp without their zero blocks, a copy of what they are when it is made, and another of all
/// of the mlp's to know whether they still are.
///
///     const auto mask = rv::prune(ranker, {.share = 0.75f});
///     rv::pruned_ranker quick(ranker);
///     quick.rank(ranker, visit, items, 10)   // what ranker.rank gives, to the last bit
///     quick.follow(ranker)                   // after steps: the weights as they are now
///
/// A block left out adds zeros to its sums, and the others are added in the order of the dense product. Only where a hidden number is not
/// finite, and a zero would make NaN of it, are candidates scored by the pipeline itself. Const members may be called on many threads at
/// once; they allocate nothing.
template <class Pipeline> class pruned_ranker {
    using plan = typename Pipeline::plan;
    using scalar = typename Pipeline::scalar;
    using mlp_type = decltype(plan::ranker);
    using catalogue = typename Pipeline::catalogue_type;
    static constexpr auto at = plan::at;
    static constexpr std::size_t layers = mlp_type::layers;
    static_assert(plan::serves_rectified && layers >= 3, "pruned_ranker is for an mlp of two hidden layers or more");
    static_assert(*std::min_element(mlp_type::widths.begin() + 1, mlp_type::widths.end() - 1) > 1,
                  "pruned_ranker is for hidden layers of more than one unit: the order of a single sum is another");

public:
    /// Copies the weights as they are now. Throws std::bad_alloc.
    explicit pruned_ranker(const Pipeline& of) { follow(of); }

    /// Copies the weights as they are now. O(weights); allocates.
    void follow(const Pipeline& of) {
        std::vector<math::block_sparse<scalar>> made;
        const scalar* const w = of.weights().data() + at.ranker;
        for (std::size_t l = 1; l + 1 < layers; ++l)
            made.emplace_back(w + mlp_type::offset(l), mlp_type::widths[l - 1], padded(mlp_type::widths[l]));
        std::vector<scalar> all(w, w + mlp_type::weights);
        layers_ = std::move(made);
        copied_ = std::move(all);
    }
    /// Whether the copy is of the weights as they are: they are compared, as in eight_bit_ranker.
    bool follows(const Pipeline& of) const noexcept {
        return std::memcmp(of.weights().data() + at.ranker, copied_.data(), copied_.size() * sizeof(scalar)) == 0;
    }

    /// The best of the buffer's size, as `of.rank` gives them: by the copy where it is of the weights as they are, and without it where
    /// not.
    template <class Request, class Choice = everything>
    ranked rank(const Pipeline& of, const Request& request, const catalogue& items, std::span<scored> buffer,
                const Choice& choice = {}) const noexcept {
        if (!follows(of)) return of.rank(request, items, buffer, choice);
        ranked result;
        if (result.status = detail::checks<plan>::request(request); !result.status) return result;
        typename plan::request_values kept;
        of.evaluation().prepare_context(of.weights().data(), of.kept(), request, kept);
        top_k best(buffer, std::same_as<Choice, among>);
        std::array<scalar, plan::block> scores;
        detail::each_block(items, choice, 0, detail::places_of(items, choice),
                           [&](const scalar* const* values, const std::size_t* block_rows, std::size_t n) {
                               score(of, kept, values, {scores.data(), n, 1});
                               for (std::size_t i = 0; i < n; ++i)
                                   detail::add_finite(best, {items.id(block_rows[i]), static_cast<float>(scores[i])}, result.overflowed);
                           });
        result.items = best.sorted();
        return result;
    }
    /// The same into room of its own, for up to 128 items.
    template <class Request, class Choice = everything>
    ranking<Pipeline::small_ranking> rank(const Pipeline& of, const Request& request, const catalogue& items, std::size_t k,
                                          const Choice& choice = {}) const noexcept {
        return detail::rank_in_own_room<Pipeline::small_ranking>(
            k, [&](std::span<scored> room) { return rank(of, request, items, room, choice); });
    }

    std::size_t memory() const noexcept {
        std::size_t bytes = copied_.size() * sizeof(scalar);
        for (const auto& one : layers_) bytes += one.memory();
        return bytes;
    }

private:
    /// What plan.score gives. scores: (n, 1).
    void score(const Pipeline& of, const typename plan::request_values& kept, const scalar* const* values,
               rows<scalar> scores) const noexcept {
        const std::size_t n = scores.count;
        alignas(64) std::array<scalar, plan::block * padded(plan::first)> sums;
        alignas(64) std::array<scalar, plan::block * mlp_type::activations> hidden;
        rows<scalar> in{sums.data(), n, padded(plan::first)};
        bool finite = true;
        of.evaluation().first_layer(of.weights().data(), of.kept(), kept, values, in);
        for (std::size_t l = 1; l + 1 < layers; ++l) {
            const rows<scalar> out = rows<scalar>{hidden.data(), n, mlp_type::activations}.columns(mlp_type::activation(l));
            for (std::size_t r = 0; r < n; ++r) {
                if (l > 1) math::rectify(in[r], mlp_type::widths[l - 1]);
                finite = finite && math::finite(math::sum(in[r], mlp_type::widths[l - 1]));  // of numbers of 0 or more, or NaN
            }
            math::affine<scalar>(in, layers_[l - 1].view(), copied_.data() + mlp_type::bias_offset(l), out);
            in = out;
        }
        if (!finite) return of.evaluation().score(of.weights().data(), of.kept(), kept, values, scores);
        constexpr std::size_t width = mlp_type::widths[layers - 2];
        const scalar* const last = copied_.data() + mlp_type::offset(layers - 1);
        for (std::size_t r = 0; r < n; ++r) *scores[r] = last[width] + math::dot<width, true>(in[r], last);
    }

    std::vector<math::block_sparse<scalar>> layers_;
    std::vector<scalar> copied_;  // the mlp's weights
};

template <class Pipeline> pruned_ranker(const Pipeline&) -> pruned_ranker<Pipeline>;

}  // namespace rivulet::inline RIVULET_ABI
