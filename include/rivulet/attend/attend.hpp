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
#include "../math/dense.hpp"
#include "projected_sequence.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = concat over heads of softmax(q K' / sqrt(Width / heads)) V with q = W_q query, K = W_k rows, V = W_v rows
/// (Vaswani et al. 2017, eq. 1; with the query from the candidate it is the target attention of Zhou et al. 2018).
/// The query comes from the candidate (then the values are a pair's) or from the request (then they are the context's).
/// An empty sequence, or one whose rows are all masked, gives zeros; one row gives exactly its value.
/// Cost: Width * (sequence width + 1) multiply-adds a row and request, 2 * Width a row and candidate.
template <class Sequence, class Query, std::size_t Width> struct attend {
    std::size_t heads = 1;  ///< h; must divide Width

    static_assert(detail::is_sequence<Sequence>, "attend<Sequence, Query, Width>: the first feature must be a context_sequence");
    static_assert(!detail::is_sequence<Query>, "attend<Sequence, Query, Width>: the query is one vector, not a sequence");
    using inputs = features<Sequence, Query>;
    static constexpr std::size_t width = Width;
    static constexpr binding bound = meet(Sequence::bound, Query::bound);
    using projection = projected_sequence<Sequence, Width>;
    static constexpr std::size_t query_weights = Query::width * padded(Width);
    static constexpr std::size_t weights = projection::weights + (bound == binding::context ? query_weights : 0);
    static constexpr std::size_t candidate_weights = bound == binding::context ? 0 : query_weights;
    static constexpr std::size_t candidate_part = padded(Width);  // the query
    template <class T> using context_part = typename projection::template keys_values<T>;

    status validate() const noexcept {
        if (heads != 0 && Width % heads == 0) return {};
        return {errc::setting, "attend.heads must divide the width", static_cast<double>(Width), static_cast<double>(heads)};
    }
    std::string settings() const { return "heads=" + std::to_string(heads); }

    template <class T> void start(T* w, random& seeded) const noexcept {
        projection::start(w, seeded);
        if constexpr (bound == binding::context) start_dense(w + projection::weights, Query::width, Width, seeded);
    }
    template <class T> void start_candidate(T* w, random& seeded) const noexcept { start_dense(w, Query::width, Width, seeded); }

    // ---- the query from the candidate: a part of each side, joined for every candidate
    template <class T, class Request> void prepare_context(const T* w, const Request& request, context_part<T>& kept) const noexcept {
        projection::project(w, request.template get<Sequence>(), kept);
    }
    template <class T, class Side> void prepare_candidate(const T* w, const Side& side, T* query) const noexcept {
        std::fill_n(query, padded(Width), T(0));
        math::multiply<T>({side.template get<Query>().data, 1, Query::width}, Query::width, w, Width, {query, 1, padded(Width)});
    }
    template <class T> void forward(const T*, const context_part<T>& kept, rows<const T> queries, rows<T> out) const noexcept {
        constexpr std::size_t block = 24;  // rows whose shares stay in the first cache
        std::array<T, block * padded(Sequence::length)> shares;
        for (std::size_t r = 0; r < out.count; ++r) std::fill_n(out[r], Width, T(0));
        for (std::size_t r = 0; r < queries.count; r += block)
            for (std::size_t head = 0; head < heads; ++head) {
                const std::size_t number = std::min(block, queries.count - r), first = head * depth();
                const rows<T> part{shares.data(), number, padded(kept.count)}, result = out.from(r, number).columns(first);
                attention(kept, queries.from(r, number).columns(first), first, part);
                if (depth() % 16 == 0) math::multiply_columns<T>(part, kept.count, kept.value(0) + first, depth(), padded(Width), result);
                else
                    for (std::size_t i = 0; i < number; ++i)
                        for (std::size_t t = 0; t < kept.count; ++t)
                            math::add_scaled(part[i][t], kept.value(t) + first, result[i], depth());
            }
    }
    /// Adds to the slopes of keys, values and queries; `slope` starts at zero.
    template <class T>
    void backward(const T*, const context_part<T>& kept, rows<const T> queries, rows<const T> out_slope, context_part<T>& slope,
                  rows<T> query_slope, T*) const noexcept {
        std::array<T, padded(Sequence::length)> shares, logits;
        for (std::size_t r = 0; r < queries.count; ++r)
            for (std::size_t head = 0; head < heads; ++head) {
                const std::size_t first = head * depth();
                attention(kept, queries.from(r, 1).columns(first), first, rows<T>{shares.data(), 1, shares.size()});
                for (std::size_t t = 0; t < kept.count; ++t) {
                    logits[t] = math::dot(out_slope[r] + first, kept.value(t) + first, depth());
                    math::add_scaled(shares[t], out_slope[r] + first, slope.value(t) + first, depth());
                }
                math::softmax_backward(shares.data(), logits.data(), kept.count);
                for (std::size_t t = 0; t < kept.count; ++t) logits[t] *= scale<T>();
                for (std::size_t i = first; i < first + depth(); ++i) {
                    query_slope[r][i] += math::dot(logits.data(), kept.key_column(i), kept.count);
                    math::add_scaled(queries[r][i], logits.data(), slope.key_column(i), kept.count);
                }
            }
    }
    template <class T, class Request>
    void backward_context(const T*, const Request& request, const context_part<T>& slope, T* g) const noexcept {
        projection::backward(request.template get<Sequence>(), slope, g);
    }
    template <class T, class Side> void backward_candidate(const T*, const Side& side, const T* query_slope, T* g) const noexcept {
        math::add_outer<T>({side.template get<Query>().data, 1, Query::width}, Query::width, {query_slope, 1, padded(Width)}, Width, g);
    }

    // ---- the query from the request: all of it once a request
    template <class T, class Request> void forward(const T* w, const Request& request, T* out) const noexcept
        requires(bound == binding::context)
    {
        context_part<T> kept;
        std::array<T, padded(Width)> query;
        prepare_context(w, request, kept);
        prepare_candidate(w + projection::weights, request, query.data());
        forward(w, kept, rows<const T>{query.data(), 1, query.size()}, rows<T>{out, 1, Width});
    }
    template <class T, class Request> void backward(const T* w, const Request& request, const T* out_slope, T* g) const noexcept
        requires(bound == binding::context)
    {
        context_part<T> kept, slope;
        std::array<T, padded(Width)> query, query_slope{};
        prepare_context(w, request, kept);
        slope.start_slope(kept);
        prepare_candidate(w + projection::weights, request, query.data());
        backward(w, kept, rows<const T>{query.data(), 1, query.size()}, rows<const T>{out_slope, 1, Width}, slope,
                 rows<T>{query_slope.data(), 1, query_slope.size()}, g);
        backward_context(w, request, slope, g);
        backward_candidate(w + projection::weights, request, query_slope.data(), g + projection::weights);
    }

private:
    std::size_t depth() const noexcept { return Width / heads; }
    template <class T> T scale() const noexcept { return T(1) / std::sqrt(static_cast<T>(depth())); }

    /// shares: (queries, padded(kept.count)), the softmax of one head's logits.
    template <class T>
    void attention(const context_part<T>& kept, rows<const T> queries, std::size_t first, rows<T> shares) const noexcept {
        for (std::size_t r = 0; r < queries.count; ++r) std::fill_n(shares[r], padded(kept.count), T(0));
        math::multiply<T>(queries, depth(), kept.key_column(first), kept.count, shares);
        for (std::size_t r = 0; r < queries.count; ++r) {
            for (std::size_t t = 0; t < kept.count; ++t) shares[r][t] *= scale<T>();
            math::softmax(shares[r], kept.count);
        }
    }
};

}  // namespace rivulet
