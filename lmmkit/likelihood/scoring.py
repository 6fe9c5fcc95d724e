"""A step of Fisher scoring on the variances themselves, which in balanced data ends at the estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import lapack

from ..numerics.arrays import Array, Flags
from ..numerics.small import cholesky_of_each
from .point import Point

if TYPE_CHECKING:
    from .lmm import Criterion
    from .many_criterion import Points

__all__ = ["ManySteps", "scored", "scored_many"]

#: Length of the gradient at which a step would lead nowhere.
LEVEL = 1e-8


class Step(NamedTuple):
    """Where a step ends, ``theta`` (m,), and the expected information where it began, factorised (m, m)."""

    theta: Array
    factor: Array

    def left(self, gradient: Array) -> float:
        """What the objective may still fall by, for its gradient (m,) at the end."""
        return 0.5 * float(gradient @ lapack.dpotrs(self.factor, gradient)[0])


def scored(criterion: Criterion, point: Point) -> Step | None:
    """Where a step of Fisher scoring from a point leads.

    Parameters
    ----------
    criterion : Criterion
        Of terms whose covariances fill a linear space.
    point : Point

    Returns
    -------
    Step or None
        To a whitened ``theta``; None where the point is level already, the step has no end, or some covariance
        there is singular.

    Notes
    -----
    In the residual variance and the entries of all ``Sigma``, in which ``V`` is linear, the score equations of
    balanced data are linear too, and one step solves them (Anderson 1973, *Annals of Statistics* 1). With ``V_i``
    the derivatives of ``V`` by ``theta`` and the residual variance profiled out the expected information is

        tr(P V_i P V_j) - tr(P V_i) tr(P V_j) / nu.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> from lmmkit.likelihood.lmm import Criterion
    >>> data = pd.DataFrame({"y": [1.0, 2, 4, 5, 9, 8], "g": list("aabbcc")})
    >>> criterion = Criterion(build_design("y ~ 1 + (1 | g)", data))
    >>> step = scored(criterion, criterion.point(np.array([1.0])))
    >>> step.theta.round(3), step.left(criterion.gradient(criterion.point(step.theta))) < 1e-18
    (array([4.916]), True)
    """
    gradient = criterion.gradient(point)
    if float(gradient @ gradient) < LEVEL**2:
        return None
    slopes = criterion.covariance_slopes(point.theta, point.factors)
    traces = np.zeros(len(point.theta))
    for slope, block in zip(slopes, point.traced, strict=True):
        traces += slope.reshape(len(traces), -1) @ block.ravel()
    information = point.trace_products(slopes) - traces[:, None] * (traces / criterion.nu)
    factor, step, failed = lapack.dposv(information, -gradient)
    growth = 1 - float(traces @ step) / criterion.nu  # of the residual variance
    if failed or not growth > 0:
        return None
    theta = np.empty(len(step))
    for f, t, own in criterion.owned:
        part, T = criterion.of_term[t], point.factors[t]
        change = np.einsum("m,mab->ab", step[part], slopes[f][part, own, own])
        there = criterion.structures[t].near_covariance(T @ T.T + change / growth)
        if there is None:
            return None
        theta[part] = there
    return Step(theta, factor)


class ManySteps(NamedTuple):
    """Steps of many responses of one design.

    ``theta`` (B, m) where they end; ``possible`` (B,), which can be taken; ``root`` (B, m, m), ``L^-1`` of the
    expected information ``L L'`` where they began.
    """

    theta: Array
    possible: Flags
    root: Array

    def left(self, gradient: Array) -> Array:
        """What each objective may still fall by, for gradients (B, m) at the ends; (B,)."""
        half = np.einsum("bij,bj->bi", self.root, gradient)
        return np.asarray(0.5 * (half**2).sum(axis=1))


def scored_many(points: Points) -> ManySteps:
    """:func:`scored` for many responses side by side, each at a point of its own.

    Parameters
    ----------
    points : Points
        Of terms whose covariances fill a linear space.
    """
    criterion, gradient, (B, m) = points.criterion, points.gradient(), points.theta.shape
    slopes, nu = criterion.covariance_slopes(points.theta, points.factors), points.criterion.nu
    traces = np.zeros((B, m))
    for slope, block in zip(slopes, points.traced, strict=True):
        traces += np.einsum("bmac,bac->bm", slope, block)
    information = points.trace_products(slopes) - traces[:, :, None] * traces[:, None, :] / nu
    known = np.isfinite(information).all(axis=(1, 2)) & (
        np.einsum("bm,bm->b", gradient, gradient) >= LEVEL**2
    )
    lower, broken = cholesky_of_each(np.where(known[:, None, None], information, np.eye(m)))
    root = np.asarray(np.linalg.inv(lower), dtype=float)
    step = -np.einsum("bji,bj->bi", root, np.einsum("bij,bj->bi", root, gradient))
    growth = 1 - np.einsum("bm,bm->b", traces, step) / nu  # of the residual variance
    theta = points.theta.copy()
    possible: Flags = known & ~broken & (growth > 0)
    for f, t, own in criterion.owned:
        part, T = criterion.of_term[t], points.factors[t]
        change = np.einsum("bm,bmac->bac", step[:, part], slopes[f][:, part, own, own])
        there = T @ T.transpose(0, 2, 1) + change / np.where(possible, growth, 1.0)[:, None, None]
        possible &= np.isfinite(there).all(axis=(1, 2))
        ends = criterion.structures[t].near_covariances(
            np.where(possible[:, None, None], there, np.eye(T.shape[1]))
        )
        possible &= ~np.isnan(ends).any(axis=1)
        theta[:, part] = ends
    return ManySteps(np.where(possible[:, None], theta, points.theta), possible, root)
