"""What a formula's variables become: numbers, a `Categorical` or a `Matrix`; and how columns are read."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..formula.functions import Contrast
from ..formula.syntax import suggest
from ..formula.tree import number
from ..numerics.arrays import Array, Flags, Index
from ..numerics.frames import without_arrow
from .dates import date_label, days_of, is_date

#: A whole number as one of its two spellings has it.
WHOLE = re.compile(r"-?[0-9]+(\.[0-9]+)?e\+[0-9]+|-?[0-9]{6,}")


@dataclass(frozen=True)
class Categorical:
    """A categorical variable.

    Attributes
    ----------
    codes : array of int, shape (n,)
        Number of each row's level; -1 where it is missing.
    levels : list of str
        Names of the levels.
    ordered, logical : bool
        Whether the levels have an order; whether they are FALSE and TRUE.
    contrast : str, (str, base) or None
        The contrasts that ``C(f, contr)`` asks for; None for the default ones.
    """

    codes: Index
    levels: list[str]
    ordered: bool = False
    logical: bool = False
    contrast: Contrast | None = None

    def take(self, rows: Flags) -> "Categorical":
        return replace(self, codes=self.codes[rows])

    def drop_unused(self) -> "Categorical":
        """Without the levels that no row has; a logical factor keeps both of its levels, as in R."""
        used = np.bincount(self.codes + 1, minlength=len(self.levels) + 1)[1:] > 0
        if self.logical or used.all():
            return self
        renumber = np.append(np.cumsum(used) - 1, -1)
        levels = [level for level, is_used in zip(self.levels, used, strict=True) if is_used]
        return replace(self, codes=renumber[self.codes], levels=levels)

    def places(self, levels: Sequence[str]) -> list[int]:
        """Where each of this factor's levels stands among others; -1 where it is not among them."""
        known = {level: place for place, level in enumerate(levels)}
        return [known.get(level, known.get(_respelt(level), -1)) for level in self.levels]

    def recode(self, levels: Sequence[str]) -> Index:
        """This factor's rows as numbers into other levels; -1 where a level is not among them."""
        return np.array([*self.places(levels), -1])[self.codes]

    def not_among(self, levels: Sequence[str]) -> list[str]:
        """Levels that are not among others."""
        return [level for level, place in zip(self.levels, self.places(levels), strict=True) if place < 0]


@dataclass(frozen=True)
class Matrix:
    """A value of several columns, such as `poly(x, 2)`."""

    values: Array
    names: list[str]

    def take(self, rows: Flags) -> "Matrix":
        return Matrix(self.values[rows], self.names)


@dataclass(frozen=True)
class Dates:
    """Dates or times, whose use decides what they are.

    Attributes
    ----------
    days : array of shape (n,)
        As numbers; NaN where they are missing.
    factor : Categorical
        As levels, in the order of time.
    """

    days: Array
    factor: Categorical

    def take(self, rows: Flags) -> "Dates":
        return Dates(self.days[rows], self.factor.take(rows))


Value = Array | Categorical | Matrix
#: As read: whether dates are numbers or levels is not decided yet.
Undecided = Value | Dates


def take(value: Value, rows: Flags) -> Value:
    """Some rows of a value."""
    return value[rows] if isinstance(value, np.ndarray) else value.take(rows)


def as_categorical(value: Undecided, what: str) -> Categorical:
    """Any one-column value as a factor; numbers are sorted as numbers and labelled as R labels them."""
    if isinstance(value, Categorical):
        return value
    if isinstance(value, Dates):
        return value.factor
    if isinstance(value, Matrix):
        raise DataError(f"{what} has several columns, so it cannot be a factor")
    codes, distinct = pd.factorize(value, sort=True)
    return Categorical(*_merged(codes, [label(one) for one in distinct]))


def _merged(codes: Index, labels: list[str]) -> tuple[Index, list[str]]:
    """Values of one label are one level, as in R: 0.1 * 3 and 0.3, which agree in 15 digits."""
    levels = list(dict.fromkeys(labels))
    if len(levels) == len(labels):
        return codes, labels
    place = {level: at for at, level in enumerate(levels)}
    return np.array([place[name] for name in labels] + [-1], dtype=np.intp)[codes], levels


def label(value: Any) -> str:
    """A level's name as R's ``as.character`` writes it: 308, 0.5, 1e+05, TRUE; whole numbers (int) without exponent."""
    if type(value) is str:
        return value
    if isinstance(value, (bool, np.bool_)):
        return str(value).upper()
    return number(value + 0.0) if isinstance(value, float) else date_label(value)  # R writes -0 as 0


def _respelt(level: str) -> str:
    """A whole number's other spelling, for data that hold it as int here and as float there: 1e+05 and 100000."""
    if not WHOLE.fullmatch(level):
        return level
    plain = f"{float(level):.0f}"
    return number(float(level)) if level == plain else plain


def numeric(value: Undecided, what: str) -> Array:
    """A one-column value as floats; TRUE counts 1."""
    if isinstance(value, Categorical) and value.logical:
        return np.where(value.codes < 0, np.nan, value.codes)
    if isinstance(value, Dates):
        return value.days
    if not isinstance(value, np.ndarray):
        raise DataError(f"{what} must be numeric, but it holds text or categories")
    return value.astype(float)


def missing(value: Undecided) -> Flags:
    """Which rows of a value are missing."""
    if isinstance(value, Dates):
        value = value.factor
    if isinstance(value, Categorical):
        return value.codes < 0
    return np.isnan(value if isinstance(value, np.ndarray) else value.values.sum(axis=1))


# ---- reading columns ----


def _no_column(name: str, data: pd.DataFrame) -> str:
    """What is wrong where there is no column of that name."""
    if name in map(str, data.columns):
        return (
            f"the data call a column {name} by something other than text; data.rename(columns=str) makes all "
            "names text"
        )
    return f"column {name!r} is not in the data{_cure(name, data)}"


def _cure(name: str, data: pd.DataFrame) -> str:
    """What to do about a column that there is not."""
    if name in data.index.names:
        return "; it is the index: data.reset_index() makes it a column"
    for column in map(str, data.columns):
        if column != name and as_it_looks(column) == as_it_looks(name):
            why = (
                "has spaces at its ends"
                if column.strip() == name.strip()
                else "is written with other characters"
            )
            return f"; '{column}' looks alike, but {why}; rename it '{name}'"
    return suggest(name, data.columns)


def as_it_looks(name: str) -> str:
    """A name without what the eye does not see: spaces at its ends, and signs with two codes such as micro."""
    return unicodedata.normalize("NFKC", name).strip()


def column_of(data: pd.DataFrame, name: str) -> pd.Series:
    """One column, not held by Arrow.

    Raises
    ------
    DataError
        When there is no such column, or more than one.
    """
    try:
        series = data[name]
    except KeyError:
        raise DataError(_no_column(name, data)) from None
    if isinstance(series, pd.DataFrame):
        raise DataError(f"the data have more than one column called '{name}'; rename or drop one of them")
    return without_arrow(series)


def read_column(data: pd.DataFrame, name: str) -> Array | Categorical | Dates:
    """One column as numbers, as a factor or as dates.

    Raises
    ------
    DataError
        As :func:`column_of` and :func:`read_series`.
    """
    return read_series(column_of(data, name), f"column '{name}'")


def read_series(series: pd.Series, what: str) -> Array | Categorical | Dates:
    """One Series as numbers (whole numbers stay exact), a factor or dates; `what` names it in messages.

    Raises
    ------
    DataError
        When it holds infinities, or neither numbers nor text.
    """
    dtype, held = series.dtype, series.array
    if isinstance(held, pd.Categorical):
        labels = held.categories.tolist()
        if not isinstance(held.categories.dtype, pd.StringDtype):  # text is its own label
            labels = [label(category) for category in labels]
        return Categorical(*_merged(held.codes.astype(np.intp), labels), ordered=bool(held.ordered))
    if isinstance(dtype, np.dtype) and dtype.kind in "iu":
        return series.to_numpy()
    if isinstance(dtype, np.dtype) and dtype.kind == "f":  # pandas' questions below are slow
        return _finite(series.to_numpy(dtype=float), what)
    if pd.api.types.is_bool_dtype(dtype):
        return _logical(series)
    if pd.api.types.is_complex_dtype(dtype):
        raise DataError(f"{what} holds complex numbers; a model needs real ones")
    if pd.api.types.is_numeric_dtype(dtype):
        return _finite(series.to_numpy(dtype=float, na_value=np.nan), what)
    if is_date(series):
        days = days_of(series, what)
        codes = pd.factorize(days, sort=True)[0]
        found, first = np.unique(codes, return_index=True)
        labels = [label(date) for date in series.iloc[first[found >= 0]]]
        return Dates(days, Categorical(*_merged(codes, labels)))
    return _text(series) if isinstance(dtype, pd.StringDtype) else _read_object(series, what)


def _read_object(series: pd.Series, what: str) -> Array | Categorical:
    """A column of Python objects: numbers, text, true/false or times of day, but not a mixture."""
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind == "string":
        return _text(series)
    if kind == "boolean":
        return _logical(series)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal", "empty"):
        try:
            return _finite(series.where(series.notna(), np.nan).to_numpy(dtype=float), what)
        except OverflowError:
            raise DataError(f"{what} holds numbers too large to compute with") from None
    if kind == "time":  # of day
        return _text(series)
    raise DataError(f"{what} is neither numbers nor text (it holds {kind} values); give it a single type")


def _finite(values: Array, what: str) -> Array:
    if np.isfinite(values).all():  # the usual case, told at once
        return values
    infinite = np.isinf(values)
    if infinite.any():
        count = int(infinite.sum())
        plural = "s" if count > 1 else ""
        raise DataError(f"{what} holds {count} infinite value{plural}; mend or drop the rows")
    return values


def _text(series: pd.Series) -> Categorical:
    codes, found = series.array.factorize()
    names = [str(level) for level in found]
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names) + 1, dtype=np.intp)
    place[order], place[-1] = np.arange(len(names)), -1
    return Categorical(place[codes], [names[at] for at in order])


def _logical(series: pd.Series) -> Categorical:
    absent = series.isna().to_numpy()
    true = np.where(absent, False, series.to_numpy(dtype=object)) if absent.any() else series.to_numpy()
    codes = np.where(absent, -1, true.astype(bool)).astype(np.intp)
    return Categorical(codes, ["FALSE", "TRUE"], logical=True)


#: Sizes between which sums of squares neither overflow nor vanish.
SMALLEST, LARGEST = 1e-150, 1e153


def out_of_range(largest: Array) -> Flags:
    """Whether sums of squares of a column cannot be computed, by the size of its largest value."""
    return (largest > LARGEST) | ((largest > 0) & (largest < SMALLEST))


def check_sizes(names: Sequence[str], columns: Array) -> None:
    """Refuse columns in units in which sums of squares cannot be computed.

    Parameters
    ----------
    names : sequence of str
        What each column is called.
    columns : array of shape (n, k)

    Raises
    ------
    DataError
        If a column's largest value is out of range; all zeros, and missing values, are not.
    """
    squares = np.einsum("np,np->p", columns, columns)
    if ((squares > len(columns) * SMALLEST**2) & (squares < LARGEST**2)).all():
        return  # so is the largest value within its range
    largest = np.abs(columns).max(axis=0, initial=0.0)
    wrong = out_of_range(largest)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"the largest value of '{names[at]}' is {largest[at]:.3g} in size, and sums of squares of such "
            "numbers cannot be computed; use other units, or scale()"
        )
