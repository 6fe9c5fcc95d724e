"""Corticosterone of 151 nestlings; values that print as the two tables of lecture 004 do.

The lecture prints one model twice, by REML and (unsaid) by ML. The criterion, sigma and theta fix the determinants
in it, and these depend on the design alone: who was measured how often, and when. Designs were drawn until one
agreed; it is kept here. The file holds concentrations, the model their logarithms.
"""

import numpy as np
import pandas as pd
from method.figures import one_factor
from method.find import Fit, Setting, committed
from method.printed import targets, value

SEED = 1

DESIGN = committed("owl_cort", ["Brood", "Ring", "Implant", "Age", "days"])
RING = DESIGN["Ring"].to_numpy()
N = len(DESIGN)
NAMES = ("(Intercept)", "ImplantP", "days2", "days20", "ImplantP:days2", "ImplantP:days20")
PLACEBO, TWO, TWENTY = (
    (DESIGN[column] == level).to_numpy(float)
    for column, level in [("Implant", "P"), ("days", "2"), ("days", "20")]
)
X = np.column_stack([np.ones(N), PLACEBO, TWO, TWENTY, PLACEBO * TWO, PLACEBO * TWENTY])
BY_REML = one_factor("Ring", RING, NAMES[:1], NAMES)
BY_ML = one_factor("Ring", RING, NAMES[:1], NAMES, reml=False)


def start(rng: np.random.Generator) -> np.ndarray:
    beta = [value("owl_cort_reml", "fixef", term=name) for name in NAMES]
    sigma, sd = value("owl_cort_reml", "sigma"), value("owl_cort_reml", "sd", "Ring", term="(Intercept)")
    own = dict(zip(dict.fromkeys(RING), rng.normal(0, sd, len(set(RING))), strict=True))
    y = X @ beta + np.array([own[ring] for ring in RING]) + rng.normal(0, sigma, N)
    return np.r_[y, sd / sigma, sd / sigma]


def fits(v: np.ndarray) -> list[Fit]:
    y, one = v[:N], X[:, :1]
    return [
        Fit("owl_cort_reml", *BY_REML.figures(y, X, one, v[N : N + 1])),
        Fit("owl_cort_ml", *BY_ML.figures(y, X, one, v[N + 1 :])),
    ]


def frame(v: np.ndarray) -> pd.DataFrame:
    return DESIGN.assign(totCort=np.exp(v[:N]))


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return np.log(data["totCort"].to_numpy())


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets={name: targets(name) for name in ("owl_cort_reml", "owl_cort_ml")},
        scale=np.r_[np.ones(N), 0.02, 0.02],
        n=N,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, N): 9},
    )
