// SPDX-License-Identifier: MIT
// The frame of a report as one self-contained HTML page, and the pieces that all reports have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shared {

/// `<tag>content</tag>`; the tag may have attributes, `content` is markup already.
[[nodiscard]] std::string element(std::string_view tag, const std::string& content);

struct setting {
    std::string name;
    std::string value;
};

/// The foot of a page: the settings that have a value, and the shell lines that make the page again.
[[nodiscard]] std::string settings_section(const std::vector<setting>& settings, const std::vector<std::string>& reproduce);

/// `style` follows the style sheet of all pages; `body` is markup.
[[nodiscard]] std::string page(std::string_view title, std::string_view style, const std::string& body);

}  // namespace shared
