"""The conditional modes of all random effects of a model with several parts.

Given everything else, the modes ``u`` (spherical, ``b = Lambda u``) maximise

    sum_i log f(y_i | eta_1i, eta_2i, ...) - |u|^2 / 2,

where effects may stand in the conditional part and in that of the extra zeros. A mixture is not log-concave:
where the second derivatives make no hill, a step takes only their part that does, or is damped (Levenberg),
and where a level's data fit two stories there are several modes, between which :func:`climb_from_all` chooses
level by level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..crossprod.layout import Layout
from ..families.jets import Jet
from ..numerics.arrays import Array
from .parts import PartRows, Stack
from .pirls import Effects, Precision, dot, rows_of, scaled, scaled_back, sums_of

__all__ = ["PartMode", "PartModeSearch", "best"]

#: Newton steps for one set of parameters, and halvings of one step, before the point is given up.
MAX_STEPS = 200
MAX_HALVINGS = 30
#: Squared Newton decrement at which a mode is found; differences of the gradient must not see its error.
TOLERANCE = 1e-20
#: How far from zero other modes are looked for, in standard deviations of the effects.
ASIDE = (-2.0, 2.0)
#: By how much the penalised density of a level must be better to be preferred.
BETTER = 1e-8


@dataclass
class PartMode:
    """The conditional modes for one set of parameters.

    Attributes
    ----------
    u : list of arrays (levels, k)
        Spherical effects per grouping factor.
    etas : list of arrays (n,)
        Linear predictor of each part.
    jet : Jet
        Log density of the rows, with two derivatives in the parts that have effects.
    penalised : float
        ``|u|^2 - 2 log f``.
    precision : Precision or None
        Of the effects given the data, once the mode is reached.
    steps : int
    """

    u: Effects
    etas: list[Array]
    jet: Jet
    penalised: float
    precision: Precision | None = None
    steps: int = 0


@dataclass
class PartModeSearch:
    """The penalised log density at one set of parameters as a function of the random effects.

    Attributes
    ----------
    layout : Layout
        Of the stacked rows.
    stack : Stack
    rows : PartRows
    fixed : list of arrays (n,)
        Offset and fixed effects of each part.
    roots : sequence of arrays (k, k)
        One relative covariance factor per grouping factor.
    """

    layout: Layout
    stack: Stack
    rows: PartRows
    fixed: list[Array]
    roots: Sequence[Array]

    def find(self, starts: Sequence[Effects]) -> PartMode | None:
        """Climb from the first start that leads to a mode, and from zero if none does.

        Parameters
        ----------
        starts : sequence of lists of arrays (levels, k)
        """
        modes = (self.climb(self.at(start)) for start in [*starts, self.zero()])
        return next((mode for mode in modes if mode is not None), None)

    def other_modes(self, mode: PartMode) -> PartMode:
        """The best mode after every level has tried to begin from zero and from either side of it.

        Parameters
        ----------
        mode : PartMode
        """
        for f, part in enumerate(mode.u):
            sides = [np.zeros_like(part), *(np.full_like(part, aside) for aside in ASIDE)]
            for side in sides:
                u = [side if g == f else other for g, other in enumerate(mode.u)]
                mode = self._chosen(mode, self.climb(self.at(u)), f)
        return mode

    def _chosen(self, mode: PartMode, other: PartMode | None, f: int) -> PartMode:
        """The better of two modes, or a third that takes of each the levels where it is better."""
        if other is None or np.abs(other.u[f] - mode.u[f]).max(initial=0.0) < 1e-6:
            return mode
        gain = self._of_levels(mode, f) - self._of_levels(other, f)
        mixed = list(mode.u)
        mixed[f] = np.where(gain[:, None] > BETTER, other.u[f], mode.u[f])
        found = best([other, self.climb(self.at(mixed))])
        return found if found is not None and found.penalised < mode.penalised - BETTER else mode

    def _of_levels(self, mode: PartMode, f: int) -> Array:
        """Each level's part of the penalised log density, shape (q,)."""
        factor = self.layout.factors[f]
        rows = np.bincount(factor.codes[: self.stack.n], mode.jet.value, factor.q)
        return np.asarray((mode.u[f] ** 2).sum(axis=1) - 2 * rows)

    def climb(self, mode: PartMode | None) -> PartMode | None:
        """Newton's method from one start; None where it does not arrive at a maximum."""
        damping, previous = 0.0, np.inf
        while mode is not None and mode.steps < MAX_STEPS:
            pull = self._pull(mode)
            precision, proper = self._precision(mode, damping)
            if precision is None:
                return None
            step = self._damped(precision, pull, damping)
            decrement = dot(pull, step)
            if not np.isfinite(decrement):
                return None
            if proper and (decrement < TOLERANCE or (decrement < 1e-9 and decrement > 0.5 * previous)):
                mode.precision = precision
                return mode
            if not proper and decrement < TOLERANCE:
                return None  # a saddle: no maximum
            previous = decrement if proper else np.inf
            moved, length = self._advance(mode, step, decrement)
            damping = 0.0 if length > 0.1 else max(4 * damping, 0.5)
            if moved is None and damping < 1e6 and not (proper and decrement < 1e-6):
                continue
            mode = moved
        return None

    def at(self, u: Effects) -> PartMode | None:
        """The penalised log density at given effects, None outside its domain."""
        with np.errstate(all="ignore"):
            moved = self.stack.cut(rows_of(self.layout, scaled(u, self.roots)))
            etas = list(self.fixed)
            for number, change in zip(self.stack.random, moved, strict=True):
                etas[number] = etas[number] + change
            jet = self.rows.at(etas, self.stack.random, order=2)
            penalised = dot(u, u) - 2 * float(jet.value.sum())
        return PartMode(u, etas, jet, penalised) if np.isfinite(penalised) else None

    def zero(self) -> Effects:
        """No random effects at all."""
        return [np.zeros((factor.q, factor.k)) for factor in self.layout.factors]

    def follow(self, mode: PartMode, new: PartModeSearch) -> Effects:
        """Where the mode goes, to first order, when the parameters change to those of another search.

        Parameters
        ----------
        mode : PartMode
            Found by this search.
        new : PartModeSearch
        """
        assert mode.precision is not None
        change = [after - before for after, before in zip(new.roots, self.roots, strict=True)]
        with np.errstate(all="ignore"):
            moved = self.stack.cut(rows_of(self.layout, scaled(mode.u, change)))
            etas = [
                eta + after - before
                for eta, after, before in zip(mode.etas, new.fixed, self.fixed, strict=True)
            ]
            for number, shift in zip(self.stack.random, moved, strict=True):
                etas[number] = etas[number] + shift
            jet = new.rows.at(etas, self.stack.random, order=1)
            scores = scaled_back(self._sums(jet), new.roots)
            step = mode.precision.solve([score - u for score, u in zip(scores, mode.u, strict=True)])
        return [u + part for u, part in zip(mode.u, step, strict=True)]

    def _sums(self, jet: Jet) -> Effects:
        """``Z'g``."""
        return sums_of(self.layout, self.stack.join([jet[number] for number in self.stack.random]))

    def _pull(self, mode: PartMode) -> Effects:
        """Half the downhill gradient, ``Lambda'Z'g - u``."""
        scores = scaled_back(self._sums(mode.jet), self.roots)
        return [score - u for score, u in zip(scores, mode.u, strict=True)]

    def _precision(self, mode: PartMode, damping: float) -> tuple[Precision | None, bool]:
        """Half the Hessian, and whether it is the true one; damped, or without what curves upwards, if need be.

        Damping adds a multiple of the identity, which is to shrink the roots and grow the whole.
        """
        roots = [root / np.sqrt(1 + damping) for root in self.roots]
        for proper, weights in ((damping == 0, self.stack.weights), (False, self.stack.convex_weights)):
            values = weights(mode.jet)
            if not np.isfinite(values.sum()):
                return None, False
            try:
                return Precision(self.layout, roots, values), proper
            except np.linalg.LinAlgError:
                continue
        return None, False

    @staticmethod
    def _damped(precision: Precision, pull: Effects, damping: float) -> Effects:
        return [part / (1 + damping) for part in precision.solve(pull)]

    def _advance(self, mode: PartMode, step: Effects, decrement: float) -> tuple[PartMode | None, float]:
        """One step, halved until it goes downhill, and the part of it that was taken."""
        length = 1.0
        # A full step from close by may change the objective by no more than rounding.
        slack = 1e-12 * (1 + abs(mode.penalised)) if decrement < 1e-3 else 0.0
        for _ in range(MAX_HALVINGS):
            moved = self.at([u + length * change for u, change in zip(mode.u, step, strict=True)])
            if moved and moved.penalised <= mode.penalised - 1e-4 * length * decrement + slack:
                moved.steps = mode.steps + 1
                return moved, length
            length /= 2
        return None, 0.0


def best(modes: Iterable[PartMode | None]) -> PartMode | None:
    """The one with the highest density."""
    return min((mode for mode in modes if mode), key=lambda mode: mode.penalised, default=None)
