// SPDX-License-Identifier: MIT
// Attention of one query over a sequence that the request brings: multi-head scaled dot product with learned projections.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "decay.hpp"
#include "sequence_keys.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = concat over heads of softmax(q K' / sqrt(Width / heads)) V with q = W_q query, K = W_k rows, V = W_v rows
/// (Vaswani et al. 2017, eq. 1; with the query from the candidate it is the target attention of Zhou et al. 2018).
/// The query comes from the candidate (then the values are a pair's) or from the request (then they are the context's).
/// An empty sequence, or one whose rows are all masked, gives zeros; one row gives exactly its value.
/// Cost: 2 * Width * sequence width multiply-adds a row and request, 2 * Width a row and candidate.
/// `Decay`: position_decay or age_decay<Column> (decay.hpp) let the shares fade with age, at a rate of each head.
/// Weights: W_k, W_v (Sequence::width, padded(Width)) each, the decay's, then W_q (Query::width, padded(Width)), a candidate weight where
/// it can be.
template <class Sequence, class Query, std::size_t Width, class Decay = no_decay> struct attend {
    std::size_t heads = 1;                ///< h; must divide Width
    [[no_unique_address]] Decay decay{};  ///< settings of the decay, if there is one

    static_assert(detail::is_sequence<Sequence>, "attend<Sequence, Query, Width>: the first feature must be a context_sequence");
    static_assert(!detail::is_sequence<Query>, "attend<Sequence, Query, Width>: the query is one vector, not a sequence");
    static_assert(detail::age_within<Decay>(Sequence::width), "attend<>: the decay's column lies beyond the sequence's width");
    using inputs = features<Sequence, Query>;
    static constexpr std::size_t width = Width;
    static constexpr binding bound = meet(Sequence::bound, Query::bound);

private:
    using keys_type = detail::sequence_keys<Sequence, Width>;
    static constexpr std::size_t query_weights = Query::width * padded(Width), stride = padded(Width), block = 24;
    static constexpr std::size_t decay_at = 2 * keys_type::weights, query_at = decay_at + Decay::weights;
    static constexpr bool fades = detail::decays<Decay>;

public:
    static constexpr std::size_t weights = query_at + (bound == binding::context ? query_weights : 0);
    static constexpr std::size_t candidate_weights = bound == binding::context ? 0 : query_weights;
    static constexpr std::size_t candidate_part = stride;  // the query

    template <class T> struct context_part {
        typename keys_type::template keys<T> keys;
        alignas(64) std::array<T, Sequence::length * stride> values;  // (keys.count, stride)
        [[no_unique_address]] detail::fading<T, Sequence::length, fades> fade;

        context_part() {}
        T* value(std::size_t t) noexcept { return values.data() + t * stride; }
        const T* value(std::size_t t) const noexcept { return values.data() + t * stride; }
        void start_slope(const context_part& kept) noexcept {
            keys.clear(kept.keys.count);
            std::fill_n(values.data(), keys.count * stride, T(0));
            fade.start_slope();
        }
    };

    status validate() const noexcept {
        if (heads == 0 || Width % heads != 0)
            return {errc::setting, "attend.heads must divide the width", static_cast<double>(Width), static_cast<double>(heads)};
        if constexpr (fades) return decay.validate(heads);
        return {};
    }
    std::string settings() const {
        if constexpr (fades) return "heads=" + std::to_string(heads) + decay.settings();
        return "heads=" + std::to_string(heads);
    }

    template <class T> void start(T* w, random& seeded) const noexcept {
        detail::start_dense(w, Sequence::width, Width, seeded);
        detail::start_dense(w + keys_type::weights, Sequence::width, Width, seeded);
        if constexpr (fades) decay.start(w + decay_at);
        if constexpr (bound == binding::context) start_candidate(w + query_at, seeded);
    }
    template <class T> void start_candidate(T* w, random& seeded) const noexcept { detail::start_dense(w, Query::width, Width, seeded); }

    // ---- the query from the candidate: a part of each side, joined for every candidate
    template <class T, class Request> void prepare_context(const T* w, const Request& request, context_part<T>& kept) const noexcept {
        const auto& sequence = request.template get<Sequence>();
        keys_type::project(w, sequence, kept.keys);
        if constexpr (fades) kept.fade.gather(decay, w + decay_at, heads, sequence);
        std::fill_n(kept.values.data(), kept.keys.count * stride, T(0));
        detail::each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            math::multiply<T>(moments, Sequence::width, w + keys_type::weights, Width, {kept.value(at), moments.count, stride});
        });
    }
    template <class T, class Side> void prepare_candidate(const T* w, const Side& side, T* query) const noexcept {
        std::fill_n(query, stride, T(0));
        math::multiply<T>({side.template get<Query>().data, 1, Query::width}, Query::width, w, Width, {query, 1, stride});
    }
    template <class T> void forward(const T*, const context_part<T>& kept, rows<const T> queries, rows<T> out) const noexcept {
        std::array<T, block * padded(Sequence::length)> shares;  // of one head
        bias_type<T> bias;
        const std::size_t count = kept.keys.count, depth = Width / heads;
        for (std::size_t r = 0; r < out.count; ++r) std::fill_n(out[r], Width, T(0));
        for (std::size_t r = 0; r < queries.count; r += block)
            for (std::size_t first = 0; first < Width; first += depth) {
                const std::size_t number = std::min(block, queries.count - r);
                const rows<T> part{shares.data(), number, padded(count)}, result = out.from(r, number).columns(first);
                keys_type::share(kept.keys, queries.from(r, number).columns(first), first, depth, part,
                                 fading_bias(kept, first / depth, bias));
                if (depth % 16 == 0)
                    math::multiply_columns<T>(part, count, kept.value(0) + first, depth, stride, result);
                else
                    for (std::size_t i = 0; i < number; ++i)
                        for (std::size_t t = 0; t < count; ++t) math::add_scaled(part[i][t], kept.value(t) + first, result[i], depth);
            }
    }
    template <class T>
    void backward(const T*, const context_part<T>& kept, rows<const T> queries, rows<const T> out_slope, context_part<T>& slope,
                  rows<T> query_slope, T*) const noexcept {
        std::array<T, padded(Sequence::length)> shares, share_slopes;
        bias_type<T> bias;
        const std::size_t depth = Width / heads;
        for (std::size_t r = 0; r < queries.count; ++r)
            for (std::size_t first = 0; first < Width; first += depth) {
                keys_type::share(kept.keys, queries.from(r, 1).columns(first), first, depth, rows<T>{shares.data(), 1, shares.size()},
                                 fading_bias(kept, first / depth, bias));
                for (std::size_t t = 0; t < kept.keys.count; ++t) {
                    share_slopes[t] = math::dot(out_slope[r] + first, kept.value(t) + first, depth);
                    math::add_scaled(shares[t], out_slope[r] + first, slope.value(t) + first, depth);
                }
                keys_type::share_backward(kept.keys, queries[r] + first, first, depth, shares.data(), share_slopes.data(),
                                          query_slope[r] + first, slope.keys);
                if constexpr (fades)  // what is left in share_slopes is the slope of q k, sqrt(depth) times smaller than the logit's
                    slope.fade.rates[first / depth] +=
                        kept.fade.rate_slope(share_slopes.data(), kept.keys.count) * std::sqrt(static_cast<T>(depth));
            }
    }
    template <class T, class Request>
    void backward_context([[maybe_unused]] const T* w, const Request& request, const context_part<T>& slope, T* g) const noexcept {
        const auto& sequence = request.template get<Sequence>();
        keys_type::backward(sequence, slope.keys, g);
        detail::each_run(sequence, [&](rows<const T> moments, std::size_t at) {
            math::add_outer<T>(moments, Sequence::width, {slope.value(at), moments.count, stride}, Width, g + keys_type::weights);
        });
        if constexpr (fades)
            for (std::size_t h = 0; h < heads; ++h) decay.rate_backward(w + decay_at, h, slope.fade.rates[h], g + decay_at);
    }
    template <class T, class Side> void backward_candidate(const T*, const Side& side, const T* query_slope, T* g) const noexcept {
        math::add_outer<T>({side.template get<Query>().data, 1, Query::width}, Query::width, {query_slope, 1, stride}, Width, g);
    }

    // ---- the query from the request: all of it once a request
    template <class T, class Request>
    void forward(const T* w, const Request& request, T* out) const noexcept requires(bound == binding::context) {
        context_part<T> kept;
        std::array<T, stride> query;
        prepare_context(w, request, kept);
        prepare_candidate(w + query_at, request, query.data());
        forward(w, kept, rows<const T>{query.data(), 1, stride}, rows<T>{out, 1, Width});
    }
    template <class T, class Request>
    void backward(const T* w, const Request& request, const T* out_slope, T* g) const noexcept requires(bound == binding::context) {
        context_part<T> kept, slope;
        std::array<T, stride> query, query_slope{};
        prepare_context(w, request, kept);
        slope.start_slope(kept);
        prepare_candidate(w + query_at, request, query.data());
        backward(w, kept, rows<const T>{query.data(), 1, stride}, rows<const T>{out_slope, 1, Width}, slope,
                 rows<T>{query_slope.data(), 1, stride}, g);
        backward_context(w, request, slope, g);
        backward_candidate(w + query_at, request, query_slope.data(), g + query_at);
    }

private:
    template <class T> using bias_type = std::array<T, fades ? padded(Sequence::length) : 1>;
    template <class T> static const T* fading_bias(const context_part<T>& kept, std::size_t head, bias_type<T>& bias) noexcept {
        if constexpr (!fades)
            return nullptr;
        else {
            kept.fade.bias(head, kept.keys.count, bias.data());
            return bias.data();
        }
    }
};

}  // namespace rivulet::inline RIVULET_ABI
