// SPDX-License-Identifier: MIT
// The name of a type as its author wrote it, for error sentences and for the signature in a saved file.
#pragma once

#include <string_view>

#include "config.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

template <class T> constexpr std::string_view decorated_name() {
    // "... [with T = shopper; ...]" (g++), "... [T = shopper]" (clang)
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find("T = ") + 4);
    std::size_t depth = 0, end = 0;
    for (; end < text.size(); ++end) {
        const char c = text[end];
        if (c == '<' || c == '(' || c == '{')
            ++depth;
        else if ((c == ';' || c == ']') && depth == 0)
            break;
        else if (c == '>' || c == ')' || c == '}')
            --depth;
    }
    return text.substr(0, end);
}

}  // namespace detail

/// `shopper` for `shop::shopper`, `attend` for `rivulet::attend<...>`: without namespaces and template arguments.
template <class T> constexpr std::string_view type_name() {
    std::string_view name = detail::decorated_name<T>();
    std::size_t depth = 0, end = name.size();
    if (name.ends_with('>')) do
            depth = name[--end] == '>' ? depth + 1 : name[end] == '<' ? depth - 1 : depth;
        while (depth > 0);
    name = name.substr(0, end);  // the last arguments only: those of a class that it lies in come before a "::"
    const std::size_t colon = name.rfind("::");
    return colon == std::string_view::npos ? name : name.substr(colon + 2);
}

}  // namespace rivulet::inline RIVULET_ABI
