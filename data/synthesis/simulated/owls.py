"""Body mass of barn owl nestlings with an implant, weighed five times while they grow.

Broods differ, chicks of a brood differ less, in how heavy they are and in how fast they grow. A line for
each individual and a line for each brood are two different pictures. Age is far from 0 in every chick:
centre it.
"""

import numpy as np
import pandas as pd

SEED = 26
TRUTH = {
    "fixef (age centred at 25)": {"(Intercept)": 230.0, "age": 7.0, "implantP": 6.0, "age:implantP": 1.2},
    "sd brood": {"(Intercept)": 16.0, "age": 0.9},
    "cor brood": 0.4,
    "sd ring:brood": {"(Intercept)": 9.0, "age": 0.5},
    "sigma": 6.0,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    start, growth, heavier, faster = TRUTH["fixef (age centred at 25)"].values()
    sd = np.array(list(TRUTH["sd brood"].values()))
    covariance = np.outer(sd, sd) * [[1, TRUTH["cor brood"]], [TRUTH["cor brood"], 1]]
    rows, ring = [], 705200
    for brood in range(1, 23):
        level, pace = rng.multivariate_normal([0, 0], covariance)
        first, chicks = rng.integers(14, 20), rng.integers(3, 7)
        for placebo in rng.permutation(np.arange(chicks) % 2):
            ring += rng.integers(1, 4)
            own_level, own_pace = (rng.normal(0, sd) for sd in TRUTH["sd ring:brood"].values())
            for visit in range(5):
                if rng.random() < 0.06:  # hidden behind a beam that day
                    continue
                age = first + 4 * visit
                mass = start + level + own_level + heavier * placebo
                mass += (growth + pace + own_pace + faster * placebo) * (age - 25) + rng.normal(
                    0, TRUTH["sigma"]
                )
                rows.append((f"B{brood:02d}", ring, "P" if placebo else "C", age, round(mass, 1)))
    return pd.DataFrame(rows, columns=["brood", "ring", "implant", "age", "mass"])
