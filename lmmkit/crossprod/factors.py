"""Grouping factors: the terms that share one, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from ..design.design import RandomTerm
from ..numerics.arrays import Array, Index

#: Pairs of levels that may occur, for each row, up to which all of them are counted.
LISTED = 10


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

    @classmethod
    def without_effects(cls, n: int) -> GroupingFactor:
        """One level without any effects, for a model that has no random effects."""
        return cls(np.zeros(n, dtype=np.intp), 1, np.empty((n, 0)), ())

    @cached_property
    def k(self) -> int:
        """Columns per level."""
        return int(self.Z.shape[1])

    @cached_property
    def is_intercept(self) -> bool:
        """Whether its only column is one everywhere."""
        return self.k == 1 and bool((self.Z == 1).all())

    def blocks(self, weights: Array | None) -> Array:
        """The block diagonal of ``Z'W Z``, shape (q, k, k)."""
        if self.is_intercept:
            return np.bincount(self.codes, weights, self.q).astype(float, copy=False)[:, None, None]
        out = np.empty((self.q, self.k, self.k))
        for a in range(self.k):
            left = self.Z[:, a] if weights is None else self.Z[:, a] * weights
            for b in range(a + 1):
                out[:, a, b] = out[:, b, a] = np.bincount(self.codes, left * self.Z[:, b], self.q)
        return out


@dataclass(frozen=True)
class LevelPairs:
    """The levels of two grouping factors that meet in some row.

    Attributes
    ----------
    first, second : arrays of shape (pairs,)
        Level of the one factor and of the other.
    of_row : array of shape (n,)
        Which pair each row belongs to.
    """

    first: Index
    second: Index
    of_row: Index

    @classmethod
    def of(cls, a: GroupingFactor, b: GroupingFactor) -> LevelPairs:
        """All pairs that occur."""
        keys = a.codes * np.intp(b.q) + b.codes
        if a.q * b.q > LISTED * len(keys):
            met, of_row = np.unique(keys, return_inverse=True)
        else:  # counting is faster than sorting
            occurs = np.bincount(keys, minlength=a.q * b.q) > 0
            met, of_row = np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[keys]
        return cls(met // b.q, met % b.q, of_row)

    def sums(self, a: GroupingFactor, b: GroupingFactor, weights: Array | None) -> Array:
        """The block of ``Z'W Z`` between two factors where their levels meet, (pairs, k, k')."""
        out = np.empty((len(self.first), a.k, b.k))
        for i in range(a.k):
            left = a.Z[:, i] if weights is None else a.Z[:, i] * weights
            for j in range(b.k):
                out[:, i, j] = np.bincount(self.of_row, left * b.Z[:, j], len(self.first))
        return out


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
        starts = [0, *accumulate(columns[i].shape[1] for i in members)]
        slices = [slice(*ends) for ends in pairwise(starts)]
        left = columns[members[0]] if len(members) == 1 else np.column_stack([columns[i] for i in members])
        first = terms[members[0]]
        factors.append(
            GroupingFactor(first.codes, len(first.levels), left, tuple(zip(members, slices, strict=True)))
        )
    return sorted(factors, key=lambda factor: -factor.q * factor.k)
