# SPDX-License-Identifier: MIT
"""The figures of bench/report.py as one page with charts, in the style of the examples' pages; it needs neither scripts nor other files."""
import html
import math
import pathlib
import re

STYLE = pathlib.Path(__file__).resolve().parent.parent / "examples/shared/page_style.hpp"
OWN_STYLE = """
.figures .ours { border-color: var(--blue); }

.figures .limit { border-color: var(--grey); border-top-style: dotted; }
svg .curve.ours { stroke: var(--blue); stroke-width: 2.5; }
svg .curve.peer { stroke: var(--orange); stroke-dasharray: 7 4; }
svg .curve.limit { stroke: var(--grey); stroke-dasharray: 1.5 4; stroke-linecap: round; stroke-width: 2.5; }
svg .dot { stroke: var(--paper); stroke-width: 1.5; }
svg .dot.ours { fill: var(--blue); }
svg .dot.peer { fill: var(--orange); }
svg .dot.limit { fill: var(--grey); }
svg .label { font-weight: 600; }
svg .label.ours { fill: var(--blue); }
svg .label.peer { fill: var(--orange); }
svg .label.limit { fill: var(--grey); }
.shares { font-size: 0.9rem; }
.shares tbody th { font-size: 0.85rem; white-space: nowrap; }
.shares .why td { padding-top: 0; white-space: normal; text-align: left; color: var(--quiet); font-size: 0.85rem; }
.shares tbody tr.below > * { padding-bottom: 0.1rem; }
.below .share { color: var(--orange); font-weight: 650; }
@media (max-width: 38rem) {
    .shares { font-size: 0.8rem; }
    .shares tbody th { font-size: 0.75rem; white-space: normal; }
    .shares td:nth-child(3), .shares thead th:nth-child(3), .shares td:nth-child(6), .shares thead th:nth-child(6) { display: none; }
}
"""
LOW = 0.6  # shares below it have a line that says why
# By the first word of what a script of workloads calls them.
PEERS = {"onnxruntime": "ONNX Runtime", "torch": "PyTorch", "sklearn": "scikit-learn", "vowpal": "Vowpal Wabbit", "faiss": "faiss"}


def page_style():
    """The style sheet of all pages, out of the header that holds it."""
    return re.search(r'R"css\((.*)\)css"', STYLE.read_text(), re.DOTALL).group(1)


def element(tag, content):
    return f"<{tag}>{content}</{tag.split()[0]}>\n"


def readable(number):
    """Three digits."""
    digits = max(0, 2 - math.floor(math.log10(number))) if number > 0 else 0
    return f"{number:,.{digits}f}"


def percent(share):
    return f"{100 * share:.0f}\u00a0%"


def peer_name(peer):
    first = peer.partition(",")[0]
    return PEERS.get(first.split()[0], first)


def readable_time(seconds, digits=readable):
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= 0.9995 * unit:
            return f"{digits(seconds / unit)} {name}"
    return f"{digits(seconds * 1e9)} ns"


def tick_time(seconds):
    return readable_time(seconds, lambda number: f"{number:g}") if seconds else "0"


# ---- charts


class Axis:
    """Maps [low, high] to [start, end], along logarithms or not."""

    def __init__(self, low, high, start, end, logarithmic):
        self.map = math.log if logarithmic else float
        self.low, self.high, self.start, self.end = self.map(low), self.map(high), start, end

    def at(self, value):
        return self.start + (self.end - self.start) * (self.map(value) - self.low) / (self.high - self.low)


def decades(low, high):
    """Round numbers that lie around [low, high], on a logarithmic axis."""
    steps = (1,) if high / low > 200 else (1, 2, 5)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    ticks = sorted(step * 10.0 ** power for power in powers for step in steps)
    below, above = [tick for tick in ticks if tick <= low * 1.001][-1], [tick for tick in ticks if tick >= high * 0.999][0]
    return [tick for tick in ticks if below <= tick <= above]


def from_zero(high):
    step = next(step * 10.0 ** power for power in range(-12, 15) for step in (1, 2, 5) if step * 10.0 ** power >= high / 5)
    return [i * step for i in range(math.ceil(high / step - 1e-9) + 1)]


def spread(places, distance, lowest):
    """Places of labels, moved apart where they are nearer than `distance`; none below `lowest`."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    for before, after in zip(order, order[1:]):
        moved[after] = max(moved[after], moved[before] + distance)
    for i in reversed(order):
        moved[i] = min(moved[i], lowest)
        lowest = moved[i] - distance
    return moved


def drawing(name, wide, title, series, x_label, x_text, y_text, logarithmic):
    """series: [(style, label, [(x, y)])], of which the last lies on top. logarithmic: of x and of y."""
    width, height = (700, 330) if wide else (340, 320)
    shown = [one for one in series if one[2]]
    room = max(9.2 * len(label) for _, label, _ in shown) + 14 if wide else 14
    top = 16 if wide else 20 + 17 * len(shown)
    right, bottom = width - room, height - 46
    xs = sorted({x for _, _, points in shown for x, _ in points})
    ys = [y for _, _, points in shown for _, y in points]
    ticks = decades(min(ys), max(ys)) if logarithmic[1] else from_zero(max(ys))
    left = 14 + 6.6 * max(len(y_text(tick)) for tick in ticks)
    x_axis = Axis(xs[0], xs[-1], left + 14, right - 14, logarithmic[0])
    y_axis = Axis(ticks[0], ticks[-1], bottom, top, logarithmic[1])

    ident = f"{name}-{'wide' if wide else 'narrow'}"
    say = readable_time if y_text is tick_time else readable
    told = " ".join(f"{label}: " + ", ".join(f"{say(y)} at {x_text(x)}" for x, y in points) + "." for _, label, points in shown)
    out = [f'<svg class="{ident}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{ident}-title {ident}-desc">',
           f'<title id="{ident}-title">{html.escape(title)}</title>', f'<desc id="{ident}-desc">{html.escape(told)}</desc>']

    def line(x1, y1, x2, y2, style):
        out.append(f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def text(x, y, anchor, style, words):
        out.append(f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>')

    for i, tick in enumerate(ticks):
        line(left, y_axis.at(tick), right, y_axis.at(tick), "axis" if i == 0 else "grid")
        text(left - 6, y_axis.at(tick) + 4, "end", "tick", y_text(tick))
    taken = -math.inf
    for x in xs:
        place, half = x_axis.at(x), 3.3 * len(x_text(x))
        line(place, bottom, place, bottom + 4, "axis")
        if place - half > taken + 6:
            text(place, bottom + 18, "middle", "tick", x_text(x))
            taken = place + half
    text((left + right) / 2, height - 8, "middle", "axis-label", x_label)
    for style, _, points in shown:
        at = [(x_axis.at(x), y_axis.at(y)) for x, y in points]
        out.append(f'<polyline class="curve {style}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in at)}"/>')
        out.extend(f'<circle class="dot {style}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in at)
    if wide:
        places = spread([y_axis.at(points[-1][1]) for _, _, points in shown], 17, bottom)
        for (style, label, _), place in zip(shown, places):
            text(right + 8, place + 4, "start", f"label {style}", label)
    else:
        for i, (style, label, _) in enumerate(reversed(shown)):
            line(2, 10 + 17 * i, 34, 10 + 17 * i, f"curve {style}")
            text(42, 14 + 17 * i, "start", f"label {style}", label)
    return "\n".join([*out, "</svg>\n"])


def figure(name, title, caption, series, x_label, x_text=lambda x: f"{x:,}", y_text=tick_time, logarithmic=(True, True)):
    if len({x for _, _, points in series for x, _ in points}) < 2:
        return ""
    drawn = "".join(drawing(name, wide, title, series, x_label, x_text, y_text, logarithmic) for wide in (True, False))
    return element("section", element("h2", title) + element("figure", drawn + element("figcaption", caption)))


def series_of(rows, pattern, peer):
    """Limit, peer and ours by the number that the pattern's group finds in a name."""
    chosen = sorted((int(found.group(1)), one) for one in rows if (found := re.fullmatch(pattern, one["name"])))
    return [("limit", "limit", [(x, one["limit"]) for x, one in chosen if "limit" in one]),
            ("peer", peer, [(x, one["peer_seconds"]) for x, one in chosen if "ratio" in one]),
            ("ours", "rivulet", [(x, one["seconds"]) for x, one in chosen])]


def charts(rows, limits):
    grey = "The dotted line is the limit of this machine: multiply-adds at their peak or bytes at their bandwidth, whichever takes longer."
    peak = limits.peak[1] / 1e9
    out = figure("candidates", "Time against candidates",
                 f"One request, MLP 256-256-128-1, best ten, one thread. {grey}",
                 series_of(rows, r"sizes/rank/mlp_256_256_128_1/(\d+)", "ONNX Runtime"), "candidates, logarithmic; time, logarithmic")
    out += figure("width", "Time against width",
                  "One request against 1,000 candidates, both hidden layers of that width. "
                  f"At {readable(peak)} billion multiply-adds a second the limit is that of multiply-adds at every width.",
                  series_of(rows, r"sizes/rank/mlp_256_(\d+)_\1_1/1000", "ONNX Runtime"), "width of both hidden layers; time, logarithmic")
    out += figure("learning", "A step of learning against width",
                  "One example, forward, backward and a step of SGD, the same layers. The limit is that of bandwidth: every weight is read "
                  "on the way forward, and read and written on the way back.",
                  series_of(rows, r"sizes/learn/mlp_256_(\d+)_\1_1/sgd", "PyTorch"), "width of both hidden layers; time, logarithmic")
    out += figure("threads", "Time against threads",
                  "One request against 10,000 candidates over threads of the benchmark's own; two are timed by the clock, and there other "
                  "work on the machine counts. ONNX Runtime has the same number of threads.",
                  series_of(rows, r"sizes/rank_threads/mlp_256_256_128_1/10000/(\d+)", "ONNX Runtime"), "threads",
                  logarithmic=(False, False))

    def bandwidth(table):
        return [(size, speed / 1e9) for size, speed in sorted(table.items())]

    def size_text(size):
        return f"{size // 1024} KiB" if size < 1 << 20 else f"{size >> 20} MiB"
    out += figure("bandwidth", "What the limits are made of",
                  "Bytes a second that one thread reads, and reads and writes in place, by how many there are: the steps are the caches. "
                  f"Multiply-adds in float: {readable(peak)} billion a second on one thread"
                  + (f", {readable(limits.peak[2] / 1e9)} billion on two" if 2 in limits.peak else "")
                  + f"; of 8-bit codes {readable(limits.eight_bit / 1e9)} billion.",
                  [("peer", "in place", bandwidth(limits.update)), ("ours", "read", bandwidth(limits.read))],
                  "size of what is gone over, logarithmic; GB/s", size_text, lambda y: f"{y:,.0f}", (True, False))
    return out


# ---- the table

GROUPS = (("Under the peers' names", r"(?!sizes/).*"), 
          ("Candidates, and sizes that no register divides", r"sizes/rank/(mlp_256_256_128_1/.*|mlp_(?!256_).*)"),
          ("Width of two hidden layers, 1,000 candidates", r"sizes/rank/mlp_256_(\d+)_\1_1/.*"),
          ("Width, a step of learning", r"sizes/learn/.*"),
          ("Threads", r"sizes/rank_threads/.*"))


def table_row(one, why):
    below = one.get("share", 1) < LOW
    cells = [element("th scope=\"row\"", html.escape(one["name"].replace("sizes/", ""))), element("td", readable_time(one["seconds"]))]
    if "share" in one:
        cells += [element("td", readable_time(one["limit"])), element("td class=\"share\"", percent(one["share"]))]
    else:
        cells += [element("td", "–"), element("td", "–")]
    if "ratio" in one:
        cells += [element("td", readable(one["ratio"])), element("td", html.escape(peer_name(one["peer"])))]
    else:
        cells += [element("td", "–"), element("td", "–")]
    out = element("tr class=\"below\"" if below else "tr", "".join(cells))
    if below:
        out += element("tr class=\"why\"", element("td colspan=\"6\"", html.escape(why or "No line in reasons.json says why.")))
    return out


def table(rows, reason, reasons_from):
    head = element("thead", element("tr", "".join(element("th scope=\"col\"", name) for name in
                                                  ("Benchmark", "Time", "Limit", "Share", "Times as fast", "as"))))
    body = ""
    for title, pattern in GROUPS:
        chosen = [one for one in rows if re.fullmatch(pattern, one["name"])]
        if chosen:
            body += element("tbody", element("tr", element("th scope=\"rowgroup\" colspan=\"6\"", title)) +
                            "".join(table_row(one, reason(one["name"])) for one in chosen))
    caption = element("caption", f"Share: limit / time. Under those below {percent(LOW)} stands what holds them back, measured on "
                                 f"{reasons_from}. A dash: no work is counted, or there is no peer.")
    return element("section", element("h2", "Share of the limit") +
                   element("div class=\"scroll\"", element("table class=\"shares\"", caption + head + body)))


def card(style, name, value, note):
    return element(f"div class=\"{style}\"", element("dt", name) + element("dd class=\"value\"", value) + element("dd", note))


def write_page(path, measured, rows, mean, limits, reason, reasons_from):
    shares = sorted(one["share"] for one in rows if "share" in one)
    median = shares[len(shares) // 2]
    ratios = sum("ratio" in one for one in rows)
    headline = (f"{readable(mean)} times as fast as the peers, by the geometric mean of {ratios} ratios" if mean else
                f"Half of the kernels reach {percent(median)} of what this machine can do")
    largest = max(limits.read)
    cards = (card("ours", "Median share of the limit", percent(median),
                  f"{sum(share >= LOW for share in shares)} of {len(shares)} reach {percent(LOW)}") +
             card("limit", "Multiply-adds a second", f"{readable(limits.peak[1] / 1e9)} G", "float, one thread, measured") +
             card("limit", "Bytes a second", f"{readable(limits.bandwidth(limits.read, 256 << 10) / 1e9)} G",
                  f"read from 256 KiB; {readable(limits.read[largest] / 1e9)} G from {largest >> 20} MiB"))
    header = (element("p class=\"kicker\"", f"rivulet benchmarks · {html.escape(measured['machine'])}") + element("h1", headline) +
              element("p", "Every benchmark checks its own result. Beside its time stands the least time that this machine could do the "
                           "same work in, from a peak and bandwidths that were measured in the same rounds, and the time of what one would "
                           "use instead, in turn with it.") +
              element("dl class=\"figures\"", cards))
    commands = "cmake -B build -G Ninja &amp;&amp; cmake --build build --target rivulet_bench\n" \
               "python3 bench/report.py build/bench/rivulet_bench --peers PYTHON --page build/bench.html"
    settings = "".join(element("dt", name) + element("dd", html.escape(value)) for name, value in
                       (("Processor", measured["machine"]), ("Rounds", str(measured["rounds"])),
                        ("Times", "the least of all rounds; processor time of one thread, the clock's of several")))
    footer = (element("h2", "Settings and how to reproduce") + element("dl class=\"settings\"", settings) +
              element("pre tabindex=\"0\" role=\"region\" aria-label=\"Commands\"", element("code", commands)))
    body = element("header", header) + element("main", charts(rows, limits) + table(rows, reason, reasons_from)) + element("footer", footer)
    path.write_text("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" + element("title", "rivulet benchmarks") +
                    element("style", page_style() + OWN_STYLE) + "</head>\n<body>\n" + body + "</body>\n</html>\n", encoding="utf-8")
