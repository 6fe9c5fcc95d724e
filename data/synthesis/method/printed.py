"""What a printed number says: that the figure lies within half a unit of its last digit.

The numbers are read from `data/lecture_figures.csv`; none stands in a script.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

LEDGER = Path(__file__).resolve().parents[2] / "lecture_figures.csv"


class Key(NamedTuple):
    """Which figure of a model, in the ledger's words."""

    quantity: str
    group: str = ""
    level: str = ""
    term: str = ""
    term2: str = ""


class Interval(NamedTuple):
    """Where a figure must lie."""

    low: float
    high: float

    @property
    def centre(self) -> float:
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2

    def meet(self, other: Interval) -> Interval:
        """Both at once; of two that exclude each other the narrower (the lecturer's noise is in the wider)."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        if low < high:
            return Interval(low, high)
        return min(self, other, key=lambda interval: interval.half)


def interval(printed: str) -> Interval:
    """The numbers that print as this one.

    >>> interval("0.0975")
    Interval(low=0.09745, high=0.09755)
    """
    digits, _, exponent = printed.partition("e")
    decimals = len(digits.partition(".")[2]) - int(exponent or 0)
    half = 0.5 * 10.0**-decimals
    return Interval(float(printed) - half, float(printed) + half)


@cache
def _rows() -> list[dict[str, str]]:
    with LEDGER.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows(model: str, dataset: str = "", *, exceptions: bool = False) -> Iterator[tuple[Key, str]]:
    """The figures printed for a model (or, where that is "", for a data set itself).

    The named exceptions (noise, misprints, words) are left out.
    """
    for row in _rows():
        if row["model"] == model and dataset in ("", row["dataset"]) and (exceptions or not row["exception"]):
            yield Key(*(row[name] for name in Key._fields)), row["printed"]


def value(
    model: str, quantity: str, group: str = "", level: str = "", term: str = "", term2: str = ""
) -> float:
    """One printed figure, for a simulated start near it."""
    key = Key(quantity, group, level, term, term2)
    return next(float(printed) for found, printed in rows(model, exceptions=True) if found == key)


def value_of(dataset: str, quantity: str) -> float:
    """One printed figure of a data set itself."""
    return next(float(printed) for found, printed in rows("", dataset) if found.quantity == quantity)


def targets(model: str, df: float | None = None, without: tuple[str, ...] = ()) -> dict[Key, Interval]:
    """Where each figure of a model must lie.

    A printed p-value bounds its t (or F) more tightly than the printed t does: with `df`, the residual degrees
    of freedom, it is turned into that bound. Figures in `without` are left out.
    """
    found: dict[Key, Interval] = {}

    def add(key: Key, new: Interval) -> None:
        found[key] = found[key].meet(new) if key in found else new

    late = []
    for key, printed in rows(model):
        if key.quantity in without or not _is_number(printed):
            continue
        if key.quantity in ("p", "fstat_p"):
            late.append((key, interval(printed)))
        else:
            add(key, interval(printed))
    for key, p in late:
        if df is None:
            continue
        if key.quantity == "p":
            statistic = key._replace(quantity="statistic")
            low, high = (quantile(partial(stats.t.logsf, df=df), tail / 2) for tail in (p.high, p.low))
            add(statistic, Interval(low, high) if found[statistic].centre > 0 else Interval(-high, -low))
        else:
            model_df = found[Key("fstat_df1")].centre
            upper = partial(stats.f.logsf, dfn=model_df, dfd=df)
            add(Key("fstat"), Interval(*(quantile(upper, tail) for tail in (p.high, p.low))))
    return found


def quantile(log_tail: Callable[[float], float], p: float) -> float:
    """Where the upper tail is p; on the log scale, because p may be 1e-15."""
    return float(optimize.brentq(lambda x: log_tail(x) - np.log(p), 1e-6, 1e6, xtol=1e-12))


def _is_number(printed: str) -> bool:
    """False for words, and for bounds such as <2e-16."""
    try:
        float(printed)
    except ValueError:
        return False
    return True


def quantiles(model: str) -> np.ndarray:
    """The printed minimum, quartiles and maximum of a model's residuals, as they are printed (scaled or not)."""
    printed = {key.quantity: float(text) for key, text in rows(model) if "resid_" in key.quantity}
    prefix = "scaled_resid_" if "scaled_resid_min" in printed else "resid_"
    return np.array([printed[prefix + name] for name in ("min", "q1", "median", "q3", "max")])
