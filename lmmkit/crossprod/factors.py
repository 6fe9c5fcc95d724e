"""Grouping factors: the terms that share one, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..design.design import RandomTerm
from ..numerics.arrays import Array, Index


@dataclass(frozen=True)
class GroupingFactor:
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


def factors_of(terms: Sequence[RandomTerm], columns: Sequence[Array] | None = None) -> list[GroupingFactor]:
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
        factors.append(
            GroupingFactor(first.codes, len(first.levels), left, tuple(zip(members, slices, strict=True)))
        )
    return sorted(factors, key=lambda factor: -factor.q * factor.k)
