"""The block of ``Z'Z`` among the factors of the rest, ``rest'rest``: dense in pieces, or by its entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from scipy.sparse import coo_array, csr_array

from ..numerics.arrays import Array, Index
from .factors import GroupingFactor, LevelPairs
from .ordering import Ordering
from .pieces import Pieces


class RestBlock(Protocol):
    """``rest'rest``: its ``values`` change with the weights, the pattern stays."""

    #: Arrays as large as the cross-block that an elimination with such a rest holds at once.
    CROSSES: int

    @property
    def entries_held(self) -> int:
        """Entries of all matrices of the rest that an elimination holds at once, about."""

    def sums(self, weights: Array | None) -> Any:
        """``rest'W rest``, summed over the rows."""

    def filled(self, own: Sequence[Array], met: Mapping[tuple[int, int], Array]) -> Any:
        """The same of sums: the blocks (levels, k, k) of each factor, and (pairs, k, k') where two factors meet."""

    def dot(self, values: Any, right: Array) -> Array:
        """``(R x R) @ (R x d)``."""

    def diagonal(self, values: Any) -> Array:
        """The diagonal, shape (R,)."""

    def squared(self, values: Any) -> Any:
        """Every entry squared."""


class DenseRest:
    """``rest'rest`` as a stack of dense pieces, values ``(c, m, m)``.

    Parameters
    ----------
    factors : sequence of GroupingFactor
        The factors of the rest.
    pairs : mapping
        The levels of factors ``f`` and ``g`` that meet, by ``(f, g)``.
    columns : sequence of arrays (levels, k)
        The columns of each factor.
    pieces : Pieces
    """

    CROSSES = 3
    #: Stacks as large as ``rest'rest`` that are held at once.
    STACKS = 7

    def __init__(
        self,
        factors: Sequence[GroupingFactor],
        pairs: Mapping[tuple[int, int], LevelPairs],
        columns: Sequence[Index],
        pieces: Pieces,
    ) -> None:
        self.factors, self.pairs, self.columns, self.pieces = factors, pairs, columns, pieces

    @property
    def entries_held(self) -> int:
        count, m = self.pieces.shape
        return self.STACKS * count * m * m

    def sums(self, weights: Array | None) -> Array:
        factors = self.factors
        met = {(f, g): pair.sums(factors[f], factors[g], weights) for (f, g), pair in self.pairs.items()}
        return self.filled([factor.blocks(weights) for factor in factors], met)

    def filled(self, own: Sequence[Array], met: Mapping[tuple[int, int], Array]) -> Array:
        (count, m), slot = self.pieces.shape, self.pieces.slot
        flat = np.zeros(count * m * m)
        for columns, blocks in zip(self.columns, own, strict=True):
            at = slot[columns]
            flat[at[:, :, None] * m + at[:, None, :] % m] = blocks
        for (f, g), values in met.items():
            pair = self.pairs[f, g]
            rows, columns = slot[self.columns[f]][pair.first], slot[self.columns[g]][pair.second]
            flat[rows[:, :, None] * m + columns[:, None, :] % m] = values
            flat[columns[:, None, :] * m + rows[:, :, None] % m] = values
        return flat.reshape(count, m, m)

    def dot(self, values: Array, right: Array) -> Array:
        return self.pieces.unstack(values @ self.pieces.stack(right))

    def diagonal(self, values: Array) -> Array:
        return np.asarray(values.diagonal(axis1=1, axis2=2).reshape(-1)[self.pieces.slot])

    def squared(self, values: Array) -> Array:
        return values**2


class EntriesRest:
    """``rest'rest`` by its entries, values ``csr_array (R, R)``, for a single large and dense Schur complement.

    Parameters
    ----------
    factors : sequence of GroupingFactor
        The factors of the rest.
    pairs : mapping
        The levels of factors ``f`` and ``g`` that meet, by ``(f, g)``.
    columns : sequence of arrays (levels, k)
        The columns of each factor.
    """

    CROSSES = 4
    #: Dense matrices of ``R`` columns that are held at once.
    SQUARES = 5

    def __init__(
        self,
        factors: Sequence[GroupingFactor],
        pairs: Mapping[tuple[int, int], LevelPairs],
        columns: Sequence[Index],
    ) -> None:
        self.factors, self.pairs, self.columns = factors, pairs, columns
        self.width = sum(own.size for own in columns)

    @property
    def entries_held(self) -> int:
        return self.SQUARES * self.width**2

    def sums(self, weights: Array | None) -> csr_array:
        factors = self.factors
        met = {(f, g): pair.sums(factors[f], factors[g], weights) for (f, g), pair in self.pairs.items()}
        return self.filled([factor.blocks(weights) for factor in factors], met)

    def filled(self, own: Sequence[Array], met: Mapping[tuple[int, int], Array]) -> csr_array:
        R = self.width
        whole = csr_array((R, R))
        for columns, blocks in zip(self.columns, own, strict=True):
            whole = whole + _scattered(columns, columns, blocks, R)
        for (f, g), values in met.items():
            pair = self.pairs[f, g]
            above = _scattered(self.columns[f][pair.first], self.columns[g][pair.second], values, R)
            whole = whole + above + above.T
        return csr_array(whole)

    def dot(self, values: csr_array, right: Array) -> Array:
        return np.asarray(values @ right)

    def diagonal(self, values: csr_array) -> Array:
        return np.asarray(values.diagonal())

    def squared(self, values: csr_array) -> csr_array:
        return csr_array(values.power(2))


class SparseRest(EntriesRest):
    """The same where the Schur complement is sparse, too, under some order of the ``R`` columns."""

    CROSSES = 9

    def __init__(
        self,
        factors: Sequence[GroupingFactor],
        pairs: Mapping[tuple[int, int], LevelPairs],
        columns: Sequence[Index],
        ordering: Ordering,
    ) -> None:
        super().__init__(factors, pairs, columns)
        self.ordering = ordering

    @property
    def entries_held(self) -> int:
        return 10 * self.ordering.entries


def _scattered(rows: Index, columns: Index, values: Array, size: int) -> csr_array:
    """Blocks (b, k, k') at rows (b, k) and columns (b, k') of a square matrix."""
    i, j = np.broadcast_arrays(rows[:, :, None], columns[:, None, :])
    return csr_array(coo_array((values.ravel(), (i.ravel(), j.ravel())), shape=(size, size)))
