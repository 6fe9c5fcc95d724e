"""Confidence intervals of everything that a model estimates: Wald's, profile likelihood, bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.open_fits import limits_note
from ..fitted.parts import component_fit
from ..formatting.noted_table import Table
from ..numerics import arguments
from ..numerics import distributions as stats
from .parameters import parameter_values, part_parameters, select

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
    """Intervals of a mixed model's parameters: :meth:`~lmmkit.models.mixed.MixedModel.confint`."""
    level = _level(level)
    method = arguments.one_of("method", method, ("profile", "wald", "boot"))
    allowed = ("n_sim", "seed", "n_jobs", "progress") if method == "boot" else ()
    for name in options:
        if name not in allowed:
            raise ModelError(f"confint with method={method!r} has no option '{name}'")
    if method == "profile":
        return _profile(fit, level, parm)
    return _wald(fit, level, parm) if method == "wald" else _boot(fit, level, parm, **options)


def _level(level: Any) -> float:
    """The coverage, which comes first; in R the parameters do."""
    if isinstance(level, list) or (
        isinstance(level, str) and not level.strip().replace(".", "", 1).isdigit()
    ):
        what = level if isinstance(level, str) else [*map(str, level)]
        raise ModelError(f"the first argument of confint() is its level; write parm={what!r}")
    return arguments.level(level)


def confint_fixed(
    fit: FixedFit,
    level: float = 0.95,
    method: Literal["t", "wald", "profile"] | None = None,
    parm: str | int | Sequence[str | int] | None = None,
) -> pd.DataFrame:
    """The same without random effects: :meth:`~lmmkit.models.linear.LinearModel.confint`."""
    level = _level(level)
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
    quantile = stats.norm.ppf((1 + level) / 2)
    estimate, error = fit.fixef, fit.se
    for name in part_parameters(fit):
        part = component_fit(fit, name)
        estimate = pd.concat([estimate, part.fixef.add_prefix(f"{name}.")])
        error = pd.concat([error, part.se.add_prefix(f"{name}.")])
    half = error * quantile
    notes = limits_note(fit)
    if notes:
        half = half * np.nan
    table = Table({"conf_low": estimate - half, "conf_high": estimate + half}, notes=notes).reindex(names)
    if table.isna().any(axis=None) and not notes:
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
