"""Twelve fields, management A on one half and B on the other: which half has more plant species?

Fields differ far more than managements. Each field is its own control: a comparison that ignores the
field drowns the effect in the differences between fields.
"""

import numpy as np
import pandas as pd

SEED = 12
TRUTH = {
    "fixef": {"(Intercept)": 18.0, "managementB": 3.0},
    "sd field": {"(Intercept)": 6.0},
    "sigma": 2.0,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    field = np.repeat(np.arange(12), 2)
    b = np.tile([0, 1], 12)
    start, effect = TRUTH["fixef"].values()
    mean = start + rng.normal(0, TRUTH["sd field"]["(Intercept)"], 12)
    species = np.rint(mean[field] + effect * b + rng.normal(0, TRUTH["sigma"], 24)).astype(int)
    return pd.DataFrame(
        {"field": [f"f{f + 1:02d}" for f in field], "management": np.where(b, "B", "A"), "species": species}
    )
