"""Six people over five years; 30 values that print as slides 30 to 34 of lecture 000 do.

The slides print two fits by REML: with Year (the model), and without it (for a likelihood-ratio test that REML
does not allow, but that is printed). Both optima are asked for.
"""

from functools import partial

import numpy as np
import pandas as pd
from method.figures import one_factor
from method.find import Fit, Setting
from method.printed import Interval, Key, quantile, quantiles, targets, value
from method.search import vector
from scipy import stats

SEED = 1

N = 30
SAMPLES = np.repeat([f"s{i}" for i in range(1, 7)], 5)
YEAR = np.tile(np.arange(1.0, 6.0), 6)
X = np.column_stack([np.ones(N), YEAR])
NAMES = ("(Intercept)", "Year")
FULL = one_factor("Sample", SAMPLES, NAMES, NAMES)
NULL = one_factor("Sample", SAMPLES, NAMES, NAMES[:1])


def wanted() -> dict:
    test = targets("protein_lrt")
    p, upper = test[Key("lrt_p")], partial(stats.chi2.logsf, df=1)
    chisq = test[Key("chisq")].meet(Interval(quantile(upper, p.high), quantile(upper, p.low)))
    return {
        "protein_rs": targets("protein_rs", df=5) | {Key("loglik"): test[Key("loglik", level="alt")]},
        "null": {Key("loglik"): test[Key("loglik", level="null")]},
        "protein_lrt": {Key("chisq"): chisq},
    }


def start(rng: np.random.Generator) -> np.ndarray:
    """People drawn from the printed distribution; thetas as printed."""
    beta = np.array([value("protein_rs", "fixef", term=name) for name in NAMES])
    sd = np.array([value("protein_rs", "sd", "Sample", term=name) for name in NAMES])
    sigma = value("protein_rs", "sigma")
    cor = value("protein_rs", "corr", "Sample", term=NAMES[0], term2=NAMES[1])
    covariance = np.outer(sd, sd) * [[1, cor], [cor, 1]]
    people = rng.multivariate_normal(beta, covariance, 6)
    y = (np.repeat(people, 5, axis=0) * X).sum(axis=1) + rng.normal(0, sigma, N)
    null = covariance + np.diag([0, beta[1] ** 2])  # without Year its mean becomes spread
    return vector(y, np.linalg.cholesky(covariance) / sigma, np.linalg.cholesky(null) / sigma)


def fits(v: np.ndarray) -> list[Fit]:
    y, full, null = v[:N], v[N : N + 3], v[N + 3 :]
    with_year = Fit("protein_rs", *FULL.figures(y, X, X, full))
    without = Fit("null", *NULL.figures(y, X[:, :1], X, null))
    chisq = 2 * (with_year.figures[Key("loglik")] - without.figures[Key("loglik")])
    return [with_year, without, Fit("protein_lrt", {Key("chisq"): chisq})]


def frame(v: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"Sample": SAMPLES, "Year": YEAR.astype(int), "Value": v[:N]})


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return data["Value"].to_numpy()


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets=wanted(),
        scale=np.r_[np.ones(N), 5, 1, 1, 5, 1, 1],
        n=N,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, N): 6},
        five={"protein_rs": quantiles("protein_rs")},
    )
