// SPDX-License-Identifier: MIT
// Draws how long the calls to rank and to learn took, as histograms on a logarithmic time axis.
#include "chart.hpp"

#include <limits>

namespace replay {

namespace {

struct time_axis {
    double left = 0;
    double right = 0;
    double from_us = 1;
    double to_us = 10;

    double x(double microseconds) const {
        const double at = std::clamp(microseconds, from_us, to_us);
        return left + (right - left) * std::log(at / from_us) / std::log(to_us / from_us);
    }
};

time_axis common_axis(double left, double right, const latency& rank, const latency& learn) {
    time_axis axis{left, right, std::numeric_limits<double>::infinity(), 0};
    for (const latency* part : {&rank, &learn}) {
        if (!part->bins.empty()) {
            axis.from_us = std::min(axis.from_us, part->bins.front().from_us);
            axis.to_us = std::max(axis.to_us, part->bins.back().to_us);
        }
    }
    if (!(axis.from_us > 0 && axis.to_us > axis.from_us)) {
        axis.from_us = 1;
        axis.to_us = 10;
    }
    return axis;
}

void draw_times(svg& out, const time_axis& axis, const plot_area& area, bool labelled) {
    const double decades = std::log10(axis.to_us / axis.from_us);
    for (double power = std::pow(10.0, std::floor(std::log10(axis.from_us))); power <= axis.to_us; power *= 10) {
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double time = factor * power;
            if (time < axis.from_us || time > axis.to_us || (factor > 1 && decades > 2)) { continue; }
            const double x = axis.x(time);
            out.line({x, area.top}, {x, area.bottom + (labelled ? 4 : 0)}, "grid");
            if (labelled) {
                const std::string label = time >= 0.9995e6   ? fixed(time / 1e6, 0) + " s"
                                          : time >= 0.9995e3 ? fixed(time / 1e3, 0) + " ms"
                                          : time >= 0.9995   ? fixed(time, 0) + " µs"
                                                             : fixed(time * 1e3, 0) + " ns";
                out.text({x, area.bottom + 18}, "middle", "tick", label);
            }
        }
    }
}

void mark(svg& out, const time_axis& axis, const plot_area& area, double microseconds, double row, const std::string& name) {
    const double x = axis.x(microseconds);
    const std::string words = name + "  " + readable_time(microseconds);
    const bool fits = x + 5 + text_width(words) < area.right;
    out.line({x, area.top + row - 10}, {x, area.bottom}, "quantile");
    out.text({fits ? x + 5 : x - 5, area.top + row}, fits ? "start" : "end", "quantile-label", words);
}

void draw_histogram(svg& out, const time_axis& axis, const plot_area& area, const latency& part) {
    if (part.count == 0) {
        out.text({(area.left + area.right) / 2, (area.top + area.bottom) / 2}, "middle", "note", "no calls");
        return;
    }
    std::uint64_t most = 1;
    for (const latency_bin& bin : part.bins) { most = std::max(most, bin.count); }
    // The two rows of quantile labels stand above the bars, so that no label crosses one.
    const double room = area.bottom - area.top - 38;
    for (const latency_bin& bin : part.bins) {
        if (bin.count > 0) {
            // Slow calls are few but matter: a bin with a single call still shows.
            const double height = std::max(1.0, room * static_cast<double>(bin.count) / static_cast<double>(most));
            const double x = axis.x(bin.from_us);
            out.box({x, area.bottom - height}, std::max(0.5, axis.x(bin.to_us) - x - 0.7), height, "bar");
        }
    }
    mark(out, axis, area, part.p50_us, 12, "p50");
    mark(out, axis, area, part.p99_us, 29, "p99");
}

std::string description(const char* name, const latency& part) {
    return std::string(name) + ": " + grouped(part.count) + " calls, half of them within " + readable_time(part.p50_us) +
           ", 99 of 100 within " + readable_time(part.p99_us) + ", the slowest " + readable_time(part.max_us) + ". ";
}

}  // namespace

std::string latency_chart(const report& found, layout size) {
    const bool wide = size == layout::wide;
    const latency& rank = found.rankers[role::learning].rank;
    const latency& learn = found.rankers[role::learning].learn;
    const double width = wide ? 700 : 340;
    const double panel = wide ? 130 : 120;
    const double right = width - 16;
    const double first_top = 22;
    const double second_top = first_top + panel + 36;
    const double height = second_top + panel + 46;
    const time_axis axis = common_axis(16, right, rank, learn);

    svg out(wide ? "latency-wide" : "latency-narrow", width, height, "How long the calls took",
            description("rank", rank) + description("learn", learn));
    for (const latency* part : {&rank, &learn}) {
        const bool first = part == &rank;
        const double top = first ? first_top : second_top;
        const plot_area area{16, top, right, top + panel};
        out.text({2, top - 8}, "start", "panel-title", (first ? "rank: " : "learn: ") + grouped(part->count) + " calls");
        draw_times(out, axis, area, !first);
        draw_histogram(out, axis, area, *part);
        out.line({area.left, area.bottom}, {area.right, area.bottom}, "axis");
    }
    out.text({(16 + right) / 2, height - 8}, "middle", "axis-label", "time per call, logarithmic; height: number of calls");
    return out.finish();
}

}  // namespace replay
