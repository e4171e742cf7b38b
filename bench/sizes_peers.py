# SPDX-License-Identifier: MIT
"""What bench/sizes.cpp and bench/widths.cpp measure, by ONNX Runtime and PyTorch: `python sizes_peers.py NAME...`, of their names.

Prints {name: {"seconds": ..., "peer": ...}} as JSON. Needs numpy, onnx and onnxruntime, and for learning torch; names that it cannot
measure are left out, and stderr says why. A request fills in its own half of the rows; the candidates' half stays from one to the next.
"""
import json
import re
import sys
import time

import numpy as np

random = np.random.default_rng(7)


def least(step, threads=1, seconds=0.4, rounds=10):
    """Least mean time of a step over rounds that take `seconds` together: processor time of one thread, or by the clock of several."""
    now = time.thread_time if threads == 1 else time.perf_counter
    step()
    start = now()
    step()
    count = max(1, int(seconds / rounds / max(now() - start, 1e-7)))
    best = float("inf")
    for _ in range(rounds):
        start = now()
        for _ in range(count):
            step()
        best = min(best, (now() - start) / count)
    return best


def session(widths, threads):
    import onnx
    import onnxruntime
    from onnx import helper, numpy_helper

    nodes, weights, value = [], [], "x"
    for layer, (into, out) in enumerate(zip(widths, widths[1:])):
        limit = np.sqrt(6 / into)
        weights += [numpy_helper.from_array(random.uniform(-limit, limit, (into, out)).astype("f4"), f"w{layer}"),
                    numpy_helper.from_array(np.zeros(out, "f4"), f"b{layer}")]
        nodes.append(helper.make_node("Gemm", [value, f"w{layer}", f"b{layer}"], [f"y{layer}"]))
        value = f"y{layer}"
        if layer + 2 < len(widths):
            nodes.append(helper.make_node("Relu", [value], [f"h{layer}"]))
            value = f"h{layer}"
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(nodes, "mlp", [helper.make_tensor_value_info("x", kind, ["n", widths[0]])],
                              [helper.make_tensor_value_info(value, kind, ["n", 1])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def rank(widths, candidates, threads):
    runs = session(widths, threads)
    rows = random.normal(size=(candidates, widths[0])).astype("f4")
    context, k = random.normal(size=widths[0] // 2).astype("f4"), min(10, candidates)

    def request():
        rows[:, :len(context)] = context
        scores = runs.run(None, {"x": rows})[0][:, 0]
        best = np.argpartition(scores, -k)[-k:]
        return best[np.argsort(-scores[best])]
    return least(request, threads), "ONNX Runtime" + (f", {threads} threads" if threads > 1 else "")


def learn(widths):
    import torch
    torch.set_num_threads(1)
    layers = []
    for into, out in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(into, out), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    x, y, loss = torch.randn(1, widths[0]), torch.ones(1, 1), torch.nn.BCEWithLogitsLoss()
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3)

    def update():
        optimiser.zero_grad(set_to_none=True)
        loss(model(x), y).backward()
        optimiser.step()
    return least(update), "PyTorch"


def measured(name):
    kind, mlp, *sizes = name.split("/")[1:]
    widths = [int(width) for width in mlp.split("_")[1:]]
    if kind == "learn":
        return learn(widths)
    return rank(widths, int(sizes[0]), int(sizes[1]) if kind == "rank_threads" else 1)


if __name__ == "__main__":
    if any(re.fullmatch(r"-h|--help", word) for word in sys.argv[1:]):
        print(__doc__)
        sys.exit(0)
    found, missing = {}, set()
    for name in sys.argv[1:]:
        try:
            seconds, peer = measured(name)
            found[name] = {"seconds": seconds, "peer": peer}
        except ImportError as absent:
            missing.add(absent.name)
    for module in sorted(map(str, missing)):
        print(f"sizes_peers.py: no module {module}", file=sys.stderr)
    json.dump(found, sys.stdout)
