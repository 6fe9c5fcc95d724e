"""From a printed table to a data set: simulate, walk, shape the residuals, centre, round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from .figures import Figures
from .printed import Interval, Key
from .search import Problem, settle_within, reshape, walk

DATA = Path(__file__).resolve().parents[2]
OPTIMUM = Interval(-1e-6, 1e-6)  # where a score is zero


class Fit(NamedTuple):
    """One printed model of the data: its figures, residuals (as printed) and score for theta."""

    model: str
    figures: Figures
    residuals: np.ndarray | None = None
    score: np.ndarray | None = None


@dataclass(frozen=True)
class Setting:
    """What is sought: unknowns, models, and where their figures must lie.

    The first `n` unknowns are the responses; `decimals` are those of the data in the file, by stretches of unknowns
    (the rest, thetas, are not written).
    """

    start: Callable[[np.random.Generator], np.ndarray]
    fits: Callable[[np.ndarray], list[Fit]]
    targets: dict[str, dict[Key, Interval]]
    scale: np.ndarray
    n: int
    frame: Callable[[np.ndarray], pd.DataFrame]
    decimals: dict[tuple[int, int], int]
    five: dict[str, np.ndarray] = field(default_factory=dict)
    optimum: Interval = OPTIMUM
    settles: bool = True  # False: the printed theta is not an optimum, and is kept

    def problem(self, v: np.ndarray, *, quantiles: bool = True) -> tuple[Problem, list[tuple[str, Key | str]]]:
        """The search problem and the names of its figures."""
        asked: list[tuple[int, Key]] = []
        names: list[tuple[str, Key | str]] = []
        intervals = []
        scores = []
        for place, fit in enumerate(self.fits(v)):
            for key, interval in self.targets[fit.model].items():
                if key in fit.figures and (quantiles or "resid_" not in key.quantity):
                    asked.append((place, key))
                    names.append((fit.model, key))
                    intervals.append(interval)
        for place, fit in enumerate(self.fits(v)):
            if fit.score is not None:
                scores.append(place)
                names += [(fit.model, "score")] * len(fit.score)
                intervals += [self.optimum] * len(fit.score)

        def values(at: np.ndarray) -> np.ndarray:
            fits = self.fits(at)
            return np.array(
                [fits[place].figures[key] for place, key in asked]
                + [value for place in scores for value in fits[place].score]
            )

        return Problem(values, intervals, self.scale), names


def committed(name: str, columns: list[str]) -> pd.DataFrame:
    """Columns of the file in the repository: a design that is kept while the responses are sought."""
    factors = {column: str for column in ("Brood", "Ring")}
    return pd.read_csv(DATA / f"{name}.csv", usecols=columns, dtype=factors)[columns]


def find(setting: Setting, seed: int, say: Callable[[str], None] = print) -> tuple[pd.DataFrame, float]:
    """A data set whose models print as the lecture's do, and its largest miss in half units (below 1 is a success)."""
    v = setting.start(np.random.default_rng(seed))
    plain, _ = setting.problem(v, quantiles=False)
    full, names = setting.problem(v)
    v = walk(plain, v)
    say(f"figures without residuals: worst {np.abs(plain.miss(v)).max():.3g}")
    for _ in range(10):
        for fit in setting.fits(v):
            if fit.model in setting.five:
                unit = fit.figures[Key("sigma")].real if Key("scaled_resid_min") in fit.figures else 1.0
                v[: setting.n] += unit * reshape(fit.residuals.real, setting.five[fit.model])
        v = walk(plain, v, coarse=(0.1, 0.01, 1e-3), steps=20)
    v = walk(full, v)
    say(f"all figures: worst {np.abs(full.miss(v)).max():.3g}")
    v = settle_within(full, v)
    say(f"centred: worst {np.abs(full.miss(v)).max():.3g}")
    fixed = np.zeros(len(v), bool)
    for (first, last), decimals in sorted(setting.decimals.items(), reverse=True):  # predictors first
        v[first:last] = v[first:last].round(decimals)
        fixed[first:last] = True
        if first > 0:
            v = settle_within(full, walk(full, v, fixed, coarse=(1e-3, 1e-5, 0.0)), fixed)
    thetas = np.ones(len(v), bool)
    thetas[[i for first, last in setting.decimals for i in range(first, last)]] = False
    if thetas.any() and setting.settles:  # the rounded data have an optimum of their own
        v = settle(setting, v, thetas)
    miss = np.abs(full.miss(v))
    say(f"rounded: worst {miss.max():.3g} ({names[int(miss.argmax())]})")
    return setting.frame(v), float(miss.max())


def settle(setting: Setting, v: np.ndarray, thetas: np.ndarray) -> np.ndarray:
    """Newton steps of the thetas alone to where the scores are zero."""
    from .search import jacobian

    def score(at: np.ndarray) -> np.ndarray:
        return np.concatenate([fit.score for fit in setting.fits(at) if fit.score is not None])

    for _ in range(20):
        J = jacobian(score, v)[:, thetas]
        step = np.linalg.lstsq(J, score(v).real)[0]
        v = v.copy()
        v[thetas] -= step
        if np.abs(step).max() < 1e-13:
            break
    return v
