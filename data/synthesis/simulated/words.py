"""Thirty subjects decide whether each of 24 strings is a word, some after a related word (primed), some not.

Subjects and items are crossed: everyone meets every word, in one of two conditions that are swapped for
half of the subjects. Words are as much a sample as people: words differ, and so does what priming does to
a person.
"""

import numpy as np
import pandas as pd

SEED = 7
TRUTH = {
    "fixef": {"(Intercept)": 620.0, "conditionprimed": -30.0},
    "sd subject": {"(Intercept)": 60.0, "conditionprimed": 20.0},
    "cor subject": -0.3,
    "sd item": {"(Intercept)": 40.0},
    "sigma": 70.0,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    subject, item = (index.ravel() for index in np.indices((30, 24)))
    primed = (subject + item) % 2
    sd = np.array(list(TRUTH["sd subject"].values()))
    covariance = np.outer(sd, sd) * [[1, TRUTH["cor subject"]], [TRUTH["cor subject"], 1]]
    speed, gain = rng.multivariate_normal([0, 0], covariance, 30).T
    hard = rng.normal(0, TRUTH["sd item"]["(Intercept)"], 24)
    start, effect = TRUTH["fixef"].values()
    rt = start + speed[subject] + hard[item] + (effect + gain[subject]) * primed
    rt = np.rint(rt + rng.normal(0, TRUTH["sigma"], rt.size)).astype(int)
    frame = pd.DataFrame(
        {
            "subject": [f"s{s + 1:02d}" for s in subject],
            "item": [f"i{i + 1:02d}" for i in item],
            "condition": np.where(primed, "primed", "unprimed"),
            "rt": rt,
        }
    )
    return frame[rng.random(len(frame)) > 0.04]  # a few answers were wrong and are not counted
