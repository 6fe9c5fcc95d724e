"""Fifty mice of five strains; weights that print as slides 16 to 21 of lecture 000 do.

The doses are whole numbers from 1 to 5, and what they must be is the hard part: the printed tables leave room for few
sets of sums and sums of squares by strain. A long search over these gave the doses of `mouse.csv`, which are kept
here; the weights are found. The random-slope fit lies on the boundary (correlation -1).
"""

import numpy as np
import pandas as pd
from method.figures import linear, one_factor
from method.find import Fit, Setting, committed
from method.printed import quantiles, targets, value

SEED = 1

DESIGN = committed("mouse", ["Strain", "Dose"])
STRAIN = DESIGN["Strain"].to_numpy()
LEVELS = list(dict.fromkeys(STRAIN))
NAMES = ("(Intercept)", "Dose")
X = np.column_stack([np.ones(50), DESIGN["Dose"].to_numpy(float)])
INTERCEPTS = one_factor("Strain", STRAIN, NAMES[:1], NAMES)
SLOPES = one_factor("Strain", STRAIN, NAMES, NAMES, rank=1)


def start(rng: np.random.Generator) -> np.ndarray:
    """The printed line of each strain, and noise."""
    lines = np.array(
        [[value("mouse_rs", "coef", "Strain", level, name) for name in NAMES] for level in LEVELS]
    )
    sigma = value("mouse_rs", "sigma")
    y = (np.repeat(lines, 10, axis=0) * X).sum(axis=1) + rng.normal(0, sigma, 50)
    sd = np.array([value("mouse_rs", "sd", "Strain", term=name) for name in NAMES])
    alone = value("mouse_ri", "sd", "Strain", term=NAMES[0]) / value("mouse_ri", "sigma")
    return np.r_[y, alone, sd / sigma * [1, -1]]


def fits(v: np.ndarray) -> list[Fit]:
    y = v[:50]
    return [
        Fit("mouse_lm", *linear(y, X, NAMES)),
        Fit("mouse_ri", *INTERCEPTS.figures(y, X, X[:, :1], v[50:51])),
        Fit("mouse_rs", *SLOPES.figures(y, X, X, v[51:])),
    ]


def frame(v: np.ndarray) -> pd.DataFrame:
    return DESIGN.assign(Weight=v[:50])


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return data["Weight"].to_numpy()


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets={"mouse_lm": targets("mouse_lm", df=48)}
        | {name: targets(name) for name in ("mouse_ri", "mouse_rs")},
        scale=np.ones(53),
        n=50,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, 50): 7},
        five={"mouse_lm": quantiles("mouse_lm")},
    )
