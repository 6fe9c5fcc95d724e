"""The search: from printed intervals back to data.

A problem has many more unknowns (every response, some predictors, the theta of each model) than figures. So there is a
whole surface of answers, and the search walks to it from a simulated start by the shortest steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from .printed import Interval

Values = Callable[[np.ndarray], np.ndarray]
STEP = 1e-30


def vector(y: np.ndarray, *parts: np.ndarray) -> np.ndarray:
    """Unknowns in one row; of a Cholesky factor (a square) the lower triangle, column by column, as lme4 does."""
    flat = [part.T[np.triu_indices(len(part))] if part.ndim == 2 else part for part in parts]
    return np.concatenate([y, *flat])


def jacobian(values: Values, v: np.ndarray, free: np.ndarray | None = None) -> np.ndarray:
    """d values / d v by a complex step in each (free) unknown: exact, and no subtraction."""
    moved = v.astype(complex)
    columns = []
    for i in range(len(v)) if free is None else np.flatnonzero(free):
        moved[i] += 1j * STEP
        columns.append(values(moved).imag / STEP)
        moved[i] = v[i]
    return np.column_stack(columns)


@dataclass(frozen=True)
class Problem:
    """Find v with every figure within its interval.

    `values(v)` are the figures (complex-safe), `intervals` where they must lie (a score has a narrow one around 0),
    `scale` how far each unknown may reasonably move.
    """

    values: Values
    intervals: list[Interval]
    scale: np.ndarray

    def miss(self, v: np.ndarray) -> np.ndarray:
        """By how many half units each figure misses its centre: within [-1, 1] is as printed."""
        centre, half = np.array([(i.centre, i.half) for i in self.intervals]).T
        return (self.values(v).real - centre) / half


COARSE = (0.1, 0.01, 1e-3, 1e-4, 1e-5, 0.0)


def walk(
    problem: Problem,
    v: np.ndarray,
    fixed: np.ndarray | None = None,
    coarse: tuple[float, ...] = COARSE,
    steps: int = 150,
) -> np.ndarray:
    """Damped Gauss–Newton steps of least length, the tolerances tightened from coarse to printed.

    With the printed tolerances from the beginning, a figure printed to nine digits would drown all others: at first
    every figure is asked for to one part in ten, then in a hundred, and so on.
    """
    centre, half = np.array([(i.centre, i.half) for i in problem.intervals]).T
    free = np.ones(len(v), bool) if fixed is None else ~fixed
    scale = problem.scale[free]
    for part in coarse:
        size = np.where(centre == 0, 1.0, np.clip(np.abs(centre), 1e-3, 1.0))
        unit = np.maximum(half, part * size)

        def miss(at: np.ndarray, unit: np.ndarray = unit) -> np.ndarray:
            try:
                return (problem.values(at).real - centre) / unit
            except np.linalg.LinAlgError:  # a step into nowhere
                return np.full(len(centre), np.inf)

        r, damping, costs = miss(v), 1e-8, list[float]()
        for _ in range(steps):
            if np.abs(r).max() < 0.05:
                break
            J = jacobian(problem.values, v, free) / unit[:, None] * scale
            U, s, Vt = np.linalg.svd(J, full_matrices=False)
            while damping < 1e8:
                step = np.zeros(len(v))
                step[free] = scale * (Vt.T @ (s / (s**2 + damping * s[0] ** 2) * (U.T @ -r)))
                with np.errstate(all="ignore"):
                    new = miss(v + step)
                if np.isfinite(new).all() and new @ new < r @ r:
                    break
                damping *= 8
            else:
                break
            costs.append(new @ new)
            v, r, damping = v + step, new, max(damping / 8, 1e-26)
            if len(costs) > 15 and costs[-1] > 0.9 * costs[-15]:
                break
    return v


COMFORT = 0.5  # a miss of half a half unit leaves room for rounding


def settle_within(
    problem: Problem, v: np.ndarray, fixed: np.ndarray | None = None, rounds: int = 40
) -> np.ndarray:
    """Steps that bring all figures well inside their intervals: linear programmes on the exact Jacobian.

    Printed figures say the same thing twice (a variance and its root, an estimate, its error and their ratio);
    what both allow is a sliver that least squares runs past. So each step minimises the excess of the misses
    over a comfortable half, its sum and, ten times as dear, its largest.
    """
    half = np.array([i.half for i in problem.intervals])
    chosen = np.ones(len(v), bool) if fixed is None else ~fixed
    free = np.flatnonzero(chosen)
    m, k = len(half), len(free)
    price = np.r_[np.zeros(k), np.ones(m), 10.0]
    limits = [(-1, 1)] * k + [(0, None)] * (m + 1)
    each, none = np.eye(m), np.zeros((m, 1))
    excess = np.column_stack([np.zeros((m, k)), each, none - 1])  # no excess is larger than the largest

    def cost(miss: np.ndarray) -> float:
        over = np.maximum(np.abs(miss) - COMFORT, 0)
        return float(over.sum() + 10 * over.max())

    reach, r = 1e-2, problem.miss(v)
    for _ in range(rounds):
        if cost(r) == 0 or reach < 1e-12:
            break
        J = jacobian(problem.values, v, chosen) / half[:, None] * problem.scale[free] * reach
        above, below = np.column_stack([J, -each, none]), np.column_stack([-J, -each, none])
        plan = linprog(
            price,
            A_ub=np.vstack([above, below, excess]),
            b_ub=np.r_[COMFORT - r, COMFORT + r, np.zeros(m)],
            bounds=limits,
            method="highs",
        )
        new = v.copy()
        if plan.x is not None:
            new[free] += plan.x[:k] * problem.scale[free] * reach
        miss = problem.miss(new)
        gain = 1 - cost(miss) / cost(r)
        if gain > 0:
            v, r, reach = new, miss, reach * 2
            if gain < 1e-3:
                break
        else:
            reach /= 4
    return v


def reshape(residuals: np.ndarray, five: np.ndarray, part: float = 0.6) -> np.ndarray:
    """How to move residuals, keeping their order, so that their five numbers come to the printed ones."""
    now = np.quantile(residuals, [0, 0.25, 0.5, 0.75, 1])
    return part * (np.interp(residuals, now, five) - residuals)
