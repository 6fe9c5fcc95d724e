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
from .search import Problem, jacobian, reshape, settle_within, walk

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
    unknowns: Callable[[pd.DataFrame], np.ndarray]  # the way back: those unknowns that stand in the file
    decimals: dict[tuple[int, int], int]
    five: dict[str, np.ndarray] = field(default_factory=dict)
    optimum: Interval = OPTIMUM
    settles: bool = True  # False: the printed theta is not an optimum, and is kept

    def problem(
        self, v: np.ndarray, *, quantiles: bool = True
    ) -> tuple[Problem, list[tuple[str, Key | str]]]:
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
    factors = dict.fromkeys(("Brood", "Ring"), str)
    return pd.read_csv(DATA / f"{name}.csv", usecols=columns, dtype=factors)[columns]


def find(setting: Setting, seed: int, say: Callable[[str], None] = print) -> tuple[pd.DataFrame, float]:
    """A data set that prints as the lecture's does, and its largest miss in half units: below 1 is a success."""
    v = setting.start(np.random.default_rng(seed))
    smooth, _ = setting.problem(v, quantiles=False)
    full, names = setting.problem(v)

    def report(stage: str) -> None:
        miss = np.abs(full.miss(v))
        model, key = names[int(miss.argmax())]
        figure = key if isinstance(key, str) else " ".join(part for part in key if part)
        say(f"{stage}: largest miss {miss.max():.3g} half units ({model} {figure})")

    v = walk(smooth, v)
    report("walked to the figures without residuals")
    if setting.five:
        v = shape(setting, smooth, v)
        report("residuals shaped")
    v = settle_within(full, walk(full, v))
    report("settled within all intervals")
    v = rounded(setting, full, v)
    report("rounded")
    return setting.frame(v), float(np.abs(full.miss(v)).max())


def shape(setting: Setting, smooth: Problem, v: np.ndarray, rounds: int = 10) -> np.ndarray:
    """Stretch the residuals of each model to its printed quantiles, repair the other figures, and again."""
    for _ in range(rounds):
        for fit in setting.fits(v):
            if fit.model in setting.five and fit.residuals is not None:
                scaled = Key("scaled_resid_min") in fit.figures
                unit = fit.figures[Key("sigma")].real if scaled else 1.0
                v[: setting.n] += unit * reshape(fit.residuals.real, setting.five[fit.model])
        v = walk(smooth, v, coarse=(0.1, 0.01, 1e-3), steps=20)
    return v


def rounded(setting: Setting, full: Problem, v: np.ndarray) -> np.ndarray:
    """The data as they will stand in the file: predictors first, then the responses that make up for it."""
    fixed = np.zeros(len(v), bool)
    for (first, last), decimals in sorted(setting.decimals.items(), reverse=True):
        v[first:last] = v[first:last].round(decimals)
        fixed[first:last] = True
        if first > 0:
            v = settle_within(full, walk(full, v, fixed, coarse=(1e-3, 1e-5, 0.0)), fixed)
    if setting.settles and not fixed.all():  # the rounded data have an optimum of their own
        v = settle(setting, v, ~fixed)
    return v


def verify(setting: Setting, data: pd.DataFrame) -> pd.DataFrame:
    """Every printed figure of a data set beside the one it has; a miss within ±1 half unit is as printed.

    The thetas are the optimum of these data or, where the printed ones are no optimum, those that come closest.
    """
    v = setting.start(np.random.default_rng(0))
    known = setting.unknowns(data)
    v[: len(known)] = known
    free = np.arange(len(v)) >= len(known)
    problem, names = setting.problem(v)
    if free.any():
        v = settle(setting, v, free) if setting.settles else walk(problem, v, ~free)
    found = pd.DataFrame([key for _, key in names if key != "score"], columns=list(Key._fields))
    kept = [key != "score" for _, key in names]
    found.insert(0, "model", [model for model, key in names if key != "score"])
    found["low"], found["high"] = np.array(problem.intervals)[kept].T
    found["ours"], found["miss"] = problem.values(v).real[kept], problem.miss(v)[kept]
    return found


def settle(setting: Setting, v: np.ndarray, thetas: np.ndarray) -> np.ndarray:
    """The thetas alone to where the scores are zero: Newton steps, made to lead downhill."""

    def score(at: np.ndarray) -> np.ndarray:
        return np.concatenate([fit.score for fit in setting.fits(at) if fit.score is not None])

    for _ in range(60):
        hessian = jacobian(score, v, thetas)
        curvature, axes = np.linalg.eigh((hessian + hessian.T) / 2)
        step = axes @ (axes.T @ score(v).real / np.abs(curvature))
        step *= min(1.0, 0.3 * np.linalg.norm(v[thetas]) / np.linalg.norm(step))
        v = v.copy()
        v[thetas] -= step
        if np.linalg.norm(step) < 1e-11 * np.linalg.norm(v[thetas]):
            break
    return v
