"""Functions of the formula that choose, cut, cross or reorder: `ifelse`, `cut`, `interaction`, `relevel`."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ..errors import DataError
from ..numerics.arrays import Array
from .values import Categorical

__all__ = ["chosen", "crossed", "cut", "relevelled"]


def chosen(test: Array, yes: Array | str, no: Array | str) -> Array | Categorical:
    """`ifelse(test, yes, no)`: of two numbers a number, of two texts a factor; missing where the test is.

    Examples
    --------
    >>> import numpy as np
    >>> chosen(np.array([0.0, 1.0]), np.array(5.0), np.array([7.0, 8.0])).tolist()
    [7.0, 5.0]
    >>> chosen(np.array([0.0, 1.0]), "late", "early").levels
    ['early', 'late']
    """
    if not isinstance(yes, str) and not isinstance(no, str):
        return np.where(np.isnan(test), np.nan, np.where(test != 0, yes, no))
    if not isinstance(yes, str) or not isinstance(no, str):
        raise DataError("ifelse() takes two texts or two numbers, not one of each")
    levels = sorted({yes, no})
    codes = np.where(test != 0, levels.index(yes), levels.index(no))
    return Categorical(np.where(np.isnan(test), -1, codes).astype(np.intp), levels)


def crossed(a: Categorical, b: Categorical) -> Categorical:
    """`interaction(a, b)`: a level for each combination, the first factor varying fastest, as in R."""
    codes = np.where((a.codes < 0) | (b.codes < 0), -1, a.codes + len(a.levels) * b.codes)
    return Categorical(codes.astype(np.intp), [f"{one}.{other}" for other in b.levels for one in a.levels])


def relevelled(factor: Categorical, ref: str | float, text: str) -> Categorical:
    """`relevel(f, "b")`: the same levels, this one first."""
    place = factor.levels.index(ref) if isinstance(ref, str) and ref in factor.levels else -1
    place = place if isinstance(ref, str) else int(ref) - 1
    if not 0 <= place < len(factor.levels):
        raise DataError(
            f"{text} asks for a level that there is not; the levels are {', '.join(factor.levels)}"
        )
    levels = [factor.levels[place], *(one for i, one in enumerate(factor.levels) if i != place)]
    return replace(factor, codes=factor.recode(levels), levels=levels, logical=False)


def cut(
    x: Array, breaks: Sequence[float], labels: Sequence[str] | None, right: bool, lowest: bool, text: str
) -> Categorical:
    """`cut(x, breaks)`: the interval of each number, named as R names it.

    Raises
    ------
    DataError
        When a number is in no interval, or labels do not fit.
    """
    ends = sorted(breaks)
    names = [_interval(a, b, right) for a, b in pairwise(ends)] if labels is None else list(labels)
    if len(names) != len(ends) - 1:
        raise DataError(f"{text} makes {len(ends) - 1} intervals, but has {len(names)} labels")
    codes = np.searchsorted(ends, x, side="left" if right else "right") - 1
    if lowest:
        codes = np.where(x == (ends[0] if right else ends[-1]), 0 if right else len(names) - 1, codes)
        if labels is None:
            names = _closed(names, right)
    known = ~np.isnan(x)
    outside = known & ((codes < 0) | (codes >= len(names)))
    if outside.any():
        raise DataError(
            f"{text} has no interval for {int(outside.sum())} values, such as {x[outside][0]:g}; widen its breaks"
        )
    return Categorical(np.where(known, codes, -1).astype(np.intp), names)


def _interval(low: float, high: float, right: bool) -> str:
    return f"({low:.3g},{high:.3g}]" if right else f"[{low:.3g},{high:.3g})"


def _closed(names: list[str], right: bool) -> list[str]:
    """The interval at the open end is closed there as well."""
    if right:
        return ["[" + names[0][1:], *names[1:]]
    return [*names[:-1], names[-1][:-1] + "]"]
