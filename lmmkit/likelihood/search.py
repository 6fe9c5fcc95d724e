"""The search for the best parameters of a mixed model, the same for every criterion.

A criterion may have several valleys, and in ``theta`` it is flat wherever a variance is zero. So the search

1. goes downhill from every place that promises a valley of its own (:mod:`~lmmkit.likelihood.grid`);
2. goes on from beside a stationary point that is no minimum;
3. where the best of these is a singular covariance of several effects, starts again without it and beside it;
4. keeps the best, and a list of all places that it has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ..errors import ModelError
from ..numerics.arrays import Array
from ..numerics.trust_region import Search, Trial

__all__ = ["LOWER", "WORTH", "Criterion", "Descent", "Place", "Visit", "best_of", "descend", "lower_beside"]

#: How much lower a point must be to count as lower at all.
LOWER = 1e-7
#: Decrease that a way out of a stationary point must bring, and how often the search goes on from there.
WORTH, AGAIN = 1e-6, 5
#: Parts of the way to zero at which a start without a finite criterion is tried again.
SHRUNK = (1.0, 0.3, 0.1, 0.01, 1e-4, 1e-8)

#: How much higher than the lowest end so far a place may be to be worth a way down, where there are many.
HARDLY_HIGHER = 5.0

#: The end that the way down from a point with this value surely leads to, or None.
Joins = Callable[[Array, float], Search | None]
#: Goes downhill from a point; it is told the criterion there as ``first`` if a place holds it.
Descent = Callable[..., Search]


class Place(NamedTuple):
    """Where a search may begin.

    Attributes
    ----------
    why : str
    x : array of shape (m,)
    trial : Trial, optional
        The criterion there, if it has been evaluated.
    value : float, optional
        Its value, if the place is worth a way down only where that is not much higher than the lowest end.
    """

    why: str
    x: Array
    trial: Trial | None = None
    value: float | None = None


class Visit(NamedTuple):
    """A place from which the search went downhill.

    Attributes
    ----------
    why : str
    x : array of shape (m,)
    value, reached : float
        The criterion at the place, and at the end of the way down.
    """

    why: str
    x: Array
    value: float
    reached: float


class Criterion(Protocol):
    """What the search asks of a criterion."""

    def trial(self, x: Array) -> Trial:
        """Value and derivatives at a point; infinite where there are none."""

    def nearer_zero(self, x: Array, share: float) -> Array:
        """The same point with smaller random effects."""

    def beside(self, search: Search, tolerance: float) -> Iterable[Array]:
        """Points beside the end of a search, in directions in which a variance of zero is no minimum."""

    def further_opinions(self, search: Search) -> list[Place]:
        """Places worth a try beside each lower end, until none is lower."""

    def second_opinions(self, search: Search) -> list[Place]:
        """Other places worth a try after this end."""

    def joins(self, ends: Sequence[Search]) -> Joins | None:
        """What tells of a point and its value to which of these ends the way from there leads; None if nothing can."""


def best_of(
    criterion: Criterion, places: Sequence[Place], minimise: Descent, hopeless: str
) -> tuple[Search, list[Visit]]:
    """The lowest end of the ways down from several places.

    Parameters
    ----------
    criterion : Criterion
    places : sequence of Place
    minimise : callable
        Goes downhill from a point.
    hopeless : str
        What to say if the criterion has a value at none of the places, nor nearer to zero.

    Returns
    -------
    tuple
        The search that ended lowest, with the evaluations of all, and the places visited.

    Raises
    ------
    ModelError
        In that case.
    """
    ends: list[Search] = []
    visits: list[Visit] = []
    joined = 0  # evaluations on ways that led to an end already known

    def visit(place: Place) -> None:
        nonlocal joined
        if ends and place.value is not None and place.value > _lowest(ends).value + HARDLY_HIGHER:
            return
        joins = criterion.joins(ends)
        end = descend(criterion, place.x, minimise, place.trial, joins)
        if end is None:
            return
        known = None if joins is None else joins(end.x, end.value)
        if known is None:
            ends.append(end)
        else:
            joined += end.evaluations
        visits.append(Visit(place.why, *end.trail[0], (known or end).value))

    for place in places:
        visit(place)
    if not ends:
        raise ModelError(hopeless)
    for place in criterion.second_opinions(_lowest(ends)):
        visit(place)
    best = _lowest(ends)
    for _ in range(AGAIN):
        for place in criterion.further_opinions(best):
            visit(place)
        before, best = best, _lowest(ends)
        if best is before:
            break
    best.evaluations = joined + sum(end.evaluations for end in ends)
    return best, visits


def _lowest(ends: Sequence[Search]) -> Search:
    """The first of those that no other is lower than."""
    bound = min(end.value for end in ends) + LOWER
    return next(end for end in ends if end.value <= bound)


def descend(
    criterion: Criterion, x: Array, minimise: Descent, first: Trial | None = None, joins: Joins | None = None
) -> Search | None:
    """Go downhill, and on from beside any stationary point that is no minimum; None without a finite start.

    With `joins` the way is not gone to its end where that is known.
    """
    stop = {} if joins is None else {"stop": joins}
    for share in SHRUNK:
        known = {} if first is None or share < 1 else {"first": first}
        search = minimise(criterion.nearer_zero(x, share), **known, **stop)
        if np.isfinite(search.value):
            break
    else:
        return None
    if joins is not None and joins(search.x, search.value) is not None:
        return search
    for _ in range(AGAIN):
        better = lower_beside(criterion, search)
        if better is None:
            break
        again = minimise(better)
        again.evaluations += search.evaluations
        again.trail = search.trail + again.trail
        search = again
    return search


def lower_beside(criterion: Criterion, search: Search) -> Array | None:
    """A better point beside a stationary point that is no minimum, or None.

    Notes
    -----
    In ``theta`` the criterion is flat at a zero variance by symmetry. As a function of ``Sigma = T T'`` it is
    not: at a minimum no direction ``v v'`` that ``Sigma`` lacks may lead downhill, that is, the derivative
    with respect to ``Sigma`` has no negative eigenvalue there.
    """
    best, better = search.value - WORTH, None
    for candidate in criterion.beside(search, WORTH):
        value = criterion.trial(candidate).value
        if value < best:
            best, better = value, candidate
    return better
