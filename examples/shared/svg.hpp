// SPDX-License-Identifier: MIT
// The few SVG elements that the charts are made of; colours and fonts are left to the style sheet of the page.
#pragma once

#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace shared {

/// Each chart is drawn twice, because one drawing scaled down to a phone has unreadable labels.
enum class layout { wide, narrow };

struct point {
    double x = 0;
    double y = 0;
};

/// The rectangle that data is drawn in; labels go around it.
struct plot_area {
    double left = 0;
    double top = 0;
    double right = 0;
    double bottom = 0;
};

/// Text can only be measured by a browser: an estimate for the 13 px system font of the page, on the wide side.
[[nodiscard]] inline double text_width(std::string_view text) { return 7.2 * static_cast<double>(columns(text)); }

/// The step of 1, 2 or 5 times a power of ten that cuts `range` into at most `parts` parts.
[[nodiscard]] inline double nice_step(double range, double parts) {
    const double rough = std::max(range, 1e-9) / parts;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (step * power >= rough * (1 - 1e-9)) { return step * power; }
    }
    return 10 * power;
}

class svg {
public:
    svg(std::string_view id, double width, double height, std::string_view title, std::string_view description) {
        const std::string name = html(id);
        out_ = "<svg class=\"" + name + "\" viewBox=\"0 0 " + fixed(width, 0) + " " + fixed(height, 0) +
               "\" role=\"img\" aria-labelledby=\"" + name + "-title " + name + "-desc\">\n";
        out_ += "<title id=\"" + name + "-title\">" + html(title) + "</title>\n";
        out_ += "<desc id=\"" + name + "-desc\">" + html(description) + "</desc>\n";
    }

    void line(point from, point to, std::string_view style) {
        out_ +=
            "<line class=\"" + std::string(style) + "\"" + at("x1", from.x) + at("y1", from.y) + at("x2", to.x) + at("y2", to.y) + "/>\n";
    }

    void box(point corner, double width, double height, std::string_view style) {
        out_ += "<rect class=\"" + std::string(style) + "\"" + at("x", corner.x) + at("y", corner.y) + at("width", width) +
                at("height", height) + "/>\n";
    }

    void curve(const std::vector<point>& points, std::string_view style) {
        out_ += "<polyline class=\"" + std::string(style) + "\" points=\"";
        for (const point& p : points) { out_ += fixed(p.x, 1) + "," + fixed(p.y, 1) + " "; }
        out_ += "\"/>\n";
    }

    /// `anchor` is "start", "middle" or "end": which part of the text lies at `where`.
    void text(point where, std::string_view anchor, std::string_view style, std::string_view content) {
        out_ += "<text class=\"" + std::string(style) + "\"" + at("x", where.x) + at("y", where.y) + " text-anchor=\"" +
                std::string(anchor) + "\">" + html(content) + "</text>\n";
    }

    [[nodiscard]] std::string finish() const { return out_ + "</svg>\n"; }

private:
    static std::string at(std::string_view name, double value) {
        std::string out = " ";
        return out.append(name).append("=\"").append(fixed(value, 1)).append("\"");
    }

    std::string out_;
};

}  // namespace shared
