"""A point of a generalised criterion: the parameters there, and the conditional modes that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from ..crossprod.conditional_variances import VariancePattern, Variances
from ..crossprod.layout import Layout
from ..numerics.arrays import Array
from .part_modes import PartMode, PartModeSearch
from .pirls import Effects, Mode, ModeSearch, Precision

S = TypeVar("S", ModeSearch, PartModeSearch)
M = TypeVar("M", Mode, PartMode)


@dataclass
class ModePoint(Generic[S, M]):
    """Parameters, and the conditional modes there.

    Attributes
    ----------
    pattern : VariancePattern
        What does not change with the parameters.
    theta : array
        Covariance parameters in the units of the search.
    factors : list of arrays (k, k)
        Relative covariance factor of each term, in the units of the search.
    search : ModeSearch or PartModeSearch
        Rows, fixed part and covariance roots here.
    mode : Mode or PartMode
        The conditional modes.
    """

    pattern: VariancePattern
    theta: Array
    factors: list[Array]
    search: S
    mode: M

    @property
    def layout(self) -> Layout:
        """Where the effects of each row are."""
        return self.search.layout

    @property
    def precision(self) -> Precision:
        """``M``, whose determinant is taken."""
        raise NotImplementedError

    @cached_property
    def variances(self) -> Variances:
        """Covariances of the effects given the data."""
        return self.precision.variances(self.pattern)

    def by_covariance(self, totals: Effects, scores: Effects, answers: Effects) -> list[Array]:
        """``d objective / d Sigma`` (symmetric), one ``(k, k)`` array per grouping factor.

        Parameters
        ----------
        totals : list of arrays (levels, k)
            ``Z'`` of the derivative by each row's linear predictor.
        scores : list of arrays (levels, k)
            ``Z'g``.
        answers : list of arrays (levels, k)
            ``(I + Z'WZ Lambda Lambda')^-1 Z'c``.
        """
        slopes = []
        pieces = zip(self.precision.block_sums(), totals, scores, answers, strict=True)
        for block, total, score, answer in pieces:
            both = block + (total.T @ score + score.T @ answer) / 2
            slopes.append((both + both.T) / 2)
        return slopes
