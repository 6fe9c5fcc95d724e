"""An order of the columns that keeps a sparse Cholesky factor sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from ..numerics.arrays import Index


class TooFull(Exception):
    """The factor would not be sparse."""


class Ordering:
    """An order of the columns, and where ``L`` will have entries.

    Parameters
    ----------
    pattern : csr_array (R, R)
        Symmetric; its entries' values do not matter.
    most : float
        Give up beyond so many entries of ``L`` below its diagonal.

    Raises
    ------
    TooFull
        When there are more.

    Attributes
    ----------
    order : array of shape (R,)
        Neighbours close to each other (reverse Cuthill-McKee); columns that meet nearly all others last.
    rows : list of arrays
        For each column of ``L``, in that order, its rows below the diagonal, ascending.
    """

    def __init__(self, pattern: csr_array, most: float = np.inf) -> None:
        degree = np.diff(pattern.indptr)
        crowded = degree > 10 * np.sqrt(len(degree)) + 10 * np.median(degree)
        calm = np.flatnonzero(~crowded)
        inside = csr_array(pattern[calm][:, calm])
        self.order: Index = np.concatenate(
            [calm[reverse_cuthill_mckee(inside, symmetric_mode=True)], np.flatnonzero(crowded)]
        ).astype(np.intp)
        self.rows = _below(csr_array(pattern[self.order][:, self.order]), most)

    @property
    def entries(self) -> int:
        """Entries of ``L`` below its diagonal."""
        return sum(len(rows) for rows in self.rows)


def _below(pattern: csr_array, most: float) -> list[Index]:
    """Rows of each column of ``L``: those of the matrix, and those inherited from children in the tree."""
    children: list[list[int]] = [[] for _ in range(pattern.shape[0])]
    rows: list[Index] = []
    entries = 0
    for j in range(pattern.shape[0]):
        own = pattern.indices[pattern.indptr[j] : pattern.indptr[j + 1]]
        parts: list[Any] = [own[own > j], *(rows[child][1:] for child in children[j])]
        found = np.unique(np.concatenate(parts)).astype(np.intp)
        rows.append(found)
        entries += len(found)
        if entries > most:
            raise TooFull
        if len(found):
            children[found[0]].append(j)
    return rows
