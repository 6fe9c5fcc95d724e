"""One random-effects term: which level each row belongs to, and what multiplies that level's effects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..formula.parse import Bar
from ..numerics.arrays import Array, Flags, Index
from ..structures.known import structure_of
from ..structures.structure import Structure
from .grouping import Grouping
from .model_matrix import ModelMatrix

__all__ = ["RandomTerm"]


@dataclass
class RandomTerm:
    """One random-effects term: `Z[i]` multiplies the effects of level `codes[i]`.

    Attributes
    ----------
    group : str
        The grouping factor's name, as lme4 gives it: `"class:school"`.
    codes : ndarray of intp, (n,)
        Level number of each row.
    levels : list of str
        The q level names in R's order: in an interaction the first factor varies slowest.
        Unused levels are dropped.
    Z : ndarray (n, k)
        Left side of the bar.
    names : list of str
        Names of the k columns: `["(Intercept)", "Days"]`.
    bar : Bar
        The piece of formula behind the term.
    model_matrix : ModelMatrix
        How Z is made of data.
    grouping : Grouping
        How rows are assigned to levels.
    """

    group: str
    codes: Index
    levels: list[str]
    Z: Array
    names: list[str]
    bar: Bar
    model_matrix: ModelMatrix = field(repr=False)
    grouping: Grouping = field(repr=False)

    @property
    def structure(self) -> Structure:
        """Of the covariance of one level's effects."""
        return structure_of(self.bar.tag, self.k, self.bar.homogeneous)

    @property
    def k(self) -> int:
        """Effects per level."""
        return len(self.names)

    @property
    def mean_squares(self) -> Array:
        """Mean over the rows of ``z z'``, (k, k)."""
        return np.asarray(self.Z.T @ self.Z / len(self.Z))

    @property
    def has_slopes(self) -> bool:
        """Whether it has more than an intercept."""
        return bool((self.Z != 1).any())

    @property
    def indicates(self) -> bool:
        """Whether in each row one column is 1 and the others are 0."""
        return bool(((self.Z == 0) | (self.Z == 1)).all() and (self.Z.sum(axis=1) == 1).all())

    def take(self, keep: Flags) -> RandomTerm:
        """The term on some rows; levels without rows are gone."""
        used, codes = np.unique(self.codes[keep], return_inverse=True)
        levels = [self.levels[i] for i in used]
        return replace(self, codes=codes.astype(np.intp), levels=levels, Z=self.Z[keep])
