"""The parameters of a mixed model on the scale on which people read them, under lme4's new names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import ModelError

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit

__all__ = ["parameter_values", "random_names", "select"]


def random_names(fit: MixedFit) -> list[str]:
    """Names of the standard deviations and correlations, in the order of theta."""
    groups = [term.group for term in fit.design.terms]
    names = _names_with(fit, groups)
    if len(set(names)) == len(names):
        return names
    return _names_with(fit, [part.group for part in fit.varcorr.components])  # these are distinct


def _names_with(fit: MixedFit, groups: list[str]) -> list[str]:
    names = []
    for term, group in zip(fit.design.terms, groups, strict=True):
        for j, column in enumerate(term.names):
            names.append(f"sd_{column}|{group}")
            names += [f"cor_{row}.{column}|{group}" for row in term.names[j + 1 :]]
    return names


def parameter_values(fit: Any) -> pd.Series:
    """Standard deviations, correlations, sigma and fixed effects of a fit.

    Parameters
    ----------
    fit : MixedFit, LinearModel or GeneralizedLinearModel

    Returns
    -------
    Series
        Index: lme4's new names, ``sd_(Intercept)|Subject``, ``cor_Days.(Intercept)|Subject``, ``sigma``,
        ``Days``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    >>> parameter_values(fit).round(2).to_dict()
    {'sd_(Intercept)|Subject': 37.12, 'sigma': 30.99, '(Intercept)': 251.41, 'Days': 10.47}
    """
    values = []
    for part in fit.varcorr.components if fit.design.terms else ():
        cor = part.cor
        for j, sd in enumerate(part.sd):
            values += [sd, *cor[j + 1 :, j]]
    index = random_names(fit)
    if fit.has_scale:
        values.append(fit.sigma)
        index.append("sigma")
    return pd.Series([*values, *fit.fixef], index=[*index, *fit.design.x_names], dtype=np.float64)


def select(names: list[str], parm: str | Sequence[str] | None, fit: MixedFit) -> list[str]:
    """The names asked for: single ones, ``"theta_"`` for the random part, ``"beta_"`` for the fixed one.

    Raises
    ------
    ModelError
        For a name that is not there.
    """
    if parm is None:
        return names
    fixed = set(fit.fixef.index)
    wanted: list[str] = []
    for name in [parm] if isinstance(parm, str) else parm:
        if name == "theta_":
            wanted += [known for known in names if known not in fixed]
        elif name == "beta_":
            wanted += [known for known in names if known in fixed]
        elif name in names:
            wanted.append(name)
        else:
            close = difflib.get_close_matches(str(name), names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(names)}"
            raise ModelError(f"there is no parameter {name!r} in this model; {hint}")
    return wanted
