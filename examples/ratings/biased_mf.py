# SPDX-License-Identifier: MIT
"""River's biased matrix factorisation on MovieLens 100K in time order, with the settings of River's documentation, beside examples/ratings:
python biased_mf.py FOLDER. Needs the package river. For each rating: predict, clip to [1, 5], score, then learn."""
import math
import pathlib
import sys
import time

from river import optim, reco
from river.optim import initializers

if len(sys.argv) != 2:
    sys.exit("usage: python biased_mf.py FOLDER, where u.data is")
lines = (pathlib.Path(sys.argv[1]) / "u.data").read_text().splitlines()
events = sorted((tuple(map(int, line.split())) for line in lines), key=lambda event: event[3])  # stable: ties stay in the file's order

model = reco.BiasedMF(
    n_factors=10,
    bias_optimizer=optim.SGD(0.025),
    latent_optimizer=optim.SGD(0.05),
    weight_initializer=initializers.Zeros(),
    latent_initializer=initializers.Normal(mu=0.0, sigma=0.1, seed=73),
    l2_bias=0.0,
    l2_latent=0.0,
)
squares = absolutes = 0.0
start = time.perf_counter()
for user, film, stars, _ in events:
    miss = min(5.0, max(1.0, model.predict_one(str(user), str(film)))) - stars
    squares += miss * miss
    absolutes += abs(miss)
    model.learn_one(str(user), str(film), stars)
seconds = time.perf_counter() - start
print(f"RMSE {math.sqrt(squares / len(events)):.4f}  MAE {absolutes / len(events):.4f}  {len(events) / seconds:,.0f} events/s")
