"""Which rows of the data are used, and what comes beside the formula: weights and offset."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..errors import DataError
from ..formula.tree import Node, write
from ..numerics.arrays import Array, Flags
from ..numerics.frames import as_pandas
from .evaluate import Evaluator, check_finite
from .values import (
    Categorical,
    Matrix,
    Undecided,
    Value,
    missing,
    numeric,
    read_column,
    read_series,
    take,
)

#: Whether changes of a frame leave the columns that were taken from it as they are.
COPIES_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3


class KeptRows:
    """The rows of a fit: variables are evaluated on all rows, as R does, and then these are taken.

    Parameters
    ----------
    evaluator : Evaluator
    keep : ndarray of bool, or None
        Which rows are kept; None keeps every row.
    """

    def __init__(self, evaluator: Evaluator, keep: Flags | None):
        self.evaluator = evaluator
        self.keep = keep
        self.n = len(evaluator.data) if keep is None else int(keep.sum())
        self.index = evaluator.data.index if keep is None else evaluator.data.index[keep]
        self._factors: dict[str, Categorical] = {}

    def take(self, values: Array) -> Array:
        return values if self.keep is None else values[self.keep]

    def value(self, node: Node) -> Value:
        """A variable on the kept rows. Missing rows are gone: what is not finite now, the formula made so."""
        value = self.evaluator.value(node)
        value = value if self.keep is None else take(value, self.keep)
        if isinstance(value, Categorical):
            return value.drop_unused()
        check_finite(value.values if isinstance(value, Matrix) else value, node, self.index)
        return value

    def numbers(self, node: Node) -> Array:
        """A piece that must be numbers, on the kept rows."""
        values = self.take(self.evaluator.numbers(node))
        check_finite(values, node, self.index)
        return values

    def factor(self, node: Node) -> Categorical:
        """A grouping factor on the kept rows, made once though several terms may use it."""
        text = write(node)
        if text not in self._factors:
            whole = self.evaluator.factor(node, f"the grouping factor '{text}'")
            self._factors[text] = (whole if self.keep is None else whole.take(self.keep)).drop_unused()
        return self._factors[text]


def check_frame(data: Any, what: str) -> pd.DataFrame:
    """A DataFrame of any library as one of pandas with plain column names, or a refusal."""
    data = as_pandas(what, data)
    check_names(data, what)
    return data


def check_names(data: pd.DataFrame, what: str) -> None:
    """Refuse column names of several levels."""
    if data.columns.nlevels > 1:
        raise DataError(f"{what} has column names of several levels; flatten them to plain text first")


class ModelFrame:
    """The rows and columns of the data that a model uses, a frame of their own once they are asked for.

    Where pandas copies on write, what becomes of the data later changes nothing here; an earlier one copies at once.

    Parameters
    ----------
    columns : dict of str to Series
    index : Index
        Of the columns.
    keep : ndarray of bool, or None
        Which rows are used; None for all.
    """

    def __init__(self, columns: Mapping[str, pd.Series], index: pd.Index, keep: Flags | None = None) -> None:
        own = columns if COPIES_ON_WRITE else {name: column.copy() for name, column in columns.items()}
        self._columns, self._index, self._keep = own, index, keep

    @classmethod
    def of(cls, frame: pd.DataFrame) -> ModelFrame:
        """All of a frame."""
        return cls({str(name): column for name, column in frame.items()}, frame.index)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows and columns, under their original index."""
        frame = pd.DataFrame(self._columns, index=self._index)
        return frame if self._keep is None else frame[self._keep]

    def __getstate__(self) -> dict[str, Any]:
        return {"frame": self.frame}


def kept_rows(
    evaluator: Evaluator,
    names: list[str],
    extras: dict[str, Array | None],
    na_action: Literal["omit", "exclude", "raise"],
) -> Flags | None:
    """Which rows have no missing value; None when all are complete."""
    if na_action not in ("omit", "exclude", "raise"):
        raise DataError(f"na_action must be 'omit', 'exclude' or 'raise', not {na_action!r}")
    if len(evaluator.data) == 0:
        raise DataError("the data have no rows")
    values: dict[str, Undecided] = {f"column '{name}'": evaluator.column(name) for name in names}
    values |= {what: given for what, given in extras.items() if given is not None}
    absent = {what: missing(value) for what, value in values.items()}
    gone = {what: rows for what, rows in absent.items() if rows.any()}
    if not gone:
        return None
    if na_action == "raise":
        what, rows = next(iter(gone.items()))
        count = int(rows.sum())
        plural = "s" if count > 1 else ""
        raise DataError(f"{what} has {count} missing value{plural}; drop the rows or use na_action='omit'")
    keep = ~np.logical_or.reduce(list(gone.values()))
    if not keep.any():
        worst = max(gone, key=lambda what: int(gone[what].sum()))
        raise DataError(f"no rows are left: each has a missing value, most of them in {worst}")
    return keep


def extra(given: Any, what: str, data: pd.DataFrame) -> Array | None:
    """Weights or offset, a number for each row: a column name, an array, or a Series matched by index."""
    if given is None:
        return None
    if isinstance(given, str):
        return numeric(read_column(data, given), f"column '{given}'")
    if isinstance(given, pd.Series):
        return numeric(read_series(_aligned(given, what, data), what), what)
    try:
        values = np.array(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{what} must be numbers: a column name, an array or a Series") from None
    if values.shape != (len(data),):
        shape = len(values) if values.ndim == 1 else f"shape {values.shape}"
        raise DataError(f"{what} must have one value for each of the {len(data)} rows, not {shape}")
    if np.isinf(values).any():
        raise DataError(f"{what} holds infinite values; mend or drop the rows")
    return values


def _aligned(series: pd.Series, what: str, data: pd.DataFrame) -> pd.Series:
    """The Series in the order of the data's index."""
    if len(series) != len(data):
        raise DataError(f"{what} must have one value for each of the {len(data)} rows, not {len(series)}")
    if series.index.equals(data.index):
        return series
    if not (series.index.is_unique and data.index.is_unique and data.index.isin(series.index).all()):
        message = f"the index of {what} is not that of the data"
        raise DataError(f"{message}; if the order of the rows is the same, pass .to_numpy()")
    return series.reindex(data.index)
