"""The residuals themselves, where effects are so large that differences of sums over the rows lose them.

The criterion gets ``r2``, the penalised residual sum of squares, by taking from ``y'y`` what the effects explain.
Where these are hundreds of times the residuals next to all is taken, and few digits are left. But ``r2`` is also

    |e|^2 + |u|^2,    e = y - X beta - Z Lambda u,

in which nothing cancels, and which is least at the right ``beta`` and ``u``: what is amiss with these counts by its
square only. They are themselves corrected from ``e`` by iterative refinement (Higham 2002, *Accuracy and Stability
of Numerical Algorithms*, chapter 12).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..crossprod.factors import GroupingFactor
from ..crossprod.layout import level_sums
from ..numerics.arrays import Array
from .point import Point
from .theta import Terms

__all__ = ["CORRECTIONS", "LITTLE", "solve_by_rows"]

#: Share of the response's square; where less is left it is summed row by row.
LITTLE = 1e-4
#: How often the solution is corrected: each time next to nothing of its error stays.
CORRECTIONS = 2
#: Smallest entry on the diagonal of a covariance's root by which ``u`` is divided: it holds more digits than ``e``.
INVERTIBLE = 1e-3


def solve_by_rows(point: Point, terms: Terms, Q: Array, y: Array) -> None:
    """Correct the fixed effects, the scores and ``r2`` of a point in place, by the residuals.

    Parameters
    ----------
    point : Point
    terms : Terms
    Q : array of shape (n, p)
        Orthonormal columns of the fixed effects.
    y : array of shape (n,)
        The response.
    """
    factors, roots = terms.layout.factors, terms.roots(point.factors)
    gamma, u = point.gamma, [score @ root for score, root in zip(point.scores, roots, strict=True)]
    fixed = [root.T @ level_sums(factor, Q) for factor, root in zip(factors, roots, strict=True)]
    left, scores = _left(factors, roots, y - Q @ gamma, u)
    for _ in range(CORRECTIONS):
        missed = [
            np.concatenate([(score @ root - own)[..., None], columns], axis=2)
            for score, root, own, columns in zip(scores, roots, u, fixed, strict=True)
        ]
        solved = point.elimination.solve_spherical(*terms.spread(missed))
        seen = Q.T @ left
        for columns, own in zip(fixed, solved, strict=True):
            seen = seen - np.einsum("qkp,qk->p", columns, own[..., 0])
        step = point.root.T @ (point.root @ seen)
        gamma = gamma + step
        u = [before + own[..., 0] - own[..., 1:] @ step for before, own in zip(u, solved, strict=True)]
        left, scores = _left(factors, roots, y - Q @ gamma, u)
    point.gamma = gamma
    point.scores = [
        _divided(own, root) if np.abs(root.diagonal()).min() > INVERTIBLE else score
        for root, own, score in zip(roots, u, scores, strict=True)
    ]
    point.r2 = float(left @ left) + sum(float((own**2).sum()) for own in u)


def _divided(u: Array, root: Array) -> Array:
    """The scores ``s`` of ``u = Lambda's``."""
    return np.asarray(np.linalg.solve(root.T, u.T).T)


def _left(
    factors: Sequence[GroupingFactor], roots: Sequence[Array], y: Array, u: Sequence[Array]
) -> tuple[Array, list[Array]]:
    """``e = y - Z Lambda u``, (n,), and ``Z'e`` per grouping factor, (levels, k)."""
    left = y
    for factor, root, own in zip(factors, roots, u, strict=True):
        left = left - np.einsum("nk,nk->n", factor.Z, (own @ root.T)[factor.codes])
    return left, [level_sums(factor, left[:, None])[..., 0] for factor in factors]
