"""Fifteen owl nests, two chicks with a hormone implant and two with a placebo in each, weighed four times.

Implant varies within nests, day within chicks: three levels of replication, and each effect is judged
against its own. The chicks' numbers are unique over all nests.
"""

import numpy as np
import pandas as pd

SEED = 33
DAYS = np.array([0, 4, 8, 12])
TRUTH = {
    "fixef": {"(Intercept)": 220.0, "day": 9.0, "implantP": 0.0, "day:implantP": 2.0},
    "sd nest": {"(Intercept)": 18.0},
    "sd chick": {"(Intercept)": 10.0, "day": 1.0},
    "sigma": 6.0,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    chick = np.repeat(np.arange(60), 4)
    nest, day = chick // 4, np.tile(DAYS, 60)
    placebo = np.concatenate([rng.permutation([0, 0, 1, 1]) for _ in range(15)])[chick]
    start, growth, at_once, faster = TRUTH["fixef"].values()
    home = rng.normal(0, TRUTH["sd nest"]["(Intercept)"], 15)
    own, own_growth = (rng.normal(0, sd, 60) for sd in TRUTH["sd chick"].values())
    mass = start + home[nest] + own[chick] + at_once * placebo
    mass = mass + (growth + own_growth[chick] + faster * placebo) * day + rng.normal(0, TRUTH["sigma"], 240)
    return pd.DataFrame(
        {
            "nest": [f"n{n + 1:02d}" for n in nest],
            "chick": [f"c{c + 1:02d}" for c in chick],
            "implant": np.where(placebo, "P", "C"),
            "day": day,
            "mass": mass.round(1),
        }
    )
