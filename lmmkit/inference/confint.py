"""Confidence intervals of everything that a model estimates: Wald's, profile likelihood, bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..formatting.noted_table import Table
from ..numerics import arguments
from ..numerics import distributions as stats
from .parameters import parameter_values, select

if TYPE_CHECKING:
    from ..fitted.fit import Fit
    from ..fitted.fixed import FixedFit
    from ..fitted.mixed import MixedFit

__all__ = ["confint", "confint_fixed"]

COLUMNS = ["conf_low", "conf_high"]


def confint(
    fit: MixedFit,
    level: float = 0.95,
    method: Literal["profile", "wald", "boot"] = "profile",
    parm: str | int | Sequence[str | int] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Confidence intervals.

    Parameters
    ----------
    fit : MixedFit
    level : float
        Coverage.
    method : {"profile", "wald", "boot"}
        ``profile`` is where the deviance, minimised over all other parameters, has risen too far. ``wald`` is
        the estimate ± a normal quantile times its standard error, for fixed effects only. ``boot`` takes the
        quantiles of estimates from simulated responses.
    parm : str, int or list of these, optional
        Names from the index of the result, or positions in it from 0; ``"theta_"`` for all standard
        deviations and correlations and sigma, ``"beta_"`` for all fixed effects; everything otherwise.
    **options
        For ``boot``: ``n_sim`` (1000), ``seed``, ``n_jobs``, ``progress``.

    Returns
    -------
    DataFrame
        Index: lme4's new names. Columns ``conf_low conf_high``. A limit of a profile is infinite where the
        likelihood never falls far enough (a separated outcome), NaN where its curve could not be followed;
        ``.notes`` says so.

    Raises
    ------
    ModelError
        For an unknown method, parameter or option, or a level outside (0, 1).

    Notes
    -----
    Agrees with ``confint(fit, oldNames = FALSE)`` of lme4; profiles and bootstrap are by maximum likelihood
    where lme4's are (profiles always, the bootstrap as the model was fitted).

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"), reml=False)
    >>> confint(fit).round(2)
                            conf_low  conf_high
    sd_(Intercept)|Subject     26.01      52.94
    sigma                      27.81      34.59
    (Intercept)               231.99     270.82
    Days                        8.89      12.05
    """
    level = arguments.level(level)
    method = arguments.one_of("method", method, ("profile", "wald", "boot"))
    allowed = ("n_sim", "seed", "n_jobs", "progress") if method == "boot" else ()
    for name in options:
        if name not in allowed:
            raise ModelError(f"confint with method={method!r} has no option '{name}'")
    if method == "profile":
        return _profile(fit, level, parm)
    return _wald(fit, level, parm) if method == "wald" else _boot(fit, level, parm, **options)


def confint_fixed(
    fit: FixedFit,
    level: float = 0.95,
    method: Literal["t", "wald", "profile"] | None = None,
    parm: str | int | Sequence[str | int] | None = None,
) -> pd.DataFrame:
    """Confidence intervals of the coefficients of a model without random effects.

    Parameters
    ----------
    fit : FixedFit
    level : float
        Coverage.
    method : {"t", "wald", "profile"}, optional
        As in :meth:`~lmmkit.models.fixed_effects.FixedEffectsModel.confint`.
    parm : str, int or list of these, optional
        Which coefficients; all otherwise.

    Returns
    -------
    DataFrame
        Index: coefficients. Columns ``conf_low conf_high``.

    Raises
    ------
    ModelError
        For an unknown method or coefficient, or a level outside (0, 1).

    Notes
    -----
    Agrees with R's ``confint`` (of a ``glm``, with that of MASS).

    Examples
    --------
    >>> import lmmkit as lk
    >>> confint_fixed(lk.glm("counts ~ disease", lk.load_data("scrna"), "poisson")).round(3)
                 conf_low  conf_high
    (Intercept)     1.060      1.201
    diseaseND      -1.251     -0.968
    """
    level = arguments.level(level)
    method = arguments.one_of("method", method, ("t", "wald", "profile", None))
    method = method or ("t" if fit.family is None else "profile")
    if method == "profile" and fit.family is not None:
        return _profile(fit, level, parm)
    df = float(fit.df_resid) if method != "wald" and fit.has_scale else np.inf
    half = fit.se * stats.t.ppf((1 + level) / 2, df)
    table = pd.DataFrame({"conf_low": fit.fixef - half, "conf_high": fit.fixef + half})
    return table.loc[select(list(table.index), parm, fit)]


def _profile(fit: Fit, level: float, parm: str | int | Sequence[str | int] | None) -> pd.DataFrame:
    from .profile import profile

    found = profile(fit, parm, level, points=3)
    rows = [found.interval(name, level) for name in found.parameters]
    return Table(rows, index=found.parameters, columns=COLUMNS, notes=found.notes)


def _wald(fit: MixedFit, level: float, parm: str | int | Sequence[str | int] | None) -> pd.DataFrame:
    names = select(list(parameter_values(fit).index), parm, fit)
    half = fit.se * stats.norm.ppf((1 + level) / 2)
    table = Table({"conf_low": fit.fixef - half, "conf_high": fit.fixef + half}).reindex(names)
    if table.isna().any(axis=None):
        table.attrs["notes"] = [
            "Wald intervals exist for fixed effects only; use method='profile' or 'boot' for the others."
        ]
    return table


def _boot(
    fit: MixedFit,
    level: float,
    parm: str | int | Sequence[str | int] | None,
    n_sim: int = 1000,
    **options: Any,
) -> pd.DataFrame:
    from .bootstrap import bootstrap

    names = select(list(parameter_values(fit).index), parm, fit)
    boot = bootstrap(fit, n_sim, **options)
    return boot.interval(level).loc[names]
