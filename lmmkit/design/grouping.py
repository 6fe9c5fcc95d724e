"""Grouping factors: rows -> level numbers, for `g` and for interactions such as `class:school`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from ..formula.syntax import read
from ..formula.tree import Node, write
from ..numerics.arrays import Index
from .evaluate import Evaluator
from .rows import KeptRows
from .values import Categorical


@dataclass(frozen=True)
class Grouping:
    """How rows are assigned to the levels of `a` or `a:b`."""

    factors: tuple[Node, ...]
    levels: list[list[str]]  # of each factor
    combinations: Index  # the combinations that occur, as numbers in base "levels of each factor"
    labels: list[str]  # of each combination

    @classmethod
    def fit(cls, texts: Sequence[str], rows: KeptRows) -> "tuple[Grouping, Index]":
        """The grouping and the level number of each kept row."""
        nodes = tuple(read(text) for text in texts)
        factors = [rows.factor(node) for node in nodes]
        levels = [factor.levels for factor in factors]
        if len(factors) == 1:
            return cls(nodes, levels, np.arange(len(levels[0])), levels[0]), factors[0].codes
        mixed = _combine([factor.codes for factor in factors], levels)
        codes, combinations = pd.factorize(mixed, sort=True)
        parts = np.unravel_index(combinations, [len(one) for one in levels])
        labels = [":".join(names) for names in zip(*map(_pick, levels, parts), strict=True)]
        return cls(nodes, levels, combinations, labels), codes

    def codes(self, evaluator: Evaluator) -> Index:
        """The level number of each row of new data, -1 where the level is new or missing."""
        mixed = _combine([f.recode(known) for f, known in self._new(evaluator)], self.levels)
        place = np.minimum(np.searchsorted(self.combinations, mixed), len(self.combinations) - 1)
        return np.where(self.combinations[place] == mixed, place, -1)

    def unseen(self, evaluator: Evaluator) -> list[str]:
        """Names of the new levels in new data, each once."""
        new = self.codes(evaluator) < 0
        parts = [_pick([*factor.levels, "NA"], factor.codes[new]) for factor, _ in self._new(evaluator)]
        return list(dict.fromkeys(":".join(names) for names in zip(*parts, strict=True)))

    def all_codes(self, evaluator: Evaluator) -> tuple[Index, list[str]]:
        """The level number of each row of new data, new levels numbered after those of the fit; their names."""
        codes = self.codes(evaluator)
        new = codes < 0
        parts = [_pick([*factor.levels, "NA"], factor.codes[new]) for factor, _ in self._new(evaluator)]
        numbers, names = pd.factorize(
            np.array([":".join(one) for one in zip(*parts, strict=True)], dtype=object)
        )
        codes[new] = len(self.labels) + numbers
        return codes, list(names)

    def _new(self, evaluator: Evaluator) -> list[tuple[Categorical, list[str]]]:
        values = [evaluator.factor(node, write(node)) for node in self.factors]
        return list(zip(values, self.levels, strict=True))


def _pick(levels: list[str], codes: Index) -> list[str]:
    return [levels[code] for code in codes]


def _combine(codes: list[Index], levels: list[list[str]]) -> Index:
    """Several factors' level numbers as one number, the first factor varying slowest; -1 where any is -1."""
    total = codes[0].astype(np.int64)
    absent = codes[0] < 0
    for more, names in zip(codes[1:], levels[1:], strict=True):
        total = total * len(names) + more
        absent |= more < 0
    return np.where(absent, -1, total)


def theta_order(sizes: Sequence[int]) -> list[int]:
    """lme4's order of terms: as written if sizes never increase, else `rev(order(sizes))`, ties reversed."""
    if all(a >= b for a, b in pairwise(sizes)):
        return list(range(len(sizes)))
    return sorted(range(len(sizes)), key=lambda i: sizes[i])[::-1]
