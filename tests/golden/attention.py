# SPDX-License-Identifier: MIT
"""Writes tests/golden/attention.hpp: outputs and slopes of PyTorch's scaled dot-product attention, MultiheadAttention and
TransformerEncoderLayer, in double, and 20 steps of small transformers. Run `python tests/golden/attention.py`; needs torch. The same file
every time.
"""
import pathlib

import numpy as np
import torch

SEED, TIME, WIDTH, HEADS, FEED_FORWARD, IN, STEPS = 21, 5, 8, 2, 12, 3, 20
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
random = np.random.RandomState(SEED)
functional = torch.nn.functional
tables = []


def single(x):
    """A setting as the library holds it: a float."""
    return float(np.float32(x))


def draw(*shape, limit=1.0):
    """Multiples of 1/64, so that float and double start from the same numbers."""
    return torch.tensor(np.round(64 * random.uniform(-limit, limit, shape)) / 64)


def number(x):
    return "-infinity" if x == -np.inf else repr(float(x))


def table(name, numbers):
    flat = numbers.detach().numpy().reshape(-1) if isinstance(numbers, torch.Tensor) else np.asarray(numbers).reshape(-1)
    lines = [", ".join(number(x) for x in flat[at : at + 6]) for at in range(0, len(flat), 6)]
    tables.append(f"inline constexpr double {name}[] = {{\n" + "".join(f"    {line},\n" for line in lines) + "};\n")


def comment(text):
    tables.append(f"\n// {text}\n")


# ---- scaled dot product: 3 queries of 4 numbers, 5 keys, values of 3 numbers
N, VALUE, DEPTH = 3, 3, 4
inputs = {"queries": draw(N, DEPTH, limit=2), "keys": draw(TIME, DEPTH, limit=2), "values": draw(TIME, VALUE)}
out_slope, added = draw(N, VALUE), draw(N, TIME)
added[0, 1] = added[1, 4] = added[2, 0] = -np.inf
valid = torch.tensor([True, True, False, True, True])
causal = torch.ones(N, TIME, dtype=torch.bool).tril(TIME - N)  # the queries are the last N of the moments
comment(f"scaled_dot_product_attention: {N} queries of {DEPTH} numbers over {TIME} keys with values of {VALUE}.")
for name, x in inputs.items():
    table(name, x)
table("out_slope", out_slope)
table("added", added)


def dot_product(name, mask):
    leaves = [x.clone().requires_grad_() for x in inputs.values()]
    bias = mask.clone().requires_grad_() if mask is not None and mask.dtype != torch.bool else mask
    out = functional.scaled_dot_product_attention(*leaves, attn_mask=bias)
    out.backward(out_slope)
    table(name + "_out", out)
    for leaf, part in zip(leaves, ("query", "key", "value")):
        table(f"{name}_{part}_slope", leaf.grad)
    if bias is not None and bias.grad is not None:
        table(name + "_added_slope", bias.grad)


comment("no mask; causal; padding (the third key); added; all of them")
dot_product("plain", None)
dot_product("causal", causal)
dot_product("padded", valid.expand(N, TIME))
dot_product("biased", added)
dot_product("all", added.masked_fill(~(causal & valid), -np.inf))

# ---- modules over TIME rows of WIDTH numbers
rows, slope = draw(TIME, WIDTH), draw(TIME, WIDTH)
forbidden = torch.ones(TIME, TIME, dtype=torch.bool).triu(1)
comment(f"Modules over {TIME} rows of {WIDTH} numbers, {HEADS} heads, feed-forward {FEED_FORWARD}; slopes of sum(out * slope).")
table("rows", rows)
table("slope", slope)


def scatter(module):
    """Odd multiples of 1/128: no weight is zero, so that in the tests a zero is padding."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            around = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            parameter.copy_(around + draw(*parameter.shape, limit=0.5) + 1 / 128)
    return module


ATTENTION = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
LAYER = ("linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias", "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias")


def tables_of(prefix, module, what):
    """A table for every parameter or its slope, and one aggregate that points at those of attention or of the layer, in order."""
    for name, parameter in module.named_parameters():
        table(f"{prefix}_{name.replace('.', '_')}{what}", parameter.grad if what else parameter)
    if isinstance(module, torch.nn.MultiheadAttention):
        kind, parts = "attention_parameters", ATTENTION
    else:
        at = "layer." if hasattr(module, "layer") else ""
        kind, parts = "layer_parameters", [f"{at}self_attn.{part}" for part in ATTENTION] + [at + part for part in LAYER]
    names = [f"{prefix}_{part.replace('.', '_')}{what}" for part in parts]
    tables.append(f"inline constexpr {kind} {prefix}{what or '_weights'} = {{\n    " + ",\n    ".join(names) + "};\n")


multihead = scatter(torch.nn.MultiheadAttention(WIDTH, HEADS, batch_first=True))
comment("MultiheadAttention, weights (out, in) as PyTorch has them.")
tables_of("multihead", multihead, "")
for name, mask in (("multihead", None), ("multihead_causal", forbidden)):
    multihead.zero_grad()
    x = rows.clone().requires_grad_()
    out = multihead(x[None], x[None], x[None], attn_mask=mask, need_weights=False)[0][0]
    out.backward(slope)
    table(name + "_out", out)
    table(name + "_rows_slope", x.grad)
    tables_of(name, multihead, "_slope")


def layer(norm_first):
    return torch.nn.TransformerEncoderLayer(WIDTH, HEADS, FEED_FORWARD, dropout=0.0, activation="gelu", batch_first=True, norm_first=norm_first)


encoder = scatter(layer(True))
comment("TransformerEncoderLayer with GELU, dropout 0, epsilon 1e-5 as a float.")
tables_of("layer", encoder, "")
for norm_first in (True, False):
    for mask in (None, forbidden):
        module = layer(norm_first)
        module.load_state_dict(encoder.state_dict())
        module.norm1.eps = module.norm2.eps = single(1e-5)
        module.train()
        name = "layer_" + ("before" if norm_first else "after") + ("" if mask is None else "_causal")
        x = rows.clone().requires_grad_()
        out = module(x[None], src_mask=mask)[0]
        out.backward(slope)
        table(name + "_out", out)
        table(name + "_rows_slope", x.grad)
        tables_of(name, module, "_slope")


# ---- a small transformer that learns: (x W_e + b_e + positions from the newest) -> one layer -> last norm -> pooled
class small(torch.nn.Module):
    def __init__(self, norm_first, pool):
        super().__init__()
        self.embed = torch.nn.Linear(IN, WIDTH)
        self.positions = torch.nn.Parameter(torch.zeros(TIME + 1, WIDTH))  # one more than the history has rows
        self.layer = layer(norm_first)
        self.norm = torch.nn.LayerNorm(WIDTH)
        self.norm.eps = self.layer.norm1.eps = self.layer.norm2.eps = single(1e-5)
        self.norm_first, self.pool = norm_first, pool

    def forward(self, x):
        x = self.embed(x) + self.positions[: len(x)].flip(0)
        x = self.layer(x[None])[0]
        x = self.norm(x) if self.norm_first else x
        return x[-1] if self.pool == "last" else x.mean(0)


history, target = draw(TIME, IN), draw(WIDTH)
start = scatter(small(True, "mean"))
comment(f"{STEPS} steps of 0.5 |pooled - target|^2 for a transformer of one layer over {TIME} rows of {IN} numbers: losses, then weights.")
tables.append(f"inline constexpr std::size_t steps = {STEPS};\n")
table("history", history)
table("target", target)
tables_of("small", start, "")
for name, norm_first, pool, make in (
    ("adam_before_mean", True, "mean", lambda p: torch.optim.Adam(p, lr=single(0.01), betas=(single(0.9), single(0.999)), eps=single(1e-8))),
    ("sgd_after_last", False, "last", lambda p: torch.optim.SGD(p, lr=single(0.05))),
):
    module = small(norm_first, pool)
    module.load_state_dict(start.state_dict())
    module.train()
    optimiser = make(module.parameters())
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = 0.5 * ((module(history) - target) ** 2).sum()
        losses.append(loss.item())
        loss.backward()
        optimiser.step()
    assert losses[-1] < 0.7 * losses[0], losses
    table(name + "_losses", losses)
    table(name + "_pooled", module(history))
    tables_of(name, module, "")

text = f"""// SPDX-License-Identifier: MIT
// Attention and transformer layers as PyTorch computes them, in double. Written by `python tests/golden/attention.py`, seed {SEED}; not to
// be edited.
#pragma once

#include <cstddef>
#include <limits>

// clang-format off
namespace golden::attention {{

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr std::size_t heads = {HEADS};

/// Weights as PyTorch has them, (out, in), and biases; or their slopes.
struct attention_parameters {{
    const double *in_weight, *in_bias, *out_weight, *out_bias;
}};
struct layer_parameters {{
    const double *in_weight, *in_bias, *out_weight, *out_bias, *first_weight, *first_bias, *second_weight, *second_bias;
    const double *first_scale, *first_shift, *second_scale, *second_shift;
}};
"""
text += "".join(tables) + "\n}  // namespace golden::attention\n// clang-format on\n"
pathlib.Path(__file__).with_suffix(".hpp").write_text(text)
