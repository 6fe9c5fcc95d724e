"""Everything the fitter needs from the rows, summed once; and the elimination that uses it.

The mixed-model equations need only ``Z'Z``, ``Z'D`` and ``D'D`` (``D`` holds the fixed-effects columns and
the response). The grouping factor with most columns *leads*: its part of ``Z'Z`` is one small block per
level and is eliminated level by level, all levels at once. What remains, a Schur complement over the *rest*
of the factors, falls apart into independent pieces (one piece per school when classes are nested in schools,
a single piece when subjects are crossed with items) and is kept as a stack of dense matrices.

Shapes used throughout: ``q`` levels and ``k`` columns of the leading factor; ``c`` pieces of ``m`` columns
for the rest; ``d`` columns of ``D``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from .design import RandomTerm
from .memory import check_memory

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class Factor:
    """One grouping factor, with the columns of every term that uses it side by side.

    Attributes
    ----------
    codes : array of shape (n,)
        Level of each row.
    q, k : int
        Number of levels, columns per level.
    Z : array of shape (n, k)
        The dense left sides.
    terms : tuple of (int, slice)
        Which random-effects term owns which columns.
    """

    codes: Index
    q: int
    Z: Array
    terms: tuple[tuple[int, slice], ...]

    @cached_property
    def k(self) -> int:
        """Columns per level."""
        return int(self.Z.shape[1])


def factors_of(terms: Sequence[RandomTerm], columns: Sequence[Array] | None = None) -> list[Factor]:
    """Gather terms by grouping factor, the factor with most columns first.

    ``columns`` replaces the terms' own left sides (the fitter passes whitened ones).
    """
    columns = [term.Z for term in terms] if columns is None else columns
    groups: dict[str, list[int]] = {}
    for number, term in enumerate(terms):
        groups.setdefault(term.group, []).append(number)
    factors = []
    for members in groups.values():
        stops = np.cumsum([columns[i].shape[1] for i in members])
        slices = [
            slice(int(stop - columns[i].shape[1]), int(stop)) for i, stop in zip(members, stops, strict=True)
        ]
        left = columns[members[0]] if len(members) == 1 else np.column_stack([columns[i] for i in members])
        first = terms[members[0]]
        factors.append(Factor(first.codes, len(first.levels), left, tuple(zip(members, slices, strict=True))))
    return sorted(factors, key=lambda factor: -factor.q * factor.k)


class CrossBlock(Protocol):
    """The block of ``Z'Z`` between the leading factor and the rest: ``values`` change, the pattern stays."""

    def scale(self, blocks: Array, values: Array) -> Array:
        """Multiply every level's rows by its own ``k x k`` block."""

    def dot(self, values: Array, right: Array) -> Array:
        """``(q k x R) @ (R x d)``, returned as ``(q, k, d)``."""

    def transposed_dot(self, values: Array, right: Array) -> Array:
        """``(R x q k) @ (q k x d)``, for ``right`` of shape ``(q, k, d)``."""

    def gram(self, left: Array, right: Array) -> Array:
        """``left' right`` over all rows, shape ``(c, m, m)``."""

    def inner(self, left: Array, right: Array, weight: Array) -> Array:
        """Sum over levels of ``left_l W right_l'``, shape ``(k, k)``, for symmetric ``weight (c, m, m)``."""


class DenseCross:
    """Cross-block stored as ``(q, k, R)``: small problems, and fully crossed ones."""

    def scale(self, blocks: Array, values: Array) -> Array:
        return np.asarray(blocks @ values)

    def dot(self, values: Array, right: Array) -> Array:
        return np.asarray(values @ right)

    def transposed_dot(self, values: Array, right: Array) -> Array:
        rows = values.shape[0] * values.shape[1]
        return np.asarray(values.reshape(rows, -1).T @ right.reshape(rows, -1))

    def gram(self, left: Array, right: Array) -> Array:
        width = left.shape[2]
        return np.asarray(left.reshape(-1, width).T @ right.reshape(-1, width))[None]

    def inner(self, left: Array, right: Array, weight: Array) -> Array:
        q, k, width = left.shape
        weighted = (left.reshape(-1, width) @ weight[0]).reshape(q, k, width)
        return inner(weighted.transpose(0, 2, 1), right.transpose(0, 2, 1))


class SparseCross:
    """Cross-block stored by its non-zero columns, ``(nnz, k)``; every level's ``k`` rows share them."""

    def __init__(
        self, level: Index, column: Index, q: int, k: int, slot: Index, shape: tuple[int, int]
    ) -> None:
        self.level, self.q, self.k = level, q, k
        self.slot, (self.pieces, self.m) = slot, shape
        counts = np.bincount(level, minlength=q)
        starts = np.concatenate([[0], np.cumsum(counts)])
        kind = np.int32 if k * len(column) < 2**31 else np.int64
        self._indices = np.tile(column, k).astype(kind)
        self._starts = np.concatenate(
            [starts[:-1] + a * len(column) for a in range(k)] + [[k * len(column)]]
        ).astype(kind)
        self._width = len(slot)

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

    def gram(self, left: Array, right: Array) -> Array:
        product = (self._matrix(left).T.tocsr() @ self._matrix(right)).tocsr()
        pieces = np.zeros(self.pieces * self.m * self.m)
        pieces[self._positions(product)] = product.data
        return pieces.reshape(self.pieces, self.m, self.m)

    def inner(self, left: Array, right: Array, weight: Array) -> Array:
        sums = np.zeros((self.k, self.k))
        flat = weight.ravel()
        for a in range(self.k):
            transposed = self._column(left, a).T.tocsr()
            for b in range(self.k):
                product = (transposed @ self._column(right, b)).tocsr()
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

    def __init__(
        self, level: Index, column: Index, q: int, k: int, slot: Index, shape: tuple[int, int]
    ) -> None:
        super().__init__(level, column, q, k, slot, shape)
        counts = np.bincount(level, minlength=q)
        lengths = counts[level]
        self.column, self._firsts = column, np.cumsum(counts) - counts
        self.runs = np.cumsum(lengths) - lengths
        self._first = np.repeat(np.arange(len(level)), lengths)
        within = np.arange(len(self._first)) - self.runs[self._first]
        self.second = self._firsts[level[self._first]] + within
        self.place = slot[column[self._first]] * self.m + slot[column[self.second]] % self.m

    @classmethod
    def suits(cls, level: Index, q: int) -> bool:
        """Whether the list stays short."""
        counts = np.bincount(level, minlength=q).astype(float)
        return float(counts @ counts) <= cls.MOST_PAIRS

    def dot(self, values: Array, right: Array) -> Array:
        if right.shape[1] > self.FEW_COLUMNS:
            return super().dot(values, right)
        spread = values[:, :, None] * right[self.column][:, None, :]
        return np.asarray(np.add.reduceat(spread, self._firsts, axis=0))

    def transposed_dot(self, values: Array, right: Array) -> Array:
        if right.shape[2] > self.FEW_COLUMNS:
            return super().transposed_dot(values, right)
        spread = np.einsum("na,nad->nd", values, right[self.level])
        sums = [np.bincount(self.column, part, self._width) for part in spread.T]
        return np.stack(sums, axis=1) if sums else np.zeros((self._width, 0))

    def gram(self, left: Array, right: Array) -> Array:
        products = np.einsum("na,na->n", left[self._first], right[self.second])
        size = self.pieces * self.m * self.m
        pieces: Array = np.bincount(self.place, products, size).astype(np.float64, copy=False)
        return pieces.reshape(self.pieces, self.m, self.m)

    def inner(self, left: Array, right: Array, weight: Array) -> Array:
        weighted = left[self._first] * weight.ravel()[self.place, None]
        return np.asarray(weighted.T @ right[self.second])


class HybridCross(SparseCross):
    """A sparse cross-block whose rest is a single piece: its frequent columns are multiplied as dense ones.

    A few columns (the films that everybody has seen) hold most of the entries. Products between these go to
    BLAS; only what is rare is left to sparse products. The columns' places are sorted by frequency.

    Attributes
    ----------
    split : int
        The first so many places are treated as dense.
    """

    #: Seconds per operation, relative to a dense product's (measured): sparse with dense, sparse with sparse.
    COSTS = (50.0, 1000.0)

    def __init__(
        self, level: Index, column: Index, q: int, k: int, slot: Index, shape: tuple[int, int]
    ) -> None:
        super().__init__(level, column, q, k, slot, shape)
        place = slot[column]
        self.split = self._best_split(level, place)
        self._frequent = place < self.split
        self._rare = ~self._frequent
        self._where = level[self._frequent], place[self._frequent]
        counts = np.bincount(level[self._rare], minlength=q)
        self._rare_starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self._rare_places = (place[self._rare] - self.split).astype(np.int32)

    def _best_split(self, level: Index, place: Index) -> int:
        """The number of dense columns that makes a product cheapest."""
        mixed, sparse = self.COSTS
        best, split = np.inf, 0
        for candidate in np.unique(np.linspace(0, self.m, 17).astype(int)):
            counts = np.bincount(level[place >= candidate], minlength=self.q).astype(float)
            cost = self.q * candidate**2 + mixed * counts.sum() * candidate + sparse * float(counts @ counts)
            if cost < best:
                best, split = cost, int(candidate)
        return split

    def _halves(self, values: Array, a: int) -> tuple[Array, csr_array]:
        """Row ``a`` of every level: the frequent columns dense, the rare ones sparse."""
        dense = np.zeros((self.q, self.split))
        dense[self._where] = values[self._frequent, a]
        pattern = (values[self._rare, a], self._rare_places, self._rare_starts)
        return dense, csr_array(pattern, shape=(self.q, self.m - self.split))

    def _quarters(self, left: Array, right: Array, a: int, b: int) -> tuple[Array, Array, Array, Array]:
        """``left_a' right_b`` in four: frequent by frequent, rare by frequent, its mirror image, rare by rare."""
        same = left is right and a == b
        dense, rare = self._halves(left, a)
        other_dense, other_rare = (dense, rare) if same else self._halves(right, b)
        by_column = rare.T.tocsr()  # gathers rows, which is twice as fast as scattering them
        below = by_column @ other_dense
        mirrored = below if same else other_rare.T.tocsr() @ dense
        return dense.T @ other_dense, below, mirrored, (by_column @ other_rare).toarray()

    def gram(self, left: Array, right: Array) -> Array:
        total, p = np.zeros((self.m, self.m)), self.split
        for a in range(self.k):
            corner, below, mirrored, rest = self._quarters(left, right, a, a)
            total[:p, :p] += corner
            total[p:, :p] += below
            total[:p, p:] += mirrored.T
            total[p:, p:] += rest
        return total[None]

    def inner(self, left: Array, right: Array, weight: Array) -> Array:
        W = weight[0] if weight[0].flags.c_contiguous else weight[0].T  # symmetric; in the products' order
        parts = W[: self.split, : self.split], W[self.split :, : self.split], W[self.split :, self.split :]
        sums = np.empty((self.k, self.k))
        for a in range(self.k):
            for b in range(self.k):
                corner, below, mirrored, rest = self._quarters(left, right, a, b)
                both = below + mirrored if mirrored is not below else 2 * below
                pairs = zip((corner, both, rest), parts, strict=True)
                sums[a, b] = sum(np.einsum("ij,ij->", product, w) for product, w in pairs)
        return sums


@dataclass
class Sums:
    """The cross-products for one set of row weights; see the module's list of shapes."""

    lead: Array  # (q, k, k)      lead'lead, one block per level
    cross: Array  # CrossBlock values  lead'rest
    rest: Array  # (c, m, m)      rest'rest
    lead_d: Array  # (q, k, d)      lead'D
    rest_d: Array  # (R, d)         rest'D
    dd: Array  # (d, d)         D'D


@dataclass(frozen=True)
class _Pair:
    """Levels of two factors that meet in some row."""

    first: Index
    second: Index
    of_row: Index

    @classmethod
    def of(cls, a: Factor, b: Factor) -> _Pair:
        keys, of_row = np.unique(a.codes * np.intp(b.q) + b.codes, return_inverse=True)
        return cls(keys // b.q, keys % b.q, of_row)


class Layout:
    """Where everything lives: made once per design, reused for every ``theta``, response and set of weights.

    Parameters
    ----------
    factors : list of Factor
        From :func:`factors_of`; the first one leads.
    sparse : bool
        Whether whoever uses it can do with a sparse Schur complement of the rest where that is large.
    """

    #: A Schur complement with fewer columns is always dense.
    SPARSE_FROM = 1500
    #: A larger one is sparse if its factor fills no more than this share of the triangle.
    SPARSE_FILL = 0.1
    #: And no more than so many entries, beyond which it would be too slow.
    SPARSE_MOST = 20_000_000
    #: A dense cross-block is used up to this many entries whatever its pattern (it stays in cache).
    SMALL = 1 << 16
    #: Matrices as large as the Schur complement of the rest that are held at once.
    MATRICES = 7
    #: Cost of one multiplication in a sparse product, in units of a dense one (measured).
    SPARSE_COST = 100

    def __init__(self, factors: list[Factor], sparse: bool = False) -> None:
        self.factors = factors
        self.lead, self.rest = factors[0], factors[1:]
        widths = [factor.q * factor.k for factor in self.rest]
        self.starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.intp)
        self.width = int(self.starts[-1])
        self._columns = [
            start + np.arange(factor.q * factor.k).reshape(factor.q, factor.k)
            for start, factor in zip(self.starts, self.rest, strict=False)
        ]
        self.pairs = [_Pair.of(self.lead, factor) for factor in self.rest]
        self.rest_pairs = {
            (f, g): _Pair.of(self.rest[f], self.rest[g])
            for f in range(len(self.rest))
            for g in range(f + 1, len(self.rest))
        }
        self.dense = self._dense_is_cheaper()
        self.slot, self.shape = (
            (np.arange(self.width), (min(self.width, 1), self.width)) if self.dense else self._pieces()
        )
        self.sparse = sparse and self._may_be_sparse() and self._stays_sparse()
        check_memory(self.bytes_needed, self._sizes())
        self.cross_level, self.cross_column, self.cross_order = self._cross_pattern()
        self.cross: CrossBlock = DenseCross() if self.dense else self._sparse_cross()

    @property
    def bytes_needed(self) -> int:
        """What an evaluation with its gradient holds at once, about: the rest's matrices and the cross-block."""
        pieces, m = self.shape
        k = self.lead.k
        met = sum(len(pair.first) * factor.k for pair, factor in zip(self.pairs, self.rest, strict=True))
        cross = self.lead.q * self.width if self.dense else 3 * met
        if self.sparse:
            return 8 * (10 * self.ordering.entries + 9 * k * cross)
        return 8 * (self.MATRICES * pieces * m * m + 3 * k * cross + 4 * self.lead.q * k * k)

    def _may_be_sparse(self) -> bool:
        """Whether few pairs of columns of the rest can have an entry."""
        pieces, m = self.shape
        if m < self.SPARSE_FROM or self.dense:
            return False
        met = np.zeros(self.lead.q)
        for pair, factor in zip(self.pairs, self.rest, strict=True):
            met += np.bincount(pair.first, minlength=self.lead.q) * factor.k
        return float(met @ met) < self.SPARSE_FILL * pieces * m**2 / 2

    def _stays_sparse(self) -> bool:
        """Whether that is still so for the factor; if it is, its order is kept."""
        from .sparse_rest import Ordering, TooFull, rest_pattern

        pieces, m = self.shape
        self.cross_level, self.cross_column, _ = self._cross_pattern()
        most = min(self.SPARSE_FILL * pieces * m**2 / 2, self.SPARSE_MOST)
        try:
            self.ordering = Ordering(rest_pattern(self), most)
        except TooFull:
            return False
        self.slot, self.shape = np.arange(self.width), (1, self.width)
        return True

    def _sizes(self) -> str:
        """The grouping factors with their numbers of columns, for a message."""
        columns = [factor.q * factor.k for factor in self.factors]
        return " and ".join(f"{number:,}" for number in columns)

    def _sparse_cross(self) -> SparseCross:
        if self.sparse:
            arguments = self.cross_level, self.cross_column, self.lead.q, self.lead.k, self.slot, self.shape
            return SparseCross(*arguments)
        kind: type[SparseCross] = HybridCross if self.shape[0] == 1 else SparseCross
        if ListedCross.suits(self.cross_level, self.lead.q):
            kind = ListedCross
        return kind(self.cross_level, self.cross_column, self.lead.q, self.lead.k, self.slot, self.shape)

    def _dense_is_cheaper(self) -> bool:
        entries = self.lead.q * self.lead.k * self.width
        if entries <= self.SMALL:
            return True
        met = np.zeros(self.lead.q)
        for pair, factor in zip(self.pairs, self.rest, strict=True):
            met += np.bincount(pair.first, minlength=self.lead.q) * factor.k
        sparse_work = self.lead.k * float(met @ met)
        return entries < 5e7 and entries * self.width < self.SPARSE_COST * sparse_work

    def _pieces(self) -> tuple[Index, tuple[int, int]]:
        """Split the rest into parts that no level of the leading factor ties together; pack small ones."""
        starts = np.concatenate([[0], np.cumsum([factor.q for factor in self.rest])])
        tied_lead = np.concatenate([pair.first for pair in self.pairs])
        tied_rest = np.concatenate(
            [pair.second + start for pair, start in zip(self.pairs, starts, strict=False)]
        )
        nodes = self.lead.q + int(starts[-1])
        links = coo_array(
            (np.ones(len(tied_lead)), (tied_lead, tied_rest + self.lead.q)), shape=(nodes, nodes)
        )
        part = connected_components(links, directed=False)[1][self.lead.q :]
        k_of = np.repeat([factor.k for factor in self.rest], [factor.q for factor in self.rest])
        part = np.repeat(part, k_of)
        # Within a piece, columns with many entries first; those of one level stay together.
        met = np.repeat(np.bincount(tied_rest, minlength=int(starts[-1])), k_of)
        order = np.lexsort((-met, part))
        sizes = np.unique(part, return_counts=True)[1]
        m = int(sizes.max())
        piece, used, at = 0, 0, np.empty(len(sizes), dtype=np.intp)
        for number, size in enumerate(sizes):
            if used + size > m:
                piece, used = piece + 1, 0
            at[number] = piece * m + used
            used += size
        slot = np.empty(self.width, dtype=np.intp)
        slot[order] = (
            np.repeat(at, sizes) + np.arange(self.width) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        )
        return slot, (piece + 1, m)

    def _cross_pattern(self) -> tuple[Index, Index, Index]:
        """Level and column of each non-zero of the cross-block, sorted by level."""
        if not self.rest:
            empty = np.empty(0, dtype=np.intp)
            return empty, empty, empty
        level = np.concatenate([np.repeat(p.first, f.k) for p, f in zip(self.pairs, self.rest, strict=True)])
        column = np.concatenate(
            [
                (start + pair.second[:, None] * factor.k + np.arange(factor.k)).ravel()
                for pair, factor, start in zip(self.pairs, self.rest, self.starts, strict=False)
            ]
        )
        order = np.lexsort((column, level))
        return level[order], column[order], order

    def columns(self, f: int) -> Index:
        """Columns of the rest that belong to its factor ``f``, shape (levels, k)."""
        return self._columns[f]

    def sums(self, D: Array, weights: Array | None = None) -> Sums:
        """Sum over the rows, once.

        Parameters
        ----------
        D : array of shape (n, d)
            Fixed-effects columns and response, side by side.
        weights : array of shape (n,), optional
            Row weights of every product.
        """
        weighted = D if weights is None else D * weights[:, None]
        return Sums(
            lead=_blocks(self.lead, weights),
            cross=self._cross_values(weights),
            rest=self._rest_values(weights),
            lead_d=level_sums(self.lead, weighted),
            rest_d=self.rest_sums(weighted),
            dd=D.T @ weighted,
        )

    def rest_sums(self, D: Array) -> Array:
        """``rest'D``, shape (R, d)."""
        parts = [level_sums(factor, D).reshape(factor.q * factor.k, -1) for factor in self.rest]
        return np.concatenate(parts) if parts else np.zeros((0, D.shape[1]))

    def _cross_values(self, weights: Array | None) -> Array:
        k, lead = self.lead.k, self.lead
        values = np.empty((len(self.cross_order), k))
        for a in range(k):
            left = lead.Z[:, a] if weights is None else lead.Z[:, a] * weights
            parts = []
            for pair, factor in zip(self.pairs, self.rest, strict=True):
                block = [
                    np.bincount(pair.of_row, left * factor.Z[:, c], len(pair.first)) for c in range(factor.k)
                ]
                parts.append(np.column_stack(block).ravel())
            if parts:
                values[:, a] = np.concatenate(parts)[self.cross_order]
        if not self.dense:
            return values
        full = np.zeros((lead.q, k, self.width))
        full[self.cross_level, :, self.cross_column] = values
        return full

    def _sparse_rest_values(self, weights: Array | None) -> Any:
        """``rest'rest`` as a sparse matrix."""
        columns, left = [], []
        for f, factor in enumerate(self.rest):
            columns.append(self.columns(f)[factor.codes])
            left.append(factor.Z)
        n = len(self.lead.codes)
        Z, at = np.concatenate(left, axis=1), np.concatenate(columns, axis=1)
        starts = np.arange(0, Z.size + 1, Z.shape[1])
        whole = csr_array((Z.ravel(), at.ravel(), starts), shape=(n, self.width))
        weighted = whole if weights is None else whole * weights[:, None]
        return csr_array(whole.T @ weighted)

    def _rest_values(self, weights: Array | None) -> Any:
        pieces, m = self.shape
        if self.sparse:
            return self._sparse_rest_values(weights)
        flat = np.zeros(pieces * m * m)
        for f, factor in enumerate(self.rest):
            own = self.slot[self.columns(f)]
            flat[own[:, :, None] * m + own[:, None, :] % m] = _blocks(factor, weights)
        for (f, g), pair in self.rest_pairs.items():
            rows, columns = self.slot[self.columns(f)][pair.first], self.slot[self.columns(g)][pair.second]
            for a in range(self.rest[f].k):
                left = self.rest[f].Z[:, a] if weights is None else self.rest[f].Z[:, a] * weights
                for c in range(self.rest[g].k):
                    value = np.bincount(pair.of_row, left * self.rest[g].Z[:, c], len(pair.first))
                    flat[rows[:, a] * m + columns[:, c] % m] = value
                    flat[columns[:, c] * m + rows[:, a] % m] = value
        return flat.reshape(pieces, m, m)

    def z_dot(self, sums: Sums, lead: Array, rest: Array) -> tuple[Array, Array]:
        """``Z'Z w`` for ``w`` given as ``(q, k, d)`` and ``(R, d)``, in the same two parts."""
        out = sums.lead @ lead
        if not self.rest:
            return out, rest
        below = sums.rest @ rest if self.sparse else self.unstack(sums.rest @ self.stack(rest))
        return out + self.cross.dot(sums.cross, rest), below + self.cross.transposed_dot(sums.cross, lead)

    def rest_diagonal(self, matrix: Any) -> Array:
        """The diagonal of a matrix kept as ``Sums.rest`` is, shape (R,)."""
        if self.sparse:
            return np.asarray(matrix.diagonal())
        return np.asarray(matrix.diagonal(axis1=1, axis2=2).reshape(-1)[self.slot])

    def rest_squared(self, matrix: Any) -> Any:
        """Its entries squared, kept in the same way."""
        return matrix.power(2) if self.sparse else matrix**2

    def stack(self, flat: Array) -> Array:
        """Spread ``(R, d)`` over the pieces, ``(c, m, d)``; unused places are zero."""
        pieces, m = self.shape
        out = np.zeros((pieces * m, flat.shape[1]))
        out[self.slot] = flat
        return out.reshape(pieces, m, flat.shape[1])

    def unstack(self, stacked: Array) -> Array:
        """The inverse of :meth:`stack`."""
        return np.asarray(stacked.reshape(-1, stacked.shape[2])[self.slot])

    def flat(self, stacked: Array) -> Any:
        """A ``(c, m, m)`` stack as one ``(R, R)`` matrix in the rest's order, dense or sparse."""
        pieces, m = self.shape
        if pieces == 1:
            return stacked[0][np.ix_(self.slot, self.slot)]
        rows, columns = np.meshgrid(np.arange(m), np.arange(m), indexing="ij")
        back = np.full(pieces * m, -1)
        back[self.slot] = np.arange(self.width)
        offset = (np.arange(pieces) * m)[:, None, None]
        i, j = back[offset + rows].ravel(), back[offset + columns].ravel()
        used = (i >= 0) & (j >= 0)
        return coo_array((stacked.ravel()[used], (i[used], j[used])), shape=(self.width, self.width)).tocsr()


def level_sums(factor: Factor, D: Array) -> Array:
    """``Z'D`` for one factor, shape (q, k, d)."""
    out = np.empty((factor.q, factor.k, D.shape[1]))
    for a in range(factor.k):
        for j in range(D.shape[1]):
            out[:, a, j] = np.bincount(factor.codes, factor.Z[:, a] * D[:, j], factor.q)
    return out


def _blocks(factor: Factor, weights: Array | None) -> Array:
    """The block diagonal of ``Z'Z`` for one factor, shape (q, k, k)."""
    out = np.empty((factor.q, factor.k, factor.k))
    for a in range(factor.k):
        left = factor.Z[:, a] if weights is None else factor.Z[:, a] * weights
        for b in range(a + 1):
            out[:, a, b] = out[:, b, a] = np.bincount(factor.codes, left * factor.Z[:, b], factor.q)
    return out


class RestFactor:
    """``Lambda`` of the rest: block diagonal with tiny lower-triangular blocks, kept as its diagonals."""

    def __init__(self, layout: Layout, roots: Sequence[Array]) -> None:
        pieces, m = layout.shape
        depth = max((factor.k for factor in layout.rest), default=1)
        bands = np.zeros((depth, pieces * m))
        for f, root in enumerate(roots):
            slots = layout.slot[layout.columns(f)]
            for d in range(len(root)):
                bands[d, slots[:, : len(root) - d]] = np.diag(root, -d)
        self.bands = bands.reshape(depth, pieces, m)

    def right(self, matrix: Array) -> Array:
        """``matrix @ Lambda`` on the last axis."""
        out = matrix * self.bands[0][:, None, :]
        for d in range(1, len(self.bands)):
            out[..., :-d] += matrix[..., d:] * self.bands[d][:, None, :-d]
        return np.asarray(out)

    def left_transposed(self, matrix: Array, out: Array | None = None) -> Array:
        """``Lambda' @ matrix`` on the last axis but one; ``out`` may be the matrix itself."""
        depths = range(1, len(self.bands))
        moved = [matrix[:, d:, :] * self.bands[d][:, :-d, None] for d in depths]
        product = np.multiply(matrix, self.bands[0][:, :, None], out=out)
        for d, part in zip(depths, moved, strict=True):
            product[:, :-d, :] += part
        return np.asarray(product)

    def left(self, matrix: Array, out: Array | None = None) -> Array:
        """``Lambda @ matrix`` on the last axis but one; ``out`` may be the matrix itself."""
        depths = range(1, len(self.bands))
        moved = [matrix[:, :-d, :] * self.bands[d][:, :-d, None] for d in depths]
        product = np.multiply(matrix, self.bands[0][:, :, None], out=out)
        for d, part in zip(depths, moved, strict=True):
            product[:, d:, :] += part
        return np.asarray(product)

    def right_transposed(self, matrix: Array) -> Array:
        """``matrix @ Lambda'`` on the last axis."""
        out = matrix * self.bands[0][:, None, :]
        for d in range(1, len(self.bands)):
            out[..., d:] += matrix[..., :-d] * self.bands[d][:, None, :-d]
        return np.asarray(out)


def inner(left: Array, right: Array) -> Array:
    """``left' right`` summed over the first two axes: (q, k, a) and (q, k, b) give (a, b)."""
    rows = left.shape[0] * left.shape[1]
    return np.asarray(left.reshape(rows, -1).T @ right.reshape(rows, -1))


class Cholesky:
    """Lower Cholesky factors ``L`` of a stack of matrices.

    A single matrix goes to LAPACK directly, and is overwritten; many small ones are factorised, and their
    triangles inverted, at once.

    Raises
    ------
    numpy.linalg.LinAlgError
        If one of them is not positive definite.
    """

    def __init__(self, stack: Array) -> None:
        self._single = len(stack) == 1
        if self._single:
            # Symmetric, so its transpose is itself, in LAPACK's order: nothing is copied.
            factor, info = lapack.dpotrf(stack[0].T, lower=1, clean=1, overwrite_a=1)
            if info != 0:
                raise np.linalg.LinAlgError("matrix is not positive definite")
            self.lower: Array = factor[None]
        else:
            self.lower = np.asarray(np.linalg.cholesky(stack))
            self._root: Array = np.asarray(np.linalg.inv(self.lower))

    @property
    def logdet(self) -> float:
        """Sum of the log determinants of the matrices."""
        return 2 * float(np.log(self.lower.diagonal(axis1=1, axis2=2)).sum())

    def half(self, right: Array) -> Array:
        """``L^-1 right``."""
        if self._single:
            return np.asarray(lapack.dtrtrs(self.lower[0], right[0], lower=1)[0])[None]
        return np.asarray(self._root @ right)

    def back(self, right: Array) -> Array:
        """``L'^-1 right``."""
        if self._single:
            return np.asarray(lapack.dtrtrs(self.lower[0], right[0], lower=1, trans=1)[0])[None]
        return np.asarray(self._root.transpose(0, 2, 1) @ right)

    def inverse(self) -> Array:
        """``(L L')^-1``."""
        if not self._single:
            return np.asarray(self._root.transpose(0, 2, 1) @ self._root)
        inverse, _ = lapack.dpotri(self.lower[0], lower=1)
        return _mirrored(inverse)[None]


def _mirrored(matrix: Array, block: int = 256) -> Array:
    """The lower triangle copied to the upper one in place, block by block so that it stays in cache."""
    for start in range(0, len(matrix), block):
        stop = start + block
        corner = matrix[start:stop, start:stop]
        corner += np.tril(corner, -1).T - np.triu(corner, 1)
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T
    return matrix


def _inverse_roots(blocks: Array) -> tuple[Array, float]:
    """``L^-1`` for a stack of small matrices ``L L'``, and their summed log determinant."""
    if blocks.shape[1] == 1:
        if not (blocks > 0).all():  # also catches NaN
            raise np.linalg.LinAlgError("matrix is not positive definite")
        return 1 / np.sqrt(blocks), float(np.log(blocks).sum())
    lower = np.linalg.cholesky(blocks)
    return np.linalg.inv(lower), 2 * float(np.log(lower.diagonal(axis1=1, axis2=2)).sum())


class Elimination:
    """The random effects swept out of the mixed-model equations at one ``T`` per factor.

    With ``V = I + Z Lambda Lambda' Z'``, it knows ``log |V|``, ``D'V^-1 D``, ``Z'V^-1 D`` and the sums over
    levels of the diagonal blocks of ``Z'V^-1 Z`` without forming anything of size ``n``.

    Parameters
    ----------
    layout : Layout
    sums : Sums
    roots : sequence of arrays (k, k)
        One relative covariance factor per grouping factor, in the order of ``layout.factors``.

    Notes
    -----
    The penalised normal equations of Bates et al. (2015), eqs. 17-20, in blocks, and the identities of
    Harville (1977) for the derivatives. Everything stays finite at ``T = 0``.
    """

    def __init__(self, layout: Layout, sums: Sums, roots: Sequence[Array]) -> None:
        self.layout, self.sums, self.roots = layout, sums, roots
        root = roots[0]
        blocks = root.T @ sums.lead @ root + np.eye(layout.lead.k)
        self._inverse_root, self.logdet = _inverse_roots(blocks)
        self._W = self._inverse_root @ root.T  # W'W = T (T'GT + I)^-1 T'
        self.Yd = self._W @ sums.lead_d
        self.dd = sums.dd - inner(self.Yd, self.Yd)
        if layout.rest:
            self._eliminate_rest()

    def _eliminate_rest(self) -> None:
        layout, sums = self.layout, self.sums
        self._Y = layout.cross.scale(self._W, sums.cross)
        gram = layout.cross.gram(self._Y, self._Y)
        # Large matrices are written over: new memory is slow.
        self.Hrr = np.subtract(sums.rest, gram, out=gram)
        self.Lambda = RestFactor(layout, self.roots[1:])
        S = self.Lambda.right(self.Hrr)
        S = self.Lambda.left_transposed(S, out=S)
        S[:, range(layout.shape[1]), range(layout.shape[1])] += 1.0
        self._cholesky = Cholesky(S)
        self.logdet += self._cholesky.logdet
        if sums.dd.size:
            self.Hrd, self._white_d = self._whiten(sums.rest_d, self.Yd)
            self.dd -= inner(self._white_d, self._white_d)

    def _whiten(self, rest_d: Array, Yd: Array) -> tuple[Array, Array]:
        """``rest' V_lead^-1 D`` and its image ``L^-1 Lambda' (.)``, both ``(c, m, d)``."""
        H = self.layout.stack(rest_d - self.layout.cross.transposed_dot(self._Y, Yd))
        return H, self._cholesky.half(self.Lambda.left_transposed(H))

    @cached_property
    def _keep(self) -> Array:
        """``I - G T M^-1 T'`` per level: what eliminating the leading factor leaves of a column of ``Z``."""
        swept = self.sums.lead @ (self._W.transpose(0, 2, 1) @ self._W)
        return np.asarray(np.eye(self.layout.lead.k) - swept)

    @cached_property
    def _U(self) -> Array:
        """``lead' V_lead^-1 rest``, as cross-block values."""
        return self.layout.cross.scale(self._keep, self.sums.cross)

    @cached_property
    def inverse(self) -> Array:
        """``S^-1 = (Lambda'H Lambda + I)^-1`` of the rest, ``(c, m, m)``."""
        return self._cholesky.inverse()

    @cached_property
    def B(self) -> Array:
        """``Lambda S^-1 Lambda'``, ``(c, m, m)``."""
        right = self.Lambda.right_transposed(self.inverse)
        return self.Lambda.left(right, out=right)

    def z_vinv(self, lead_d: Array, rest_d: Array) -> list[Array]:
        """``Z'V^-1 D`` given ``Z'D``: one ``(levels, k, d)`` array per factor.

        Parameters
        ----------
        lead_d : array of shape (q, k, d)
        rest_d : array of shape (R, d)
        """
        kept = self._keep @ lead_d
        if not self.layout.rest:
            return [kept]
        H, white = self._whiten(rest_d, self._W @ lead_d)
        return self._z_vinv(kept, H, white)

    def z_vinv_d(self) -> list[Array]:
        """``Z'V^-1 D`` for the columns summed in ``sums``."""
        kept = self._keep @ self.sums.lead_d
        return self._z_vinv(kept, self.Hrd, self._white_d) if self.layout.rest else [kept]

    def _z_vinv(self, kept: Array, H: Array, white: Array) -> list[Array]:
        BH = self.Lambda.left(self._cholesky.back(white))
        lead = kept - self.layout.cross.dot(self._U, self.layout.unstack(BH))
        rest = self.layout.unstack(H - self.Hrr @ BH)
        return [lead, *(rest[self.layout.columns(f)] for f in range(len(self.layout.rest)))]

    def block_sums(self) -> list[Array]:
        """Sum over levels of the diagonal blocks of ``Z'V^-1 Z``: one ``(k, k)`` array per factor."""
        lead = inner(self._keep.transpose(0, 2, 1), self.sums.lead)
        if not self.layout.rest:
            return [lead]
        lead = lead - self.layout.cross.inner(self._U, self._U, self.B)
        return [lead, *(self.rest_blocks(f).sum(axis=0) for f in range(len(self.layout.rest)))]

    def rest_blocks(self, f: int) -> Array:
        """Diagonal blocks of ``Z'V^-1 Z`` for factor ``f`` of the rest, ``(levels, k, k)``."""
        root, slots = self.roots[1 + f], self.layout.slot[self.layout.columns(f)]
        m = self.layout.shape[1]
        piece, place = slots // m, slots % m
        if np.abs(np.diag(root)).min() > 1e-3:
            # T invertible: T'CT = I - (block of S^-1), far cheaper than the product below.
            block = self.inverse[piece[:, :, None], place[:, :, None], place[:, None, :]]
            inverse_root = np.linalg.inv(root)
            return np.asarray(inverse_root.T @ (np.eye(len(root)) - block) @ inverse_root)
        own = self.Hrr[piece[:, :, None], place[:, :, None], place[:, None, :]]
        rows = self.Hrr[piece, place]  # (levels, k, m)
        image = np.empty_like(rows)
        for number in np.unique(piece):
            here = piece[:, 0] == number
            image[here] = rows[here] @ self.B[number]
        return np.asarray(own - image @ rows.transpose(0, 2, 1))

    def lead_blocks(self) -> Array:
        """Diagonal blocks of ``Z'V^-1 Z`` for the leading factor, ``(q, k, k)``."""
        blocks = self._keep @ self.sums.lead
        if not self.layout.rest:
            return np.asarray(blocks)
        return np.asarray(blocks - self._lead_corrections())

    def _lead_corrections(self) -> Array:
        """``U_l B U_l'`` per level, a slab of levels at a time so that memory stays small."""
        layout = self.layout
        q, k = layout.lead.q, layout.lead.k
        out = np.empty((q, k, k))
        slab = max(1, int(2e6 // max(1, layout.width * k)))
        B = layout.flat(self.B)
        for start in range(0, q, slab):
            stop = min(q, start + slab)
            U = self._dense_rows(start, stop)
            out[start:stop] = (U.reshape(-1, layout.width) @ B).reshape(U.shape) @ U.transpose(0, 2, 1)
        return out

    def _dense_rows(self, start: int, stop: int) -> Array:
        """Rows ``start..stop`` of ``U`` as ``(levels, k, R)``."""
        if self.layout.dense:
            return self._U[start:stop]
        level, column = self.layout.cross_level, self.layout.cross_column
        first, last = np.searchsorted(level, [start, stop])
        rows = np.zeros((stop - start, self.layout.lead.k, self.layout.width))
        rows[level[first:last] - start, :, column[first:last]] = self._U[first:last]
        return rows
