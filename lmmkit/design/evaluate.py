"""Tree + data -> values: columns, arithmetic and the named functions, over NumPy arrays.

The walk is over the tree of `formula.tree`; Python never sees the formula's text.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..formula.functions import arguments, columns_of, contrast_of, literal
from ..formula.tree import Binary, Constant, FunctionCall, Literal, Name, Node, Paren, Unary, write
from ..numerics.arrays import Array, Flags
from .recoded import chosen, crossed, cut, relevelled
from .transforms import BSpline, Indicators, NaturalSpline, Poly, RawPoly, Shift, Transform
from .values import (
    Categorical,
    Dates,
    Matrix,
    Undecided,
    Value,
    as_categorical,
    column_of,
    label,
    missing,
    numeric,
    read_series,
)

ELEMENTWISE: dict[str, Callable[[Array], Array]] = {
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "expm1": np.expm1,
    "plogis": lambda x: np.exp(-np.logaddexp(0.0, -x)),
    "qlogis": lambda p: np.log(p) - np.log1p(-p),
    "floor": np.floor,
    "ceiling": np.ceil,
}
#: Functions with more than one variable or of another kind; pmin and pmax are missing where one of theirs is.
CHOICES: dict[str, Callable[..., Any]] = {
    "pmin": np.minimum,
    "pmax": np.maximum,
    "ifelse": chosen,
    "interaction": crossed,
    "relevel": relevelled,
    "cut": cut,
    "round": np.round,
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%%": np.mod,
    "%/%": np.floor_divide,
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
    series, columns : dict
        The columns met, as they are and as they were read, by name.
    """

    def __init__(self, data: pd.DataFrame, fitted: dict[str, Transform] | None = None):
        self.data = data
        self.fitted: dict[str, Transform] = {} if fitted is None else fitted
        self.fitting = fitted is None
        self.series: dict[str, pd.Series] = {}
        self.columns: dict[str, Array | Categorical | Dates] = {}

    def column(self, name: str) -> Array | Categorical | Dates:
        """A column of the data, read once."""
        if name not in self.columns:
            self.series[name] = column_of(self.data, name)
            self.columns[name] = read_series(self.series[name], f"column '{name}'")
        return self.columns[name]

    def value(self, node: Node) -> Value:
        """The value of a variable, one row for each row of the data; dates count as days."""
        value = self._whole(node)
        return value.days if isinstance(value, Dates) else value

    def factor(self, node: Node, what: str) -> Categorical:
        """The value of a variable as a factor; `what` names it in messages."""
        return as_categorical(self._whole(node), what)

    def _whole(self, node: Node) -> Undecided:
        value = self._safely(self._value, node)
        if isinstance(value, (Categorical, Matrix, Dates)) or np.ndim(value) > 0:
            return value
        return np.full(len(self.data), float(value))  # a constant

    def numbers(self, node: Node) -> Array:
        """The value of a piece that must be numbers; TRUE counts 1."""
        values = self._safely(self._numbers, node)
        return np.array(values) if np.ndim(values) else np.full(len(self.data), float(values))

    def complete(self, node: Node) -> Flags:
        """Which rows have a value in every column that a piece names."""
        present = np.ones(len(self.data), dtype=bool)
        for name in columns_of(node):
            present &= ~missing(self.column(name))
        return present

    def _safely(self, compute: Callable[[Node], Any], node: Node) -> Any:
        """Without NumPy's warnings (what is not finite is reported later) and within Python's recursion."""
        if isinstance(node, Name):  # nothing is computed
            return compute(node)
        try:
            with np.errstate(all="ignore"):
                return compute(node)
        except RecursionError:
            raise DataError(
                "a calculation in the formula is too long; make it a column of the data"
            ) from None

    def _value(self, node: Node) -> Undecided:
        if isinstance(node, Name):
            return self.column(node.name)
        if isinstance(node, Constant) and node.name in self.data.columns:
            raise DataError(f"'{node.name}' is a number and a column; write `{node.name}` for the column")
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
        assert isinstance(node, FunctionCall)
        return self._call(node)

    def _numbers(self, node: Node) -> Array:
        value = self._value(node)
        if isinstance(value, Matrix):
            if value.values.shape[1] > 1:
                raise DataError(f"{write(node)} makes several columns, so it must be a term of its own")
            return value.values[:, 0]
        return numeric(value, f"'{write(node)}'")

    def _unary(self, node: Unary) -> Value:
        operand = self._numbers(node.operand)
        if node.op == "!":
            return self._truth(operand == 0, np.isnan(operand))
        return np.asarray(-operand) if node.op == "-" else operand  # a lone number negates to a scalar

    def _binary(self, node: Binary) -> Value:
        if node.op in ("==", "!="):
            matched = self._match_text(node)
            if matched is not None:
                return matched
        if node.op == "%in%":
            return self._membership(node)
        left, right = self._numbers(node.left), self._numbers(node.right)
        result = OPERATORS[node.op](left, right)
        if result.dtype != bool:
            return np.asarray(result, dtype=float)
        return self._truth(result, np.isnan(left) | np.isnan(right))

    def _match_text(self, node: Binary) -> Categorical | None:
        """`f == "a"`, either way round; None when neither side is a string."""
        sides = [node.left, node.right]
        texts = [side for side in sides if isinstance(side, Literal) and isinstance(side.value, str)]
        if not texts:
            return None
        other = sides[0] if texts[0] is sides[1] else sides[1]
        factor = self.factor(other, write(other))
        wanted = np.array([level == str(texts[0].value) for level in factor.levels] + [False])
        return self._truth(wanted[factor.codes] == (node.op == "=="), factor.codes < 0)

    def _membership(self, node: Binary) -> Categorical:
        """`x %in% c(1, 2)`, of numbers or of levels."""
        wanted = literal(node.right)
        wanted = wanted if isinstance(wanted, list) else [wanted]
        value = self._value(node.left)
        if not isinstance(value, np.ndarray) or any(isinstance(one, str) for one in wanted):
            factor = as_categorical(value, f"'{write(node.left)}'")
            names = [label(one) for one in wanted]
            found = np.array([level in names for level in factor.levels] + [False])
            return self._truth(found[factor.codes], factor.codes < 0)
        return self._truth(np.isin(value, [float(one) for one in wanted]), np.isnan(value))

    def _truth(self, true: Flags, absent: Flags) -> Categorical:
        codes = np.where(absent, -1, true).astype(np.intp)
        return Categorical(np.broadcast_to(codes, len(self.data)), ["FALSE", "TRUE"], logical=True)

    def _call(self, node: FunctionCall) -> Undecided:
        given = arguments(node)
        if node.function in CHOICES:
            return self._choice(node, given)
        inner = given.pop("x")
        if node.function == "I":
            return self._value(inner)
        if node.function == "dummy":
            return self._indicators(node, inner, given)
        if node.function in ("factor", "C"):
            return self._factor(node, inner, given)
        if node.function in ELEMENTWISE:
            result = np.asarray(ELEMENTWISE[node.function](self._numbers(inner)))
            return result / np.log(literal(given["base"])) if "base" in given else result
        return self._transform(node, inner, given)

    def _choice(self, node: FunctionCall, given: dict[str, Node]) -> Undecided:
        """Functions of several variables, and those that recode one."""
        name, text = node.function, write(node)
        if name == "ifelse":
            yes, no = (self._text_or_numbers(given[key]) for key in ("yes", "no"))
            return chosen(np.broadcast_to(self._numbers(given["test"]), len(self.data)), yes, no)
        if name == "interaction":
            return reduce(crossed, (self.factor(one, f"'{write(one)}'") for one in given.values()))
        if name == "relevel":
            factor, ref = self.factor(given["x"], f"'{write(given['x'])}'"), literal(given["ref"])
            assert isinstance(ref, (str, float))
            # New rows are matched by the names of their levels, and may lack this one.
            return relevelled(factor.drop_unused(), ref, text) if self.fitting else factor
        x = np.broadcast_to(self._numbers(given["x"]), len(self.data))
        if name == "cut":
            plain: dict[str, Any] = {key: literal(value) for key, value in given.items() if key != "x"}
            lowest = plain.get("include.lowest", False)
            return cut(x, plain["breaks"], plain.get("labels"), plain.get("right", True), lowest, text)
        if name == "round":
            digits: Any = literal(given["digits"]) if "digits" in given else 0
            return np.round(x, int(digits))
        return np.asarray(reduce(CHOICES[name], map(self._numbers, given.values())))

    def _text_or_numbers(self, node: Node) -> Array | str:
        if isinstance(node, Literal) and isinstance(node.value, str):
            return node.value
        return self._numbers(node)

    def _factor(self, node: FunctionCall, inner: Node, given: dict[str, Node]) -> Categorical:
        factor = self.factor(inner, f"'{write(inner)}'")
        if node.function == "C":
            contrast = contrast_of(given) if given else factor.contrast
            return replace(factor, contrast=contrast)
        if "levels" not in given:
            return replace(factor, logical=False).drop_unused()
        wanted = literal(given["levels"])
        assert isinstance(wanted, list)
        levels = [label(level) for level in wanted]
        left_out = factor.drop_unused().not_among(levels)
        if left_out:
            raise DataError(f"{write(node)} leaves out the level '{left_out[0]}' that the data have")
        return Categorical(factor.recode(levels), levels, ordered=factor.ordered)

    def _indicators(self, node: FunctionCall, inner: Node, given: dict[str, Node]) -> Matrix:
        """`dummy(f, "a")`: 1 where the row has the level; of all levels but the first, if none is named."""
        factor, text = self.factor(inner, f"'{write(inner)}'"), write(node)
        if self.fitting and text not in self.fitted:
            factor = factor.drop_unused()
            kept = literal(given["levelsToKeep"]) if "levelsToKeep" in given else factor.levels[1:]
            self.fitted[text] = Indicators.fit(factor.levels, kept, text)
        indicators = self.fitted[text]
        assert isinstance(indicators, Indicators)
        unseen = factor.drop_unused().not_among(indicators.levels)
        if unseen:
            raise DataError(f"'{write(inner)}' has the level '{unseen[0]}', which the fit has not seen")
        codes = factor.recode(indicators.levels)
        return Matrix(indicators(np.where(codes < 0, np.nan, codes)), indicators.names)

    def _transform(self, node: FunctionCall, inner: Node, given: dict[str, Node]) -> Matrix:
        x = np.broadcast_to(self._numbers(inner), len(self.data))
        text = write(node)
        if self.fitting and text not in self.fitted:
            options = {key: literal(value) for key, value in given.items()}
            self.fitted[text] = fit_transform(node.function, x[np.isfinite(x)], options)
        transform = self.fitted[text]
        return Matrix(transform(x), transform.names)


def check_finite(values: Array, node: Node, index: pd.Index) -> None:
    """Refuse NaN and infinity that the formula itself made, as log(0) does."""
    wrong = ~np.isfinite(values if values.ndim == 1 else values.sum(axis=1))
    if wrong.any():
        count, first = int(wrong.sum()), index[int(wrong.argmax())]
        rows = f"row {first}" if count == 1 else f"{count} rows, the first of them {first}"
        hint = "look there for zeros, negative or very large values"
        raise DataError(f"{write(node)} is not a finite number in {rows}; {hint}")


def fit_transform(function: str, x: Array, options: dict[str, Any]) -> Transform:
    """Fit poly, bs, ns, scale or center to the non-missing values of its argument."""
    if "Boundary.knots" in options:
        options["boundary"] = options.pop("Boundary.knots")
    if len(x) == 0:
        raise DataError(f"{function}() has no values to work on: all are missing or infinite")
    if function == "poly":
        if options.pop("raw", False):
            return RawPoly(int(options.get("degree", 1)))
        return Poly.fit(x, **options)
    if function == "center":
        return Shift.fit(x, scale=False)
    kind: Any = {"bs": BSpline, "ns": NaturalSpline, "scale": Shift}[function]
    return kind.fit(x, **options)
