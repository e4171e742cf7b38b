// SPDX-License-Identifier: MIT
// Feature tags: a type names one thing that the host knows, and says how wide it is and which side brings it.
#pragma once

#include <cstddef>
#include <type_traits>

#include "../core/binding.hpp"
#include "../core/type_name.hpp"

namespace rivulet::inline RIVULET_ABI {

/// What a request brings: `struct shopper : rv::context<16> {};` is 16 numbers a request.
template <std::size_t Width> struct context {
    static_assert(Width > 0, "a feature has at least one number");
    static constexpr std::size_t width = Width;
    static constexpr std::size_t length = 1;
    static constexpr binding bound = binding::context;
};

/// A list that a request brings, oldest first: any number of rows of `Width` numbers, of which the last `Length` are used.
template <std::size_t Width, std::size_t Length = 64> struct context_sequence {
    static_assert(Width > 0 && Length > 0, "a sequence has rows of at least one number, and room for at least one row");
    static constexpr std::size_t width = Width;
    static constexpr std::size_t length = Length;
    static constexpr bool sequence = true;
    static constexpr binding bound = binding::context;
};

/// What an item brings: `struct price : rv::candidate<4> {};` is 4 numbers an item.
template <std::size_t Width> struct candidate {
    static_assert(Width > 0, "a feature has at least one number");
    static constexpr std::size_t width = Width;
    static constexpr std::size_t length = 1;
    static constexpr binding bound = binding::candidate;
};

/// Ids that a request brings: any number of up to `Length` 64-bit ids, in any order, each with a value or counting 1. An id that comes
/// twice counts twice. Strings become ids by `hash("colour=red")`, the same on every platform.
template <std::size_t Length = 1> struct context_ids {
    static_assert(Length > 0, "a list of ids has room for at least one");
    static constexpr std::size_t width = 1;
    static constexpr std::size_t length = Length;
    static constexpr bool ids = true;
    static constexpr binding bound = binding::context;
};

/// Ids that an item brings: `struct genres : rv::candidate_ids<8> {};`.
template <std::size_t Length = 1> struct candidate_ids {
    static_assert(Length > 0, "a list of ids has room for at least one");
    static constexpr std::size_t width = 1;
    static constexpr std::size_t length = Length;
    static constexpr bool ids = true;
    static constexpr binding bound = binding::candidate;
};

/// What may be missing: `struct poster : rv::optional<rv::candidate<512>> {};`. A record says which it is, with<poster>(numbers) or
/// missing<poster>(); a component that reads it goes into maybe<...>. A sequence needs no such thing: it may be empty.
template <class Feature> struct optional : Feature {
    static_assert(
        !requires { Feature::sequence; } && !requires { Feature::ids; }, "a sequence or a list of ids is not optional: it may be empty");
    static constexpr bool may_be_missing = true;
};

namespace detail {

template <class Feature> constexpr bool is_sequence = requires { Feature::sequence; };
template <class Feature> constexpr bool is_ids = requires { Feature::ids; };
template <class Feature> constexpr bool is_optional = requires { Feature::may_be_missing; };

}  // namespace detail

/// The features that a component reads: `using inputs = rv::features<recent, title>;`.
template <class... Features> struct features { static constexpr bool any_optional = (detail::is_optional<Features> || ...); };

namespace detail {

template <class List, class Feature> struct with_feature;
template <class... Known, class Feature> struct with_feature<features<Known...>, Feature> {
    using type = std::conditional_t<(std::is_same_v<Known, Feature> || ...), features<Known...>, features<Known..., Feature>>;
};

/// The features of `Lists` that are bound to `Side`, each once, in order.
template <binding Side, class Result, class... Lists> struct features_of_side { using type = Result; };
template <binding Side, class Result, class... Rest> struct features_of_side<Side, Result, features<>, Rest...> {
    using type = typename features_of_side<Side, Result, Rest...>::type;
};
template <binding Side, class Result, class First, class... More, class... Rest>
struct features_of_side<Side, Result, features<First, More...>, Rest...> {
    using next = typename std::conditional_t<First::bound == Side, with_feature<Result, First>, std::type_identity<Result>>::type;
    using type = typename features_of_side<Side, next, features<More...>, Rest...>::type;
};

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
