"""One parameter of a linear mixed model held at a value, the deviance minimised over all others.

The search is over the relative covariance factors and ``log sigma`` together. A standard deviation is the first
entry of its term's factor as soon as its effect stands first in the term, so the effects are reordered; then
the constraint is one entry of theta, and what remains is free.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..covariance import lower_indices, n_theta, theta_from_factor
from ..design import Design
from ..lmm import Criterion, Point
from ..optimize import Trial, minimise
from ..threads import threads_for
from .parameters import parameter_values, random_names

if TYPE_CHECKING:
    from ..result import MixedModel

__all__ = ["Held", "held_parameters"]

Array = NDArray[np.float64]


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


def held_parameters(fit: MixedModel) -> dict[str, Held]:
    """Everything that can be held, by name.

    Parameters
    ----------
    fit : MixedModel
        By maximum likelihood.
    """
    if fit.family is not None:
        from .held_glmm import held_parameters as of_glmm

        return of_glmm(fit)
    values = parameter_values(fit)
    joint = _Joint(Criterion(fit.design, reml=False), fit)
    held: dict[str, Held] = {}
    names = iter(random_names(fit))
    for t, term in enumerate(fit.design.terms):
        k = term.Z.shape[1]
        for b in range(k):
            name = next(names)
            held[name] = HeldSD(joint, t, b, float(values[name]))
            for a in range(b + 1, k):
                name = next(names)
                held[name] = HeldCorrelation(joint, t, b, a, float(values[name]))
    held["sigma"] = HeldSigma(joint, fit.sigma)
    for j, name in enumerate(fit.fixef.index):
        held[name] = HeldCoefficient(fit, j)
    return held


class _Joint:
    """The ML deviance as a function of whitened theta and ``tau``, the logarithm of sigma in units of the search."""

    def __init__(self, criterion: Criterion, fit: MixedModel) -> None:
        self.criterion, self.fit = criterion, fit
        theta = _lifted(criterion, criterion.from_original(fit.theta))
        self.optimum = np.append(theta, np.log(fit.sigma / criterion.unit))

    def reordered(self, t: int, first: list[int]) -> _Joint:
        """The same with some effects of term t moved to the front."""
        k = self.criterion.ks[t]
        order = [*first, *(i for i in range(k) if i not in first)]
        if order == list(range(k)):
            return self
        design, factor = self.fit.design, self.fit.estimate.factors[t]
        term = design.terms[t]
        terms = list(design.terms)
        terms[t] = replace(term, Z=term.Z[:, order], names=[term.names[i] for i in order])
        return _Joint(Criterion(replace(design, terms=terms), reml=False), _Reordered(self.fit, t, factor[order]))  # type: ignore[arg-type]

    def evaluate(self, at: Array) -> tuple[float, Point]:
        """Deviance, and the point for its derivatives."""
        criterion = self.criterion
        point = criterion.point(at[:-1])
        variance = np.exp(2 * at[-1])
        value = point.elimination.logdet + point.r2 / variance + criterion.n * np.log(2 * np.pi * variance)
        return float(value + 2 * criterion.n * np.log(criterion.unit) - criterion.log_weights), point

    def derivatives(self, at: Array, point: Point) -> tuple[Array, Array]:
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


class _Reordered:
    """Theta and sigma of a fit whose effects stand in another order in one term."""

    def __init__(self, fit: MixedModel, t: int, root: Array) -> None:
        from ..covariance import canonical

        factors = [canonical(root) if i == t else factor for i, factor in enumerate(fit.estimate.factors)]
        self.theta = np.concatenate([theta_from_factor(factor) for factor in factors])
        self.sigma = fit.sigma


def _lifted(criterion: Criterion, theta: Array) -> Array:
    """Zero variances made small ones: at zero the derivative vanishes by symmetry, and a search would be stuck."""
    theta = theta.copy()
    for k, own in zip(criterion.ks, criterion.of_term, strict=True):
        rows, columns = lower_indices(k)
        diagonal = np.flatnonzero(rows == columns) + own.start
        theta[diagonal] = np.where(np.abs(theta[diagonal]) < 0.05, 0.05, theta[diagonal])
    return theta


class _HeldVariance:
    """A constraint on theta and tau: `free` numbers are mapped to all of them."""

    estimate: float
    bounds: tuple[float, float]
    scale: float
    joint: _Joint

    def start(self) -> Array:
        return self.free(self.joint.optimum)

    def free(self, at: Array) -> Array:
        """The free numbers at a point (theta, tau)."""
        raise NotImplementedError

    def place(self, free: Array, value: float) -> tuple[Array, Array]:
        """(theta, tau), and their derivatives by the free numbers."""
        raise NotImplementedError

    def bend(self, free: Array, at: Array, gradient: Array, jacobian: Array) -> Array:
        """Second derivatives of the map, weighted by the gradient."""
        return np.zeros((len(free), len(free)))

    def minimise(self, value: float, start: Array) -> tuple[float, Array]:
        def evaluate(free: Array) -> Trial:
            at, jacobian = self.place(free, value)
            try:
                deviance, point = self.joint.evaluate(at)
            except np.linalg.LinAlgError:
                return Trial(np.inf, lambda: np.full_like(free, np.nan), lambda: np.eye(len(free)))
            known: list[tuple[Array, Array]] = []

            def derivatives() -> tuple[Array, Array]:
                if not known:
                    known.append(self.joint.derivatives(at, point))
                return known[0]

            return Trial(
                deviance,
                lambda: jacobian.T @ derivatives()[0],
                lambda: (
                    jacobian.T @ derivatives()[1] @ jacobian + self.bend(free, at, derivatives()[0], jacobian)
                ),
            )

        with threads_for(self.joint.criterion.layout.width), np.errstate(over="ignore", invalid="ignore"):
            search = minimise(evaluate, start, tolerance=1e-9)
        return search.value, search.x


class HeldSigma(_HeldVariance):
    """The residual standard deviation."""

    def __init__(self, joint: _Joint, estimate: float) -> None:
        self.joint, self.estimate = joint, estimate
        self.bounds = (0.0, np.inf)
        self.scale = estimate / np.sqrt(2 * joint.criterion.n)

    def free(self, at: Array) -> Array:
        return at[:-1]

    def place(self, free: Array, value: float) -> tuple[Array, Array]:
        at = np.append(free, np.log(value / self.joint.criterion.unit))
        return at, np.eye(len(at))[:, :-1]


class HeldSD(_HeldVariance):
    """The standard deviation of one effect; ``theta_i = value / (unit sigma)`` where unit is the whitening's."""

    def __init__(self, joint: _Joint, t: int, effect: int, estimate: float) -> None:
        self.joint = joint.reordered(t, [effect])
        criterion = self.joint.criterion
        self.place_of = criterion.of_term[t].start
        self.unit = float(criterion.whitenings[t].matrix[0, 0]) * criterion.unit
        self.estimate, self.bounds = estimate, (0.0, np.inf)
        levels = len(criterion.design.terms[t].levels)
        smallest = self.unit * np.exp(self.joint.optimum[-1]) / np.sqrt(criterion.n / levels)
        self.scale = max(estimate, 0.3 * smallest) / np.sqrt(2 * levels)

    def free(self, at: Array) -> Array:
        return np.delete(at, self.place_of)

    def place(self, free: Array, value: float) -> tuple[Array, Array]:
        entry = value / self.unit * np.exp(-free[-1])
        jacobian = np.insert(np.eye(len(free)), self.place_of, 0.0, axis=0)
        jacobian[self.place_of, -1] = -entry
        return np.insert(free, self.place_of, entry), jacobian

    def bend(self, free: Array, at: Array, gradient: Array, jacobian: Array) -> Array:
        out = np.zeros((len(free), len(free)))
        out[-1, -1] = gradient[self.place_of] * at[self.place_of]
        return out


class HeldCorrelation(_HeldVariance):
    """The correlation of two effects, which stand first: rows (l, 0) and (rho s, root(1 - rho²) s).

    Free are ``log l`` and ``log s``, so that both stay positive; they are the first and the last of the three numbers
    that have to do with the two effects.
    """

    def __init__(self, joint: _Joint, t: int, first: int, second: int, estimate: float) -> None:
        self.joint = joint.reordered(t, [first, second])
        criterion = self.joint.criterion
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

    def __init__(self, fit: MixedModel, j: int) -> None:
        self.column = fit.design.X[:, j]
        self.y = fit.design.y
        design: Design = replace(fit.design, X=np.delete(fit.design.X, j, axis=1))
        self.criterion = Criterion(design, reml=False)
        self.optimum = _lifted(self.criterion, self.criterion.from_original(fit.theta))
        self.estimate, self.bounds = float(fit.fixef.iloc[j]), (-np.inf, np.inf)
        self.scale = float(fit.se.iloc[j])

    def start(self) -> Array:
        return self.optimum

    def minimise(self, value: float, start: Array) -> tuple[float, Array]:
        self.criterion.set_response(self.y - value * self.column)
        with threads_for(self.criterion.layout.width):
            search = minimise(self.criterion.trial, start, tolerance=1e-9)
        return search.value, search.x
