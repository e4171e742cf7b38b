# SPDX-License-Identifier: MIT
"""Writes tests/golden/scale_free.hpp: scores along 200 examples of the adaptive, scale-free, importance-aware update, by its formulas in double
and by Vowpal Wabbit. Run `python tests/golden/scale_free.py`; needs numpy and vowpalwabbit. The same file every time.
"""
import pathlib

import numpy as np
import vowpalwabbit

SEED, EXAMPLES = 21, 200
SCALES = np.array([1.0, 1e-4, 30.0, 1e5, 0.2])
RATE = 0.5

random = np.random.RandomState(SEED)
x = random.normal(0, 1, (EXAMPLES, len(SCALES))) * SCALES
x[:, 4] *= 1.02 ** np.arange(EXAMPLES)  # keeps meeting a new largest value
x[random.uniform(size=x.shape) < 0.25] = 0
x = x.astype(np.float32).astype(float)
truth = x / np.abs(x).max(axis=0) @ np.array([3.0, -2.0, 1.0, 4.0, -3.0])
labels = {
    "logistic": (random.uniform(size=EXAMPLES) < 1 / (1 + np.exp(-2 * truth))).astype(float),
    "squared": (truth + random.normal(0, 0.3, EXAMPLES)).astype(np.float32).astype(float),
}
weights = random.choice([0.5, 1.0, 1.0, 3.0], EXAMPLES)


def divided(loss, z, y, reach):
    """The score after dz/dt = -slope over a time of `reach`, by 2,000 steps of the classical Runge-Kutta method."""
    slope = (lambda s: s - y) if loss == "squared" else (lambda s: 1 / (1 + np.exp(-s)) - y)
    h = reach / 2000
    for _ in range(2000):
        a = slope(z)
        b = slope(z - h / 2 * a)
        c = slope(z - h / 2 * b)
        z -= h / 6 * (a + 2 * b + 2 * c + slope(z - h * c))
    return z


def formulas(loss):
    w, largest, squares, total_weight, total_size, scores = *np.zeros((3, x.shape[1])), 0.0, 0.0, []
    for features, y, h in zip(x, labels[loss], weights):
        z = w @ features
        scores.append(z)
        slope = z - y if loss == "squared" else 1 / (1 + np.exp(-z)) - y
        on = features != 0
        if not on.any():
            continue
        f = features[on]
        before = largest[on].copy()
        largest[on] = np.maximum(before, np.abs(f))
        w[on] *= np.where(before > 0, before / largest[on], 1)
        squares[on] += h * slope**2 * f**2
        total_weight += h
        total_size += h * ((f / largest[on]) ** 2).sum()
        direction = RATE * np.sqrt(total_weight / total_size) * f / (largest[on] * np.sqrt(squares[on]))
        reach = h * (direction @ f)
        w[on] += direction * (divided(loss, z, y, reach) - z) / (direction @ f)
    return np.array(scores)


def vowpal_wabbit(loss):
    vw = vowpalwabbit.Workspace(
        f"--loss_function {loss} --noconstant -l {RATE} --min_prediction -1e6 --max_prediction 1e6 --quiet"
        if loss == "squared" else f"--loss_function {loss} --noconstant -l {RATE} --quiet"
    )
    scores = []
    for features, y, h in zip(x, labels[loss], weights):
        text = " ".join(f"{i}:{v!r}" for i, v in enumerate(map(float, features)) if v)
        scores.append(vw.predict(f"|f {text}"))
        vw.learn(f"{y if loss == 'squared' else 2 * y - 1} {h} |f {text}")
    vw.finish()
    return np.array(scores)


def row(numbers):
    return "{" + ", ".join(repr(float(v)) for v in numbers) + "}"


text = f"""// SPDX-License-Identifier: MIT
// 200 examples of five features of unlike scales, and the scores before each was learned. Written by `python tests/golden/scale_free.py`,
// seed {SEED}; not to be edited.
#pragma once

#include <cstddef>

// clang-format off
namespace golden {{

inline constexpr std::size_t scale_free_examples = {EXAMPLES}, scale_free_features = {x.shape[1]};
inline constexpr double scale_free_x[{EXAMPLES}][{x.shape[1]}] = {{
""" + "".join(f"    {row(r)},\n" for r in x) + "};\n"
text += f"inline constexpr double scale_free_weight[{EXAMPLES}] = {row(weights)};\n"
for loss in labels:
    ours, theirs = formulas(loss), vowpal_wabbit(loss)
    print(loss, "farthest from Vowpal Wabbit:", np.abs(ours - theirs).max(), "of scores up to", np.abs(ours).max())
    text += f"inline constexpr double scale_free_{loss}_label[{EXAMPLES}] = {row(labels[loss])};\n"
    text += f"// By the formulas, in double.\ninline constexpr double scale_free_{loss}[{EXAMPLES}] = {row(ours)};\n"
    text += f"// By Vowpal Wabbit {vowpalwabbit.__version__}, in float.\n"
    text += f"inline constexpr double scale_free_{loss}_vowpal_wabbit[{EXAMPLES}] = {row(theirs)};\n"
text += "\n}  // namespace golden\n// clang-format on\n"
pathlib.Path(__file__).with_suffix(".hpp").write_text(text)
