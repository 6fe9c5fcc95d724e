"""A first look without random effects: where the search for a GLMM's fixed effects and dispersion starts.

(The generalised linear model as a model in its own right, ``lk.glm``, is fitted by statsmodels.)
"""

from __future__ import annotations

import numpy as np

from ..design.design import Design
from ..errors import ModelError
from ..families.family import Family
from ..families.links import Derivatives
from ..numerics.arrays import Array
from ..numerics.small import eigen
from .pirls import Observations

#: Scoring steps: enough for a start, too few for a separated coefficient to run far.
STEPS = 8
#: Gain, relative to the log-likelihood, after which the next step would gain little: this is a start only.
ENOUGH = 0.02
#: Smallest eigenvalue of the columns' correlations with which the normal equations tell a start well enough.
WELL_APART = 1e-6


def start_without_random_effects(design: Design, y: Array, family: Family) -> tuple[Array, Array, float]:
    """Fisher scoring for the fixed effects alone, and a moment estimate of the dispersion.

    Parameters
    ----------
    design : Design
    y : array of shape (n,)
        Response.
    family : Family

    Returns
    -------
    beta : array of shape (p,)
    eta : array of shape (n,)
        Linear predictor, offset included.
    dispersion : float
        1.0 for families without one.

    Raises
    ------
    ModelError
        If no fixed effects give every row a possible mean.
    """
    with np.errstate(all="ignore"):
        known = family.with_dispersion(1.0) if family.estimates_dispersion else family
        rows = Observations(y, design.weights, known)
        beta, eta, here = _first_step(design, rows)
        value = here[0].sum()
        for _ in range(STEPS):
            proposal = _scoring_step(design, rows, eta, here)
            for _ in range(10):
                moved = design.offset + design.X @ proposal
                there = rows.at(moved)
                gain = there[0].sum() - value
                if gain >= 0:
                    break
                proposal = (proposal + beta) / 2
            if not gain >= 0:
                break
            beta, eta, value, here = proposal, moved, value + gain, there
            if gain < ENOUGH * abs(value):
                break
        return beta, eta, float(moment_dispersion(y, design.weights, eta, family))


def _scoring_step(design: Design, rows: Observations, eta: Array, here: Derivatives) -> Array:
    """Weighted least squares on the working response, for the rows' derivatives at `eta`."""
    weight = -here[2] if rows.family.is_canonical else rows.expected(eta)[0]
    if not (weight.min(initial=np.inf) > 0 and np.isfinite(weight.sum())):
        weight = np.where(np.isfinite(weight) & (weight > 0), weight, 0.0)
    step = np.divide(here[1], weight, out=np.zeros_like(eta), where=weight > 0)
    return _least_squares(design.X, weight, eta - design.offset + step)


def _least_squares(X: Array, weight: Array, working: Array) -> Array:
    """By the normal equations, unless columns are so nearly dependent that these lose digits."""
    weighted = X * weight[:, None]
    within, right = X.T @ weighted, working @ weighted
    size = np.sqrt(within.diagonal())
    if (size > 0).all():  # False for NaN
        values, axes = eigen(within / size / size[:, None])
        if values.min(initial=1.0) > WELL_APART:
            return np.asarray(axes @ (axes.T @ (right / size) / values) / size)
    root = np.sqrt(weight)
    return np.asarray(np.linalg.lstsq(X * root[:, None], root * working, rcond=None)[0])


def _first_step(design: Design, rows: Observations) -> tuple[Array, Array, Derivatives]:
    """The first admissible of: a scoring step from near the data, their mean, no fixed effects at all."""
    near = rows.family.linkfun(rows.family.start_mean(rows.y, rows.weights))
    candidates = (
        lambda: _scoring_step(design, rows, near, rows.at(near)),
        lambda: np.linalg.lstsq(design.X, _level(rows) - design.offset, rcond=None)[0],
        lambda: np.zeros(design.X.shape[1]),
    )
    for candidate in candidates:
        beta = np.asarray(candidate(), dtype=float)
        eta = design.offset + design.X @ beta
        here = rows.at(eta)
        if np.isfinite(here[0].sum()):
            return beta, eta, here
    raise ModelError(_hopeless(design, rows.family))


def _level(rows: Observations) -> Array:
    """The predictor of the mean response."""
    return rows.family.linkfun(np.asarray(np.average(rows.y, weights=rows.weights)))


def _hopeless(design: Design, family: Family) -> str:
    if np.abs(design.offset).max(initial=0.0) > 500:
        return (
            f"the offset reaches {np.abs(design.offset).max():g} on the scale of the linear predictor, more "
            f"than the {family.link.name} link can turn into a mean; check its units (is a log missing?)"
        )
    return (
        f"no fixed effects give every row a possible mean under the {family.link.name} link; "
        "try the family's log link, or check the response and the offset"
    )


def moment_dispersion(y: Array, weights: Array | None, eta: Array, family: Family) -> Array:
    """Moment estimate of the dispersion, kept to a sensible range; 1.0 for families without one.

    Parameters
    ----------
    y, eta : arrays of shape (n,), or (n, B) for many responses
    weights : array that goes with these, or None
    family : Family
    """
    if not family.estimates_dispersion:
        return np.ones(y.shape[1:])

    def mean(part: Array) -> Array:
        shared = None if weights is None else np.broadcast_to(weights, part.shape)
        return np.asarray(np.average(part, axis=0, weights=shared))

    mu = family.linkinv(eta)
    if family.name == "gamma":
        return np.clip(mean(((y - mu) / mu) ** 2), 1e-4, 10.0)
    return np.clip(mean(mu**2) / np.maximum(mean((y - mu) ** 2 - mu), 1e-10), 0.1, 100.0)
