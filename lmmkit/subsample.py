"""A first guess for a large model, from a part of it that is quick to fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .columns.encoding import independent_columns
from .design import Design, RandomTerm

__all__ = ["part_of"]

LEVELS = 400  # levels of each grouping factor that are kept


def part_of(design: Design, levels: int = LEVELS) -> Design | None:
    """The rows of the levels that have most rows, of every grouping factor at once.

    Parameters
    ----------
    design : Design
    levels : int
        How many levels of each factor are kept.

    Returns
    -------
    Design or None
        None when too few rows are left to learn from.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design import build_design
    >>> data = pd.DataFrame({"y": [1.0, 2, 4, 3] * 9, "g": list("abcd") * 9})
    >>> len(part_of(build_design("y ~ 1 + (1 | g)", data), levels=2).y)
    18
    """
    keep = np.ones(len(design.y), dtype=bool)
    for term in design.terms:
        counts = np.bincount(term.codes, minlength=len(term.levels))
        chosen = np.zeros(len(counts), dtype=bool)
        chosen[np.argsort(-counts, kind="stable")[:levels]] = True
        keep &= chosen[term.codes]
    rows = np.flatnonzero(keep)
    terms = [_taken(term, rows) for term in design.terms]
    if len(rows) < 2 * sum(len(term.levels) * term.Z.shape[1] for term in terms):
        return None
    X = design.X[rows]
    columns = independent_columns(X)
    return replace(
        design, y=design.y[rows], X=X[:, columns], x_names=[design.x_names[j] for j in columns],
        assign=[design.assign[j] for j in columns], offset=design.offset[rows], terms=terms,
        weights=None if design.weights is None else design.weights[rows], frame=design.frame.iloc[rows],
    )  # fmt: skip


def _taken(term: RandomTerm, rows: NDArray[np.intp]) -> RandomTerm:
    used, codes = np.unique(term.codes[rows], return_inverse=True)
    return replace(term, codes=codes, levels=[term.levels[i] for i in used], Z=term.Z[rows])
