"""The reference grid as a table: the predictions that marginal means are averages of (`ref_grid`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..design.predictors import factors_of
from ..fitted.fit import Fit
from ..fitted.parts import Component, one_part
from ..formatting.noted_table import Table
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.r_names import answered
from .coef_tests import Ddf, checked_ddf
from .emmeans import estimates
from .reference_grid import ReferenceGrid

__all__ = ["ref_grid"]


@answered
def ref_grid(
    fit: Fit,
    at: Mapping[str, Any] | None = None,
    *,
    ddf: Ddf = "satterthwaite",
    level: float = 0.95,
    component: Component = "conditional",
) -> pd.DataFrame:
    """Tabulate the reference grid: the combinations of predictors over which `emmeans` averages.

    Parameters
    ----------
    fit : fitted model
        Of `lmer`, `glmer`, `lm` or `glm`.
    at : dict, optional
        Other values for predictors: ``{"Days": [0, 9]}``.
    ddf : str
        Degrees of freedom, as in :func:`lmmkit.emmeans`.
    level : float
        Coverage of the intervals.
    component : {"conditional", "zero_inflation", "dispersion"}
        The part of a model with several.

    Returns
    -------
    DataFrame
        A column for each predictor: all combinations of the levels of the factors, numbers at their mean (both
        values of one that has two). Then ``estimate std_error df conf_low conf_high`` of the linear predictor
        there, and ``n``, how many rows of the data have these levels; a cell without any is a prediction alone.

    Raises
    ------
    ModelError
        For values of `at` that are none, or of a predictor that is not in the fixed part.

    Notes
    -----
    As ``emmeans::ref_grid``, whose weights ``.wgt.`` are the column ``n``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("mass ~ implant * day + (1 | nest/chick)", lk.load_data("implants"))
    >>> ref_grid(fit).round(1)
      implant  day  estimate  std_error    df  conf_low  conf_high    n
    0       C  6.0     276.5        5.0  16.2     266.0      287.0  120
    1       P  6.0     291.5        5.0  16.2     281.0      302.0  120
    """
    fit = one_part(arguments.fitted("fit", fit), component)
    grid = ReferenceGrid.of(fit, (), at)
    names = list(grid.frame.columns)
    cells, rows = grid.averages(names, "equal")
    estimate, std_error, df = estimates(fit, grid.estimable(rows), checked_ddf(ddf))
    estimate = estimate + fit.design.mean_offset
    half = std_error * stats.t.ppf((1 + arguments.level(level)) / 2, df)
    columns = {
        "estimate": estimate, "std_error": std_error, "df": df, "conf_low": estimate - half,
        "conf_high": estimate + half, "n": _counts(fit, cells),
    }  # fmt: skip
    return Table(cells.assign(**columns), notes=grid.nest_notes(names))


def _counts(fit: Fit, cells: pd.DataFrame) -> list[int]:
    """How many rows of the data have the levels of each cell; numbers do not count."""
    counted = [name for name in cells.columns if name in factors_of(fit.design)]
    if not counted:
        return [fit.nobs] * len(cells)
    found = fit.design.counts_of(counted)
    known = {key if isinstance(key, tuple) else (key,): int(count) for key, count in found.items()}
    return [known.get(tuple(row), 0) for row in cells[counted].itertuples(index=False)]
