// SPDX-License-Identifier: MIT
// Number formatting, UTF-8 cleaning, HTML escaping and file writing for what the examples put out.
#include "text.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace shared {

namespace {

/// Length of the well-formed sequence at the start of `text`, or 0; `consumed` is how much a replacement stands for.
std::size_t sequence_length(std::string_view text, std::size_t& consumed) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    consumed = 1;
    const unsigned lead = byte(0);
    if (lead < 0x80) { return 1; }
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0U) == 0xE0 ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
    if (length == 0) { return 0; }
    // The second byte is what rules out overlong forms, surrogates and code points after U+10FFFF.
    const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (std::size_t i = 1; i < length; ++i) {
        if (i >= text.size() || byte(i) < (i == 1 ? lowest : 0x80) || byte(i) > (i == 1 ? highest : 0xBF)) { return 0; }
        consumed = i + 1;
    }
    return length;
}

bool is_control(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character[0]);
    return lead < 0x20 || lead == 0x7F || (lead == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
}

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

}  // namespace

std::string grouped(std::uint64_t number) {
    std::string out = std::to_string(number);
    for (std::size_t i = out.size(); i > 3; i -= 3) { out.insert(i - 3, 1, ','); }
    return out;
}

std::string fixed(double number, int digits) {
    std::array<char, 400> buffer;  // the largest double has 309 digits before the point
    if (!std::isfinite(number)) { return "n/a"; }
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed, digits);
    return error == std::errc{} ? std::string(buffer.data(), end) : "n/a";
}

std::string percent(double share, int digits) { return std::isfinite(share) ? fixed(share * 100, digits) + "%" : "n/a"; }

std::string multiple(double ratio) { return fixed(ratio, ratio < 2 ? 2 : ratio < 10 ? 1 : 0); }

std::string readable_time(double microseconds) {
    struct unit {
        double microseconds;
        std::string_view name;
    };
    static constexpr std::array<unit, 4> units{{{1e6, " s"}, {1e3, " ms"}, {1, " µs"}, {1e-3, " ns"}}};
    std::size_t i = 0;
    // 0.9995 because it rounds to a full thousand of the smaller unit otherwise.
    while (i + 1 < units.size() && microseconds < 0.9995 * units[i].microseconds) { ++i; }
    const double value = microseconds / units[i].microseconds;
    const int digits = i + 1 == units.size() || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return fixed(value, digits).append(units[i].name);
}

std::string clean(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        std::size_t consumed = 0;
        const std::size_t length = sequence_length(text, consumed);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
        } else if (is_control(text)) {
            out += ' ';
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(consumed);
    }
    return out;
}

std::string html(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : clean(text)) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) { count += continues_character(c) ? 0U : 1U; }
    return count;
}

std::string shortened(std::string_view text, std::size_t width) {
    if (columns(text) <= width) { return std::string(text); }
    if (width == 0) { return {}; }
    std::size_t bytes = 0;
    for (std::size_t shown = 0; bytes < text.size(); ++bytes) {
        if (!continues_character(text[bytes]) && ++shown == width) { break; }
    }
    return std::string(text.substr(0, bytes)) + "…";
}

std::string left_aligned(std::string_view text, std::size_t width) {
    const std::size_t used = columns(text);
    return std::string(text).append(used < width ? width - used : 0, ' ');
}

std::string right_aligned(std::string_view text, std::size_t width) {
    const std::size_t used = columns(text);
    return std::string(used < width ? width - used : 0, ' ').append(text);
}

void write_file(const std::filesystem::path& path, std::string_view content) {
    errno = 0;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) {
        // The stream itself keeps no reason; errno may be unset if the failure came from elsewhere.
        const std::string reason = errno != 0 ? std::generic_category().message(errno) : "unknown error";
        throw std::runtime_error("cannot write " + path.string() + ": " + reason);
    }
}

}  // namespace shared
