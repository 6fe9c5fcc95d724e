"""Ticks on hedgehog young: counts in litters in parks, for a Poisson GLMM.

Counts vary more than Poisson allows even within a litter: without an effect of each hoglet (or a negative
binomial) the standard errors are too small. Altitude belongs to the litter, and is far from zero: centre
it.
"""

import numpy as np
import pandas as pd

SEED = 404
YEARS = ["2021", "2022", "2023"]
TRUTH = {
    "fixef (log ticks)": {"(Intercept)": 0.9, "year2022": 0.8, "year2023": -0.3, "altitude100": -0.45},
    "sd park": {"(Intercept)": 0.5},
    "sd litter": {"(Intercept)": 0.6},
    "sd hoglet": {"(Intercept)": 0.5},
    "altitude100": "(altitude - 300) / 100",
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    start, good, bad, uphill = TRUTH["fixef (log ticks)"].values()
    by_park, by_litter, by_hoglet = (
        TRUTH[f"sd {who}"]["(Intercept)"] for who in ("park", "litter", "hoglet")
    )
    year_effect = np.array([0.0, good, bad])
    rows, litter, hoglet = [], 0, 0
    for park in range(28):
        home, mean_altitude = rng.normal(0, by_park), rng.uniform(120, 520)
        for year in range(3):
            for _ in range(rng.integers(0, 3)):
                litter += 1
                altitude = int(np.clip(mean_altitude + rng.normal(0, 35), 60, 600))
                family = (
                    start
                    + year_effect[year]
                    + uphill * (altitude - 300) / 100
                    + home
                    + rng.normal(0, by_litter)
                )
                for _ in range(rng.integers(2, 7)):
                    hoglet += 1
                    ticks = rng.poisson(np.exp(family + rng.normal(0, by_hoglet)))
                    rows.append((hoglet, litter, f"park{park + 1:02d}", YEARS[year], altitude, ticks))
    return pd.DataFrame(rows, columns=["hoglet", "litter", "park", "year", "altitude", "ticks"])
