"""Twelve cattle, fourteen visits each; values that print as the random-slope example of lecture 003 does.

The printed standard errors depend on the visiting days, sigma and theta alone, so the days have to be right before
any value is. Those of `ex33.csv` came out of a search over timetables (one for all animals does not do it: three
animals have one visit a day or two off), and are kept here; the values are found.
"""

import numpy as np
import pandas as pd
from method.figures import one_factor
from method.find import Fit, Setting, committed
from method.printed import targets, value

SEED = 1

DESIGN = committed("ex33", ["animal_id", "breed", "time"])
ANIMAL = DESIGN["animal_id"].to_numpy()
N = len(DESIGN)
NAMES = ("(Intercept)", "time")
X = np.column_stack([np.ones(N), DESIGN["time"].to_numpy(float)])
MIXED = one_factor("animal_id", ANIMAL, NAMES[1:], NAMES)


def start(rng: np.random.Generator) -> np.ndarray:
    beta = [value("ex33_slope", "fixef", term=name) for name in NAMES]
    sigma, sd = value("ex33_slope", "sigma"), value("ex33_slope", "sd", "animal_id", term="time")
    slopes = np.repeat(rng.normal(0, sd, 12), 14)
    return np.r_[X @ beta + slopes * X[:, 1] + rng.normal(0, sigma, N), sd / sigma]


def fits(v: np.ndarray) -> list[Fit]:
    return [Fit("ex33_slope", *MIXED.figures(v[:N], X, X[:, 1:], v[N:]))]


def frame(v: np.ndarray) -> pd.DataFrame:
    return DESIGN.assign(PCV=v[:N])


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return data["PCV"].to_numpy()


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets={"ex33_slope": targets("ex33_slope")},
        scale=np.r_[np.ones(N), 0.01],
        n=N,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, N): 5},
    )
