"""A test of each fixed term: `anova(fit)` of a single model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..formatting.noted_table import Table
from ..numerics import distributions as stats
from .coef_tests import contest
from .contrasts import term_contrasts
from .satterthwaite import singular_notes

if TYPE_CHECKING:
    from ..fitted.generalized import GeneralizedFit
    from ..fitted.linear import LinearFit
    from ..fitted.mixed import MixedFit

__all__ = ["anova_table", "deviance_table", "sums_of_squares"]

COLUMNS = ["num_df", "den_df", "statistic", "p_value"]


def anova_table(fit: MixedFit, type: int = 3, ddf: str = "satterthwaite") -> pd.DataFrame:
    """Test each fixed term of a mixed model.

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
          num_df  den_df  statistic p_value
    Days       1    17.0     45.853  <0.001
    """
    contrasts = term_contrasts(fit.design, type)
    rows = {label: contest(fit, L, ddf) for label, L in contrasts.items() if len(L)}
    table = Table(list(rows.values()), index=list(rows), columns=COLUMNS, notes=singular_notes(fit))
    table = table.astype({"num_df": int})
    if fit.family is not None:
        return table.drop(columns="den_df")
    return table.drop(columns=["den_df", "p_value"]) if ddf == "none" else table


def sums_of_squares(fit: LinearFit, type: int = 3, ddf: str = "residual") -> pd.DataFrame:
    """Sum of squares and F test of each term of a linear model.

    Parameters
    ----------
    fit : LinearFit
    type : {1, 2, 3}
        As in :func:`anova_table`.
    ddf : {"residual", "satterthwaite", "kenward_roger", "none"}
        All the same, n - p; ``"none"`` leaves out the p-values.

    Returns
    -------
    DataFrame
        Index: terms. Columns ``sum_sq mean_sq num_df den_df statistic p_value``.

    Raises
    ------
    ModelError
        For another type or `ddf`.

    Notes
    -----
    Agrees with R's ``anova(fit)`` (type 1) and with ``car::Anova`` (types 2 and 3, the latter under sum
    contrasts).
    """
    design, rows = fit.design, {}
    weighted = replace(design, X=design.X * np.sqrt(design.row_weights)[:, None])
    for label, L in term_contrasts(weighted if type in (1, 2) else design, type).items():
        if len(L):
            num_df, _, statistic, p_value = contest(fit, L, ddf)
            mean_sq = statistic * fit.sigma**2
            rows[label] = (mean_sq * num_df, mean_sq, int(num_df), fit.df_resid, statistic, p_value)
    table = Table(list(rows.values()), index=list(rows), columns=["sum_sq", "mean_sq", *COLUMNS])
    return table.drop(columns=["den_df", "p_value"]) if ddf == "none" else table


def deviance_table(fit: GeneralizedFit, type: int = 3, ddf: str = "residual") -> pd.DataFrame:
    """Test of each term of a generalised linear model.

    Parameters
    ----------
    fit : GeneralizedFit
    type : {1, 2, 3}
        1 adds the terms one by one and compares likelihoods; 2 and 3 are Wald tests of the hypotheses that a
        mixed model's table has.
    ddf : str
        As in :func:`sums_of_squares`; a model without a scale has chi-square tests, whatever `ddf` says.

    Returns
    -------
    DataFrame
        Index: terms. Columns ``num_df statistic p_value``, chi-square tests; with an estimated dispersion
        (gamma) ``num_df den_df statistic p_value``, F tests.

    Raises
    ------
    ModelError
        For another type or `ddf`.

    Notes
    -----
    Type 1 agrees with R's ``anova(fit, test = "Chisq")`` and ``test = "F"``.
    """
    contrasts = {label: L for label, L in term_contrasts(fit.design, type).items() if len(L)}
    rows = {label: contest(fit, L, ddf) for label, L in contrasts.items()}
    if type == 1:
        drops = _sequential_drops(fit)
        rows = {label: _drop_test(fit, len(L), drops[label]) for label, L in contrasts.items()}
    table = Table(list(rows.values()), index=list(rows), columns=COLUMNS).astype({"num_df": int})
    if not fit.has_scale:
        return table.drop(columns="den_df")
    table["den_df"] = fit.df_resid
    return table.drop(columns=["den_df", "p_value"]) if ddf == "none" else table


def _drop_test(fit: GeneralizedFit, num_df: int, drop: float) -> tuple[float, float, float, float]:
    """Test of how much the deviance fell."""
    if fit.has_scale:
        statistic = drop / num_df
        return num_df, fit.df_resid, statistic, float(stats.f.sf(statistic, num_df, fit.df_resid))
    return num_df, np.inf, drop, float(stats.chi2.sf(drop, num_df))


def _sequential_drops(fit: GeneralizedFit) -> dict[str, float]:
    """How much the deviance falls, in units of the dispersion, when the terms are added one by one."""
    design, assign = fit.design, np.array(fit.design.assign)
    drops, before = {}, fit.null_deviance
    for number, label in enumerate(design.term_labels, start=1):
        if (assign == number).any():
            X = design.X[:, assign <= number]
            after = fit.deviance_at(design.offset + X @ fit.irls(fit.family, X, design.offset).params)
            drops[label], before = (before - after) / fit.sigma**2, after
    return drops
