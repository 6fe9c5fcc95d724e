"""The elimination where the Schur complement of the rest is one large dense matrix: made by panels, in place."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, dia_array

from ..numerics.arrays import Array
from .blocks import inner
from .elimination import Cholesky, DenseElimination, RestFactor
from .panels import PanelCross

__all__ = ["PanelElimination"]


class PanelElimination(DenseElimination):
    """:class:`DenseElimination` that keeps one matrix as large as ``rest'rest``, the Cholesky factor.

    ``rest'rest`` itself has few entries, and ``Lambda`` is multiplied into the cross-block's values, so that
    the Schur complement is written once, block by block, one triangle of it.
    """

    def _eliminate_rest(self) -> None:
        layout = self.layout
        self.half_cross = layout.cross.scale(self.half_lead, self.sums.cross)
        self.Lambda = RestFactor(layout, self.roots[1:])
        self.rest_cholesky = Cholesky(self._schur_complement())
        self.logdet += self.rest_cholesky.logdet

    def _schur_complement(self) -> Array:
        """``Lambda'H Lambda + I`` on the diagonal and below it, (1, m, m)."""
        m, slot = self.layout.width, self.layout.pieces.slot
        S = np.zeros((1, m, m))
        for rows, columns, block in self._cross.lower_gram(self._times_root(self.half_cross)):
            S[0, rows, columns] -= block
        root = self._root_matrix
        own = (root.T @ self.sums.rest @ root).tocoo()
        rows, columns = slot[own.row], slot[own.col]
        below = rows >= columns
        S[0, rows[below], columns[below]] += own.data[below]
        S[0, range(m), range(m)] += 1.0
        return S

    @property
    def _cross(self) -> PanelCross:
        assert isinstance(self.layout.cross, PanelCross)
        return self.layout.cross

    @property
    def _bands(self) -> Array:
        """``Lambda``'s diagonals in the order of the columns, (depth, R)."""
        return np.asarray(self.Lambda.bands.reshape(len(self.Lambda.bands), -1)[:, self.layout.pieces.slot])

    @property
    def _root_matrix(self) -> csr_array:
        """``Lambda`` in the order of the columns, (R, R)."""
        bands, size = self._bands, (self.layout.width, self.layout.width)
        return csr_array(dia_array((bands, -np.arange(len(bands))), shape=size))

    def _times_root(self, values: Array) -> Array:
        """``values @ Lambda`` for cross-block values: a level's columns of one factor stand side by side."""
        bands, column = self._bands, self.layout.cross_column
        out = values * bands[0][column][:, None]
        for d in range(1, len(bands)):
            out[:-d] += values[d:] * bands[d][column[:-d]][:, None]
        return np.asarray(out)

    @cached_property
    def Hrr(self) -> Array:
        """``rest' V_lead^-1 rest``, which only a factor with next to no variance asks for, (1, m, m)."""
        slot, H = self.layout.pieces.slot, self._cross.gram(self.half_cross)
        np.negative(H, out=H)
        own = self.sums.rest.tocoo()
        H[0, slot[own.row], slot[own.col]] += own.data
        return H

    def _times_H(self, right: Array) -> Array:
        layout, flat = self.layout, self.layout.pieces.unstack(right)
        swept = layout.cross.transposed_dot(self.half_cross, layout.cross.dot(self.half_cross, flat))
        return layout.pieces.stack(layout.rest_block.dot(self.sums.rest, flat) - swept)

    def block_sums(self) -> list[Array]:
        lead = inner(self.keep.transpose(0, 2, 1), self.sums.lead)
        lead = lead - self._cross.inner(self._times_root(self.U), self.inverse)
        sums = [lead, *(self.rest_blocks(f).sum(axis=0) for f in range(len(self.layout.rest)))]
        # As large as all else together: the search needs it no more, and whoever does makes it again.
        del self.inverse
        return sums
