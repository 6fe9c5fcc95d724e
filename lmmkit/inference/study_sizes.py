"""The data of a study like the one that was fitted, but with more or fewer levels, values or rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..design.predictors import factors_of, is_number, predictors_of
from ..errors import ModelError
from ..fitted.mixed import MixedFit
from ..formula.functions import columns_of
from ..formula.syntax import read
from ..numerics.arrays import Array, Index

__all__ = [
    "ROWS",
    "WITHIN",
    "axis_label",
    "data_of_size",
    "in_any_order",
    "more_levels",
    "more_values",
    "rows_within",
]

ROWS, WITHIN = "observations", "observations within "


def in_any_order(name: str, known: Iterable[str]) -> str | None:
    """The name among the known ones, also when an interaction names its variables in another order.

    Parameters
    ----------
    name : str
    known : iterable of str

    Examples
    --------
    >>> in_any_order("day:implantP", ["day", "implantP:day"])
    'implantP:day'
    """
    known = list(known)
    if name in known:
        return name
    parts = sorted(name.split(":"))
    return next((one for one in known if ":" in one and sorted(one.split(":")) == parts), None)


def data_of_size(fit: MixedFit, name: str, n: int) -> pd.DataFrame:
    """The rows of a study with `n` of something.

    Parameters
    ----------
    fit : MixedFit
    name : str
        A grouping factor, a numeric predictor, ``"observations"``, or ``"observations within "`` and a group.
    n : int

    Raises
    ------
    ModelError
        When the model has nothing of that name.
    """
    frame = fit.design.frame
    if name == ROWS:
        return frame.iloc[_picked(_kinds(fit), np.arange(len(frame)), n)].reset_index(drop=True)
    factors, terms = _factors(fit), [str(group) for group in fit.ngroups.index]
    if name.startswith(WITHIN):
        asked = name.removeprefix(WITHIN)
        columns = asked.split(":")
        if any(column not in frame.columns for column in columns):
            raise ModelError(
                f"'{asked}' is not a group of this model; within takes one of {', '.join([*terms, *factors])}, or "
                "columns joined by a colon"
            )
        return rows_within(frame, columns, n, _kinds(fit))
    group = in_any_order(name, [*factors, *terms])
    if group is not None and all(column in frame.columns for column in group.split(":")):
        return more_levels(fit, group, n)
    numbers = _numbers(fit)
    if name not in numbers:
        possible = dict.fromkeys([*factors, *terms, *numbers, ROWS])
        raise ModelError(
            f"'{name}' is neither a grouping factor nor a number among the predictors of this model; along takes "
            f"one of {', '.join(possible)}"
        )
    return more_values(frame, name, n)


def axis_label(fit: MixedFit, name: str | None) -> str:
    """What an axis of sizes is called.

    Parameters
    ----------
    fit : MixedFit
    name : str or None
        As in :func:`data_of_size`.
    """
    if name is None or name == ROWS or name.startswith(WITHIN):
        return name or ""
    groups = [*_factors(fit), *(str(group) for group in fit.ngroups.index)]
    return f"{'values' if in_any_order(name, groups) is None else 'levels'} of {name}"


def _factors(fit: MixedFit) -> list[str]:
    """The grouping factors that are columns of the data."""
    named = dict.fromkeys(factor for bar in fit.design.formula.bars for factor in bar.factors)
    return [factor for factor in named if factor in fit.design.frame.columns]


def _numbers(fit: MixedFit) -> list[str]:
    """The predictors that are numbers, of the fixed and of the random effects."""
    formula, frame = fit.design.formula, fit.design.frame
    texts = [formula.fixed, *(bar.lhs for bar in formula.bars)]
    named = dict.fromkeys(column for text in texts for column in columns_of(read(text)))
    return [name for name in named if name in frame.columns and is_number(frame[name])]


def _kinds(fit: MixedFit) -> Index:
    """The levels that each row has of the factors among the predictors, as numbers (rows, factors)."""
    frame = fit.design.frame
    names = [name for name in predictors_of(fit.design) if name in factors_of(fit.design)]
    codes = [frame.groupby(name, observed=True, sort=False).ngroup().to_numpy() for name in names]
    return np.stack(codes, axis=1) if codes else np.zeros((len(frame), 0), dtype=np.int64)


def _picked(kinds: Index, rows: Index, n: int) -> Index:
    """So many of the rows: all of them over and over, and of the rest evenly spread ones of each kind."""
    whole, rest = divmod(n, len(rows))
    _, members = np.unique(kinds[rows], axis=0, return_inverse=True)
    groups = [rows[np.ravel(members) == kind] for kind in range(int(members.max()) + 1)]
    shares = _shares([kinds[group[0]] for group in groups], [len(group) for group in groups], rest)
    some = [
        group[np.arange(share) * len(group) // max(share, 1)]
        for group, share in zip(groups, shares, strict=True)
    ]
    return np.concatenate([*[rows] * whole, np.sort(np.concatenate(some))])


def _shares(kinds: list[Index], sizes: list[int], n: int) -> list[int]:
    """How many rows of each kind to take, so that every level of every factor keeps about its share.

    Row after row is of the kind whose levels, and which itself, have had the smallest part of theirs.
    """
    levels = [np.column_stack([kinds, np.arange(len(sizes))])[:, i] for i in range(len(kinds[0]) + 1)]
    had = np.zeros(len(sizes), dtype=np.int64)
    for _ in range(n):
        part = sum(np.bincount(own, had)[own] / np.bincount(own, sizes)[own] for own in levels)
        had[int(np.argmin(np.where(had < sizes, part, np.inf)))] += 1
    return [int(one) for one in had]


def rows_within(frame: pd.DataFrame, columns: list[str], n: int, kinds: Index | None = None) -> pd.DataFrame:
    """As many rows in each group, like those that it has.

    Parameters
    ----------
    frame : DataFrame
    columns : list of str
        Rows that agree in these are a group.
    n : int
    kinds : array of int, shape (rows, factors), optional
        Levels whose mix is kept.

    Examples
    --------
    >>> rows_within(pd.DataFrame({"g": list("aab"), "x": [1, 2, 3]}), ["g"], 3)["x"].tolist()
    [1, 2, 1, 3, 3, 3]
    """
    kinds = np.zeros((len(frame), 0), dtype=np.int64) if kinds is None else kinds
    groups = frame.groupby(columns, observed=True, sort=False).indices.values()
    rows = [_picked(kinds, np.sort(own), n) for own in groups]
    return frame.iloc[np.concatenate(rows)].reset_index(drop=True)


def more_values(frame: pd.DataFrame, name: str, n: int) -> pd.DataFrame:
    """The first values of a number, or more of them at the usual distance, each with rows like those there are.

    Parameters
    ----------
    frame : DataFrame
    name : str
        A column of numbers.
    n : int
        How many different values.

    Raises
    ------
    ModelError
        When the values are no steps: a single one, or another one in each row.

    Examples
    --------
    >>> more_values(pd.DataFrame({"day": [0, 2, 0, 2], "g": list("aabb")}), "day", 3)["day"].tolist()
    [0, 0, 2, 2, 4, 4]
    """
    values, codes = np.unique(frame[name].to_numpy(), return_inverse=True)
    q = len(values)
    if q < 2 or q == len(frame):
        have = "a single value" if q < 2 else "another value in each row"
        raise ModelError(
            f"'{name}' has {have}, so that a study has no steps along it; take along={{'{ROWS}': [...]}} for more "
            "rows like these"
        )
    gap = np.sort(np.diff(values))[(q - 1) // 2]  # the usual one, of the type of the values
    pieces = []
    for number in range(n):
        piece = frame.iloc[np.flatnonzero(codes == number % q)]
        if number >= q:
            piece = piece.assign(**{name: values[-1] + gap * (number - q + 1)})
        pieces.append(piece)
    return pd.concat(pieces, ignore_index=True)


def more_levels(fit: MixedFit, name: str, m: int) -> pd.DataFrame:
    """The data of a study with m levels of a grouping factor.

    Parameters
    ----------
    fit : MixedFit
    name : str
        A grouping factor as the model has it: ``"school"``, or ``"class:school"``, whose new levels are new
        classes.
    m : int
    """
    design, frame = fit.design, fit.design.frame
    columns = name.split(":")
    codes = frame.groupby(columns, observed=True).ngroup().to_numpy()
    q = int(codes.max()) + 1
    order = _mixed_order(design.X, codes.astype(np.int64), q)
    nested = [
        factor
        for factor in _factors(fit)
        if factor not in columns
        and (pd.Series(codes).groupby(frame[factor].to_numpy(), observed=True).nunique() == 1).all()
    ]
    rows_of = [np.flatnonzero(codes == level) for level in order]
    chosen = [rows_of[number % q] for number in range(m)]
    turn = np.repeat(np.arange(m) // q, [len(rows) for rows in chosen])
    larger = frame.iloc[np.concatenate(chosen)].reset_index(drop=True)
    marks = np.array([""] + [f" ({number + 1})" for number in range(1, m // q + 1)], dtype=object)[turn]
    for column in [*columns[:1], *nested]:
        larger[column] = larger[column].astype(str) + marks
    return larger


def _mixed_order(X: Array, codes: Index, q: int) -> list[int]:
    """Levels in an order in which every stretch has about the mix of predictors of the whole."""
    patterns: dict[bytes, list[int]] = {}
    for level in range(q):
        rows = X[codes == level]
        patterns.setdefault(np.round(rows.mean(axis=0), 10).tobytes(), []).append(level)
    places = [
        ((i + 0.5) / len(levels), level) for levels in patterns.values() for i, level in enumerate(levels)
    ]
    return [level for _, level in sorted(places)]
