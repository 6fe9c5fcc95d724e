"""How the columns of the rest are cut into pieces that nothing ties together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from ..numerics.arrays import Array, Index


@dataclass(frozen=True)
class Pieces:
    """Where each of ``R`` columns stands in a stack of ``c`` pieces with ``m`` places each.

    Attributes
    ----------
    slot : array of shape (R,)
        Column ``j`` stands in piece ``slot[j] // m``, at place ``slot[j] % m``.
    shape : (int, int)
        ``c`` and ``m``.
    """

    slot: Index
    shape: tuple[int, int]

    @classmethod
    def whole(cls, width: int) -> Pieces:
        """All columns in one piece, in their order."""
        return cls(np.arange(width), (min(width, 1), width))

    @classmethod
    def of(cls, part: Index, order: Index) -> Pieces:
        """One piece for each large part; small parts share one.

        Parameters
        ----------
        part : array of shape (R,)
            The part that each column belongs to, numbered from zero.
        order : array of shape (R,)
            The columns part by part, each part's in the order in which they are wanted.
        """
        sizes = np.bincount(part)
        m = int(sizes.max())
        piece, used, at = 0, 0, np.empty(len(sizes), dtype=np.intp)
        for number, size in enumerate(sizes):
            if used + size > m:
                piece, used = piece + 1, 0
            at[number] = piece * m + used
            used += size
        slot = np.empty(len(part), dtype=np.intp)
        within = np.arange(len(part)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        slot[order] = np.repeat(at, sizes) + within
        return cls(slot, (piece + 1, m))

    def stack(self, flat: Array) -> Array:
        """Spread ``(R, d)`` over the pieces, ``(c, m, d)``; unused places are zero."""
        count, m = self.shape
        out = np.zeros((count * m, flat.shape[1]))
        out[self.slot] = flat
        return out.reshape(count, m, flat.shape[1])

    def unstack(self, stacked: Array) -> Array:
        """The inverse of :meth:`stack`."""
        return np.asarray(stacked.reshape(stacked.shape[0] * stacked.shape[1], stacked.shape[2])[self.slot])

    def matrix(self, stacked: Array) -> Any:
        """A ``(c, m, m)`` stack as one ``(R, R)`` matrix in the columns' order, dense or sparse."""
        count, m = self.shape
        if count == 1:
            return stacked[0][np.ix_(self.slot, self.slot)]
        rows, columns = np.meshgrid(np.arange(m), np.arange(m), indexing="ij")
        back = np.full(count * m, -1)
        back[self.slot] = np.arange(len(self.slot))
        offset = (np.arange(count) * m)[:, None, None]
        i, j = back[offset + rows].ravel(), back[offset + columns].ravel()
        used = (i >= 0) & (j >= 0)
        size = (len(self.slot), len(self.slot))
        return coo_array((stacked.ravel()[used], (i[used], j[used])), shape=size).tocsr()
