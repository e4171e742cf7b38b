// SPDX-License-Identifier: MIT
// Magnitude pruning of a ranker's dense layers in blocks: the weakest become zero, and a mask keeps them so while the others go on
// learning.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "../math/block_sparse.hpp"
#include "../math/settings.hpp"
#include "../rank/mlp.hpp"
#include "../rank/network.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// each(at, in, f): f(begin, in, out) for every dense layer whose weights W (in, padded(out)) begin at `begin`, of a layer that takes `in`
/// numbers and whose weights begin at `at`. Layers that are not dense have none.
template <class Layer> struct dense_layers_of {
    template <class F> static constexpr void each(std::size_t, std::size_t, F&&) {}
};
template <std::size_t Units> struct dense_layers_of<dense<Units>> {
    template <class F> static constexpr void each(std::size_t at, std::size_t in, F&& f) { f(at, in, Units); }
};
template <class... Layers> struct dense_layers_of<stack<Layers...>> {
    template <class F> static constexpr void each(std::size_t at, std::size_t in, F&& f) {
        const auto where = stack<Layers...>::at(in);
        std::size_t l = 0;
        ((dense_layers_of<Layers>::each(at + where.weights[l], where.width[l], f), ++l), ...);
    }
};
template <class... Layers> struct dense_layers_of<residual<Layers...>> : dense_layers_of<stack<Layers...>> {};
/// The layers of a ranker: all but the first, which is the pipeline's.
template <class First, class... Others> struct dense_layers_of<network<First, Others...>> {
    template <class F> static constexpr void each(F&& f) { dense_layers_of<stack<Others...>>::each(0, First::units, f); }
};
template <std::size_t... Units> struct dense_layers_of<mlp<Units...>> {
    template <class F> static constexpr void each(F&& f) {
        for (std::size_t l = 1; l < mlp<Units...>::layers; ++l)
            f(mlp<Units...>::offset(l), mlp<Units...>::widths[l - 1], mlp<Units...>::widths[l]);
    }
};

/// The layers that pruning is about: those of more than one output, but the last, which makes the scores.
template <class Ranker> struct prunable {
    template <class F> static constexpr void each(F&& f) {
        std::size_t left = 0;
        dense_layers_of<Ranker>::each([&](std::size_t, std::size_t, std::size_t) { ++left; });
        dense_layers_of<Ranker>::each([&](std::size_t at, std::size_t in, std::size_t out) {
            if (--left > 0 && out > 1) f(at, in, out);
        });
    }
    static constexpr std::size_t blocks = [] {
        std::size_t all = 0;
        each([&](std::size_t, std::size_t in, std::size_t out) { all += in * (padded(out) / math::sparse_block); });
        return all;
    }();
};

}  // namespace detail

/// Which blocks of a pipeline's weights are zero and are to stay zero. A block is what one input of a dense layer gives to 16 outputs side
/// by side.
///
///     const auto mask = rv::prune(ranker, {.share = 0.75f});
///     rv::train(ranker, count, example, {}, [&](const auto&) { mask.apply(ranker); });  // after every step
///
/// Whatever the updater remembers of a weight, it is zero again behind apply, so that no request meets another value.
template <class Pipeline> class block_mask {
    using blocks_of = detail::prunable<decltype(Pipeline::plan::ranker)>;
    static_assert(blocks_of::blocks > 0, "pruning is for an mlp or a network with a dense layer between the first and the last");

public:
    /// Of the blocks that are zero now: what prune left, or a file. O(weights). Throws std::bad_alloc.
    explicit block_mask(const Pipeline& of) {
        each_block(of.weights().data(), [&](std::size_t at, const auto* block) {
            if (math::zero_block(block)) zero_.push_back(at);
        });
    }

    /// Makes them zero. O(their weights).
    void apply(Pipeline& ranker) const noexcept {
        for (const std::size_t at : zero_) std::fill_n(ranker.weights().data() + at, math::sparse_block, typename Pipeline::scalar(0));
    }

    std::size_t zero_blocks() const noexcept { return zero_.size(); }
    static constexpr std::size_t blocks() noexcept { return blocks_of::blocks; }

private:
    /// f(at, block) for every block, zero or not.
    template <class T, class F> static void each_block(const T* w, F&& f) {
        blocks_of::each([&](std::size_t begin, std::size_t in, std::size_t out) {
            begin += Pipeline::plan::at.ranker;
            for (std::size_t at = begin; at < begin + in * padded(out); at += math::sparse_block) f(at, w + at);
        });
    }

    std::vector<std::size_t> zero_;  // where they begin in the arena
};

struct pruning {
    float share = 0.5f;  ///< of the blocks of each layer, rounded down; from 0 to below 1

    status validate() const noexcept { return detail::below_one(share, "pruning.share must be from 0 to below 1"); }
};

/// Makes the weakest blocks zero, by the sum of their squares (Han et al. 2015, in blocks), in each dense layer of an mlp or a network
/// between the first and the last; also in those of its residuals. What was zero stays so, and counts in the share: pruning more and more
/// between rounds of training is a loop over this. Biases stay. Gives all blocks that are zero now. Throws rivulet::error for a setting
/// outside its range. O(weights).
template <class Pipeline> block_mask<Pipeline> prune(Pipeline& ranker, pruning by) {
    using scalar = typename Pipeline::scalar;
    detail::require(by.validate());
    detail::prunable<decltype(Pipeline::plan::ranker)>::each([&](std::size_t begin, std::size_t in, std::size_t out) {
        scalar* const w = ranker.weights().data() + Pipeline::plan::at.ranker + begin;
        std::vector<std::pair<double, std::size_t>> strength(in * padded(out) / math::sparse_block);  // and where; of equals the first goes
        for (std::size_t b = 0; b < strength.size(); ++b) {
            const scalar* const block = w + b * math::sparse_block;
            double squares = 0;
            for (std::size_t i = 0; i < math::sparse_block; ++i) squares += static_cast<double>(block[i]) * static_cast<double>(block[i]);
            strength[b] = {math::finite(squares) ? squares : std::numeric_limits<double>::infinity(), b * math::sparse_block};
        }
        const auto gone = static_cast<std::ptrdiff_t>(static_cast<double>(by.share) * static_cast<double>(strength.size()));
        std::nth_element(strength.begin(), strength.begin() + gone, strength.end());
        std::for_each(strength.begin(), strength.begin() + gone,
                      [&](const auto& block) { std::fill_n(w + block.second, math::sparse_block, scalar(0)); });
    });
    return block_mask<Pipeline>(ranker);
}

}  // namespace rivulet::inline RIVULET_ABI
