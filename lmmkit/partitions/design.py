"""A design that holds sums in place of rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..design.design import Design
from ..design.evaluate import Evaluator
from ..design.random_term import RandomTerm
from ..design.values import Categorical, Value
from ..errors import ModelError
from ..formula.functions import columns_of
from ..formula.syntax import read
from ..numerics.arrays import Array
from ..numerics.partitions import Partitions
from .reader import Reader
from .sums import BlockSums
from .survey import Survey

__all__ = ["Coordinates", "Summed", "SummedDesign", "SummedTerm", "framed"]

#: What only rows have.
ROWS = ("X", "y", "offset", "weights", "frame", "used", "codes", "Z")


def _no_rows() -> ModelError:
    return ModelError(
        f"{_asked()} needs all rows at once, and a fit of data that come in parts holds only their "
        "sums; .fitted, .resid() and .predict(newdata) are there, and for all else fit rows that memory can hold, such "
        "as data.sample(frac=0.01).compute()"
    )


def _asked() -> str:
    """What the user asked for: the outermost of our functions that are at work."""
    frame, name = sys._getframe(1), ""
    while frame is not None:
        code = frame.f_code
        if frame.f_globals.get("__name__", "").startswith("lmmkit.") and code.co_name != "call":
            name = code.co_name
        frame = frame.f_back  # type: ignore[assignment]
    return "this picture" if name == "__call__" else f"'{name}'"


class SummedTerm(RandomTerm):
    """A random-effects term without rows.

    Parameters
    ----------
    term : RandomTerm
        Of a few rows in which every level occurs.
    mean_squares : array (k, k)
        Mean over all rows of ``z z'``.
    has_slopes, indicates : bool
        As of any term.
    """

    def __init__(self, term: RandomTerm, mean_squares: Array, has_slopes: bool, indicates: bool) -> None:
        self.__dict__ |= {name: value for name, value in vars(term).items() if name not in ROWS}
        self.known = mean_squares, has_slopes, indicates

    def __getattr__(self, name: str) -> Any:
        if name in ROWS:
            raise _no_rows()
        raise AttributeError(name)

    @property
    def mean_squares(self) -> Array:
        return self.known[0]

    @property
    def has_slopes(self) -> bool:
        return self.known[1]

    @property
    def indicates(self) -> bool:
        return self.known[2]

    def reordered(self, order: list[int]) -> SummedTerm:
        """The same with its effects in another order."""
        moved = SummedTerm(self, self.mean_squares[np.ix_(order, order)], self.has_slopes, self.indicates)
        moved.names = [self.names[i] for i in order]
        return moved


@dataclass(frozen=True)
class Coordinates:
    """X and y in coordinates of an orthonormal basis of their columns: p + 1 rows with the cross-products of all.

    Attributes
    ----------
    X : array (p + 1, p)
    y : array (p + 1,)
        Less the offset.
    weights : None
        They are in X and y.
    """

    X: Array
    y: Array
    weights: None = None
    offset: Array = field(default_factory=lambda: np.zeros(1))


@dataclass(frozen=True)
class Summed:
    """Everything that is summed over the rows.

    Attributes
    ----------
    n : int
        Complete rows.
    coordinates : Coordinates
    blocks : BlockSums
        Of the columns of each term times its ``units``.
    squares : list of arrays (k, k)
        Mean over the rows of ``z z'`` of each term, with the weights.
    triangle : array
        With the cross-products of a column of ones and all columns of X, without weights.
    log_weights, mean_offset : float
    survey : Survey
        Of the first pass.
    reader : Reader
        Reads the rows again, where they are.
    """

    n: int
    coordinates: Coordinates
    blocks: BlockSums
    squares: list[Array]
    triangle: Array
    log_weights: float
    mean_offset: float
    survey: Survey
    reader: Reader


class SummedDesign(Design):
    """What a fit needs of data in parts.

    Parameters
    ----------
    recipe : Design
        Of a few rows in which every level occurs, with the columns of X that all rows leave.
    summed : Summed
    """

    def __init__(self, recipe: Design, summed: Summed) -> None:
        known = {name: value for name, value in vars(recipe).items() if name not in ROWS}
        self.__dict__ |= known | {"summed": summed}

    def __getattr__(self, name: str) -> Any:
        if name in ROWS:
            raise _no_rows()
        raise AttributeError(name)

    def _changed(self, **changes: Any) -> SummedDesign:
        return SummedDesign(self, replace(self.summed, **changes))

    @property
    def units(self) -> list[Array]:
        """By which the columns of each term are multiplied in the blocks, (k, k)."""
        pairs = zip(self.terms, self.summed.squares, strict=True)
        return [term.structure.units(squares) for term, squares in pairs]

    def with_y(self, y: Array) -> SummedDesign:
        return self._changed(coordinates=replace(self.coordinates, y=y))

    def without_column(self, j: int) -> SummedDesign:
        X = np.delete(self.coordinates.X, j, axis=1)
        return self._changed(coordinates=replace(self.coordinates, X=X))

    def with_order(self, t: int, order: list[int]) -> SummedDesign:
        term, squares, before = self.terms[t], list(self.summed.squares), self.units[t]
        assert isinstance(term, SummedTerm)
        squares[t] = squares[t][np.ix_(order, order)]
        change = np.linalg.solve(before, np.eye(term.k)[:, order] @ term.structure.units(squares[t]))
        other = self._changed(squares=squares, blocks=self.summed.blocks.changed(t, change))
        other.terms = [*self.terms[:t], term.reordered(order), *self.terms[t + 1 :]]
        return other

    @property
    def n(self) -> int:
        return self.summed.n

    @property
    def coordinates(self) -> Coordinates:
        return self.summed.coordinates

    @property
    def log_weights(self) -> float:
        return self.summed.log_weights

    @property
    def is_weighted(self) -> bool:
        return bool(self.weights_argument)

    @property
    def has_offset(self) -> bool:
        return bool(self.formula.offsets) or bool(self.offset_argument)

    @property
    def has_zero_weights(self) -> bool:
        return False  # refused by the pass that reads them

    @property
    def plain_X(self) -> Array:
        return self.summed.triangle[:, 1:][:, self.kept]

    @property
    def all_columns(self) -> Array:
        return self.summed.triangle[:, 1:]

    @property
    def column_covariance(self) -> Array:
        centred = self.plain_X[1:]  # below the row that belongs to the column of ones
        return np.asarray(centred.T @ centred / self.n)

    def lengths(self, t: int) -> tuple[Array, Array]:
        blocks = self.summed.blocks.changed(t, np.linalg.inv(self.units[t]))
        f, place = blocks.owner(t)
        whole = blocks.own[f][:, place, place].diagonal(axis1=1, axis2=2)
        return whole, (blocks.basis[f][:, place, :-1] ** 2).sum(axis=2)

    def missing_values(self, data: Any) -> dict[str, int]:
        return dict(self.summed.survey.missing)

    def lazy_fitted(self, data: Any, beta: Array, modes: list[Array], every_row: bool) -> Any:
        """Fitted values, part by part when they are asked for."""
        reader = self.summed.reader
        return Partitions(data).rowwise(reader.names, reader.fitted, "fitted", beta, modes, every_row)

    def lazy_residuals(self, data: Any, *found: Any) -> Any:
        """Residuals, part by part when they are asked for; see :meth:`Reader.residuals`."""
        reader = self.summed.reader
        return Partitions(data).rowwise(reader.names, reader.residuals, "resid", *found)

    # ---- columns of the data ----

    @cached_property
    def levels_frame(self) -> pd.DataFrame:
        """The combinations of levels of the fixed part, one row for each; the first row's numbers in all."""
        return self.summed.reader.recipe.frame.iloc[: max(len(self.summed.survey.cells[0].rows), 1)]

    @property
    def mean_offset(self) -> float:
        return self.summed.mean_offset

    def mean_of(self, name: str) -> float:
        return self.summed.survey.moments[name].mean

    def sd_of(self, name: str) -> float:
        return self.summed.survey.moments[name].sd

    def few_values(self, name: str) -> list[float]:
        return list(self.summed.survey.moments[name].distinct)

    def counts_of(self, names: Sequence[str]) -> pd.Series:
        cells, frame = self.summed.survey.cells[0], self.levels_frame
        for name in names:
            if name not in cells.rows:
                raise ModelError(
                    f"how often the values of '{name}' occur is not known of data that come in parts, for it is a "
                    f"number; write factor({name}) in the formula"
                )
        found = pd.MultiIndex.from_arrays([frame[name] for name in names], names=list(names))
        total = pd.Series(cells.counts, index=found).groupby(level=list(range(len(names)))).sum()
        keys = [key if isinstance(key, tuple) else (key,) for key in total.index]
        return pd.Series(total.to_numpy(), index=pd.MultiIndex.from_tuples(keys, names=list(names)))

    @cached_property
    def _spanning_frame(self) -> pd.DataFrame:
        """Each combination of the fixed part's levels, with more values of its numbers than there are columns."""
        wanted = columns_of(read(self.formula.fixed))
        factors = [name for name in wanted if name in self.summed.survey.cells[0].rows]
        cells = self.levels_frame.drop_duplicates(factors) if factors else self.levels_frame[:1]
        points = 2 * len(self.model_matrix.names) + 2
        frame = cells.loc[np.repeat(cells.index, points)].reset_index(drop=True)
        rng = np.random.default_rng(0)
        for name in set(wanted) - set(factors):
            moments = self.summed.survey.moments[name]
            frame[name] = rng.uniform(moments.low, moments.high, len(frame))
        return frame

    @property
    def variables(self) -> list[Value]:
        return self.spanning[0]

    @cached_property
    def spanning(self) -> tuple[list[Value], Array]:
        """Of rows that are made up: every combination of levels that the data have, with other numbers."""
        evaluator = Evaluator(self._spanning_frame, self.transforms)
        values = [evaluator.value(node) for node in self.model_matrix.terms.variables]
        values = [value.drop_unused() if isinstance(value, Categorical) else value for value in values]
        return values, self.model_matrix.apply(evaluator)[:, self.kept]


def framed(survey: Survey, several: list[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """A frame of combinations of levels; a column that a combination says nothing of is that of the first row.

    Parameters
    ----------
    survey : Survey
    several : list of DataFrame
        The columns behind some factors, one row for each combination.
    names : list of str
        The columns wanted.
    """
    size = sum(max(len(rows), 1) for rows in several)
    frame = {}
    for name in names:
        values = [
            value
            for rows in several
            for value in (rows[name] if name in rows else [survey.first[name]] * max(len(rows), 1))
        ]
        frame[name] = pd.Series(values, index=range(size), dtype=survey.dtypes.get(name))
    return pd.DataFrame(frame)
