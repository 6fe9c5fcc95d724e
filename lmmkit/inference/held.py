"""One parameter of a mixed model held at a value, the deviance minimised over all others.

The search is over the relative covariance factors and whatever else a criterion leaves to it, together. A
standard deviation is the first entry of its term's factor as soon as its effect stands first in the term, so
the effects are reordered; then the constraint is one entry of theta, and what remains is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..design.design import Design
from ..likelihood.lmm import SMALL
from ..likelihood.theta import Terms
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from ..numerics.trust_region import Search, Trial, minimise
from ..structures.triangle import canonical
from ..structures.unstructured import Unstructured

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit

__all__ = [
    "Held",
    "HeldCorrelation",
    "HeldEntry",
    "Joint",
    "best_search",
    "held_covariances",
    "lifted",
    "with_first",
]

#: How far, in whitened units, zero standard deviations are lifted at every step, and once more at a limit.
LIFT, FAR_LIFT = 0.05, 0.3


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

    def look_again(self, value: float, start: Any) -> tuple[float, Any]:
        """The same from several places: the last word on a limit."""


class Joint(Protocol):
    """The deviance as a function of theta and everything else that is searched."""

    criterion: Any
    optimum: Array

    def reordered(self, t: int, first: list[int]) -> Joint:
        """The same with some effects of term t moved to the front."""

    def trial(self, at: Array) -> tuple[float, Callable[[], tuple[Array, Array]]]:
        """The deviance, and a function that gives its gradient and an approximate Hessian."""


def held_covariances(joint: Joint, fit: MixedFit, sd: Callable[..., Held], first: int = 0) -> Iterator[Held]:
    """Standard deviations and then correlations of each term; `sd` makes the former.

    `first` is the number of the fit's first term among those of the joint criterion.
    """
    for t, (structure, values) in enumerate(fit.readings(), start=first):
        k, n_sds = structure.k, structure.n_sds
        if not isinstance(structure, Unstructured):
            sds = [sd(joint, t, float(values[b]), b) for b in range(n_sds)]
            yield from sds
            if structure.has_rho:
                yield HeldRho(joint, t, float(values[-1]), sds)
            continue
        sds = [sd(joint.reordered(t, [b]), t, float(values[b])) for b in range(k)]
        yield from sds
        pairs = ((a, b) for b in range(k) for a in range(b + 1, k))
        for (a, b), value in zip(pairs, values[k:], strict=True):
            yield HeldCorrelation(joint.reordered(t, [b, a]), t, float(value), (sds[b], sds[a]))


def with_first(
    design: Design, par: list[Array], t: int, first: list[int]
) -> tuple[Design, list[Array]] | None:
    """Design and parameters with some effects of an unstructured term moved to the front; None if they are there."""
    term = design.terms[t]
    order = [*first, *(i for i in range(len(term.names)) if i not in first)]
    if order == list(range(len(order))):
        return None
    moved, structure = list(par), term.structure
    moved[t] = structure.theta(canonical(structure.factor(par[t])[order]))
    return design.with_order(t, order), moved


def lifted(criterion: Terms, theta: Array, size: float = LIFT) -> Array:
    """Zero variances made small ones: at zero the derivative vanishes by symmetry, and a search stops."""
    theta = theta.copy()
    for own, structure in criterion.by_term:
        theta[own] = structure.nudged(theta[own], size)
    return theta


def best_search(search: Callable[[Array], Search], starts: list[Array], criterion: Terms) -> Search:
    """The best of searches from some points, each taken up again beside a variance of zero.

    Parameters
    ----------
    search : callable
        Minimises from a point whose first entries are theta.
    starts : list of arrays
    criterion : Terms
        Says where in theta the variances are.
    """
    best: Search | None = None
    with (
        threads_for(criterion.layout.width),
        np.errstate(over="ignore", invalid="ignore", divide="ignore"),
    ):
        for start in starts:
            found = search(start)
            if best is None or found.value < best.value - 1e-9:
                best = found
        assert best is not None
        beside = lifted(criterion, best.x)
        if not np.array_equal(beside, best.x):
            found = search(beside)
            best = found if found.value < best.value else best
    return best


class _Mapped:
    """A constraint: some `free` numbers are mapped to all that the deviance depends on."""

    estimate: float
    bounds: tuple[float, float]
    scale: float
    joint: Joint

    def start(self) -> Array:
        return self.joint.optimum

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
        return self._best(value, [start])

    def look_again(self, value: float, start: Array) -> tuple[float, Array]:
        criterion, joint = self.joint.criterion, self.joint
        if criterion.layout.width > SMALL:
            return self.minimise(value, start)
        plain = start.copy()
        plain[: criterion.n_theta] = criterion.identity()
        return self._best(value, [start, lifted(criterion, joint.optimum, FAR_LIFT), plain])

    def _best(self, value: float, starts: list[Array]) -> tuple[float, Array]:
        """The deviance and the whole point, from the best of some starts."""

        def search(at: Array) -> Search:
            found = minimise(lambda free: self._trial(free, value), self.free(at), tolerance=1e-9)
            found.x = self.place(found.x, value)[0]
            return found

        best = best_search(search, starts, self.joint.criterion)
        return best.value, best.x

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


class HeldRho(HeldEntry):
    """The single correlation of a structured term.

    Without the term's variance it can be anything, so the deviance never rises above that of the model
    without it.
    """

    def __init__(self, joint: Joint, t: int, estimate: float, sds: list[Held]) -> None:
        criterion = joint.criterion
        structure, part = criterion.structures[t], criterion.of_term[t]
        low, high = (float(bound[-1]) for bound in structure.bounds)
        known = 0.0 if np.isnan(estimate) else estimate
        levels = len(criterion.design.terms[t].levels)
        scale = max((known - low) * (high - known), 0.05) / np.sqrt(levels)

        def to_entry(value: float) -> float:
            return float(structure.search(np.append(np.ones(structure.n_sds), value))[-1])

        super().__init__(joint, part.stop - 1, known, (low, high), scale, to_entry)
        self._alone = sds[0] if len(sds) == 1 else None

    @cached_property
    def ceiling(self) -> float:
        """The smallest deviance without the term's variance."""
        return np.inf if self._alone is None else self._alone.look_again(0.0, self._alone.start())[0]

    def _best(self, value: float, starts: list[Array]) -> tuple[float, Array]:
        deviance, at = super()._best(value, starts)
        return min(deviance, self.ceiling), at


class HeldSD(_Mapped):
    """A standard deviation of term t, which an entry of theta and sigma make up."""

    def __init__(self, joint: Joint, t: int, estimate: float, entry: int = 0) -> None:
        self.joint, criterion = joint, joint.criterion
        self.part, self.structure, self.number = criterion.of_term[t], criterion.structures[t], entry
        self.entry = self.part.start + entry
        self.unit = float(criterion.whitenings[t].matrix[entry, entry]) * criterion.unit
        self.estimate, self.bounds = estimate, (0.0, np.inf)
        levels = len(criterion.design.terms[t].levels)
        smallest = self.unit * np.exp(joint.optimum[-1]) / np.sqrt(criterion.n / levels)
        self.scale = max(estimate, 0.3 * smallest) / np.sqrt(2 * levels)

    def free(self, at: Array) -> Array:
        return np.delete(at, self.entry)

    def place(self, free: Array, value: float) -> tuple[Array, Array]:
        entry, rate, _ = self.structure.entry_of_sd(value / self.unit * np.exp(-free[-1]))
        jacobian = np.insert(np.eye(len(free)), self.entry, 0.0, axis=0)
        jacobian[self.entry, -1] = -rate
        return np.insert(free, self.entry, entry), jacobian

    def bend(self, free: Array, at: Array, gradient: Array, jacobian: Array) -> Array:
        out = np.zeros((len(free), len(free)))
        sd = float(self.structure.par(at[self.part])[self.number])
        out[-1, -1] = gradient[self.entry] * self.structure.entry_of_sd(sd)[2]
        return out


class HeldCorrelation(_Mapped):
    """The correlation of the first two effects of term t: rows (l, 0) and (rho s, root(1 - rho²) s).

    Free are ``log l`` and ``log s``, so that both stay positive; they are the first and the last of the three
    numbers that have to do with the two effects. A model in which one of the two has no variance has every
    correlation, so the deviance never rises above that of the better of these.
    """

    def __init__(self, joint: Joint, t: int, estimate: float, sds: tuple[Held, Held]) -> None:
        self.joint, criterion = joint, joint.criterion
        self._sds = sds
        start, k = criterion.of_term[t].start, criterion.ks[t]
        self.i, self.j, self.l = start, start + 1, start + k  # entries (0, 0), (1, 0), (1, 1)
        self.A = criterion.whitenings[t].matrix
        self.estimate = 0.0 if np.isnan(estimate) else estimate
        self.bounds = (-1.0, 1.0)
        levels = len(criterion.design.terms[t].levels)
        self.scale = max(1 - self.estimate**2, 0.05) / np.sqrt(levels)

    @cached_property
    def ceiling(self) -> float:
        """The smallest deviance without one of the two variances."""
        return min(sd.look_again(0.0, sd.start())[0] for sd in self._sds)

    def _best(self, value: float, starts: list[Array]) -> tuple[float, Array]:
        deviance, at = super()._best(value, starts)
        return min(deviance, self.ceiling), at

    def free(self, at: Array) -> Array:
        A, at = self.A, lifted(self.joint.criterion, at)
        out = at.copy()
        second = np.array([A[1, 0] * at[self.i] + A[1, 1] * at[self.j], A[1, 1] * at[self.l]])
        out[self.i] = np.log(np.abs(at[self.i]))
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
