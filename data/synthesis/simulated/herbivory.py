"""Deer kept out of four plots and let into four: does browsing change the soil?

It does not, here. But ten cores of one plot are alike, and a test that counts 80 independent cores finds
an effect where there are eight plots and no effect.
"""

import numpy as np
import pandas as pd

SEED = 34
TRUTH = {
    "fixef": {"(Intercept)": 2.4, "treatmentexcluded": 0.0},
    "sd plot": {"(Intercept)": 0.35},
    "sigma": 0.30,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    plot = np.repeat(np.arange(8), 10)
    excluded = plot % 2 == 1
    start, effect = TRUTH["fixef"].values()
    soil = rng.normal(0, TRUTH["sd plot"]["(Intercept)"], 8)
    nitrogen = start + effect * excluded + soil[plot] + rng.normal(0, TRUTH["sigma"], 80)
    return pd.DataFrame(
        {
            "treatment": np.where(excluded, "excluded", "grazed"),
            "plot": [f"p{p + 1}" for p in plot],
            "core": np.tile(np.arange(1, 11), 8),
            "nitrogen": nitrogen.round(3),
        }
    )
