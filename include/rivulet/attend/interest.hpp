// SPDX-License-Identifier: MIT
// Interest: which of an item's properties the user's relevant history shares, by target attention over rows of the item's own kind.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "sequence_keys.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = candidate * sum over t of share[t] row[t], element by element, with share = softmax(W_q candidate (W_k rows)' / sqrt(Depth)).
/// A row of the sequence begins with the numbers that the candidate feature would have for that item; what follows them (a rating, an
/// age) helps to choose the shares. The product of the attended history with the target is what deep interest networks feed their
/// ranker (Zhou et al. 2018, figure 2): a layer after `attend` has to learn that product, here it is given.
/// An empty sequence, or one whose rows are all masked, gives zeros.
/// Cost: Depth * sequence width multiply-adds a row and request, Depth + candidate width a row and candidate.
/// Weights: W_k (Sequence::width, padded(Depth)); of the candidate W_q (Candidate::width, padded(Depth)).
template <class Sequence, class Candidate, std::size_t Depth> struct interest {
    static_assert(detail::is_sequence<Sequence>, "interest<Sequence, Candidate, Depth>: the first feature must be a context_sequence");
    static_assert(Candidate::bound == binding::candidate, "interest<Sequence, Candidate, Depth>: the second feature must be a candidate's");
    static_assert(Sequence::width >= Candidate::width, "interest<>: a row of the sequence begins with the candidate feature's numbers");
    using inputs = features<Sequence, Candidate>;
    static constexpr std::size_t width = Candidate::width;
    static constexpr binding bound = binding::pair;

private:
    using keys_type = detail::sequence_keys<Sequence, Depth>;
    static constexpr std::size_t stride = padded(width), block = 24;

public:
    static constexpr std::size_t weights = keys_type::weights;
    static constexpr std::size_t candidate_weights = width * padded(Depth);
    static constexpr std::size_t candidate_part = padded(Depth) + width;  // the query, then the candidate itself

    template <class T> struct context_part {
        typename keys_type::template keys<T> keys;
        alignas(64) std::array<T, Sequence::length * stride> moments;  // (keys.count, stride), as they came

        context_part() {}
        const T* row(std::size_t t) const noexcept { return moments.data() + t * stride; }
        void start_slope(const context_part& kept) noexcept { keys.clear(kept.keys.count); }  // rows are inputs: no slope
    };

    template <class T> void start(T* w, random& seeded) const noexcept { detail::start_dense(w, Sequence::width, Depth, seeded); }
    template <class T> void start_candidate(T* w, random& seeded) const noexcept { detail::start_dense(w, width, Depth, seeded); }

    template <class T, class Request> void prepare_context(const T* w, const Request& request, context_part<T>& kept) const noexcept {
        const auto& sequence = request.template get<Sequence>();
        keys_type::project(w, sequence, kept.keys);
        std::fill_n(kept.moments.data(), kept.keys.count * stride, T(0));
        detail::each_run(sequence, [&](rows<const T> run, std::size_t at) {
            for (std::size_t i = 0; i < run.count; ++i) std::copy_n(run[i], width, kept.moments.data() + (at + i) * stride);
        });
    }
    template <class T, class Item> void prepare_candidate(const T* w, const Item& item, T* part) const noexcept {
        const T* candidate = item.template get<Candidate>().data;
        std::fill_n(part, padded(Depth), T(0));
        math::multiply<T>({candidate, 1, width}, width, w, Depth, {part, 1, padded(Depth)});
        std::copy_n(candidate, width, part + padded(Depth));
    }
    template <class T> void forward(const T*, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        std::array<T, block * padded(Sequence::length)> shares;
        std::array<T, block * stride> attended;
        for (std::size_t r = 0; r < parts.count; r += block) {
            const std::size_t number = std::min(block, parts.count - r);
            const rows<T> share{shares.data(), number, padded(kept.keys.count)}, sum{attended.data(), number, stride};
            keys_type::share(kept.keys, parts.from(r, number), 0, Depth, share);
            std::fill_n(attended.data(), number * stride, T(0));
            math::multiply<T>(share, kept.keys.count, kept.moments.data(), width, sum);
            for (std::size_t k = 0; k < number; ++k)
                for (std::size_t i = 0; i < width; ++i) out[r + k][i] = parts[r + k][padded(Depth) + i] * sum[k][i];
        }
    }
    template <class T>
    void backward(const T*, const context_part<T>& kept, rows<const T> parts, rows<const T> out_slope, context_part<T>& slope,
                  rows<T> part_slope, T*) const noexcept {
        std::array<T, padded(Sequence::length)> shares, share_slopes;
        std::array<T, width> sum_slope;
        for (std::size_t r = 0; r < parts.count; ++r) {
            keys_type::share(kept.keys, parts.from(r, 1), 0, Depth, rows<T>{shares.data(), 1, shares.size()});
            for (std::size_t i = 0; i < width; ++i) sum_slope[i] = out_slope[r][i] * parts[r][padded(Depth) + i];
            for (std::size_t t = 0; t < kept.keys.count; ++t) share_slopes[t] = math::dot(sum_slope.data(), kept.row(t), width);
            keys_type::share_backward(kept.keys, parts[r], 0, Depth, shares.data(), share_slopes.data(), part_slope[r], slope.keys);
        }
    }
    template <class T, class Request>
    void backward_context(const T*, const Request& request, const context_part<T>& slope, T* g) const noexcept {
        keys_type::backward(request.template get<Sequence>(), slope.keys, g);
    }
    template <class T, class Item> void backward_candidate(const T*, const Item& item, const T* part_slope, T* g) const noexcept {
        math::add_outer<T>({item.template get<Candidate>().data, 1, width}, width, {part_slope, 1, padded(Depth)}, Depth, g);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
