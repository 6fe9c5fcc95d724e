"""Random effects whose variance cannot be told from the residual variance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..numerics.arrays import Array, Index
from ..structures.unstructured import Unstructured
from .design import Design

__all__ = ["Undivided", "undivided"]

#: How far from one and the same size, relative to it, rounding may make what is one.
ROUNDING = 1e-9


class Undivided(NamedTuple):
    """An effect that varies, beyond the fixed effects, as residuals do."""

    term: str
    name: str
    left: int


def undivided(design: Design) -> Undivided | None:
    """The first effect of which only the sum of its variance and the residual variance has an estimate by REML.

    Parameters
    ----------
    design : Design

    Returns
    -------
    Undivided or None
        The term, the effect, and how many comparisons of rows the fixed effects leave. None if there is none.

    Notes
    -----
    REML sees the rows through the ``n - p`` comparisons that the fixed effects leave. The residuals' part of
    their covariance is a multiple of the identity; so is an effect's, if ``P Z Z' P`` is a multiple of the
    projection ``P`` off the columns of X. Then each split of the sum has the same likelihood. A symmetric matrix of
    rank r or less is such a multiple where ``trace**2 = r * (sum of squares)`` (Cauchy and Schwarz).

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> pairs = pd.DataFrame({"y": [1.0, 3, 2, 7, 5, 4], "x": [-1.0, 1] * 3, "pair": list("aabbcc")})
    >>> undivided(build_design("y ~ pair:x + (1 | pair)", pairs))
    Undivided(term='(1 | pair)', name='(Intercept)', left=2)
    >>> undivided(build_design("y ~ x + (1 | pair)", pairs)) is None
    True
    """
    left = design.n - len(design.x_names)
    free = [term for term in design.terms if isinstance(term.structure, Unstructured)]
    terms = [term for term in free if len(term.levels) >= left]
    if not terms or left < 1:
        return None
    root = np.ones(len(design.y)) if design.weights is None else np.sqrt(design.weights)
    Q = np.linalg.qr(root[:, None] * design.X)[0]
    for term in terms:
        for name, column in zip(term.names, term.Z.T, strict=True):
            if _like_residuals(root * column, term.codes, len(term.levels), Q, left):
                return Undivided(term.bar.term, name, left)
    return None


def _like_residuals(z: Array, codes: Index, q: int, Q: Array, left: int) -> bool:
    """Whether ``P Z Z' P`` is a multiple of P, for the columns that z has in each of q levels."""
    whole = np.bincount(codes, z**2, q)
    inside = np.array([np.bincount(codes, z * column, q) for column in Q.T]).reshape(-1, q)
    lengths = whole - (inside**2).sum(axis=0)
    if lengths.sum() <= ROUNDING * whole.sum():
        return False
    squares = (whole * (2 * lengths - whole)).sum() + ((inside @ inside.T) ** 2).sum()
    return bool(left * squares <= (1 + ROUNDING) * lengths.sum() ** 2)
