"""A large sparse cross-block, its columns cut into panels: what is dense of them is multiplied as dense.

In a table of ratings a few films hold most of the entries, and a few viewers have seen most films. With the
columns sorted by frequency and the levels by how busy they are, the entries crowd in one corner. Each panel of
columns has so many of the busiest levels in it that are worth a dense product; entries of the other levels,
its strays, are multiplied as sparse ones. Panels are narrow, so that what a sparse product gathers stays in cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ..numerics.arrays import Array, Index
from .blocks import SparseCross
from .pieces import Pieces

__all__ = ["PanelCross"]


@dataclass(frozen=True)
class Panel:
    """Some neighbouring columns of the cross-block, and where its entries stand.

    Attributes
    ----------
    places : slice
        Its columns among the places of the piece.
    rows : int
        So many of the busiest levels are multiplied as dense.
    entries, at : arrays
        Which values are its own, and where each stands in the flattened panel; none where no panel is made.
    strays : array
        Which values belong to other levels than those, column by column.
    stray_rows, stray_starts : arrays
        Their levels, and where each column's begin: the transposed panel in compressed rows.
    """

    places: slice
    rows: int
    entries: Index
    at: Index
    strays: Index
    stray_rows: Index
    stray_starts: Index

    @classmethod
    def of(cls, places: slice, entries: Index, row: Index, column: Index, rows: int | None) -> Panel:
        """The panel of these entries, sorted by column; with None for ``rows`` it is not made."""
        width, stray = places.stop - places.start, row >= (rows or 0)
        counts = np.bincount(column[stray], minlength=width)
        own = slice(0, 0 if rows is None else None)
        return cls(
            places=places,
            rows=rows or 0,
            entries=entries[own],
            at=(row * width + column)[own],
            strays=entries[stray],
            stray_rows=row[stray].astype(np.int32),
            stray_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        )

    @property
    def width(self) -> int:
        """Its number of columns."""
        return int(self.places.stop - self.places.start)


#: A panel of one row of every level: the panel itself (q, width) if it is made, and its strays (width, q).
Filled = tuple[Array | None, csr_array]


class PanelCross(SparseCross):
    """A sparse cross-block with many entries whose rest is a single piece.

    Attributes
    ----------
    panels : list of Panel
        The last one may hold all columns that are not worth a panel, every entry a stray.
    """

    WIDTH = 256
    #: Cost of a multiplication, relative to a dense product's (measured): sparse with dense, sparse with sparse.
    MIXED, SPARSE = 20.0, 150.0
    #: And that of making one entry of a panel.
    FILLING = 60.0

    def __init__(self, level: Index, column: Index, q: int, k: int, pieces: Pieces) -> None:
        super().__init__(level, column, q, k, pieces)
        busy = np.empty(q, dtype=np.intp)
        busy[np.argsort(-np.bincount(level, minlength=q), kind="stable")] = np.arange(q)
        row, place = busy[level], self.slot[column]
        order = np.argsort(place * np.intp(q) + row)
        starts = np.arange(0, self.m, self.WIDTH)
        bounds = np.append(starts, self.m)
        parts = np.split(order, np.searchsorted(place[order], starts[1:]))
        counts = [np.bincount(row[own], minlength=q) for own in parts]
        rows, costs = self._dense_rows(starts, counts)
        made = self._made(starts, counts, costs)
        self.panels = [
            Panel.of(slice(int(start), int(stop)), own, row[own], place[own] - start, dense)
            for start, stop, own, dense in zip(starts[:made], bounds[1:], parts, rows, strict=False)
        ]
        if made < len(parts):
            start, own = int(starts[made]), np.concatenate(parts[made:])
            self.panels.append(Panel.of(slice(start, self.m), own, row[own], place[own] - start, None))

    def _dense_rows(self, starts: Index, counts: list[Index]) -> tuple[list[int], list[float]]:
        """How many levels of each panel are best multiplied as dense, and what the panel costs then."""
        rows, costs = [], []
        for start, count in zip(starts, counts, strict=True):
            width = min(self.WIDTH, self.m - start)
            strays = count.sum() - np.concatenate([[0], np.cumsum(count)])
            work = width * np.arange(self.q + 1) + self.MIXED * strays
            rows.append(int(work.argmin()))
            costs.append(float(work.min()) * (start + width) + self.FILLING * self.q * width)
        return rows, costs

    def _made(self, starts: Index, counts: list[Index], costs: list[float]) -> int:
        """How many panels are worth being made."""
        best, made, strays = sum(costs), len(starts), np.zeros(self.q)
        for number in range(len(starts) - 1, -1, -1):
            strays += counts[number]
            left = self.MIXED * strays.sum() * starts[number] + self.SPARSE * float(strays @ strays)
            if sum(costs[:number]) + left < best:
                best, made = sum(costs[:number]) + left, number
        return made

    def _filled(self, values: Array, a: int) -> list[Filled]:
        """The panels of row ``a`` of every level."""
        filled: list[Filled] = []
        for panel in self.panels:
            pattern = (values[panel.strays, a], panel.stray_rows, panel.stray_starts)
            strays = csr_array(pattern, shape=(panel.width, self.q))
            dense = None
            if len(panel.entries):
                dense = np.zeros((self.q, panel.width))
                dense.ravel()[panel.at] = values[panel.entries, a]
            filled.append((dense, strays))
        return filled

    def _products(self, left: list[Filled], right: list[Filled]) -> Iterator[tuple[slice, slice, Array]]:
        """``left' right`` block by block, on the diagonal and below it: places of its rows and columns, and itself."""
        for number, (panel, (dense, strays)) in enumerate(zip(self.panels, left, strict=True)):
            for other_panel, (other, other_strays) in zip(self.panels[: number + 1], right, strict=False):
                if other is None:
                    block = (strays @ other_strays.T).toarray()
                else:
                    block = strays @ other
                    if dense is not None:
                        block += dense[: panel.rows].T @ other[: panel.rows]
                yield panel.places, other_panel.places, block

    def lower_gram(self, values: Array) -> Iterator[tuple[slice, slice, Array]]:
        """Blocks of ``values' values`` on the diagonal and below it, whose sum it is: rows, columns, and itself."""
        for a in range(self.k):
            filled = self._filled(values, a)
            yield from self._products(filled, filled)

    def gram(self, values: Array) -> Array:
        total = np.zeros((1, self.m, self.m))
        for rows, columns, block in self.lower_gram(values):
            total[0, rows, columns] += block
            if rows != columns:
                total[0, columns, rows] += block.T
        return total

    def inner(self, values: Array, weight: Array) -> Array:
        W, sums = weight[0], np.empty((self.k, self.k))
        for a in range(self.k):
            filled = self._filled(values, a)
            for b in range(a + 1):
                same = a == b
                other = filled if same else self._filled(values, b)
                total = 0.0
                for rows, columns, block in self._products(filled, other):
                    below = float(np.einsum("ij,ij->", block, W[rows, columns]))
                    total += 2 * below if same and rows != columns else below
                if not same:  # what stands above the diagonal
                    for rows, columns, block in self._products(other, filled):
                        if rows != columns:
                            total += float(np.einsum("ij,ij->", block, W[rows, columns]))
                sums[a, b] = sums[b, a] = total
        return sums
