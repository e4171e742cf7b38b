// SPDX-License-Identifier: MIT
// Numbers and foreign text as the outputs show them, the same under every locale, and writing them to a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace shared {

[[nodiscard]] std::string grouped(std::uint64_t number);          // 100,004
[[nodiscard]] std::string fixed(double number, int digits);       // 3.14; "n/a" unless finite
[[nodiscard]] std::string percent(double share, int digits = 1);  // 12.3%
[[nodiscard]] std::string multiple(double ratio);                 // 1.08, 2.4, 13
[[nodiscard]] std::string readable_time(double microseconds);     // 840 ns, 12.3 µs, 1.25 ms

/// Valid UTF-8 on one line: bad bytes become U+FFFD, control characters (which could also steer a terminal) a space.
[[nodiscard]] std::string clean(std::string_view text);

/// `clean` and escaped for HTML content and quoted attributes.
[[nodiscard]] std::string html(std::string_view text);

/// Code points, which is how wide a terminal shows Latin text; `text` must be valid UTF-8.
[[nodiscard]] std::size_t columns(std::string_view text);

/// At most `width` columns of `text`, the last one an ellipsis if something was cut off.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

/// Padded with spaces to `width` columns, on the right or on the left.
[[nodiscard]] std::string left_aligned(std::string_view text, std::size_t width);
[[nodiscard]] std::string right_aligned(std::string_view text, std::size_t width);

/// Throws std::runtime_error, with the path and the reason, if the file cannot be written.
void write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace shared
