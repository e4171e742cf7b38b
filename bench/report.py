#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How near the benchmarks come to the limits of this machine, and how many times as fast as their peers they are.

Runs the benchmarks limit/, sizes/ and those that have peers, and the peers in turn with them, some rounds; keeps the least time of each.
Work of one thread, ours and theirs, is timed in its own processor time, which other programs on the machine do not lengthen, and work of
several by the clock.
The limit of a benchmark is the longer of two times: what its multiply-adds take at the peak, and what its bytes take at the bandwidth of
the cache that holds them, both as limit/ measured them in the same rounds. Needs nothing but Python; peers need packages of their own
(see sizes_peers.py), and without them there are no ratios.

Exits with 1 if a benchmark refused its own result, with 2 if it cannot run.
"""
import argparse
import bisect
import json
import math
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ONE_THREAD = (r"^limit/(multiply_adds/1/|eight_bit_products|read_bandwidth|update_bandwidth)|^sizes/(rank/|learn/|rank_threads/.*/1/)|"
              r"^(rank|rank_certified|rank_int8|score|learn|pca|train)/|"
              r"^attend/(target_1x50x64|self_8x128x64|self_1x512x64)$|^retrieve(_int8)?/flat_200000x64_top100$")
MANY_THREADS = r"^(limit/multiply_adds|sizes/rank_threads/.*)/2/"
WORKLOADS = "rank|learn|attend|pca|retrieve|mnist"  # groups of the script of workloads
# Runs a script as if its clock were the processor time of its process and of those that it waited for.
IN_PROCESSOR_TIME = """
import resource, runpy, sys, time
def spent():
    waited = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + waited.ru_utime + waited.ru_stime
time.perf_counter = spent
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
WORK = ("multiply_adds", "eight_bit_products", "bytes_read", "bytes_updated")


def say(text):
    print(text, file=sys.stderr, flush=True)


class Stop(Exception):
    pass


# ---- measuring


def on_one_processor(command):
    """Where Linux lets us choose: the last one, which the system itself uses least."""
    if not hasattr(os, "sched_setaffinity"):
        return command, None
    one = {max(os.sched_getaffinity(0))}
    return command, lambda: os.sched_setaffinity(0, one)


def run(command, pinned=True, **more):
    command, before = on_one_processor(command) if pinned else (command, None)
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, preexec_fn=before, **more)


def keep_least(kept, found):
    """The least time of each name; an error stays."""
    for name, row in found.items():
        before = kept.get(name, {"seconds": math.inf})
        if "error" not in before and ("error" in row or row["seconds"] < before["seconds"]):
            kept[name] = row


def run_benchmarks(executable, pattern, pinned):
    """{name: row}: the least time of one iteration, and its work."""
    done = run([executable, f"--benchmark_filter={pattern}", "--benchmark_format=json", "--benchmark_repetitions=5",
                "--benchmark_min_time=0.02"], pinned, stderr=subprocess.DEVNULL)
    try:
        rows = json.loads(done.stdout)["benchmarks"]
    except (ValueError, KeyError):
        raise Stop(f"{executable} did not print what Google Benchmark prints (exit status {done.returncode})") from None
    found = {}
    for row in rows:
        name = row.get("run_name", row["name"]).removesuffix("/real_time")
        if row.get("error_occurred"):
            found[name] = {"error": row.get("error_message", "failed")}
        elif row.get("run_type") == "iteration":
            seconds = row["cpu_time" if pinned else "real_time"] * SECONDS[row["time_unit"]]
            keep_least(found, {name: {"seconds": seconds, **{key: row[key] for key in WORK if key in row}}})
    return found


def has_module(python, module):
    return subprocess.run([python, "-c", f"import importlib.util, sys; sys.exit(not importlib.util.find_spec({module!r}))"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def run_peers(python, names, pinned):
    done = run([python, str(HERE / "sizes_peers.py"), *names], pinned)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise Stop(f"sizes_peers.py failed (exit status {done.returncode})") from None


def run_workloads(python, script):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        done = run([python, "-c", IN_PROCESSOR_TIME, script, "--only", WORKLOADS, "--json", out.name], stderr=subprocess.DEVNULL)
        text = pathlib.Path(out.name).read_text()
    if done.returncode != 0 or not text:
        raise Stop(f"{script} failed (exit status {done.returncode})")
    return json.loads(text)


def measure(options):
    """{"benchmarks": {name: row}, "peers": {name: row}}"""
    ours, theirs = {}, {}
    peers = has_module(options.peers, "onnxruntime")
    if not peers:
        say(f"{options.peers} has no onnxruntime: no ratios (--peers PYTHON)")
    elif not options.workloads:
        say("no script of workloads: ratios for sizes/ alone (--workloads FILE)")
    for number in range(1, options.rounds + 1):
        say(f"round {number} of {options.rounds}: benchmarks")
        parts = []
        for pattern, pinned in ((ONE_THREAD, True), (MANY_THREADS, False)):
            found = run_benchmarks(options.executable, pattern, pinned)
            keep_least(ours, found)
            parts.append(([name for name in found if name.startswith("sizes/")], pinned))
        if peers:
            say(f"round {number} of {options.rounds}: peers of sizes/")
            for names, pinned in parts:
                keep_least(theirs, run_peers(options.peers, names, pinned))
            if options.workloads:
                say(f"round {number} of {options.rounds}: {options.workloads}")
                keep_least(theirs, run_workloads(options.peers, options.workloads))
    return {"benchmarks": ours, "peers": theirs}


# ---- limits


class Limits:
    """What limit/ measured: multiply-adds a second by threads, products of 8 bits a second, and bytes a second by how many there are."""

    def __init__(self, benchmarks):
        self.peak, self.read, self.update, self.eight_bit = {}, {}, {}, math.inf
        for name, row in benchmarks.items():
            if not name.startswith("limit/") or "error" in row:
                continue
            kind, _, size = name.removeprefix("limit/").partition("/")
            if kind == "eight_bit_products":
                self.eight_bit = row["eight_bit_products"] / row["seconds"]
            else:
                table, work = {"multiply_adds": (self.peak, "multiply_adds"), "read_bandwidth": (self.read, "bytes_read"),
                               "update_bandwidth": (self.update, "bytes_updated")}[kind]
                table[int(size)] = row[work] / row["seconds"]
        if 1 not in self.peak or not self.read or not self.update or self.eight_bit == math.inf:
            raise Stop("the limits of the machine are missing: does the executable have the benchmarks limit/?")

    def bandwidth(self, table, size):
        """Between two sizes that were measured, along the logarithm of the size."""
        sizes = sorted(table)
        at = bisect.bisect_left(sizes, size)
        if at == 0 or at == len(sizes):
            return table[sizes[min(at, len(sizes) - 1)]]
        low, high = sizes[at - 1], sizes[at]
        share = math.log(size / low) / math.log(high / low)
        return table[low] * (1 - share) + table[high] * share

    def seconds(self, row, threads=1):
        """The least time that the work of one iteration takes, and what sets it."""
        compute = row.get("multiply_adds", 0) / self.peak.get(threads, self.peak[1]) + row.get("eight_bit_products", 0) / self.eight_bit
        read, updated = row.get("bytes_read", 0), row.get("bytes_updated", 0)
        held = max(read, updated)  # what is updated was often read before: a smaller place, a higher limit
        memory = read / self.bandwidth(self.read, held) + updated / self.bandwidth(self.update, held) if held else 0
        return (compute, "multiply-adds") if compute >= memory else (memory, "bandwidth")


def threads_of(name):
    return int(name.rsplit("/", 1)[1]) if name.startswith("sizes/rank_threads/") else 1


def summary(measured):
    """Rows of (name, seconds, limit, bound, share, peer, ratio), the geometric mean of the ratios, and the limits."""
    limits, rows = Limits(measured["benchmarks"]), []
    for name, row in measured["benchmarks"].items():
        if name.startswith("limit/") or "error" in row:
            continue
        one = {"name": name, "seconds": row["seconds"]}
        if any(key in row for key in WORK):
            one["limit"], one["bound"] = limits.seconds(row, threads_of(name))
            one["share"] = one["limit"] / row["seconds"]
        if name in measured["peers"]:
            peer = measured["peers"][name]
            one.update(peer=peer["peer"], peer_seconds=peer["seconds"], ratio=peer["seconds"] / row["seconds"])
        rows.append(one)
    ratios = [one["ratio"] for one in rows if "ratio" in one]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None
    return rows, mean, limits


def reason(reasons, name):
    """The first line of reasons.json whose pattern is the name."""
    return next((line for pattern, line in reasons["lines"].items() if re.fullmatch(pattern, name)), "")


def print_table(rows, mean):
    print(f"{'benchmark':42s} {'us':>12s} {'limit us':>12s} {'share':>6s}  {'bound by':13s} {'ratio':>6s}  beside")
    for one in rows:
        limit = f"{one['limit'] * 1e6:12.2f} {one['share']:6.0%}  {one['bound']:13s}" if "share" in one else f"{'':34s}"
        beside = f" {one['ratio']:6.2f}  {one['peer']}" if "ratio" in one else ""
        print(f"{one['name']:42s} {one['seconds'] * 1e6:12.2f} {limit}{beside}".rstrip())
    ratios = sum("ratio" in one for one in rows)
    if mean:
        print(f"geometric mean of {ratios} ratios: {mean:.2f}")
    else:
        print("no ratios: no peers")


def machine():
    """The processor's name, where the system tells."""
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("executable", nargs="?", help="rivulet_bench")
    options.add_argument("--rounds", type=int, default=3, help="ours and theirs in turn, so often (3)")
    options.add_argument("--peers", metavar="PYTHON", default=sys.executable,
                         help="a Python that has onnxruntime, onnx and torch (this one)")
    options.add_argument("--workloads", metavar="FILE",
                         help="a script that runs the peers' other workloads: FILE --only GROUPS --json FILE")
    options.add_argument("--json", metavar="FILE", help="write the figures here")
    options.add_argument("--page", metavar="FILE", help="write a page with charts here")
    options.add_argument("--from", dest="earlier", metavar="FILE", help="measure nothing: take the figures that --json wrote")
    options = options.parse_args()
    if bool(options.executable) == bool(options.earlier):
        raise Stop("give either the executable rivulet_bench or --from FILE")
    if options.rounds < 1:
        raise Stop("--rounds must be 1 or more")
    if options.earlier:
        measured = json.loads(pathlib.Path(options.earlier).read_text())
    else:
        if not os.access(options.executable, os.X_OK):
            raise Stop(f"{options.executable} is not an executable file")
        measured = {"machine": machine(), "rounds": options.rounds, **measure(options)}
    rows, mean, limits = summary(measured)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({**measured, "geometric_mean": mean, "summary": rows}, indent=1) + "\n")
    if options.page:
        sys.dont_write_bytecode = True  # what we write goes to build/
        from report_page import write_page
        reasons = json.loads((HERE / "reasons.json").read_text())
        write_page(pathlib.Path(options.page), measured, rows, mean, limits, lambda name: reason(reasons, name), reasons["measured_on"])
    print_table(rows, mean)
    refused = {name: row["error"] for name, row in measured["benchmarks"].items() if "error" in row}
    for name, error in refused.items():
        say(f"{name}: {error}")
    return 1 if refused else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Stop, OSError, ValueError) as error:
        say(f"report.py: {error}")
        sys.exit(2)
