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
CASES = ("fixed effects only", "random intercept", "random slope", "both")


@dataclass(frozen=True)
class Family:
    """The groups' lines, data around them, the formula that describes them, and what its fit finds."""

    case: str  # one of CASES
    formula: str
    truth: dict[str, float]  # SDs and correlation that were set
    found: dict[str, float]  # the same as the fit has them; empty where the formula has no such part
    singular: bool
    lines: np.ndarray  # (groups, 2) intercepts and slopes
    deviations: np.ndarray  # (groups, 2) what each group's line would add with both kinds of effect
    data: pd.DataFrame  # x, y, group


def formula_of(sd_intercept: float, sd_slope: float, correlation: float) -> tuple[str, str]:
    """Which of the four cases this is, and its formula."""
    if sd_intercept and sd_slope:
        return CASES[3], "y ~ x + (x || group)" if correlation == 0 else "y ~ x + (x | group)"
    if sd_slope:
        return CASES[2], "y ~ x + (0 + x | group)"
    if sd_intercept:
        return CASES[1], "y ~ x + (1 | group)"
    return CASES[0], "y ~ x"


def _of_lines(lines: np.ndarray, case: str) -> dict[str, float]:
    """SDs and correlation of lines that are known exactly: what REML comes to as sigma goes to zero."""
    if len(lines) == 1:
        return {}
    intercepts, slopes = lines.std(0, ddof=1)
    found = {"SD of intercepts": intercepts} if case != CASES[2] else {}
    if case != CASES[1]:
        found["SD of slopes"] = slopes
    if case == CASES[3]:
        found["correlation"] = float(np.corrcoef(lines.T)[0, 1])
    return {**found, "sigma": 0.0}


def _of_fit(formula: str, data: pd.DataFrame) -> tuple[dict[str, float], bool]:
    """SDs and correlation that the formula's fit finds, and whether it is singular."""
    from lmmkit import lmer

    if "|" not in formula:
        slope, intercept = np.polyfit(data["x"], data["y"], 1)
        left = data["y"] - intercept - slope * data["x"]
        return {"sigma": float(np.sqrt((left**2).sum() / (len(left) - 2)))}, False
    if data["group"].nunique() == 1:
        return {}, False
    fit = lmer(formula, data)
    table = fit.varcorr.frame
    found: dict[str, float] = {}
    for grp, effect, other, value in zip(*(table[c] for c in ("grp", "var1", "var2", "sdcor")), strict=True):
        if isinstance(other, str):
            found["correlation"] = value
        elif grp == "Residual":
            found["sigma"] = value
        else:
            found["SD of slopes" if effect == "x" else "SD of intercepts"] = value
    return found, fit.is_singular


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
    if sigma == 0 and case != CASES[0]:
        found, singular = _of_lines(lines, case), abs(correlation) == 1
    else:
        found, singular = _of_fit(formula, data)
    # The small pictures need deviations even where a slider stands at zero.
    shown = mixed * [sd_intercept or 2.0, sd_slope or 0.6]
    return Family(case, formula, truth, found, singular, lines, shown, data)


def _lines(ax: Axes, lines: np.ndarray, width: float, ends: np.ndarray) -> None:
    from matplotlib.collections import LineCollection

    segments = [np.column_stack([ends, a + b * ends]) for a, b in lines]
    colours = [style.COLOURS[g % len(style.COLOURS)] for g in range(len(lines))]
    dashes = [style.LINES[g // len(style.COLOURS) % len(style.LINES)] for g in range(len(lines))]
    ax.add_collection(LineCollection(segments, colors=colours, linestyles=dashes, linewidths=width))


def draw(r: Family, fig: Figure) -> None:
    """The lines with their points; beside them the four cases drawn from the same groups."""
    places = [(0.085, 0.16, 0.5, 0.75)]
    places += [(0.64 + 0.185 * i, 0.50 - 0.42 * j, 0.155, 0.30) for j in range(2) for i in range(2)]
    big, *small = style.axes(fig, places)
    ends = np.array([_X[0] - 0.2, _X[-1] + 0.2])
    codes = pd.factorize(r.data["group"])[0]
    for g in range(len(r.lines)):
        mine = codes == g
        big.plot(
            r.data["x"][mine],
            r.data["y"][mine],
            linestyle="",
            markersize=6,
            alpha=0.6,
            **style.group_style(g),
        )
    _lines(big, r.lines, 2.2, ends)
    big.plot(ends, _INTERCEPT + _SLOPE * ends, color=style.BLACK, linewidth=4, linestyle="--")
    big.set(xlabel="x", ylabel="y", title=r.formula)
    mean = np.array([_INTERCEPT, _SLOPE])
    masks = ([0, 0], [1, 0], [0, 1], [1, 1])
    # One scale for all four, wide enough for the ends of every line in them.
    cases = [mean + r.deviations * mask for mask in masks]
    tops = np.concatenate([case[:, :1] + case[:, 1:] * ends for case in cases])
    span = np.array([tops.min(), tops.max()]) + np.array([-0.05, 0.05]) * np.ptp(tops)
    for ax, case, lines in zip(small, CASES, cases, strict=True):
        here = case == r.case
        _lines(ax, lines, 1.5, ends)
        ax.set(xticks=[], yticks=[], xlim=(ends[0] - 0.2, ends[1] + 0.2), ylim=span)
        ax.set_title(
            case.replace("fixed effects only", "fixed only"),
            fontsize=14,
            loc="left",
            color=style.RED if here else style.BLACK,
            fontweight="bold" if here else "normal",
        )
        for spine in ax.spines.values():
            spine.set(visible=True, color=style.RED if here else style.GREY, linewidth=3 if here else 1)


def sentence(r: Family) -> str:
    """The case, its formula, and what the fit finds beside what was set."""
    if not r.found:
        return f"{r.case.capitalize()}: one group only, so no SD between groups can be found; add groups."
    pairs = ", ".join(
        f"{name} {number(value)} (set: {number(r.truth[name])})" for name, value in r.found.items()
    )
    end = "; the fit is singular: the data cannot tell this model from a simpler one" if r.singular else ""
    return f"{r.case.capitalize()}, {r.formula}: the fit to these points finds {pairs}{end}."


EXPLORER = Explorer(
    name="random_effects",
    title="Random effects: a family of lines",
    prompt="Set an SD to zero and see which of the four pictures, and which formula, is left.",
    controls=(
        Slider("sd_intercept", "SD of intercepts", 0.0, 6.0, 0.1),
        Slider("sd_slope", "SD of slopes", 0.0, 2.0, 0.05),
        Slider("correlation", "Correlation", -1.0, 1.0, 0.05),
        Slider("sigma", "Residual SD (sigma)", 0.0, 4.0, 0.1),
        Slider("groups", "Groups", 1, 20, 1),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    actions={
        "Fixed only": lambda state, result: {"sd_intercept": 0.0, "sd_slope": 0.0},
        "Random intercept": lambda state, result: {"sd_intercept": 3.0, "sd_slope": 0.0},
        "Random slope": lambda state, result: {"sd_intercept": 0.0, "sd_slope": 0.8},
        "Both": lambda state, result: {"sd_intercept": 3.0, "sd_slope": 0.8},
    },
)
