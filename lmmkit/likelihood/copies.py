"""Neighbours of a point that differ in the fixed part only, as so many copies of the data one below the other.

With a single grouping factor copies have no level in common: one pass over all of them costs little more than one
over the data, where these are small.
"""

from __future__ import annotations

import numpy as np

from ..crossprod.blocks import times
from ..crossprod.factors import GroupingFactor
from ..crossprod.layout import Layout
from ..crossprod.passes import passes_of
from ..numerics.arrays import Array
from .laplace import LaplacePoint
from .pirls import Effects, ModeSearch, Observations

__all__ = ["copied_search", "followed_along", "suits"]

#: Rows of all copies beyond which nothing is gained.
MOST = 50_000


def suits(layout: Layout, copies: int) -> bool:
    """Whether so many copies are worked on at once.

    Parameters
    ----------
    layout : Layout
    copies : int
    """
    return not layout.rest and copies > 1 and copies * len(layout.lead.codes) <= MOST


def copied_search(point: LaplacePoint, changes: Array) -> ModeSearch:
    """The search for the modes where the fixed part is changed by each column, with the roots of a point.

    Parameters
    ----------
    point : LaplacePoint
    changes : array of shape (n, c)
        A copy for each column.
    """
    search, lead, c = point.search, point.layout.lead, changes.shape[1]
    codes = lead.codes + lead.q * np.arange(c)[:, None]
    factor = GroupingFactor(codes.ravel(), c * lead.q, np.concatenate([lead.Z] * c), lead.terms)
    y, weights, family = search.rows
    y, weights = np.concatenate([y] * c), None if weights is None else np.concatenate([weights] * c)
    rows = Observations(y, weights, family)
    return ModeSearch(Layout([factor]), rows, (search.fixed + changes.T).ravel(), search.roots)


def followed_along(point: LaplacePoint, changes: Array) -> Effects:
    """Where the modes go, to first order, in each copy.

    Parameters
    ----------
    point : LaplacePoint
    changes : array of shape (n, c)
    """
    lead, root = point.layout.lead, point.search.roots[0]
    sums, _ = passes_of(point.layout).column_sums(point.mode.rows[2][:, None] * changes)
    steps = point.newton.solve_spherical(times(root.T, sums), np.zeros((0, changes.shape[1])))[0]
    moved = point.mode.u[0][:, :, None] + steps
    return [np.moveaxis(moved, 2, 0).reshape(-1, lead.k)]
