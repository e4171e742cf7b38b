// SPDX-License-Identifier: MIT
// Draws the test accuracy of the models by epoch.
#include "report.hpp"

#include "../shared/text.hpp"

#include <algorithm>
#include <cmath>

namespace mnist {

namespace {

constexpr double label_distance = 17;

struct scales {
    plot_area area;
    double epochs = 1;
    double lowest = 0, highest = 1;

    double x(double epoch) const { return epochs > 1 ? area.left + (area.right - area.left) * (epoch - 1) / (epochs - 1) : area.left; }
    double y(double share) const { return area.bottom - (area.bottom - area.top) * (share - lowest) / (highest - lowest); }
};

void draw_axes(svg& out, const scales& scale, double step, layout size) {
    const int digits = step > 0.0099 ? 0 : step > 0.00099 ? 1 : 2;
    const auto parts = std::llround((scale.highest - scale.lowest) / step);
    for (int i = 0; i <= parts; ++i) {
        const double share = scale.lowest + i * step, y = scale.y(share);
        out.line({scale.area.left, y}, {scale.area.right, y}, i == 0 ? "axis" : "grid");
        out.text({scale.area.left - 6, y + 4}, "end", "tick", percent(share, digits));
    }
    const double epoch_step = std::max(1.0, nice_step(scale.epochs, size == layout::wide ? 12 : 10));
    for (double epoch = epoch_step; epoch <= scale.epochs; epoch += epoch_step) {
        out.line({scale.x(epoch), scale.area.bottom}, {scale.x(epoch), scale.area.bottom + 4}, "axis");
        out.text({scale.x(epoch), scale.area.bottom + 18}, "middle", "tick", fixed(epoch, 0));
    }
    out.text({(scale.area.left + scale.area.right) / 2, scale.area.bottom + 38}, "middle", "axis-label", "epoch");
}

void draw(svg& out, const scales& scale, const std::vector<epoch_found>& epochs, const std::string& style) {
    std::vector<point> points;
    for (std::size_t e = 0; e < epochs.size(); ++e) points.push_back({scale.x(static_cast<double>(e + 1)), scale.y(epochs[e].accuracy)});
    if (points.size() == 1) points.push_back({points[0].x + 6, points[0].y});  // one epoch is a dash
    out.curve(points, style);
}

}  // namespace

std::string accuracy_chart(const report& found, layout size) {
    const bool wide = size == layout::wide;
    const double width = wide ? 700 : 340, height = wide ? 360 : 320;
    scales scale;
    scale.area = {52, wide ? 16.0 : 22.0 + label_distance * static_cast<double>(found.models.size()), width - (wide ? 76 : 16),
                  height - 46};
    scale.epochs = static_cast<double>(found.settings.epochs);
    double low = 1, high = 0;
    for (const model_report& model : found.models)
        for (const trial& one : model.trials)
            for (const epoch_found& epoch : one.epochs) {
                low = std::min(low, epoch.accuracy);
                high = std::max(high, epoch.accuracy);
            }
    const double step = nice_step(std::max(high - low, 0.002), 5);
    scale.lowest = std::floor(low / step) * step;
    scale.highest = std::max(std::ceil(high / step) * step, scale.lowest + step);

    std::string description;
    for (const model_report& model : found.models)
        description += model.text.name + ": " + percent(mean_epochs(model).front().accuracy, 2) + " after the first epoch, " +
                       percent(summarise(model).mean, 2) + " after the last. ";
    svg out(wide ? "accuracy-wide" : "accuracy-narrow", width, height, "Test accuracy by epoch", description);
    draw_axes(out, scale, step, size);
    for (const model_report& model : found.models)
        for (const trial& one : model.trials) draw(out, scale, one.epochs, "one-seed " + model.text.name);
    std::vector<std::pair<double, std::string>> ends;
    for (const model_report& model : found.models) {
        const std::vector<epoch_found> means = mean_epochs(model);
        draw(out, scale, means, "curve " + model.text.name);
        ends.emplace_back(scale.y(means.back().accuracy), model.text.name);
    }
    std::sort(ends.begin(), ends.end());
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto& [end, name] = ends[i];
        if (wide) {  // at the end of the curve, moved apart from the other
            const double apart = ends.size() == 2 ? std::max(0.0, label_distance - (ends[1].first - ends[0].first)) / 2 : 0;
            out.text({scale.area.right + 8, end + 4 + (i == 0 ? -apart : apart)}, "start", "label " + name, name);
        } else {
            const double y = 14 + label_distance * static_cast<double>(i);
            out.line({2, y - 4}, {34, y - 4}, "curve " + name);
            out.text({42, y}, "start", "label " + name, name);
        }
    }
    return out.finish();
}

}  // namespace mnist
