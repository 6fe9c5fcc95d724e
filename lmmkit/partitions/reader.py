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
from ..numerics.arrays import Array, Index
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

    def complete(self, part: pd.DataFrame) -> pd.DataFrame:
        """The rows without missing values."""
        keep, _ = complete_rows(part, self.names)
        return part if keep.all() else part[keep]

    def rows(self, part: pd.DataFrame) -> PartRows:
        """The complete rows of a part.

        Raises
        ------
        DataError
            When the response or a weight is none that a linear mixed model can have.
        """
        kept = self.complete(part)
        new = NewRows(self.recipe, Evaluator(kept, self.recipe.transforms))
        y = self.response_of(kept)
        X, weights = new.all_columns, self.weights_of(kept)
        check_sizes([*self.recipe.model_matrix.names, self.response], np.column_stack([X, y]))
        root = None if weights is None else np.sqrt(weights)
        return PartRows(X, y - new.offset, new.terms, root, new.offset)

    def response_of(self, kept: pd.DataFrame) -> Array:
        """The response of complete rows, (n,)."""
        node = read(self.response)
        y = Evaluator(kept, self.recipe.transforms).numbers(node)
        check_finite(y, node, kept.index)
        return y

    def weights_of(self, kept: pd.DataFrame) -> Array | None:
        """The weights of complete rows, (n,)."""
        name = self.recipe.weights_argument
        if not isinstance(name, str):
            return None
        weights = numeric(Evaluator(kept, {}).column(name), f"column '{name}'")
        if not (weights > 0).all():
            raise DataError("weights must be above zero; leave out the rows with weight zero")
        check_sizes(["weights"], weights[:, None])
        return weights

    def fitted(self, part: pd.DataFrame, beta: Array, modes: list[Array], every_row: bool) -> pd.Series:
        """Fitted values of one part, under its index; with `every_row` NaN where a value is missing."""
        kept = self.complete(part)
        new = NewRows(self.recipe, Evaluator(kept, self.recipe.transforms))
        eta = new.X @ beta + new.offset
        for (codes, Z), mode in zip(new.terms, modes, strict=True):
            eta = eta + np.einsum("nk,nk->n", Z, mode[codes])
        return self._aligned(part, eta, "fitted", every_row)

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
        kept = self.complete(part)
        left = self.response_of(kept) - self.fitted(kept, beta, modes, False).to_numpy()
        weights = self.weights_of(kept) if weighted else None
        left = left / unit if weights is None else np.sqrt(weights) * left / unit
        return self._aligned(part, left, "resid", every_row)

    def _aligned(self, part: pd.DataFrame, values: Array, name: str, every_row: bool) -> pd.Series:
        keep, _ = complete_rows(part, self.names)
        if not every_row:
            return pd.Series(values, index=part.index[keep], name=name)
        whole = np.full(len(part), np.nan)
        whole[keep] = values
        return pd.Series(whole, index=part.index, name=name)
