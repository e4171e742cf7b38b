// SPDX-License-Identifier: MIT
// Draws an image of a digit as SVG, in the colour that the page writes in, so that it suits light and dark alike.
#pragma once

#include "idx.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mnist {

/// pixels: (side * side). One path for each of eight shades, of the stretches that have it; `words` says what there is to see.
[[nodiscard]] inline std::string picture(std::span<const std::uint8_t> pixels, const std::string& words) {
    constexpr std::size_t shades = 8;
    const auto shade = [&](std::size_t row, std::size_t column) -> std::size_t {  // 0 is paper
        return (std::size_t(pixels[row * side + column]) * shades + 127) / 255;
    };
    std::array<std::string, shades + 1> paths;
    for (std::size_t row = 0; row < side; ++row)
        for (std::size_t from = 0, to = 0; from < side; from = to) {
            for (to = from; to < side && shade(row, to) == shade(row, from); ++to) {}
            paths[shade(row, from)] += "M" + std::to_string(from) + " " + std::to_string(row) + "h" + std::to_string(to - from) + "v1H" +
                                       std::to_string(from) + "z";
        }
    std::string out = "<svg class=\"digit\" viewBox=\"0 0 28 28\" role=\"img\" aria-label=\"" + words + "\">";
    for (std::size_t s = 1; s <= shades; ++s) {
        if (paths[s].empty()) continue;
        const std::string lighter = s < shades ? " opacity=\"." + std::to_string(s * 1000 / shades) + "\"" : "";
        out.append("<path").append(lighter).append(" d=\"").append(paths[s]).append("\"/>");
    }
    return out + "</svg>\n";
}

}  // namespace mnist
