# SPDX-License-Identifier: MIT
"""Writes the clicks that bench/click_stream.hpp reads: `python bench/click_stream.py FILE`, then RIVULET_CLICKS=FILE. Needs numpy.

400,000 examples of 30 categorical features that have 10, 100, 1,000, 10,000 and 100,000 values, six of each, with a long tail (Pareto, shape
1.1, a fiftieth of the values as its scale, the last value takes what is beyond), and clicks by a logistic model whose weights are normal with
deviation 0.5 and whose bias is -1. The file: ids, little-endian 32-bit (400000, 30), then a byte for each label.
"""
import sys

import numpy as np

EXAMPLES = 400_000
random = np.random.default_rng(0)
values = np.array([10, 100, 1000, 10_000, 100_000] * 6)
weights = [random.normal(0, 0.5, count) for count in values]
columns = [np.minimum((random.pareto(1.1, EXAMPLES) * count / 50).astype(int), count - 1) for count in values]
score = sum(w[column] for w, column in zip(weights, columns)) - 1
labels = random.random(EXAMPLES) < 1 / (1 + np.exp(-score))
with open(sys.argv[1], "wb") as out:
    out.write(np.stack(columns, 1).astype("<u4").tobytes())
    out.write(labels.astype("u1").tobytes())
