"""What is summed over the rows again and again, for ever new weights, as products with sparse matrices made once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from ..numerics.arrays import Array, Index
from .layout import Layout, Sums, level_sums
from .rest import DenseRest

__all__ = ["Passes", "passes_of"]

NOTHING = np.zeros((0, 0, 0))


class Passes:
    """Sums over the rows of a design, and values spread over them.

    Parameters
    ----------
    layout : Layout

    Notes
    -----
    With a single grouping factor counting level by level is as fast, and so it is where a row has very many products
    or few of the entries are met.
    """

    #: Products of all rows beyond which no matrix of them is made.
    MOST = 4_000_000
    #: Entries of ``Z'Z`` for each product of a row, beyond which too many are zero.
    SPREAD = 4
    #: Entries of the leading factor's ``Z`` up to which its zeros are no matter.
    FEW = 10_000

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._stops = np.cumsum([factor.q * factor.k for factor in layout.factors])
        self._own = [
            (slice(int(stop) - factor.q * factor.k, int(stop)), (factor.q, factor.k))
            for factor, stop in zip(layout.factors, self._stops, strict=True)
        ]
        q, k = layout.lead.q, layout.lead.k
        self._no_columns = np.empty((q, k, 0)), np.empty((layout.width, 0)), np.empty((0, 0))
        self._sizes = self._entries()
        self._products = self._all_products() if self._worth_it() else None
        if layout.rest:
            Z = np.concatenate([factor.Z for factor in layout.factors], axis=1)
            lead, rest = self._columns()
            columns = np.concatenate([lead, rest + int(self._stops[0])], axis=1)
            self._back = _by_rows(Z, columns, int(self._stops[-1]))
            self._forth = csr_array(self._back.T)

    def sums(self, values: Array) -> list[Array]:
        """``Z'v`` for one value per row: one (levels, k) array per grouping factor.

        Parameters
        ----------
        values : array of shape (n,)
        """
        if not self.layout.rest:
            lead = self.layout.lead
            if lead.is_intercept:
                return [np.bincount(lead.codes, values, lead.q).astype(float, copy=False)[:, None]]
            out = np.empty((lead.q, lead.k))
            for a, column in enumerate(lead.Z.T):
                out[:, a] = np.bincount(lead.codes, column * values, lead.q)
            return [out]
        flat = self._forth @ values
        return [flat[own].reshape(shape) for own, shape in self._own]

    def column_sums(self, D: Array) -> tuple[Array, Array]:
        """``Z'D``: the leading factor's (q, k, d) and the rest's (R, d).

        Parameters
        ----------
        D : array of shape (n, d)
        """
        if not self.layout.rest:
            return self._lead_sums(D), np.zeros((0, D.shape[1]))
        flat, (lead, shape) = self._forth @ D, self._own[0]
        return flat[lead].reshape(*shape, -1), flat[lead.stop :]

    def _lead_sums(self, D: Array) -> Array:
        """Of a small design by one product, which is faster than counting column by column."""
        lead = self.layout.lead
        if lead.q * lead.Z.size > self.FEW:
            return level_sums(lead, D)
        return np.asarray((self._dense @ D).reshape(lead.q, lead.k, D.shape[1]))

    @cached_property
    def _dense(self) -> Array:
        """``Z'`` of the leading factor with all its zeros, (q k, n)."""
        lead, n = self.layout.lead, len(self.layout.lead.codes)
        out = np.zeros((n, lead.q, lead.k))
        out[np.arange(n), lead.codes] = lead.Z
        return out.reshape(n, lead.q * lead.k).T

    def rows(self, effects: list[Array]) -> Array:
        """``Z b``, shape (n,).

        Parameters
        ----------
        effects : list of arrays (levels, k)
            One per grouping factor.
        """
        if self.layout.rest:
            return np.asarray(self._back @ np.concatenate([part.ravel() for part in effects]))
        lead, part = self.layout.lead, effects[0]
        if lead.is_intercept:
            return np.asarray(part.ravel()[lead.codes])
        total = np.zeros(len(lead.codes))
        for a in range(lead.k):
            total += lead.Z[:, a] * part[:, a][lead.codes]
        return total

    def grams(self, weights: Array) -> Sums:
        """``Z'WZ``.

        Parameters
        ----------
        weights : array of shape (n,)
        """
        layout = self.layout
        if not layout.rest:
            return self._sums(layout.lead.blocks(weights), NOTHING, NOTHING)
        if self._products is None:
            return layout.sums(np.empty((len(weights), 0)), weights)
        flat, (lead, cross, _) = self._products @ weights, self._sizes
        (q, k), pieces = (layout.lead.q, layout.lead.k), layout.pieces.shape
        return self._sums(
            flat[:lead].reshape(q, k, k),
            flat[lead : lead + cross].reshape((q, k, -1) if layout.dense else (-1, k)),
            flat[lead + cross :].reshape(pieces[0], pieces[1], pieces[1]),
        )

    def _sums(self, lead: Array, cross: Array, rest: Array) -> Sums:
        """With no other columns than those of ``Z``."""
        return Sums(lead, cross, rest, *self._no_columns)

    @property
    def knows_products(self) -> bool:
        """Whether each row's products are at hand, for :meth:`quadratic`."""
        return self._products is not None

    def quadratic(self, lead: Array, cross: Array, rest: Array) -> Array:
        """``z_i' K z_i`` of each row, shape (n,), for a symmetric ``K`` given where ``Z'Z`` has entries.

        Parameters
        ----------
        lead, cross, rest : arrays
            Of the same shapes as in :meth:`grams`.
        """
        both = np.concatenate([lead.ravel(), 2 * cross.ravel(), rest.ravel()])
        return np.asarray(self._products_back @ both)

    @cached_property
    def _products_back(self) -> csr_array:
        """From the entries to the rows."""
        assert self._products is not None
        return csr_array(self._products.T)

    def _entries(self) -> tuple[int, int, int]:
        """How many numbers the three parts of ``Z'WZ`` have."""
        lead, (count, m) = self.layout.lead, self.layout.pieces.shape
        cross = lead.q * self.layout.width if self.layout.dense else len(self.layout.cross_level)
        return lead.q * lead.k**2, cross * lead.k, count * m * m

    def _worth_it(self) -> bool:
        n, k = self.layout.lead.Z.shape
        met = sum(factor.k for factor in self.layout.rest)
        products = n * (k * k + k * met + met * met)
        fits = products <= self.MOST and sum(self._sizes) <= self.SPREAD * products
        return bool(met) and fits and isinstance(self.layout.rest_block, DenseRest)

    def _columns(self) -> tuple[Index, Index]:
        """Each row's columns of the leading factor, (n, k), and of the rest, (n, ...)."""
        lead = self.layout.lead
        met = [self.layout.columns(f)[factor.codes] for f, factor in enumerate(self.layout.rest)]
        return lead.codes[:, None] * lead.k + np.arange(lead.k), np.concatenate(met, axis=1)

    def _all_products(self) -> csr_array:
        """Each row's products of two columns at their places in ``Z'WZ``, to be summed: (entries, n)."""
        layout = self.layout
        n, k = layout.lead.Z.shape
        left, right = layout.lead.Z, np.concatenate([factor.Z for factor in layout.rest], axis=1)
        lead, rest = self._columns()
        slot, m = layout.pieces.slot[rest], layout.pieces.shape[1]
        of_lead = lead[:, :, None] * k + np.arange(k)
        of_rest = slot[:, :, None] * m + slot[:, None, :] % m
        places = [of_lead, self._of_cross(lead, rest) + self._sizes[0], of_rest + sum(self._sizes[:2])]
        values = [left[:, :, None] * left[:, None, :], left[:, :, None] * right[:, None, :]]
        values.append(right[:, :, None] * right[:, None, :])
        flat = [np.concatenate([part.reshape(n, -1) for part in parts], axis=1) for parts in (values, places)]
        return csr_array(_by_rows(flat[0], flat[1], sum(self._sizes)).T)

    def _of_cross(self, lead: Index, rest: Index) -> Index:
        """Places of a row's products within the cross-block, (n, k, ...)."""
        layout = self.layout
        if layout.dense:
            return lead[:, :, None] * layout.width + rest[:, None, :]
        sorted_place = np.empty_like(layout.cross_order)
        sorted_place[layout.cross_order] = np.arange(len(sorted_place))
        met, start = [], 0
        for pair, factor in zip(layout.pairs, layout.rest, strict=True):
            met.append(start + pair.of_row[:, None] * factor.k + np.arange(factor.k))
            start += len(pair.first) * factor.k
        entry = sorted_place[np.concatenate(met, axis=1)]
        return entry[:, None, :] * layout.lead.k + np.arange(layout.lead.k)[:, None]


def passes_of(layout: Layout) -> Passes:
    """The passes of a layout, made once.

    Parameters
    ----------
    layout : Layout
    """
    if Passes not in layout.made:
        layout.made[Passes] = Passes(layout)
    made: Passes = layout.made[Passes]
    return made


def _by_rows(values: Array, columns: Index, width: int) -> csr_array:
    """A sparse matrix with the same number of entries in each row."""
    starts = np.arange(0, values.size + 1, values.shape[1])
    return csr_array((values.ravel(), columns.ravel(), starts), shape=(len(values), width))
