"""Formula + data in parts -> `SummedDesign`, in three passes over the parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..design.design import Design, build_design
from ..design.model_matrix import independent_columns
from ..design.names import make_unique
from ..design.transforms import RawPoly, Shift, Transform
from ..design.values import read_column
from ..errors import DataError
from ..formula.parse import Formula
from ..formula.syntax import read
from ..formula.tree import FunctionCall
from ..formula.update import expand_dot
from ..numerics.arrays import Array
from ..numerics.partitions import Partitions
from .design import Coordinates, Summed, SummedDesign, SummedTerm, framed
from .reader import Reader
from .sums import Scales, block_sums, merge_blocks, merge_scales, scales
from .survey import Moments, Plan, Survey, literal_of, merge_surveys, survey

__all__ = ["summed_design"]

#: What is left of the response, relative to it, that is rounding and nothing else.
EXACT = 1e-12


def summed_design(
    formula: Formula,
    data: Any,
    *,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    na_action: str = "omit",
) -> SummedDesign:
    """What a fit needs of data in parts: its levels, then the scales of its columns, then their cross-products.

    Parameters
    ----------
    formula : Formula
    data : dask.dataframe.DataFrame or pyarrow.dataset.Dataset
    weights, offset : column name, optional
    contrasts, na_action
        As in :func:`~lmmkit.design.design.build_design`.

    Raises
    ------
    FormulaError, DataError
        As there; also for what needs all rows at once.
    """
    parts = Partitions(data)
    formula = expand_dot(formula, parts.columns)
    names = _names(formula, parts, {"weights": weights, "offset": offset})
    plan = Plan.of(formula, names)
    found = parts.gather(names, survey, merge_surveys, plan)
    _check_rows(found, na_action)
    recipe = _recipe(plan, found, contrasts, weights, offset)
    reader = Reader(recipe, names, formula.response)
    seen = parts.gather(names, scales, merge_scales, reader)
    return _summed(parts, recipe, reader, found, seen)


def _names(formula: Formula, parts: Partitions, extras: dict[str, Any]) -> list[str]:
    """The columns that are needed."""
    for what, given in extras.items():
        if given is not None and not isinstance(given, str):
            raise DataError(f"with data that come in parts, {what} must be the name of a column of the data")
    names = list(dict.fromkeys([*formula.columns, *filter(None, extras.values())]))
    for name in names:
        if name not in parts.columns:
            read_column(parts.frame.head(0), name)
    response = read(formula.response)
    if isinstance(response, FunctionCall) and response.function == "cbind":
        raise DataError(
            f"the response {formula.response} counts hits and misses; fit it by glmer, as binomial"
        )
    return names


def _check_rows(found: Survey, na_action: str) -> None:
    if found.n == 0:
        raise DataError("the data have no rows")
    gone = {name: count for name, count in found.missing.items() if count}
    if gone and na_action == "raise":
        name, count = next(iter(gone.items()))
        raise DataError(
            f"column '{name}' has {count} missing value{'s' if count > 1 else ''}; drop the rows or use "
            "na_action='omit'"
        )
    if found.kept == 0:
        worst = max(gone, key=lambda name: gone[name])
        raise DataError(f"no rows are left: each has a missing value, most of them in column '{worst}'")


def _recipe(plan: Plan, found: Survey, contrasts: Any, weights: str | None, offset: str | None) -> Design:
    """The design of a few rows in which every level, and every combination that matters, occurs."""
    frame = framed(found, [cells.rows for cells in found.cells], plan.names)
    transforms = {text: _fitted(call, found.arguments.get(text)) for text, call in plan.transforms.items()}
    few = build_design(replace(plan.formula, response=""), frame, contrasts=contrasts, transforms=transforms)
    return replace(
        few,
        formula=plan.formula,
        response=plan.formula.response,
        n_omitted=found.n - found.kept,
        offset_argument=offset or False,
        weights_argument=weights or False,
    )


def _fitted(call: FunctionCall, moments: Moments | None) -> Transform:
    """``scale()`` by the moments of all rows; the powers of ``poly(raw = TRUE)`` remember nothing."""
    if moments is None:
        return RawPoly(int(literal_of(call, "degree") or 1))
    if moments.n == 0:
        raise DataError(f"{call.function}() has no values to work on: all are missing or infinite")
    if call.function == "center":
        return Shift(moments.mean, 1.0)
    center, scale = literal_of(call, "center"), literal_of(call, "scale")
    mean = moments.mean if center in (None, True) else float(center or 0.0)
    squares = moments.squares + moments.n * (moments.mean - mean) ** 2
    sd = float(np.sqrt(squares / max(moments.n - 1, 1)))
    return Shift.checked(mean, sd if scale in (None, True) else 1.0 if scale is False else float(scale))


def _summed(parts: Partitions, recipe: Design, reader: Reader, found: Survey, seen: Scales) -> SummedDesign:
    """The third pass, and everything together."""
    kept = independent_columns(seen.plain[:, 1:])
    names = recipe.model_matrix.names
    recipe = replace(
        recipe,
        kept=kept,
        x_names=make_unique([names[i] for i in kept]),
        dropped=[name for i, name in enumerate(names) if i not in set(kept)],
        assign=[recipe.model_matrix.assign[i] for i in kept],
    )
    reader = replace(reader, recipe=recipe)
    S = _square(seen.triangle[:, [*kept, -1]])
    squares = [weighted / found.kept for weighted, _ in seen.squares]
    units = [term.structure.units(own) for term, own in zip(recipe.terms, squares, strict=True)]
    blocks = parts.gather(reader.names, block_sums, merge_blocks, reader, units, _invertible(S), kept)
    design = SummedDesign(
        recipe,
        Summed(
            n=found.kept,
            coordinates=Coordinates(S[:, :-1], S[:, -1]),
            blocks=blocks,
            squares=squares,
            triangle=seen.plain,
            log_weights=seen.log_weights,
            mean_offset=seen.offset / found.kept,
            survey=found,
            reader=reader,
        ),
    )
    design.terms = [
        SummedTerm(term, plain / found.kept, slopes, indicates)
        for term, (_, plain), slopes, indicates in zip(
            recipe.terms, seen.squares, seen.slopes, seen.indicators, strict=True
        )
    ]
    return design


def _square(columns: Array) -> Array:
    """The triangle of some columns, with a row for each of them."""
    triangle = np.asarray(np.linalg.qr(columns, mode="r"))
    whole = np.zeros((columns.shape[1], columns.shape[1]))
    whole[: len(triangle)] = triangle
    return whole


def _invertible(S: Array) -> Array:
    """The same, so that it can be divided by where the fixed effects leave nothing of the response."""
    S, length = S.copy(), np.sqrt((S[:, -1] ** 2).sum())
    if abs(S[-1, -1]) <= EXACT * length:
        S[-1, -1] = length or 1.0
    return S
