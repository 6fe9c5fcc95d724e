"""A family of lines: what the SDs and the correlation of random effects look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Number, Slider, number
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INTERCEPT, _SLOPE = 10.0, 1.0
_X = np.arange(6.0)
_INTERCEPTS, _SLOPES = "y ~ x + (1 | group)", "y ~ x + (0 + x | group)"
_BOTH, _APART = "y ~ x + (x | group)", "y ~ x + (x || group)"
_Y = (-8.0, 32.0)  # room for nearly all lines that the handles can make
_PLANE = ((-2.0, 22.0), (-2.2, 4.5))
_DEGENERATE = 1e-6
CASES = ("fixed effects only", "random intercept", "random slope", "both")


@dataclass(frozen=True)
class Family:
    """The groups' lines, data around them, the formula that describes them, and what its fit finds.

    Attributes
    ----------
    case : str
        "fixed effects only", "random intercept", "random slope" or "both".
    formula : str
        The formula of this case.
    truth : dict
        SDs and correlation that were set.
    found : dict
        The same as the fit has them; empty with one group, without the parts that the formula has not, and
        without the correlation where one of the SDs is 0.
    fitted : bool
        Whether there was a fit; without residual noise the lines are known, and their own SDs are given.
    singular : bool
        Whether the fit is singular.
    lines : numpy.ndarray, (groups, 2)
        Intercepts and slopes that were drawn.
    deviations : numpy.ndarray, (groups, 2)
        What each group's line would add with both kinds of effect.
    data : pandas.DataFrame
        Columns `x`, `y`, `group`.
    beta : numpy.ndarray or None, (2,)
        Fixed effects of the fit.
    """

    case: str
    formula: str
    truth: dict[str, float]
    found: dict[str, float]
    fitted: bool
    singular: bool
    lines: np.ndarray
    deviations: np.ndarray
    data: pd.DataFrame
    beta: np.ndarray | None


def formula_of(sd_intercept: float, sd_slope: float, correlation: float) -> tuple[str, str]:
    """Which of the four cases this is, and its formula."""
    if sd_intercept and sd_slope:
        return CASES[3], _APART if correlation == 0 else _BOTH
    if sd_slope:
        return CASES[2], _SLOPES
    if sd_intercept:
        return CASES[1], _INTERCEPTS
    return CASES[0], "y ~ x"


def _of_lines(lines: np.ndarray, formula: str) -> dict[str, float]:
    """SDs and correlation of lines that are known exactly: what REML comes to as sigma goes to zero."""
    if len(lines) == 1:
        return {}
    intercepts, slopes = lines.std(0, ddof=1)
    found = {"SD of intercepts": float(intercepts)} if formula != _SLOPES else {}
    if formula != _INTERCEPTS:
        found["SD of slopes"] = float(slopes)
    if formula == _BOTH:
        found["correlation"] = float(np.corrcoef(lines.T)[0, 1])
    return {**found, "sigma": 0.0}


def _of_fit(formula: str, data: pd.DataFrame) -> tuple[dict[str, float], bool, np.ndarray | None]:
    """SDs and correlation that the formula's fit finds, whether it is singular, and its fixed effects."""
    from lmmkit import lmer

    if "|" not in formula:
        slope, intercept = np.polyfit(data["x"], data["y"], 1)
        left = data["y"] - intercept - slope * data["x"]
        sigma = float(np.sqrt((left**2).sum() / (len(left) - 2)))
        return {"sigma": sigma}, False, np.array([intercept, slope])
    if data["group"].nunique() == 1:
        return {}, False, None
    fit = lmer(formula, data)
    table = fit.varcorr.frame
    found: dict[str, float] = {}
    for grp, effect, other, value in zip(*(table[c] for c in ("grp", "var1", "var2", "sdcor")), strict=True):
        if isinstance(other, str):
            if np.isfinite(value):  # beside an SD of 0 there is none
                found["correlation"] = value
        elif grp == "Residual":
            found["sigma"] = value
        else:
            found["SD of slopes" if effect == "x" else "SD of intercepts"] = value
    return found, fit.is_singular, fit.fixef.to_numpy()


def compute(
    sd_intercept: float = 3.0,
    sd_slope: float = 0.8,
    correlation: float = -0.5,
    sigma: float = 0.8,
    groups: int = 8,
    seed: int = 4,
) -> Family:
    """Lines with these SDs and this correlation, points with residual SD `sigma` on them, and the fit."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((groups, 2))
    errors = rng.standard_normal((groups, len(_X)))
    mixed = np.column_stack([z[:, 0], correlation * z[:, 0] + np.sqrt(1 - correlation**2) * z[:, 1]])
    deviations = mixed * [sd_intercept, sd_slope]
    lines = np.array([_INTERCEPT, _SLOPE]) + deviations
    y = lines[:, :1] + lines[:, 1:] * _X + sigma * errors
    data = pd.DataFrame(
        {
            "x": np.tile(_X, groups),
            "y": y.ravel(),
            "group": np.repeat([f"g{g + 1:02d}" for g in range(groups)], len(_X)),
        }
    )
    case, formula = formula_of(sd_intercept, sd_slope, correlation)
    truth = {
        "SD of intercepts": sd_intercept,
        "SD of slopes": sd_slope,
        "correlation": correlation,
        "sigma": sigma,
    }
    beta: np.ndarray | None = None
    fitted = case == CASES[0] or sigma > 0
    if fitted:
        found, singular, beta = _of_fit(formula, data)
    else:
        found, singular = _of_lines(lines, formula), False
    # The small pictures need deviations even where a slider stands at zero.
    small = mixed * [sd_intercept or 2.0, sd_slope or 0.6]
    fitted = fitted and bool(found)
    return Family(case, formula, truth, found, fitted, singular, lines, small, data, beta)


def _lines(ax: Axes, lines: np.ndarray, width: float, ends: np.ndarray) -> None:
    from matplotlib.collections import LineCollection

    segments = [np.column_stack([ends, a + b * ends]) for a, b in lines]
    colours = _colours(len(lines))
    dashes = [style.LINES[g // len(_HUES) % len(style.LINES)] for g in range(len(lines))]
    ax.add_collection(LineCollection(segments, colors=colours, linestyles=dashes, linewidths=width))


def _ellipse(centre: np.ndarray, sds: tuple[float, float], correlation: float) -> np.ndarray:
    """Half of all groups lie in it, if intercepts and slopes are normal: the root of 2 log 2 SDs away."""
    angle = np.linspace(0, 2 * np.pi, 60)
    u, v = np.cos(angle), np.sin(angle)
    reach = np.sqrt(2 * np.log(2))
    bent = correlation * u + np.sqrt(max(0.0, 1 - correlation**2)) * v
    return np.asarray(centre + reach * np.column_stack([u * sds[0], bent * sds[1]]))


def _colours(count: int) -> list[str]:
    return [_HUES[g % len(_HUES)] for g in range(count)]


_HUES = style.COLOURS[:-1]  # black is the mean line's


def draw(r: Family, fig: Figure) -> None:
    """The lines with their points; the plane of their intercepts and slopes; the four cases, made of the same
    groups.
    """
    places = [(0.075, 0.16, 0.385, 0.75), (0.54, 0.16, 0.215, 0.75)]
    places += [(0.79 + 0.105 * i, 0.55 - 0.39 * j, 0.095, 0.32) for j in range(2) for i in range(2)]
    big, plane, *small = style.axes(fig, places)
    ends = np.array([_X[0] - 0.2, _X[-1] + 0.2])
    x, y = r.data["x"].to_numpy(), r.data["y"].to_numpy()
    codes = pd.factorize(r.data["group"])[0]
    colours = _colours(len(r.lines))
    xlim = (float(ends[0]) - 0.1, float(ends[1]) + 0.1)
    for g in range(len(r.lines)):
        mine, marker = codes == g, style.MARKERS[(g + g // len(_HUES)) % len(style.MARKERS)]
        style.shown(big, x[mine], y[mine], marker, xlim=xlim, ylim=_Y, color=colours[g], markersize=5)
    _lines(big, r.lines, 2.2, ends)
    style.line(big, ends, _INTERCEPT + _SLOPE * ends, color=style.BLACK, linewidth=4, linestyle="--")
    big.set(xlim=xlim, ylim=_Y, xlabel="x (lines: as they were set)", ylabel="y", title=r.formula)
    _draw_plane(r, plane, colours)

    mean = np.array([_INTERCEPT, _SLOPE])
    masks = ([0, 0], [1, 0], [0, 1], [1, 1])
    for ax, case, mask in zip(small, CASES, masks, strict=True):
        here = case == r.case
        _lines(ax, mean + r.deviations * mask, 1.3, ends)
        ax.set(xticks=[], yticks=[], xlim=xlim, ylim=_Y)
        ax.set_title(
            case.removesuffix(" effects only").removeprefix("random "),
            fontsize=13.5,
            loc="left",
            color=style.RED if here else style.BLACK,
            fontweight="bold" if here else "normal",
        )
        for spine in ax.spines.values():
            spine.set(visible=True, color=style.RED if here else style.GREY, linewidth=3 if here else 1)


def _draw_plane(r: Family, ax: Axes, colours: list[str]) -> None:
    """A dot for every line, the ellipse they were drawn from, and that of the fit."""
    xlim, ylim = _PLANE
    mean = np.array([_INTERCEPT, _SLOPE])
    t = r.truth
    ring = _ellipse(mean, (t["SD of intercepts"], t["SD of slopes"]), t["correlation"])
    style.line(ax, *ring.T, color=style.BLACK, linestyle="--", linewidth=2)
    if r.fitted and r.beta is not None:
        sds = r.found.get("SD of intercepts", 0.0), r.found.get("SD of slopes", 0.0)
        ring = _ellipse(r.beta, sds, r.found.get("correlation", 0.0))
        style.line(ax, *ring.T, color=style.BLUE, linewidth=2)
        style.dots(ax, [r.beta[0]], [r.beta[1]], "P", color=style.BLUE, markersize=9)
    for g, (a, b) in enumerate(r.lines):
        style.shown(ax, [a], [b], style.MARKERS[(g + g // len(_HUES)) % len(style.MARKERS)], xlim=xlim, ylim=ylim,
                    color=colours[g], markersize=7)  # fmt: skip
    ax.text(0.0, 1.03, "– – set", color=style.BLACK, transform=ax.transAxes, fontsize=14.5)
    ax.text(0.5, 1.03, "— found", color=style.BLUE, transform=ax.transAxes, fontsize=14.5)
    ax.set(xlim=xlim, ylim=ylim, xlabel="intercept", ylabel="slope")


def _edge(r: Family) -> str:
    """What is singular about the fit."""
    zero = [name for name, value in r.found.items() if name.startswith("SD") and value < _DEGENERATE]
    if zero:
        what = f"{' and '.join(zero)} of 0"
    elif abs(r.found.get("correlation", 0.0)) > 1 - _DEGENERATE:
        what = "a correlation of ±1"
    else:
        what = "one direction in which nothing varies"
    true = abs(r.truth["correlation"]) == 1 and r.formula == _BOTH
    why = "and so is the truth" if true else "the data do not tell this model from a simpler one"
    return f"; the fit is singular ({what}), {why}"


def sentence(r: Family) -> str:
    """The case, its formula, and what the fit finds beside what was set."""
    case = r.case.capitalize()
    if not r.found:
        return f"{case}: one group only, so no SD between groups can be found; add groups."
    pairs = ", ".join(
        f"{name} {number(value)} (set: {number(r.truth[name])})" for name, value in r.found.items()
    )
    if not r.fitted:
        return (
            f"{case}, {r.formula}: without residual noise the lines are known, and nothing is fitted; of these "
            f"{len(r.lines)} lines: {pairs}."
        )
    if r.formula == _BOTH and "correlation" not in r.found:
        pairs += f", no correlation beside an SD of 0 (set: {number(r.truth['correlation'])})"
    return f"{case}, {r.formula}: the fit to these points finds {pairs}{_edge(r) if r.singular else ''}."


EXPLORER = Explorer(
    name="random_effects",
    title="Random effects: a family of lines",
    prompt="Set an SD to zero and see which of the four pictures, and which formula, is left.",
    controls=(
        Slider("sd_intercept", "SD of intercepts", 0.0, 6.0, 0.1, unit="in units of y"),
        Slider("sd_slope", "SD of slopes", 0.0, 2.0, 0.05, unit="in units of y per unit of x"),
        Slider("correlation", "Correlation", -1.0, 1.0, 0.05, unit="of intercepts and slopes"),
        Slider("sigma", "Residual SD (sigma)", 0.0, 4.0, 0.1, unit="in units of y"),
        Slider("groups", "Groups", 1, 20, 1),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.random_effects.result(sd_slope=0.0)
>>> r.formula, round(r.found["SD of intercepts"], 1)
('y ~ x + (1 | group)', 3.5)""",
    actions={
        "Fixed only": lambda state, result: {"sd_intercept": 0.0, "sd_slope": 0.0},
        "Random intercept": lambda state, result: {"sd_intercept": 3.0, "sd_slope": 0.0},
        "Random slope": lambda state, result: {"sd_intercept": 0.0, "sd_slope": 0.8},
        "Both": lambda state, result: {"sd_intercept": 3.0, "sd_slope": 0.8},
    },
)
