"""The left side of a term as points in time: a factor with a column for each of its levels."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..design.design import RandomTerm
from ..numerics.arrays import Array

__all__ = ["as_numbers", "one_column_per_level"]

#: A number, and the same words before and after it in each level: "week 2", "3 h".
NUMBERED = re.compile(
    r"(?P<before>(?:\D*[^\W\d])?[\W_]*?)"
    r"(?P<number>(?:(?<!\S)[+-])?(?:\d+\.?\d*|(?<!\w)\.\d+)(?:[eE][+-]?\d+)?)"
    r"(?P<after>\D*)"
)


def one_column_per_level(term: RandomTerm) -> list[str] | None:
    """The levels behind the columns of ``0 + factor``; None where the left side is something else."""
    recipe = term.model_matrix
    variables = recipe.terms.variables
    if len(variables) != 1 or recipe.terms.intercept or recipe.levels[0] is None:
        return None
    levels = recipe.levels[0]
    return list(levels) if len(levels) == term.k and term.indicates else None


def as_numbers(levels: Sequence[str]) -> Array:
    """The numbers of levels that differ in a number alone, none where they are of another kind.

    Examples
    --------
    >>> as_numbers(["0", "0.5"]), as_numbers(["week 2", "week 10"]), as_numbers(["early", "late"])
    (array([0. , 0.5]), array([ 2., 10.]), array([], dtype=float64))
    """
    found = [NUMBERED.fullmatch(level.strip()) for level in levels]
    if not all(found) or len({(match["before"], match["after"]) for match in found if match}) > 1:
        return np.empty(0)
    return np.array([float(match["number"]) for match in found if match])
