# SPDX-License-Identifier: MIT
"""Writes tests/golden/factorisation.hpp: a factorisation machine with linear terms learned by plain descent, and a hashed logistic model
learned by AdaGrad, by numpy in double with every pair written out; the first also by River's FMRegressor, whose squared loss has slope
2 (p - y), so that it descends at half the rate with twice the L2.
Run `python tests/golden/factorisation.py`; needs numpy and river. The same file every time.
"""
import collections
import itertools
import math
import pathlib

import numpy as np
from river import facto, optim

SEED, STEPS, WIDTH, USERS, FILMS, GENRES, PAGES = 5, 50, 4, 6, 8, 5, 30
RATE, SHRINK = 0.0625, 0.015625  # exact in float
HASHED_RATE, HASHED_INITIAL = 0.25, 0.125

random = np.random.RandomState(SEED)
users, films = random.randint(USERS, size=STEPS), random.randint(FILMS, size=STEPS)
genres = [random.choice(GENRES, size=random.randint(4), replace=False) for _ in range(STEPS)]
worth = [random.randint(-8, 9, size=len(g)) / 8 for g in genres]
stars = random.randint(-4, 5, size=STEPS) / 2
pages = [random.choice(PAGES, size=random.randint(1, 6), replace=False) for _ in range(STEPS)]
clicks = random.randint(2, size=STEPS)

# ---- the factorisation machine. Multiples of 1/64, so that float and double start from the same numbers.
start = {"user": random.randint(-20, 21, size=(USERS, WIDTH)) / 64, "film": random.randint(-20, 21, size=(FILMS, WIDTH)) / 64,
         "genre": random.randint(-20, 21, size=(GENRES, WIDTH)) / 64}


def features(t):
    return [(("user", users[t]), 1.0), (("film", films[t]), 1.0)] + [(("genre", g), float(x)) for g, x in zip(genres[t], worth[t])]


def learn():
    bias, linear = 0.0, collections.defaultdict(float)
    factors = {(kind, i): row.copy() for kind, rows in start.items() for i, row in enumerate(rows)}
    predictions = []
    for t in range(STEPS):
        x = features(t)
        p = bias + sum(linear[j] * v for j, v in x)
        for (i, a), (j, b) in itertools.combinations(x, 2):
            p += a * b * float(factors[i] @ factors[j])
        predictions.append(p)
        slope = p - stars[t]
        bias -= RATE * slope
        for j, v in x:
            linear[j] -= RATE * (slope * v + SHRINK * linear[j])
        g = {j: SHRINK * factors[j] for j, _ in x}
        for (i, a), (j, b) in itertools.combinations(x, 2):
            g[i] = g[i] + slope * a * b * factors[j]
            g[j] = g[j] + slope * a * b * factors[i]
        for j in g:
            factors[j] = factors[j] - RATE * g[j]
    return predictions, factors


predictions, factors = learn()

peer = facto.FMRegressor(n_factors=WIDTH, weight_optimizer=optim.SGD(RATE / 2), latent_optimizer=optim.SGD(RATE / 2), l2_weight=2 * SHRINK,
                         l2_latent=2 * SHRINK, intercept_lr=RATE / 2)
for kind, rows in start.items():
    for i, row in enumerate(rows):
        peer.latents[f"{kind}:{i}"] = row.copy()
peer_predictions = []
for t in range(STEPS):
    x = {f"{kind}:{i}": v for (kind, i), v in features(t)}
    peer_predictions.append(float(peer.predict_one(x)))
    peer.learn_one(x, float(stars[t]))
assert max(abs(a - b) for a, b in zip(predictions, peer_predictions)) < 1e-12

# ---- hashed weights: one for every page, one for every pair of user and film; no collisions here
weights, squares = collections.defaultdict(float), collections.defaultdict(float)
losses, scores = [], []
for t in range(STEPS):
    keys = ["bias", ("pair", users[t], films[t])] + [("page", p) for p in pages[t]]
    z = sum(weights[k] for k in keys)
    losses.append(math.log1p(math.exp(-z if clicks[t] else z)))
    slope = 1 / (1 + math.exp(-z)) - clicks[t]
    for k in keys:
        squares[k] += slope * slope
        weights[k] -= HASHED_RATE * slope / math.sqrt(HASHED_INITIAL + squares[k])
    scores.append(sum(weights[k] for k in keys))


def row(numbers):
    return "{" + ", ".join(repr(x) for x in np.asarray(numbers).tolist()) + "}"


def begins(lists):
    return np.concatenate([[0], np.cumsum([len(one) for one in lists])])


lists = [
    ("std::uint64_t", "users", "The events, one a step.", users), ("std::uint64_t", "films", "", films),
    ("std::size_t", "genre_begin", "", begins(genres)), ("std::uint64_t", "genres", "", np.concatenate(genres)),
    ("float", "genre_values", "", np.concatenate(worth)), ("float", "stars", "", stars),
    ("std::size_t", "page_begin", "", begins(pages)), ("std::uint64_t", "pages", "", np.concatenate(pages)),
    ("int", "clicks", "", clicks),
    ("double", "predictions", "Of the factorisation machine before each step, by numpy.", predictions),
    ("double", "peer_predictions", "By River.", peer_predictions),
    ("double", "hashed_losses", "Of the hashed model before each step, and its scores after it.", losses),
    ("double", "hashed_scores", "", scores),
]
tables = [(f"{kind}_start", f"Factors to start from: ({kind}s, width)", rows) for kind, rows in start.items()]
tables += [(f"{kind}_factors", f"And after the steps: ({kind}s, width)", [factors[kind, i] for i in range(len(rows))])
           for kind, rows in start.items()]
text = f"""// SPDX-License-Identifier: MIT
// A factorisation machine and a hashed logistic model, learned event by event.
// Written by `python tests/golden/factorisation.py`, seed {SEED}; not to be edited.
#pragma once

#include <cstddef>
#include <cstdint>

// clang-format off
namespace golden {{

inline constexpr std::size_t steps = {STEPS}, factor_width = {WIDTH};
inline constexpr float rate = {RATE}f, shrink = {SHRINK}f, hashed_rate = {HASHED_RATE}f, hashed_initial = {HASHED_INITIAL}f;
"""
for kind, name, said, numbers in lists:
    text += (f"// {said}\n" if said else "") + f"inline constexpr {kind} {name}[{len(numbers)}] = {row(numbers)};\n"
for name, said, numbers in tables:
    text += f"// {said}\ninline constexpr double {name}[{len(numbers)}][{WIDTH}] = {{\n"
    text += "".join(f"    {row(one)},\n" for one in numbers) + "};\n"
text += "\n}  // namespace golden\n// clang-format on\n"
pathlib.Path(__file__).with_suffix(".hpp").write_text(text)
