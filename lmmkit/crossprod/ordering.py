"""An order of the columns that keeps a sparse Cholesky factor sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from ..numerics.arrays import Index


class Ordering:
    """An order of the columns, and where ``L`` will have entries.

    Parameters
    ----------
    order : array of shape (R,)
        Neighbours close to each other (reverse Cuthill-McKee); columns with nearly all others in their rows last.
    rows : list of arrays
        For each column of ``L``, in that order, its rows below the diagonal, ascending.
    """

    def __init__(self, order: Index, rows: list[Index]) -> None:
        self.order, self.rows = order, rows

    @classmethod
    def within(cls, pattern: csr_array, most: float = np.inf) -> Ordering | None:
        """An order under which ``L`` has at most so many entries below its diagonal, or None.

        Parameters
        ----------
        pattern : csr_array (R, R)
            Symmetric; its entries' values do not matter.
        most : float
        """
        from scipy.sparse.csgraph import reverse_cuthill_mckee  # few designs need it

        degree = np.diff(pattern.indptr)
        full = degree > 10 * np.sqrt(len(degree)) + 10 * np.median(degree)
        ordinary = np.flatnonzero(~full)
        inside = csr_array(pattern[ordinary][:, ordinary])
        order: Index = np.concatenate(
            [ordinary[reverse_cuthill_mckee(inside, symmetric_mode=True)], np.flatnonzero(full)]
        ).astype(np.intp)
        rows = _below(csr_array(pattern[order][:, order]), most)
        return None if rows is None else cls(order, rows)

    @property
    def entries(self) -> int:
        """Entries of ``L`` below its diagonal."""
        return sum(len(rows) for rows in self.rows)


def _below(pattern: csr_array, most: float) -> list[Index] | None:
    """Rows of each column of ``L``: those of the matrix, and those inherited from children in the tree.

    None where there are more than ``most``.
    """
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
            return None
        if len(found):
            children[found[0]].append(j)
    return rows
