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
from typing import Any

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.optimize import brentq

from ..errors import ModelError
from ..fitted.mixed import MixedFit
from ..fitted.open_fits import limits_note
from ..fitted.refit import update
from ..numerics import arguments
from ..numerics import distributions as stats
from . import profile_glm, profile_glmm, profile_lmm, profile_parts
from .held import Held
from .likelihood_ratio import has_maximum
from .parameters import parameter_values, select

__all__ = ["Profile", "profile"]

#: Steps outward from the estimate, for each point that is wanted, before the walk is given up.
PATIENCE = 20
#: A curve that rises by no more than this part of the cut-off while its distance grows tenfold is flat.
FLAT = 1e-3
#: A deviance lower by this than the fit's own is another optimum.
BETTER = 1e-3
#: A logit beyond which a probability differs from 0 or 1 by less than a number can tell.
SATURATED = 36.0


@dataclass(frozen=True)
class Profile:
    """Profiles of some parameters of a model.

    Attributes
    ----------
    frame : DataFrame
        Columns ``parameter value zeta``, along each parameter in order.
    ends : dict
        Parameter -> the limits where zeta does not reach the quantile: the ends of the parameter's range,
        infinite where the likelihood never falls far enough, NaN where the curve could not be followed or the
        likelihood has no maximum to fall from.
    notes : list of str
        What a reader should know.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"), reml=False)
    >>> curves = profile(fit, ["sigma", "Days"])
    >>> curves.parameters
    ['sigma', 'Days']
    """

    frame: pd.DataFrame
    ends: dict[str, tuple[float, float]]
    notes: list[str]

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters, as lme4's new names."""
        return list(self.ends)

    def interval(self, parameter: str, level: float = 0.95) -> tuple[float, float]:
        """Confidence limits of a parameter.

        Parameters
        ----------
        parameter : str
            One of :attr:`parameters`.
        level : float
            Not above the level for which the profile was made.

        Returns
        -------
        tuple of float
            Where zeta does not reach the quantile, the limit is that of :attr:`ends`.

        Notes
        -----
        As ``confint(profile(fit))`` of lme4: interpolated by a spline.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"), reml=False)
        >>> np.round(profile(fit, "sigma").interval("sigma", 0.9), 2)
        array([28.27, 33.95])
        """
        level = arguments.level(level)
        if not isinstance(parameter, str) or parameter not in self.ends:
            raise ModelError(
                f"there is no profile of {arguments.shown(parameter)}; this one has {', '.join(self.ends)}"
            )
        own = self.frame[self.frame["parameter"] == parameter]
        zeta, value = own["zeta"].to_numpy(), own["value"].to_numpy()
        cutoff = float(stats.norm.ppf((1 + level) / 2))
        low, high = self.ends[parameter]
        if len(zeta) < 2:
            return low, high
        reached = cutoff * (1 - 1e-9)  # the ends lie on the cut-off
        back = _inverse(zeta, value)
        return (
            float(back(-cutoff)) if zeta[0] <= -reached else low,
            float(back(cutoff)) if zeta[-1] >= reached else high,
        )


def _inverse(zeta: np.ndarray, value: np.ndarray) -> Any:
    """The parameter as a function of zeta, which it rises with."""
    spline = CubicSpline(zeta, value)
    slopes = spline(np.linspace(zeta[0], zeta[-1], 50), 1)
    return spline if (slopes > 0).all() else PchipInterpolator(zeta, value)


def profile(
    fit: Any, parm: str | int | Sequence[str | int] | None = None, level: float = 0.99, points: int = 8
) -> Profile:
    """Profile the deviance over each parameter.

    Parameters
    ----------
    fit : MixedFit or GeneralizedFit
        A REML fit is refitted by maximum likelihood first, as lme4 does.
    parm : str, int or list of these, optional
        As in :meth:`~lmmkit.models.mixed.MixedModel.confint`; all parameters otherwise.
    level : float
        The curves end at the limits of this level, which are exact; others are interpolated.
    points : int
        About how many points there are on each side of the estimate.

    Returns
    -------
    Profile
        With ``.frame``, the points of the curves, and ``.interval(parameter)``.

    Raises
    ------
    ModelError
        For an unknown parameter, or a level outside (0, 1).

    Notes
    -----
    Agrees with ``lme4::profile``, and with R's ``profile`` of a ``glm``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"), reml=False)
    >>> np.round(profile(fit, "sigma").interval("sigma"), 2)
    array([27.81, 34.59])
    """
    level, points = arguments.level(level), arguments.whole("points", points)
    notes = []
    if fit.is_reml:
        fit = update(fit, reml=False)
        notes.append("Profile of the ML deviance: the model was refitted by maximum likelihood (ML) for it.")
    if not has_maximum(fit):
        names = select(list(parameter_values(fit).index), parm, fit)
        nothing = pd.DataFrame(columns=["parameter", "value", "zeta"])
        return Profile(nothing, dict.fromkeys(names, (np.nan, np.nan)), [*notes, *limits_note(fit)])
    if _is_far_apart(fit):
        notes.append(APART)
    cutoff = float(stats.norm.ppf((1 + level) / 2))
    held, minimum = _held_parameters(fit)
    curves = {
        name: _curve(name, held[name], minimum, cutoff, points) for name in select(list(held), parm, fit)
    }
    frame = pd.concat([curve.frame for curve in curves.values()], ignore_index=True)
    ends = {name: curve.ends[name] for name, curve in curves.items()}
    notes += list(dict.fromkeys(note for curve in curves.values() for note in curve.notes))
    return Profile(frame[["parameter", "value", "zeta"]], ends, notes)


def _held_parameters(fit: Any) -> tuple[dict[str, Held], float]:
    """What can be held of each kind of fit, and the deviance at the minimum."""
    if isinstance(fit, MixedFit) and fit.has_parts:
        return profile_parts.held_parameters(fit)
    if not fit.design.terms:
        return profile_glm.held_parameters(fit)
    return profile_lmm.held_parameters(fit) if fit.family is None else profile_glmm.held_parameters(fit)


def _is_far_apart(fit: Any) -> bool:
    """Whether groups differ so much that their probabilities are 0 or 1 to all digits."""
    if fit.family is None or fit.family.name != "binomial" or not fit.design.terms:
        return False
    return bool(np.nanmax(fit.varcorr.frame["sdcor"]) > SATURATED)


def _curve(name: str, held: Held, minimum: float, cutoff: float, n_points: int) -> Profile:
    """The profile of one parameter, from one cut-off to the other."""
    sides = [_Walk(held, minimum, cutoff, side, n_points) for side in (-1, 1)]
    for walk in sides:
        walk.go()
    points = [*reversed(sides[0].points), (held.estimate, 0.0), *sides[1].points]
    notes = [
        walk.trouble.format(name=name, end=end)
        for walk, end in zip(sides, ("lower", "upper"), strict=True)
        if walk.trouble
    ]
    frame = pd.DataFrame(points, columns=["value", "zeta"]).assign(parameter=name)
    return Profile(frame, {name: (sides[0].end, sides[1].end)}, notes)


class _Walk:
    """Steps outward from the estimate by about equal steps of zeta, past the cut-off or to the end of the range.

    Attributes
    ----------
    points : list of (float, float)
        Value and signed zeta, outward; zeta's size only rises.
    end : float
        The limit if the cut-off is not reached.
    trouble : str
        A sentence about it, with places for the parameter's name and the end; empty if there is none.
    """

    def __init__(self, held: Held, minimum: float, cutoff: float, side: int, n_points: int) -> None:
        self.held, self.minimum, self.cutoff, self.side = held, minimum, cutoff, side
        self.step, self.room = cutoff / n_points, PATIENCE * n_points
        self.end = held.bounds[0] if side < 0 else held.bounds[1]
        self.points: list[tuple[float, float]] = []
        self.states: list[Any] = []
        self.trouble = ""

    def value(self, distance: float) -> float:
        """The parameter so many of its scales from the estimate."""
        return self.held.estimate + self.side * distance * self.held.scale

    def rise(self, deviance: float) -> float:
        """Zeta without its sign; infinite where there is no deviance."""
        if deviance < self.minimum - BETTER:
            self.trouble = BEATEN.replace("{by}", f"{self.minimum - deviance:.3g}")
        rise = float(np.sqrt(max(deviance - self.minimum, 0.0)))
        return rise if np.isfinite(rise) else np.inf

    def go(self) -> None:
        """Walk."""
        held = self.held
        if not (np.isfinite(held.scale) and held.scale > 0):
            return self._lost()
        furthest = (self.end - held.estimate) * self.side / held.scale
        marks = [(0.0, 0.0, held.start())]  # distance, zeta, state of each point that counts
        size = self.step
        while self.room > 0 and marks[-1][0] < furthest:
            self.room -= 1
            distance, last, state = marks[-1]
            proposal = distance + size
            at_end = furthest - proposal <= 1e-3 * size
            proposal = furthest if at_end else proposal
            deviance, reached = held.minimise(self.end if at_end else self.value(proposal), state)
            zeta = self.rise(deviance)
            if zeta - last > 2.5 * self.step and size > 1e-9 * max(1.0, distance):  # too far to interpolate
                size = (proposal - distance) / 2
                continue
            if not np.isfinite(zeta):
                break
            if zeta >= self.cutoff:
                crossing = self._crossing(marks[-1], (proposal, reached))
                deviance, reached = held.look_again(self.value(crossing), reached)
                zeta = self.rise(deviance)
                if zeta > self.cutoff * (1 - 1e-5):
                    return self._keep(marks, crossing)
                if not crossing > distance:  # the deviance jumps
                    return self._lost()
                proposal = crossing  # another valley is lower there: go on in it
                marks = [mark for mark in marks if mark[1] < zeta] or marks[:1]
            slope = (zeta - last) / (proposal - distance)
            size = min(self.step / max(slope, 1e-300), 3 * (proposal - distance))
            marks.append((proposal, zeta, reached))
            if np.isinf(furthest) and self._flat(marks):
                self.trouble = self.trouble or FOREVER
                return self._keep(marks)
        self._keep(marks)
        return None if marks[-1][0] >= furthest else self._lost()

    def _crossing(self, inside: tuple[float, float, Any], outside: tuple[float, Any]) -> float:
        """Where the curve meets the cut-off, between two distances."""

        def excess(distance: float) -> float:
            state = inside[2] if distance - inside[0] < outside[0] - distance else outside[1]
            deviance = self.held.minimise(self.value(distance), state)[0]
            rise = deviance - self.minimum - self.cutoff**2
            return rise if np.isfinite(rise) else self.cutoff**2

        low, high = inside[0], outside[0]
        if not excess(high) > 0:  # a lower valley than the walk had found
            return high
        if not excess(low) < 0:
            return low
        return float(brentq(excess, low, high, xtol=1e-7, rtol=1e-9))

    def _flat(self, marks: list[tuple[float, float, Any]]) -> bool:
        distance, zeta, _ = marks[-1]
        before = [mark[1] for mark in marks if mark[0] <= distance / 10]
        return distance > 100 and bool(before) and zeta - before[-1] < FLAT * self.cutoff

    def _keep(self, marks: list[tuple[float, float, Any]], crossing: float | None = None) -> None:
        """Keep the points along which zeta rises."""
        highest = 0.0
        for distance, zeta, _ in marks[1:]:
            if highest + 1e-9 < zeta < self.cutoff * (1 - 1e-7):
                highest = zeta
                self.points.append((self.value(distance), self.side * zeta))
        if crossing is not None:
            self.points.append((self.value(crossing), self.side * self.cutoff))

    def _lost(self) -> None:
        self.end = np.nan
        self.trouble = self.trouble or LOST


APART = (
    "Groups differ so much on the scale of the link that nearly each has a probability of 0 or 1. With so few "
    "groups of both outcomes the data hardly say how much groups differ: an upper limit may be huge."
)
BEATEN = (
    "With {name} held, the deviance falls below that of the fit by {by}: the fit is not the best one, so its "
    "intervals do not hold; fit it again from another start."
)
FOREVER = (
    "The {end} limit of {name} is infinite: however far it goes, the likelihood falls too little to exclude it "
    "(separated outcomes do this)."
)
LOST = (
    "The profile of {name} could not be followed to its {end} limit, which is therefore missing; "
    "try method='boot' or method='wald', or look for extreme rows and extreme units."
)
