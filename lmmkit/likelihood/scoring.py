"""A step of Fisher scoring on the variances themselves, which in balanced data ends at the estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import lapack

from ..numerics.arrays import Array
from .point import Point

if TYPE_CHECKING:
    from .lmm import Criterion

__all__ = ["scored"]

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
    information = point.trace_products(slopes) - np.outer(traces, traces / criterion.nu)
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
