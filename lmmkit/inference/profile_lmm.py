"""One parameter of a mixed model held at a value, the deviance minimised over all others.

For a linear mixed model the search is over the relative covariance factors and ``log sigma`` together. A
standard deviation is the first entry of its term's factor as soon as its effect stands first in the term, so
the effects are reordered; then the constraint is one entry of theta, and what remains is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..design.design import Design
from ..likelihood.covariance import canonical, lower_indices, theta_from_factor
from ..likelihood.lmm import Criterion, Point
from ..likelihood.theta import Terms
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from ..numerics.trust_region import Trial, minimise
from .parameters import random_names

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit

__all__ = ["Held", "HeldCorrelation", "HeldEntry", "Joint", "held_covariances", "held_parameters", "lifted"]


class Held(Protocol):
    """What a profile needs of a parameter.

    Attributes
    ----------
    estimate : float
        Its maximum likelihood estimate.
    bounds : tuple of float
        Its range.
    scale : float
        A rough standard error: the first step.
    """

    estimate: float
    bounds: tuple[float, float]
    scale: float

    def start(self) -> Any:
        """Where to start searching next to the estimate."""

    def minimise(self, value: float, start: Any) -> tuple[float, Any]:
        """The smallest deviance with the parameter at `value`, and where it was found."""


def held_parameters(fit: MixedFit) -> tuple[dict[str, Held], float]:
    """Everything that can be held, by name, and the deviance at the minimum.

    Parameters
    ----------
    fit : MixedFit
        By maximum likelihood.
    """
    joint = JointLMM(fit.design, fit.estimate.factors, fit.sigma)
    held = dict(zip(random_names(fit), held_covariances(joint, fit, HeldSD), strict=True))
    scale = fit.sigma / np.sqrt(2 * fit.nobs)
    sigma = HeldEntry(joint, -1, fit.sigma, (0.0, np.inf), scale, lambda v: np.log(v / joint.criterion.unit))
    held["sigma"] = sigma
    held |= {name: HeldCoefficient(fit, j) for j, name in enumerate(fit.design.x_names)}
    return held, -2 * fit.loglik


def held_covariances(joint: Joint, fit: MixedFit, sd: Callable[..., Held]) -> Iterator[Held]:
    """Standard deviations and correlations in the order of theta; `sd` makes the former."""
    for t, part in enumerate(fit.varcorr.components):
        for b in range(len(part.names)):
            yield sd(joint.reordered(t, [b]), t, float(part.sd[b]))
            for a in range(b + 1, len(part.names)):
                yield HeldCorrelation(joint.reordered(t, [b, a]), t, float(part.cor[a, b]))


class Joint(Protocol):
    """The deviance as a function of theta and everything else that is searched."""

    criterion: Any
    optimum: Array

    def reordered(self, t: int, first: list[int]) -> Joint:
        """The same with some effects of term t moved to the front."""

    def trial(self, at: Array) -> tuple[float, Callable[[], tuple[Array, Array]]]:
        """The deviance, and a function that gives its gradient and an approximate Hessian."""


class JointLMM:
    """The ML deviance as a function of whitened theta and ``tau``, log sigma in units of the search."""

    def __init__(self, design: Design, factors: list[Array], sigma: float) -> None:
        self.design, self.factors, self.sigma = design, factors, sigma
        self.criterion = Criterion(design, reml=False)
        theta = np.concatenate([theta_from_factor(factor) for factor in factors])
        theta = lifted(self.criterion, self.criterion.from_original(theta))
        self.optimum = np.append(theta, np.log(sigma / self.criterion.unit))

    def reordered(self, t: int, first: list[int]) -> JointLMM:
        """The same with some effects of term t moved to the front."""
        term = self.design.terms[t]
        order = [*first, *(i for i in range(len(term.names)) if i not in first)]
        if order == list(range(len(order))):
            return self
        terms, factors = list(self.design.terms), list(self.factors)
        terms[t] = replace(term, Z=term.Z[:, order], names=[term.names[i] for i in order])
        factors[t] = canonical(factors[t][order])
        return JointLMM(replace(self.design, terms=terms), factors, self.sigma)

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
        for f, t, own in criterion._where:
            T = point.factors[t]
            gradient[criterion.of_term[t]] = theta_from_factor(2 * slopes[f][own, own] @ T)
            first[criterion.of_term[t]] = theta_from_factor(2 * outer[f][own, own] @ T)
        gradient[-1] = 2 * (criterion.n - point.r2 / variance)
        profiled = criterion.curvature(point) - criterion._second_order(point.slopes)
        quadratic = profiled * point.r2 / point.nu + np.outer(first, first) / point.r2
        hessian = np.empty((m, m))
        hessian[:-1, :-1] = quadratic / variance + criterion._second_order(slopes)
        hessian[-1, :-1] = hessian[:-1, -1] = 2 * first / variance
        hessian[-1, -1] = 4 * point.r2 / variance
        return gradient, hessian


def lifted(criterion: Terms, theta: Array) -> Array:
    """Zero variances made small ones: at zero the derivative vanishes by symmetry, and the search stops."""
    theta = theta.copy()
    for k, own in zip(criterion.ks, criterion.of_term, strict=True):
        rows, columns = lower_indices(k)
        diagonal = np.flatnonzero(rows == columns) + own.start
        theta[diagonal] = np.where(np.abs(theta[diagonal]) < 0.05, 0.05, theta[diagonal])
    return theta


class _Mapped:
    """A constraint: some `free` numbers are mapped to all that the deviance depends on."""

    estimate: float
    bounds: tuple[float, float]
    scale: float
    joint: Joint

    def start(self) -> Array:
        return self.free(self.joint.optimum)

    def free(self, at: Array) -> Array:
        """The free numbers at a point."""
        raise NotImplementedError

    def place(self, free: Array, value: float) -> tuple[Array, Array]:
        """The point, and its derivatives by the free numbers."""
        raise NotImplementedError

    def bend(self, free: Array, at: Array, gradient: Array, jacobian: Array) -> Array:
        """Second derivatives of the map, weighted by the gradient."""
        return np.zeros((len(free), len(free)))

    def minimise(self, value: float, start: Array) -> tuple[float, Array]:
        with threads_for(self.joint.criterion.layout.width), np.errstate(over="ignore", invalid="ignore"):
            search = minimise(lambda free: self._trial(free, value), start, tolerance=1e-9)
        return search.value, search.x

    def _trial(self, free: Array, value: float) -> Trial:
        at, jacobian = self.place(free, value)
        deviance, derivatives = self.joint.trial(at)
        both = cache(derivatives)

        def curvature() -> Array:
            gradient, hessian = both()
            return jacobian.T @ hessian @ jacobian + self.bend(free, at, gradient, jacobian)

        return Trial(deviance, lambda: jacobian.T @ both()[0], curvature)


class HeldEntry(_Mapped):
    """A parameter that is a function of one entry alone."""

    def __init__(
        self,
        joint: Joint,
        entry: int,
        estimate: float,
        bounds: tuple[float, float],
        scale: float,
        to_entry: Callable[[float], float],
    ) -> None:
        self.joint, self.estimate, self.bounds, self.scale = joint, estimate, bounds, scale
        self.entry, self.to_entry = entry % len(joint.optimum), to_entry

    def free(self, at: Array) -> Array:
        return np.delete(at, self.entry)

    def place(self, free: Array, value: float) -> tuple[Array, Array]:
        jacobian = np.insert(np.eye(len(free)), self.entry, 0.0, axis=0)
        return np.insert(free, self.entry, self.to_entry(value)), jacobian


class HeldSD(_Mapped):
    """The standard deviation of the first effect of term t, a multiple of theta and sigma."""

    def __init__(self, joint: Joint, t: int, estimate: float) -> None:
        self.joint, criterion = joint, joint.criterion
        self.entry = criterion.of_term[t].start
        self.unit = float(criterion.whitenings[t].matrix[0, 0]) * criterion.unit
        self.estimate, self.bounds = estimate, (0.0, np.inf)
        levels = len(criterion.design.terms[t].levels)
        smallest = self.unit * np.exp(joint.optimum[-1]) / np.sqrt(criterion.n / levels)
        self.scale = max(estimate, 0.3 * smallest) / np.sqrt(2 * levels)

    def free(self, at: Array) -> Array:
        return np.delete(at, self.entry)

    def place(self, free: Array, value: float) -> tuple[Array, Array]:
        entry = value / self.unit * np.exp(-free[-1])
        jacobian = np.insert(np.eye(len(free)), self.entry, 0.0, axis=0)
        jacobian[self.entry, -1] = -entry
        return np.insert(free, self.entry, entry), jacobian

    def bend(self, free: Array, at: Array, gradient: Array, jacobian: Array) -> Array:
        out = np.zeros((len(free), len(free)))
        out[-1, -1] = gradient[self.entry] * at[self.entry]
        return out


class HeldCorrelation(_Mapped):
    """The correlation of the first two effects of term t: rows (l, 0) and (rho s, root(1 - rho²) s).

    Free are ``log l`` and ``log s``, so that both stay positive; they are the first and the last of the three
    numbers that have to do with the two effects.
    """

    def __init__(self, joint: Joint, t: int, estimate: float) -> None:
        self.joint, criterion = joint, joint.criterion
        start, k = criterion.of_term[t].start, criterion.ks[t]
        self.i, self.j, self.l = start, start + 1, start + k  # entries (0, 0), (1, 0), (1, 1)
        self.A = criterion.whitenings[t].matrix
        self.estimate = 0.0 if np.isnan(estimate) else estimate
        self.bounds = (-1.0, 1.0)
        levels = len(criterion.design.terms[t].levels)
        self.scale = max(1 - self.estimate**2, 0.05) / np.sqrt(levels)

    def free(self, at: Array) -> Array:
        A = self.A
        out = at.copy()
        second = np.array([A[1, 0] * at[self.i] + A[1, 1] * at[self.j], A[1, 1] * at[self.l]])
        out[self.i] = np.log(at[self.i])
        out[self.l] = np.log(np.linalg.norm(second))
        return np.delete(out, self.j)

    def place(self, free: Array, value: float) -> tuple[Array, Array]:
        A, at = self.A, np.insert(free, self.j, 0.0)
        length, size = np.exp(at[self.i]), np.exp(at[self.l])
        jacobian = np.delete(np.eye(len(at)), self.j, axis=1)
        i, l = self.i, self.l - 1  # their places among the free numbers
        jacobian[self.i, i] = length
        jacobian[self.j, i], jacobian[self.j, l] = -A[1, 0] * length / A[1, 1], value * size / A[1, 1]
        jacobian[self.l, l] = np.sqrt(1 - value**2) * size / A[1, 1]
        at[[self.i, self.j, self.l]] = length, jacobian[self.j, i] + jacobian[self.j, l], jacobian[self.l, l]
        return at, jacobian

    def bend(self, free: Array, at: Array, gradient: Array, jacobian: Array) -> Array:
        out = np.zeros((len(free), len(free)))
        for entry in (self.i, self.l - 1):  # the second derivative of exp is its first
            rows = [self.i, self.j, self.l]
            out[entry, entry] = gradient[rows] @ jacobian[rows, entry]
        return out


class HeldCoefficient:
    """A fixed effect: its column, times the value, goes to the other side."""

    def __init__(self, fit: MixedFit, j: int) -> None:
        self.column = fit.design.X[:, j]
        self.y = fit.design.y
        design: Design = replace(fit.design, X=np.delete(fit.design.X, j, axis=1))
        self.criterion = Criterion(design, reml=False)
        self.optimum = lifted(self.criterion, self.criterion.from_original(fit.theta))
        self.estimate, self.bounds = float(fit.fixef.iloc[j]), (-np.inf, np.inf)
        self.scale = float(fit.se.iloc[j])

    def start(self) -> Array:
        return self.optimum

    def minimise(self, value: float, start: Array) -> tuple[float, Array]:
        self.criterion.set_response(self.y - value * self.column)
        with threads_for(self.criterion.layout.width):
            search = minimise(self.criterion.trial, start, tolerance=1e-9)
        return search.value, search.x
