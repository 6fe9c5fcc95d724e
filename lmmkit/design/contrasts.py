"""The contrasts of a factor: R's `contr.treatment` and its family, and matrices of the user's own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..formula.algebra import expand
from ..formula.functions import CONTRASTS, OTHER_CONTRASTS, Contrast, OwnContrasts
from ..formula.syntax import suggest
from ..formula.tree import quote
from ..numerics.arrays import Array
from .transforms import Poly
from .values import label

__all__ = ["check_contrasts", "contrast_matrix"]


def contrast_matrix(contrast: Contrast, levels: Sequence[str]) -> tuple[Array, list[str]]:
    """A factor's contrasts, levels × columns, and the columns' names.

    Examples
    --------
    >>> matrix, names = contrast_matrix("sum", ["a", "b", "c"])
    >>> names, matrix.tolist()
    (['1', '2'], [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    """
    k = len(levels)
    if isinstance(contrast, OwnContrasts):
        return _own_matrix(contrast, levels)
    name, base = (contrast, 1) if isinstance(contrast, str) else contrast
    if name in ("treatment", "SAS"):
        reference = k - 1 if name == "SAS" else _reference(base, levels)
        others = [i for i in range(k) if i != reference]
        return np.eye(k)[:, others], [levels[i] for i in others]
    if name == "sum":
        return np.vstack([np.eye(k - 1), -np.ones(k - 1)]), _numbered(k - 1)
    if name == "helmert":
        steps = np.arange(1, k)
        matrix = np.where(np.arange(k)[:, None] < steps, -1.0, 0.0)
        matrix[steps, steps - 1] = steps
        return matrix, _numbered(k - 1)
    scores = np.arange(1.0, k + 1)
    names = [".L", ".Q", ".C"][: k - 1] + [f"^{i}" for i in range(4, k)]
    return Poly.fit(scores, k - 1)(scores), names


def _numbered(k: int) -> list[str]:
    return [str(i) for i in range(1, k + 1)]


def _own_matrix(own: OwnContrasts, levels: Sequence[str]) -> tuple[Array, list[str]]:
    """A user's contrasts in the order of the levels; without any names they are numbered, as in R."""
    table, k = np.array(own.rows), len(levels)
    if own.levels is not None:
        unknown = [level for level in own.levels if level not in levels]
        if unknown or len(own.levels) != k:
            raise DataError(
                f"contrasts need a row for each of the levels {', '.join(levels)}, not for {', '.join(own.levels)}"
            )
        table = table[[own.levels.index(level) for level in levels]]
    if len(table) != k:
        raise DataError(
            f"contrasts need a row for each of the {k} levels {', '.join(levels)}, not {len(table)}"
        )
    names = list(own.names)
    if np.linalg.matrix_rank(np.column_stack([np.ones(k), table])) < table.shape[1] + 1:
        raise DataError(
            f"these contrasts of {', '.join(levels)} say the same more than once, or what the intercept says; a "
            f"factor of {k} levels has at most {k - 1} contrasts, of which none follows from the others"
        )
    if own.completed and table.shape[1] < k - 1:
        orthogonal = np.linalg.qr(np.column_stack([np.ones(k), table]), mode="complete").Q
        table = np.column_stack([table, orthogonal[:, table.shape[1] + 1 :]])
        names += [""] * (k - 1 - len(names))
    return table, names if any(names) else _numbered(table.shape[1])


def _reference(base: str | int, levels: Sequence[str]) -> int:
    """The place of the level that the others are compared with."""
    if isinstance(base, str):
        if base not in levels:
            raise DataError(f"there is no level '{base}' to compare with{suggest(base, levels)}")
        return levels.index(base)
    if base > len(levels):
        raise DataError(f"there is no level number {base} to compare with; there are {len(levels)}")
    return base - 1


def check_contrasts(
    contrasts: Mapping[str, Any] | None, columns: Iterable[Any], fixed: str
) -> dict[str, Contrast]:
    """Contrasts by factor, their names without R's `contr.`."""
    if not isinstance(contrasts, Mapping | None):
        raise DataError('contrasts must be a dict such as {"recipe": "sum"}')
    if not contrasts:
        return {}
    columns, checked = [str(name) for name in columns], dict[str, Contrast]()
    for name, contrast in contrasts.items():
        if name not in columns and name not in expand(fixed).names:
            raise DataError(f"contrasts name '{name}', which is not in the data{suggest(str(name), columns)}")
        spelled = quote(name) if name in columns else name  # as the formula spells it
        checked[spelled] = _checked(str(name), contrast)
    return checked


def _checked(name: str, contrast: Any) -> Contrast:
    """One factor's contrasts, as they are given."""
    if isinstance(contrast, OwnContrasts):
        return contrast
    if isinstance(contrast, str):
        plain = contrast.removeprefix("contr.")
        if plain not in CONTRASTS:
            known = ", ".join(CONTRASTS)
            raise DataError(f"the contrasts for '{name}' must be one of {known}{suggest(plain, CONTRASTS)}")
        return plain
    if isinstance(contrast, (tuple, list)) and len(contrast) == 2 and isinstance(contrast[0], str):
        return _with_base(name, contrast)
    return _given_matrix(name, contrast)


def _with_base(name: str, given: Sequence[Any]) -> Contrast:
    """`("treatment", "b")`: treatment contrasts with another reference level."""
    base: Any = given[1]
    counted = isinstance(base, (int, np.integer)) and not isinstance(base, bool) and base >= 1
    if not (isinstance(base, str) or counted) or given[0].removeprefix("contr.") != "treatment":
        raise DataError(
            f"the contrasts for '{name}' need a name, or ('treatment', level) for another reference level"
            f"{OTHER_CONTRASTS}"
        )
    return ("treatment", base if isinstance(base, str) else int(base))


def _given_matrix(name: str, given: Any) -> OwnContrasts:
    """An array or list (levels × contrasts), a DataFrame, or a dict of contrasts by name."""
    levels: tuple[str, ...] | None = None
    names: list[str] = []
    if isinstance(given, Mapping):
        names, given = (
            [str(one) for one in given],
            list(zip(*given.values(), strict=False)) if _even(given) else None,
        )
    elif isinstance(given, pd.DataFrame):
        names = ["" if isinstance(given.columns, pd.RangeIndex) else str(one) for one in given.columns]
        levels = None if isinstance(given.index, pd.RangeIndex) else tuple(map(label, given.index))
    try:
        table = np.array(given, dtype=float)
    except (TypeError, ValueError):
        table = np.empty(0)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or table.size == 0 or not np.isfinite(table).all():
        raise DataError(
            f"the contrasts for '{name}' need a name such as 'sum', or finite numbers, a row for each level and a "
            f"column for each contrast{OTHER_CONTRASTS}"
        )
    rows = tuple(tuple(map(float, row)) for row in table)
    return OwnContrasts(rows, tuple(names or [""] * table.shape[1]), levels)


def _even(columns: Mapping[str, Any]) -> bool:
    """Whether contrasts given by name are sequences of one length."""
    return len({len(column) if hasattr(column, "__len__") else -1 for column in columns.values()} - {-1}) == 1
