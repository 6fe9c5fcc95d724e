"""Complete, no and partial pooling: how much each group is believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Number, Slider, State, number, plural
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.tables import measured
from lmmkit.errors import DataError, ModelError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIGMA = 2.0  # SD within groups; the handles set ratios of variances
_MOST = 4.0  # the largest ratio
_SHOWN = 40  # groups of a reader's table that the picture has room for


@dataclass(frozen=True)
class Pooling:
    """Three estimates of every group's mean, groups in order of size.

    Attributes
    ----------
    data : pandas.DataFrame
        Columns `y` and `group`.
    labels : tuple of str
        The groups.
    response : str
        What `y` is called.
    sizes : numpy.ndarray, (groups,)
        Observations in each group.
    ratio : float
        The variance between groups over that within groups with which the groups are pooled.
    found : float or None
        The same ratio as REML finds it; None where no mixed model can be fitted.
    refusal : str
        Why there is none, or empty.
    complete : float
        The mean of all observations: complete pooling.
    centre : float
        The fixed effect at this ratio, towards which partial pooling shrinks.
    none : numpy.ndarray, (groups,)
        Each group's own mean: no pooling.
    partial : numpy.ndarray, (groups,)
        Partial pooling: the fixed effect plus each group's random effect.
    weight : numpy.ndarray, (groups,)
        Weight of its own mean in a group's estimate, n / (n + 1 / ratio), between 0 and 1.
    truth : numpy.ndarray or None
        The true means, where the data were simulated.
    limits : (float, float)
        Bottom and top of the picture.
    """

    data: pd.DataFrame
    labels: tuple[str, ...]
    response: str
    sizes: np.ndarray
    ratio: float
    found: float | None
    refusal: str
    complete: float
    centre: float
    none: np.ndarray
    partial: np.ndarray
    weight: np.ndarray
    truth: np.ndarray | None
    limits: tuple[float, float]

    @property
    def errors(self) -> dict[str, float]:
        """Root mean square distance of the groups' estimates from their true means, for each kind of pooling."""
        if self.truth is None:
            return {}
        kinds = {
            "none": self.none,
            "partial": self.partial,
            "complete": np.full(len(self.sizes), self.complete),
        }
        return {name: float(np.sqrt(((kind - self.truth) ** 2).mean())) for name, kind in kinds.items()}


def group_sizes(groups: int, smallest: int, largest: int) -> np.ndarray:
    """Sizes from `smallest` to `largest`, each about the same factor above the one before."""
    if groups == 1:
        return np.array([largest])
    return np.round(np.geomspace(smallest, largest, groups)).astype(int)


def _fit(data: pd.DataFrame, groups: int) -> tuple[float | None, str]:
    """The ratio that REML finds, or why there is none."""
    from lmmkit import lmer

    if groups == 1:
        return None, "one group alone says nothing of a variance between groups"
    if groups == len(data):
        return None, "one observation a group cannot tell the variance between groups from that within"
    try:
        return float(lmer("y ~ 1 + (1 | group)", data).theta[0]) ** 2, ""
    except (DataError, ModelError) as refused:
        return None, str(refused).rstrip(".")


def pool(
    data: pd.DataFrame,
    ratio: float | None,
    found: tuple[float | None, str],
    *,
    response: str,
    limits: tuple[float, float],
    truth: np.ndarray | None = None,
) -> Pooling:
    """All estimates at `ratio`, or, where that is None, at the one that REML finds."""
    codes, labels = pd.factorize(data["group"])
    sizes = np.bincount(codes)
    y = data["y"].to_numpy(float)
    none = np.bincount(codes, y) / sizes
    if ratio is None:
        ratio = min(found[0] or 0.0, _MOST)
    weight = sizes * ratio / (1 + sizes * ratio)
    # Generalised least squares: a group's mean has the variance sigma² (ratio + 1 / n).
    precision = sizes / (1 + sizes * ratio)
    centre = float(precision @ none / precision.sum())
    estimate = weight * none + (1 - weight) * centre
    return Pooling(
        data, tuple(map(str, labels)), response, sizes, ratio, *found, float(y.mean()), centre, none, estimate,
        weight, truth, limits,
    )  # fmt: skip


def compute(
    ratio: float = 0.5,
    smallest: int = 1,
    largest: int = 200,
    groups: int = 12,
    true_ratio: float = 0.5,
    seed: int = 24,
) -> Pooling:
    """Estimates for groups of these sizes, pooled with `ratio`; the data are made with `true_ratio`."""
    low, high = sorted((smallest, largest))
    sizes = group_sizes(groups, low, high)
    rng = np.random.default_rng(seed)
    means = 20 + _SIGMA * np.sqrt(true_ratio) * rng.standard_normal(groups)
    codes = np.repeat(np.arange(groups), sizes)
    y = means[codes] + _SIGMA * rng.standard_normal(len(codes))
    names = np.array([f"g{g + 1:02d}" for g in range(groups)])
    data = pd.DataFrame({"y": y, "group": names[codes]})
    found = _fit(data, groups)
    return pool(data, ratio, found, response="y", limits=(12.0, 28.0), truth=means)


def _own_compute(
    table: pd.DataFrame, response: str, found: tuple[float | None, str], ratio: float = 0.5
) -> Pooling:
    y = table["y"]
    room = 0.06 * float(np.ptp(y)) or 1.0
    limits = (float(y.min()) - room, float(y.max()) + room)
    return pool(table, ratio, found, response=response, limits=limits)


def own(table: Any, y: str, group: str) -> Explorer[Pooling]:
    """`y` is a column of numbers, `group` says which rows belong together; the panel starts where REML ends."""
    rows = measured(table, (y,), group)
    rows.columns = pd.Index(["y", "group"])
    count = rows["group"].nunique()
    if count > _SHOWN:
        raise DataError(
            f"{group!r} has {count} groups; the picture has room for {_SHOWN}: take fewer of them"
        )
    by_size = rows["group"].map(rows["group"].value_counts())
    rows = rows.loc[pd.DataFrame({"n": by_size, "g": rows["group"]}).sort_values(["n", "g"]).index]
    rows = rows.reset_index(drop=True)
    found = _fit(rows, count)
    start = 0.5 if found[0] is None else float(np.clip(round(found[0], 2), 0.0, _MOST))
    return replace(
        EXPLORER,
        controls=tuple(c for c in EXPLORER.controls if c.name == "ratio"),
        compute=partial(_own_compute, table=rows, response=y, found=found, ratio=start),
        own=None,
    )


def draw(r: Pooling, fig: Figure) -> None:
    """Every group's own mean and its partially pooled one, joined by an arrow; below, the weight of its own
    mean; at the side, how far each kind of pooling is from the truth.
    """
    wide = 0.74 if r.truth is not None else 0.90
    places = [(0.085, 0.44, wide, 0.47), (0.085, 0.16, wide, 0.18)]
    if r.truth is not None:
        places.append((0.85, 0.16, 0.145, 0.75))
    top, below, *side = style.axes(fig, places)
    at = np.arange(len(r.sizes))
    codes = pd.factorize(r.data["group"])[0]
    y = r.data["y"].to_numpy()
    jitter = np.random.default_rng(0).uniform(-0.3, 0.3, len(y))
    xlim = (-0.6, at[-1] + 0.6)
    beyond = style.shown(
        top, codes + jitter, y, ".", xlim=xlim, ylim=r.limits, color=style.FAINT, markersize=3, zorder=0
    )
    style.line(top, xlim, [r.complete] * 2, color=style.BLACK, linestyle="--")
    style.line(top, xlim, [r.centre] * 2, color=style.BLUE, linestyle=":")
    moved = np.column_stack([r.none, r.partial, np.full(len(at), np.nan)]).ravel()
    style.line(top, np.repeat(at, 3), moved, color=style.GREY, linewidth=2.5, zorder=2)
    dot = {"xlim": xlim, "ylim": r.limits}
    style.shown(top, at, r.none, "o", color=style.RED, mfc="white", markersize=10, mew=2.5, zorder=3, **dot)
    if r.truth is not None:
        style.shown(top, at, r.truth, "x", color=style.BLACK, markersize=7, mew=2, zorder=5, **dot)
    style.shown(top, at, r.partial, "s", color=style.BLUE, markersize=8, zorder=4, **dot)
    words = [("○ none", style.RED), ("■ partial", style.BLUE), ("··· fixed effect", style.BLUE),
             ("– – complete", style.BLACK)]  # fmt: skip
    if r.truth is not None:
        words.append(("× truth", style.BLACK))
    for place, (text, colour) in enumerate(words):
        left = (0.0, 0.13, 0.30, 0.55, 0.77)[place] if r.truth is not None else 0.24 * place
        top.text(left, 1.03, text, color=colour, transform=top.transAxes, fontsize=15)
    if beyond:
        words_beyond = f"{beyond} of {len(y)} observations beyond the edge"
        top.text(0.995, 0.02, words_beyond, transform=top.transAxes, ha="right", fontsize=13)
    top.set(xlim=xlim, ylim=r.limits, xticks=[], ylabel=r.response)
    _draw_weights(r, below, xlim)
    if side:
        _draw_errors(r, side[0])


def _draw_weights(r: Pooling, ax: Axes, xlim: tuple[float, float]) -> None:
    at = np.arange(len(r.sizes))
    style.bars(ax, at, r.weight, 0.7, facecolor=style.SKY)
    small = min(13.5, 200 / len(at))
    for x, n, w in zip(at.tolist(), r.sizes, r.weight, strict=True):
        ax.text(x, 1.1, f"{w:.2f}", ha="center", fontsize=small)
        ax.text(x, -0.13, str(n), ha="center", va="top", fontsize=max(small, 9.0))
    ax.set(xlim=xlim, ylim=(0, 1.08), yticks=(0, 1), xticks=[], ylabel="weight",
           xlabel="observations in the group")  # fmt: skip


def _draw_errors(r: Pooling, ax: Axes) -> None:
    errors = r.errors
    looks = (("none", style.RED), ("partial", style.BLUE), ("complete", style.BLACK))
    top = 3.0
    for place, (name, colour) in enumerate(looks):
        style.bars(ax, [place], [min(errors[name], top)], 0.7, facecolor=colour)
        ax.text(place, min(errors[name], top) + 0.05, f"{errors[name]:.2f}", ha="center", fontsize=13,
                color=colour)  # fmt: skip
    ax.set(xlim=(-0.5, 2.5), ylim=(0, top + 0.3), yticks=[], xticks=range(3), xlabel="pooling")
    ax.set_xticklabels(["none", "part", "all"], fontsize=13.5)
    ax.set_title("error", fontsize=15)


def ratio_in_words(ratio: float) -> str:
    """Two decimals, or as many as it takes to tell a small ratio from 0."""
    return f"{ratio:.2f}" if ratio >= 0.095 or ratio < 5e-7 else f"{ratio:.2g}"


def _said(r: Pooling, g: int) -> str:
    """What becomes of group `g`."""
    own = f"own mean {number(r.none[g])}"
    return f"{100 * r.weight[g]:.0f}% of its {own} ({number(r.partial[g])} in all)"


def _groups(r: Pooling) -> str:
    """How much the smallest and the largest group are believed."""
    small, large = int(r.sizes[0]), int(r.sizes[-1])
    share = [f"{100 * r.weight[g]:.0f}%" for g in (0, -1)]
    if len(r.sizes) == 1:
        return ""
    if small == large:
        return (
            f"every group has {plural(small, 'observation')}, so each own mean counts {share[0]} and the fixed "
            f"effect {number(r.centre)} the rest"
        )
    return (
        f"the own mean of the group with {plural(small, 'observation')} counts {share[0]} ({number(r.none[0])} "
        f"becomes {number(r.partial[0])}), that of the group with {large} counts {share[1]} "
        f"({number(r.none[-1])} becomes {number(r.partial[-1])}); the rest is the fixed effect {number(r.centre)}"
    )


def sentence(r: Pooling) -> str:
    """The weights of the smallest and of the largest group, what REML would take, and who is nearest the truth."""
    if len(r.sizes) == 1:
        return (
            f"There is one group, so its own mean is the common mean {number(r.complete)}, and there is nothing "
            f"to pool."
        )
    text = f"With a variance ratio of {ratio_in_words(r.ratio)} {_groups(r)}"
    if r.ratio == 0:
        text = f"With a variance ratio of 0 every group gets the common mean {number(r.complete)}: complete pooling"
    if r.found is None:
        text += f". REML finds no ratio: {r.refusal}"
    else:
        text += f". REML finds {ratio_in_words(r.found)}"
        if r.found == 0:
            text += ", no variance between the groups"
    if r.truth is not None:
        e = {name: number(value) for name, value in r.errors.items()}
        text += (
            f". Typical distance from the true means: none {e['none']}, partial {e['partial']}, complete "
            f"{e['complete']}"
        )
    return text + "."


def _as_fitted(state: State, r: Pooling) -> State:
    return {} if r.found is None else {"ratio": float(np.clip(round(r.found, 2), 0.0, _MOST))}


EXPLORER = Explorer(
    name="pooling",
    title="Pooling: how far is a group believed?",
    prompt="Drag the ratio to zero and watch the squares glide to the line; which go first? Then drag it up.",
    controls=(
        Slider("ratio", "Variance ratio", 0.0, _MOST, 0.01, unit="variance between groups over that within"),
        Slider("smallest", "Smallest group", 1, 200, 1, unit="observations"),
        Slider("largest", "Largest group", 1, 200, 1, unit="observations"),
        Slider("groups", "Groups", 1, 20, 1),
        Slider("true_ratio", "True variance ratio", 0.0, 2.0, 0.05, unit="that the data are made with"),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.pooling.result(ratio=0.5, smallest=2, groups=3)
>>> r.sizes, r.weight.round(2)
(array([  2,  20, 200]), array([0.5 , 0.91, 0.99]))""",
    actions={"As REML finds it": _as_fitted, "Complete pooling": lambda state, result: {"ratio": 0.0}},
    own=own,
)
