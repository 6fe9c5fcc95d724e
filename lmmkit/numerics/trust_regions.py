"""The trust-region method of :mod:`lmmkit.numerics.trust_region` for many functions side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .arrays import Array, Flags, Index
from .trust_region import POLISHED, WIDTH

__all__ = ["Trials", "minimise_many"]

#: Promised decrease from which a cheap curvature that does not lead on is worth the Hessian.
ROUGH = 1e-16


class Trials(NamedTuple):
    """Many objectives, each at its own point: values (b,), and how to get (b, m) and (b, m, m).

    ``curvature`` is a cheap Hessian; ``hessian`` the true one where that costs about as much as an evaluation.
    """

    value: Array
    gradient: Callable[[], Array]
    curvature: Callable[[], Array]
    hessian: Callable[[], Array] | None = None


def minimise_many(
    evaluate: Callable[[Array, Index], Trials],
    start: Array,
    *,
    tolerance: float = 1e-10,
    max_evaluations: int = 60,
    radius: float = 2.0,
    patience: int = 15,
    trust: int = 4,
    rough: bool = False,
) -> tuple[Array, Array, Flags]:
    """:func:`~lmmkit.numerics.trust_region.minimise` for many functions side by side; each stops when it has arrived.

    Parameters
    ----------
    evaluate : callable
        Takes points of shape (b, m) and the numbers (b,) of the functions they belong to.
    start : array of shape (B, m)
        First points.
    tolerance, radius
        As in :func:`~lmmkit.numerics.trust_region.minimise`.
    max_evaluations : int
        Rounds; what has not arrived by then is reported.
    patience : int
        After so many rounds the Hessians of those still on their way are taken by differences.
    trust : int
        The same where they are given.
    rough : bool
        Take the curvature as it is and go no farther than the tolerance.

    Returns
    -------
    tuple
        Points (B, m), values (B,), and which have converged (B,).

    Examples
    --------
    >>> def bowls(x, which):
    ...     away = x - which[:, None]
    ...     curvature = np.tile(2 * np.eye(2), (len(x), 1, 1))
    ...     return Trials((away**2).sum(axis=1), lambda: 2 * away, lambda: curvature)
    >>> minimise_many(bowls, np.ones((3, 2)))[0]
    array([[0., 0.],
           [1., 1.],
           [2., 2.]])
    """
    x, active = start.copy(), np.arange(len(start))
    trials = evaluate(x, active)
    value, gradient, curvature = trials.value.copy(), trials.gradient(), trials.curvature()
    converged, radii = np.zeros(len(x), dtype=bool), np.full(len(x), radius)
    differenced, pressed = np.zeros(len(x), dtype=bool), np.zeros(len(x), dtype=bool)
    active = active[np.isfinite(value)]
    patience = max_evaluations if rough else patience
    for done in range(max_evaluations):
        size, axes = np.linalg.eigh(curvature[active])
        size = np.abs(size)
        size = np.maximum(size, 1e-9 * np.maximum(1.0, size.max(axis=1, initial=0.0))[:, None])
        slope = np.einsum("bij,bi->bj", axes, gradient[active])
        there = 0.5 * (slope**2 / size).sum(axis=1) < tolerance
        scaled = np.abs(gradient[active] * x[active]).max(axis=1, initial=0.0)
        # Far out, where a ridge is flat, the cheap curvature promises too little.
        sure = rough | differenced[active] | (scaled < 10 * np.sqrt(tolerance))
        converged[active[there & sure]] = True
        once_more = there & ~sure & ~pressed[active]
        pressed[active[once_more]] = True
        there &= ~once_more
        unsure = active[there & ~sure]
        if len(unsure):
            curvature[unsure] = _hessians(evaluate, x[unsure], unsure, curvature[unsure])
            differenced[unsure] = True
        active, size, axes, slope = active[~there], size[~there], axes[~there], slope[~there]
        if not len(active):
            active = unsure
            if not len(active):
                break
            continue
        step = _trust_region_steps(slope, size, radii[active])
        promised = -(slope * step + 0.5 * size * step**2).sum(axis=1)
        proposal = x[active] + np.einsum("bij,bj->bi", axes, step)
        trials = evaluate(proposal, active)
        gained = value[active] - trials.value
        good = gained > 1e-4 * promised  # False for NaN
        # Below rounding error of the objective nothing more can be gained.
        exhausted = ~good & (promised < 1e-13 * np.maximum(1.0, np.abs(value[active])))
        length = np.sqrt((step**2).sum(axis=1))
        with np.errstate(invalid="ignore"):
            radii[active] = _next_radii(radii[active], length, gained / promised, good)
        better = active[good]
        x[better], value[better] = proposal[good], trials.value[good]
        given = trials.hessian if done >= trust else None
        gradient[better], curvature[better] = trials.gradient()[good], (given or trials.curvature)()[good]
        differenced[better] = given is not None or done >= patience
        if given is None and done >= patience and len(better):
            curvature[better] = _hessians(evaluate, x[better], better, curvature[better])
        converged[active[exhausted]] = True
        active = np.concatenate([active[~exhausted], unsure])
    if not rough:
        _polish_many(evaluate, x, value, gradient, curvature, np.flatnonzero(converged))
    return x, value, converged


def _hessians(evaluate: Callable[[Array, Index], Trials], x: Array, which: Index, cheap: Array) -> Array:
    """Hessians as given, or by central differences of the gradients; cheap curvature where a neighbour has none."""
    given = evaluate(x, which).hessian
    hessian = np.empty_like(cheap) if given is None else given()
    for i in range(x.shape[1] if given is None else 0):
        h = WIDTH * np.maximum(1.0, np.abs(x[:, i]))
        shift = h[:, None] * (np.arange(x.shape[1]) == i)
        ahead, behind = (evaluate(x + side, which).gradient() for side in (shift, -shift))
        hessian[:, i] = (ahead - behind) / (2 * h)[:, None]
    hessian = (hessian + hessian.transpose(0, 2, 1)) / 2
    return np.where(np.isfinite(hessian).all(axis=(1, 2), keepdims=True), hessian, cheap)


def _polish_many(
    evaluate: Callable[[Array, Index], Trials],
    x: Array,
    value: Array,
    gradient: Array,
    curvature: Array,
    active: Index,
    limit: int = 10,
) -> None:
    """The last digits, in place: Newton steps while they at least halve the gradient, if need be by the Hessian."""
    renewed = np.zeros(len(x), dtype=bool)
    for _ in range(limit):
        size, axes = np.linalg.eigh(curvature[active])
        size = np.abs(size)
        size = np.maximum(size, 1e-9 * np.maximum(1.0, size.max(axis=1, initial=0.0))[:, None])
        slope = np.einsum("bij,bi->bj", axes, gradient[active])
        left = 0.5 * (slope**2 / size).sum(axis=1)
        worth = left > POLISHED
        active, step, left = active[worth], np.einsum("bij,bj->bi", axes, slope / size)[worth], left[worth]
        if not len(active):
            break
        trials = evaluate(x[active] - step, active)
        new = trials.gradient()
        better = (new**2).sum(axis=1) < 0.25 * (gradient[active] ** 2).sum(axis=1)  # False for NaN
        misled = active[~better & (left > ROUGH) & ~renewed[active]]
        where = active[better]
        x[where] -= step[better]
        value[where], gradient[where] = trials.value[better], new[better]
        if len(misled):
            curvature[misled], renewed[misled] = (
                _hessians(evaluate, x[misled], misled, curvature[misled]),
                True,
            )
        active = np.concatenate([where, misled])


def _next_radii(radii: Array, length: Array, agreement: Array, good: Flags) -> Array:
    """As `_next_radius` for many, and the quarter of the step where it was refused."""
    kept = np.where(agreement < 0.25, 0.5 * length, radii)
    kept = np.where(agreement > 0.75, np.maximum(radii, 2.5 * length), kept)
    return np.where(good, kept, 0.25 * length)


def _trust_region_steps(slope: Array, size: Array, radii: Array) -> Array:
    """As `_trust_region_step` for many at once, (B, m)."""
    shift = np.zeros(len(slope))
    step = -slope / size
    for _ in range(60):
        length = np.sqrt((step**2).sum(axis=1))
        long = length > radii * 1.01
        if not long.any():
            break
        change = (step[long] ** 2 / (size[long] + shift[long, None])).sum(axis=1)
        shift[long] += (length[long] - radii[long]) / radii[long] * length[long] ** 2 / change
        step[long] = -slope[long] / (size[long] + shift[long, None])
    return step
