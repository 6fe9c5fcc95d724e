"""Likelihood profiles: how much worse the model gets when one parameter is held at another value.

For each standard deviation, correlation, sigma and fixed effect ``psi`` the deviance is minimised over
everything else; its signed square root above the minimum, ``zeta(psi)``, would be a straight line if Wald's
interval were right. An interval of level ``1 - alpha`` is where ``zeta`` lies between the normal quantiles
(Bates et al. 2015, section 5.1; Venzon and Moolgavkar 1988). lme4 profiles the same parameters on the same
scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

from ..errors import ModelError
from ..fitted.refit import update
from ..numerics import distributions as stats
from . import profile_glmm, profile_lmm
from .parameters import select
from .profile_lmm import Held

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit

__all__ = ["Profile", "profile"]


@dataclass(frozen=True)
class Profile:
    """Profiles of some parameters of a model.

    Attributes
    ----------
    frame : DataFrame
        Columns ``parameter value zeta``, along each parameter in order.
    bounds : dict
        Parameter -> the smallest and the largest value that it can have.
    notes : list of str
        What a reader should know.
    """

    frame: pd.DataFrame
    bounds: dict[str, tuple[float, float]]
    notes: list[str]

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters, as lme4's new names."""
        return list(self.bounds)

    def interval(self, parameter: str, level: float = 0.95) -> tuple[float, float]:
        """Confidence limits of a parameter.

        Parameters
        ----------
        parameter : str
        level : float
            Not above the level for which the profile was made.

        Returns
        -------
        tuple of float
            A limit is the end of the parameter's range where zeta does not reach the quantile.
        """
        own = self.frame[self.frame["parameter"] == parameter]
        zeta, value = own["zeta"].to_numpy(), own["value"].to_numpy()
        cutoff = float(stats.norm.ppf((1 + level) / 2))
        low, high = self.bounds[parameter]
        if len(zeta) < 2:
            return low, high
        back = CubicSpline(zeta, value)
        reached = cutoff * (1 - 1e-9)  # the ends lie on the cut-off
        return (
            float(back(-cutoff)) if zeta[0] <= -reached else low,
            float(back(cutoff)) if zeta[-1] >= reached else high,
        )


def profile(
    fit: MixedFit, parm: str | Sequence[str] | None = None, level: float = 0.99, points: int = 8
) -> Profile:
    """Profile the deviance over each parameter.

    Parameters
    ----------
    fit : MixedFit
        A REML fit is refitted by maximum likelihood first, as lme4 does.
    parm : str or list of str, optional
        Names as in :meth:`~lmmkit.models.mixed.MixedModel.confint`; all parameters otherwise.
    level : float
        The curves end at the limits of this level, which are exact; others are interpolated.
    points : int
        About how many points there are on each side of the estimate.

    Returns
    -------
    Profile

    Raises
    ------
    ModelError
        For an unknown parameter, or a level outside (0, 1).

    Notes
    -----
    Agrees with ``lme4::profile``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"), reml=False)
    >>> np.round(profile(fit, "sigma").interval("sigma"), 2)
    array([27.81, 34.59])
    """
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level!r}")
    notes = []
    if fit.is_reml:
        fit = update(fit, reml=False)
        notes.append("Profile of the ML deviance: the model was refitted by maximum likelihood (ML) for it.")
    cutoff = float(stats.norm.ppf((1 + level) / 2))
    of_kind = profile_lmm if fit.family is None else profile_glmm
    held, minimum = of_kind.held_parameters(fit)
    names = select(list(held), parm, fit)
    curves = {name: _curve(held[name], minimum, cutoff, points) for name in names}
    frame = pd.concat([curve.assign(parameter=name) for name, curve in curves.items()], ignore_index=True)
    bounds = {name: held[name].bounds for name in names}
    return Profile(frame[["parameter", "value", "zeta"]], bounds, notes)


def _curve(held: Held, minimum: float, cutoff: float, n_points: int) -> pd.DataFrame:
    """Points of one profile, from one cut-off to the other."""
    below = _march(held, minimum, cutoff, -1, n_points)
    above = _march(held, minimum, cutoff, +1, n_points)
    points = [*reversed(below), (held.estimate, 0.0), *above]
    curve = pd.DataFrame(points, columns=["value", "zeta"])
    return curve[np.append(True, np.diff(curve["zeta"]) > 1e-9)]


def _march(held: Held, minimum: float, cutoff: float, side: int, n_points: int) -> list[tuple[float, float]]:
    """Step outward by about equal steps of zeta, until past the cut-off or at the end of the range."""
    end = held.bounds[0] if side < 0 else held.bounds[1]
    step = cutoff / n_points
    points: list[tuple[float, float]] = []
    value, size, state, room = held.estimate, held.scale * step, held.start(), 12 * n_points
    last = 0.0
    while abs(last) < cutoff and value != end and room > 0:
        room -= 1
        proposal = value + side * size
        if (end - proposal) * side <= 1e-3 * size:
            proposal = end
        deviance, reached = held.minimise(proposal, state)
        zeta = side * float(np.sqrt(max(deviance - minimum, 0.0)))
        gained = abs(zeta) - abs(last)
        if gained > 2.5 * step:  # too far to interpolate
            size = abs(proposal - value) / 2
            continue
        points.append((proposal, zeta))
        slope = gained / abs(proposal - value)
        size = min(step / max(slope, 1e-12), 3 * abs(proposal - value))
        value, last, state = proposal, zeta, reached
    if abs(last) > cutoff:
        inside = points[-2][0] if len(points) > 1 else held.estimate
        points[-1] = _crossing(held, minimum, cutoff, side, sorted((inside, value)), state)
    return points


def _crossing(
    held: Held, minimum: float, cutoff: float, side: int, bracket: list[float], state: Any
) -> tuple[float, float]:
    """Where the curve meets the cut-off exactly."""

    def excess(value: float) -> float:
        return held.minimise(value, state)[0] - minimum - cutoff**2

    low, high = bracket
    return float(brentq(excess, low, high, xtol=1e-5 * held.scale, rtol=1e-9)), side * cutoff
