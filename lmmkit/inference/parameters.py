"""The parameters of a mixed model on the scale on which people read them, under lme4's new names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..design.names import free_name
from ..errors import ModelError
from ..fitted.fit import Fit
from ..fitted.mixed import MixedFit
from ..fitted.parts import component_fit, part_names
from ..fitted.varcorr import distinct_names
from ..numerics.arguments import shown

__all__ = ["parameter_values", "part_parameters", "random_names", "scale_name", "select"]


def random_names(fit: Fit) -> list[str]:
    """Names of the standard deviations and then the correlations of each term, as lme4 2 orders them."""
    groups = [term.group for term in fit.design.terms]
    names = _names_with(fit, groups)
    if len(set(names)) < len(names):
        names = _names_with(fit, distinct_names(groups))
    return [free_name(name, fit.design.x_names) for name in names]


def part_parameters(fit: MixedFit) -> dict[str, list[str]]:
    """For each part beside the conditional one the names of its parameters, after the part's name and a dot.

    Standard deviations and correlations first, then coefficients. Where the dispersion is a residual standard
    deviation it has no name here: see :func:`scale_name`.
    """
    found = {}
    for name in part_names(fit)[1:] if fit.has_parts else []:
        if name == "dispersion" and fit.has_scale:
            continue
        view = component_fit(fit, name)
        found[name] = [f"{name}.{own}" for own in [*random_names(view), *view.design.x_names]]
    return found


def _part_values(fit: MixedFit) -> pd.Series:
    """Estimates under these names."""
    values: list[float] = []
    for name in part_parameters(fit):
        view = component_fit(fit, name)
        values += [*_spreads(view), *view.beta]
    names = [own for names in part_parameters(fit).values() for own in names]
    return pd.Series(values, index=names, dtype=np.float64)


def _spreads(fit: MixedFit) -> list[float]:
    """Standard deviations and correlations, term by term."""
    return [float(value) for _, values in fit.readings() for value in values]


def scale_name(fit: Fit) -> str:
    """What the residual standard deviation is called: ``sigma``; ``.sigma`` if a coefficient has that name."""
    return free_name("sigma", fit.design.x_names)


def _names_with(fit: Fit, groups: list[str]) -> list[str]:
    names = []
    for term, group in zip(fit.design.terms, groups, strict=True):
        names += [f"{label}|{group}" for label in term.structure.labels(term.names)]
    return names


def parameter_values(fit: Fit) -> pd.Series:
    """Standard deviations, correlations, sigma and fixed effects of a fit.

    Parameters
    ----------
    fit : MixedFit or FixedFit

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
    values = _spreads(fit) if isinstance(fit, MixedFit) else []
    index = random_names(fit)
    if fit.has_scale:
        values.append(fit.sigma)
        index.append(scale_name(fit))
    own = pd.Series([*values, *fit.fixef], index=[*index, *fit.design.x_names], dtype=np.float64)
    if not isinstance(fit, MixedFit) or not fit.has_parts:
        return own
    return pd.concat([own, _part_values(fit)])


def select(names: list[str], parm: str | int | Sequence[str | int] | None, fit: Any) -> list[str]:
    """The names asked for: single ones, ``"theta_"`` for the random part, ``"beta_"`` for the fixed one.

    Parameters
    ----------
    names : list of str
        All that there are.
    parm : str, int or list of these, optional
        A number is a position in `names`, the first 0, the last -1.
    fit : fitted model

    Raises
    ------
    ModelError
        For a name or number that is not there, or when none is asked for.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    >>> select(list(parameter_values(fit).index), [1, "Days"], fit)
    ['sigma', 'Days']
    """
    if parm is None:
        return names
    fixed = set(fit.fixef.index)
    wanted: list[str] = []
    single = isinstance(parm, str) or not isinstance(parm, Iterable) or getattr(parm, "ndim", 1) == 0
    asked: list[Any] = [parm] if single else list(parm)  # type: ignore[arg-type]
    for name in asked:
        if isinstance(name, int | np.integer) and not isinstance(name, bool):
            if not -len(names) <= name < len(names):
                raise ModelError(
                    f"there is no parameter number {shown(name)}; counted from 0 they are 0 to {len(names) - 1}: "
                    f"{', '.join(names)}"
                )
            wanted.append(names[name])
        elif isinstance(name, str) and name == "theta_":
            wanted += [known for known in names if known not in fixed]
        elif isinstance(name, str) and name == "beta_":
            wanted += [known for known in names if known in fixed]
        elif isinstance(name, str) and name in names:
            wanted.append(name)
        else:
            close = difflib.get_close_matches(name if isinstance(name, str) else "", names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(names)}"
            raise ModelError(f"there is no parameter {shown(name)} in this model; {hint}")
    if not wanted:
        raise ModelError(f"parm asks for no parameter; this model has {', '.join(names) or 'none'}")
    return wanted
