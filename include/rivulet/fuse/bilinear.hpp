// SPDX-License-Identifier: MIT
// A bilinear cross of low rank: every number of a context feature with every number of a candidate feature, through learned factors.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "../math/dense.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out[k] = (U' c + u)[k] (V' d + v)[k] for k < Rank, c the context feature and d the candidate's: factorised bilinear pooling without its
/// activations (Kim et al. 2017, eq. 5); their sum is the cross term of a factorisation machine over two dense fields (Rendle 2010, eq. 1),
/// and the layer above weighs the factors instead. Unlike product and dot it needs no common space or width. A pair's: each side is
/// projected once, and a candidate costs Rank multiplications and Rank numbers.
/// U and V start so that features of unit scale give factors and products of unit scale, u and v at zero.
/// Weights: U (Context::width, padded(Rank)), then u (padded(Rank)); of the candidate V and v alike.
template <class Context, class Candidate, std::size_t Rank> struct bilinear {
    static_assert(Context::bound == binding::context && Candidate::bound == binding::candidate && !detail::is_sequence<Context>,
                  "bilinear<> takes one context feature, not a sequence, and one candidate feature");
    static_assert(Rank > 0, "bilinear<Context, Candidate, Rank> gives at least one number");
    using inputs = features<Context, Candidate>;
    static constexpr std::size_t width = Rank;
    static constexpr binding bound = binding::pair;

private:
    static constexpr std::size_t stride = padded(Rank);
    template <class T> using factors = std::array<T, stride>;

public:
    static constexpr std::size_t weights = (Context::width + 1) * stride, candidate_weights = (Candidate::width + 1) * stride;
    static constexpr std::size_t candidate_part = Rank;

    template <class T> struct context_part {
        alignas(64) factors<T> numbers;  // of which Rank count

        context_part() {}
        void start_slope(const context_part&) noexcept { numbers.fill(T(0)); }
    };

    template <class T> void start(T* w, random& seeded) const noexcept { start_side(w, Context::width, seeded); }
    template <class T> void start_candidate(T* w, random& seeded) const noexcept { start_side(w, Candidate::width, seeded); }

    template <class T, class Request> void prepare_context(const T* w, const Request& request, context_part<T>& kept) const noexcept {
        project(w, request.template get<Context>().data, Context::width, kept.numbers);
    }
    template <class T, class Item> void prepare_candidate(const T* w, const Item& item, T* part) const noexcept {
        factors<T> numbers;
        project(w, item.template get<Candidate>().data, Candidate::width, numbers);
        std::copy_n(numbers.data(), Rank, part);
    }
    template <class T> void forward(const T*, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        for (std::size_t r = 0; r < parts.count; ++r)
            for (std::size_t k = 0; k < Rank; ++k) out[r][k] = kept.numbers[k] * parts[r][k];
    }
    template <class T>
    void backward(const T*, const context_part<T>& kept, rows<const T> parts, rows<const T> out_slope, context_part<T>& slope,
                  rows<T> part_slope, T*) const noexcept {
        for (std::size_t r = 0; r < parts.count; ++r)
            for (std::size_t k = 0; k < Rank; ++k) {
                slope.numbers[k] += out_slope[r][k] * parts[r][k];
                part_slope[r][k] += out_slope[r][k] * kept.numbers[k];
            }
    }
    template <class T, class Request>
    void backward_context(const T*, const Request& request, const context_part<T>& slope, T* g) const noexcept {
        add_slopes(request.template get<Context>().data, Context::width, slope.numbers, g);
    }
    template <class T, class Item> void backward_candidate(const T*, const Item& item, const T* part_slope, T* g) const noexcept {
        factors<T> slope{};  // the padding stays zero
        std::copy_n(part_slope, Rank, slope.data());
        add_slopes(item.template get<Candidate>().data, Candidate::width, slope, g);
    }

private:
    template <class T> static void start_side(T* w, std::size_t in, random& seeded) noexcept {
        const double limit = std::sqrt(3.0 / static_cast<double>(in));  // uniform with variance 1 / in
        for (std::size_t i = 0; i < in; ++i)
            for (std::size_t k = 0; k < Rank; ++k) w[i * stride + k] = static_cast<T>(seeded.around_zero(limit));
    }
    template <class T> static void project(const T* w, const T* x, std::size_t in, factors<T>& out) noexcept {
        std::copy_n(w + in * stride, stride, out.data());
        math::multiply<T>({x, 1, in}, in, w, Rank, {out.data(), 1, stride});
    }
    template <class T> static void add_slopes(const T* x, std::size_t in, const factors<T>& slope, T* g) noexcept {
        math::add_outer<T>({x, 1, in}, in, {slope.data(), 1, stride}, Rank, g);
        math::add_scaled(T(1), slope.data(), g + in * stride, stride);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
