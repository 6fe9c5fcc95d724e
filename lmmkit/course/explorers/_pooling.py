"""Complete, no and partial pooling: how much each group is believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Number, Slider, number, plural
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIGMA = 2.0  # SD within groups; the slider sets the ratio of the variances


@dataclass(frozen=True)
class Pooling:
    """Three estimates of every group's mean, groups in order of size."""

    data: pd.DataFrame  # y, group
    sizes: np.ndarray  # (groups,)
    complete: float  # the mean of all observations
    centre: float  # the mixed model's intercept, towards which it shrinks
    none: np.ndarray  # (groups,) each group's own mean
    partial: np.ndarray  # (groups,) fixef + ranef
    weight: np.ndarray  # (groups,) share of its own mean in a group's estimate, n / (n + sigma²/tau²)
    ratio_found: float  # tau² / sigma² as estimated


def group_sizes(groups: int, smallest: int, largest: int) -> np.ndarray:
    """Sizes from `smallest` to `largest`, each about the same factor above the one before."""
    if groups == 1:
        return np.array([largest])
    return np.round(np.geomspace(smallest, largest, groups)).astype(int)


def compute(
    ratio: float = 0.5, smallest: int = 1, largest: int = 200, groups: int = 12, seed: int = 4
) -> Pooling:
    """Estimates for groups of these sizes; `ratio` is the variance between over the variance within
    groups.
    """
    from lmmkit import lmer

    low, high = sorted((smallest, largest))
    sizes = group_sizes(groups, low, high)
    rng = np.random.default_rng(seed)
    effects = _SIGMA * np.sqrt(ratio) * rng.standard_normal(groups)
    codes = np.repeat(np.arange(groups), sizes)
    y = 20 + effects[codes] + _SIGMA * rng.standard_normal(len(codes))
    names = np.array([f"g{g + 1:02d}" for g in range(groups)])
    data = pd.DataFrame({"y": y, "group": names[codes]})
    none = np.bincount(codes, y) / sizes
    complete = float(y.mean())
    if groups == 1 or len(y) == groups:
        # One group, or one observation each: the two variances cannot be told apart, and lmer refuses.
        return Pooling(
            data, sizes, complete, complete, none, np.full(groups, complete), np.zeros(groups), 0.0
        )
    fit = lmer("y ~ 1 + (1 | group)", data)
    found = float(fit.theta[0]) ** 2
    partial = fit.coef()["group"]["(Intercept)"].loc[names].to_numpy()
    weight = sizes * found / (1 + sizes * found)
    return Pooling(data, sizes, complete, float(fit.fixef.iloc[0]), none, partial, weight, found)


def draw(r: Pooling, fig: Figure) -> None:
    """Every group's own mean and its partially pooled one, joined by an arrow; below, the weight of its own
    mean.
    """
    top, below = style.axes(fig, [(0.085, 0.44, 0.90, 0.47), (0.085, 0.16, 0.90, 0.18)])
    at = np.arange(len(r.sizes))
    codes = pd.factorize(r.data["group"])[0]
    y = r.data["y"].to_numpy()
    jitter = np.random.default_rng(0).uniform(-0.3, 0.3, len(y))
    top.plot(codes + jitter, y, ".", color="#cfcfcf", markersize=4, zorder=0)
    top.plot([-0.6, at[-1] + 0.6], [r.complete] * 2, color=style.BLACK, linestyle="--")
    moved = r.partial - r.none
    top.quiver(
        at,
        r.none,
        np.zeros(len(at)),
        moved,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.0035,
        color=style.GREY,
        headwidth=5,
        zorder=2,
    )
    top.plot(at, r.none, "o", color=style.RED, markerfacecolor="white", markersize=10, markeredgewidth=2.5)
    top.plot(at, r.partial, "s", color=style.BLUE, markersize=8)
    for left, text, colour in (
        (0.0, "○ no pooling", style.RED),
        (0.18, "■ partial pooling", style.BLUE),
        (0.41, "– – complete pooling", style.BLACK),
    ):
        top.text(left, 1.03, text, color=colour, transform=top.transAxes, fontsize=16)
    spread = np.percentile(y, [8, 92])
    low, high = min(spread[0], r.none.min()), max(spread[1], r.none.max())
    top.set(xlim=(-0.6, at[-1] + 0.6), ylim=(low - 0.5, high + 0.5), xticks=[], ylabel="y")
    below.vlines(at, 0, r.weight, color=style.SKY, linewidth=420 / (len(at) + 1))
    for x, n, w in zip(at.tolist(), r.sizes, r.weight, strict=True):
        below.text(x, 1.1, f"{w:.2f}", ha="center", fontsize=min(13.5, 230 / len(at)))
        below.text(x, -0.13, str(n), ha="center", va="top", fontsize=14.5)
    below.set(
        xlim=(-0.6, at[-1] + 0.6),
        ylim=(0, 1.08),
        yticks=(0, 1),
        xticks=[],
        xlabel="observations in the group",
        ylabel="weight",
    )


def sentence(r: Pooling) -> str:
    """The weight of the smallest and of the largest group."""
    if r.ratio_found == 0:
        return (
            f"The fit finds no variance between the groups, so every group is given the common mean "
            f"{number(r.centre)}: partial pooling has become complete pooling."
        )
    small, large = int(r.sizes[0]), int(r.sizes[-1])
    return (
        f"With a variance ratio found of {r.ratio_found:.2f}, the group with {plural(small, 'observation')} "
        f"keeps {100 * r.weight[0]:.0f}% of its own mean ({number(r.none[0])} becomes "
        f"{number(r.partial[0])}), the one "
        f"with {large} keeps {100 * r.weight[-1]:.0f}% ({number(r.none[-1])} becomes "
        f"{number(r.partial[-1])})."
    )


EXPLORER = Explorer(
    name="pooling",
    title="Pooling: how far is a group believed?",
    prompt="Make the groups alike (small ratio) and see all squares slide to the dashed line; which go "
    "first?",
    controls=(
        Slider("ratio", "Variance ratio", 0.0, 4.0, 0.05),
        Slider("smallest", "Smallest group", 1, 200, 1),
        Slider("largest", "Largest group", 1, 200, 1),
        Slider("groups", "Groups", 1, 20, 1),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
)
