"""Pupils in classes in schools, with numbers that start again in every school and every class.

Class 1 of school 1 and class 1 of school 2 have nothing but the number in common: (1 | school) + (1 |
class) says that they do, (1 | school/class) that they do not.
"""

import numpy as np
import pandas as pd

SEED = 11
TRUTH = {
    "fixef": {"(Intercept)": 50.0, "hours": 1.5},
    "sd school": {"(Intercept)": 3.0},
    "sd class:school": {"(Intercept)": 4.0},
    "sigma": 6.0,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    start, per_hour = TRUTH["fixef"].values()
    rows = []
    for school in range(1, 13):
        of_school = rng.normal(0, TRUTH["sd school"]["(Intercept)"])
        for class_ in range(1, rng.integers(2, 5) + 1):
            mean = start + of_school + rng.normal(0, TRUTH["sd class:school"]["(Intercept)"])
            for pupil in range(1, rng.integers(8, 19) + 1):
                hours = round(rng.gamma(4, 1), 1)
                score = mean + per_hour * hours + rng.normal(0, TRUTH["sigma"])
                rows.append((f"sch{school:02d}", f"c{class_}", pupil, hours, round(score, 1)))
    return pd.DataFrame(rows, columns=["school", "class", "pupil", "hours", "score"])
