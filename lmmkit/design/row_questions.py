"""What is asked of the rows of a design that sums can answer as well: a design in memory answers from its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from ..numerics.arrays import Array

if TYPE_CHECKING:
    from .random_term import RandomTerm
    from .values import Value

__all__ = ["RowQuestions"]


class RowQuestions:
    """A base of `Design`; one that holds sums in place of rows answers in its own way."""

    if TYPE_CHECKING:
        y: Array
        X: Array
        offset: Array
        weights: Array | None
        model_matrix: Any
        terms: list[RandomTerm]

        @property
        def frame(self) -> pd.DataFrame: ...

        @property
        def variables(self) -> list[Value]: ...

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def coordinates(self) -> Any:
        """`X`, `y`, `offset` and `weights` whose cross-products are those of the rows: here the rows themselves."""
        return self

    @property
    def log_weights(self) -> float:
        """Sum of the logarithms of the weights above zero."""
        return 0.0 if self.weights is None else float(np.log(self.weights[self.weights > 0]).sum())

    @property
    def is_weighted(self) -> bool:
        """Whether prior weights were given."""
        return self.weights is not None

    @property
    def has_offset(self) -> bool:
        """Whether the offset is not zero everywhere."""
        return bool(self.offset.any())

    @property
    def has_zero_weights(self) -> bool:
        """Whether some weight is zero."""
        return self.weights is not None and not self.weights.all()

    def with_y(self, y: Array) -> Self:
        """The same with another response."""
        return replace(self, y=y)  # type: ignore[type-var]

    def without_column(self, j: int) -> Self:
        """The same without a column of X."""
        return replace(self, X=np.delete(self.X, j, axis=1))  # type: ignore[type-var]

    def with_order(self, t: int, order: list[int]) -> Self:
        """The same with the effects of term t in another order."""
        terms, term = list(self.terms), self.terms[t]
        terms[t] = replace(term, Z=term.Z[:, order], names=[term.names[i] for i in order])
        return replace(self, terms=terms)  # type: ignore[type-var]

    @property
    def plain_X(self) -> Array:
        """A matrix with the cross-products of X, whatever the weights."""
        return self.X

    @property
    def all_columns(self) -> Array:
        """A matrix with the cross-products of all columns, those that were dropped included."""
        return np.asarray(self.model_matrix.columns(self.variables, self.n))

    @property
    def spanning(self) -> tuple[list[Value], Array]:
        """The variables of the fixed part, and X, on rows in which their columns depend on each other as in all."""
        return self.variables, self.X

    @property
    def column_covariance(self) -> Array:
        """Covariance of the columns of X, (p, p), with n as the divisor."""
        centred = self.X - self.X.mean(axis=0)
        return np.asarray(centred.T @ centred / len(centred))

    def lengths(self, t: int) -> tuple[Array, Array]:
        """Squared lengths (q, k) of the columns of term t's effects, and of what X explains of each."""
        term, Q = self.terms[t], np.linalg.qr(self.X)[0]
        q = len(term.levels)
        whole = [np.bincount(term.codes, z**2, q) for z in term.Z.T]
        inside = [sum(np.bincount(term.codes, z * column, q) ** 2 for column in Q.T) for z in term.Z.T]
        return np.column_stack(whole), np.column_stack(inside)

    def missing_values(self, data: pd.DataFrame) -> dict[str, int]:
        """How many values are missing in each column that the model has."""
        return {name: int(data[name].isna().sum()) for name in self.frame.columns if name in data.columns}

    # ---- columns of the data ----

    @property
    def levels_frame(self) -> pd.DataFrame:
        """Rows in which every combination of levels occurs that the data have."""
        return self.frame

    @property
    def mean_offset(self) -> float:
        """Mean of the offset."""
        return float(self.offset.mean())

    def mean_of(self, name: str) -> float:
        """Mean of a numeric column."""
        return float(self.frame[name].mean())

    def sd_of(self, name: str) -> float:
        """Standard deviation of a numeric column, with n as the divisor."""
        return float(np.std(self.frame[name].to_numpy(dtype=float)))

    def few_values(self, name: str) -> list[float]:
        """The values of a numeric column in order; where there are many, only some of them."""
        return sorted(self.frame[name].unique())

    def counts_of(self, names: Sequence[str]) -> pd.Series:
        """In how many rows each combination of values of some columns occurs."""
        return self.frame[list(names)].value_counts()
