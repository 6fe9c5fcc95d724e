"""Standardised effect sizes: differences of marginal means in units of a standard deviation (`eff_size`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.fit import Fit
from ..fitted.mixed import MixedFit
from ..formatting.noted_table import Table
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.r_names import answered
from .coef_tests import Ddf
from .comparisons import kind_of
from .emmeans import Asked, estimates, grid_notes, named_contrasts, total_sd
from .reference_grid import ReferenceGrid, rows_of_groups

__all__ = ["eff_size"]


@answered
def eff_size(
    fit: Fit,
    specs: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    contrasts: str | Mapping[str, Sequence[float]] = "pairwise",
    *,
    sigma: Literal["total", "residual"] | float = "total",
    edf: float | None = None,
    ddf: Ddf | None = None,
    at: Mapping[str, Any] | None = None,
    weights: Literal["equal", "proportional"] = "equal",
    level: float = 0.95,
) -> pd.DataFrame:
    """Divide differences of marginal means by a standard deviation, as Cohen's d does.

    Parameters
    ----------
    fit : fitted model
        Of `lmer` or `lm`. What a generalised model tells as odds ratios or ratios has no unit already.
    specs, by : str or list of str
        As in :func:`lmmkit.emmeans`.
    contrasts : str or dict
        As in :func:`lmmkit.emmeans`: all pairs by default.
    sigma : {"total", "residual"} or float
        The standard deviation to divide by. ``"total"`` is that of a new response around the fixed part, all
        random effects and residuals; ``"residual"`` that within the groups, by which an effect looks larger; in a
        model without random effects both are the same. Say in a report which one it was.
    edf : float, optional
        Degrees of freedom with which that standard deviation is known: the fewer, the wider the intervals. By
        default the residual ones for ``"residual"``, and the smallest of the means' own for anything else.
    ddf : str, optional
        As in :func:`lmmkit.emmeans`.
    at : dict, optional
        Other values for predictors in the grid.
    weights : {"equal", "proportional"}
        How cells are averaged.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        The columns of `by`, ``contrast``, then ``effect_size std_error df conf_low conf_high``. ``.notes`` says
        what was divided by.

    Raises
    ------
    ModelError
        For a generalised model, a `sigma` or `edf` that is not positive, and as :func:`lmmkit.emmeans`.

    Notes
    -----
    As ``emmeans::eff_size``: the standard error has a part from the difference and one from the standard
    deviation, ``(se / sigma)^2 + size^2 / (2 edf)``. Degrees of freedom are those of the difference (in a mixed
    model R has the smaller ones of the two means).

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("mass ~ implant + (1 | nest)", lk.load_data("implants"))
    >>> eff_size(fit, "implant").round(2)
      contrast  effect_size  std_error     df  conf_low  conf_high
    0    C - P        -0.31       0.13  224.0     -0.56      -0.05
    Differences divided by a standard deviation of 48.82 (total), taken as known with 27.11 degrees of freedom.
    """
    if getattr(arguments.fitted("fit", fit), "family", None) is not None:
        raise ModelError(
            "eff_size is for models of measurements; a generalised model's effects have no unit already: "
            "lk.emmeans(fit, specs, contrasts='pairwise', kind='response')"
        )
    asked = Asked.of(fit, specs, by, kind_of(contrasts), None, "none", ddf, level)
    grid = ReferenceGrid.of(fit, asked.within + asked.wanted[::-1], at)
    asked = asked.within_nests(grid)
    cells, rows = grid.averages(asked.within + asked.wanted[::-1], weights)
    unit, what = _unit(fit, sigma)
    known = _known(fit, what, edf, estimates(fit, grid.estimable(rows), asked.ddf)[2])
    tables = []
    for members in rows_of_groups(cells, asked.within):
        names, K = named_contrasts(asked, cells.iloc[members], ratio=False)
        estimate, std_error, df = estimates(fit, grid.estimable(K @ rows[members]), asked.ddf)
        size = estimate / unit
        error = np.sqrt((std_error / unit) ** 2 + size**2 / (2 * known))
        half = error * stats.t.ppf((1 + asked.level) / 2, df)
        columns = {
            **{name: cells[name].iloc[members[0]] for name in asked.within}, **names, "effect_size": size,
            "std_error": error, "df": df, "conf_low": size - half, "conf_high": size + half,
        }  # fmt: skip
        tables.append(pd.DataFrame(columns))
    note = (
        f"Differences divided by a standard deviation of {unit:.4g} ({what}), taken as known with {known:.4g} "
        "degrees of freedom."
    )
    return Table(pd.concat(tables, ignore_index=True), notes=[*grid_notes(fit, grid, asked, rows), note])


def _unit(fit: Fit, sigma: Any) -> tuple[float, str]:
    """The standard deviation to divide by, and what to call it."""
    if isinstance(sigma, str):
        what = arguments.one_of("sigma", sigma, ("total", "residual"))
        value = total_sd(fit) if what == "total" else float(fit.sigma)
        return value, what if isinstance(fit, MixedFit) else "residual"
    value = arguments.number("sigma", sigma, 0, wanted="'total', 'residual' or a positive number")
    return value, "given"


def _known(fit: Fit, what: str, edf: Any, of_means: np.ndarray) -> float:
    """With how many degrees of freedom the standard deviation is known."""
    if edf is not None:
        return arguments.number("edf", edf, 0, wanted="a positive number")
    return float(fit.df_resid) if what == "residual" else float(np.nanmin(of_means))
