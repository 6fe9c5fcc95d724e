"""Women and men at the same fifty doses; values that print as slides 25 and 26 of lecture 000 do.

The printed correlation is -1.00: the optimum lies on the boundary, where intercept and slope of a gender are one
random variable. There only the first column of the relative Cholesky factor is free, and only its score is zero.
"""

import numpy as np
import pandas as pd
from method.figures import linear, one_factor
from method.find import Fit, Setting
from method.printed import Interval, quantiles, targets, value

SEED = 1

GENDER = np.repeat(["F", "M"], 50)
NAMES = ("(Intercept)", "Dose")
MIXED = one_factor("Gender", GENDER, NAMES, NAMES, rank=1)


def start(rng: np.random.Generator) -> np.ndarray:
    """Doses whose mean and spread give the printed standard errors; lines of the genders as printed."""
    intercept, slope, sigma = (
        value("clinic_lm", "se", term=NAMES[0]),
        value("clinic_lm", "se", term=NAMES[1]),
        value("clinic_lm", "residual_standard_error"),
    )
    spread = sigma / slope  # root of the sum of squares
    mean = np.sqrt((intercept / sigma) ** 2 - 1 / 100) * spread
    dose = rng.uniform(-1, 1, 50)
    dose = np.sort((dose - dose.mean()) / dose.std() * spread / 10 + mean)
    lines = np.array([[value("clinic_rs", "coef", "Gender", g, name) for name in NAMES] for g in "FM"])
    within = value("clinic_rs", "sigma")
    y = (
        np.repeat(lines[:, 0], 50)
        + np.repeat(lines[:, 1], 50) * np.tile(dose, 2)
        + rng.normal(0, within, 100)
    )
    sd = np.array([value("clinic_rs", "sd", "Gender", term=name) for name in NAMES])
    return np.r_[y, dose, sd / within * [1, -1]]


def fits(v: np.ndarray) -> list[Fit]:
    y, theta = v[:100], v[150:]
    X = np.column_stack([np.ones(100), np.concatenate([v[100:150], v[100:150]])])
    return [Fit("clinic_lm", *linear(y, X, NAMES)), Fit("clinic_rs", *MIXED.figures(y, X, X, theta))]


def frame(v: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"Gender": GENDER, "Dose": np.tile(v[100:150], 2), "Value": v[:100]})


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return np.r_[data["Value"], data["Dose"][:50]]


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets={"clinic_lm": targets("clinic_lm", df=98), "clinic_rs": targets("clinic_rs")},
        scale=np.r_[np.full(100, 10.0), np.full(50, 0.02), 1, 3],
        n=100,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, 100): 6, (100, 150): 4},
        optimum=Interval(-1e-8, 1e-8),  # the criterion is flat here: a loose score is a loose theta
        five={model: quantiles(model) for model in ("clinic_lm", "clinic_rs")},
    )
