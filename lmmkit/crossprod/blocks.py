"""The block of ``Z'Z`` between the leading grouping factor and the rest: dense, sparse or listed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from ..numerics.arrays import Array, Index
from .pieces import Pieces


class CrossBlock(Protocol):
    """The block of ``Z'Z`` between the leading factor and the rest: ``values`` change, the pattern stays."""

    def scale(self, blocks: Array, values: Array) -> Array:
        """Multiply every level's rows by its own ``k x k`` block."""

    def dot(self, values: Array, right: Array) -> Array:
        """``(q k x R) @ (R x d)``, returned as ``(q, k, d)``."""

    def transposed_dot(self, values: Array, right: Array) -> Array:
        """``(R x q k) @ (q k x d)``, for ``right`` of shape ``(q, k, d)``."""

    def gram(self, values: Array) -> Array:
        """``values' values`` over all rows, shape ``(c, m, m)``."""

    def inner(self, values: Array, weight: Array) -> Array:
        """Sum over levels of ``values_l W values_l'``, shape ``(k, k)``, for symmetric ``weight (c, m, m)``."""


class DenseCross:
    """Cross-block stored as ``(q, k, R)``: small problems, and fully crossed ones."""

    def scale(self, blocks: Array, values: Array) -> Array:
        return times(blocks, values)

    def dot(self, values: Array, right: Array) -> Array:
        q, k, width = values.shape
        return np.asarray((values.reshape(q * k, width) @ right).reshape(q, k, right.shape[1]))

    def transposed_dot(self, values: Array, right: Array) -> Array:
        rows = values.shape[0] * values.shape[1]
        return np.asarray(values.reshape(rows, -1).T @ right.reshape(rows, -1))

    def gram(self, values: Array) -> Array:
        flat = values.reshape(-1, values.shape[2])
        return np.asarray(flat.T @ flat)[None]

    def inner(self, values: Array, weight: Array) -> Array:
        q, k, width = values.shape
        weighted = (values.reshape(-1, width) @ weight[0]).reshape(q, k, width)
        return inner(weighted.transpose(0, 2, 1), values.transpose(0, 2, 1))


class SparseCross:
    """Cross-block stored by its non-zero columns, ``(nnz, k)``; every level's ``k`` rows share them."""

    def __init__(self, level: Index, column: Index, q: int, k: int, pieces: Pieces) -> None:
        self.level, self.q, self.k = level, q, k
        self.slot, (self.count, self.m) = pieces.slot, pieces.shape
        counts = np.bincount(level, minlength=q)
        starts = np.concatenate([[0], np.cumsum(counts)])
        kind = np.int32 if k * len(column) < 2**31 else np.int64
        self._indices = np.tile(column, k).astype(kind)
        self._starts = np.concatenate(
            [starts[:-1] + a * len(column) for a in range(k)] + [[k * len(column)]]
        ).astype(kind)
        self._width = len(self.slot)

    def _matrix(self, values: Array) -> csr_array:
        """All ``k`` rows of all levels, row ``a * q + l``."""
        shape = (self.k * self.q, self._width)
        return csr_array((values.T.ravel(), self._indices, self._starts), shape=shape)

    def _column(self, values: Array, a: int) -> csr_array:
        """Row ``a`` of every level."""
        nnz = len(values)
        pattern = (values[:, a], self._indices[:nnz], self._starts[: self.q + 1])
        return csr_array(pattern, shape=(self.q, self._width))

    def scale(self, blocks: Array, values: Array) -> Array:
        if self.k == 1:
            return np.asarray(blocks[self.level, :, 0] * values)
        return np.asarray(np.einsum("nab,nb->na", blocks[self.level], values))

    def dot(self, values: Array, right: Array) -> Array:
        product = self._matrix(values) @ right
        return np.asarray(product.reshape(self.k, self.q, -1).transpose(1, 0, 2))

    def transposed_dot(self, values: Array, right: Array) -> Array:
        stacked = right.transpose(1, 0, 2).reshape(self.k * self.q, -1)
        return np.asarray(self._matrix(values).T @ stacked)

    def _positions(self, product: csr_array) -> Index:
        """Where each entry of an ``R x R`` product lives in the flattened pieces."""
        rows = np.repeat(self.slot, np.diff(product.indptr))
        return np.asarray(rows * self.m + self.slot[product.indices] % self.m)

    def gram(self, values: Array) -> Array:
        matrix = self._matrix(values)
        product = (matrix.T.tocsr() @ matrix).tocsr()
        pieces = np.zeros(self.count * self.m * self.m)
        pieces[self._positions(product)] = product.data
        return pieces.reshape(self.count, self.m, self.m)

    def inner(self, values: Array, weight: Array) -> Array:
        sums = np.zeros((self.k, self.k))
        flat = weight.ravel()
        for a in range(self.k):
            transposed = self._column(values, a).T.tocsr()
            for b in range(self.k):
                product = (transposed @ self._column(values, b)).tocsr()
                sums[a, b] = product.data @ flat[self._positions(product)]
        return sums


class ListedCross(SparseCross):
    """A sparse cross-block with few entries: products are sums over a list of pairs of entries.

    The list is made once, so that a new set of weights costs no sparse-matrix book-keeping.

    Attributes
    ----------
    second : array of shape (pairs,)
        For each entry in turn, the entries of the same level.
    runs : array of shape (nnz,)
        Where each entry's run of pairs starts.
    place : array of shape (pairs,)
        Where the pair's product lives in the flattened pieces.
    """

    #: The longest list that is kept.
    MOST_PAIRS = 2_000_000
    #: With more columns on the right than this a sparse product is faster (measured).
    FEW_COLUMNS = 16

    def __init__(self, level: Index, column: Index, q: int, k: int, pieces: Pieces) -> None:
        super().__init__(level, column, q, k, pieces)
        counts = np.bincount(level, minlength=q)
        lengths = counts[level]
        self.column, self._firsts = column, np.cumsum(counts) - counts
        self.runs = np.cumsum(lengths) - lengths
        self._first = np.repeat(np.arange(len(level)), lengths)
        within = np.arange(len(self._first)) - self.runs[self._first]
        self.second = self._firsts[level[self._first]] + within
        self.place = self.slot[column[self._first]] * self.m + self.slot[column[self.second]] % self.m

    @classmethod
    def suits(cls, level: Index, q: int) -> bool:
        """Whether the list stays short."""
        counts = np.bincount(level, minlength=q).astype(float)
        return float(counts @ counts) <= cls.MOST_PAIRS

    def dot(self, values: Array, right: Array) -> Array:
        if right.shape[1] > self.FEW_COLUMNS:
            return super().dot(values, right)
        if self.k == right.shape[1] == 1:
            spread = values.ravel() * right.ravel()[self.column]
            return np.asarray(np.add.reduceat(spread, self._firsts)[:, None, None])
        spread = values[:, :, None] * right[self.column][:, None, :]
        return np.asarray(np.add.reduceat(spread, self._firsts, axis=0))

    def transposed_dot(self, values: Array, right: Array) -> Array:
        if right.shape[2] > self.FEW_COLUMNS:
            return super().transposed_dot(values, right)
        if self.k == right.shape[2] == 1:
            spread = values.ravel() * right.ravel()[self.level]
            return np.bincount(self.column, spread, self._width).astype(float, copy=False)[:, None]
        spread = np.einsum("na,nad->nd", values, right[self.level])
        sums = [np.bincount(self.column, part, self._width) for part in spread.T]
        return np.stack(sums, axis=1) if sums else np.zeros((self._width, 0))

    def gram(self, values: Array) -> Array:
        if self.k == 1:
            products = values.ravel()[self._first] * values.ravel()[self.second]
        else:
            products = np.einsum("na,na->n", values[self._first], values[self.second])
        size = self.count * self.m * self.m
        pieces: Array = np.bincount(self.place, products, size).astype(np.float64, copy=False)
        return pieces.reshape(self.count, self.m, self.m)

    def inner(self, values: Array, weight: Array) -> Array:
        weighted = values[self._first] * weight.ravel()[self.place, None]
        return np.asarray(weighted.T @ values[self.second])


def inner(left: Array, right: Array) -> Array:
    """``left' right`` summed over the first two axes: (q, k, a) and (q, k, b) give (a, b)."""
    rows = left.shape[0] * left.shape[1]
    return np.asarray(left.reshape(rows, left.shape[-1]).T @ right.reshape(rows, right.shape[-1]))


def by_rows(rows: Array, block: Array) -> Array:
    """``rows @ block`` for rows (q, k) and one small matrix (k, k); a number, if it is that small."""
    return rows * block if block.shape == (1, 1) else np.asarray(rows @ block)


def times(left: Array, right: Array) -> Array:
    """``left @ right`` for stacks of small matrices; of numbers, if they are that small."""
    return left * right if left.shape[-1] == 1 == left.shape[-2] else np.asarray(left @ right)
