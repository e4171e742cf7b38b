// SPDX-License-Identifier: MIT
// Puts pages together, in the style that all of them have.
#include "page.hpp"

#include "page_style.hpp"
#include "text.hpp"

namespace shared {

std::string element(std::string_view tag, const std::string& content) {
    std::string out = "<";
    out.append(tag).append(">").append(content);
    return out.append("</").append(tag.substr(0, tag.find(' '))).append(">\n");
}

std::string settings_section(const std::vector<setting>& settings, const std::vector<std::string>& reproduce) {
    std::string lines;
    for (const setting& line : settings) {
        if (!line.value.empty()) { lines += element("dt", html(line.name)) + element("dd", html(line.value)); }
    }
    std::string out = element("h2", "Settings and how to reproduce") + element("dl class=\"settings\"", lines);
    if (!reproduce.empty()) {
        std::string shell;
        for (const std::string& line : reproduce) { shell.append(shell.empty() ? "" : "\n").append(html(line)); }
        // Focusable because a keyboard cannot scroll a box sideways otherwise.
        out += element("pre tabindex=\"0\" role=\"region\" aria-label=\"Commands\"", "<code>" + shell + "</code>");
    }
    return element("footer", out);
}

std::string page(std::string_view title, std::string_view style, const std::string& body) {
    std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    out += element("title", html(title));
    out += element("style", std::string(page_style).append(style));
    return out + "</head>\n<body>\n" + body + "</body>\n</html>\n";
}

}  // namespace shared
