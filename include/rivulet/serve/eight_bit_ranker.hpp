// SPDX-License-Identifier: MIT
// The hidden layers of a pipeline's mlp in 8 bits: rankings that are about right, and rankings that are certainly the exact ones.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "../math/eight_bit_layer.hpp"
#include "../pipeline/pipeline.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A ranking that is exact, and what it cost.
struct certified : ranked {
    std::size_t rescored = 0;  ///< candidates that were scored in float; all of them where the codes are of older weights
};

/// The weights between the hidden layers of an mlp in 8 bits, a copy of what they are when it is made, and 4 bytes a weight to know whether
/// they still are. What requests and candidates give is taken in float, as it is, and so is the last layer.
///
///     rv::eight_bit_ranker quick(ranker);
///     quick.rank(ranker, visit, items, 10)           // the items, order and scores of ranker.rank, to the last bit
///     quick.rank_roughly(ranker, visit, items, 10)   // by the scores in 8 bits
///     quick.follow(ranker)                           // after steps: codes of the weights as they are now
///
/// `rank` scans in 8 bits with a bound on the error of each score, and scores in float only what the bound cannot exclude from the best k.
/// The bound: an error e of a layer's input, in norm, becomes at most |W| e, a rectifier does not enlarge it, and the last layer makes at
/// most |w| e of it; math/eight_bit_layer.hpp has what codes add. Norms are upper bounds, of what the codes of each row actually miss;
/// roundings of both ways to add are in it. Const members may be called on many threads at once; they allocate nothing.
template <class Pipeline> class eight_bit_ranker {
    using plan = typename Pipeline::plan;
    using mlp_type = decltype(plan::ranker);
    using catalogue = typename Pipeline::catalogue_type;
    static constexpr auto at = plan::at;
    static constexpr std::size_t layers = mlp_type::layers;
    static_assert(std::same_as<typename Pipeline::scalar, float>, "eight_bit_ranker is for pipelines of float");
    static_assert(plan::serves_rectified && layers >= 3, "eight_bit_ranker is for an mlp of two hidden layers or more");
    static constexpr std::size_t widest = [] {
        std::size_t most = 0;
        for (std::size_t l = 0; l + 1 < layers; ++l) most = std::max(most, padded(mlp_type::widths[l]));
        return most < 16 ? std::size_t(16) : most;
    }();

public:
    /// Encodes. Throws std::bad_alloc.
    explicit eight_bit_ranker(const Pipeline& of) { follow(of); }

    /// Encodes the weights as they are now. O(sum of in out min(in, out)); allocates.
    void follow(const Pipeline& of) {
        std::vector<math::eight_bit_layer> made;
        const float* const w = of.weights().data() + at.ranker;
        for (std::size_t l = 1; l + 1 < layers; ++l) {
            const std::size_t in = mlp_type::widths[l - 1], out = mlp_type::widths[l];
            made.emplace_back(rows<const float>{w + mlp_type::offset(l), in, padded(out)}, out, w + mlp_type::bias_offset(l));
        }
        constexpr std::size_t last = mlp_type::widths[layers - 2], last_at = mlp_type::offset(layers - 1);
        std::vector<float> weights(widest), all(w, w + mlp_type::weights);
        std::copy_n(w + last_at, last, weights.data());
        norm_ = static_cast<double>(math::norm_above(weights.data(), last));
        bias_ = w[last_at + last];
        layers_ = std::move(made);
        last_ = std::move(weights);
        encoded_ = std::move(all);
    }
    /// Whether the codes are of the weights as they are. They are compared, a fiftieth of what ranking a thousand candidates takes: nothing
    /// that may have happened to the pipeline, a step, a load, an assignment, makes a ranking wrong.
    bool follows(const Pipeline& of) const noexcept {
        return std::memcmp(of.weights().data() + at.ranker, encoded_.data(), encoded_.size() * sizeof(float)) == 0;
    }

    /// The best of the buffer's size, exactly as `of.rank` gives them: by the codes where these are of the weights as they are, and without
    /// them where not.
    template <class Request, class Choice = everything>
    certified rank(const Pipeline& of, const Request& request, const catalogue& items, std::span<scored> buffer,
                   const Choice& choice = {}) const noexcept {
        if (!follows(of) || buffer.empty()) return {of.rank(request, items, buffer, choice), items.size()};
        if (const status checked = detail::checks<plan>::request(request); !checked) return {{{}, checked}, 0};
        exact_tail<Request> found(of, request, items, buffer, std::same_as<Choice, among>);
        each_block<true>(of, found.kept, items, choice,
                         [&](const std::size_t* block, const float* scores, const double* errors, std::size_t n) {
                             for (std::size_t i = 0; i < n; ++i) found.add(block[i], static_cast<double>(scores[i]), errors[i]);
                         });
        return found.finish();
    }
    /// The same into room of its own, for up to 128 items.
    template <class Request, class Choice = everything>
    ranking<Pipeline::small_ranking> rank(const Pipeline& of, const Request& request, const catalogue& items, std::size_t k,
                                          const Choice& choice = {}) const noexcept {
        return detail::rank_in_own_room<Pipeline::small_ranking>(
            k, [&](std::span<scored> room) { return static_cast<ranked>(rank(of, request, items, room, choice)); });
    }

    /// The best by the scores in 8 bits. Of the layers between, these are the weights when the codes were made.
    template <class Request, class Choice = everything>
    ranked rank_roughly(const Pipeline& of, const Request& request, const catalogue& items, std::span<scored> buffer,
                        const Choice& choice = {}) const noexcept {
        ranked result;
        result.status = detail::checks<plan>::request(request);
        if (!result.status) return result;
        top_k best(buffer, std::same_as<Choice, among>);
        typename plan::request_values kept;
        of.evaluation().prepare_context(of.weights().data(), of.kept(), request, kept);
        each_block<false>(of, kept, items, choice, [&](const std::size_t* block, const float* scores, const double*, std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) detail::add_finite(best, {items.id(block[i]), scores[i]}, result.overflowed);
        });
        result.items = best.sorted();
        return result;
    }
    template <class Request, class Choice = everything>
    ranking<Pipeline::small_ranking> rank_roughly(const Pipeline& of, const Request& request, const catalogue& items, std::size_t k,
                                                  const Choice& choice = {}) const noexcept {
        return detail::rank_in_own_room<Pipeline::small_ranking>(
            k, [&](std::span<scored> room) { return rank_roughly(of, request, items, room, choice); });
    }

    /// f(rows, scores, errors, n) for blocks of rows of a catalogue: the scores in 8 bits, and how far the float ones are from them at
    /// most.
    template <class Request, class F>
    status look(const Pipeline& of, const Request& request, const catalogue& items, F&& f) const noexcept {
        if (const status checked = detail::checks<plan>::request(request); !checked) return checked;
        typename plan::request_values kept;
        of.evaluation().prepare_context(of.weights().data(), of.kept(), request, kept);
        each_block<true>(of, kept, items, everything{}, f);
        return {};
    }

    std::size_t memory() const noexcept {
        std::size_t bytes = (encoded_.size() + last_.size()) * sizeof(float);
        for (const auto& one : layers_) bytes += one.memory();
        return bytes;
    }

private:
    /// How far a score is off whose last hidden row is off by `before`: the last layer's error, and the roundings of its sums, of numbers
    /// that are at most `size` in norm.
    double last_error(const math::eight_bit_layer& layer, const math::coded_row& x, double before) const noexcept {
        const double size = layer.shift + (static_cast<double>(x.length) + static_cast<double>(x.missed)) * layer.frobenius + before;
        const double terms = static_cast<double>(layer.scales.size() + 8);
        const double rounding = 2 * terms * 0x1p-24 * (norm_ * size + std::abs(static_cast<double>(bias_)));
        return (norm_ * before + rounding) * (1 + 1e-5) + 1e-30;
    }

    /// f(rows, scores, errors, n); without `Bound` the errors mean nothing.
    template <bool Bound, class Choice, class F>
    void each_block(const Pipeline& of, const typename plan::request_values& kept, const catalogue& items, const Choice& choice,
                    F&& f) const noexcept {
        constexpr std::size_t block = plan::block;
        alignas(64) std::array<float, block * padded(plan::first)> sums;
        alignas(64) std::array<float, block * widest> between;
        alignas(64) std::array<std::int32_t, block * widest> products;
        std::array<std::uint8_t, block * widest> codes;
        std::array<float, block> scores;
        std::array<double, block> errors;
        std::array<math::coded_row, block> row;
        detail::each_block(items, choice, 0, detail::places_of(items, choice),
                           [&](const float* const* values, const std::size_t* block_rows, std::size_t n) {
                               rows<float> in{sums.data(), n, padded(plan::first)};
                               of.evaluation().first_layer(of.weights().data(), of.kept(), kept, values, in);
                               std::fill_n(errors.data(), n, 0.0);
                               for (std::size_t l = 0; l < layers_.size(); ++l) {
                                   const math::eight_bit_layer& layer = layers_[l];
                                   const std::size_t stride = math::padded_inputs(layer.in), out = layer.scales.size();
                                   for (std::size_t r = 0; r < n; ++r) {
                                       row[r] = math::encode_row<Bound>(in[r], layer.in, codes.data() + r * stride);
                                       if constexpr (Bound) errors[r] = layer.error(row[r], errors[r]);
                                   }
                                   math::multiply(rows<const std::uint8_t>{codes.data(), n, stride}, layer.in, layer.codes.data(),
                                                  layer.out, rows<std::int32_t>{products.data(), n, out});
                                   if (l + 1 < layers_.size()) {
                                       for (std::size_t r = 0; r < n; ++r)
                                           math::decode_rectified(products.data() + r * out, row[r].scale, layer.scales.data(),
                                                                  layer.bias.data(), out, between.data() + r * widest);
                                       in = {between.data(), n, widest};
                                       continue;
                                   }
                                   for (std::size_t r = 0; r < n; ++r) {
                                       scores[r] =
                                           bias_ + math::decode_and_weigh(products.data() + r * out, row[r].scale, layer.scales.data(),
                                                                          layer.bias.data(), last_.data(), out);
                                       if constexpr (Bound) errors[r] = last_error(layer, row[r], errors[r]);
                                   }
                               }
                               f(block_rows, scores.data(), errors.data(), n);
                           });
    }

    /// Keeps the best that is certain of k candidates so far, and what cannot be excluded yet: first their lower bounds alone, and when
    /// there is no room for more rows that wait, exact scores.
    template <class Request> struct exact_tail {
        static constexpr std::size_t room = 512;  // rows that wait

        exact_tail(const Pipeline& pipeline, const Request& request, const catalogue& of_items, std::span<scored> buffer, bool repeats)
            : of(pipeline), items(of_items), best(buffer, repeats) {
            of.evaluation().prepare_context(of.weights().data(), of.kept(), request, kept);
        }
        /// A candidate whose score is within `error` of `score`.
        void add(std::size_t row, double score, double error) noexcept {
            const double most = score + error, least = score - error;
            const bool sure = error < 1e20 && std::abs(score) < 1e20;  // nothing on the way was near the end of floats
            if (sure && excluded(most)) return;
            if (!exact && sure) best.add({items.id(row), rounded_down(least)});
            if (waiting == room) settle_some();
            rows_waiting[waiting] = row;
            most_waiting[waiting++] = sure ? most : std::numeric_limits<double>::infinity();
            if (exact && waiting >= plan::block) score_waiting();
        }
        certified finish() noexcept {
            if (!exact) begin_exact();
            score_waiting();
            certified result;
            result.items = best.sorted();
            result.overflowed = overflowed;
            result.rescored = rescored;
            return result;
        }

        const Pipeline& of;
        const catalogue& items;
        typename plan::request_values kept;

    private:
        static float rounded_down(double x) noexcept {
            const auto near = static_cast<float>(x);
            return static_cast<double>(near) <= x ? near : std::nextafter(near, -std::numeric_limits<float>::infinity());
        }
        bool excluded(double most) const noexcept { return most < static_cast<double>(best.least()); }
        /// Drops what has been excluded since it came; if that makes little room, bounds alone will not do.
        void settle_some() noexcept {
            drop_excluded();
            if (waiting > room / 2) begin_exact();
        }
        void drop_excluded() noexcept {
            std::size_t left = 0;
            for (std::size_t i = 0; i < waiting; ++i)
                if (!excluded(most_waiting[i])) {
                    rows_waiting[left] = rows_waiting[i];
                    most_waiting[left++] = most_waiting[i];
                }
            waiting = left;
        }
        void begin_exact() noexcept {
            drop_excluded();
            best.clear();  // of lower bounds, which were of rows that still wait
            exact = true;
            score_waiting();
        }
        void score_waiting() noexcept {
            constexpr std::size_t computed = detail::computed_rows<plan>;
            alignas(64) std::array<float, computed * plan::values> fresh;
            std::array<const float*, plan::block> values;
            std::array<float, plan::block> scores;
            const std::size_t step = items.keeps_values() ? plan::block : computed;
            for (std::size_t from = 0; from < waiting; from += step) {
                const std::size_t n = std::min(step, waiting - from);
                for (std::size_t i = 0; i < n; ++i) values[i] = items.values(rows_waiting[from + i], fresh.data() + i * plan::values);
                of.evaluation().score(of.weights().data(), of.kept(), kept, values.data(), {scores.data(), n, 1});
                for (std::size_t i = 0; i < n; ++i) detail::add_finite(best, {items.id(rows_waiting[from + i]), scores[i]}, overflowed);
                rescored += n;
            }
            waiting = 0;
        }

        top_k best;
        std::array<std::size_t, room> rows_waiting;
        std::array<double, room> most_waiting;
        std::size_t waiting = 0, rescored = 0, overflowed = 0;
        bool exact = false;  // whether `best` holds scores, and not lower bounds
    };

    std::vector<math::eight_bit_layer> layers_;
    std::vector<float> encoded_;  // the weights that the codes are of
    std::vector<float> last_;     // the last layer's, zeros behind
    float bias_ = 0;
    double norm_ = 0;  // of the last layer's weights, not below
};

template <class Pipeline> eight_bit_ranker(const Pipeline&) -> eight_bit_ranker<Pipeline>;

}  // namespace rivulet::inline RIVULET_ABI
