"""Udder infections in dairy herds over the seasons: counts out of a known number, for a binomial GLMM.

Herds differ more than seasons do. Milking robots are a property of the herd, so that the herds, not the
cows, are its replicates: the plain GLM is far too sure of their effect.
"""

import numpy as np
import pandas as pd

SEED = 27
SEASONS = ["spring", "summer", "autumn", "winter"]
TRUTH = {
    "fixef (log odds)": {
        "(Intercept)": -2.0,
        "seasonsummer": 0.7,
        "seasonautumn": 0.2,
        "seasonwinter": -0.4,
        "milkingrobot": 0.0,
    },
    "sd herd": {"(Intercept)": 0.9},
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    herds = 24
    start, *seasons, robot = TRUTH["fixef (log odds)"].values()
    level = start + rng.normal(0, TRUTH["sd herd"]["(Intercept)"], herds)
    has_robot = rng.permutation(np.arange(herds) % 2)
    size = rng.integers(12, 60, herds)
    rows = []
    for herd in range(herds):
        for season, effect in zip(SEASONS, [0.0, *seasons], strict=True):
            if rng.random() < 0.08:  # the vet did not come
                continue
            cows = size[herd] - rng.integers(0, 8)
            chance = 1 / (1 + np.exp(-(level[herd] + effect + robot * has_robot[herd])))
            milking = "robot" if has_robot[herd] else "parlour"
            rows.append((f"h{herd + 1:02d}", season, milking, cows, rng.binomial(cows, chance)))
    return pd.DataFrame(rows, columns=["herd", "season", "milking", "cows", "infected"])
