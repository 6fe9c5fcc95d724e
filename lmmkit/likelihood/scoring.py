"""A step of Fisher scoring on the variances themselves, which in balanced data ends at the estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lapack

from ..numerics.arrays import Array
from ..structures.triangle import theta_from_factor
from .point import Point

if TYPE_CHECKING:
    from .lmm import Criterion

__all__ = ["scored"]


def scored(criterion: Criterion, point: Point) -> Array | None:
    """Where a step of Fisher scoring from a point leads.

    Parameters
    ----------
    criterion : Criterion
        Of unstructured terms.
    point : Point

    Returns
    -------
    array of shape (m,) or None
        Whitened ``theta``; None where the step has no end, or some covariance there is singular.

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
    >>> theta = scored(criterion, criterion.point(np.array([1.0])))
    >>> theta.round(3), abs(criterion.gradient(criterion.point(theta))).max() < 1e-9
    (array([4.966]), np.True_)
    """
    slopes = criterion.covariance_slopes(point.theta, point.factors)
    traces = np.zeros(len(point.theta))
    for slope, block in zip(slopes, point.traced, strict=True):
        traces += slope.reshape(len(traces), -1) @ block.ravel()
    information = point.trace_products(slopes) - np.outer(traces, traces / criterion.nu)
    step, failed = lapack.dposv(information, -criterion.gradient(point))[1:]
    growth = 1 - float(traces @ step) / criterion.nu  # of the residual variance
    if failed or not growth > 0:
        return None
    theta = np.empty(len(step))
    for f, t, own in criterion.owned:
        part, T = criterion.of_term[t], point.factors[t]
        change = np.einsum("m,mab->ab", step[part], slopes[f][part, own, own])
        lower, failed = lapack.dpotrf(T @ T.T + change / growth, lower=1, clean=1)
        if failed:
            return None
        theta[part] = theta_from_factor(lower)
    return theta
