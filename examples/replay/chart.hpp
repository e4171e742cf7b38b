// SPDX-License-Identifier: MIT
// The charts of the page, drawn as inline SVG so that the page needs neither scripts nor other files.
#pragma once

#include "report.hpp"

#include "../shared/svg.hpp"

#include <cstddef>
#include <string>

namespace replay {

/// How many windows each point of the curves averages.
[[nodiscard]] std::size_t smoothing_windows(const report& found);

[[nodiscard]] std::string hit_rate_chart(const report& found, layout size);

/// The latency histograms of the ranker that keeps learning, on a common logarithmic axis.
[[nodiscard]] std::string latency_chart(const report& found, layout size);

}  // namespace replay
