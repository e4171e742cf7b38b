# SPDX-License-Identifier: MIT
"""Writes tests/golden/network.hpp: networks by PyTorch, in double: logits, the gradients of binary cross-entropy with logits, and 20 steps of
Adam. Run `python tests/golden/network.py`; needs torch and numpy. The same file every time.
"""
import pathlib

import numpy as np
import torch
from torch import nn

SEED, STEPS, ROWS, IN = 20, 20, 4, 5
random = np.random.RandomState(SEED)


def coarse(*shape, scale=1.0):
    """Multiples of 1/64, so that float and double start from the same numbers."""
    return torch.tensor(np.round(64 * random.uniform(-scale, scale, shape)) / 64, dtype=torch.float64)


def single(x):
    """A setting as the library holds it: a float."""
    return float(np.float32(x))


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.inner = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.inner(x)


class CrossLayer(nn.Module):
    """Wang et al. 2021, equations 1 and 2."""

    def __init__(self, width, rank):
        super().__init__()
        self.maps = nn.ModuleList(
            [nn.Linear(width, width)] if rank == 0 else [nn.Linear(width, rank, bias=False), nn.Linear(rank, width)]
        )

    def forward(self, first, x):
        z = x
        for one in self.maps:
            z = one(z)
        return first * z + x


class CrossLayers(nn.Module):
    def __init__(self, width, depth, rank=0):
        super().__init__()
        self.layers = nn.ModuleList(CrossLayer(width, rank) for _ in range(depth))

    def forward(self, first):
        x = first
        for layer in self.layers:
            x = layer(first, x)
        return x


def dense(a, b):
    return nn.Linear(a, b)


def norm(width):
    return nn.LayerNorm(width, eps=single(1e-5))


networks = {
    "rectified": nn.Sequential(dense(IN, 8), nn.ReLU(), dense(8, 6), nn.ReLU(), dense(6, 1)),
    "normalised": nn.Sequential(dense(IN, 8), norm(8), nn.GELU(), Residual(dense(8, 8), nn.GELU()), dense(8, 1)),
    "swished": nn.Sequential(dense(IN, 8), nn.SiLU(), dense(8, 6), nn.SiLU(), dense(6, 1)),
    "bounded": nn.Sequential(dense(IN, 8), nn.Tanh(), dense(8, 6), nn.Tanh(), dense(6, 1)),
    "crossed": nn.Sequential(dense(IN, 6), CrossLayers(6, 2), CrossLayers(6, 2, 3), dense(6, 1)),
}
X, LABELS = coarse(ROWS, IN, scale=2), torch.tensor([1.0, 0.0, 0.0, 1.0], dtype=torch.float64).reshape(ROWS, 1)


def parameters(network):
    """In the order of the arena: a layer's matrices (in, out), then its bias; every one as (rows, columns)."""
    found = []
    for module in network.modules():
        if isinstance(module, nn.Linear):
            found.append((module.weight, True))
            if module.bias is not None:
                found.append((module.bias, False))
        elif isinstance(module, nn.LayerNorm):
            found += [(module.weight, False), (module.bias, False)]
    return found


def flat(numbers, transposed):
    return (numbers.T if transposed else numbers).detach().numpy().reshape(-1).tolist()


def shape(parameter, transposed):
    return (parameter.shape[1], parameter.shape[0]) if transposed else (1, parameter.shape[0])


def row(numbers):
    return "{" + ", ".join(repr(float(x)) for x in numbers) + "}"


def loss_of(network):
    return nn.functional.binary_cross_entropy_with_logits(network(X), LABELS, reduction="sum")


def case(name, network):
    size = 0.75 if name == "crossed" else 1.5  # products of degree 5 grow fast
    network.double()
    with torch.no_grad():
        for parameter, _ in parameters(network):
            parameter.copy_(coarse(*parameter.shape, scale=size / 1.5 if parameter.dim() == 1 else size / parameter.shape[1] ** 0.5))
    listed = parameters(network)
    first = [x for p, t in listed for x in flat(p, t)]
    loss = loss_of(network)
    loss.backward()
    slopes = [x for p, t in listed for x in flat(p.grad, t)]
    logits = network(X).detach().numpy().reshape(-1).tolist()
    optimiser = torch.optim.Adam([p for p, _ in listed], lr=single(0.01), betas=(single(0.9), single(0.999)), eps=single(1e-8))
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        step_loss = loss_of(network)
        step_loss.backward()
        optimiser.step()
        losses.append(step_loss.item())
    trained = [x for p, t in listed for x in flat(p, t)]
    assert losses[-1] < losses[0], (name, losses)
    shapes = ", ".join("{%d, %d}" % shape(p, t) for p, t in listed)
    count = len(first)
    return f"""
namespace {name} {{
inline constexpr shape shapes[] = {{{shapes}}};
inline constexpr double first[{count}] = {row(first)};
inline constexpr double logits[rows] = {row(logits)};
inline constexpr double slopes[{count}] = {row(slopes)};
inline constexpr double losses[steps] = {row(losses)};
inline constexpr double trained[{count}] = {row(trained)};
}}  // namespace {name}
"""


text = f"""// SPDX-License-Identifier: MIT
// Networks, in double: first weights, logits, gradients, and the weights after 20 steps of Adam. Written by
// `python tests/golden/network.py`, seed {SEED}; not to be edited.
#pragma once

#include <cstddef>

// clang-format off
namespace golden::network {{

struct shape {{ std::size_t rows, columns; }};
inline constexpr std::size_t rows = {ROWS}, in = {IN}, steps = {STEPS};
inline constexpr double x[rows][in] = {{{", ".join(row(r) for r in X.numpy())}}};
inline constexpr double labels[rows] = {row(LABELS.numpy().reshape(-1))};
"""
for name, network in networks.items():
    text += case(name, network)
text += "\n}  // namespace golden::network\n// clang-format on\n"
pathlib.Path(__file__).with_suffix(".hpp").write_text(text)
