"""Which rows of the data are used, and what comes beside the formula: weights and offset."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lmmkit.columns.evaluate import Evaluator
from lmmkit.columns.values import Array, Factor, Matrix, Value, missing, read_column, take
from lmmkit.errors import DataError
from lmmkit.language.tree import Node, write


@dataclass
class Rows:
    """The rows kept: evaluates on all rows, as R does, and then takes these."""

    evaluator: Evaluator
    keep: Array | None  # None: every row

    @property
    def n(self) -> int:
        return len(self.evaluator.data) if self.keep is None else int(self.keep.sum())

    def take(self, values: Array) -> Array:
        return values if self.keep is None else values[self.keep]

    def value(self, node: Node) -> Value:
        value = self.evaluator.value(node)
        value = value if self.keep is None else take(value, self.keep)
        if isinstance(value, Factor):
            return value.drop_unused()
        self.check(value.values if isinstance(value, Matrix) else value, node)
        return value

    def numbers(self, node: Node) -> Array:
        return self.check(self.take(self.evaluator.numbers(node)), node)

    def check(self, values: Array, node: Node) -> Array:
        """Missing rows are gone by now: what is not finite was made by the formula itself, as log(0) is."""
        wrong = ~np.isfinite(values if values.ndim == 1 else values.sum(axis=1))
        if wrong.any():
            index = self.take(self.evaluator.data.index.to_numpy())[wrong][0]
            count = int(wrong.sum())
            rows = f"row {index}" if count == 1 else f"{count} rows, the first of them {index}"
            raise DataError(
                f"{write(node)} is not a finite number in {rows}; look there for zeros or negatives"
            )
        return values


def check_frame(data: Any, what: str) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        kind = type(data).__name__
        raise DataError(f"{what} must be a pandas DataFrame, not {kind}; try pandas.DataFrame({what})")
    if data.columns.nlevels > 1:
        raise DataError(f"{what} has column names of several levels; flatten them to plain text first")
    return data


def extra(given: Any, what: str, data: pd.DataFrame) -> Array | None:
    """Weights or offset: a column name, an array, or a Series matched by its index."""
    if given is None:
        return None
    if isinstance(given, str):
        return numeric(read_column(data, given), f"column '{given}'")
    if isinstance(given, pd.Series) and not given.index.equals(data.index):
        given = _aligned(given, what, data)
    try:
        values = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"{what} must be numbers: a column name, an array or a Series") from None
    if values.shape != (len(data),):
        shape = len(values) if values.ndim == 1 else f"shape {values.shape}"
        raise DataError(f"{what} must have one value for each of the {len(data)} rows, not {shape}")
    if np.isinf(values).any():
        raise DataError(f"{what} holds infinite values; mend or drop the rows")
    return values


def _aligned(series: pd.Series, what: str, data: pd.DataFrame) -> pd.Series:
    if len(series) != len(data):
        raise DataError(f"{what} must have one value for each of the {len(data)} rows, not {len(series)}")
    if not (series.index.is_unique and data.index.isin(series.index).all()):
        message = f"the index of {what} is not that of the data"
        raise DataError(f"{message}; if the order of the rows is the same, pass .to_numpy()")
    return series.reindex(data.index)


def numeric(value: Value, what: str) -> Array:
    if isinstance(value, Factor) and value.logical:
        return np.where(value.codes < 0, np.nan, value.codes)
    if not isinstance(value, np.ndarray):
        raise DataError(f"{what} must be numeric, but it holds text or categories")
    return value


def kept_rows(
    evaluator: Evaluator, names: list[str], extras: dict[str, Array | None], na_action: str
) -> Array | None:
    """Which rows have no missing value; None when all are complete."""
    if na_action not in ("omit", "raise"):
        raise DataError(f"na_action must be 'omit' or 'raise', not {na_action!r}")
    if len(evaluator.data) == 0:
        raise DataError("the data have no rows")
    values: dict[str, Value] = {f"column '{name}'": evaluator.column(name) for name in names}
    values |= {what: given for what, given in extras.items() if given is not None}
    absent = {what: missing(value) for what, value in values.items()}
    gone = {what: rows for what, rows in absent.items() if rows.any()}
    if not gone:
        return None
    if na_action == "raise":
        what, rows = next(iter(gone.items()))
        raise DataError(f"{what} has {int(rows.sum())} missing values; drop them or use na_action='omit'")
    keep = ~np.logical_or.reduce(list(gone.values()))
    if not keep.any():
        worst = max(gone, key=lambda what: int(gone[what].sum()))
        raise DataError(f"no rows are left: each has a missing value, most of them in {worst}")
    return keep
