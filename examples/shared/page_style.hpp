// SPDX-License-Identifier: MIT
// The style sheet of all pages. Charts whose class ends in -narrow take the place of those in -wide on a phone.
#pragma once

#include <string_view>

namespace shared {

// The three colours stay apart for colour-blind readers; curves differ by their dashes, too, for black and white.
inline constexpr std::string_view page_style = R"css(
:root {
    color-scheme: light dark;
    --paper: #ffffff;
    --panel: #f5f6f7;
    --ink: #1b1f24;
    --quiet: #57606a;
    --rule: #d5d9de;
    --grid: #e6e9ec;
    --blue: #0067a8;
    --orange: #b34700;
    --grey: #63696f;
}
@media (prefers-color-scheme: dark) {
    :root {
        --paper: #14171a;
        --panel: #1d2125;
        --ink: #e4e7ea;
        --quiet: #a3abb3;
        --rule: #3a4047;
        --grid: #292e33;
        --blue: #62b6ee;
        --orange: #f2965a;
        --grey: #adb3b9;
    }
}
* { box-sizing: border-box; }
body {
    margin: 0;
    background: var(--paper);
    color: var(--ink);
    font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
    -webkit-text-size-adjust: 100%;
}
header, main, footer { max-width: 46rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2.5rem; }
footer { padding-bottom: 3rem; }
h1 { margin: 0.25rem 0 1rem; font-size: clamp(1.4rem, 1.1rem + 1.6vw, 1.95rem); line-height: 1.22; font-weight: 650; text-wrap: balance; }
h2 { margin: 3rem 0 0.75rem; font-size: 1.25rem; line-height: 1.3; font-weight: 650; }
h3 { margin: 1.75rem 0 0.35rem; font-size: 1.05rem; line-height: 1.3; }
h4 { margin: 0 0 0.5rem; font-size: 0.9rem; font-weight: 600; }
p { margin: 0 0 0.9rem; }
.quiet, figcaption, caption { color: var(--quiet); font-size: 0.9rem; line-height: 1.5; }
.kicker { margin: 0; color: var(--quiet); font-size: 0.9rem; }

.figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.75rem; margin: 1.5rem 0 0.75rem; }
.figures div { padding: 0.8rem 1rem 0.9rem; background: var(--panel); border-top: 3px solid; border-radius: 2px; }
.figures dt { font-size: 0.9rem; line-height: 1.35; }
.figures dd { margin: 0; color: var(--quiet); font-size: 0.85rem; line-height: 1.4; }
.figures .value { color: var(--ink); font-size: 1.9rem; line-height: 1.35; font-weight: 650; font-variant-numeric: tabular-nums; }

.scroll { overflow-x: auto; }
.scroll + .quiet { margin-top: 1rem; }
.quiet + .quiet { margin-top: -0.5rem; }
figure + .scroll { margin-top: 1.75rem; }
article + .quiet { margin-top: 0.75rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.95rem; line-height: 1.4; }
caption { padding-bottom: 0.5rem; text-align: left; }
th, td { padding: 0.35rem 0 0.35rem 0.75rem; text-align: right; vertical-align: baseline; font-weight: 400; }
th:first-child { padding-left: 0; text-align: left; overflow-wrap: anywhere; }
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th { color: var(--quiet); font-size: 0.85rem; }
tbody { border-top: 1px solid var(--rule); }
tbody th[scope=rowgroup] { padding-top: 0.7rem; font-weight: 650; }
tbody tr:last-child > * { padding-bottom: 0.7rem; }
.best { font-weight: 650; }
thead tr + tr th:first-child { text-align: right; }
th[scope=colgroup] { text-align: center; border-bottom: 1px solid var(--rule); }

figure { margin: 0; }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
svg text { fill: var(--ink); }
svg .tick, svg .axis-label { fill: var(--quiet); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .note { fill: var(--quiet); font-size: 12px; }
svg .axis { stroke: var(--quiet); stroke-width: 1; }
svg .grid { stroke: var(--grid); stroke-width: 1; }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg[class$="-narrow"] { display: none; }
figcaption { margin-top: 0.75rem; }

.settings { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.35rem 1.5rem; }
.settings { margin: 0 0 1.5rem; font-size: 0.95rem; }
.settings dt { color: var(--quiet); }
.settings dd { margin: 0; overflow-wrap: anywhere; }
pre {
    margin: 0;
    padding: 0.8rem 1rem;
    overflow-x: auto;
    background: var(--panel);
    border-radius: 2px;
    font: 0.85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
pre:focus-visible { outline: 2px solid var(--blue); }

@media (max-width: 38rem) {
    header { padding-top: 1.5rem; }
    h2 { margin-top: 2.5rem; }
    .figures { grid-template-columns: 1fr; }
    .figures div { display: grid; grid-template-columns: 1fr auto; column-gap: 1rem; align-items: baseline; padding: 0.6rem 0.8rem; }
    .figures .value { font-size: 1.5rem; grid-row: 1 / 3; grid-column: 2; align-self: center; }
    th, td { padding-left: 0.5rem; }
    table { font-size: 0.9rem; }
    svg[class$="-wide"] { display: none; }
    svg[class$="-narrow"] { display: block; max-width: 30rem; }
    .settings { grid-template-columns: 1fr; gap: 0; }
    .settings dd { margin-bottom: 0.6rem; }
}
@media print {
    :root {
        --paper: #ffffff; --panel: #ffffff; --ink: #000000; --quiet: #444444; --rule: #999999; --grid: #dddddd;
        --blue: #0067a8; --orange: #b34700; --grey: #555555;
    }
    figure, .figures div { break-inside: avoid; }
    h2, h3 { break-after: avoid; }
    pre { white-space: pre-wrap; }
}
)css";

}  // namespace shared
