"""Forty patients of four clinics; values that print as the four models of lecture 001 do.

The hard one: 95 figures of four models of the same 80 numbers, five residual quantiles in each. Most starts end in a
corner; a few arrive.
"""

import numpy as np
import pandas as pd
from method.figures import linear, one_factor
from method.find import Fit, Setting
from method.printed import quantiles, targets, value
from method.search import vector

SEED = 1

N = 40
GROUP = np.repeat(["1", "2", "3", "4"], 10)
NAMES = ("(Intercept)", "age")
CLINIC = (GROUP[:, None] == np.array(["2", "3", "4"])).astype(float)
INTERCEPTS = one_factor("group", GROUP, NAMES[:1], NAMES)
SLOPES = one_factor("group", GROUP, NAMES, NAMES)


def start(rng: np.random.Generator) -> np.ndarray:
    """Ages around means that the lines of lm with group and the effects of the mixed model imply."""
    sigma = value("plasma_lm_group", "residual_standard_error")
    within = (sigma / value("plasma_lm_group", "se", term="age")) ** 2  # sum of squares within clinics
    means = centres(sigma, within)
    share = within * rng.dirichlet(np.full(4, 6.0))
    z = rng.uniform(-1, 1, (4, 10))
    z = np.sort((z - z.mean(axis=1, keepdims=True)) / z.std(axis=1, keepdims=True), axis=1)
    age = (means[:, None] + z * np.sqrt(share / 10)[:, None]).ravel()
    level = (
        value("plasma_lm_group", "fixef", term=NAMES[0])
        + np.r_[0.0, [value("plasma_lm_group", "fixef", term=f"group{k}") for k in "234"]]
    )
    common = value("plasma_lm_group", "fixef", term="age")
    slopes = value("plasma_rs", "fixef", term="age") + rng.normal(0, 0.5, 4)
    y = np.repeat(level + common * means, 10) + np.repeat(slopes, 10) * (age - np.repeat(means, 10))
    y = y + rng.normal(0, value("plasma_rs", "sigma"), N)
    sd = np.array([value("plasma_rs", "sd", "group", term=name) for name in NAMES])
    cor = value("plasma_rs", "corr", "group", term=NAMES[0], term2=NAMES[1])
    factor = np.linalg.cholesky(np.outer(sd, sd) * [[1, cor], [cor, 1]]) / value("plasma_rs", "sigma")
    alone = value("plasma_ri", "sd", "group", term=NAMES[0]) / value("plasma_ri", "sigma")
    return vector(np.r_[y, age], np.array([alone]), factor)


def centres(sigma: float, within: float) -> np.ndarray:
    """Mean ages of the clinics, from the standard errors of their differences to the first."""
    first = np.sqrt(within * ((value("plasma_lm_group", "se", term=NAMES[0]) / sigma) ** 2 - 1 / 10))
    apart = [
        np.sqrt(within * ((value("plasma_lm_group", "se", term=f"group{k}") / sigma) ** 2 - 2 / 10))
        for k in "234"
    ]
    return first - np.r_[0.0, apart]


def fits(v: np.ndarray) -> list[Fit]:
    y, age = v[:N], v[N : 2 * N]
    X = np.column_stack([np.ones(N), age])
    by_clinic = ("(Intercept)", "age", "group2", "group3", "group4")
    return [
        Fit("plasma_lm", *linear(y, X, NAMES)),
        Fit("plasma_lm_group", *linear(y, np.column_stack([X, CLINIC]), by_clinic)),
        Fit("plasma_ri", *INTERCEPTS.figures(y, X, X[:, :1], v[2 * N : 2 * N + 1])),
        Fit("plasma_rs", *SLOPES.figures(y, X, X, v[2 * N + 1 :])),
    ]


def frame(v: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"group": GROUP, "age": v[N : 2 * N], "conc": v[:N]})


MODELS = {"plasma_lm": 38, "plasma_lm_group": 35, "plasma_ri": None, "plasma_rs": None}


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return np.r_[data["conc"], data["age"]]


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets={model: targets(model, df) for model, df in MODELS.items()},
        scale=np.r_[np.full(N, 5.0), np.full(N, 2.0), 1, 1, 0.02, 0.02],
        n=N,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, N): 8, (N, 2 * N): 6},
        five={model: quantiles(model) for model in MODELS},
    )
