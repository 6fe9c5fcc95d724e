"""Dates and times: as levels of a factor they are dates, as numbers they count days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..formula.functions import FACTOR_MAKERS, columns_of
from ..formula.parse import Formula
from ..formula.syntax import read
from ..formula.tree import Binary, FunctionCall, Name, Node, children
from ..numerics.arrays import Array

__all__ = ["as_days", "date_label", "days_of", "is_date"]

KINDS = ("datetime", "datetime64", "date", "period", "timedelta", "timedelta64")
#: The day that counts zero, as in R.
ORIGIN = pd.Timestamp("1970-01-01")
DAY = pd.Timedelta(days=1)


def is_date(column: pd.Series) -> bool:
    """Whether a column holds dates, points in time, periods or spans of time."""
    dtype = column.dtype
    if isinstance(dtype, pd.PeriodDtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return True
    if pd.api.types.is_timedelta64_dtype(dtype):
        return True
    return pd.api.types.is_object_dtype(dtype) and pd.api.types.infer_dtype(column, skipna=True) in KINDS


def days_of(column: pd.Series, what: str) -> Array:
    """Days since the first of January 1970 as R counts them, hours and minutes as parts of a day; or a span's days.

    Parameters
    ----------
    column : Series
        For which :func:`is_date` is true. Of a period its beginning counts, of a point in time what the clock
        there shows.
    what : str
        What to call it in messages.

    Returns
    -------
    array of shape (n,)
        NaN where it is missing.

    Raises
    ------
    DataError
        For points in time in some rows with and in others without a time zone, and such far away.

    Examples
    --------
    >>> days_of(pd.Series(pd.to_datetime(["1970-01-03", None, "1970-01-01 06:00"], format="mixed")), "x")
    array([2.  ,  nan, 0.25])
    """
    try:
        if pd.api.types.infer_dtype(column, skipna=True).startswith("timedelta"):
            spans = pd.to_timedelta(column)
        else:
            spans = _clock(column) - ORIGIN
    except (ValueError, TypeError, OverflowError):
        raise DataError(
            f"{what} holds dates or times that cannot be counted in days; turn them into numbers"
        ) from None
    return np.asarray(spans / DAY, dtype=float)


def _clock(column: pd.Series) -> pd.Series:
    """Points in time without their time zone."""
    if (
        pd.api.types.is_object_dtype(column.dtype)
        and pd.api.types.infer_dtype(column, skipna=True) == "period"
    ):
        column = pd.Series(pd.PeriodIndex(column))
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.to_timestamp()
    times = pd.to_datetime(column)
    return times if times.dt.tz is None else times.dt.tz_localize(None)


def date_label(value: Any) -> str:
    """A date as ISO 8601 writes it; with the time of day unless that is midnight.

    Examples
    --------
    >>> date_label(pd.Timestamp("2024-05-01")), date_label(pd.Timestamp("2024-05-01 13:30"))
    ('2024-05-01', '2024-05-01 13:30:00')
    """
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return str(value)


def as_days(frame: pd.DataFrame, formula: Formula, dates: list[str]) -> pd.DataFrame:
    """A frame whose dates are numbers where a formula uses them as numbers.

    Parameters
    ----------
    frame : DataFrame
    formula : Formula
    dates : list of str
        The columns that hold dates.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        When the same dates are a number here and levels there.
    """
    if not dates:
        return frame
    sides = [formula.fixed, *(bar.lhs for bar in formula.bars)]
    trees = [read(text) for text in (*sides, *formula.offsets, formula.response) if text]
    uses = [use for tree in trees for use in _uses(tree)]
    counted = {name for name, as_levels in uses if not as_levels}
    levels = {name for name, as_levels in uses if as_levels}
    levels |= {name for bar in formula.bars for text in bar.factors for name in columns_of(read(text))}
    for name in dates:
        if name in counted & levels:
            raise DataError(
                f"'{name}' counts days in one place and makes levels in another; give the days a column of their "
                f"own, such as (data['{name}'] - data['{name}'].min()).dt.days"
            )
    return frame.assign(
        **{name: days_of(frame[name], f"column '{name}'") for name in dates if name in counted}
    )


def _uses(node: Node, as_levels: bool = False) -> Iterator[tuple[str, bool]]:
    """The columns that a tree names, and whether they make levels: in ``factor()`` and the like, and comparisons."""
    if isinstance(node, Name):
        yield node.name, as_levels
    as_levels |= isinstance(node, Binary) and node.op in ("==", "!=", "%in%")
    as_levels |= isinstance(node, FunctionCall) and node.function in FACTOR_MAKERS
    for child in children(node):
        yield from _uses(child, as_levels)
