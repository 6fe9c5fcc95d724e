"""Terms + values -> columns: R's `model.matrix`.

Which factor of which term is coded by contrasts, and which by one dummy column per level, follows R's rule
(`TermCode` in R's model.c; Chambers & Hastie 1992, *Statistical Models in S*, p. 38), so that names, order
and values of the columns are R's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..formula.algebra import Terms
from ..formula.functions import Contrast
from ..formula.tree import Node, write
from ..numerics.arrays import Array, Index
from ..numerics.small import diagonal_of_triangle, triangle_of
from .contrasts import contrast_matrix
from .evaluate import Evaluator, check_finite
from .values import Categorical, Matrix, Value, numeric

#: So many columns are made whatever the number of rows.
MOST_COLUMNS = 5000


@dataclass(frozen=True)
class Coding:
    """How one variable enters one term: `table` is levels × columns for a factor, None for numbers."""

    variable: int
    table: Array | None
    names: list[str]


@dataclass(frozen=True)
class ModelMatrix:
    """A recipe for columns, made once from the fit's data and then applied to any data.

    Attributes
    ----------
    terms : Terms
    levels : list
        For each variable its levels, or None when it is numbers.
    codings : list of list of Coding
        For each term, how each of its variables is coded.
    names : list of str
        The columns' names.
    assign : list of int
        For each column the number of its term, from 1; 0 is the intercept.
    """

    terms: Terms
    levels: list[list[str] | None]
    codings: list[list[Coding]]
    names: list[str]
    assign: list[int]

    @classmethod
    def plan(cls, terms: Terms, values: list[Value], contrasts: Mapping[str, Contrast]) -> "ModelMatrix":
        """Decide the coding of every factor in every term."""
        is_factor = [isinstance(value, Categorical) for value in values]
        for name, factor in zip(terms.names, is_factor, strict=True):
            if name in contrasts and not factor:
                raise DataError(
                    f"contrasts name '{name}', which is numeric; make it text or a category first"
                )
        full = full_dummies(terms, is_factor)
        codings = [
            [code(i, values[i], terms.names[i], contrasts, (number, i) in full) for i in term.variables]
            for number, term in enumerate(terms.terms)
        ]
        _check_width(codings, values)
        levels = [value.levels if isinstance(value, Categorical) else None for value in values]
        return cls(terms, levels, codings, *names_and_assign(terms, codings))

    def columns(self, values: list[Value], n: int) -> Array:
        """The columns (n, p) for these values, whose factors have this recipe's levels."""
        X = np.empty((n, len(self.names)))
        X[:, : self.terms.intercept] = 1.0
        start = int(self.terms.intercept)
        for coding in self.codings:
            blocks = [block(values[part.variable], part.table) for part in coding]
            product = blocks[0]
            for other in blocks[1:]:
                width = other.shape[1] * product.shape[1]
                product = (other[:, :, None] * product[:, None, :]).reshape(n, width)
            X[:, start : start + product.shape[1]] = product
            start += product.shape[1]
        return X

    def apply(self, evaluator: Evaluator) -> Array:
        """The columns (m, p) for new data; a level that is not among `levels` is refused."""
        values = [
            _new_numbers(node, evaluator) if levels is None else _new_factor(node, levels, evaluator)
            for node, levels in zip(self.terms.variables, self.levels, strict=True)
        ]
        return self.columns(values, len(evaluator.data))


def _check_width(codings: list[list[Coding]], values: list[Value]) -> None:
    """Refuse far more columns than there are rows, before they are made."""
    widths = [math.prod(len(part.names) for part in coding) for coding in codings]
    rows = min((len(_rows_of(value)) for value in values), default=0)
    if sum(widths) > max(MOST_COLUMNS, rows):
        raise DataError(
            f"the terms of the formula make {sum(widths)} columns of {rows} rows; leave out some '*' or '^', or "
            "factors with many levels"
        )


def _rows_of(value: Value) -> Array | Index:
    if isinstance(value, Categorical):
        return value.codes
    return value.values if isinstance(value, Matrix) else value


def names_and_assign(terms: Terms, codings: list[list[Coding]]) -> tuple[list[str], list[int]]:
    """The columns' names, and for each the number of its term, from 1; 0 is the intercept."""
    names, assign = ["(Intercept)"] * terms.intercept, [0] * terms.intercept
    for number, coding in enumerate(codings, start=1):
        product = [""]
        for part in coding:  # the first variable varies fastest
            product = [":".join(filter(None, (a, b))) for b in part.names for a in product]
        names += product
        assign += [number] * len(product)
    return names, assign


def _new_numbers(node: Node, evaluator: Evaluator) -> Array | Matrix:
    """A numeric variable of new data: NaN where its columns are, and nowhere else."""
    value = evaluator.value(node)
    numbers = value if isinstance(value, Matrix) else numeric(value, f"'{write(node)}'")
    complete = evaluator.complete(node)
    plain = numbers.values if isinstance(numbers, Matrix) else numbers
    check_finite(plain[complete], node, evaluator.data.index[complete])
    return numbers


def _new_factor(node: Node, levels: list[str], evaluator: Evaluator) -> Categorical:
    """A factor of new data in the fit's levels."""
    factor = evaluator.factor(node, f"'{write(node)}'").drop_unused()
    unseen = factor.not_among(levels)
    if unseen:
        known = ", ".join(levels[:5]) + (", …" if len(levels) > 5 else "")
        message = f"'{write(node)}' has the level '{unseen[0]}', which the fit has not seen"
        raise DataError(f"{message}; it knows {known}")
    return Categorical(factor.recode(levels), levels)


def full_dummies(terms: Terms, is_factor: list[bool]) -> set[tuple[int, int]]:
    """The (term, variable) pairs that R codes by one dummy per level.

    A factor in a term is coded by contrasts if what is left of the term without it is contained in an earlier
    term, or is empty; without an intercept the first factor of all is coded in full.
    """
    sets = [set(term.variables) for term in terms.terms]
    full = set()
    for number, term in enumerate(terms.terms):
        for variable in term.variables:
            margin = sets[number] - {variable}
            if is_factor[variable] and margin and not any(margin <= earlier for earlier in sets[:number]):
                full.add((number, variable))
    if not terms.intercept:
        pairs = ((n, v) for n, term in enumerate(terms.terms) for v in term.variables if is_factor[v])
        full.update(list(pairs)[:1])
    return full


def code(variable: int, value: Value, name: str, contrasts: Mapping[str, Contrast], full: bool) -> Coding:
    """How this value is coded in one term."""
    if isinstance(value, Matrix):
        parts = value.names if len(value.names) > 1 else [""]
        return Coding(variable, None, [name + part for part in parts])
    if not isinstance(value, Categorical):
        return Coding(variable, None, [name])
    if full:
        table, parts = np.eye(len(value.levels)), value.levels
    else:
        if len(value.levels) < 2:
            only = f"only the level '{value.levels[0]}'" if value.levels else "no levels"
            raise DataError(f"'{name}' has {only} in these data; a factor on the right needs at least two")
        chosen = contrasts.get(name) or value.contrast or ("poly" if value.ordered else "treatment")
        table, parts = contrast_matrix(chosen, value.levels)
        if isinstance(chosen, tuple) and name not in contrasts:  # R's C(f, base = 2) numbers the levels
            parts = [str(value.levels.index(part) + 1) for part in parts]
    missing = np.full((1, table.shape[1]), np.nan)  # a missing level, code -1, takes this last row
    return Coding(variable, np.vstack([table, missing]), [name + part for part in parts])


def block(value: Value, table: Array | None) -> Array:
    """The columns of one variable in one term."""
    if isinstance(value, Categorical):
        assert table is not None
        return table[value.codes]
    # Whole numbers of few bytes would overflow in products.
    return value.values if isinstance(value, Matrix) else value.astype(float)[:, None]


def independent_columns(X: Array, tolerance: float = 1e-7) -> list[int]:
    """Which columns to keep so that none is a combination of earlier ones: R's `qr(X, tol = 1e-7)`.

    A column goes when what is left of it, after projection on the columns kept before it, is no longer than
    `tolerance` times its own length. Everything is read off the small triangle R of `X = QR`.
    """
    keep = list(range(X.shape[1]))
    lengths = np.sqrt(np.einsum("np,np->p", X, X))
    left = diagonal_of_triangle(X)
    if len(left) == len(keep) and (left > tolerance * lengths).all():
        return keep
    R = triangle_of(X)
    while True:
        left = np.zeros(len(keep))
        left[: min(R.shape)] = np.abs(np.diag(R))
        short = np.flatnonzero(left <= tolerance * np.sqrt((R**2).sum(axis=0)))
        if len(short) == 0:
            return keep
        del keep[short[0]]
        R = triangle_of(np.delete(R, short[0], axis=1))
