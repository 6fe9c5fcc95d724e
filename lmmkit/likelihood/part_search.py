"""The search of a model with several parts: ways down from several places, none of them walked to its end twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np

from ..numerics.arrays import Array, Index
from ..numerics.trust_region import Search, Trial, minimise
from .search import LOWER, Criterion, Place, Visit, best_of, descend, lower_beside

__all__ = ["FEW_ZEROS", "NO_ZEROS", "Ways", "downhill", "search_parts"]

#: Where the search stops; what takes longer runs off to infinity.
TOLERANCE, MOST_EVALUATIONS = 1e-8, 300
#: Steps that correct the cheap curvature, which leaves out how the parts bend each other.
LEARNING = 2
#: Steps by the cheap curvature before the Hessian is taken by differences. What runs off to infinity takes many,
#: a unit at a time, and needs no better one.
PATIENCE = 60
NO_ZEROS, FEW_ZEROS = "no extra zeros", "hardly any extra zeros"
#: First radius of a search that starts near the optimum.
NEARBY = 0.2
#: How little above a known minimum a way down may be, in value and as its curvature has it, to lead there: less
#: than half a standard error away. Where there are narrow peaks, next to nothing.
ARRIVED, CLOSE = 0.2, 0.01
#: An end so much above another one is not looked at closely.
NO_MATTER = 1.0
#: A minimum so far below the end without extra zeros leaves nothing to those that are just a few.
PLENTY = 2.0
HOPELESS = (
    "no conditional modes can be found at the start of the search: the linear predictor is too large or leaves "
    "the range of its link; centre and scale the covariates, or try another link"
)


class SeveralParts(Criterion, Protocol):
    """What this search asks of a criterion."""

    without_zeros: float | None
    sharpens: bool
    convex: bool

    @property
    def paired(self) -> bool:
        """Whether two parts have random effects, so that the approximation can break down."""

    @property
    def peaked(self) -> bool:
        """Whether minima can be narrow and close to each other."""

    @property
    def of_zeros(self) -> slice:
        """The coefficients of the extra zeros, where there are any."""

    def few_zeros(self, search: Search) -> Array | None:
        """A better place with few extra zeros beside the best one without any; None where there is no such."""

    def dwindles(self, point: Any) -> bool:
        """Whether extra zeros go on becoming fewer for ever."""

    def places(self) -> list[Place]:
        """Where the search begins; the one without extra zeros comes first."""

    def endless(self, point: Any) -> bool:
        """Whether a point has next to no residuals left, which is rewarded without end."""

    def sharp(self, point: Any) -> bool:
        """Whether its density has come to hold multiples of one size only."""


def downhill(criterion: SeveralParts, x: Array, radius: float = 2.0, first: Trial | None = None) -> Search:
    """One way down.

    Parameters
    ----------
    criterion : SeveralParts
    x : array
        Where it begins.
    radius : float
        Of the first step.
    first : Trial, optional
        The criterion there, where it is known.
    """
    return _minimised(criterion.trial, x, radius, first)


def _minimised(
    trial: Callable[[Array], Trial],
    x: Array,
    radius: float = 2.0,
    first: Trial | None = None,
    ceiling: float = np.inf,
) -> Search:
    return minimise(
        trial,
        x,
        tolerance=TOLERANCE,
        max_evaluations=MOST_EVALUATIONS,
        radius=radius,
        learning=LEARNING,
        patience=PATIENCE,
        first=first,
        one_sided=True,
        ceiling=ceiling,
        leaps=True,
    )


def search_parts(criterion: SeveralParts) -> tuple[Search, list[Visit]]:
    """The lowest minimum that is found, by way of the convex relative where the objective could break down.

    An end at the edge of what can be approximated is no minimum, however low it is.

    Parameters
    ----------
    criterion : SeveralParts
    """
    ways, places, few = Ways(criterion), criterion.places(), None
    if places[0].why == NO_ZEROS:
        none = _without_zeros(criterion, places[0])
        few = criterion.few_zeros(none) if none.converged else None
        if few is None:
            ways.keep_without_zeros(none)
        places = [Place(NO_ZEROS, none.x), *places[1:]] if few is None else places[1:]
    search, visits = best_of(criterion, places, ways.down, HOPELESS)
    if few is not None and search.value > none.value - PLENTY:
        again = [Place("the best of these", search.x), Place(FEW_ZEROS, few)]
        search, more = best_of(criterion, again, ways.down, HOPELESS)
        visits += more
    if (search.converged or criterion.endless(search.state)) and not criterion.paired:
        return search, visits
    criterion.convex = True
    guide, more = best_of(criterion, places, partial(downhill, criterion), HOPELESS)
    criterion.convex = False
    near = descend(criterion, guide.x, partial(ways.down, radius=NEARBY))
    visits += more
    if near is not None:
        why = "where the convex relative of the objective is lowest"
        visits.append(Visit(why, guide.x, near.trail[0][1], near.value))
    minima = (end for end in ways.ends if end.converged and lower_beside(criterion, end) is None)
    best = min(minima, key=lambda end: end.value, default=None)
    rough = minimise(criterion.trial, guide.x, max_evaluations=1)
    rough.converged = False
    if (
        best is None or rough.value < best.value - LOWER
    ):  # the convex relative's minimum is the best to be said
        best = rough
    return (best if np.isfinite(best.value) else search), visits


def _without_zeros(criterion: SeveralParts, place: Place) -> Search:
    """The best parameters without extra zeros: those of all other parts, the coefficients of the zeros held.

    So few extra zeros can become no fewer to any purpose, and this is an end in all directions.
    """
    held = criterion.of_zeros
    free: Index = np.delete(np.arange(len(place.x)), held)

    def whole(x: Array) -> Array:
        full = place.x.copy()
        full[free] = x
        return full

    def trial(x: Array) -> Trial:
        one = criterion.trial(whole(x))
        block = np.ix_(free, free)
        return Trial(one.value, lambda: one.gradient()[free], lambda: one.curvature()[block], one.state)

    none = _minimised(trial, place.x[free])
    end = minimise(criterion.trial, whole(none.x), max_evaluations=1)
    end.converged = none.converged and bool(np.isfinite(end.value))
    return end


class Ways:
    """Ways down that stop where they come to a minimum that another one has found.

    Parameters
    ----------
    criterion : SeveralParts
    """

    def __init__(self, criterion: SeveralParts) -> None:
        self.criterion = criterion
        self.ends: list[Search] = []
        self.none: Search | None = None  # the end without extra zeros, where that is a minimum
        self.arrived = CLOSE if criterion.peaked else ARRIVED

    def keep_without_zeros(self, end: Search) -> None:
        """Keep the end without extra zeros as a minimum.

        Parameters
        ----------
        end : Search
        """
        self.none = end
        self.ends.append(end)
        self.criterion.without_zeros = end.value if end.converged else None

    def down(self, x: Array, radius: float = 2.0, first: Trial | None = None) -> Search:
        """The end of one way.

        Parameters
        ----------
        x : array
            Where it begins.
        radius : float
            Of the first step.
        first : Trial, optional
            The criterion there, where it is known.
        """
        if any(np.array_equal(x, end.x) and end.converged for end in self.ends):
            return next(end for end in self.ends if np.array_equal(x, end.x))
        lowest = min((end.value for end in self.ends if end.converged), default=np.inf)
        end = _minimised(self._trial, x, radius, first, lowest + NO_MATTER)
        known = None if end.converged else self._known(end.x, end.value, end.state) or self._instead(end)
        if known is None:
            self.ends.append(end)
            return end
        return Search(
            known.x,
            known.value,
            known.gradient,
            end.evaluations,
            end.trail,
            True,
            known.state,
            known.curvature,
        )

    def _instead(self, end: Search) -> Search | None:
        """The lowest minimum so far, for a way that runs into a peak without an end; None while there is none."""
        if end.state is None or not self.criterion.sharp(end.state):
            return None
        minima = [other for other in self.ends if other.converged and not self.criterion.sharp(other.state)]
        if minima:
            self.criterion.sharpens = True
        return min(minima, key=lambda other: other.value, default=None)

    def _trial(self, x: Array) -> Trial:
        trial = self.criterion.trial(x)
        return trial._replace(endless=True) if self._known(x, trial.value, trial.state) is not None else trial

    def _known(self, x: Array, value: float, state: Any) -> Search | None:
        """The minimum in whose bowl this point lies, or None."""
        for end in self.ends:
            # Without extra zeros nothing curves along their coefficients: far from there may be another bowl.
            if end is self.none and (state is None or not self.criterion.dwindles(state)):
                continue
            if not end.converged or end.curvature is None or not 0 <= value - end.value < self.arrived:
                continue
            away = x - end.x
            if 0 <= float(away @ end.curvature @ away) < 2 * self.arrived:
                return end
        return None
