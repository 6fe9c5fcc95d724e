"""The door for tables: whatever kind of data frame a user has comes in as one of pandas, made of pandas' own columns.

narwhals reads the frames of other libraries; it is loaded only when one comes. Text, and the categories of polars,
which have no order, are text, whose levels a model sorts. An ``Enum`` and a dictionary of Arrow keep their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from ..errors import DataError

if TYPE_CHECKING:
    import narwhals
    from narwhals.typing import IntoFrame

__all__ = ["Table", "as_pandas", "if_frame", "without_arrow"]

#: What a user may give as data.
Table: TypeAlias = "pd.DataFrame | IntoFrame"


def as_pandas(name: str, value: Any) -> pd.DataFrame:
    """A table as a pandas frame, whose columns are not Arrow's.

    Parameters
    ----------
    name : str
        What to call it in messages.
    value : DataFrame
        Of pandas, polars, pyarrow (a ``Table``) or any other library that narwhals reads; a lazy one is collected.

    Returns
    -------
    DataFrame
        The same object where nothing is to be done.

    Raises
    ------
    DataError
        When it is no table, or its library cannot hand it over.

    Examples
    --------
    >>> as_pandas("data", pd.DataFrame({"x": [1, 2]})).shape
    (2, 1)
    >>> as_pandas("data", {"x": [1, 2]})
    Traceback (most recent call last):
        ...
    lmmkit.errors.DataError: data must be a DataFrame of pandas, polars, ..., not dict; try pandas.DataFrame(data)
    """
    if isinstance(value, pd.DataFrame):
        return _without_arrow(value)
    try:
        read = _read(value)
        if read is not None:
            return _of_narwhals(read)
    except (
        Exception
    ) as error:  # a lazy frame computes only now, in its own library and with that one's errors
        why = " ".join(str(error).split("\n\n")[0].split())
        raise DataError(f"{name}, a {_kind(value)}, could not be read: {why}") from error
    cure = f"{name}.to_pandas()" if hasattr(value, "to_pandas") else f"pandas.DataFrame({name})"
    raise DataError(f"{name} must be a DataFrame of pandas, polars, ..., not {_kind(value)}; try {cure}")


def if_frame(name: str, value: Any) -> Any:
    """A data frame of another library as one of pandas; anything else as it is.

    Examples
    --------
    >>> if_frame("weights", [1, 2])
    [1, 2]
    """
    known = (type(None), str, Sequence, np.ndarray, pd.DataFrame, pd.Series)
    foreign = not isinstance(value, known) and _read(value) is not None
    return as_pandas(name, value) if foreign else value


def _kind(value: Any) -> str:
    """The type of a value and the library that it is from."""
    kind = type(value)
    library = kind.__module__.split(".")[0]
    return kind.__name__ if library == "builtins" else f"{kind.__name__} of {library}"


def _read(value: Any) -> narwhals.DataFrame[Any] | narwhals.LazyFrame[Any] | None:
    """A table in narwhals' hands; None for what it does not know."""
    try:
        import narwhals
    except ModuleNotFoundError:
        return None
    found = narwhals.from_native(value, pass_through=True)
    return found if isinstance(found, (narwhals.DataFrame, narwhals.LazyFrame)) else None


def _of_narwhals(read: narwhals.DataFrame[Any] | narwhals.LazyFrame[Any]) -> pd.DataFrame:
    import narwhals

    frame = read.collect() if isinstance(read, narwhals.LazyFrame) else read
    if frame.implementation.is_polars():  # its own way to pandas needs pyarrow
        return pd.DataFrame({name: _of_polars(frame.get_column(name)) for name in frame.columns})
    return _without_arrow(frame.to_pandas())


def _of_polars(column: narwhals.Series[Any]) -> Any:
    import narwhals
    from narwhals.dtypes import NumericType

    kind = column.dtype
    if isinstance(kind, narwhals.Enum):
        return pd.Categorical(column.to_list(), categories=column.to_native().dtype.categories.to_list())
    if isinstance(kind, narwhals.Datetime) and kind.time_zone is not None:
        return pd.DatetimeIndex(column.to_numpy()).tz_localize("UTC").tz_convert(kind.time_zone)
    if isinstance(kind, (NumericType, narwhals.Date, narwhals.Datetime, narwhals.Duration)):
        return column.to_numpy()
    return pd.Series(column.to_list())  # text, times of day; true and false with missing values


def _without_arrow(data: pd.DataFrame) -> pd.DataFrame:
    """Columns that Arrow holds as pandas' own: a dictionary becomes a categorical with the same order of levels."""
    if not any(isinstance(dtype, pd.ArrowDtype) for dtype in data.dtypes):
        return data
    columns = {place: without_arrow(data.iloc[:, place]) for place in range(data.shape[1])}
    return pd.DataFrame(columns).set_axis(data.columns, axis=1)


def without_arrow(column: pd.Series) -> pd.Series:
    """A column that Arrow holds as one of pandas' own; any other as it is.

    Examples
    --------
    >>> without_arrow(pd.Series([1.5, 2.0], name="x")).dtype
    dtype('float64')
    """
    if not isinstance(column.dtype, pd.ArrowDtype):
        return column
    import pyarrow

    values = pyarrow.chunked_array(pyarrow.array(column.array))
    return values.to_pandas().set_axis(column.index).rename(column.name)
