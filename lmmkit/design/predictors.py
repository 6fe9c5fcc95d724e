"""The columns behind the fixed part of a formula, and the values that a grid or a picture may give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..formula.functions import FACTOR_MAKERS, columns_of
from ..formula.syntax import read
from ..formula.tree import FunctionCall, walk, write
from .values import label

if TYPE_CHECKING:
    from .design import Design


def predictors_of(design: Design) -> list[str]:
    """The columns that the fixed part names, in its order."""
    return list(dict.fromkeys(columns_of(read(design.formula.fixed))))


def column_behind(design: Design, name: str) -> str:
    """The column that a call of the fixed part is made of, ``year`` for ``factor(year)``; else the name itself."""
    calls = [node for node in walk(read(design.formula.fixed)) if isinstance(node, FunctionCall)]
    for call in calls:
        columns = list(dict.fromkeys(columns_of(call)))
        if len(columns) == 1 and write(call).replace(" ", "") == name.replace(" ", ""):
            return columns[0]
    return name


def factors_of(design: Design) -> set[str]:
    """Those of them that are factors, by their type or because the formula makes them so."""
    calls = [node for node in walk(read(design.formula.fixed)) if isinstance(node, FunctionCall)]
    made = {column for call in calls if call.function in FACTOR_MAKERS for column in columns_of(call)}
    return made | {name for name in predictors_of(design) if not is_number(design.levels_frame[name])}


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers, rather than categories or truth values."""
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)


def seen_levels(column: pd.Series) -> pd.Series:
    """The values of a factor that occur, in the order of its levels."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = set(column)
        return pd.Series([level for level in column.cat.categories if level in used])
    distinct = pd.Series(sorted(column.unique()))
    return distinct[~distinct.map(label).duplicated()]  # values of one label are one level
