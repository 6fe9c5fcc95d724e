"""Estimated marginal trends: slopes of the fixed part in a numeric predictor, for each level of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from ..design.predictors import is_number, predictors_of
from ..fitted.fit import Fit
from ..fitted.parts import Component, one_part
from ..formula.functions import columns_of
from ..formula.syntax import read
from ..numerics import arguments
from ..numerics.r_names import answered
from .coef_tests import Ddf
from .comparisons import Adjust
from .emmeans import Asked, contrast_table, estimates, grid_notes, mean_table
from .reference_grid import ReferenceGrid, checked_at
from .response_scale import ResponseScale

__all__ = ["emtrends"]


@answered
def emtrends(
    fit: Fit,
    specs: str | Sequence[str],
    var: str,
    by: str | Sequence[str] | None = None,
    contrasts: str | Mapping[str, Sequence[float]] | None = None,
    *,
    interaction: str | Sequence[str] | None = None,
    adjust: Adjust | None = None,
    ddf: Ddf | None = None,
    at: Mapping[str, Any] | None = None,
    weights: Literal["equal", "proportional"] = "equal",
    level: float = 0.95,
    conf_int: bool = False,
    component: Component = "conditional",
) -> pd.DataFrame:
    """Estimate slopes in a numeric predictor, and contrasts between them.

    Parameters
    ----------
    fit : fitted model
        Of `lmer`, `glmer`, `lm` or `glm`.
    specs : str or list of str
        The predictors for whose combinations slopes are wanted, as in :func:`lmmkit.emmeans`; ``[]`` or
        ``"1"`` for the average slope.
    var : str
        The predictor whose slopes are wanted, or a function of it: ``"log(dose)"`` for the change with one unit of
        its logarithm. A curve (``poly(x, 2)``) has its slope at the mean of `var`, or where `at` says; with `var`
        among `specs`, at each of its values.
    by : str or list of str, optional
        Further predictors; contrasts are made within each of their combinations.
    contrasts : str or dict, optional
        ``"pairwise"``, ``"reverse_pairwise"``, ``"trt_vs_ctrl"``, ``"consecutive"``, ``"effects"``,
        ``"poly"``, or names with one coefficient per slope, as in :func:`lmmkit.emmeans`. Without it the
        slopes themselves are returned.
    interaction : str or list of str, optional
        Contrasts of contrasts: such a name for each of `specs`, or one for all.
    adjust : {"tukey", "holm", "bonferroni", "sidak", "fdr", "none"}, optional
        For the p-values of contrasts: ``"tukey"`` by default for all pairs, ``"holm"`` for the others.
    ddf : str, optional
        Denominator degrees of freedom of a linear mixed model, as in its ``coef_table``, ``"satterthwaite"``
        by default; ``"none"`` takes normal quantiles.
    at : dict, optional
        Other values for predictors in the grid: ``{"Days": [0, 9]}``.
    weights : {"equal", "proportional"}
        How slopes are averaged: all alike, or by how often the levels averaged over occur in the data.
    level : float
        Coverage of the intervals.
    conf_int : bool
        Intervals of contrasts as well, as in :func:`lmmkit.emmeans`.
    component : {"conditional", "zero_inflation", "dispersion"}
        The part of a model with several that is averaged.

    Returns
    -------
    DataFrame
        As :func:`lmmkit.emmeans`: ``estimate`` is the change of the linear predictor (or of ``log(y)`` where
        that is the response) for one unit of `var`.

    Raises
    ------
    ModelError
        When `var` is a factor or not in the fixed part, and as :func:`lmmkit.emmeans`.

    Notes
    -----
    Agrees with ``emmeans::emtrends``. The predictor's columns are differentiated by central differences.

    Examples
    --------
    >>> import lmmkit as lk
    >>> data = lk.load_data("sleepstudy").assign(late=lambda d: d["Subject"].astype(int) > 340)
    >>> fit = lk.lmer("Reaction ~ Days * late + (Days | Subject)", data)
    >>> emtrends(fit, "late", "Days").round(2)
        late  estimate  std_error    df  conf_low  conf_high
    0  False      8.55       2.01  16.0      4.28      12.82
    1   True     12.86       2.25  16.0      8.09      17.63
    >>> emtrends(fit, "late", "Days", contrasts="pairwise").round(2)
           contrast  estimate  std_error    df  statistic p_value
    0  FALSE - TRUE     -4.31       3.02  16.0      -1.43   0.170
    """
    fit = one_part(fit, component)
    asked = Asked.of(fit, specs, by, contrasts, interaction, adjust, ddf, level, conf_int)
    unit, at = arguments.name("var", var), checked_at(at)
    var = _column(fit, unit)
    names = asked.within + asked.wanted[::-1]
    fixed = {var: fit.design.mean_of(var)} if _counts_as_two(fit, var, names, at) else {}
    grid = ReferenceGrid.of(fit, [*names, *([] if var in names else [var])], {**at, **fixed} if fixed else at)
    grid = grid.slopes(var, unit)
    asked = asked.within_nests(grid)
    cells, rows = grid.averages(asked.within + asked.wanted[::-1], weights)
    notes = grid_notes(fit, grid, asked, rows, "Slopes", var)
    if asked.contrasts is None and asked.interaction is None:
        table = mean_table(asked, cells, estimates(fit, grid.estimable(rows), asked.ddf))
    else:
        table = contrast_table(asked, cells, grid, rows)
    scale = ResponseScale.of(fit)
    if scale.steps:
        notes.append(f"Slopes are on the {scale.scale} scale.")
    table.attrs["notes"] = [*notes, *table.attrs.get("notes", [])]
    return table


def _column(fit: Fit, var: str) -> str:
    """The predictor itself, or the one that a function such as ``log(dose)`` is of."""
    if var in predictors_of(fit.design) or "(" not in var:
        return var
    columns = list(dict.fromkeys(columns_of(read(var))))
    return columns[0] if len(columns) == 1 else var


def _counts_as_two(fit: Fit, var: str, names: list[str], at: Mapping[str, Any]) -> bool:
    """Whether the grid would hold both values of a number that has only two, where one slope is meant."""
    if var in names or var in at or var not in fit.design.levels_frame:
        return False
    return is_number(fit.design.levels_frame[var])
