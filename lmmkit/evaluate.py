"""Tree + data -> values: columns, arithmetic and the named functions, over NumPy arrays.

A value is an array of numbers (missing: NaN), a `Matrix` of several columns, or a `Factor`. The walk is over the
tree of `syntax.py`; Python never sees the text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from lmmkit.errors import DataError
from lmmkit.formula import arguments, contrast_name, literal
from lmmkit.syntax import Binary, Call, Literal, Name, Node, Paren, Unary, suggest, write
from lmmkit.transforms import BSpline, NaturalSpline, Poly, RawPoly, Shift, Transform

Array = np.ndarray


@dataclass(frozen=True)
class Factor:
    """A categorical value: level numbers (missing: -1), level names, and how it wants to be coded."""

    codes: Array
    levels: list[str]
    ordered: bool = False
    logical: bool = False
    contrast: str | None = None
    base: int = 0

    def take(self, rows: Array) -> "Factor":
        return replace(self, codes=self.codes[rows])

    def drop_unused(self) -> "Factor":
        """Without the levels that no row has; a logical factor keeps both of its levels, as in R."""
        if self.logical:
            return self
        used = np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels)) > 0
        if used.all():
            return self
        renumber = np.append(np.cumsum(used) - 1, -1)
        return replace(
            self,
            codes=renumber[self.codes],
            levels=[level for level, is_used in zip(self.levels, used, strict=True) if is_used],
        )

    def recode(self, levels: Sequence[str]) -> Array:
        """This factor's rows as numbers into other levels; -1 where a level is not among them."""
        known = pd.Index(levels).get_indexer(pd.Index(self.levels, dtype=object))
        return np.append(known, -1)[self.codes]


@dataclass(frozen=True)
class Matrix:
    """A value of several columns, such as `poly(x, 2)`."""

    values: Array
    names: list[str]

    def take(self, rows: Array) -> "Matrix":
        return Matrix(self.values[rows], self.names)


Value = Array | Factor | Matrix


def take(value: Value, rows: Array) -> Value:
    """Some rows of a value."""
    return value[rows] if isinstance(value, np.ndarray) else value.take(rows)


def as_factor(value: Value, what: str) -> Factor:
    """Any one-column value as a factor; numbers are sorted as numbers and labelled as R labels them."""
    if isinstance(value, Factor):
        return value
    if isinstance(value, Matrix):
        raise DataError(f"{what} has several columns, so it cannot be a factor")
    codes, distinct = pd.factorize(value, sort=True)
    return Factor(codes, [label(number) for number in distinct])


def label(value: Any) -> str:
    """A level's name as R writes it: 308, 0.5, TRUE."""
    if isinstance(value, (bool, np.bool_)):
        return str(value).upper()
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.15g}"
    return str(value)


def missing(value: Value) -> Array:
    """Which rows of a value are missing."""
    if isinstance(value, Factor):
        return value.codes < 0
    return np.isnan(value if isinstance(value, np.ndarray) else value.values.sum(axis=1))


# ---- reading columns ----


def read_column(data: pd.DataFrame, name: str) -> Array | Factor:
    """One column as numbers or as a factor.

    Raises
    ------
    DataError
        When there is no such column, or more than one, or it holds infinities or what is neither number nor text.
    """
    if name not in data.columns:
        raise DataError(f"column '{name}' is not in the data{suggest(name, data.columns)}")
    series = data[name]
    if isinstance(series, pd.DataFrame):
        raise DataError(f"the data have more than one column called '{name}'; rename or drop one of them")
    return _read_series(series, f"column '{name}'")


def _read_series(series: pd.Series, what: str) -> Array | Factor:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        labels = [label(category) for category in series.cat.categories]
        return Factor(series.cat.codes.to_numpy().astype(np.intp), labels, ordered=bool(series.cat.ordered))
    kind = dtype.kind if isinstance(dtype, np.dtype) else ""
    if kind in "iuf" and kind:
        return _finite(series.to_numpy(dtype=float), what)
    if pd.api.types.is_bool_dtype(dtype):
        return _logical(series)
    if pd.api.types.is_complex_dtype(dtype):
        raise DataError(f"{what} holds complex numbers; a model needs real ones")
    if pd.api.types.is_numeric_dtype(dtype):
        return _finite(series.to_numpy(dtype=float, na_value=np.nan), what)
    if isinstance(dtype, pd.StringDtype):
        return _text(series)
    return _read_object(series, what)


def _read_object(series: pd.Series, what: str) -> Array | Factor:
    """A column of Python objects: numbers, text or true/false, but not a mixture."""
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind == "string":
        return _text(series)
    if kind == "boolean":
        return _logical(series)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal", "integer-na", "empty"):
        return _finite(pd.to_numeric(series).to_numpy(dtype=float, na_value=np.nan), what)
    if "date" in kind or "time" in kind or kind == "period":
        raise DataError(f"{what} holds dates or times; turn it into a number, such as days since the start")
    raise DataError(f"{what} is neither numbers nor text (it holds {kind} values); give it a single type")


def _finite(values: Array, what: str) -> Array:
    infinite = np.isinf(values)
    if infinite.any():
        count = int(infinite.sum())
        raise DataError(f"{what} holds {count} infinite value{'s' if count > 1 else ''}; mend or drop the rows")
    return values


def _text(series: pd.Series) -> Factor:
    codes, levels = pd.factorize(series, sort=True)
    return Factor(codes, [str(level) for level in levels])


def _logical(series: pd.Series) -> Factor:
    absent = series.isna().to_numpy()
    codes = np.where(absent, -1, series.where(~absent, False).to_numpy(dtype=bool)).astype(np.intp)
    return Factor(codes, ["FALSE", "TRUE"], logical=True)


# ---- walking the tree ----

ELEMENTWISE: dict[str, Callable[[Array], Array]] = {
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "&": np.logical_and,
    "|": np.logical_or,
}


class Evaluator:
    """Values of formula pieces on one data frame.

    Parameters
    ----------
    data : DataFrame
    fitted : dict or None
        Transforms fitted before, by their text. None: fit each on these data when it is met.

    Attributes
    ----------
    fitted : dict
        The transforms met, to be handed to the evaluator of new data.
    """

    def __init__(self, data: pd.DataFrame, fitted: dict[str, Transform] | None = None):
        self.data = data
        self.fitted: dict[str, Transform] = {} if fitted is None else fitted
        self.fitting = fitted is None
        self.columns: dict[str, Array | Factor] = {}

    def column(self, name: str) -> Array | Factor:
        """A column of the data, read once."""
        if name not in self.columns:
            self.columns[name] = read_column(self.data, name)
        return self.columns[name]

    def value(self, node: Node) -> Value:
        """The value of a variable, one row for each row of the data."""
        with np.errstate(all="ignore"):
            value = self._value(node)
        if isinstance(value, np.ndarray) and value.ndim == 0:
            return np.full(len(self.data), float(value))
        return value

    def numbers(self, node: Node) -> Array:
        """The value of a piece that must be numbers; TRUE counts 1."""
        with np.errstate(all="ignore"):
            value = self._numbers(node)
        return np.broadcast_to(value, len(self.data)).astype(float)

    def _value(self, node: Node) -> Value:
        if isinstance(node, Name):
            return self.column(node.name)
        if isinstance(node, Literal):
            if isinstance(node.value, str):
                raise DataError(f"the text {write(node)} can only be compared with a column of text")
            return np.asarray(float(node.value))
        if isinstance(node, Paren):
            return self._value(node.inner)
        if isinstance(node, Unary):
            return self._unary(node)
        if isinstance(node, Binary):
            return self._binary(node)
        assert isinstance(node, Call)
        return self._call(node)

    def _numbers(self, node: Node) -> Array:
        value = self._value(node)
        if isinstance(value, Matrix) and value.values.shape[1] == 1:
            return value.values[:, 0]
        if isinstance(value, Matrix):
            raise DataError(f"{write(node)} makes several columns, so it can only stand as a term of its own")
        if isinstance(value, Factor):
            if not value.logical:
                raise DataError(f"'{write(node)}' holds text or categories where numbers are needed")
            return np.where(value.codes < 0, np.nan, value.codes)
        return value

    def _unary(self, node: Unary) -> Value:
        operand = self._numbers(node.operand)
        if node.op == "!":
            return self._truth(operand == 0, np.isnan(operand))
        return -operand if node.op == "-" else operand

    def _binary(self, node: Binary) -> Value:
        if node.op in ("==", "!="):
            matched = self._match_text(node)
            if matched is not None:
                return matched
        left, right = self._numbers(node.left), self._numbers(node.right)
        result = OPERATORS[node.op](left, right)
        if result.dtype != bool:
            return np.asarray(result, dtype=float)
        return self._truth(result, np.isnan(left) | np.isnan(right))

    def _match_text(self, node: Binary) -> Factor | None:
        """`f == "a"`, either way round; None when neither side is a string."""
        sides = [node.left, node.right]
        texts = [side for side in sides if isinstance(side, Literal) and isinstance(side.value, str)]
        if not texts:
            return None
        other = sides[0] if texts[0] is sides[1] else sides[1]
        factor = as_factor(self.value(other), write(other))
        wanted = np.array([level == str(texts[0].value) for level in factor.levels] + [False])
        return self._truth(wanted[factor.codes] == (node.op == "=="), factor.codes < 0)

    def _truth(self, true: Array, absent: Array) -> Factor:
        codes = np.where(absent, -1, true).astype(np.intp)
        return Factor(np.broadcast_to(codes, len(self.data)), ["FALSE", "TRUE"], logical=True)

    def _call(self, node: Call) -> Value:
        given = arguments(node)
        inner = given.pop("x")
        if node.function == "I":
            return self._value(inner)
        if node.function in ("factor", "C"):
            return self._factor(node, inner, given)
        if node.function in ELEMENTWISE:
            result = ELEMENTWISE[node.function](self._numbers(inner))
            return result / np.log(_plain(given["base"])) if "base" in given else result
        return self._transform(node, inner, given)

    def _factor(self, node: Call, inner: Node, given: dict[str, Node]) -> Factor:
        factor = as_factor(self.value(inner), f"'{write(inner)}'")
        if node.function == "C":
            contrast = contrast_name(given["contr"]) if "contr" in given else factor.contrast
            base = int(_plain(given["base"])) - 1 if "base" in given else 0
            if not 0 <= base < len(factor.levels):
                raise DataError(f"{write(node)}: the factor has no level number {base + 1}")
            return replace(factor, contrast=contrast, base=base)
        if "levels" not in given:
            return replace(factor, logical=False).drop_unused()
        wanted = literal(given["levels"])
        levels = [label(level) for level in (wanted if isinstance(wanted, list) else [wanted])]
        left_out = [level for level in factor.drop_unused().levels if level not in levels]
        if left_out:
            raise DataError(f"{write(node)} leaves out the level '{left_out[0]}' that the data have")
        return Factor(factor.recode(levels), levels)

    def _transform(self, node: Call, inner: Node, given: dict[str, Node]) -> Matrix:
        x = np.broadcast_to(self._numbers(inner), len(self.data))
        text = write(node)
        if self.fitting and text not in self.fitted:
            options = {key: literal(value) for key, value in given.items()}
            self.fitted[text] = fit_transform(node.function, x[np.isfinite(x)], options)
        transform = self.fitted[text]
        return Matrix(transform(x), transform.names)


def _plain(node: Node) -> float:
    value = literal(node)
    if isinstance(value, (str, list)):
        raise DataError(f"{write(node)} stands where a number is needed")
    return float(value)


def fit_transform(function: str, x: Array, options: dict[str, Any]) -> Transform:
    """Fit poly, bs, ns, scale or center to the non-missing values of its argument."""
    if "Boundary.knots" in options:
        options["boundary"] = options.pop("Boundary.knots")
    for key, value in options.items():
        if isinstance(value, str):
            raise DataError(f'{function}() takes no text for {key}; "{value}" is not a number')
    if len(x) == 0:
        raise DataError(f"{function}() has no values to work on: all are missing or infinite")
    if function == "poly":
        if options.pop("raw", False):
            return RawPoly(int(options.get("degree", 1)))
        return Poly.fit(x, **options)
    if function == "center":
        return Shift.fit(x, scale=False)
    fit: Callable[..., Transform] = {"bs": BSpline.fit, "ns": NaturalSpline.fit, "scale": Shift.fit}[function]
    return fit(x, **options)
