"""Shrinkage in the plane of intercepts and slopes: every group's own line moves towards the common one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Number, Slider, State, number
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.sources import with_unit
from lmmkit.course.explorers.tables import measured
from lmmkit.errors import DataError, ModelError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIMULATED = "simulated groups"
DATA = {"sleepstudy": ("Reaction", "Days", "Subject"), "sleepstudy_plus": ("Reaction", "Days", "Subject"),
        SIMULATED: ("y", "x", "group")}  # fmt: skip
_NEARLY = 1e-7  # how much pooling stands for none, and for nothing but pooling


@dataclass(frozen=True)
class Model:
    """What does not change while a handle is dragged: the data and the mixed model's fit.

    Attributes
    ----------
    data : pandas.DataFrame
        The rows used.
    names : (str, str, str)
        Columns: response, predictor, group.
    labels : tuple of str
        The groups.
    alone : numpy.ndarray, (groups, 2)
        Intercept and slope of each group's own line; NaN where its points allow none.
    beta : numpy.ndarray, (2,)
        Fixed effects of ``y ~ x + (x | group)``.
    cov : numpy.ndarray, (2, 2)
        Covariance matrix of its random effects.
    sigma : float
        Its residual standard deviation.
    complete : numpy.ndarray, (2,)
        Intercept and slope of one line through all points.
    cross, right : numpy.ndarray
        X'X and X'y of every group, (groups, 2, 2) and (groups, 2).
    singular : bool
        Whether the fit is singular.
    limits : (tuple, tuple, tuple)
        Of the pictures, low and high: intercepts, slopes, response.
    """

    data: pd.DataFrame
    names: tuple[str, str, str]
    labels: tuple[str, ...]
    alone: np.ndarray
    beta: np.ndarray
    cov: np.ndarray
    sigma: float
    complete: np.ndarray
    cross: np.ndarray
    right: np.ndarray
    singular: bool
    limits: tuple[tuple[float, float], ...]

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.labels)


@dataclass(frozen=True)
class Shrinkage:
    """Every group's line at one amount of pooling.

    Attributes
    ----------
    model : Model
        The data and the mixed model.
    pooling : float
        0 for none, 0.5 for the mixed model's, 1 for complete pooling: the residual variance is taken
        ``pooling / (1 - pooling)`` times as large as the model has it. At 0 a group without a line of its
        own has the line that this comes to as pooling goes to 0.
    lines : numpy.ndarray, (groups, 2)
        Intercept and slope of each group at this amount of pooling.
    centre : numpy.ndarray, (2,)
        The common line at this amount of pooling, towards which the groups are drawn.
    group : int
        The group looked at.
    """

    model: Model
    pooling: float
    lines: np.ndarray
    centre: np.ndarray
    group: int

    @property
    def own(self) -> np.ndarray:
        """Which groups have a line of their own."""
        return np.isfinite(self.model.alone).all(1)

    @property
    def further(self) -> tuple[int, int]:
        """How many intercepts and slopes lie further from the common line's now than on their own."""
        off, was = np.abs(self.lines - self.centre), np.abs(self.model.alone - self.centre)
        room = 1e-6 * np.nanmax(was, axis=0)
        both = (off > was + room)[self.own].sum(0)
        return int(both[0]), int(both[1])


def lines_at(model: Model, pooling: float) -> tuple[np.ndarray, np.ndarray]:
    """Common line and the groups' lines when the residual variance is `pooling / (1 - pooling)` times its own.

    b_g = D (D A_g + I)^-1 A_g (own line - common line), with A_g = X'X / variance, written so that neither D nor
    X'X of a group need be invertible.
    """
    share = min(max(pooling, _NEARLY), 1 - _NEARLY)
    variance = model.sigma**2 * share / (1 - share)
    A, r = model.cross / variance, model.right / variance
    G = np.linalg.inv(np.eye(2) + A @ model.cov)  # V^-1 in the space of a group's two columns
    beta = np.linalg.solve((G @ A).sum(0), np.einsum("gij,gj->i", G, r))
    left = r - A @ beta
    lines = beta + np.einsum("ij,gjk,gk->gi", model.cov, G, left)
    if pooling == 0:  # a singular covariance matrix would not let them get there
        own = np.isfinite(model.alone).all(1)
        lines[own] = model.alone[own]
    return beta, lines


def _prepare(
    data: pd.DataFrame,
    names: tuple[str, str, str],
    limits: tuple[tuple[float, float], ...] | None = None,
) -> Model:
    """The fit and the groups' own lines."""
    from lmmkit import lmer

    response, predictor, group = names
    codes, labels = pd.factorize(data[group].astype(str))
    x, y = data[predictor].to_numpy(float), data[response].to_numpy(float)
    X = np.column_stack([np.ones_like(x), x])
    cross = np.stack([X[codes == g].T @ X[codes == g] for g in range(len(labels))])
    right = np.stack([X[codes == g].T @ y[codes == g] for g in range(len(labels))])
    alone = np.full((len(labels), 2), np.nan)
    for g in range(len(labels)):
        if np.ptp(x[codes == g]) > 0:
            alone[g] = np.linalg.lstsq(X[codes == g], y[codes == g])[0]
    if np.isfinite(alone).all(1).sum() < 2:
        raise DataError(f"fewer than two groups of {group!r} have a line of their own; two are needed")
    plain = pd.DataFrame({"y": y, "x": x, "group": codes.astype(str)})
    fit = lmer("y ~ x + (x | group)", plain)
    table = fit.varcorr.frame
    cov = np.zeros((2, 2))
    place = {"(Intercept)": 0, "x": 1}
    for grp, one, two, value in zip(*(table[c] for c in ("grp", "var1", "var2", "vcov")), strict=True):
        if grp == "group":
            i, j = place[one], place[two] if isinstance(two, str) else place[one]
            cov[i, j] = cov[j, i] = value
    complete = np.linalg.solve(cross.sum(0), right.sum(0))
    if limits is None:
        seen = np.vstack([alone, complete, fit.fixef.to_numpy()])
        limits = _limits(seen[:, 0]), _limits(seen[:, 1]), _limits(y)
    return Model(
        data, names, tuple(map(str, labels)), alone, fit.fixef.to_numpy(), cov, float(fit.sigma), complete, cross,
        right, bool(fit.is_singular), limits,
    )  # fmt: skip


def simulate(groups: int, correlation: float, sigma: float, seed: int) -> pd.DataFrame:
    """Lines with SDs 3 and 0.8 around 10 + x, seen at few points, some groups at fewer than others."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((groups, 2))
    slopes = correlation * z[:, 0] + np.sqrt(1 - correlation**2) * z[:, 1]
    sizes = 3 + np.arange(groups) % 6
    codes = np.repeat(np.arange(groups), sizes)
    x = np.concatenate([np.sort(rng.permutation(8)[:n]) for n in sizes]).astype(float)
    y = 10 + 3 * z[codes, 0] + (1 + 0.8 * slopes[codes]) * x + sigma * rng.standard_normal(len(x))
    return pd.DataFrame({"y": y, "x": x, "group": [f"g{c + 1:02d}" for c in codes]})


@lru_cache(maxsize=8)  # the fit does not change with the pooling or the group looked at
def _model(data: str, groups: int, correlation: float, sigma: float, seed: int) -> Model:
    from lmmkit import load_data

    if data == SIMULATED:
        return _prepare(
            simulate(groups, correlation, sigma, seed), DATA[data], ((0.0, 20.0), (-1.5, 4.0), (-2.0, 32.0))
        )
    return _prepare(load_data(data), DATA[data])


def _at(model: Model, pooling: float, group: int) -> Shrinkage:
    centre, lines = lines_at(model, pooling)
    return Shrinkage(model, pooling, lines, centre, min(group, model.count) - 1)


def compute(
    pooling: float = 0.0,
    data: str = "sleepstudy_plus",
    group: int = 6,
    groups: int = 12,
    correlation: float = 0.3,
    sigma: float = 1.5,
    seed: int = 1,
) -> Shrinkage:
    """The groups' lines at this amount of pooling; the last four are for simulated groups."""
    if data != SIMULATED:
        groups, correlation, sigma, seed = 12, 0.3, 1.5, 1
    return _at(_model(data, groups, correlation, sigma, seed), pooling, group)


def _own_compute(model: Model, pooling: float = 0.0, group: int = 1) -> Shrinkage:
    return _at(model, pooling, group)


def own(table: Any, y: str, x: str, group: str) -> Explorer[Shrinkage]:
    """`y` and `x` are columns of numbers, `group` says which rows belong together; `group=3` is then the third."""
    rows = measured(table, (y, x), group)
    try:
        model = _prepare(rows, (y, x, group))
    except ModelError as refused:
        raise DataError(f"{y} ~ {x} + ({x} | {group}) cannot be fitted: {refused}") from None
    places = {c.name: c for c in EXPLORER.controls if isinstance(c, Slider)}
    return replace(
        EXPLORER,
        controls=(places["pooling"], replace(places["group"], high=model.count)),
        compute=partial(_own_compute, model),
        own=None,
    )


def _ellipse(centre: np.ndarray, cov: np.ndarray, radius: float) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 80)
    values, vectors = np.linalg.eigh(cov)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return np.asarray(centre + radius * np.column_stack([np.cos(angle), np.sin(angle)]) @ root.T)


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.07 * (high - low) or 1.0
    return low - room, high + room


def draw(r: Shrinkage, fig: Figure) -> None:
    """The plane with a dot for every group, its way there from its own line, and the ellipse that the model
    believes in; beside it the group looked at, with its three lines.
    """
    plane, one = style.axes(fig, [(0.085, 0.16, 0.48, 0.75), (0.665, 0.16, 0.325, 0.75)])
    m = r.model
    xlim, ylim = m.limits[:2]
    ring = _ellipse(m.beta, m.cov, 2.4477)  # sqrt of the 95% point of chi-squared with 2 df
    style.line(plane, *ring.T, color=style.GREY, linewidth=1.5)
    # The whole road, so that it can be seen from any point of it; close to 1 it bends, and wants many steps.
    road = np.stack([lines_at(m, p)[1] for p in np.linspace(0.0, 1.0, 50)], 1)[r.own]
    gap = np.full((len(road), 1, 2), np.nan)
    way = np.concatenate([road, gap], 1).reshape(-1, 2)
    style.line(plane, *way.T, color=style.FAINT, linewidth=1)
    alone, centre, group = m.alone[r.own], r.centre, r.lines[r.group]
    hollow = {"color": style.RED, "mfc": "white", "markersize": 6, "mew": 1.5}
    style.shown(plane, alone[:, 0], alone[:, 1], "o", xlim=xlim, ylim=ylim, **hollow)
    full = {"color": style.BLUE, "markersize": 7, "zorder": 4}
    style.shown(plane, r.lines[:, 0], r.lines[:, 1], "s", xlim=xlim, ylim=ylim, **full)
    style.dots(plane, m.complete[:1], m.complete[1:], "X", color=style.BLACK, markersize=14, zorder=3)
    style.dots(plane, centre[:1], centre[1:], "D", color=style.BLUE, mec=style.BLACK, markersize=11, zorder=6)
    ring_look = {"color": style.BLUE, "mfc": "none", "markersize": 16, "mew": 2.5, "zorder": 5}
    style.dots(plane, group[:1], group[1:], "s", **ring_look)
    for place, text, colour in (
        (0.0, "○ alone", style.RED),
        (0.18, "■ now", style.BLUE),
        (0.33, "◆ fixed effects", style.BLUE),
        (0.67, "✖ complete", style.BLACK),
    ):
        plane.text(place, 1.03, text, color=colour, transform=plane.transAxes, fontsize=13.5)  # fmt: skip
    of_drivers = m.names == ("Reaction", "Days", "Subject")
    words = f"intercept ({'ms; ' if of_drivers else ''}ellipse: 95% of groups, says the model)"
    plane.set(xlim=xlim, ylim=ylim, xlabel=words)
    plane.set(ylabel=f"slope of {m.names[1]}{' (ms a day)' if of_drivers else ''}")
    _draw_one(r, one)


def _draw_one(r: Shrinkage, ax: Axes) -> None:
    m = r.model
    response, predictor, group = m.names
    x, y = m.data[predictor].to_numpy(float), m.data[response].to_numpy(float)
    mine = (m.data[group].astype(str) == m.labels[r.group]).to_numpy()
    xlim, ylim = _limits(x), m.limits[2]
    ends = np.array(xlim)
    style.shown(ax, x[~mine], y[~mine], ".", xlim=xlim, ylim=ylim, color=style.FAINT, markersize=3)
    for line, colour, dash, width in ((m.complete, style.BLACK, "--", 2.5), (m.alone[r.group], style.RED, ":", 2.5),
                                      (r.lines[r.group], style.BLUE, "-", 3.0)):  # fmt: skip
        if np.isfinite(line).all():
            style.line(ax, ends, line[0] + line[1] * ends, color=colour, linestyle=dash, linewidth=width)
    style.shown(ax, x[mine], y[mine], "o", xlim=xlim, ylim=ylim, color=style.BLACK, markersize=7)
    measured = with_unit("sleepstudy" if m.names == ("Reaction", "Days", "Subject") else None, response)
    ax.set(xlim=xlim, ylim=ylim, xlabel=predictor, ylabel=measured, title=f"{group} {m.labels[r.group]}")


def _line(line: np.ndarray, x: str) -> str:
    return f"{number(line[0])} {'−' if line[1] < 0 else '+'} {number(abs(line[1]))} {x}"


def _amount(r: Shrinkage) -> str:
    if r.pooling == 0:
        return "No pooling: every group has its own line"
    if r.pooling == 0.5:
        return "Partial pooling, as the mixed model has it"
    if r.pooling == 1:
        return "Complete pooling: every group has the common line"
    return f"{'Less' if r.pooling < 0.5 else 'More'} pooling than in the mixed model"


def sentence(r: Shrinkage) -> str:
    """How much is pooled, what becomes of the group looked at, and who moves the other way."""
    x = r.model.names[1]
    name = f"{r.model.names[2]} {r.model.labels[r.group]}"
    now = _line(r.lines[r.group], x)
    count, missing = int(r.own.sum()), int((~r.own).sum())
    text = f"{_amount(r)}. {name[:1].upper()}{name[1:]}"
    if r.own[r.group]:
        text += f": alone {_line(r.model.alone[r.group], x)}, now {now}"
    else:
        text += f" has too few points for a line of its own; now {now}"
    if r.pooling == 0 and missing:
        text += f". {missing} of {len(r.own)} groups cannot have a line of their own"
    if not 0 < r.pooling < 1:
        return text + "."
    if not r.model.cov.any():
        return f"{text}. The fit finds no variance between the groups, so every group has the common line."
    a, b = r.further
    pair = "since the two are drawn as a pair" if a + b else "which need not be so"
    text += f". Further from the fixed effect than alone: {a} of {count} intercepts, {b} of {count} slopes, {pair}"
    if r.model.singular:
        text += ". The fit is singular: its ellipse is a line, and the dots lie on a line too"
    return text + "."


def settle(state: State, changed: str) -> State:
    """The group looked at is one of those in the data."""
    if "data" not in state:
        return state
    count = state["groups"] if state["data"] == SIMULATED else _model(state["data"], 12, 0.3, 1.5, 1).count
    return {**state, "group": min(state["group"], count)}


EXPLORER = Explorer(
    name="shrinkage",
    title="Shrinkage: lines on the move",
    prompt="Drag the pooling from none to the mixed model's (0.5) and on to 1: which dots move far, and which way?",
    controls=(
        Slider(
            "pooling", "Pooling", 0.0, 1.0, 0.01, unit="0 none, 0.5 as the mixed model has it, 1 complete"
        ),
        Slider("group", "Group looked at", 1, 20, 1, unit="its place in the data"),
        Choice("data", "Data", tuple(DATA)),
        Slider("groups", "Groups", 4, 20, 1, used=lambda state: state["data"] == SIMULATED),
        Slider(
            "correlation",
            "Correlation",
            -0.9,
            0.9,
            0.1,
            used=lambda state: state["data"] == SIMULATED,
            unit="of intercepts and slopes, in the simulation",
        ),
        Slider(
            "sigma",
            "Residual SD",
            0.5,
            4.0,
            0.1,
            used=lambda state: state["data"] == SIMULATED,
            unit="in the simulation",
        ),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.shrinkage.result(pooling=0.5, data="sleepstudy")
>>> r.model.labels[0], r.model.alone[0].round(2), r.lines[0].round(2)
('308', array([244.19,  21.76]), array([253.66,  19.67]))""",
    actions={
        "No pooling": lambda state, result: {"pooling": 0.0},
        "Mixed model": lambda state, result: {"pooling": 0.5},
        "Complete pooling": lambda state, result: {"pooling": 1.0},
    },
    settle=settle,
    own=own,
)
