"""Everything the fitter needs from the rows, summed once: where each block of ``Z'Z`` lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from scipy.sparse import block_diag, coo_array, csr_array, eye_array, kron

from ..numerics.arrays import Array, Index
from ..numerics.memory import check_memory
from .blocks import CrossBlock, DenseCross, ListedCross, SparseCross
from .factors import GroupingFactor, LevelPairs
from .ordering import Ordering
from .panels import PanelCross
from .pieces import Pieces
from .rest import DenseRest, EntriesRest, RestBlock, SparseRest


@dataclass
class Sums:
    """The cross-products for one set of row weights; see the module's list of shapes."""

    lead: Array  # (q, k, k)      lead'lead, one block per level
    cross: Array  # CrossBlock values  lead'rest
    rest: Any  # RestBlock values  rest'rest
    lead_d: Array  # (q, k, d)      lead'D
    rest_d: Array  # (R, d)         rest'D
    dd: Array  # (d, d)         D'D


class Layout:
    """Where everything lives: made once per design, reused for every ``theta``, response and set of weights.

    Parameters
    ----------
    factors : list of GroupingFactor
        From :func:`factors_of`; the first one leads.
    sparse : bool
        Whether whoever uses it can do with a sparse Schur complement of the rest where that is large.
    pairs : mapping, optional
        The levels of factors ``f`` and ``g`` that meet, by ``(f, g)``, where that is known without the rows.
    """

    #: Whether the rows are there, so that something else of them can be summed.
    has_rows = True

    #: A Schur complement with fewer columns is always dense.
    SPARSE_FROM = 1500
    #: A larger one is sparse if its factor fills no more than this share of the triangle.
    SPARSE_FILL = 0.1
    #: And no more than so many entries, beyond which it would be too slow.
    SPARSE_MOST = 20_000_000
    #: A dense cross-block is used up to this many entries whatever its pattern (it stays in cache).
    SMALL = 1 << 16
    #: Cost of one multiplication in a sparse product, in units of a dense one (measured).
    SPARSE_COST = 100

    def __init__(
        self,
        factors: list[GroupingFactor],
        sparse: bool = False,
        pairs: Mapping[tuple[int, int], LevelPairs] | None = None,
    ) -> None:
        self.factors = factors
        #: What other modules make of it once, by class.
        self.made: dict[type, Any] = {}
        self.lead, self.rest = factors[0], factors[1:]
        widths = [factor.q * factor.k for factor in self.rest]
        self.starts = np.array([0, *accumulate(widths)], dtype=np.intp)
        self.width = int(self.starts[-1])
        self._columns = [
            start + np.arange(factor.q * factor.k).reshape(factor.q, factor.k)
            for start, factor in zip(self.starts, self.rest, strict=False)
        ]
        met = _pairs_of(factors) if pairs is None else pairs
        self.pairs = [met[0, f] for f in range(1, len(factors))]
        self.rest_pairs = {(f - 1, g - 1): pair for (f, g), pair in met.items() if f > 0}
        self.dense = self._dense_is_cheaper()
        self.cross_level, self.cross_column, self.cross_order = self._cross_pattern()
        self.pieces = Pieces.whole(self.width) if self.dense else self._cut()
        ordering = self._sparse_ordering() if sparse and self._may_be_sparse() else None
        listed = ListedCross.suits(self.cross_level, self.lead.q)
        #: Whether one large dense Schur complement is made panel by panel.
        self.by_panels = ordering is None and not (self.dense or listed) and self.pieces.shape[0] == 1
        self.rest_block: RestBlock
        if ordering is not None:
            self.pieces = Pieces.whole(self.width)
            self.rest_block = SparseRest(self.rest, self.rest_pairs, self._columns, ordering)
        elif sparse and self.by_panels:
            self.rest_block = EntriesRest(self.rest, self.rest_pairs, self._columns)
        else:
            self.rest_block = DenseRest(self.rest, self.rest_pairs, self._columns, self.pieces)
        check_memory(self.bytes_needed, self._sizes())
        self.cross: CrossBlock = DenseCross() if self.dense else self._sparse_cross(listed)

    @property
    def bytes_needed(self) -> int:
        """What an evaluation with its gradient holds at once, about: the rest's matrices and the cross-block."""
        k = self.lead.k
        met = sum(len(pair.first) * factor.k for pair, factor in zip(self.pairs, self.rest, strict=True))
        cross = self.lead.q * self.width if self.dense else 3 * met
        rest = self.rest_block
        return 8 * (rest.entries_held + rest.CROSSES * k * cross + 4 * self.lead.q * k * k)

    def _may_be_sparse(self) -> bool:
        """Whether few pairs of columns of the rest can have an entry."""
        count, m = self.pieces.shape
        if m < self.SPARSE_FROM or self.dense:
            return False
        met = np.zeros(self.lead.q)
        for pair, factor in zip(self.pairs, self.rest, strict=True):
            met += np.bincount(pair.first, minlength=self.lead.q) * factor.k
        return float(met @ met) < self.SPARSE_FILL * count * m**2 / 2

    def _sparse_ordering(self) -> Ordering | None:
        """An order that keeps the factor of the rest's Schur complement sparse, if there is one."""
        count, m = self.pieces.shape
        return Ordering.within(rest_pattern(self), min(self.SPARSE_FILL * count * m**2 / 2, self.SPARSE_MOST))

    def _sizes(self) -> str:
        """The grouping factors with their numbers of columns, for a message."""
        columns = [factor.q * factor.k for factor in self.factors]
        return " and ".join(f"{number:,}" for number in columns)

    def _sparse_cross(self, listed: bool) -> SparseCross:
        """The cross-block by its entries, in the way that suits what its products are made for."""
        kind = PanelCross if self.by_panels else SparseCross
        if listed and not isinstance(self.rest_block, SparseRest):
            kind = ListedCross
        return kind(self.cross_level, self.cross_column, self.lead.q, self.lead.k, self.pieces)

    def _dense_is_cheaper(self) -> bool:
        entries = self.lead.q * self.lead.k * self.width
        if entries <= self.SMALL:
            return True
        met = np.zeros(self.lead.q)
        for pair, factor in zip(self.pairs, self.rest, strict=True):
            met += np.bincount(pair.first, minlength=self.lead.q) * factor.k
        sparse_work = self.lead.k * float(met @ met)
        return entries < 5e7 and entries * self.width < self.SPARSE_COST * sparse_work

    def _cut(self) -> Pieces:
        """Split the rest into parts without a common level of the leading factor; pack small ones."""
        from scipy.sparse.csgraph import connected_components  # few designs need it

        starts = np.concatenate([[0], np.cumsum([factor.q for factor in self.rest])])
        tied_lead = np.concatenate([pair.first for pair in self.pairs])
        tied_rest = np.concatenate(
            [pair.second + start for pair, start in zip(self.pairs, starts, strict=False)]
        )
        nodes = self.lead.q + int(starts[-1])
        links = coo_array(
            (np.ones(len(tied_lead)), (tied_lead, tied_rest + self.lead.q)), shape=(nodes, nodes)
        )
        part_of_level = connected_components(links, directed=False)[1][self.lead.q :]
        k_of = np.repeat([factor.k for factor in self.rest], [factor.q for factor in self.rest])
        part = np.repeat(part_of_level, k_of).astype(np.intp)
        # Within a piece, columns with many entries first; those of one level stay together.
        met = np.repeat(np.bincount(tied_rest, minlength=int(starts[-1])), k_of)
        return Pieces.of(part, np.lexsort((-met, part)))

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
        # The parts are in order already, which a stable sort makes use of.
        order = np.argsort(level * np.intp(self.width) + column, kind="stable")
        return level[order], column[order], order

    def columns(self, f: int) -> Index:
        """Columns of the rest that belong to its factor ``f``, shape (levels, k)."""
        return self._columns[f]

    @cached_property
    def slots(self) -> list[Index]:
        """Where the columns of each factor of the rest stand in the pieces, (levels, k)."""
        return [self.pieces.slot[columns] for columns in self._columns]

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
        met = [
            pair.sums(self.lead, factor, weights) for pair, factor in zip(self.pairs, self.rest, strict=True)
        ]
        return Sums(
            lead=self.lead.blocks(weights),
            cross=self.cross_values(met),
            rest=self.rest_block.sums(weights),
            lead_d=self.lead_sums(weighted),
            rest_d=self.rest_sums(weighted),
            dd=D.T @ weighted,
        )

    def lead_sums(self, D: Array) -> Array:
        """``lead'D``, shape (q, k, d)."""
        return level_sums(self.lead, D)

    def rest_sums(self, D: Array) -> Array:
        """``rest'D``, shape (R, d)."""
        parts = [level_sums(factor, D).reshape(factor.q * factor.k, -1) for factor in self.rest]
        return np.concatenate(parts) if parts else np.zeros((0, D.shape[1]))

    def cross_values(self, met: Sequence[Array]) -> Array:
        """The cross-block of the sums (pairs, k, k') over the levels of the leading factor and each other that meet."""
        k = self.lead.k
        if not self.rest:
            return np.zeros((self.lead.q, k, 0))
        values = np.empty((len(self.cross_order), k))
        for a in range(k):
            values[:, a] = np.concatenate([own[:, a].ravel() for own in met])[self.cross_order]
        if not self.dense:
            return values
        full = np.zeros((self.lead.q, k, self.width))
        full[self.cross_level, :, self.cross_column] = values
        return full

    def z_dot(self, sums: Sums, lead: Array, rest: Array) -> tuple[Array, Array]:
        """``Z'Z w`` for ``w`` given as ``(q, k, d)`` and ``(R, d)``, in the same two parts."""
        out = sums.lead @ lead
        if not self.rest:
            return out, rest
        below = self.rest_block.dot(sums.rest, rest) + self.cross.transposed_dot(sums.cross, lead)
        return out + self.cross.dot(sums.cross, rest), below


def _pairs_of(factors: list[GroupingFactor]) -> dict[tuple[int, int], LevelPairs]:
    """The levels of each two factors that meet in some row."""
    numbers = range(len(factors))
    return {(f, g): LevelPairs.of(factors[f], factors[g]) for f in numbers for g in numbers[f + 1 :]}


def level_sums(factor: GroupingFactor, D: Array) -> Array:
    """``Z'D`` for one factor, shape (q, k, d)."""
    out = np.empty((factor.q, factor.k, D.shape[1]))
    for a in range(factor.k):
        for j in range(D.shape[1]):
            out[:, a, j] = np.bincount(factor.codes, factor.Z[:, a] * D[:, j], factor.q)
    return out


def rest_pattern(layout: Layout) -> csr_array:
    """Where ``rest'rest``, or the square of the cross-block, has entries."""
    ones = np.ones(len(layout.cross_level))
    shape = (layout.lead.q, layout.width)
    met = csr_array(coo_array((ones, (layout.cross_level, layout.cross_column)), shape=shape))
    own = block_diag([kron(eye_array(factor.q), np.ones((factor.k, factor.k))) for factor in layout.rest])
    pattern = met.T @ met + csr_array(own)
    for (f, g), pair in layout.rest_pairs.items():
        rows = layout.columns(f)[pair.first][:, :, None]
        columns = layout.columns(g)[pair.second][:, None, :]
        rows, columns = (part.ravel() for part in np.broadcast_arrays(rows, columns))
        meets = coo_array((np.ones(len(rows)), (rows, columns)), shape=(layout.width, layout.width))
        pattern = pattern + meets + meets.T
    return csr_array(pattern)
