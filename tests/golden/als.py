# SPDX-License-Identifier: MIT
"""Writes tests/golden/als.hpp: factors after three sweeps of implicit ALS, by numpy in double from the normal equations of Hu, Koren and
Volinsky (2008), and by the package `implicit` in float, whose confidence is what it is given: here 1 + alpha r.
Run `python tests/golden/als.py`; needs numpy, scipy and implicit. The same file every time.
"""
import pathlib

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

SEED, USERS, ITEMS, WIDTH, SWEEPS, ALPHA, L2 = 3, 12, 9, 5, 3, 4.0, 0.5

random = np.random.RandomState(SEED)
# Multiples of 1/64, so that float and double start from the same numbers. User 4 took nothing, nobody took item 7.
START = np.round(64 * random.normal(scale=0.3, size=(ITEMS, WIDTH))) / 64
TAKEN = np.where(random.uniform(size=(USERS, ITEMS)) < 0.35, random.randint(1, 9, size=(USERS, ITEMS)) / 4, 0)
TAKEN[4], TAKEN[:, 7] = 0, 0


def solve(fixed, values):
    """All rows of one side, every pair written out."""
    solved = np.zeros((len(values), WIDTH))
    for row, r in enumerate(values):
        confidence, preference = np.diag(1 + ALPHA * r), (r > 0).astype(float)
        solved[row] = np.linalg.solve(fixed.T @ confidence @ fixed + L2 * np.eye(WIDTH), fixed.T @ confidence @ preference)
    return solved


items = START
for _ in range(SWEEPS):
    users = solve(items, TAKEN)
    items = solve(users, TAKEN.T)
folded = solve(items, TAKEN)
objective = float(((1 + ALPHA * TAKEN) * ((TAKEN > 0) - users @ items.T) ** 2).sum() + L2 * ((users ** 2).sum() + (items ** 2).sum()))

peer = AlternatingLeastSquares(factors=WIDTH, regularization=L2, alpha=1, iterations=SWEEPS, use_cg=False, num_threads=1)
peer.item_factors = START.astype(np.float32)
peer.user_factors = np.zeros((USERS, WIDTH), np.float32)
peer.fit(csr_matrix(np.where(TAKEN > 0, 1 + ALPHA * TAKEN, 0)), show_progress=False)
assert np.abs(peer.user_factors - users).max() < 1e-5 and np.abs(peer.item_factors - items).max() < 1e-5

rows, columns = np.nonzero(TAKEN)
lists = [
    ("std::size_t", "offsets", "What they took: rows of a sparse matrix.", np.searchsorted(rows, range(USERS + 1))),
    ("std::uint32_t", "columns", "", columns),
    ("double", "values", "", TAKEN[rows, columns]),
]
tables = [
    ("start", "Item factors to start from: (items, width)", START),
    ("user_factors", "After the sweeps, by numpy: (users, width)", users),
    ("item_factors", "(items, width)", items),
    ("folded", "Users solved against these items: (users, width)", folded),
    ("peer_user_factors", "After the sweeps, by implicit.", peer.user_factors),
    ("peer_item_factors", "", peer.item_factors),
]


def row(numbers):
    return "{" + ", ".join(repr(x) for x in np.asarray(numbers).tolist()) + "}"


text = f"""// SPDX-License-Identifier: MIT
// Factors of implicit feedback after {SWEEPS} sweeps of alternating least squares.
// Written by `python tests/golden/als.py`, seed {SEED}; not to be edited.
#pragma once

#include <cstddef>
#include <cstdint>

// clang-format off
namespace golden::als {{

inline constexpr std::size_t users = {USERS}, items = {ITEMS}, width = {WIDTH}, sweeps = {SWEEPS}, entries = {len(columns)};
inline constexpr float alpha = {ALPHA}f, l2 = {L2}f;
inline constexpr double objective = {objective!r};  // by numpy
"""
for kind, name, said, numbers in lists:
    text += (f"// {said}\n" if said else "") + f"inline constexpr {kind} {name}[{len(numbers)}] = {row(numbers)};\n"
for name, said, numbers in tables:
    text += (f"// {said}\n" if said else "") + f"inline constexpr double {name}[{len(numbers)}][{WIDTH}] = {{\n"
    text += "".join(f"    {row(numbers[i])},\n" for i in range(len(numbers))) + "};\n"
text += "\n}  // namespace golden::als\n// clang-format on\n"
pathlib.Path(__file__).with_suffix(".hpp").write_text(text)
