"""What is timed: real data sets that lme4 ships, and two large synthetic designs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).resolve().parent.parent / "tests" / "reference" / "data"


@dataclass(frozen=True)
class Case:
    """One fit, the same for everybody.

    Attributes
    ----------
    name, formula, family : str
        ``family`` is ``gaussian`` for a linear mixed model, which is fitted by REML.
    load : callable
        Makes the data.
    factors : tuple of str
        Columns that are factors whatever they look like.
    peers : tuple of str
        Who takes part; a peer that cannot write the model, or would take hours, does not.
    repeats, rounds : int
        Fits per process, and processes per peer: every peer's turn comes round that often, so that a slow minute
        hits all of them.
    goal : str
        What DESIGN asks of the ratio, in words.
    """

    name: str
    formula: str
    family: str
    load: Callable[[], pd.DataFrame]
    factors: tuple[str, ...]
    peers: tuple[str, ...]
    repeats: int
    goal: str
    rounds: int = 3


def read(name: str) -> Callable[[], pd.DataFrame]:
    """A reference data set of that name."""
    return lambda: pd.read_csv(next(DATA.glob(f"{name}.csv*")))


def cattle() -> pd.DataFrame:
    """cbpp with the healthy animals counted."""
    data = read("cbpp")()
    return data.assign(healthy=data["size"] - data["incidence"])


def ratings(rows: int = 1_000_000, viewers: int = 6_000, films: int = 4_000) -> pd.DataFrame:
    """Ratings of films by viewers: crossed, and as uneven as such tables are (a few see nearly all)."""
    rng = np.random.default_rng(20)
    activity, fame = rng.lognormal(0, 1.0, viewers), rng.lognormal(0, 1.2, films)
    viewer = rng.choice(viewers, rows, p=activity / activity.sum())
    film = rng.choice(films, rows, p=fame / fame.sum())
    year = rng.normal(size=rows)
    effect = 0.4 * rng.standard_normal(viewers)[viewer] + 0.5 * rng.standard_normal(films)[film]
    rating = 3.5 + 0.05 * year + effect + 0.9 * rng.standard_normal(rows)
    return pd.DataFrame({"rating": rating, "year": year, "viewer": viewer, "film": film})


EVERYBODY = ("lmmkit", "lme4", "glmm")
CASES = [
    Case(
        "sleepstudy", "Reaction ~ Days + (Days | Subject)", "gaussian", read("sleepstudy"), ("Subject",),
        (*EVERYBODY, "statsmodels"), 30, "lme4 / 3",
    ),
    Case(
        "Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", "gaussian", read("Penicillin"),
        ("plate", "sample"), (*EVERYBODY, "gpboost"), 30, "",
    ),
    Case(
        "InstEval", "y ~ service + (1 | s) + (1 | d) + (1 | dept)", "gaussian", read("InstEval"),
        ("s", "d", "dept", "service"), (*EVERYBODY, "gpboost"), 1, "lme4 / 10, glmm / 2", rounds=2,
    ),
    Case(
        "a million ratings", "rating ~ year + (1 | viewer) + (1 | film)", "gaussian", ratings,
        ("viewer", "film"), ("lmmkit", "glmm"), 1, "10 s, 2 GB", rounds=1,
    ),
    Case(
        "cbpp", "cbind(incidence, healthy) ~ period + (1 | herd)", "binomial", cattle, ("herd", "period"),
        EVERYBODY, 20, "lme4 / 5",
    ),
    Case(
        "grouseticks", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)", "poisson",
        read("grouseticks"), ("BROOD", "INDEX", "LOCATION", "YEAR"), EVERYBODY, 5, "lme4 / 10",
    ),
    Case(
        "VerbAgg", "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", "binomial", read("VerbAgg"),
        ("r2", "Gender", "btype", "situ", "id", "item"), EVERYBODY, 1, "lme4 / 20",
    ),
]  # fmt: skip
