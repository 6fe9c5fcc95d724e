"""The rows of one part in the terms of a model: what every pass after the first does with each part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..design.design import Design, NewRows
from ..design.evaluate import Evaluator, check_finite
from ..design.values import check_sizes, numeric
from ..errors import DataError
from ..formula.syntax import read
from ..numerics.arrays import Array, Flags, Index
from .survey import complete_rows

__all__ = ["PartRows", "Reader"]


@dataclass(frozen=True)
class PartRows:
    """The complete rows of one part.

    Attributes
    ----------
    X : array (n, columns)
        All columns of the fixed part.
    y : array (n,)
        The response less the offset.
    terms : list of (codes, Z)
    root : array (n,) or None
        Roots of the weights.
    offset : array (n,)
    """

    X: Array
    y: Array
    terms: list[tuple[Index, Array]]
    root: Array | None
    offset: Array


@dataclass(frozen=True)
class Reader:
    """How a part is read: it travels to where the parts are.

    Attributes
    ----------
    recipe : Design
        Of a few rows in which every level occurs; it codes all others.
    names : list of str
        Columns that must not be missing.
    response : str
    """

    recipe: Design
    names: list[str]
    response: str

    def rows(self, part: pd.DataFrame) -> PartRows:
        """The complete rows of a part.

        Raises
        ------
        DataError
            When the response or a weight is none that a linear mixed model can have.
        """
        kept, _ = self._complete(part)
        new, y, weights = NewRows(self.recipe, kept), self._response(kept), self._weights(kept)
        X = new.all_columns
        check_sizes([*self.recipe.model_matrix.names, self.response], np.column_stack([X, y]))
        root = None if weights is None else np.sqrt(weights)
        return PartRows(X, y - new.offset, new.terms, root, new.offset)

    def fitted(self, part: pd.DataFrame, beta: Array, modes: list[Array], every_row: bool) -> pd.Series:
        """Fitted values of one part, under its index; with `every_row` NaN where a value is missing."""
        kept, keep = self._complete(part)
        return _aligned(part, keep, self._eta(kept, beta, modes), "fitted", every_row)

    def residuals(
        self,
        part: pd.DataFrame,
        beta: Array,
        modes: list[Array],
        every_row: bool,
        weighted: bool,
        unit: float,
    ) -> pd.Series:
        """Residuals of one part, times the roots of the weights where `weighted`, over a unit."""
        kept, keep = self._complete(part)
        left = (self._response(kept) - self._eta(kept, beta, modes)) / unit
        weights = self._weights(kept) if weighted else None
        left = left if weights is None else np.sqrt(weights) * left
        return _aligned(part, keep, left, "resid", every_row)

    def _complete(self, part: pd.DataFrame) -> tuple[Evaluator, Flags]:
        """The rows without missing values, and which they are."""
        kept, keep, _ = complete_rows(Evaluator(part, self.recipe.transforms), self.names)
        return kept, keep

    def _eta(self, kept: Evaluator, beta: Array, modes: list[Array]) -> Array:
        new = NewRows(self.recipe, kept)
        eta = new.X @ beta + new.offset
        for (codes, Z), mode in zip(new.terms, modes, strict=True):
            eta = eta + np.einsum("nk,nk->n", Z, mode[codes])
        return np.asarray(eta)

    def _response(self, kept: Evaluator) -> Array:
        node = read(self.response)
        y = kept.numbers(node)
        check_finite(y, node, kept.data.index)
        return y

    def _weights(self, kept: Evaluator) -> Array | None:
        name = self.recipe.weights_argument
        if not isinstance(name, str):
            return None
        weights = numeric(kept.column(name), f"column '{name}'")
        if not (weights > 0).all():
            raise DataError("weights must be above zero; leave out the rows with weight zero")
        check_sizes(["weights"], weights[:, None])
        return weights


def _aligned(part: pd.DataFrame, keep: Flags, values: Array, name: str, every_row: bool) -> pd.Series:
    """A number for each complete row, or for every row."""
    if not every_row:
        return pd.Series(values, index=part.index[keep], name=name)
    whole = np.full(len(part), np.nan)
    whole[keep] = values
    return pd.Series(whole, index=part.index, name=name)
