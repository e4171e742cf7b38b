# SPDX-License-Identifier: MIT
"""Writes tests/golden/reduce.hpp: principal components, incremental ones and standard scores by scikit-learn, in double.
Run `python tests/golden/reduce.py`; needs scikit-learn and numpy. The same file every time.
"""
import pathlib

import numpy as np
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.preprocessing import StandardScaler

SEED, ROWS, WIDTH, KEPT = 5, 30, 6, 3

random = np.random.RandomState(SEED)
# Multiples of 1/64, so that float and double start from the same numbers; directions of well separated spread, a mean, and a column of its
# own far from the origin.
DATA = random.normal(size=(ROWS, WIDTH)) * [4, 2.5, 1.5, 0.8, 0.4, 0.2] @ np.linalg.qr(random.normal(size=(WIDTH, WIDTH)))[0]
DATA = np.round(64 * (DATA + [3, -2, 0, 1, 0.5, 1000])) / 64


def upright(components):
    """The sign that the library gives a direction: its largest entry is positive."""
    largest = np.abs(components).argmax(axis=1)
    return np.sign(components[np.arange(len(components)), largest])[:, None]


pca = PCA(KEPT, svd_solver="full").fit(DATA)
white = PCA(KEPT, svd_solver="full", whiten=True).fit(DATA)
# Exact only where it keeps every direction: with fewer it forgets what earlier batches had outside them.
incremental = IncrementalPCA(WIDTH, batch_size=10).fit(DATA)
assert np.allclose(incremental.explained_variance_, PCA(svd_solver="full").fit(DATA).explained_variance_, rtol=1e-12)
sign, full_sign = upright(pca.components_), upright(incremental.components_)
reduced = pca.transform(DATA)

SCALED = DATA.copy()
SCALED[:, 2] = 0.125  # a constant
scaler = StandardScaler().fit(SCALED)

tables = [
    ("data", "(rows, width)", DATA),
    ("mean", "PCA(kept): mean_, explained_variance_, explained_variance_ratio_.", pca.mean_),
    ("explained_variance", "", pca.explained_variance_),
    ("explained_variance_ratio", "", pca.explained_variance_ratio_),
    ("components", "components_, the largest entry of each made positive: (kept, width)", pca.components_ * sign),
    ("reduced", "transform(data), with these signs: (rows, kept)", reduced * sign.T),
    ("restored", "inverse_transform(transform(data)): (rows, width)", pca.inverse_transform(reduced)),
    ("whitened", "PCA(kept, whiten=True), transform(data): (rows, kept)", white.transform(DATA) * sign.T),
    ("incremental_variance", "IncrementalPCA(width), fed 10 rows at a time: explained_variance_", incremental.explained_variance_),
    ("incremental_components", "and components_: (width, width)", incremental.components_ * full_sign),
    ("scaled_mean", "StandardScaler, of the data with a third column of 0.125: mean_ and var_", scaler.mean_),
    ("scaled_variance", "", scaler.var_),
    ("standard_scores", "transform: (rows, width)", scaler.transform(SCALED)),
]


def row(numbers):
    return "{" + ", ".join(repr(float(x)) for x in numbers) + "}"


text = f"""// SPDX-License-Identifier: MIT
// Principal components and standard scores of {ROWS} rows, in double.
// Written by `python tests/golden/reduce.py`, seed {SEED}; not to be edited.
#pragma once

#include <cstddef>

// clang-format off
namespace golden {{

inline constexpr std::size_t rows = {ROWS}, width = {WIDTH}, kept = {KEPT};
"""
for name, comment, numbers in tables:
    numbers = np.asarray(numbers)
    text += f"// {comment}\n" if comment else ""
    shape = "".join(f"[{n}]" for n in numbers.shape)
    body = row(numbers) if numbers.ndim == 1 else "{\n" + "".join(f"    {row(r)},\n" for r in numbers) + "}"
    text += f"inline constexpr double {name}{shape} = {body};\n"
text += "\n}  // namespace golden\n// clang-format on\n"
pathlib.Path(__file__).with_suffix(".hpp").write_text(text)
