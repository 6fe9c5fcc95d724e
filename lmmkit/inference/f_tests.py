"""F tests of the fixed terms, as lmerTest's `anova(fit)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..formatting.noted_table import Table
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from . import kenward_roger, satterthwaite
from .contrasts import term_contrasts, uncorrelated
from .notes import singular_notes

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit

__all__ = ["anova_table", "contest"]

COLUMNS = ["num_df", "den_df", "statistic", "p_value"]


def anova_table(fit: MixedFit, type: int = 3, ddf: str = "satterthwaite") -> pd.DataFrame:
    """Test each fixed term.

    Parameters
    ----------
    fit : MixedFit
    type : {1, 2, 3}
        Which hypothesis a term's test is: see :func:`~lmmkit.inference.contrasts.term_contrasts`.
    ddf : {"satterthwaite", "kenward_roger", "residual", "none"}
        How the denominator degrees of freedom are found; ``"none"`` gives F statistics only.

    Returns
    -------
    DataFrame
        Index: terms. Columns ``num_df den_df statistic p_value``. A GLMM has Wald chi-square tests instead:
        ``num_df statistic p_value``.

    Raises
    ------
    ModelError
        For another type or `ddf`.

    Notes
    -----
    Agrees with ``anova(fit, type =, ddf =)`` of lmerTest.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> anova_table(fit).round(3)
          num_df  den_df  statistic  p_value
    Days       1    17.0     45.853      0.0
    """
    contrasts = term_contrasts(fit.design, type)
    rows = {label: contest(fit, L, ddf) for label, L in contrasts.items() if len(L)}
    table = Table(list(rows.values()), index=list(rows), columns=COLUMNS, notes=singular_notes(fit))
    table = table.astype({"num_df": int})
    if fit.family is not None:
        return table.drop(columns="den_df")
    return table.drop(columns=["den_df", "p_value"]) if ddf == "none" else table


def contest(fit: MixedFit, L: Array, ddf: str = "satterthwaite") -> tuple[float, float, float, float]:
    """Test ``L beta = 0``, all rows at once.

    Parameters
    ----------
    fit : MixedFit
    L : array of shape (r, p)
        One contrast per row.
    ddf : str
        As in :func:`anova_table`.

    Returns
    -------
    tuple
        Numerator and denominator degrees of freedom, statistic, p-value. The statistic is F; for a GLMM it is
        chi-square, whose denominator degrees of freedom are infinite.

    Raises
    ------
    ModelError
        For another `ddf`.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> np.round(contest(fit, np.array([[0.0, 1.0]])), 2)
    array([ 1.  , 17.  , 45.85,  0.  ])
    """
    if fit.family is not None:
        statistic, num_df = _wald(fit, L)
        return num_df, np.inf, statistic * num_df, float(stats.chi2.sf(statistic * num_df, num_df))
    if ddf == "satterthwaite":
        statistic, num_df, den_df = satterthwaite.f_test(fit, L)
    elif ddf == "kenward_roger":
        statistic, num_df, den_df = kenward_roger.f_test(fit, L)
    elif ddf in ("residual", "none"):
        statistic, num_df = _wald(fit, L)
        den_df = float(fit.nobs - len(fit.fixef)) if ddf == "residual" else np.nan
    else:
        raise ModelError(f"ddf must be one of satterthwaite, kenward_roger, residual, none, not {ddf!r}")
    return num_df, den_df, statistic, float(stats.f.sf(statistic, num_df, den_df))


def _wald(fit: MixedFit, L: Array) -> tuple[float, float]:
    """Mean of squared, uncorrelated, standardised contrasts, and their number."""
    rotated, variances = uncorrelated(L, fit.vcov.to_numpy())
    squares = (rotated @ fit.estimate.beta) ** 2 / variances
    return float(squares.mean()), float(len(squares))
