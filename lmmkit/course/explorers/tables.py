"""A table of the reader's: its columns checked, its rows made ready."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from lmmkit.errors import DataError
from lmmkit.formatting.wording import plural
from lmmkit.numerics.frames import as_pandas, if_frame


def frame(table: Any) -> pd.DataFrame:
    """`table` as a pandas frame with rows and named columns.

    Raises
    ------
    DataError
        When it is no table, or an empty one.
    """
    if isinstance(table, dict):
        try:
            table = pd.DataFrame(table)
        except ValueError as wrong:
            raise DataError(f"these columns make no table: {wrong}") from None
    table = if_frame("the table", table)
    if not isinstance(table, pd.DataFrame):
        raise DataError(f"a table (a data frame) is wanted first, not {type(table).__name__}")
    table = as_pandas("the table", table)
    if table.empty:
        raise DataError("the table is empty")
    return table.reset_index(drop=True)


def column(table: pd.DataFrame, name: Any) -> pd.Series:
    """The column of that name.

    Raises
    ------
    DataError
        When there is none, or more than one.
    """
    names = [str(each) for each in table.columns]
    if name not in table.columns:
        near = get_close_matches(str(name), names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names)}"
        raise DataError(f"the table has no column {name!r}; {hint}")
    found = table[name]
    if isinstance(found, pd.DataFrame):
        raise DataError(f"the table has {found.shape[1]} columns called {name!r}; give each its own name")
    return found


def measured(table: Any, numbers: tuple[str, ...], group: str) -> pd.DataFrame:
    """The complete rows of these columns: the numbers as floats, the group as text, `group` last.

    Raises
    ------
    DataError
        For a column that is not there, numbers that are none or all the same, fewer than two groups, or groups of
        one row each.
    """
    table = frame(table)
    made = {}
    for name in numbers:
        if name in made:
            raise DataError(f"column {name!r} is named twice; name two columns of numbers")
        values = column(table, name)
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            raise DataError(f"column {name!r} is not numeric; choose a column of numbers")
        made[name] = values.astype(float)
    if group in made:
        raise DataError(f"column {group!r} cannot be a number and the group at once")
    labels = column(table, group)
    made[group] = labels.astype(object)
    rows = pd.DataFrame(made).replace([np.inf, -np.inf], np.nan).dropna().reset_index(drop=True)
    rows[group] = rows[group].astype(str)
    groups = rows[group].nunique()
    if groups < 2:
        raise DataError(f"column {group!r} has {plural(groups, 'group')} with complete rows; two are needed")
    if groups == len(rows):
        raise DataError(
            f"every row is a group of {group!r} by itself; groups of several rows are needed, to tell the variance "
            "between them from that within"
        )
    for name in numbers:
        if rows[name].nunique() < 2:
            raise DataError(f"column {name!r} is the same in every row; numbers that differ are needed")
    return rows
