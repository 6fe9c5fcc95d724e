"""Formula + data -> `Design`: y, X, offset, weights, and one `RandomTerm` for each random-effects term.

The road: read the columns the formula names, find the rows to keep, evaluate each variable once, code the
variables into columns. A grouping factor stays a vector of integer codes; no indicator matrix is ever made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from lmmkit.algebra import expand
from lmmkit.encoding import ModelMatrix, independent_columns
from lmmkit.errors import DataError, FormulaError
from lmmkit.evaluate import Array, Evaluator, Factor, Matrix, Value, as_factor, missing, read_column, take
from lmmkit.formula import CONTRASTS, Bar, Formula, expand_dot, formula_columns, parse
from lmmkit.syntax import Call, Node, children, read, suggest, write
from lmmkit.transforms import Transform

__all__ = ["Design", "RandomTerm", "build_design", "check_grouping"]


@dataclass
class RandomTerm:
    """One random-effects term: `Z[i]` multiplies the effects of level `codes[i]`.

    Attributes
    ----------
    group : str
        The grouping factor's name, as lme4 gives it: `"class:school"`.
    codes : ndarray of intp, (n,)
        Level number of each row.
    levels : list of str
        The q level names, in R's order: in an interaction the first factor varies slowest; unused ones dropped.
    Z : ndarray (n, k)
        Left side of the bar.
    names : list of str
        Names of the k columns: `["(Intercept)", "Days"]`.
    bar : Bar
        The piece of formula behind the term.
    """

    group: str
    codes: Array
    levels: list[str]
    Z: Array
    names: list[str]
    bar: Bar
    _recipe: ModelMatrix = field(repr=False)
    _grouping: "_Grouping" = field(repr=False)


@dataclass
class Design:
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
        Prior weights; with `cbind` they include the number of trials.
    trials : ndarray (n,) or None
        Hits plus misses, when the response is `cbind(hits, misses)`.
    terms : list of RandomTerm
        In the order of lme4's theta: by decreasing number of levels.
    frame : DataFrame
        The rows and columns used, under their original index.
    response : str
        The response as written.
    response_levels : list of str or None
        The two levels of a binary factor response; y is 1 for the second.
    n_omitted : int
        Rows left out because of missing values.
    assign : list of int
        For each column of X the number of its term in `term_labels`, from 1; 0 is the intercept.
    term_labels : list of str
        The fixed terms, as R labels them.
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
    frame: pd.DataFrame
    response: str
    response_levels: list[str] | None
    n_omitted: int
    assign: list[int]
    term_labels: list[str]
    _recipe: ModelMatrix = field(repr=False)
    _kept: list[int] = field(repr=False)
    _transforms: dict[str, Transform] = field(repr=False)
    _offset_argument: "str | bool" = field(repr=False)  # a column's name, or whether an array was given

    def new_X(self, newdata: pd.DataFrame) -> Array:
        """Fixed-effects model matrix (m, p) of new rows, coded as in the fit.

        A missing value makes its row NaN.

        Raises
        ------
        DataError
            When a column is not there, or a factor has a level that the fit has not seen.
        """
        evaluator = self._evaluator(newdata)
        return _apply(self._recipe, evaluator)[:, self._kept]

    def new_terms(self, newdata: pd.DataFrame) -> list[tuple[Array, Array]]:
        """For each term the level numbers (m,) of new rows, -1 where the fit has not seen the level, and Z (m, k)."""
        evaluator = self._evaluator(newdata)
        return [(t._grouping.codes(evaluator), _apply(t._recipe, evaluator)) for t in self.terms]

    def new_levels(self, newdata: pd.DataFrame) -> dict[str, list[str]]:
        """For each grouping factor the levels of new rows that the fit has not seen."""
        evaluator = self._evaluator(newdata)
        return {term.group: term._grouping.unseen(evaluator) for term in self.terms}

    def new_offset(self, newdata: pd.DataFrame) -> Array:
        """Offset (m,) of new rows.

        Raises
        ------
        DataError
            When the fit's offset was an array, so that nothing tells its value for new rows.
        """
        evaluator = self._evaluator(newdata)
        total = np.zeros(len(newdata))
        for text in self.formula.offsets:
            total += evaluator.numbers(read(text))
        if isinstance(self._offset_argument, str):
            total += _numeric(read_column(newdata, self._offset_argument), f"column '{self._offset_argument}'")
        elif self._offset_argument:
            message = "the offset of this fit was given as an array, so it is not known for new rows"
            raise DataError(f"{message}; write offset(column) in the formula instead")
        return total

    def _evaluator(self, newdata: pd.DataFrame) -> Evaluator:
        return Evaluator(_check_frame(newdata, "newdata"), self._transforms)


@dataclass(frozen=True)
class _Grouping:
    """How rows are assigned to the levels of `a` or `a:b`."""

    factors: tuple[Node, ...]
    levels: list[list[str]]  # of each factor
    combinations: Array  # the combinations that occur, as numbers in base "levels of each factor"
    labels: list[str]  # of each combination

    @classmethod
    def fit(cls, bar: Bar, evaluator: Evaluator, keep: Array | None) -> "tuple[_Grouping, Array]":
        """The grouping and the level number of each kept row."""
        nodes = tuple(read(text) for text in bar.factors)
        factors = [_grouping_factor(node, evaluator, keep) for node in nodes]
        levels = [factor.levels for factor in factors]
        if len(factors) == 1:
            return cls(nodes, levels, np.arange(len(levels[0])), levels[0]), factors[0].codes
        mixed = _combine([factor.codes for factor in factors], levels)
        codes, combinations = pd.factorize(mixed, sort=True)
        parts = np.unravel_index(combinations, [len(one) for one in levels])
        labels = [":".join(names) for names in zip(*map(_pick, levels, parts), strict=True)]
        return cls(nodes, levels, combinations, labels), codes

    def codes(self, evaluator: Evaluator) -> Array:
        """The level number of each row of new data, -1 where the level is new or missing."""
        mixed = _combine([f.recode(known) for f, known in self._new(evaluator)], self.levels)
        place = np.minimum(np.searchsorted(self.combinations, mixed), len(self.combinations) - 1)
        return np.where(self.combinations[place] == mixed, place, -1)

    def unseen(self, evaluator: Evaluator) -> list[str]:
        """Names of the new levels in new data, each once."""
        new = self.codes(evaluator) < 0
        parts = [_pick([*factor.levels, "NA"], factor.codes[new]) for factor, _ in self._new(evaluator)]
        return list(dict.fromkeys(":".join(names) for names in zip(*parts, strict=True)))

    def _new(self, evaluator: Evaluator) -> list[tuple[Factor, list[str]]]:
        values = [as_factor(evaluator.value(node), write(node)) for node in self.factors]
        return list(zip(values, self.levels, strict=True))


def _pick(levels: list[str], codes: Array) -> list[str]:
    return [levels[code] for code in codes]


def _combine(codes: list[Array], levels: list[list[str]]) -> Array:
    """Level numbers of several factors as one number, the first factor varying slowest; -1 where any is -1."""
    total = codes[0].astype(np.int64)
    absent = codes[0] < 0
    for more, names in zip(codes[1:], levels[1:], strict=True):
        total = total * len(names) + more
        absent |= more < 0
    return np.where(absent, -1, total)


def _grouping_factor(node: Node, evaluator: Evaluator, keep: Array | None) -> Factor:
    factor = as_factor(evaluator.value(node), f"the grouping factor '{write(node)}'")
    return (factor if keep is None else factor.take(keep)).drop_unused()


# ---- building ----


def build_design(
    formula: Formula | str,
    data: pd.DataFrame,
    *,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, str] | None = None,
    na_action: str = "omit",
    binary_response: bool = False,
) -> Design:
    """Turn a formula and a data frame into the matrices of a mixed model.

    Parameters
    ----------
    formula : Formula or str
    data : DataFrame
    weights, offset : column name, array or Series of length n, optional
        Prior weights (not negative) and a known addition to the linear predictor. A Series is matched by its index.
    contrasts : dict, optional
        Factor -> `"treatment"`, `"sum"`, `"helmert"` or `"poly"`, for the fixed part, as in lme4.
    na_action : {"omit", "raise"}
        Leave out rows with missing values, or refuse them.
    binary_response : bool
        Take a factor of two levels as a response of 0 and 1 (for binomial models).

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
    data = _check_frame(data, "data")
    parsed = parse(formula) if isinstance(formula, str) else formula
    parsed = expand_dot(parsed, [str(name) for name in data.columns])
    contrasts = _check_contrasts(contrasts, parsed, data)
    evaluator = Evaluator(data)
    names = formula_columns(parsed)
    names += [name for name in (weights, offset) if isinstance(name, str) and name not in names]
    weight_values = _extra(weights, "weights", data)
    offset_values = _extra(offset, "offset", data)
    keep = _rows(evaluator, names, [weight_values, offset_values], na_action)
    rows = _Rows(evaluator, keep)

    y, trials, response_levels = _response(parsed, rows, binary_response)
    recipe, X = _columns(parsed.fixed, rows, contrasts)
    if parsed.response and parsed.response in recipe.terms.names:
        raise FormulaError(f"the response '{parsed.response}' also stands on the right of '~'")
    kept = independent_columns(X)
    prior = None if weight_values is None else rows.take(weight_values)
    if prior is not None and (prior < 0).any():
        raise DataError(f"weights must not be negative; {int((prior < 0).sum())} of them are")
    if trials is not None:
        prior = trials if prior is None else prior * trials
    terms = [_random_term(bar, rows) for bar in parsed.bars]
    frame = data[names]
    return Design(
        formula=parsed,
        y=y,
        X=X if len(kept) == X.shape[1] else X[:, kept],
        x_names=[recipe.names[i] for i in kept],
        dropped=[name for i, name in enumerate(recipe.names) if i not in set(kept)],
        offset=_total_offset(parsed, rows, offset_values),
        weights=prior,
        trials=trials,
        terms=[terms[i] for i in theta_order([len(term.levels) for term in terms])],
        frame=frame if keep is None else frame[keep],
        response=parsed.response,
        response_levels=response_levels,
        n_omitted=0 if keep is None else int((~keep).sum()),
        assign=[recipe.assign[i] for i in kept],
        term_labels=[term.label for term in recipe.terms.terms],
        _recipe=recipe,
        _kept=kept,
        _transforms=evaluator.fitted,
        _offset_argument=offset if isinstance(offset, str) else offset is not None,
    )


def theta_order(sizes: Sequence[int]) -> list[int]:
    """lme4's order of terms: as written if sizes never increase, else `rev(order(sizes))`, ties reversed."""
    if all(a >= b for a, b in zip(sizes, sizes[1:], strict=False)):
        return list(range(len(sizes)))
    return sorted(range(len(sizes)), key=lambda i: sizes[i])[::-1]


@dataclass
class _Rows:
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
            raise DataError(f"{write(node)} is not a finite number in {rows}; look for zeros or negative values there")
        return values


def _check_frame(data: Any, what: str) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        kind = type(data).__name__
        raise DataError(f"{what} must be a pandas DataFrame, not {kind}; try pandas.DataFrame({what})")
    if data.columns.nlevels > 1:
        raise DataError(f"{what} has column names of several levels; flatten them to plain text first")
    return data


def _check_contrasts(
    contrasts: Mapping[str, str] | None, formula: Formula, data: pd.DataFrame
) -> dict[str, str]:
    checked = {}
    for name, contrast in (contrasts or {}).items():
        if name not in data.columns and name not in expand(formula.fixed).names:
            raise DataError(f"contrasts name '{name}', which is not in the data{suggest(str(name), data.columns)}")
        plain = str(contrast).removeprefix("contr.")
        if plain not in CONTRASTS:
            known = ", ".join(CONTRASTS)
            raise DataError(f"the contrasts for '{name}' must be one of {known}{suggest(plain, CONTRASTS)}")
        checked[name] = plain
    return checked


def _extra(given: Any, what: str, data: pd.DataFrame) -> Array | None:
    """Weights or offset: a column name, an array, or a Series matched by its index."""
    if given is None:
        return None
    if isinstance(given, str):
        return _numeric(read_column(data, given), f"column '{given}'")
    if isinstance(given, pd.Series) and not given.index.equals(data.index):
        given = _aligned(given, what, data)
    try:
        values = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"{what} must be numbers: a column name, an array or a Series") from None
    if values.shape != (len(data),):
        raise DataError(f"{what} must have one value for each of the {len(data)} rows, not shape {values.shape}")
    if np.isinf(values).any():
        raise DataError(f"{what} holds infinite values; mend or drop the rows")
    return values


def _aligned(series: pd.Series, what: str, data: pd.DataFrame) -> pd.Series:
    if len(series) != len(data):
        raise DataError(f"{what} must have one value for each of the {len(data)} rows, not {len(series)}")
    if not (series.index.is_unique and data.index.isin(series.index).all()):
        raise DataError(f"the index of {what} is not that of the data; if the order is the same, pass .to_numpy()")
    return series.reindex(data.index)


def _numeric(value: Value, what: str) -> Array:
    if isinstance(value, Factor) and value.logical:
        return np.where(value.codes < 0, np.nan, value.codes)
    if not isinstance(value, np.ndarray):
        raise DataError(f"{what} must be numeric, but it holds text or categories")
    return value


def _rows(evaluator: Evaluator, names: list[str], extras: list[Array | None], na_action: str) -> Array | None:
    """Which rows have no missing value; None when all are complete."""
    if na_action not in ("omit", "raise"):
        raise DataError(f"na_action must be 'omit' or 'raise', not {na_action!r}")
    if len(evaluator.data) == 0:
        raise DataError("the data have no rows")
    values = {f"column '{name}'": evaluator.column(name) for name in names}
    values |= {what: extra for what, extra in zip(("weights", "offset"), extras, strict=True) if extra is not None}
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


def _response(formula: Formula, rows: _Rows, binary: bool) -> tuple[Array, Array | None, list[str] | None]:
    """y, the number of trials for cbind(hits, misses), and the levels of a binary factor."""
    if not formula.response:
        return np.full(rows.n, np.nan), None, None
    node = read(formula.response)
    if isinstance(node, Call) and node.function == "cbind":
        hits, misses = (rows.numbers(child) for child in children(node))
        if (hits < 0).any() or (misses < 0).any():
            raise DataError(f"the counts in {formula.response} must not be negative")
        trials = hits + misses
        return np.divide(hits, trials, out=np.zeros_like(hits), where=trials > 0), trials, None
    value = rows.value(node)
    if isinstance(value, Factor) and not value.logical:
        if binary and len(value.levels) == 2:
            return value.codes.astype(float), None, value.levels
        found = f"it holds text or categories with {len(value.levels)} levels"
        raise DataError(f"the response '{formula.response}' must be numeric, but {found}")
    return rows.numbers(node), None, None


def _columns(side: str, rows: _Rows, contrasts: Mapping[str, str]) -> tuple[ModelMatrix, Array]:
    """The recipe and the columns of one formula side."""
    terms = expand(side)
    values = [rows.value(node) for node in terms.variables]
    recipe = ModelMatrix.plan(terms, values, contrasts)
    return recipe, recipe.columns(values, rows.n)


def _random_term(bar: Bar, rows: _Rows) -> RandomTerm:
    recipe, Z = _columns(bar.lhs, rows, {})  # lme4 hands its contrasts to the fixed part only
    grouping, codes = _Grouping.fit(bar, rows.evaluator, rows.keep)
    return RandomTerm(bar.group, codes, grouping.labels, Z, recipe.names, bar, recipe, grouping)


def _total_offset(formula: Formula, rows: _Rows, argument: Array | None) -> Array:
    total = np.zeros(rows.n) if argument is None else rows.take(argument).copy()
    for text in formula.offsets:
        total += rows.numbers(read(text))
    return total


def _apply(recipe: ModelMatrix, evaluator: Evaluator) -> Array:
    """A recipe's columns for new data."""
    values: list[Value] = []
    for node, levels in zip(recipe.terms.variables, recipe.levels, strict=True):
        value = evaluator.value(node)
        values.append(_numeric_or_matrix(value, node) if levels is None else _known(value, levels, node))
    return recipe.columns(values, len(evaluator.data))


def _numeric_or_matrix(value: Value, node: Node) -> Value:
    return value if isinstance(value, Matrix) else _numeric(value, f"'{write(node)}'")


def _known(value: Value, levels: list[str], node: Node) -> Factor:
    """A new factor's rows in the fit's levels."""
    factor = as_factor(value, f"'{write(node)}'").drop_unused()
    unseen = [level for level in factor.levels if level not in levels]
    if unseen:
        known = ", ".join(levels[:5]) + (", …" if len(levels) > 5 else "")
        raise DataError(f"'{write(node)}' has the level '{unseen[0]}', which the fit has not seen; it knows {known}")
    return Factor(factor.recode(levels), levels)


def check_grouping(design: Design, *, gaussian: bool) -> None:
    """Refuse random effects that the data cannot tell apart, as lme4 does before it fits.

    Parameters
    ----------
    design : Design
    gaussian : bool
        True for `lmer`, where the residual variance is to be estimated besides, so that as many levels (or
        random effects) as rows are already too many; False for `glmer`.

    Raises
    ------
    DataError
        A grouping factor has a single level, or there are too many levels or random effects for the rows; with
        `gaussian` also for a `cbind()` response and for weights of zero.

    Notes
    -----
    lme4's `checkNlevels` and `checkZdims` with the defaults of `lmerControl` and `glmerControl`.
    """
    n = len(design.y)
    if gaussian and design.trials is not None:
        raise DataError(f"the response {design.response} counts hits and misses; fit it by glmer(..., 'binomial')")
    if gaussian and design.weights is not None and not design.weights.all():
        raise DataError("weights must be above zero; leave out the rows with weight zero")
    room = n - 1 if gaussian else n
    for term in design.terms:
        q = len(term.levels)
        if q < 2:
            raise DataError(f"the grouping factor '{term.group}' has one level; it needs at least two")
        if q > room:
            raise DataError(
                f"the grouping factor '{term.group}' has {q} levels for {n} rows; "
                f"it needs {'fewer levels than rows' if gaussian else 'at most one level for each row'}"
            )
    for term in design.terms:
        effects = len(term.levels) * term.Z.shape[1]
        if effects > room:
            raise DataError(
                f"the term ({term.bar.text}) has {effects} random effects for {n} rows, "
                "so their variances cannot be told apart; leave out a slope or use '||'"
            )
