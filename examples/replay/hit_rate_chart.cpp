// SPDX-License-Identifier: MIT
// Draws the hit rates of the three rankers over the judged events.
#include "chart.hpp"

#include <array>

namespace replay {

namespace {

// Learning comes last, so that it lies on top where curves meet.
constexpr std::array<role::index, 3> drawing_order{role::popularity, role::frozen, role::learning};
constexpr std::array<std::string_view, 3> curve_styles{"curve popularity", "curve frozen", "curve learning"};
constexpr std::array<std::string_view, 3> label_styles{"label popularity", "label frozen", "label learning"};
constexpr double label_distance = 17;
constexpr std::size_t longest_label = 26;
constexpr std::size_t longest_legend = 36;

std::vector<double> trailing_means(const std::vector<double>& values, std::size_t span) {
    std::vector<double> out;
    out.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t first = i + 1 > span ? i + 1 - span : 0;
        double sum = 0;
        for (std::size_t j = first; j <= i; ++j) { sum += values[j]; }
        out.push_back(sum / static_cast<double>(i + 1 - first));
    }
    return out;
}

struct scales {
    plot_area area;
    double events = 1;
    double top_share = 1;

    double x(double event) const { return area.left + (area.right - area.left) * event / events; }
    double y(double share) const { return area.bottom - (area.bottom - area.top) * share / top_share; }
};

void draw_axes(svg& out, const scales& scale, const report& found, layout size) {
    const double step = nice_step(scale.top_share, 5);
    const int digits = step > 0.0099 ? 0 : step > 0.00099 ? 1 : 2;
    for (int i = 0; i * step <= scale.top_share * 1.001; ++i) {
        const double y = scale.y(i * step);
        out.line({scale.area.left, y}, {scale.area.right, y}, i == 0 ? "axis" : "grid");
        out.text({scale.area.left - 6, y + 4}, "end", "tick", percent(i * step, digits));
    }
    const double event_step = nice_step(scale.events, size == layout::wide ? 6 : 4);
    for (int i = 0; i * event_step <= scale.events; ++i) {
        const double x = scale.x(i * event_step);
        out.line({x, scale.area.bottom}, {x, scale.area.bottom + 4}, "axis");
        out.text({x, scale.area.bottom + 18}, "middle", "tick", grouped(static_cast<std::uint64_t>(std::llround(i * event_step))));
    }
    const double middle = (scale.area.left + scale.area.right) / 2;
    const std::string days = size == layout::wide ? ", " + found.first_day + " to " + found.last_day : std::string();
    out.text({middle, scale.area.bottom + 38}, "middle", "axis-label", "judged events in time order" + days);
}

void draw_half_time(svg& out, const scales& scale, double half) {
    const double x = scale.x(half);
    out.line({x, scale.area.top - 14}, {x, scale.area.bottom}, "half-time");
    const std::string_view words = "frozen stops learning";
    const bool fits = x + 6 + text_width(words) < scale.area.right;
    out.text({fits ? x + 6 : x - 6, scale.area.top - 5}, fits ? "start" : "end", "note", words);
}

/// Labels at the ends of the curves, moved apart where the curves end close together.
void draw_labels(svg& out, const scales& scale, const report& found, const std::array<double, 3>& ends) {
    std::array<role::index, 3> order = drawing_order;
    std::sort(order.begin(), order.end(), [&](role::index a, role::index b) { return ends[a] < ends[b]; });
    std::array<double, 3> places{};
    for (std::size_t i = 0; i < order.size(); ++i) {
        places[i] = i == 0 ? ends[order[i]] : std::max(ends[order[i]], places[i - 1] + label_distance);
    }
    double lowest = scale.area.bottom;
    for (std::size_t i = order.size(); i-- > 0; lowest = places[i] - label_distance) {
        places[i] = std::min(places[i], lowest);
        const std::string name = shortened(clean(found.rankers[order[i]].name), longest_label);
        out.text({scale.area.right + 8, places[i] + 4}, "start", label_styles[order[i]], name);
    }
}

void draw_legend(svg& out, const report& found) {
    double y = 14;
    for (const role::index which : {role::learning, role::frozen, role::popularity}) {
        out.line({2, y - 4}, {34, y - 4}, curve_styles[which]);
        out.text({42, y}, "start", label_styles[which], shortened(clean(found.rankers[which].name), longest_legend));
        y += label_distance;
    }
}

std::string description(const report& found) {
    std::string out;
    for (const ranker_report& ranker : found.rankers) {
        out += ranker.name + ": " + percent(ranker.first_half.hit_rate) + " in the first half, " + percent(ranker.second_half.hit_rate) +
               " in the second. ";
    }
    return out;
}

}  // namespace

std::size_t smoothing_windows(const report& found) {
    return std::max<std::size_t>(1, found.rankers[role::learning].hit_rate_curve.size() / 20);
}

std::string hit_rate_chart(const report& found, layout size) {
    const bool wide = size == layout::wide;
    const double width = wide ? 700 : 340;
    const double height = wide ? 360 : 330;
    double label_room = 0;
    for (const ranker_report& ranker : found.rankers) {
        label_room = std::max(label_room, text_width(shortened(clean(ranker.name), longest_label)));
    }
    scales scale;
    scale.area = {44, wide ? 24.0 : 84.0, width - (wide ? label_room + 10 : 16), height - 46};

    std::array<std::vector<double>, 3> curves;
    double highest = 0;
    for (const role::index which : drawing_order) {
        curves[which] = trailing_means(found.rankers[which].hit_rate_curve, smoothing_windows(found));
        for (const double share : curves[which]) { highest = std::max(highest, share); }
    }
    const double step = nice_step(highest, 5);
    scale.top_share = std::max(1.0, std::ceil(highest / step)) * step;
    const auto window = static_cast<double>(std::max<std::uint64_t>(found.window, 1));
    scale.events = std::max({static_cast<double>(found.judged_events), window * static_cast<double>(curves[role::learning].size()), 1.0});
    const auto half = static_cast<double>(found.rankers[role::frozen].first_half.events);

    const std::string id = wide ? "hit-rate-wide" : "hit-rate-narrow";
    svg out(id, width, height, "Hit rate at " + std::to_string(found.cutoff) + " over time", description(found));
    draw_axes(out, scale, found, size);
    draw_half_time(out, scale, half);
    std::array<double, 3> ends{scale.area.bottom, scale.area.bottom, scale.area.bottom};
    for (const role::index which : drawing_order) {
        std::vector<point> points;
        for (std::size_t i = 0; i < curves[which].size(); ++i) {
            const double event = window * static_cast<double>(i + 1);
            // Until half time the frozen ranker is the learning one: it branches off at the last point they share.
            if (which != role::frozen || event + window > half) { points.push_back({scale.x(event), scale.y(curves[which][i])}); }
        }
        if (!points.empty()) {
            ends[which] = points.back().y;
            out.curve(points, curve_styles[which]);
        }
    }
    if (wide) {
        draw_labels(out, scale, found, ends);
    } else {
        draw_legend(out, found);
    }
    return out.finish();
}

}  // namespace replay
