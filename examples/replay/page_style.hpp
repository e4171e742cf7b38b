// SPDX-License-Identifier: MIT
// What the page of the replay adds to the style of all pages.
#pragma once

#include <string_view>

namespace replay {

// Blue solid, orange dashed, grey dotted.
inline constexpr std::string_view own_style = R"css(
.figures .learning { border-color: var(--blue); }
.figures .frozen { border-color: var(--orange); border-top-style: dashed; }
.figures .popularity { border-color: var(--grey); border-top-style: dotted; }
.speed td:nth-child(4), .speed thead tr + tr th:nth-child(3) { padding-left: 1.5rem; }
svg .half-time { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 3; }
svg .curve.learning { stroke: var(--blue); stroke-width: 2.5; }
svg .curve.frozen { stroke: var(--orange); stroke-dasharray: 7 4; }
svg .curve.popularity { stroke: var(--grey); stroke-dasharray: 1.5 4; stroke-linecap: round; stroke-width: 2.5; }
svg .label.learning { fill: var(--blue); font-weight: 600; }
svg .label.frozen { fill: var(--orange); font-weight: 600; }
svg .label.popularity { fill: var(--grey); font-weight: 600; }
svg .bar { fill: var(--blue); opacity: 0.8; }
svg .quantile { stroke: var(--ink); stroke-width: 1; }
/* The halo keeps a label readable where it lies over a line. */
svg .quantile-label { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
svg .panel-title { font-weight: 600; }
.cards { display: grid; grid-template-columns: 1fr 1fr; gap: 0.75rem; margin-top: 0.75rem; }
.card { padding: 0.9rem 1rem 0.5rem; background: var(--panel); border-top: 3px solid; border-radius: 2px; }
.card.learning { border-color: var(--blue); }
.card.frozen { border-color: var(--orange); border-top-style: dashed; }
.card ol { margin: 0; padding: 0 0 0 1.35rem; }
.card li { margin: 0 0 0.65rem; line-height: 1.35; }
.card li::marker { color: var(--quiet); font-variant-numeric: tabular-nums; }
.title { display: block; font-weight: 600; overflow-wrap: anywhere; }
.about { display: block; color: var(--quiet); font-size: 0.85rem; }
.liked { color: var(--blue); font-size: 0.85rem; font-weight: 600; white-space: nowrap; }

@media (max-width: 38rem) {
    .cards { grid-template-columns: 1fr; }
    .speed { font-size: 0.82rem; }
    .speed td:nth-child(4), .speed thead tr + tr th:nth-child(3) { padding-left: 0.8rem; }
}
@media print {
    .card { break-inside: avoid; }
}
)css";

}  // namespace replay
