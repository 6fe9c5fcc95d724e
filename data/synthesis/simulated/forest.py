"""Trees on plots along transects in three sections of a valley: are trees smaller on steep plots?

Three traps. Slope is measured once a plot: many trees share one slope. Plots are numbered 1 to 6 on
every transect. And the steep transects lie on the moist side of the valley, where all trees are taller:
within a transect height falls with slope, between transects it rises.
"""

import numpy as np
import pandas as pd

SEED = 40
SECTIONS = ["lower", "middle", "upper"]
TRUTH = {
    "fixef": {
        "(Intercept)": 10.0,
        "sectionmiddle": -0.5,
        "sectionupper": -1.5,
        "slope within transect": -0.12,
    },
    "slope between transects": 0.3,
    "sd transect": {"(Intercept)": 0.8},
    "sd plot:transect": {"(Intercept)": 1.0},
    "sigma": 1.6,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    start, middle, upper, within = TRUTH["fixef"].values()
    of_section = [0.0, middle, upper]
    rows = []
    for transect in range(12):
        section = transect // 4
        steepness = rng.uniform(6, 32)
        level = start + of_section[section] + TRUTH["slope between transects"] * (steepness - 19)
        level += rng.normal(0, TRUTH["sd transect"]["(Intercept)"])
        for plot in range(1, 7):
            slope = float(np.clip(steepness * rng.normal(1, 0.33), 2, 45).round(1))
            mean = (
                level + within * (slope - steepness) + rng.normal(0, TRUTH["sd plot:transect"]["(Intercept)"])
            )
            trees = 1 + rng.poisson(max(8 - 0.18 * slope, 1))  # few trees hold on to a steep plot
            for height in np.maximum(mean + rng.normal(0, TRUTH["sigma"], trees), 0.6):
                broken = rng.random() < 0.02
                row = (
                    SECTIONS[section],
                    f"T{transect + 1:02d}",
                    plot,
                    slope,
                    np.nan if broken else round(height, 2),
                )
                rows.append(row)
    return pd.DataFrame(rows, columns=["section", "transect", "plot", "slope", "height"])
