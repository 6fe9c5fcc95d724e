"""The layout of cross-products that are summed already."""

from __future__ import annotations

import numpy as np

from ..crossprod.layout import Layout, Sums
from ..numerics.arrays import Array
from .sums import BlockSums

__all__ = ["SummedLayout"]


class SummedLayout(Layout):
    """Where the blocks live; what they are is known without rows.

    Parameters
    ----------
    blocks : BlockSums
    sparse : bool
        As in :class:`~lmmkit.crossprod.layout.Layout`.

    Notes
    -----
    Fixed-effects columns and responses are given in coordinates of the orthonormal basis ``E``: ``D = E C``, so that
    ``Z'D = (Z'E) C``.
    """

    has_rows = False

    def __init__(self, blocks: BlockSums, sparse: bool = False) -> None:
        self._blocks = blocks
        super().__init__(blocks.factors, sparse, blocks.pairs)

    def sums(self, D: Array, weights: Array | None = None) -> Sums:
        """The cross-products, with D (p + 1, d) in coordinates; the weights are in them already."""
        rest, blocks = range(1, len(self.factors)), self._blocks
        met = {(f - 1, g - 1): values for (f, g), (_, values) in blocks.met.items() if f > 0}
        return Sums(
            lead=blocks.own[0],
            cross=self.cross_values([blocks.met[0, f][1] for f in rest]),
            rest=self.rest_block.filled([blocks.own[f] for f in rest], met),
            lead_d=self.lead_sums(D),
            rest_d=self.rest_sums(D),
            dd=D.T @ D,
        )

    def lead_sums(self, D: Array) -> Array:
        return np.asarray(self._blocks.basis[0] @ D)

    def rest_sums(self, D: Array) -> Array:
        parts = [(basis @ D).reshape(-1, D.shape[1]) for basis in self._blocks.basis[1:]]
        return np.concatenate(parts) if parts else np.zeros((0, D.shape[1]))
