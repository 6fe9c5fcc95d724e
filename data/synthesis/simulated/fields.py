"""Plant species and soil nitrate in 126 plots of seven fields along a river.

Nitrate costs species. So does distance from the river, because the soil gets drier uphill, and nitrate is
higher there as well: a model that knows of nitrate only blames it for both, and its residuals run in a
curve along the distance.
"""

import numpy as np
import pandas as pd

SEED = 126
TRUTH = {
    "fixef": {"(Intercept)": 30.0, "nitrate": -0.15},
    "trend in species": "7 * (1 - 2 * t) + 4 * sin(pi * t), t = distance / 200",
    "sd field": {"(Intercept)": 2.0},
    "sigma": 1.8,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    field, step, column = (index.ravel() for index in np.indices((7, 6, 3)))
    east = 20 + field * 160 + column * 50 + rng.uniform(-8, 8, 126)
    distance = 15 + step * 34 + rng.uniform(-8, 8, 126)
    t = distance / 200
    nitrate = np.exp(2.3 + 0.9 * t + rng.normal(0, 0.15, 7)[field] + rng.normal(0, 0.35, 126))
    start, per_nitrate = TRUTH["fixef"].values()
    species = start + per_nitrate * nitrate + 7 * (1 - 2 * t) + 4 * np.sin(np.pi * t)
    species = species + rng.normal(0, TRUTH["sd field"]["(Intercept)"], 7)[field]
    species = np.rint(species + rng.normal(0, TRUTH["sigma"], 126)).astype(int)
    return pd.DataFrame(
        {
            "plot": np.arange(1, 127),
            "field": [f"F{f + 1}" for f in field],
            "east": east.round(),
            "distance": distance.round(),
            "nitrate": nitrate.round(1),
            "species": species,
        }
    )
