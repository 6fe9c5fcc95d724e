"""Wing lengths of 86 nestlings; values that print as the random-slope fit (ML) of lecture 004 does.

As for owl_cort, the deviance, sigma and theta fix a determinant that depends on the ages alone: designs were
drawn until one agreed, with the correlation left free within its printed -0.90; it is kept here.
"""

import numpy as np
import pandas as pd
from method.figures import one_factor
from method.find import Fit, Setting, committed
from method.printed import targets, value
from method.search import vector

SEED = 1

DESIGN = committed("owl_wing", ["Brood", "Ring", "Implant", "Age"])
RING = DESIGN["Ring"].to_numpy()
N = len(DESIGN)
NAMES = ("(Intercept)", "Age", "ImplantP", "Age:ImplantP")
AGE, PLACEBO = DESIGN["Age"].to_numpy(float), (DESIGN["Implant"] == "P").to_numpy(float)
X = np.column_stack([np.ones(N), AGE, PLACEBO, AGE * PLACEBO])
MIXED = one_factor("Ring", RING, NAMES[:2], NAMES, reml=False)


def start(rng: np.random.Generator) -> np.ndarray:
    beta = [value("owl_wing_ml", "fixef", term=name) for name in NAMES]
    sigma = value("owl_wing_ml", "sigma")
    sd = np.array([value("owl_wing_ml", "sd", "Ring", term=name) for name in NAMES[:2]])
    cor = value("owl_wing_ml", "corr", "Ring", term=NAMES[0], term2=NAMES[1])
    covariance = np.outer(sd, sd) * [[1, cor], [cor, 1]]
    rings = list(dict.fromkeys(RING))
    own = rng.multivariate_normal([0, 0], covariance, len(rings))
    y = (
        X @ beta
        + (own[[rings.index(ring) for ring in RING]] * X[:, :2]).sum(axis=1)
        + rng.normal(0, sigma, N)
    )
    return vector(y, np.linalg.cholesky(covariance) / sigma)


def fits(v: np.ndarray) -> list[Fit]:
    return [Fit("owl_wing_ml", *MIXED.figures(v[:N], X, X[:, :2], v[N:]))]


def frame(v: np.ndarray) -> pd.DataFrame:
    return DESIGN.assign(Wing=v[:N])


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return data["Wing"].to_numpy()


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets={"owl_wing_ml": targets("owl_wing_ml")},
        scale=np.r_[np.ones(N), 0.02, 0.001, 0.001],
        n=N,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, N): 6},
    )
