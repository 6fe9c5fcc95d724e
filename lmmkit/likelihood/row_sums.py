"""Sums over the rows of a design for many weightings and many values at once, as products with sparse matrices.

Arrays have the responses on their last axis, so that what is done to one row is done to all responses in one go.

Shapes: ``n`` rows; ``B`` responses; ``q`` levels and ``k`` columns of the leading factor; ``R`` columns of the
rest.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from ..crossprod.factors import GroupingFactor
from ..crossprod.layout import Layout
from ..numerics.arrays import Array, Index

__all__ = ["ByColumn", "Grams", "RowSums"]


class ByColumn(NamedTuple):
    """One number for each column of ``Z`` and response: ``lead`` (q, k, B) and ``rest`` (R, B)."""

    lead: Array
    rest: Array

    def plus(self, other: ByColumn, share: Array | float = 1.0) -> ByColumn:
        """The sum with a share of another one."""
        return ByColumn(self.lead + share * other.lead, self.rest + share * other.rest)

    def dot(self, other: ByColumn) -> Array:
        """Inner products, (B,)."""
        lead = np.einsum("qkb,qkb->b", self.lead, other.lead)
        return np.asarray(lead + np.einsum("rb,rb->b", self.rest, other.rest))

    def take(self, which: Index) -> ByColumn:
        """Some of the responses."""
        return ByColumn(self.lead[..., which], self.rest[..., which])


class Grams(NamedTuple):
    """``Z'WZ``: ``lead`` (q, k, k, B), ``cross`` (q, k, R, B) and ``rest`` (R, R, B)."""

    lead: Array
    cross: Array
    rest: Array


class RowSums:
    """The columns of ``Z`` and their products two and two, as sparse matrices over the rows.

    Parameters
    ----------
    layout : Layout
    """

    def __init__(self, layout: Layout) -> None:
        lead = layout.lead
        self.q, self.k, self.R, self.n = lead.q, lead.k, layout.width, len(lead.codes)
        self.rest_levels = [factor.q for factor in layout.rest]
        self._lead = columns(lead)
        parts = [columns(factor) for factor in layout.rest]
        self._rest = csr_array(vstack(parts)) if parts else csr_array((0, self.n))
        self._own = _products(lead, columns(lead).T.tocsr(), self.k, lead.codes * self.k)
        #: Products of the leading factor's columns with the rest's, and of the rest's with each other.
        self._met = _products(lead, self._rest.T.tocsr(), self.R, None)
        self._below = _row_products(self._rest.T.tocsr(), self.R)

    @cached_property
    def _back(self) -> tuple[csr_array, ...]:
        """The matrices the other way round: from columns to rows."""
        every = (self._lead, self._rest, self._own, self._met, self._below)
        return tuple(csr_array(matrix.T) for matrix in every)

    def sums(self, values: Array) -> ByColumn:
        """``Z'v`` of values (n, B)."""
        lead = (self._lead @ values).reshape(self.q, self.k, -1)
        return ByColumn(lead, np.asarray(self._rest @ values))

    def rows(self, effects: ByColumn) -> Array:
        """``Z b``, (n, B)."""
        lead, rest, *_ = self._back
        out = lead @ effects.lead.reshape(self.q * self.k, -1)
        return np.asarray(out + rest @ effects.rest if self.R else out)

    def grams(self, weights: Array) -> Grams:
        """``Z'WZ`` for weights (n, B)."""
        q, k, R = self.q, self.k, self.R
        own = (self._own @ weights).reshape(q, k, k, -1)
        if not R:
            nothing = np.zeros((q, k, 0, weights.shape[1]))
            return Grams(own, nothing, np.zeros((0, 0, weights.shape[1])))
        met = (self._met @ weights).reshape(q, k, R, -1)
        return Grams(own, met, (self._below @ weights).reshape(R, R, -1))

    def quadratic(self, blocks: Grams) -> Array:
        """``z_i' K z_i`` of each row, (n, B), for a symmetric ``K`` given where rows have columns."""
        _, _, own, met, below = self._back
        B = blocks.lead.shape[-1]
        out = own @ blocks.lead.reshape(-1, B)
        if self.R:
            out = out + 2 * (met @ blocks.cross.reshape(-1, B)) + below @ blocks.rest.reshape(-1, B)
        return np.asarray(out)


def columns(factor: GroupingFactor) -> csr_array:
    """``Z'`` of one grouping factor, (q k, n)."""
    n = len(factor.codes)
    rows = (factor.codes[:, None] * factor.k + np.arange(factor.k)).ravel()
    shape = (factor.q * factor.k, n)
    return csr_array((factor.Z.ravel(), (rows, np.repeat(np.arange(n), factor.k))), shape=shape)


def _products(lead: GroupingFactor, other: csr_array, width: int, base: Index | None) -> csr_array:
    """Each row's leading columns times its columns in ``other`` (n, ...), to be summed: (q k width, n).

    ``base`` is subtracted from the row's columns, where they are those of its own level.
    """
    n, counts = len(lead.codes), np.diff(other.indptr)
    row = np.repeat(np.arange(n), counts)
    place = other.indices - (0 if base is None else np.repeat(base, counts))
    parts, wheres = [], []
    for a in range(lead.k):
        parts.append(lead.Z[row, a] * other.data)
        wheres.append((lead.codes[row] * lead.k + a) * width + place)
    where, value = np.concatenate(wheres), np.concatenate(parts)
    return csr_array((value, (where, np.tile(row, lead.k))), shape=(lead.q * lead.k * width, n))


def _row_products(rest: csr_array, width: int) -> csr_array:
    """All products of a row's columns two and two, to be summed: (width width, n)."""
    n, counts = rest.shape[0], np.diff(rest.indptr)
    most = int(counts.max(initial=0))
    where: list[Index] = [np.zeros(0, dtype=np.intp)]
    value: list[Array] = [np.zeros(0)]
    row: list[Index] = [np.zeros(0, dtype=np.intp)]
    for a in range(most):
        for b in range(most):
            have = np.flatnonzero(counts > max(a, b))
            first, second = rest.indptr[have] + a, rest.indptr[have] + b
            where.append(rest.indices[first] * np.intp(width) + rest.indices[second])
            value.append(rest.data[first] * rest.data[second])
            row.append(have)
    places = (np.concatenate(where), np.concatenate(row))
    return csr_array((np.concatenate(value), places), shape=(width * width, n))
