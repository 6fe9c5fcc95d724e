"""Tests of contrasts of the fixed effects, by whichever degrees of freedom are asked for."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..formatting.noted_table import Table
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from . import kenward_roger, satterthwaite
from .contrasts import uncorrelated

if TYPE_CHECKING:
    from ..fitted.fit import Fit

__all__ = ["DDF", "coef_table", "contest", "contrast_tests"]

#: Approximate denominator degrees of freedom: what to ask for -> a module with `coef_tests` and `f_test`.
APPROXIMATIONS: dict[str, ModuleType] = {"satterthwaite": satterthwaite, "kenward_roger": kenward_roger}
DDF = (*APPROXIMATIONS, "residual", "none")


def _approximation(fit: Fit, ddf: str) -> ModuleType | None:
    """How degrees of freedom are approximated; None where they are exact or not wanted, and for z tests."""
    if ddf not in DDF:
        raise ModelError(f"ddf must be one of {', '.join(DDF)}, not {ddf!r}")
    return APPROXIMATIONS.get(ddf) if fit.design.terms and fit.family is None else None


def _common_df(fit: Fit) -> float:
    """Degrees of freedom n - p of a t test; infinite for z tests (a GLMM, or a glm without a scale)."""
    if not fit.design.terms:
        return fit.df_resid if fit.has_scale else np.inf
    return float(fit.nobs - len(fit.beta)) if fit.family is None else np.inf


def contrast_tests(fit: Fit, L: Array, ddf: str = "satterthwaite") -> pd.DataFrame:
    """Test each row of ``L beta = 0``.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    L : array of shape (r, p)
        One contrast per row; the identity tests the coefficients.
    ddf : {"satterthwaite", "kenward_roger", "residual", "none"}
        As in :func:`coef_table`.

    Returns
    -------
    DataFrame
        One row for each contrast, columns ``estimate std_error df statistic p_value``; `df` is infinite where
        quantiles are normal.

    Raises
    ------
    ModelError
        For another `ddf`.
    """
    method = _approximation(fit, ddf)
    if method is not None:
        table: pd.DataFrame = method.coef_tests(fit, L)
        return table
    std_error = fit.sigma * np.sqrt(np.einsum("ri,ij,rj->r", L, fit.cov_unscaled, L))
    df = np.inf if ddf == "none" else _common_df(fit)
    return Table(satterthwaite.t_table(L @ fit.beta, std_error, np.full(len(L), df)))


def coef_table(fit: Fit, ddf: str = "satterthwaite") -> pd.DataFrame:
    """Coefficients with standard errors and tests.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    ddf : {"satterthwaite", "kenward_roger", "residual", "none"}
        Denominator degrees of freedom of the t tests: Satterthwaite's or Kenward and Roger's
        approximation, n - p, or no p-values at all. Without random effects the first three are the same.
        A GLMM, and a glm without a scale, have z tests, whatever `ddf` says.

    Returns
    -------
    DataFrame
        Index: coefficients. Columns ``estimate std_error df statistic p_value``; z tests have no ``df``, and
        ``ddf="none"`` has neither ``df`` nor ``p_value``.

    Raises
    ------
    ModelError
        For another `ddf`.

    Notes
    -----
    As ``coef(summary(fit))`` of lmerTest; of lme4 for ``ddf="none"`` and for GLMMs; of R for ``lm`` and ``glm``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> coef_table(lk.lm("Weight ~ Dose", lk.load_data("mouse"))).round(3)
                 estimate  std_error  df  statistic p_value
    (Intercept)    26.964      0.937  48     28.772  <0.001
    Dose           -2.439      0.295  48     -8.270  <0.001
    """
    table = contrast_tests(fit, np.eye(len(fit.beta)), ddf).set_axis(fit.design.x_names)
    if np.isinf(_common_df(fit)):
        return table.drop(columns="df")
    return table.drop(columns=["df", "p_value"]) if ddf == "none" else table


def contest(fit: Fit, L: Array, ddf: str = "satterthwaite") -> tuple[float, float, float, float]:
    """Test ``L beta = 0``, all rows at once.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    L : array of shape (r, p)
        One contrast per row.
    ddf : str
        As in :func:`coef_table`.

    Returns
    -------
    tuple
        Numerator and denominator degrees of freedom, statistic, p-value. The statistic is F; for a GLMM, and
        a glm without a scale, it is chi-square, whose denominator degrees of freedom are infinite.

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
    method = _approximation(fit, ddf)
    if method is not None:
        statistic, num_df, den_df = method.f_test(fit, L)
    else:
        rotated, variances = uncorrelated(L, fit.sigma**2 * fit.cov_unscaled)
        chisq, num_df = float(((rotated @ fit.beta) ** 2 / variances).sum()), float(len(variances))
        den_df = _common_df(fit)
        if np.isinf(den_df):
            return num_df, den_df, chisq, float(stats.chi2.sf(chisq, num_df))
        statistic, den_df = chisq / num_df, np.nan if ddf == "none" else den_df
    return num_df, den_df, statistic, float(stats.f.sf(statistic, num_df, den_df))
