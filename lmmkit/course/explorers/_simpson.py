"""Simpson's paradox: one line through everything against a line inside each group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Number, Slider, Tick, number
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.tables import measured
from lmmkit.errors import DataError, ModelError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_APART = 2.0  # distance of neighbouring groups along x


@dataclass(frozen=True)
class Slope:
    """A slope with its 95% t interval.

    Attributes
    ----------
    value, se, low, high : float
        Estimate, standard error and limits, in units of y per unit of x.
    """

    value: float
    se: float
    low: float
    high: float

    @property
    def direction(self) -> int:
        """1 or -1 where the interval leaves 0 out, else 0."""
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True)
class Simpson:
    """The data, and the slope through all points, inside the groups, between them, and of the mixed model.

    Attributes
    ----------
    data : pandas.DataFrame
        Columns `x`, `y`, `group`.
    names : (str, str, str)
        What the three columns are called.
    pooled : (float, float)
        Intercept and slope of ``y ~ x``.
    pooled_slope : Slope
        That slope with its interval.
    within : Slope or None
        The slope inside the groups, as a straight line with a level for each group has it; None with one group.
    between : float or None
        The slope of the line through the groups' means.
    mixed : float or None
        The slope of ``y ~ x + (1 | group)``; None with one group, or where it was refused.
    fell_back : bool
        Whether the mixed model found no variance between the groups.
    means : numpy.ndarray, (groups, 2)
        Means of x and y in each group.
    coloured : bool
        Whether the picture tells the groups apart.
    limits : (float, float, float, float)
        Of the picture: left, right, bottom, top.
    """

    data: pd.DataFrame
    names: tuple[str, str, str]
    pooled: tuple[float, float]
    pooled_slope: Slope
    within: Slope | None
    between: float | None
    mixed: float | None
    fell_back: bool
    means: np.ndarray
    coloured: bool
    limits: tuple[float, float, float, float]

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.means)

    @property
    def paradox(self) -> bool:
        """Whether the two slopes point in opposite directions, both beyond doubt (95% intervals)."""
        return self.within is not None and self.within.direction * self.pooled_slope.direction < 0


def _slope(value: float, rest: float, df: int, sxx: float, syy: float) -> Slope:
    """A slope and its interval from the residual sum of squares; `sxx` and `syy` are those of x and y."""
    from lmmkit.numerics.distributions import t

    if df == 0:
        return Slope(value, np.inf, -np.inf, np.inf)
    se = float(np.sqrt(max(rest, 0.0) / df / sxx))
    if se < 1e-9 * np.sqrt(syy / sxx):  # rounding, where every point lies on its line
        se = 0.0
    reach = float(t.ppf(0.975, df)) * se
    return Slope(value, se, value - reach, value + reach)


def analyse(
    data: pd.DataFrame,
    limits: tuple[float, float, float, float],
    *,
    names: tuple[str, str, str] = ("x", "y", "group"),
    coloured: bool = True,
    exact: bool = False,
) -> Simpson:
    """All slopes of the data (columns x, y, group); `exact` says that nothing strays from the groups' lines."""
    from lmmkit import lmer

    x, y = data["x"].to_numpy(float), data["y"].to_numpy(float)
    codes = pd.factorize(data["group"])[0]
    sizes = np.bincount(codes)
    groups, n = len(sizes), len(x)
    means = np.column_stack([np.bincount(codes, x) / sizes, np.bincount(codes, y) / sizes])

    dx, dy = x - x.mean(), y - y.mean()
    b = float(dx @ dy / (dx @ dx))
    a = float(y.mean() - b * x.mean())
    pooled = _slope(b, float(((y - a - b * x) ** 2).sum()), n - 2, float(dx @ dx), float(dy @ dy))
    if groups == 1:
        return Simpson(data, names, (a, b), pooled, None, None, None, False, means, coloured, limits)

    wx, wy = x - means[codes, 0], y - means[codes, 1]
    inside = float(wx @ wy / (wx @ wx))
    rest = float(((wy - inside * wx) ** 2).sum())
    within = _slope(inside, rest, n - groups - 1, float(wx @ wx), float(dy @ dy))
    off = means - means.mean(0)
    between = float(off[:, 0] @ off[:, 1] / (off[:, 0] @ off[:, 0])) if off[:, 0].any() else None
    mixed, fell_back = inside, False  # what the mixed model tends to as the noise goes to zero
    if not exact:
        try:
            fit = lmer("y ~ x + (1 | group)", data)
            mixed, fell_back = float(fit.fixef["x"]), float(fit.theta[0]) < 1e-6
        except (DataError, ModelError):
            return Simpson(data, names, (a, b), pooled, within, between, None, False, means, coloured, limits)
    return Simpson(data, names, (a, b), pooled, within, between, mixed, fell_back, means, coloured, limits)


def simulate(within: float, between: float, groups: int, noise: float, size: int, seed: int) -> pd.DataFrame:
    """Groups whose means lie on a line of slope `between`; inside each, y rises by `within` per unit of x."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(groups), size)
    centres = _APART * (np.arange(groups) - (groups - 1) / 2)
    inside = rng.normal(0.0, 0.7, (groups, size))
    inside = (inside - inside.mean(1, keepdims=True)).ravel()
    errors = rng.standard_normal((groups, size)).ravel()
    x = centres[codes] + inside
    y = 10 + between * centres[codes] + within * inside + noise * errors
    return pd.DataFrame({"x": x, "y": y, "group": [f"g{c + 1}" for c in codes]})


def compute(
    within: float = 0.8,
    between: float = -0.6,
    groups: int = 5,
    noise: float = 0.6,
    size: int = 15,
    coloured: bool = True,
    seed: int = 1,
) -> Simpson:
    """All slopes for `groups` groups of `size` points."""
    data = simulate(within, between, groups, noise, size, seed)
    # Wide enough for the steepest slopes of so many groups, whatever the handles say now.
    x, y = groups - 1 + 1.8, 1.7 * (groups - 1) + 4.5
    return analyse(data, (-x, x, 10 - y, 10 + y), coloured=coloured, exact=noise == 0)


def _own_compute(
    table: pd.DataFrame, names: tuple[str, str, str], limits: tuple[float, float, float, float],
    coloured: bool = True,
) -> Simpson:  # fmt: skip
    return analyse(table, limits, names=names, coloured=coloured)


def own(table: Any, y: str, x: str, group: str) -> Explorer[Simpson]:
    """`y` and `x` are columns of numbers, `group` says which rows belong together."""
    rows = measured(table, (x, y), group)
    rows.columns = pd.Index(["x", "y", "group"])
    if not (rows.groupby("group")["x"].nunique() > 1).any():
        raise DataError(f"{x!r} is constant within every {group!r}; there is no slope inside the groups")
    sides: list[float] = []
    for column in ("x", "y"):
        room = 0.06 * float(np.ptp(rows[column]))
        sides += [float(rows[column].min()) - room, float(rows[column].max()) + room]
    limits = (sides[0], sides[1], sides[2], sides[3])
    return replace(
        EXPLORER,
        controls=tuple(c for c in EXPLORER.controls if c.name == "coloured"),
        compute=partial(_own_compute, table=rows, names=(x, y, group), limits=limits),
        prompt="Hide the groups, look at the points, and show the groups again.",
        own=None,
    )


def draw(r: Simpson, fig: Figure) -> None:
    """The points, by group with the line of each, the pooled line, and the slopes with their intervals."""
    left, right = style.panels(fig, (2.1, 1), gap=0.13)
    codes = pd.factorize(r.data["group"])[0]
    x, y = r.data["x"].to_numpy(), r.data["y"].to_numpy()
    xlim, ylim = r.limits[:2], r.limits[2:]
    beyond = 0
    for g in range(r.groups):
        mine = codes == g
        look = style.group_style(g) if r.coloured else {"color": style.GREY, "marker": "o"}
        marker = look.pop("marker")
        beyond += style.shown(left, x[mine], y[mine], marker, xlim=xlim, ylim=ylim, markersize=6, **look)
        if r.within is not None and r.coloured:
            ends = np.array([x[mine].min(), x[mine].max()])
            level = r.means[g, 1] + r.within.value * (ends - r.means[g, 0])
            style.line(left, ends, level, color=look["color"], linewidth=3)
    ends = np.array([x.min(), x.max()])
    style.line(left, ends, r.pooled[0] + r.pooled[1] * ends, color=style.BLACK, linestyle="--", linewidth=3)
    title = "dashed: all points; solid: inside a group" if r.coloured else "dashed: line through all points"
    if beyond:
        left.text(
            0.99, 0.01, f"{beyond} beyond the edge", transform=left.transAxes, ha="right", fontsize=13.5
        )
    left.set(xlim=xlim, ylim=ylim, xlabel=r.names[0], ylabel=r.names[1], title=title)
    _draw_slopes(r, right)


def _draw_slopes(r: Simpson, ax: Any) -> None:
    reach = 2.6
    if r.names != ("x", "y", "group"):  # a table of the reader's: its slopes may be of any size
        shown = [s for s in (r.pooled_slope, r.within) if s is not None]
        sizes = [abs(end) for s in shown for end in (s.low, s.high) if np.isfinite(end)]
        reach = 1.15 * max([*sizes, *(abs(s.value) for s in shown)])
    rows: list[tuple[str, float, Slope | None, str, str]] = [
        ("all points", r.pooled_slope.value, r.pooled_slope, style.BLACK, "s")
    ]
    if r.coloured and r.within is not None:
        rows.append(("inside groups", r.within.value, r.within, style.RED, "o"))
        if r.mixed is not None:
            rows.append(("mixed model", r.mixed, None, style.BLUE, "D"))
    for place, (name, value, slope, colour, marker) in enumerate(rows):
        low, high = (value, value) if slope is None else (slope.low, slope.high)
        style.interval(ax, low, value, high, -place, marker=marker, color=colour, limits=(-reach, reach))
        ax.text(0.0, 0.24 - place, f"{name} {number(value)}", ha="center", color=colour, fontsize=15.5)
        style.line(ax, [0, 0], [-0.3 - place, 0.14 - place], color=style.GREY, linestyle=":", zorder=0)
    ax.set(xlim=(-reach, reach), ylim=(-2.5, 0.7), yticks=[], xlabel="slope", title="slopes, 95% intervals")


def _said(slope: Slope) -> str:
    return f"{number(slope.value)} ({f'SE {number(slope.se)}' if np.isfinite(slope.se) else 'no SE'})"


def _verdict(r: Simpson) -> str:
    """What the two slopes say together."""
    assert r.within is not None
    unsure = [
        words
        for words, slope in (("the slope through all points", r.pooled_slope), ("the slope inside", r.within))
        if slope.direction == 0
    ]
    if r.paradox:
        return "the trend turns round, which is Simpson's paradox"
    if len(unsure) == 2:
        return "either may be zero, so nothing can be said of a paradox"
    if unsure:
        return f"{unsure[0]} may be zero, so no paradox can be claimed"
    return "both point the same way, so there is no paradox"


def sentence(r: Simpson) -> str:
    """The slopes in words."""
    if r.within is None:
        return (
            f"With a single group the line through all points is the line inside it, slope "
            f"{_said(r.pooled_slope)}; there is nothing else to see."
        )
    pooled = f"Through all points the line has slope {_said(r.pooled_slope)}"
    if not r.coloured:
        way = {1: "up", -1: "down", 0: "neither up nor down for sure"}[r.pooled_slope.direction]
        return f"{pooled}: {way}, it seems; these are {r.groups} groups, so show them and look again."
    text = f"{pooled}, inside the groups {_said(r.within)}: {_verdict(r)}"
    if r.mixed is None:
        return f"{text}. A mixed model of these data is refused."
    mixed = f"{text}. The mixed model's slope is {number(r.mixed)}"
    if r.fell_back:
        return (
            f"{mixed}: it finds no variance between the groups and falls back on the line through all points."
        )
    if r.within.se == 0:
        return f"{mixed}, that inside the groups, since no point strays from its group's line."
    if r.between is None:
        return f"{mixed}, that inside the groups, whose means of {r.names[0]} are all the same."
    return f"{mixed}, a mixture of that inside the groups and that between their means ({number(r.between)})."


EXPLORER = Explorer(
    name="simpson",
    title="Simpson's paradox: which slope do you mean?",
    prompt="Turn the slope between the groups while the slope within them stays; watch the two lines part.",
    controls=(
        Slider("within", "Slope within groups", -2.0, 2.0, 0.1, unit="units of y per unit of x"),
        Slider("between", "Slope between groups", -2.0, 2.0, 0.1, unit="units of y per unit of x"),
        Slider("groups", "Groups", 1, 12, 1),
        Slider("noise", "Noise (SD)", 0.0, 3.0, 0.1, unit="in units of y"),
        Slider("size", "Points per group", 3, 40, 1),
        Tick("coloured", "Show the groups"),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.simpson.result(within=0.8, between=-0.6)
>>> round(r.pooled[1], 2), round(r.within.value, 2), r.paradox
(-0.55, 0.98, True)""",
    actions={
        "Hide the groups": lambda state, result: {"coloured": False},
        "Show the groups": lambda state, result: {"coloured": True},
    },
    own=own,
)
