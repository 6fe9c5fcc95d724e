"""Held parameters of a linear mixed model: theta and ``log sigma`` are searched, the rest has closed forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..design.design import Design
from ..likelihood.lmm import SMALL, Criterion
from ..likelihood.point import Point
from ..numerics.arrays import Array
from ..numerics.trust_region import Search, minimise
from .held import FAR_LIFT, Held, HeldEntry, HeldSD, best_search, held_covariances, lifted, with_first
from .parameters import random_names, scale_name

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit

__all__ = ["held_parameters"]


def held_parameters(fit: MixedFit) -> tuple[dict[str, Held], float]:
    """Everything that can be held, by name, and the deviance at the minimum.

    Parameters
    ----------
    fit : MixedFit
        By maximum likelihood.
    """
    joint = JointLMM(fit.design, fit.estimate.par_of_terms, fit.sigma)
    held = dict(zip(random_names(fit), held_covariances(joint, fit, HeldSD), strict=True))
    scale = fit.sigma / np.sqrt(2 * fit.nobs)
    sigma = HeldEntry(joint, -1, fit.sigma, (0.0, np.inf), scale, lambda v: np.log(v / joint.criterion.unit))
    held[scale_name(fit)] = sigma
    held |= {name: HeldCoefficient(fit, j) for j, name in enumerate(fit.design.x_names)}
    return held, -2 * fit.loglik


class JointLMM:
    """The ML deviance as a function of whitened theta and ``tau``, log sigma in units of the search."""

    def __init__(self, design: Design, par: list[Array], sigma: float) -> None:
        self.design, self.par, self.sigma = design, par, sigma
        self.criterion = Criterion(design, reml=False)
        theta = self.criterion.from_original(np.concatenate(par))
        self.optimum = np.append(theta, np.log(sigma / self.criterion.unit))

    def reordered(self, t: int, first: list[int]) -> JointLMM:
        """The same with some effects of term t moved to the front."""
        moved = with_first(self.design, self.par, t, first)
        return self if moved is None else JointLMM(*moved, self.sigma)

    def trial(self, at: Array) -> tuple[float, Callable[[], tuple[Array, Array]]]:
        """The deviance, and a function that gives its gradient and an approximate Hessian."""
        criterion = self.criterion
        try:
            point = criterion.point(at[:-1])
        except np.linalg.LinAlgError:
            return np.inf, lambda: (np.full(len(at), np.nan), np.eye(len(at)))
        variance = np.exp(2 * at[-1])
        value = point.elimination.logdet + point.r2 / variance + criterion.n * np.log(2 * np.pi * variance)
        value += 2 * criterion.n * np.log(criterion.unit) - criterion.log_weights
        return float(value), lambda: self._derivatives(at, point)

    def _derivatives(self, at: Array, point: Point) -> tuple[Array, Array]:
        """Gradient, and the average-information approximation of the Hessian, in (theta, tau)."""
        criterion, variance = self.criterion, np.exp(2 * at[-1])
        outer = [score.T @ score for score in point.scores]
        slopes = [block - cross / variance for block, cross in zip(point.block_sums, outer, strict=True)]
        slopes = [(slope + slope.T) / 2 for slope in slopes]
        m = len(at)
        gradient, first = np.empty(m), np.empty(m - 1)  # first: minus the derivative of r2
        for f, t, own in criterion.owned:
            part, structure, T = criterion.of_term[t], criterion.structures[t], point.factors[t]
            gradient[part] = structure.gradient(at[part], T, slopes[f][own, own])
            first[part] = structure.gradient(at[part], T, outer[f][own, own])
        gradient[-1] = 2 * (criterion.n - point.r2 / variance)
        profiled = criterion.curvature(point) - criterion.second_order(
            point.theta, point.factors, point.slopes
        )
        quadratic = profiled * point.r2 / point.nu + np.outer(first, first) / point.r2
        hessian = np.empty((m, m))
        hessian[:-1, :-1] = quadratic / variance + criterion.second_order(point.theta, point.factors, slopes)
        hessian[-1, :-1] = hessian[:-1, -1] = 2 * first / variance
        hessian[-1, -1] = 4 * point.r2 / variance
        return gradient, hessian


class HeldCoefficient:
    """A fixed effect: its column, times the value, goes to the other side."""

    def __init__(self, fit: MixedFit, j: int) -> None:
        rows = fit.design.coordinates
        self.column, self.y = rows.X[:, j], rows.y
        self.criterion = Criterion(fit.design.without_column(j), reml=False)
        self.optimum = self.criterion.from_original(fit.par)
        self.estimate, self.bounds = float(fit.fixef.iloc[j]), (-np.inf, np.inf)
        self.scale = float(fit.se.iloc[j])

    def start(self) -> Array:
        return self.optimum

    def minimise(self, value: float, start: Array) -> tuple[float, Array]:
        return self._best(value, [start])

    def look_again(self, value: float, start: Array) -> tuple[float, Array]:
        criterion = self.criterion
        if criterion.layout.width > SMALL:
            return self.minimise(value, start)
        far = lifted(criterion, self.optimum, FAR_LIFT)
        return self._best(value, [start, far, criterion.identity()])

    def _best(self, value: float, starts: list[Array]) -> tuple[float, Array]:
        criterion = self.criterion.with_response(self.y - value * self.column)
        search: Callable[[Array], Search] = partial(minimise, criterion.trial, tolerance=1e-9)
        best = best_search(search, starts, criterion)
        return best.value, best.x
