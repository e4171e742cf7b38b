// SPDX-License-Identifier: MIT
// What can go wrong, in words: the status a hot call returns and the error a cold one throws.
#pragma once

#include <charconv>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "config.hpp"

namespace rivulet::inline RIVULET_ABI {

/// The kinds of refusal. A refused call has changed nothing.
enum class errc : std::uint8_t {
    none,
    width,           ///< a vector of the wrong length
    count,           ///< the wrong number of rows
    nonfinite,       ///< NaN or infinity in an input, or a score that overflowed
    label,           ///< a label that the loss does not take
    weight,          ///< an importance weight that is negative or not finite
    probability,     ///< a chance that is not above 0 and at most 1
    gradient,        ///< a gradient too large to apply
    unknown_item,    ///< an id that the catalogue does not hold
    duplicate_item,  ///< an id that the catalogue holds already
    empty,           ///< nothing to work on
    limit,           ///< more than the call can give
    setting,         ///< a setting outside its range
    format,          ///< bytes that are not what they should be
    mismatch,        ///< a file of another pipeline
    system           ///< the operating system refused
};

/// What came of a call on the hot path: true when it did what was asked. Small, trivially copyable, makes text only when asked to.
struct status {
    errc code = errc::none;
    std::string_view where{};  ///< what it is about, such as a feature's name; static storage
    double expected = 0;
    double got = 0;
    std::uint64_t index = 0;  ///< which element or which id

    constexpr explicit operator bool() const noexcept { return code == errc::none; }
    /// One sentence: what, where, expected, got.
    std::string message() const;
};

namespace detail {

/// The shortest text that reads back as the same number, counts of any size in plain digits.
inline std::string text(double value) {
    char digits[32];
    if (value >= 1 && value <= 1e15)
        return std::string(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed).ptr);
    return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace detail

inline std::string status::message() const {
    const std::string name = where.empty() ? std::string("rivulet") : std::string(where);
    const std::string wanted = detail::text(expected), found = detail::text(got), which = std::to_string(index);
    switch (code) {
    case errc::none:
        return "done";
    case errc::width:
        return name + ": expected " + wanted + " numbers, got " + found;
    case errc::count:
        return name + ": expected " + wanted + " rows, got " + found;
    case errc::nonfinite:
        return name + ": number " + which + " is not finite";
    case errc::label:
        return name + ": label " + found + " of outcome " + which + " is outside what this loss takes";
    case errc::weight:
        return name + ": importance weight " + found + " of outcome " + which + " is not a finite number of 0 or more";
    case errc::probability:
        return name + ": probability " + found + " of outcome " + which + " is not above 0 and at most 1";
    case errc::gradient:
        return name + ": gradient norm " + found + " is beyond the limit of " + wanted;
    case errc::unknown_item:
        return name + ": item " + which + " is not in the catalogue";
    case errc::duplicate_item:
        return name + ": item " + which + " is in the catalogue already";
    case errc::empty:
        return name + ": nothing to work on";
    case errc::limit:
        return name + ": at most " + wanted + " here, got " + found;
    case errc::setting:
        return name + ", got " + found;
    case errc::format:
        return name + ": not the expected bytes at offset " + which;
    case errc::mismatch:
        return name + ": made by another pipeline";
    case errc::system:
        return name + ": refused by the system";
    }
    return name;
}

/// What a cold path throws (construction, fitting, loading, saving); nothing was changed.
class error : public std::runtime_error {
public:
    error(errc code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
    explicit error(const status& refused) : error(refused.code, refused.message()) {}
    errc code() const noexcept { return code_; }

private:
    errc code_;
};

namespace detail {

[[noreturn]] inline void raise(const error& problem) { RIVULET_RAISE(problem); }
[[noreturn]] inline void raise(errc code, const std::string& sentence) { raise(error(code, sentence)); }

inline void require(const status& result) {
    if (!result) raise(error(result));
}

}  // namespace detail
}  // namespace rivulet::inline RIVULET_ABI
