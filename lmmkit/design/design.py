"""Formula + data -> `Design`: y, X, offset, weights, and one `RandomTerm` for each random-effects term.

In order: read the columns the formula names, find the rows to keep, evaluate each variable once, code the
variables into columns. A grouping factor stays a vector of integer codes; no indicator matrix is ever made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..errors import DataError
from ..formula.algebra import expand
from ..formula.functions import Contrast, columns_of
from ..formula.parse import Bar, Formula, parse
from ..formula.syntax import read
from ..formula.tree import FunctionCall, children
from ..formula.update import expand_dot, like_conditional
from ..numerics.arrays import Array, Flags, Index
from ..numerics.frames import as_pandas
from .contrasts import check_contrasts
from .dates import as_days
from .evaluate import Evaluator
from .grouping import Grouping, theta_order
from .model_matrix import ModelMatrix, independent_columns
from .names import make_unique
from .random_term import RandomTerm
from .row_questions import RowQuestions
from .rows import KeptRows, ModelFrame, check_frame, check_names, extra, kept_rows
from .transforms import Transform
from .values import Categorical, Dates, Value, check_sizes, numeric

__all__ = ["Design", "RandomTerm", "build_design"]


@dataclass
class Design(RowQuestions):
    """Everything a fit needs of the data, and the way to repeat it on new data.

    Attributes
    ----------
    formula : Formula
    y : ndarray (n,)
        The response; for `cbind(hits, misses)` the proportion of hits; NaN for a one-sided formula.
    X : ndarray (n, p)
        Fixed-effects model matrix, of full column rank.
    x_names : list of str
        R's names of its columns.
    dropped : list of str
        Columns left out of X because earlier ones determine them.
    offset : ndarray (n,)
    weights : ndarray (n,) or None
        Prior weights; with `cbind` they are multiplied by the number of trials, as R's `prior.weights`.
    trials : ndarray (n,) or None
        Hits plus misses, when the response is `cbind(hits, misses)`.
    terms : list of RandomTerm
        In the order of lme4's theta: by decreasing number of levels.
    table : ModelFrame
        Holds the rows and columns used.
    response : str
        The response as written.
    response_levels : list of str or None
        The two levels of a binary factor response; y is 1 for the second.
    n_omitted : int
        Rows left out because of missing values.
    used : ndarray of bool, or None
        Which rows of the data they leave; None for all.
    assign : list of int
        For each column of X the number of its term in `term_labels`, from 1; 0 is the intercept.
    term_labels : list of str
        The fixed terms, as R labels them.
    model_matrix : ModelMatrix
        How X, with the columns that were dropped, is made of data.
    kept : list of int
        Which of its columns are in X.
    transforms : dict
        What ``poly()``, ``scale()`` and their like remember, by their text.
    offset_argument, weights_argument : str or bool
        The name of the column given as `offset` or `weights`; else whether an array was given.
    components : dict
        The designs of the model's other parts on the same rows, by their names (``"dispersion"``).
    """

    formula: Formula
    y: Array
    X: Array
    x_names: list[str]
    dropped: list[str]
    offset: Array
    weights: Array | None
    trials: Array | None
    terms: list[RandomTerm]
    table: ModelFrame = field(repr=False)
    response: str
    response_levels: list[str] | None
    n_omitted: int
    used: Flags | None = field(repr=False)
    assign: list[int]
    term_labels: list[str]
    model_matrix: ModelMatrix = field(repr=False)
    kept: list[int] = field(repr=False)
    transforms: dict[str, Transform] = field(repr=False)
    offset_argument: str | bool = field(repr=False)
    weights_argument: str | bool = field(repr=False)
    components: dict[str, Design] = field(default_factory=dict, repr=False)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows and columns used, under their original index."""
        return self.table.frame

    @property
    def row_weights(self) -> Array:
        """Prior weights (n,); ones where none were given."""
        return np.ones(len(self.y)) if self.weights is None else self.weights

    @property
    def row_trials(self) -> Array | None:
        """Numbers of trials (n,) behind a binomial response: hits plus misses, else the prior weights.

        Zero in rows of weight zero; None where each row is a single trial.
        """
        if self.trials is None or self.weights is None:
            return self.weights
        return np.where(self.weights > 0, self.trials, 0.0)

    def take(self, keep: Flags) -> Design:
        """The design on some of its rows; the columns of X stay."""
        return replace(
            self,
            y=self.y[keep],
            X=self.X[keep],
            offset=self.offset[keep],
            weights=None if self.weights is None else self.weights[keep],
            trials=None if self.trials is None else self.trials[keep],
            terms=[term.take(keep) for term in self.terms],
            table=ModelFrame.of(self.frame[keep]),
            used=None,
            components={name: part.take(keep) for name, part in self.components.items()},
        )

    def new_rows(self, newdata: pd.DataFrame, absent: Sequence[str] = ()) -> NewRows:
        """New rows, coded as in the fit.

        Parameters
        ----------
        newdata : DataFrame
        absent : sequence of str
            Columns that are not there and not needed: they count as missing in every row.
        """
        frame = check_frame(newdata, "newdata")
        if absent:
            frame = frame.assign(**dict.fromkeys(absent, np.nan))
        return NewRows(self, Evaluator(frame, self.transforms))

    @property
    def variables(self) -> list[Value]:
        """The variables of the fixed part on the rows used, in the order of ``model_matrix.terms``."""
        evaluator = Evaluator(self.frame, self.transforms)
        values = [evaluator.value(node) for node in self.model_matrix.terms.variables]
        return [value.drop_unused() if isinstance(value, Categorical) else value for value in values]


@dataclass(frozen=True)
class NewRows:
    """New rows in the terms of a fit: each column of the data is read once.

    Parameters
    ----------
    design : Design
        Of the fit.
    evaluator : Evaluator
        Of the new data, with the fit's transforms.
    """

    design: Design
    evaluator: Evaluator

    @property
    def index(self) -> pd.Index:
        """Of the new data."""
        return self.evaluator.data.index

    @cached_property
    def X(self) -> Array:
        """Fixed-effects model matrix (m, p), coded as in the fit; a missing value makes its row NaN.

        Raises
        ------
        DataError
            When a column is not there, or a factor has a level that the fit has not seen.
        """
        return self.all_columns[:, self.design.kept]

    @cached_property
    def all_columns(self) -> Array:
        """The same with the columns that the fit dropped because earlier ones determine them."""
        return self.design.model_matrix.apply(self.evaluator)

    @cached_property
    def terms(self) -> list[tuple[Index, Array]]:
        """For each random-effects term the level numbers (m,), -1 where the level is new, and Z (m, k)."""
        return [
            (term.grouping.codes(self.evaluator), term.model_matrix.apply(self.evaluator))
            for term in self.design.terms
        ]

    @cached_property
    def new_levels(self) -> dict[str, list[str]]:
        """For each grouping factor the levels that the fit has not seen."""
        return {term.group: term.grouping.unseen(self.evaluator) for term in self.design.terms}

    @cached_property
    def offset(self) -> Array:
        """Offset (m,).

        Raises
        ------
        DataError
            When the fit's offset was an array, so that nothing tells its value for new rows.
        """
        design, evaluator = self.design, self.evaluator
        total = np.zeros(len(evaluator.data))
        for text in design.formula.offsets:
            total += evaluator.numbers(read(text))
        name = design.offset_argument
        if isinstance(name, str):
            total += numeric(evaluator.column(name), f"column '{name}'")
        elif name:
            raise DataError(
                "the offset of this fit was given as an array, so it is not known for new rows; write "
                "offset(column) in the formula instead"
            )
        return total

    @cached_property
    def weights(self) -> Array | None:
        """Prior weights (m,), NaN where they are missing; None if the fit had none.

        Raises
        ------
        DataError
            When nothing tells them: the column is not there, or the fit's weights were an array; also for
            weights below zero.
        """
        name = self.design.weights_argument
        if not name:
            return None
        if not isinstance(name, str):
            raise DataError(
                "the weights of this fit were given as an array, so those of new rows are not known; put them "
                "into a column of the data, and fit with weights='column'"
            )
        if name not in self.evaluator.data.columns:
            raise DataError(f"the weights of the new rows are not known; add the column '{name}' to newdata")
        values = numeric(self.evaluator.column(name), f"column '{name}'")
        if (values < 0).any():
            raise DataError(f"weights must not be negative; {int((values < 0).sum())} of them are")
        return values

    @cached_property
    def trials(self) -> Array | None:
        """Hits plus misses (m,) of a response `cbind(hits, misses)`; None for another response.

        Raises
        ------
        DataError
            When their columns are not there, or hold counts below zero.
        """
        if self.design.trials is None:
            return None
        node = read(self.design.response)
        absent = [name for name in dict.fromkeys(columns_of(node)) if name not in self.evaluator.data.columns]
        if absent:
            raise DataError(
                f"the numbers of trials of the new rows are not known; add {', '.join(absent)} to newdata"
            )
        counts = [self.evaluator.numbers(child) for child in children(node)]
        if any((count < 0).any() for count in counts):
            raise DataError(f"the counts in {self.design.response} must not be negative")
        return counts[0] + counts[1]


# ---- building ----


def build_design(
    formula: Formula | str,
    data: pd.DataFrame,
    *,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    na_action: Literal["omit", "exclude", "raise"] = "omit",
    binary_response: bool = False,
    components: Mapping[str, str] | None = None,
    transforms: Mapping[str, Transform] | None = None,
) -> Design:
    """Turn a formula and a data frame into the matrices of a mixed model.

    Parameters
    ----------
    formula : Formula or str
    data : DataFrame
        Columns that Arrow holds are read as pandas' own.
    weights, offset : column name, array or Series of length n, optional
        Prior weights (not negative) and a known addition to the linear predictor. A Series is matched by its
        index.
    contrasts : dict, optional
        Factor -> `"treatment"`, `"sum"`, `"helmert"` or `"poly"`, for the fixed part, as in lme4.
    na_action : {"omit", "exclude", "raise"}
        Leave out rows with missing values (the first two), or refuse them.
    binary_response : bool
        Take a factor of two levels as a response of 0 and 1 (for binomial models).
    components : dict, optional
        Name -> one-sided formula of another part of the model, such as ``"~ site + (1 | day)"``, in which a
        dot stands for the terms of `formula`. A row that lacks a value in any part is left out of all.
    transforms : dict, optional
        What ``scale()`` and its like remember, by their text, where that is known already.

    Returns
    -------
    Design

    Raises
    ------
    FormulaError, DataError
        One sentence: what is wrong, where, and what to try.

    Notes
    -----
    Agrees with R's `model.frame` and `model.matrix`, and with lme4's `mkReTrms`.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"y": [1.0, 2, 4, 3], "x": [0, 1, 0, 1], "g": ["a", "a", "b", "b"]})
    >>> design = build_design("y ~ x + (1 | g)", data)
    >>> design.x_names, design.terms[0].levels, design.terms[0].codes.tolist()
    (['(Intercept)', 'x'], ['a', 'b'], [0, 0, 1, 1])
    """
    data = data if isinstance(data, pd.DataFrame) else as_pandas("data", data)
    check_names(data, "data")
    parsed = formula if isinstance(formula, Formula) else parse(formula)
    parsed = expand_dot(parsed, data.columns)
    contrasts = check_contrasts(contrasts, data.columns, parsed.fixed)
    evaluator = Evaluator(data)
    evaluator.fitted |= transforms or {}
    others = {
        name: parse(like_conditional(text, parsed), one_sided=True, double_bar=parsed.double_bar)
        for name, text in (components or {}).items()
    }
    names = list(dict.fromkeys([*parsed.columns, *(c for other in others.values() for c in other.columns)]))
    names += [name for name in (weights, offset) if isinstance(name, str) and name not in names]
    weight_values = extra(weights, "weights", data)
    offset_values = extra(offset, "offset", data)
    keep = kept_rows(evaluator, names, {"weights": weight_values, "offset": offset_values}, na_action)
    rows = KeptRows(evaluator, keep)

    y, trials, response_levels = _response(parsed, rows, binary_response)
    check_sizes([parsed.response], y[:, None])
    recipe, X = _columns(parsed.fixed, rows, contrasts)
    kept = independent_columns(X)
    prior = None if weight_values is None else rows.take(weight_values)
    if prior is not None and (prior < 0).any():
        raise DataError(f"weights must not be negative; {int((prior < 0).sum())} of them are")
    if prior is not None:
        check_sizes(["weights"], prior[:, None])
    if trials is not None:
        prior = trials if prior is None else prior * trials
    terms = [_random_term(bar, rows) for bar in parsed.bars]
    dates = [name for name in names if isinstance(evaluator.column(name), Dates)]
    table = ModelFrame({name: evaluator.series[name] for name in names}, data.index, keep)
    if dates:
        table = ModelFrame.of(as_days(table.frame, parsed, dates))
    return Design(
        formula=parsed,
        y=y,
        X=X if len(kept) == X.shape[1] else X[:, kept],
        x_names=make_unique([recipe.names[i] for i in kept]),
        dropped=_without(recipe.names, kept),
        offset=_total_offset(parsed, rows, offset_values),
        weights=prior,
        trials=trials,
        terms=[terms[i] for i in theta_order([len(term.levels) for term in terms])],
        table=table,
        response=parsed.response,
        response_levels=response_levels,
        n_omitted=0 if keep is None else int((~keep).sum()),
        used=keep,
        assign=[recipe.assign[i] for i in kept],
        term_labels=[term.label for term in recipe.terms.terms],
        model_matrix=recipe,
        kept=kept,
        transforms=evaluator.fitted,
        offset_argument=offset if isinstance(offset, str) else offset is not None,
        weights_argument=weights if isinstance(weights, str) else weights is not None,
        components={
            name: build_design(other, table.frame, contrasts=_own(contrasts, other))
            for name, other in others.items()
        },
    )


def _without(names: list[str], kept: list[int]) -> list[str]:
    """The names of the other columns."""
    places = set(kept)
    return [name for place, name in enumerate(names) if place not in places]


def _own(contrasts: Mapping[str, Contrast], formula: Formula) -> dict[str, Any]:
    """The contrasts of the factors that a part has."""
    return {name: contrast for name, contrast in contrasts.items() if name in formula.columns}


def _response(formula: Formula, rows: KeptRows, binary: bool) -> tuple[Array, Array | None, list[str] | None]:
    """y, the number of trials for cbind(hits, misses), and the levels of a binary factor."""
    if not formula.response:
        return np.full(rows.n, np.nan), None, None
    node = read(formula.response)
    if isinstance(node, FunctionCall) and node.function == "cbind":
        hits, misses = (rows.numbers(child) for child in children(node))
        if (hits < 0).any() or (misses < 0).any():
            raise DataError(f"the counts in {formula.response} must not be negative")
        trials = hits + misses
        return np.divide(hits, trials, out=np.zeros_like(hits), where=trials > 0), trials, None
    value = rows.value(node)
    if isinstance(value, Categorical) and not value.logical:
        if binary and len(value.levels) == 2:
            return value.codes.astype(float), None, value.levels
        wanted = "numeric or have two levels" if binary else "numeric"
        found = f"it holds text or categories with {len(value.levels)} levels"
        raise DataError(f"the response '{formula.response}' must be {wanted}, but {found}")
    return rows.numbers(node), None, None


def _columns(side: str, rows: KeptRows, contrasts: Mapping[str, Contrast]) -> tuple[ModelMatrix, Array]:
    """The recipe and the columns of one formula side."""
    terms = expand(side)
    values = [rows.value(node) for node in terms.variables]
    try:
        recipe = ModelMatrix.plan(terms, values, contrasts)
    except (
        DataError
    ) as error:  # a level may have gone with the rows: some readers take the word None for missing
        gone = 0 if rows.keep is None else int((~rows.keep).sum())
        raise DataError(
            f"{error}; {gone} rows with missing values were left out" if gone else str(error)
        ) from None
    columns = recipe.columns(values, rows.n)
    check_sizes(recipe.names, columns)
    return recipe, columns


def _random_term(bar: Bar, rows: KeptRows) -> RandomTerm:
    recipe, Z = _columns(bar.lhs, rows, {})  # lme4 hands its contrasts to the fixed part only
    grouping, codes = Grouping.fit(bar.factors, rows)
    return RandomTerm(bar.group, codes, grouping.labels, Z, make_unique(recipe.names), bar, recipe, grouping)


def _total_offset(formula: Formula, rows: KeptRows, argument: Array | None) -> Array:
    total = np.zeros(rows.n) if argument is None else rows.take(argument).copy()
    for text in formula.offsets:
        total += rows.numbers(read(text))
    return total
