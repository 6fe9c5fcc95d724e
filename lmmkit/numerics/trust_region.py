"""The one place that searches: a trust-region Newton method for a handful of unconstrained parameters."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .arrays import Array
from .small import eigen

#: Half-width of the differences that give a Hessian, relative to the larger of 1 and the entry's size.
WIDTH = 1e-4
#: And of those to one side that are to be right to five digits.
NARROW = 3e-5
#: Share of the tolerance below which a promise by the last curvature is good enough.
SURELY = 0.1
#: A step that promises no more tolerances than this leaves less than one, were the curvature wrong by a fifth.
LAST = 20
#: Decrease, relative to the objective, that rounding can hide; where more is promised and none comes it jumps.
JUMP = 1e-7
#: Cosine between a step and what the curvature missed along it, below which nothing is learned from the step.
UPDATABLE = 1e-4
#: Rise, relative to the objective, that is no rounding.
FELT = 1e-9
POLISHED = 1e-18  # promised decrease at which parameters are known to about 1e-10


#: How many times its length a step is lengthened that goes off to infinity: there gains fade by such a factor, and
#: steps have a cosine of more than this.
LEAP, FADES, ALIKE = 8.0, (0.2, 0.8), 0.9


class Trial(NamedTuple):
    """The objective at a point, and how to differentiate it there (only accepted points pay for that).

    ``curvature`` is a cheap Hessian, perhaps approximate; ``hessian`` the true one where that costs about as much
    as an evaluation. ``state`` is whatever the caller wants to have back for the best point; ``endless`` says that
    the objective falls for ever in this direction, so that nothing is gained by going on.
    """

    value: float
    gradient: Callable[[], Array]
    curvature: Callable[[], Array]
    state: Any = None
    endless: bool = False
    hessian: Callable[[], Array] | None = None


@dataclass
class Search:
    """What the search found and how it went.

    Attributes
    ----------
    x : array of shape (m,)
        The best point.
    value : float
        The objective there.
    gradient : array of shape (m,)
        Its gradient there.
    evaluations : int
        How often the objective was evaluated.
    trail : list of (array, float)
        Accepted points in order, the start first.
    converged : bool
        Whether the decrease that the quadratic model still promises is below the tolerance.
    state : object
        ``Trial.state`` of the best point.
    curvature : array of shape (m, m) or None
        The curvature that the search had there, perhaps approximate.
    exact : bool
        Whether that is the Hessian.
    """

    x: Array
    value: float
    gradient: Array
    evaluations: int
    trail: list[tuple[Array, float]] = field(default_factory=list)
    converged: bool = False
    state: Any = None
    curvature: Array | None = None
    exact: bool = False


def minimise(
    evaluate: Callable[[Array], Trial],
    start: Array,
    *,
    tolerance: float = 1e-10,
    max_evaluations: int = 1000,
    radius: float = 2.0,
    patience: int = 25,
    trust: int = 4,
    expensive: bool = False,
    learning: int = 0,
    near: float = math.inf,
    first: Trial | None = None,
    one_sided: bool = False,
    ceiling: float = math.inf,
    leaps: bool = False,
    stop: Callable[[Array, float], object] | None = None,
) -> Search:
    """Minimise a smooth function of a few unconstrained parameters.

    Parameters
    ----------
    evaluate : callable
        Maps a point of shape (m,) to a :class:`Trial`. An infinite or NaN value marks a point as
        inadmissible.
    start : array of shape (m,)
        First point; where it is inadmissible nothing is searched, and the search says so by its value.
    tolerance : float
        Stop when the quadratic model promises a decrease smaller than this.
    max_evaluations : int
        A bound on the work, reported through ``Search.converged``.
    radius : float
        First trust-region radius.
    patience : int
        After this many accepted steps the cheap curvature has not been good enough, and the Hessian is taken
        by differencing the gradient instead.
    trust : int
        The same where a trial gives its Hessian; the first steps do better by a curvature that is cheap and tame.
    expensive : bool
        For an expensive gradient: a step that promises no more than a few tolerances, and keeps its promise,
        is the last one and is not differentiated. ``Search.gradient`` is then the one before it.
    learning, near : int, float
        So many of the last steps correct the cheap curvature by the changes of the gradient that they have seen;
        those that promise more than `near` come from too far away.
    first : Trial, optional
        What ``evaluate`` gives at the start, where that is known.
    one_sided : bool
        Take differences to one side: half the evaluations, and right to a few digits.
    leaps : bool
        Where steps gain less and less by the same factor, towards an end at infinity, try one that is far longer.
    ceiling : float
        An end above this is of no interest, and the cheap curvature is good enough for it.
    stop : callable, optional
        Called with each accepted point and its value; the search ends there, not converged, if the answer is true.

    Returns
    -------
    Search

    Notes
    -----
    Nocedal and Wright (2006), chapter 4; its section 6.2 on symmetric rank-one updates has the correction. The
    curvature may be an approximation and may be indefinite: its eigenvalues enter by their size, so that every
    step goes downhill.

    Examples
    --------
    >>> def bowl(x):
    ...     return Trial(float((x - 3) @ (x - 3)), lambda: 2 * (x - 3), lambda: 2 * np.eye(2))
    >>> minimise(bowl, np.zeros(2)).x
    array([3., 3.])
    """
    x, trial = start, evaluate(start) if first is None else first
    if not np.isfinite(trial.value):
        return Search(x, np.inf, np.full_like(x, np.nan), 1, [(x, np.inf)])
    if not len(x):
        return Search(x, trial.value, x, 1, [(x, trial.value)], True, trial.state, np.empty((0, 0)))
    gradient, curvature, exact = trial.gradient(), trial.curvature(), False
    search = Search(x, trial.value, gradient, 1, [(x, trial.value)], state=trial.state, curvature=curvature)
    seen: deque[tuple[Array, Array]] = deque(maxlen=learning)
    last: tuple[Array, float] | None = None
    while search.evaluations < max_evaluations:
        size, axes = _bends(curvature)
        slope = axes.T @ gradient
        if 0.5 * float(slope @ (slope / size)) < tolerance:
            # Far out, where a ridge is flat, the cheap curvature promises too little.
            small = np.abs(gradient * x).max(initial=0.0) < 10 * np.sqrt(tolerance)
            if exact or expensive or small or search.value > ceiling:
                search.converged = True
                break
            search.curvature = curvature = _second_derivatives(evaluate, search, trial, one_sided)
            exact = search.exact = True
            continue
        step = _trust_region_step(slope, size, radius)
        length, promised = _length(step), -float(slope @ step + 0.5 * step @ (size * step))
        move = axes @ step
        proposal = x + move
        trial = evaluate(proposal)
        search.evaluations += 1
        gained = search.value - trial.value
        if not gained > 1e-4 * promised:  # also catches NaN
            # Below rounding error of the objective nothing more can be gained; at a jump of it nothing either.
            if promised < 1e-13 * max(1.0, abs(search.value)):
                search.converged = 0.5 * float(slope @ (slope / size)) < JUMP * max(1.0, abs(search.value))
                break
            radius = 0.25 * length
            continue
        radius = _next_radius(radius, length, gained / promised)
        x = proposal
        if leaps and _fades(last, move, gained):
            farther = evaluate(x + LEAP * move)
            search.evaluations += 1
            if farther.value < trial.value:
                x, trial, move, radius = x + LEAP * move, farther, (1 + LEAP) * move, (1 + LEAP) * length
        last = (move, gained)
        search.x, search.value, search.state = x, trial.value, trial.state
        search.trail.append((x, trial.value))
        if trial.endless or (stop is not None and stop(x, trial.value)):
            break
        if expensive and promised < LAST * tolerance and 0.8 * promised < gained < 1.2 * promised:
            search.converged = True
            break
        before, gradient = gradient, trial.gradient()
        search.gradient = gradient
        slope = axes.T @ gradient
        if 0.5 * float(slope @ (slope / size)) < SURELY * tolerance:
            search.exact = False
            continue  # it has arrived whatever the curvature is here
        if promised < near:
            seen.append((move, gradient - before))
        if exact := len(search.trail) > (patience if trial.hessian is None else trust):
            curvature = _second_derivatives(evaluate, search, trial, one_sided)
        else:
            curvature = _taught(trial.curvature(), seen)
        search.curvature, search.exact = curvature, exact
    return search


def _fades(last: tuple[Array, float] | None, move: Array, gained: float) -> bool:
    """Whether this step was like the one before, and gained a part of what that had."""
    if last is None or not FADES[0] * last[1] < gained < FADES[1] * last[1]:
        return False
    return float(move @ last[0]) > ALIKE * _length(move) * _length(last[0])


def _taught(curvature: Array, seen: Iterable[tuple[Array, Array]]) -> Array:
    """The curvature with symmetric rank-one updates by steps and the changes of the gradient along them."""
    for step, change in seen:
        missed = change - curvature @ step
        along = float(missed @ step)
        if abs(along) > UPDATABLE * _length(missed) * _length(step):
            curvature = curvature + missed[:, None] * (missed / along)
    return curvature


def _bends(curvature: Array) -> tuple[Array, Array]:
    """The size of each eigenvalue, none next to nothing, and the axes."""
    values, axes = eigen(curvature)
    size = np.abs(values)
    return np.maximum(size, 1e-9 * max(1.0, *values[-1:], *-values[:1])), axes  # they ascend


def _length(step: Array) -> float:
    return math.sqrt(step @ step)


def _second_derivatives(
    evaluate: Callable[[Array], Trial], search: Search, trial: Trial, one_sided: bool
) -> Array:
    """The Hessian where the search stands, if need be by differences; the cheap one if a neighbour is inadmissible."""
    if trial.hessian is not None:
        hessian = trial.hessian()
    elif one_sided:
        hessian = _rough_hessian(evaluate, search, NARROW)
    else:
        search.evaluations += 2 * len(search.x)
        hessian = differenced_hessian(evaluate, search.x)
    return hessian if np.isfinite(hessian).all() else trial.curvature()


def polish(evaluate: Callable[[Array], Trial], search: Search, curvature: Array) -> None:
    """Gain the last digits, in place: where the objective shows no difference any more, the gradient does.

    Parameters
    ----------
    evaluate : callable
        As in :func:`minimise`.
    search : Search
        Where the search ended; moved as long as Newton steps at least halve the gradient.
    curvature : array of shape (m, m)
        At that point, perhaps approximate; where it does not lead on, the Hessian takes its place.

    Notes
    -----
    An objective known to 1e-12 tells a parameter to 1e-6 only; a gradient known as well tells it to 1e-12.

    Examples
    --------
    >>> def bowl(x):
    ...     return Trial(float((x - 3) @ (x - 3)), lambda: 2 * (x - 3), lambda: 2 * np.eye(2))
    >>> search = Search(np.array([3.0, 3.1]), 0.01, np.array([0.0, 0.2]), 1)
    >>> polish(bowl, search, np.eye(2))
    >>> search.x.round(6)
    array([3., 3.])
    """
    if not _newton_steps(evaluate, search, curvature):
        _newton_steps(evaluate, search, _rough_hessian(evaluate, search))


def _rough_hessian(evaluate: Callable[[Array], Trial], search: Search, width: float = WIDTH) -> Array:
    """The Hessian by differences to one side, right to a few digits; what the search had if a neighbour has none."""
    widths = width * np.maximum(1.0, np.abs(search.x))
    search.evaluations += len(widths)
    rows = [
        (evaluate(search.x + h * axis).gradient() - search.gradient) / h
        for h, axis in zip(widths, np.eye(len(widths)), strict=True)
    ]
    hessian = np.array(rows).reshape(len(widths), len(widths))
    if search.curvature is not None and not np.isfinite(hessian).all():
        return search.curvature
    return np.asarray((hessian + hessian.T) / 2)


def _newton_steps(
    evaluate: Callable[[Array], Trial], search: Search, curvature: Array, limit: int = 3
) -> bool:
    """A few steps with the same curvature; whether they arrived."""
    size, axes = _bends(curvature)
    for _ in range(limit):
        slope = axes.T @ search.gradient
        if 0.5 * float(slope @ (slope / size)) < POLISHED:
            return True
        x = search.x - axes @ (slope / size)
        trial = evaluate(x)
        search.evaluations += 1
        gradient = trial.gradient()
        higher = trial.value > search.value + FELT * max(1.0, abs(search.value))  # along a level ridge
        if higher or not _length(gradient) < 0.5 * _length(search.gradient):  # also catches NaN
            return False
        search.x, search.value, search.gradient, search.state = x, trial.value, gradient, trial.state
    return False


def differenced_hessian(evaluate: Callable[[Array], Trial], x: Array, width: float = WIDTH) -> Array:
    """The Hessian by central differences of the gradient, shape (m, m).

    Parameters
    ----------
    evaluate : callable
        As in :func:`minimise`.
    x : array of shape (m,)
        Where to differentiate.
    width : float
        Half-width of the difference, relative to the larger of 1 and the entry's size.

    Returns
    -------
    array of shape (m, m)
        Symmetrised.

    Examples
    --------
    >>> def bowl(x):
    ...     return Trial(float(x @ x), lambda: 2 * x, lambda: 2 * np.eye(2))
    >>> differenced_hessian(bowl, np.zeros(2)).round(6)
    array([[2., 0.],
           [0., 2.]])
    """
    widths = width * np.maximum(1.0, np.abs(x))
    rows = [
        (evaluate(x + h * axis).gradient() - evaluate(x - h * axis).gradient()) / (2 * h)
        for h, axis in zip(widths, np.eye(len(x)), strict=True)
    ]
    hessian = np.array(rows).reshape(len(x), len(x))
    return np.asarray((hessian + hessian.T) / 2)


def _next_radius(radius: float, length: float, agreement: float) -> float:
    """Grow where the model was right, shrink where it was not."""
    if agreement > 0.75:
        return max(radius, 2.5 * length)
    return 0.5 * length if agreement < 0.25 else radius


def _trust_region_step(slope: Array, size: Array, radius: float) -> Array:
    """The minimiser of the quadratic model within the radius, in the curvature's own axes."""
    shift = 0.0
    for _ in range(60):
        step = -slope / (size + shift)
        length = _length(step)
        if length <= radius * 1.01:
            break
        # Newton on 1/length - 1/radius, which is nearly linear in the shift.
        change = float((step**2 / (size + shift)).sum())
        shift += (length - radius) / radius * length**2 / change
    return step
