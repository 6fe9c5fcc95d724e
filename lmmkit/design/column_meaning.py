"""What a column of the model matrix stands for: its variables, and the levels that it compares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .design import Design
    from .model_matrix import Coding, ModelMatrix


@dataclass(frozen=True)
class Part:
    """One variable's share in a column.

    Attributes
    ----------
    name : str
        Its share of the column's name: ``recipeB``.
    variable : str
        The variable as written: ``recipe``.
    kind : {"number", "level", "contrast", "piece"}
        A numeric variable; an indicator of one level; another contrast between levels; one of several
        columns of a term such as ``poly(x, 2)``.
    level, reference : str or None
        For ``"level"``: the level it indicates, and the one it is compared with (None for dummies of all
        levels).
    """

    name: str
    variable: str
    kind: str
    level: str | None = None
    reference: str | None = None


def fixed_parts(design: Design) -> list[list[Part]]:
    """The parts of each column of X; an empty list for the intercept."""
    columns = column_parts(design.model_matrix)
    return [columns[i] for i in design.kept]


def column_parts(recipe: ModelMatrix) -> list[list[Part]]:
    """The parts of each column that a recipe makes, such as the left side of a random-effects term."""
    columns: list[list[Part]] = [[]] * int(recipe.terms.intercept)
    for coding in recipe.codings:
        columns += _products([_parts(code, recipe) for code in coding])
    return columns


def _products(shares: Sequence[list[Part]]) -> Iterator[list[Part]]:
    """All combinations, the first variable varying fastest, as in the model matrix."""
    combined: list[list[Part]] = [[]]
    for share in shares:
        combined = [[*before, part] for part in share for before in combined]
    return iter(combined)


def _parts(code: Coding, recipe: ModelMatrix) -> list[Part]:
    """One variable's columns in one term."""
    variable, levels = recipe.terms.names[code.variable], recipe.levels[code.variable]
    if code.table is None or levels is None:
        kind = "number" if len(code.names) == 1 else "piece"
        return [Part(name, variable, kind) for name in code.names]
    table = np.asarray(code.table)[: len(levels)]
    indicators = np.isin(table, (0.0, 1.0)).all() and (table.sum(axis=0) == 1).all()
    if not indicators:
        return [Part(name, variable, "contrast") for name in code.names]
    without = [level for level, row in zip(levels, table, strict=True) if not row.any()]
    reference = without[0] if without else None
    chosen = [levels[int(column.argmax())] for column in table.T]
    return [
        Part(name, variable, "level", level, reference)
        for name, level in zip(code.names, chosen, strict=True)
    ]
