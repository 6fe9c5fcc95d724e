"""Posterior variances of the random effects, and of each row's linear predictor, without any n x q matrix.

Only effects that meet in some row matter for a row's variance. Those are the blocks on the pattern of
``Z'Z``, so the dense inverse of the whole system is never formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..numerics.arrays import Array, Index
from .blocks import ListedCross
from .factors import GroupingFactor
from .layout import Layout


@dataclass(frozen=True)
class Variances:
    """Blocks of ``K = Lambda (Lambda'Z'WZ Lambda + I)^-1 Lambda'``, the effects' covariance given the data.

    Attributes
    ----------
    own : list of arrays (levels, k, k)
        Per grouping factor, the leading one first: each level with itself.
    with_lead : list of arrays (pairs, k_lead, k)
        Per factor of the rest: levels of the leading factor with the levels they meet.
    between : dict of arrays (pairs, k_f, k_g)
        Per pair of factors of the rest.
    """

    own: list[Array]
    with_lead: list[Array]
    between: dict[tuple[int, int], Array]


class VariancePattern:
    """The pattern of ``Z'Z``, on which the blocks of :class:`Variances` stand; made once per layout.

    Parameters
    ----------
    layout : Layout
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def variances(self, lead: Array, image: Array, B: Array) -> Variances:
        """All blocks at once.

        Parameters
        ----------
        lead : array of shape (q, k, k)
            ``A = T M^-1 T'`` per level of the leading factor, the rest left out.
        image : array
            ``A lead'W rest``, as cross-block values.
        B : array of shape (c, m, m)
            The rest's own block of ``K``.
        """
        layout = self.layout
        if not layout.rest:
            return Variances([lead], [], {})
        spread, correction = self.multiply(image, B)
        own = [lead + correction, *(self._blocks(B, layout.columns(f)) for f in range(len(layout.rest)))]
        between = {
            (f, g): self._blocks(B, layout.columns(f)[pair.first], layout.columns(g)[pair.second])
            for (f, g), pair in layout.rest_pairs.items()
        }
        return Variances(own, [-self._cross_blocks(spread, f) for f in range(len(layout.rest))], between)

    def leverages(self, variances: Variances) -> Array:
        """``z_i' K z_i`` for every row: the variance of its linear predictor given the data, shape (n,)."""
        layout = self.layout
        total = np.zeros(len(layout.lead.codes))
        for factor, block in zip(layout.factors, variances.own, strict=True):
            total += quadratic(factor, block)
        for factor, block, pair in zip(layout.rest, variances.with_lead, layout.pairs, strict=True):
            total += 2 * _quadratic(layout.lead, block, factor, pair.of_row)
        for (f, g), pair in layout.rest_pairs.items():
            total += 2 * _quadratic(layout.rest[f], variances.between[f, g], layout.rest[g], pair.of_row)
        return total

    def _blocks(self, B: Array, rows: Index, columns: Index | None = None) -> Array:
        """Entries of the stacked ``B`` for lists of (levels, k) rows and columns of the rest."""
        slot, m = self.layout.pieces.slot, self.layout.pieces.shape[1]
        right = slot[rows if columns is None else columns] % m
        return np.asarray(B.ravel()[slot[rows][:, :, None] * m + right[:, None, :]])

    def multiply(self, image: Array, B: Array) -> tuple[Array, Array]:
        """``image B`` on the pattern of the cross-block, and ``image B image'`` per level.

        Parameters
        ----------
        image, B : arrays
            As in :meth:`variances`.
        """
        if self.layout.dense:
            q, k, width = image.shape
            spread = (image.reshape(q * k, width) @ B[0]).reshape(q, k, width)
            return spread, np.einsum("qaj,qbj->qab", spread, image)
        if isinstance(self.layout.cross, ListedCross):
            return self._multiply_by_list(image, B, self.layout.cross)
        return self._multiply_by_slabs(image, B)

    def _multiply_by_list(self, image: Array, B: Array, cross: ListedCross) -> tuple[Array, Array]:
        flat, k, q = B.ravel()[cross.place], self.layout.lead.k, self.layout.lead.q
        spread = np.add.reduceat(flat[:, None] * image[cross.second], cross.runs, axis=0)
        correction = np.empty((q, k, k))
        for a in range(k):
            for b in range(k):
                correction[:, a, b] = np.bincount(cross.level, spread[:, a] * image[:, b], q)
        return spread, correction

    def _multiply_by_slabs(self, image: Array, B: Array) -> tuple[Array, Array]:
        """Whole rows of the cross-block, a slab of levels at a time so that memory stays small."""
        layout = self.layout
        q, k = layout.lead.q, layout.lead.k
        spread, correction = np.empty_like(image), np.empty((q, k, k))
        flat = layout.pieces.matrix(B)
        slab = max(1, int(2e6 // (layout.width * k)))
        for start in range(0, q, slab):
            stop = min(q, start + slab)
            first, last = np.searchsorted(layout.cross_level, [start, stop])
            level, column = layout.cross_level[first:last] - start, layout.cross_column[first:last]
            rows = np.zeros((stop - start, k, layout.width))
            rows[level, :, column] = image[first:last]
            product = (rows.reshape(-1, layout.width) @ flat).reshape(rows.shape)
            spread[first:last] = product[level, :, column]
            correction[start:stop] = product @ rows.transpose(0, 2, 1)
        return spread, correction

    def _cross_blocks(self, values: Array, f: int) -> Array:
        """Cross-block values of the levels that meet in factor ``f`` of the rest, (pairs, k_lead, k)."""
        layout = self.layout
        pair = layout.pairs[f]
        if layout.dense:
            columns = layout.columns(f)[pair.second]
            return np.asarray(values[pair.first[:, None], :, columns].transpose(0, 2, 1))
        return np.asarray(values[self._places[f]].transpose(0, 2, 1))

    @cached_property
    def _places(self) -> list[Index]:
        """For each factor of the rest, where its pairs' entries stand in the cross-block, (pairs, k)."""
        layout = self.layout
        place = np.empty_like(layout.cross_order)
        place[layout.cross_order] = np.arange(len(place))
        sizes = [len(pair.first) * factor.k for pair, factor in zip(layout.pairs, layout.rest, strict=True)]
        parts = np.split(place, np.cumsum(sizes)[:-1])
        return [part.reshape(-1, factor.k) for part, factor in zip(parts, layout.rest, strict=True)]


def quadratic(factor: GroupingFactor, blocks: Array) -> Array:
    """``z_i' block z_i`` of each row, (n,), for a block (k, k) of each level."""
    return _quadratic(factor, blocks, factor, factor.codes)


def _quadratic(left: GroupingFactor, blocks: Array, right: GroupingFactor, of_row: Index) -> Array:
    """``z_i' block z_i`` per row."""
    if left.is_intercept and right.is_intercept:
        return np.asarray(blocks[:, 0, 0][of_row])
    if left.k == right.k == 1:
        return left.Z[:, 0] * blocks[:, 0, 0][of_row] * right.Z[:, 0]
    return np.asarray(np.einsum("na,nab,nb->n", left.Z, blocks[of_row], right.Z))
