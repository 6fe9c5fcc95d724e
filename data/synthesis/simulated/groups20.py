"""Twenty lakes, from one perch caught in a lake to two hundred.

What partial pooling does, to the eye: the mean of a lake with one fish is drawn far towards the common
mean, that of a lake with two hundred stays where it is. The seed was looked for: the longest mean is that of
a lake with one fish, and it falls behind when lakes are pooled.
"""

import numpy as np
import pandas as pd

SEED = 45362
SIZES = [1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 29, 38, 50, 70, 100, 140, 200]
TRUTH = {"fixef": {"(Intercept)": 25.0}, "sd group": {"(Intercept)": 3.5}, "sigma": 4.0}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    group = np.repeat(np.arange(20), rng.permutation(SIZES))
    mean = TRUTH["fixef"]["(Intercept)"] + rng.normal(0, TRUTH["sd group"]["(Intercept)"], 20)
    length = mean[group] + rng.normal(0, TRUTH["sigma"], group.size)
    return pd.DataFrame({"group": [f"lake{g + 1:02d}" for g in group], "length": length.round(1)})
