"""At the optimum of a generalised model: the Hessian, the last digits, and what they say of the fixed effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from ..numerics.arrays import Array, Flags
from ..numerics.small import eigen, inverse_of_upper
from ..numerics.trust_region import Search, Trial
from .mode_point import ModePoint
from .theta import Terms

__all__ = [
    "conditional_covariances",
    "conditional_modes",
    "covariance_from",
    "information_of_fixed",
    "last_digits",
]

EVERY = slice(None)
#: Step of the differences that give the Hessian, whose relative error is about as large; and of central ones.
WIDTH, CENTRAL = 3e-5, 1e-4
#: Relative size of an eigenvalue that the error of a search hides, as of a coefficient that runs off to infinity.
HIDDEN = 1e-4


class Differentiable(Protocol):
    """A criterion that can be evaluated and differentiated."""

    def trial(self, x: Array) -> Trial:
        """Value and derivatives at a point."""


def last_digits(criterion: Differentiable, search: Search, hessian: Array | None = None) -> Array:
    """The Hessian by differences of the gradient, and with its help the last digits of the search.

    Parameters
    ----------
    criterion : object with a method ``trial``
    search : Search
        Where it ended; moved in place.
    hessian : array of shape (m, m), optional
        At that point, if the criterion has a cheaper way to it.

    Returns
    -------
    array of shape (m, m)
        Symmetrised; not finite where a neighbouring point has no value.

    Notes
    -----
    Differences of trials are central in directions in which the likelihood is next to flat: what an error puts
    there would spread over all standard errors.
    """
    searched = hessian is None
    if hessian is None and search.exact:
        hessian = search.curvature
    if hessian is None:
        search.evaluations += len(search.x)
        widths = WIDTH * np.maximum(1.0, np.abs(search.x))
        rows = [
            (criterion.trial(search.x + h * axis).gradient() - search.gradient) / h
            for h, axis in zip(widths, np.eye(len(widths)), strict=True)
        ]
        hessian = np.array(rows)
        hessian = (hessian + hessian.T) / 2
    if not np.isfinite(hessian).all():
        return hessian
    size, axes = eigen(hessian)
    flat = size < HIDDEN * size.max(initial=0.0)
    if searched and flat.any():
        hessian = _central_along(criterion, search, hessian, axes, flat)
        size, axes = eigen(hessian)
    felt = size > 1e-6 * max(1.0, size.max(initial=0.0))
    for _ in range(3):
        along = axes[:, felt].T @ search.gradient
        if along @ (along / size[felt]) < 1e-14:
            break
        x = search.x - axes[:, felt] @ (along / size[felt])
        trial = criterion.trial(x)
        gradient = trial.gradient()
        search.evaluations += 1
        if not gradient @ gradient < 0.25 * (search.gradient @ search.gradient):  # also catches NaN
            break
        search.x, search.value, search.gradient, search.state = x, trial.value, gradient, trial.state
    return hessian


def _central_along(
    criterion: Differentiable, search: Search, hessian: Array, axes: Array, flat: Flags
) -> Array:
    """The Hessian with its part along some axes by central differences, where these have a value."""
    search.evaluations += 2 * int(flat.sum())
    turned = axes.T @ hessian @ axes
    for number in np.flatnonzero(flat):
        axis = axes[:, number]
        h = CENTRAL * max(1.0, float(np.abs(search.x * axis).max()))
        ahead, behind = (criterion.trial(search.x + side * axis).gradient() for side in (h, -h))
        row = axes.T @ (ahead - behind) / (2 * h)
        if np.isfinite(row).all():
            turned[number] = turned[:, number] = row
    return np.asarray(axes @ turned @ axes.T)


def information_of_fixed(hessian: Array, own: slice, working: Callable[[], Array]) -> tuple[Array, list[str]]:
    """Information about the fixed effects: their block of the Hessian of half the objective, the rest swept out.

    Parameters
    ----------
    hessian : array of shape (m, m)
    own : slice
        Where the fixed effects stand.
    working : callable
        Gives the working linear model's information, which stands in where there is no proper Hessian.

    Returns
    -------
    information : array of shape (p, p)
    trouble : list of str
        A sentence, if it had to stand in.

    Notes
    -----
    Covariance parameters without influence (a column of a zero variance) are left out.
    """
    within, trouble = hessian[own, own], list[str]()
    information = np.full_like(within, np.nan)
    if np.isfinite(hessian).all():
        start, stop, _ = own.indices(len(hessian))
        others = [*range(start), *range(stop, len(hessian))]
        size, axes = eigen(hessian[others][:, others])
        felt = size > 1e-6 * max(1.0, size.max(initial=0.0))
        across = hessian[own, others] @ axes[:, felt]
        information = (within - (across / size[felt]) @ across.T) / 2
    if not (np.isfinite(information).all() and eigen(information)[0].min(initial=1.0) > 0):
        information = working()
        trouble.append(
            "The likelihood does not curve down in every direction from the estimates, so the standard "
            "errors come from the working linear model instead and may be too small. Look for a term that "
            "the data cannot tell from another, and try the model without it."
        )
    return information, trouble


def covariance_from(information: Array, R: Array) -> Array:
    """Covariance of the fixed effects from the information about ``R beta``.

    Parameters
    ----------
    information, R : arrays of shape (p, p)
    """
    size, axes = eigen(information)
    floor = 1e-12 * max(float(np.abs(size).max(initial=0.0)), 1e-12)
    size = np.maximum(size, floor)  # no information is an enormous standard error
    half = inverse_of_upper(R) @ (axes / np.sqrt(size))
    return np.asarray(half @ half.T)


def conditional_modes(criterion: Terms, point: ModePoint[Any, Any]) -> list[Array]:
    """Conditional modes ``b = A T u`` in the units of the data, one (q, k) array per term.

    Parameters
    ----------
    criterion : Terms
    point : ModePoint
        One of its points.
    """
    modes: list[Array] = [np.empty(0)] * len(criterion.ks)
    factors = criterion.split(criterion.settled(point.theta))
    for f, t, own in criterion.owned:
        modes[t] = point.mode.u[f][:, own] @ factors[t].T @ criterion.whitenings[t].matrix.T
    return modes


def conditional_covariances(
    criterion: Terms, point: ModePoint[Any, Any], sigma: float, terms: slice = EVERY
) -> list[Array]:
    """Covariance of each level's effects given the data, (q, k, k) per term, divided by ``sigma**2``.

    Parameters
    ----------
    criterion : Terms
    point : ModePoint
        One of its points.
    sigma : float
    terms : slice
        Which terms are wanted.
    """
    covs: list[Array] = [np.empty(0)] * len(criterion.ks)
    for f, t, own in criterion.owned:
        A = criterion.whitenings[t].matrix / sigma
        covs[t] = A @ point.variances.own[f][:, own, own] @ A.T
    return covs[terms]
