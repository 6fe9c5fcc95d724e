"""The left side of a term as points in time: a factor with a column for each of its levels."""

from __future__ import annotations

import numpy as np

from ..design.design import RandomTerm

__all__ = ["as_number", "one_column_per_level"]


def one_column_per_level(term: RandomTerm) -> list[str] | None:
    """The levels behind the columns of ``0 + factor``; None where the left side is something else."""
    recipe = term.model_matrix
    variables = recipe.terms.variables
    if len(variables) != 1 or recipe.terms.intercept or recipe.levels[0] is None:
        return None
    levels = recipe.levels[0]
    return list(levels) if len(levels) == term.k and term.indicates else None


def as_number(level: str) -> float | None:
    """A level that is a number; None for any other.

    Examples
    --------
    >>> as_number("0.5"), as_number("week 1")
    (0.5, None)
    """
    try:
        value = float(level)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
