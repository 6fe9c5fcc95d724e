"""A test of each fixed term: `anova(fit)` of a single model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..fitted.mixed import MixedFit
from ..formatting.noted_table import Table
from ..formatting.wording import listed
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from .coef_tests import Ddf, checked_ddf, joint_test
from .contrasts import AnovaType, checked_type, term_contrasts, uncorrelated
from .satterthwaite import singular_notes

if TYPE_CHECKING:
    from ..fitted.fit import Fit
    from ..fitted.generalized import GeneralizedFit
    from ..fitted.linear import LinearFit

__all__ = ["anova_table", "confounded_note", "deviance_table", "sums_of_squares", "term_tests"]

COLUMNS = ["num_df", "den_df", "statistic", "p_value"]


def anova_table(fit: MixedFit, type: AnovaType = 3, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
    """A test of each fixed term of a mixed model: :meth:`~lmmkit.models.mixed.MixedModel.anova`."""
    type, ddf = checked_type(type), checked_ddf(ddf)
    table = term_tests(fit, term_contrasts(fit.design, type), ddf, singular_notes(fit))
    if fit.family is not None:
        return table.drop(columns="den_df")
    return table.drop(columns=["den_df", "p_value"]) if ddf == "none" else table


def term_tests(fit: Fit, contrasts: dict[str, Array], ddf: Ddf, notes: Sequence[str] = ()) -> pd.DataFrame:
    """A table of joint tests, one for each term; missing where there is nothing to test.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    contrasts : dict
        Term label -> contrasts (r, p).
    ddf : str
        As in :func:`anova_table`.
    notes : sequence of str
        What else to say under the table.

    Returns
    -------
    DataFrame
        Columns ``num_df den_df statistic p_value``.
    """
    nothing = (0, np.nan, np.nan, np.nan)
    rows = [joint_test(fit, L, ddf) if len(L) else nothing for L in contrasts.values()]
    untested = [label for label, L in contrasts.items() if not len(L)]
    table = Table(rows, index=list(contrasts), columns=COLUMNS, notes=[*notes, *confounded_note(untested)])
    table = table.astype({"num_df": int})
    if not isinstance(fit, MixedFit) and fit.has_scale:
        table["den_df"] = fit.df_resid
    return table


def confounded_note(labels: Sequence[str]) -> list[str]:
    """What to say about terms that cannot be tested."""
    if not labels:
        return []
    verb = "it adds" if len(labels) == 1 else "each of them adds"
    return [
        f"Not tested: {listed(labels)}, because {verb} nothing to the other terms (its columns are determined by "
        "theirs). Look for a predictor that repeats another one."
    ]


def sums_of_squares(fit: LinearFit, type: AnovaType = 3, ddf: Ddf = "residual") -> pd.DataFrame:
    """A sum of squares and test of each term of `lm`: :meth:`~lmmkit.models.linear.LinearModel.anova`."""
    type, ddf = checked_type(type), checked_ddf(ddf)
    contrasts = term_contrasts(fit.design, type, np.sqrt(fit.design.row_weights))
    table = term_tests(fit, contrasts, ddf)
    sum_sq = pd.Series({label: _sum_of_squares(fit, L) for label, L in contrasts.items()})
    table.insert(0, "sum_sq", sum_sq)
    table.insert(1, "mean_sq", sum_sq / table["num_df"].where(table["num_df"] > 0))
    return table.drop(columns=["den_df", "p_value"]) if ddf == "none" else table


def _sum_of_squares(fit: LinearFit, L: Array) -> float:
    """By how much the residual sum of squares grows where ``L beta = 0``."""
    if not len(L):
        return 0.0
    rotated, variances = uncorrelated(L, fit.cov_unscaled)
    return float(((rotated @ fit.beta) ** 2 / variances).sum())


def deviance_table(fit: GeneralizedFit, type: AnovaType = 3, ddf: Ddf = "residual") -> pd.DataFrame:
    """A test of each term of `glm`: :meth:`~lmmkit.models.generalized.GeneralizedLinearModel.anova`."""
    type, ddf = checked_type(type), checked_ddf(ddf)
    table = term_tests(fit, term_contrasts(fit.design, type), ddf)
    if type == 1:
        drops, num_df = table.index.map(_sequential_drops(fit)), table["num_df"].to_numpy()
        table["statistic"] = drops / num_df if fit.has_scale else drops
        tail = (num_df, fit.df_resid) if fit.has_scale else (num_df,)
        table["p_value"] = (stats.f if fit.has_scale else stats.chi2).sf(table["statistic"], *tail)
    if not fit.has_scale:
        return table.drop(columns="den_df")
    return table.drop(columns=["den_df", "p_value"]) if ddf == "none" else table


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
