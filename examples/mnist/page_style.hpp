// SPDX-License-Identifier: MIT
// What the page of this example adds to the style of all pages.
#pragma once

#include <string_view>

namespace mnist {

// The recommender is blue and solid, the softmax orange and dashed.
inline constexpr std::string_view own_style = R"css(
@media (min-width: 38.01rem) { .figures { grid-template-columns: repeat(2, 1fr); } }
.figures .pairwise { border-color: var(--blue); }
.figures .softmax { border-color: var(--orange); border-top-style: dashed; }
svg .curve.pairwise { stroke: var(--blue); stroke-width: 2.5; }
svg .curve.softmax { stroke: var(--orange); stroke-dasharray: 7 4; }
svg .one-seed { fill: none; stroke-width: 1; opacity: 0.35; }
svg .one-seed.pairwise { stroke: var(--blue); }
svg .one-seed.softmax { stroke: var(--orange); }
svg .label.pairwise { fill: var(--blue); font-weight: 600; }
svg .label.softmax { fill: var(--orange); font-weight: 600; }

.confusion { font-size: 0.85rem; }
.confusion th, .confusion td { padding: 0.35rem 0.4rem; }
.confusion th:first-child { padding-left: 0; }
.confusion tbody td { width: 8.5%; border: 1px solid var(--paper); }
.confusion .none { color: var(--rule); }
.confusion .hit { background: var(--panel); font-weight: 650; }
.confusion .some { background: color-mix(in srgb, var(--orange) 15%, transparent); }
.confusion .many { background: color-mix(in srgb, var(--orange) 35%, transparent); }
.confusion .most { background: color-mix(in srgb, var(--orange) 60%, transparent); }

.mistakes { display: grid; grid-template-columns: repeat(5, 1fr); gap: 0.75rem; margin: 0.75rem 0 0; padding: 0; list-style: none; }
.mistakes li { padding: 0.5rem 0.6rem 0.6rem; background: var(--panel); border-radius: 2px; font-size: 0.85rem; line-height: 1.4; }
.mistakes .digit { margin-bottom: 0.4rem; fill: var(--ink); shape-rendering: crispEdges; }
.mistakes strong { font-size: 1.05rem; }
.mistakes span { display: block; color: var(--quiet); white-space: nowrap; font-variant-numeric: tabular-nums; }
.mistakes span:first-of-type { color: var(--ink); }

@media (max-width: 38rem) {
    .confusion { font-size: 0.68rem; }
    .confusion th, .confusion td { padding: 0.3rem 0.1rem; font-size: inherit; }
    .confusion tr > :last-child { display: none; }  /* a row has no room for its share */
    .mistakes { grid-template-columns: repeat(3, 1fr); gap: 0.5rem; }
    .mistakes li { padding: 0.4rem 0.45rem 0.5rem; font-size: 0.75rem; }
    .mistakes strong { font-size: 0.95rem; }
}
@media print {
    .mistakes li { break-inside: avoid; }
}
)css";

}  // namespace mnist
