"""Tests of contrasts of the fixed effects, by whichever degrees of freedom are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from ..fitted.mixed import MixedFit
from ..fitted.parts import Component, asked_parts
from ..formatting.noted_table import Table
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from . import design_df, kenward_roger, satterthwaite
from .contrasts import uncorrelated

if TYPE_CHECKING:
    from ..fitted.fit import Fit

__all__ = ["DDF", "Ddf", "checked_ddf", "coef_table", "contrast_tests", "joint_test"]


#: What a user can ask for.
Ddf = Literal[
    "satterthwaite", "kenward_roger", "kenward_roger_observed", "between_within", "containment", "residual",
    "none",
]  # fmt: skip


class Method(NamedTuple):
    """How denominator degrees of freedom are found.

    Attributes
    ----------
    single : callable
        Tests of single contrasts, of a fit and L (r, p): columns ``estimate std_error df statistic p_value``.
    joint : callable
        One test of all of them, of a fit, L and coefficients: statistic, numerator and denominator degrees
        of freedom.
    """

    single: Callable[[Any, Array], pd.DataFrame]
    joint: Callable[[Any, Array, Array], tuple[float, float, float]]


def _counted(count: Callable[[Any], Array]) -> Method:
    """A method that counts degrees of freedom of single coefficients."""
    return Method(
        lambda fit, L: design_df.coef_tests(fit, L, count(fit)),
        lambda fit, L, beta: design_df.f_test(fit, L, count(fit), beta),
    )


#: Denominator degrees of freedom of linear mixed models: what to ask for -> how they are found.
METHODS = {
    "satterthwaite": Method(satterthwaite.coef_tests, satterthwaite.f_test),
    "kenward_roger": Method(kenward_roger.coef_tests, kenward_roger.f_test),
    "kenward_roger_observed": Method(
        lambda fit, L: kenward_roger.coef_tests(fit, L, observed=True),
        lambda fit, L, beta: kenward_roger.f_test(fit, L, beta, observed=True),
    ),
    "between_within": _counted(design_df.between_within),
    "containment": _counted(design_df.containment),
}
DDF = (*METHODS, "residual", "none")
#: Where the likelihood has no maximum there are no degrees of freedom, and so no p-values.
UNKNOWN = Method(
    lambda fit, L: satterthwaite.plain_tests(fit, L, np.nan),
    lambda fit, L, beta: (np.nan, float(np.linalg.matrix_rank(L)), np.nan),
)


def checked_ddf(ddf: Any) -> Ddf:
    """One of :data:`DDF`, as Python or R spell it; lme4 and emmeans have words of their own for none."""
    word: Ddf = arguments.one_of("ddf", ddf, DDF, {"lme4": "none", "asymptotic": "none"})
    return word


def _method(fit: Fit, ddf: Ddf) -> Method | None:
    """How degrees of freedom are found; None where they are n - p or not wanted, and for z tests."""
    if isinstance(fit, MixedFit) and fit.estimate.is_open:
        return UNKNOWN
    return METHODS.get(ddf) if fit.design.terms and fit.family is None else None


def _common_df(fit: Fit) -> float:
    """Degrees of freedom n - p of a t test; infinite for z tests (a GLMM, or a glm without a scale)."""
    if not isinstance(fit, MixedFit):
        return fit.df_resid if fit.has_scale else np.inf
    return float(fit.nobs - len(fit.beta)) if fit.family is None else np.inf


def contrast_tests(fit: Fit, L: Array, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
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
    ddf = checked_ddf(ddf)
    method = _method(fit, ddf)
    if method is not None:
        return method.single(fit, L)
    return satterthwaite.plain_tests(fit, L, np.inf if ddf == "none" else _common_df(fit))


def coef_table(fit: Fit, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
    """Coefficients of any fit with standard errors and tests: `fit.coef_table`."""
    ddf = checked_ddf(ddf)
    table = contrast_tests(fit, np.eye(len(fit.beta)), ddf).set_axis(fit.design.x_names)
    if np.isinf(_common_df(fit)):
        return table.drop(columns="df")
    return table.drop(columns=["df", "p_value"]) if ddf == "none" else table


def part_table(fit: MixedFit, ddf: Ddf, component: Component) -> pd.DataFrame:
    """:func:`coef_table` of one part of a model with several, or of all, one under the other."""
    tables = {name: coef_table(part, ddf) for name, part in asked_parts(fit, component).items()}
    if component == "all":
        return Table(pd.concat(tables, names=["component", "term"]))
    return next(iter(tables.values()))


def joint_test(
    fit: Fit, L: Array, ddf: Ddf = "satterthwaite", beta: Array | None = None
) -> tuple[float, float, float, float]:
    """Test ``L beta = 0``, all rows at once.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    L : array of shape (r, p)
        One contrast per row.
    ddf : str
        As in :func:`coef_table`.
    beta : array of shape (p,), optional
        In place of the estimates: these less what the hypothesis says of them.

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
    >>> np.round(joint_test(fit, np.array([[0.0, 1.0]])), 2)
    array([ 1.  , 17.  , 45.85,  0.  ])
    """
    ddf = checked_ddf(ddf)
    method, beta = _method(fit, ddf), fit.beta if beta is None else beta
    if method is not None:
        statistic, num_df, den_df = method.joint(fit, L, beta)
    else:
        rotated, variances = uncorrelated(L, fit.cov_unscaled)
        chisq, num_df = float(((rotated @ beta) ** 2 / variances).sum()) / fit.sigma**2, float(len(variances))
        den_df = _common_df(fit)
        if np.isinf(den_df):
            return num_df, den_df, chisq, float(stats.chi2.sf(chisq, num_df))
        statistic, den_df = chisq / num_df, np.nan if ddf == "none" else den_df
    return num_df, den_df, statistic, float(stats.f.sf(statistic, num_df, den_df))
