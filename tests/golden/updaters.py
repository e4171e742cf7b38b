# SPDX-License-Identifier: MIT
"""Writes tests/golden/updaters.hpp: 20 steps of three weights by PyTorch's optimisers, in double, and of FTRL-proximal by the formulas of
McMahan et al. 2013, checked against River. Run `python tests/golden/updaters.py`; needs torch, river and numpy. The same file every time.
"""
import pathlib

import numpy as np
import torch
from river import optim

SEED, STEPS, WEIGHTS = 20, 20, 3


def single(x):
    """A setting as the library holds it: a float."""
    return float(np.float32(x))


random = np.random.RandomState(SEED)
# Multiples of 1/64, so that float and double start from the same numbers. The last weight has a slope every third step only.
FIRST = np.round(64 * random.uniform(-1, 1, WEIGHTS)) / 64
SLOPES = np.round(64 * (random.normal(0, 0.5, (STEPS, WEIGHTS)) + [0.4, 0.0, -0.2])) / 64
SLOPES[np.arange(STEPS) % 3 != 0, 2] = 0


def trajectory(make, schedule=None):
    w = torch.nn.Parameter(torch.tensor(FIRST, dtype=torch.float64))
    optimiser = make([w])
    scheduler = schedule(optimiser) if schedule else None
    after = []
    for slopes in SLOPES:
        w.grad = torch.tensor(slopes, dtype=torch.float64)
        optimiser.step()
        if scheduler:
            scheduler.step()
        after.append(w.detach().numpy().copy())
    return np.array(after)


def scheduled(curve, warm_up=0):
    """PyTorch's schedulers one after the other: (t + 1) / warm_up, then the curve."""
    lr = torch.optim.lr_scheduler

    def make(optimiser):
        rise = lr.LinearLR(optimiser, start_factor=1 / warm_up, total_iters=warm_up - 1)
        return lr.SequentialLR(optimiser, [rise, curve(optimiser)], milestones=[warm_up])

    return make if warm_up else curve


def ftrl(rate, beta, l1, l2):
    """McMahan et al. 2013, algorithm 1, with w formed after the step; starts at zero."""
    z, n, w, after = np.zeros(WEIGHTS), np.zeros(WEIGHTS), np.zeros(WEIGHTS), []
    for g in SLOPES:
        s = (np.sqrt(n + g * g) - np.sqrt(n)) / rate
        z += g - s * w
        n += g * g
        w = np.where(np.abs(z) <= l1, 0.0, -(z - np.sign(z) * l1) / ((beta + np.sqrt(n)) / rate + l2))
        after.append(w)
    return np.array(after)


def river_agrees(rate, beta, l2):
    """River forms w at the start of a step, from the slopes before it, and with l1 leaves a weight standing that should become zero."""
    ours, river, w = ftrl(rate, beta, 0.0, l2), optim.FTRLProximal(alpha=rate, beta=beta, l1=0.0, l2=l2), {i: 0.0 for i in range(WEIGHTS)}
    for t, g in enumerate(SLOPES):
        w = river._step_with_dict(w, dict(enumerate(g)))
        before = ours[t - 1] if t else np.zeros(WEIGHTS)
        assert np.allclose([w[i] for i in range(WEIGHTS)], before, rtol=1e-13, atol=1e-15), (t, w, before)


optimisers, schedulers = torch.optim, torch.optim.lr_scheduler
rate = single(0.1)
sgd = lambda p: optimisers.SGD(p, lr=rate)
cases = {
    "sgd": trajectory(sgd),
    "sgd_inverse_square_root": trajectory(sgd, scheduled(lambda o: schedulers.LambdaLR(o, lambda t: (1 + t / 4) ** -0.5), 4)),
    "sgd_linear": trajectory(sgd, scheduled(lambda o: schedulers.LinearLR(o, start_factor=1, end_factor=0.25, total_iters=12), 4)),
    "sgd_cosine": trajectory(sgd, scheduled(lambda o: schedulers.CosineAnnealingLR(o, T_max=16, eta_min=rate / 8), 4)),
    "momentum": trajectory(lambda p: optimisers.SGD(p, lr=rate, momentum=single(0.9))),
    "nesterov": trajectory(lambda p: optimisers.SGD(p, lr=rate, momentum=single(0.9), nesterov=True)),
    "adagrad": trajectory(lambda p: optimisers.Adagrad(p, lr=rate, initial_accumulator_value=single(0.1), eps=0)),
    "rmsprop": trajectory(lambda p: optimisers.RMSprop(p, lr=rate, alpha=single(0.99), eps=single(1e-8))),
    "adam": trajectory(lambda p: optimisers.Adam(p, lr=rate, betas=(single(0.9), single(0.999)), eps=single(1e-8))),
    "adam_cosine": trajectory(
        lambda p: optimisers.Adam(p, lr=rate, betas=(single(0.9), single(0.999)), eps=single(1e-8)),
        scheduled(lambda o: schedulers.CosineAnnealingLR(o, T_max=20, eta_min=0)),
    ),
    "adamw": trajectory(
        lambda p: optimisers.AdamW(p, lr=rate, betas=(single(0.9), single(0.999)), eps=single(1e-8), weight_decay=single(0.3))
    ),
    "ftrl": ftrl(rate, 1.0, 0.0, 0.5),
    "ftrl_sparse": ftrl(rate, 1.0, 1.5, 0.5),
}
river_agrees(rate, 1.0, 0.5)
assert any((w == 0).any() for w in cases["ftrl_sparse"][5:]), "the sparse case should have a zero after some steps"


def row(numbers):
    return "{" + ", ".join(repr(float(x)) for x in numbers) + "}"


def table(name, comment, rows):
    return f"// {comment}\ninline constexpr double {name}[steps][weights] = {{\n" + "".join(f"    {row(r)},\n" for r in rows) + "};\n"


text = f"""// SPDX-License-Identifier: MIT
// Trajectories of three weights over 20 steps, in double. Written by `python tests/golden/updaters.py`, seed {SEED}; not to be edited.
#pragma once

#include <cstddef>

// clang-format off
namespace golden {{

inline constexpr std::size_t steps = {STEPS}, weights = {WEIGHTS};
inline constexpr double first[weights] = {row(FIRST)};
{table("slopes", "What every step is given.", SLOPES)}"""
for name, after in cases.items():
    text += table(name, "The weights after every step.", after)
text += "\n}  // namespace golden\n// clang-format on\n"
pathlib.Path(__file__).with_suffix(".hpp").write_text(text)
