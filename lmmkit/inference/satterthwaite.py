"""Satterthwaite's degrees of freedom: the t and F tests of lmerTest.

The variance of a contrast ``L beta`` is itself an estimate. Its degrees of freedom are those of the
chi-square variable with the same mean and variance: ``2 V² / Var(V)``, with ``Var(V)`` by the delta method
from the covariance of the variance parameters (Kuznetsova, Brockhoff and Christensen 2017, *J. Stat. Softw.*
82(13)).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..fitted.fit import Fit
from ..fitted.mixed import MixedFit
from ..formatting.noted_table import Table
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from .contrasts import uncorrelated

__all__ = ["coef_tests", "ddf", "f_test"]


def ddf(fit: MixedFit, L: Array) -> Array:
    """Satterthwaite's degrees of freedom of contrasts of the fixed effects.

    Parameters
    ----------
    fit : MixedFit
        A linear mixed model.
    L : array of shape (r, p)
        One contrast per row.

    Returns
    -------
    array of shape (r,)
        Degrees of freedom, one for each row by itself.

    Raises
    ------
    ModelError
        For a GLMM.

    Notes
    -----
    Agrees with ``lmerTest::contest1D``. On a singular fit the directions in which the criterion is flat are
    left out.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    >>> ddf(fit, np.array([[0.0, 1.0]])).round(3)
    array([161.])
    """
    L = np.atleast_2d(np.asarray(L, dtype=float))
    optimum = fit.derivatives
    with threads_for(optimum.criterion.layout.width):
        variance = ((optimum.covariance_root @ L.T) ** 2).sum(axis=0)
        # Relative to sigma²: d log V / d log sigma² = 1.
        slopes = np.vstack([optimum.sensitivities(L) / variance, np.ones(len(L))])
        return np.asarray(2.0 / np.einsum("ir,ij,jr->r", slopes, optimum.information_inverse, slopes))


def coef_tests(fit: MixedFit, L: Array) -> pd.DataFrame:
    """t test of each row of ``L beta = 0``.

    Parameters
    ----------
    fit : MixedFit
        A linear mixed model.
    L : array of shape (r, p)
        One contrast per row; the identity tests the coefficients.

    Returns
    -------
    DataFrame
        One row for each contrast, columns ``estimate std_error df statistic p_value``.

    Notes
    -----
    Agrees with ``coef(summary(fit))`` of lmerTest.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> coef_tests(fit, np.eye(2)).round(3)
       estimate  std_error    df  statistic p_value
    0   251.405      6.825  17.0     36.838  <0.001
    1    10.467      1.546  17.0      6.771  <0.001
    """
    L = np.atleast_2d(np.asarray(L, dtype=float))
    estimate = L @ fit.estimate.beta
    std_error = np.sqrt(np.einsum("ri,ij,rj->r", L, fit.vcov.to_numpy(), L))
    return Table(t_table(estimate, std_error, ddf(fit, L)), notes=singular_notes(fit))


def plain_tests(fit: Fit, L: Array, df: float) -> Table:
    """t test of each row of ``L beta = 0``, all with the same degrees of freedom."""
    std_error = fit.sigma * np.sqrt(np.einsum("ri,ij,rj->r", L, fit.cov_unscaled, L))
    return Table(t_table(L @ fit.beta, std_error, np.full(len(L), df)))


def t_table(estimate: Array, std_error: Array, df: Array) -> pd.DataFrame:
    """Estimates with two-sided t tests, one per row."""
    statistic = estimate / std_error
    p_value = 2 * stats.t.sf(np.abs(statistic), df)
    columns = {
        "estimate": estimate,
        "std_error": std_error,
        "df": df,
        "statistic": statistic,
        "p_value": p_value,
    }
    return pd.DataFrame(columns)


def f_test(fit: MixedFit, L: Array, beta: Array | None = None) -> tuple[float, float, float]:
    """F test of ``L beta = 0``, all rows at once.

    Parameters
    ----------
    fit : MixedFit
        A linear mixed model.
    L : array of shape (r, p)
        Contrasts; rows that repeat others do not count.
    beta : array of shape (p,), optional
        In place of the estimates: these less what the hypothesis says of them.

    Returns
    -------
    tuple
        F statistic, numerator and denominator degrees of freedom.

    Notes
    -----
    Agrees with ``lmerTest::contestMD``: the contrasts are turned into uncorrelated ones, and the denominator
    is chosen so that F has the mean of the average of their squared t statistics (Fai and Cornelius 1996).

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> np.round(f_test(fit, np.eye(2)), 3)
    array([749.96,   2.  ,  17.  ])
    """
    L = np.atleast_2d(np.asarray(L, dtype=float))
    rotated, variances = uncorrelated(L, fit.vcov.to_numpy())
    squares = (rotated @ (fit.beta if beta is None else beta)) ** 2 / variances
    return float(squares.mean()), float(len(squares)), _combined(ddf(fit, rotated))


def _combined(nus: Array) -> float:
    """Denominator degrees of freedom of a mean of squared t statistics, from those of each."""
    if np.ptp(nus) < 1e-8:
        return float(nus.mean())
    if (nus <= 2).any():
        return 2.0
    mean = float((nus / (nus - 2)).sum())
    return 2 * mean / (mean - len(nus))


def singular_notes(fit: MixedFit) -> list[str]:
    """What to keep in mind about p-values of a singular fit; nothing for any other."""
    if not fit.is_singular:
        return []
    return [
        "Singular fit: a variance is estimated as zero or a correlation as ±1, so these p-values hold only "
        "as well as that estimate; consider a simpler random-effects part, or check them with lk.pb_modcomp."
    ]
