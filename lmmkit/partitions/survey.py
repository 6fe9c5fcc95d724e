"""The first pass over data in parts: which rows are complete, which levels there are, means and spreads.

Each part gives a small `Survey`; two of them make one. With it the columns of the model matrix are decided as they
are for a table in memory: from a few rows in which every level, and every combination that matters, occurs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from ..design.evaluate import Evaluator
from ..design.values import Categorical, Dates, missing
from ..errors import DataError
from ..formula.algebra import expand
from ..formula.functions import arguments, columns_of, literal
from ..formula.parse import Formula
from ..formula.syntax import read
from ..formula.tree import FunctionCall, Node, children, walk, write
from ..numerics.arrays import Array, Flags, Index

__all__ = ["Cells", "Moments", "Plan", "Survey", "merge_surveys", "survey"]

#: Functions that look at all rows before they know what to do with one.
SUMMED, WHOLE = ("scale", "center"), ("poly", "bs", "ns")
#: Combinations of levels that are told apart at most.
MOST_CELLS = 2_000_000


@dataclass(frozen=True)
class Plan:
    """What the first pass looks at.

    Attributes
    ----------
    formula : Formula
    names : list of str
        The columns whose missing values count.
    sets : list of list of (Node, bool)
        Variables whose combinations matter, and whether each is a grouping factor; the first has the fixed part.
    transforms : dict
        The calls of ``scale()`` and ``center()``, by their text.
    """

    formula: Formula
    names: list[str]
    sets: list[list[tuple[Node, bool]]]
    transforms: dict[str, FunctionCall]

    @classmethod
    def of(cls, formula: Formula, names: list[str]) -> Plan:
        """Plan it, or refuse by name what needs all rows at once."""
        texts = [formula.response, formula.fixed, *formula.offsets, *(bar.lhs for bar in formula.bars)]
        nodes = [node for text in texts if text for node in walk(read(text))]
        calls = [node for node in nodes if isinstance(node, FunctionCall) and _is_transform(node)]
        for call in calls:
            raw = call.function == "poly" and literal_of(call, "raw") is True
            nested = any(_is_transform(node) for child in children(call) for node in walk(child))
            if nested or (call.function in WHOLE and not raw):
                raise DataError(
                    f"{write(call)} needs all rows at once, and these data come in parts; make it a column of the "
                    "data, or write the powers out, as x + I(x^2)"
                )
        transforms = {write(call): call for call in calls}
        sets = [[(node, False) for node in expand(formula.fixed).variables]]
        sets += [[(node, False) for node in expand(bar.lhs).variables] for bar in formula.bars]
        sets += [[(read(text), True) for text in bar.factors] for bar in formula.bars]
        return cls(formula, names, _joined([_plain(own) for own in sets]), transforms)


def literal_of(call: FunctionCall, name: str) -> Any:
    """A setting of a call; None where it is not given."""
    given = arguments(call)
    return literal(given[name]) if name in given else None


def _is_transform(node: Node) -> bool:
    return isinstance(node, FunctionCall) and node.function in (*SUMMED, *WHOLE)


def _plain(own: list[tuple[Node, bool]]) -> list[tuple[Node, bool]]:
    """Without the variables that a transform makes: they are numbers."""
    return [(node, grouped) for node, grouped in own if not any(map(_is_transform, walk(node)))]


def _joined(sets: list[list[tuple[Node, bool]]]) -> list[list[tuple[Node, bool]]]:
    """Sets with a column in common as one, so that no combination is made up that the data do not have."""
    joined: list[list[tuple[Node, bool]]] = []
    for own in sets:
        columns = _columns(own)
        overlapping = [one for one in joined if _columns(one) & columns]
        whole = [pair for one in overlapping for pair in one] + own
        place = joined.index(overlapping[0]) if overlapping else len(joined)
        joined = [one for one in joined if one not in overlapping]
        joined.insert(place, list(dict.fromkeys(whole)))
    return joined


def _columns(own: Iterable[tuple[Node, bool]]) -> set[str]:
    return {name for node, _ in own for name in columns_of(node)}


@dataclass(frozen=True)
class Moments:
    """Mean and spread of numbers, and their values where these are few.

    Attributes
    ----------
    n : int
    mean : float
    squares : float
        Sum of squares about the mean.
    low, high : float
    distinct : tuple of float
        The smallest values, three at most.
    """

    n: int
    mean: float
    squares: float
    low: float
    high: float
    distinct: tuple[float, ...]

    @classmethod
    def of(cls, x: Array) -> Moments:
        """Of numbers (n,).

        Examples
        --------
        >>> Moments.of(np.array([1.0, 3.0])) + Moments.of(np.array([5.0]))
        Moments(n=3, mean=3.0, squares=8.0, low=1.0, high=5.0, distinct=(1.0, 3.0, 5.0))
        """
        if not len(x):
            return cls(0, 0.0, 0.0, np.inf, -np.inf, ())
        mean, low, high = float(x.mean()), float(x.min()), float(x.max())
        distinct = {low, high}
        between = x[(x > low) & (x < high)][:1]
        return cls(len(x), mean, float(((x - mean) ** 2).sum()), low, high,
                   tuple(sorted(distinct | set(map(float, between)))))  # fmt: skip

    def __add__(self, other: Moments) -> Moments:
        """Of both together (Chan, Golub and LeVeque 1983, *The American Statistician* 37:242-247)."""
        if not self.n or not other.n:
            return self if self.n else other
        n, apart = self.n + other.n, other.mean - self.mean
        distinct = sorted({*self.distinct, *other.distinct})[:3]
        squares = self.squares + other.squares + apart**2 * self.n * other.n / n
        mean = self.mean + apart * other.n / n
        return Moments(
            n, mean, squares, min(self.low, other.low), max(self.high, other.high), tuple(distinct)
        )

    @property
    def sd(self) -> float:
        """Standard deviation, with n as the divisor."""
        return float(np.sqrt(self.squares / self.n)) if self.n else np.nan


@dataclass(frozen=True)
class Cells:
    """The combinations of levels that occur, one row for each.

    Attributes
    ----------
    keys : DataFrame
        Names of the levels.
    rows : DataFrame
        What the columns behind them hold in the first row that has the combination.
    counts : array of int
        In how many rows each occurs.
    """

    keys: pd.DataFrame
    rows: pd.DataFrame
    counts: Index

    @classmethod
    def of(cls, part: pd.DataFrame, factors: dict[str, Categorical], columns: list[str]) -> Cells:
        """Of the rows of one part."""
        number = np.zeros(len(part), dtype=np.intp)
        for factor in factors.values():  # numbered anew each time, so that no product overflows
            number = pd.factorize(number * (len(factor.levels) + 1) + factor.codes, sort=True)[0]
        first, counts = np.unique(number, return_index=True, return_counts=True)[1:]
        keys = {
            text: np.array([*factor.levels, None], dtype=object)[factor.codes[first]]
            for text, factor in factors.items()
        }
        rows = part.iloc[first][columns].astype(object).reset_index(drop=True)
        return cls(pd.DataFrame(keys, index=range(len(first)), dtype=object), rows, counts)

    @classmethod
    def merged(cls, several: list[Cells]) -> Cells:
        """The combinations of all, each once, in the order in which they are met."""
        several = [one for one in several if len(one.counts)] or several[:1]
        keys = pd.concat([one.keys for one in several], ignore_index=True)
        rows = pd.concat([one.rows for one in several], ignore_index=True)
        counts = np.concatenate([one.counts for one in several])
        if not keys.shape[1]:
            return cls(keys[:1], rows[:1], counts[:1] * 0 + counts.sum())
        number = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup().to_numpy()
        first = np.unique(number, return_index=True)[1]
        if len(first) > MOST_CELLS:
            raise DataError(
                f"{', '.join(keys.columns)} have more than {MOST_CELLS:,} combinations of levels, too many to tell "
                "apart in data that come in parts; leave some of them out"
            )
        take = keys.iloc[first].reset_index(drop=True), rows.iloc[first].reset_index(drop=True)
        return cls(*take, np.bincount(number, counts).astype(np.intp))


@dataclass(frozen=True)
class Survey:
    """What the first pass finds.

    Attributes
    ----------
    n, kept : int
        Rows, and those without a missing value.
    missing : dict
        Missing values of each column.
    first : dict
        What each column holds in the first complete row; empty where there is none.
    dtypes : dict
        The categories of each categorical column, in their order.
    cells : list of Cells
        Of each of the plan's sets.
    moments : dict
        Of each numeric column on the complete rows.
    arguments : dict
        Of what stands inside each ``scale()``, on all rows.
    """

    n: int
    kept: int
    missing: dict[str, int]
    first: dict[str, Any]
    dtypes: dict[str, pd.CategoricalDtype]
    cells: list[Cells] = field(default_factory=list)
    moments: dict[str, Moments] = field(default_factory=dict)
    arguments: dict[str, Moments] = field(default_factory=dict)


def complete_rows(evaluator: Evaluator, names: Sequence[str]) -> tuple[Evaluator, Flags, dict[str, int]]:
    """The rows of a part that have a value in each of these columns.

    Returns
    -------
    Evaluator
        Of these rows.
    ndarray of bool
        Which they are.
    dict
        How many rows lack a value, column by column.
    """
    keep, counts = np.ones(len(evaluator.data), dtype=bool), {}
    for name in names:
        absent = missing(evaluator.column(name))
        counts[name] = int(absent.sum())
        keep &= ~absent
    kept = evaluator if keep.all() else Evaluator(evaluator.data[keep], evaluator.fitted)
    return kept, keep, counts


def survey(part: pd.DataFrame, plan: Plan) -> Survey:
    """The first pass over one part."""
    whole = Evaluator(part, {})
    evaluator, _, counts = complete_rows(whole, plan.names)
    dtypes = {name: part[name].dtype for name in plan.names}
    categories = {name: dtype for name, dtype in dtypes.items() if isinstance(dtype, pd.CategoricalDtype)}
    inner = {
        text: _argument(whole, call) for text, call in plan.transforms.items() if call.function in SUMMED
    }
    kept = evaluator.data
    if not len(kept):
        return Survey(len(part), 0, counts, {}, categories, arguments=inner)
    cells = [_cells(evaluator, own) for own in plan.sets]
    first = {name: kept[name].iloc[0] for name in plan.names}
    values = {name: evaluator.column(name) for name in plan.names}
    numbers = {name: value.days if isinstance(value, Dates) else value for name, value in values.items()}
    moments = {
        name: Moments.of(value.astype(float))
        for name, value in numbers.items()
        if isinstance(value, np.ndarray)
    }
    return Survey(len(part), len(kept), counts, first, categories, cells, moments, inner)


def _argument(whole: Evaluator, call: FunctionCall) -> Moments:
    """Of what stands inside ``scale()``: as in memory all its finite values count, whatever else a row lacks."""
    x = whole.numbers(arguments(call)["x"])
    return Moments.of(x[np.isfinite(x)])


def _cells(evaluator: Evaluator, own: list[tuple[Node, bool]]) -> Cells:
    factors, columns = {}, dict[str, None]()
    for node, grouped in own:
        text = write(node)
        value = evaluator.factor(node, f"the grouping factor '{text}'") if grouped else evaluator.value(node)
        if isinstance(value, Categorical):
            factors[text] = value
            columns |= dict.fromkeys(columns_of(node))
    return Cells.of(evaluator.data, factors, list(columns))


def merge_surveys(several: list[Survey]) -> Survey:
    """Of all parts together, in their order."""
    seen = [one for one in several if one.kept]
    return Survey(
        n=sum(one.n for one in several),
        kept=sum(one.kept for one in several),
        missing={name: sum(one.missing[name] for one in several) for name in several[0].missing},
        first=seen[0].first if seen else {},
        dtypes=_categories([one.dtypes for one in several]),
        cells=[Cells.merged(list(own)) for own in zip(*(one.cells for one in seen), strict=True)],
        moments={
            name: _total(one.moments[name] for one in seen) for name in (seen[0].moments if seen else {})
        },
        arguments={text: _total(one.arguments[text] for one in several) for text in several[0].arguments},
    )


def _total(moments: Iterable[Moments]) -> Moments:
    return reduce(Moments.__add__, moments)


def _categories(several: list[dict[str, pd.CategoricalDtype]]) -> dict[str, pd.CategoricalDtype]:
    """The categories of each column in all parts, in the order in which they come."""
    found: dict[str, pd.CategoricalDtype] = {}
    for one in several:
        for name, dtype in one.items():
            known = found.setdefault(name, dtype)
            if dtype == known:
                continue
            if dtype.ordered or known.ordered:
                raise DataError(
                    f"the ordered categories of column '{name}' differ from part to part; give all parts the same "
                    "ones, as with .astype(pandas.CategoricalDtype(levels, ordered=True))"
                )
            found[name] = pd.CategoricalDtype(known.categories.append(dtype.categories).unique())
    return found
