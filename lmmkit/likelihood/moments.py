"""A first guess at the variances, from moments: one small linear system and no factorisation."""

from __future__ import annotations

import numpy as np

from ..crossprod.layout import Layout, Sums
from ..numerics.arrays import Array

__all__ = ["moment_sds"]

ROUNDS = 4  # of guessing the weights from the variances and the variances with the weights
LEAST = 1e-3  # relative variance below which a guess is no guess: at zero the criterion is flat


def moment_sds(layout: Layout, sums: Sums, n: int) -> list[Array]:
    """Standard deviations of the random effects relative to the residuals', as if they were uncorrelated.

    Parameters
    ----------
    layout : Layout
    sums : Sums
        The last column of ``D`` is the response, less what the fixed effects explain.
    n : int
        Rows.

    Returns
    -------
    list of arrays of shape (k,)
        One per grouping factor, in the order of ``layout.factors``.

    Notes
    -----
    With ``V = I + sum_j v_j Z_j Z_j'`` the weighted sum over levels of ``(z'y)^2`` has expectation
    ``sum_l w_l (z_l'z_l + sum_j v_j sum_m (z_l'z_jm)^2)``: as many equations as variances, from the entries of
    ``Z'Z`` squared (Henderson 1953; the weights are those of MINQUE with ``Z'Z`` taken as diagonal, Rao 1971).
    The fixed effects count as known.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> from lmmkit.likelihood.lmm import Criterion
    >>> data = pd.DataFrame({"y": [1.0, 2, 4, 5, 9, 8], "g": list("aabbcc")})
    >>> criterion = Criterion(build_design("y ~ 1 + (1 | g)", data))
    >>> moment_sds(criterion.layout, criterion.sums, 6)[0].round(2)
    array([3.99])
    """
    ks = [factor.k for factor in layout.factors]
    lengths, scores = _squared_lengths(layout, sums), _scores(layout, sums)
    shared = _shared(layout, sums)
    m, variances = len(shared), np.ones(len(shared))
    equations, right = np.empty((m + 1, m + 1)), np.empty(m + 1)
    equations[m, :m] = [length.sum() for length in lengths]
    equations[m, m], right[m] = n, sums.dd[-1, -1]
    for _ in range(ROUNDS):
        for j, (length, score) in enumerate(zip(lengths, scores, strict=True)):
            others = 1 + variances.sum() - variances[j]
            weight = 1 / (length + others / variances[j]) ** 2
            equations[j, :m], equations[j, m] = weight @ shared[j], weight @ length
            right[j] = weight @ score**2
        solution = np.linalg.lstsq(equations, right, rcond=None)[0]
        residual = max(float(solution[m]), 1e-3 * float(right[m]) / n)
        variances = np.maximum(solution[:m] / residual, LEAST)
    return np.split(np.sqrt(variances), np.cumsum(ks)[:-1])


def _squared_lengths(layout: Layout, sums: Sums) -> list[Array]:
    """``z'z`` of every level, one array (levels,) per column of ``Z``."""
    lead = sums.lead.diagonal(axis1=1, axis2=2)
    below = layout.rest_block.diagonal(sums.rest)
    rest = [below[layout.columns(f)] for f in range(len(layout.rest))]
    return [column for factor in (lead, *rest) for column in factor.T]


def _scores(layout: Layout, sums: Sums) -> list[Array]:
    """``z'y``, in the same shape."""
    rest = [sums.rest_d[layout.columns(f), -1] for f in range(len(layout.rest))]
    return [column for factor in (sums.lead_d[..., -1], *rest) for column in factor.T]


def _shared(layout: Layout, sums: Sums) -> list[Array]:
    """``sum_m (z'z_jm)^2`` for every level, over the levels ``m`` of column ``j``: one (levels, columns) each."""
    starts = np.cumsum([0, *(factor.k for factor in layout.factors)])
    lead, rest = np.zeros((layout.lead.q, layout.lead.k, starts[-1])), np.zeros((layout.width, starts[-1]))
    lead[:, range(layout.lead.k), range(layout.lead.k)] = 1
    for f, factor in enumerate(layout.rest):
        for a in range(factor.k):
            rest[layout.columns(f)[:, a], starts[f + 1] + a] = 1
    squared = Sums(
        sums.lead**2, sums.cross**2, layout.rest_block.squared(sums.rest), sums.lead_d, sums.rest_d, sums.dd
    )
    above, below = layout.z_dot(squared, lead, rest)
    parts = [above, *(below[layout.columns(f)] for f in range(len(layout.rest)))]
    return [column for part in parts for column in part.transpose(1, 0, 2)]
