// SPDX-License-Identifier: MIT
// Crosses of a context feature with a candidate feature of the same width: element by element, or summed to their inner product.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "../core/concepts.hpp"
#include "../input/feature.hpp"
#include "../math/vector.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out[i] = context[i] * candidate[i], or for each of the vectors that the context brings side by side the sum of these.
/// A pair's, no weights; each side's part is its feature. Context::width multiply-adds a candidate.
template <class Context, class Candidate, bool Summed> struct cross {
    static_assert(Context::bound == binding::context && Candidate::bound == binding::candidate && !detail::is_sequence<Context>,
                  "a cross takes one context feature, not a sequence, and one candidate feature");
    static_assert(Summed ? Context::width % Candidate::width == 0 : Context::width == Candidate::width,
                  "product takes two features of the same width, dot a context feature of one or more times the candidate's");
    using inputs = features<Context, Candidate>;
    static constexpr std::size_t width = Summed ? Context::width / Candidate::width : Context::width;
    static constexpr binding bound = binding::pair;
    static constexpr std::size_t weights = 0, candidate_part = Candidate::width;
    template <class T> using context_part = std::array<T, Context::width>;

    template <class T, class Request> void prepare_context(const T*, const Request& request, context_part<T>& kept) const noexcept {
        std::copy_n(request.template get<Context>().data, Context::width, kept.data());
    }
    template <class T, class Item> void prepare_candidate(const T*, const Item& item, T* part) const noexcept {
        std::copy_n(item.template get<Candidate>().data, Candidate::width, part);
    }
    template <class T> void forward(const T*, const std::array<T, Context::width>& kept, rows<const T> parts, rows<T> out) const noexcept {
        for (std::size_t r = 0; r < parts.count; ++r)
            for (std::size_t i = 0; i < width; ++i) {
                if constexpr (Summed)
                    out[r][i] = math::dot(kept.data() + i * Candidate::width, parts[r], Candidate::width);
                else
                    out[r][i] = kept[i] * parts[r][i];
            }
    }
};

/// Which of the things that the user is said to like the item has.
template <class Context, class Candidate> using product = cross<Context, Candidate, false>;
/// How much embeddings agree: one or several of the user's, side by side in the context feature, with one of the item's.
template <class Context, class Candidate> using dot = cross<Context, Candidate, true>;

}  // namespace rivulet::inline RIVULET_ABI
