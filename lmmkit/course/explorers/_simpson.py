"""Simpson's paradox: one line through everything against a line inside each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Number, Slider, number
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_APART = 2.0  # distance of neighbouring groups along x


@dataclass(frozen=True)
class Simpson:
    """The data, the pooled line, and the mixed model's lines."""

    data: pd.DataFrame  # x, y, group
    groups: int
    pooled: tuple[float, float]  # intercept and slope of y ~ x
    pooled_se: float
    slope: float | None  # of y ~ x + (1 | group); None with a single group
    slope_se: float | None
    intercepts: np.ndarray  # (groups,) of the mixed model; of the pooled line with a single group
    group_means: np.ndarray  # (groups, 2)

    @property
    def paradox(self) -> bool:
        """Whether the two slopes point in opposite directions."""
        return self.slope is not None and self.slope * self.pooled[1] < 0


def compute(
    within: float = 0.8,
    between: float = -0.6,
    groups: int = 5,
    noise: float = 0.6,
    size: int = 15,
    seed: int = 1,
) -> Simpson:
    """Both slopes for `groups` groups of `size` points.

    The groups' means lie on a line of slope `between`; inside each group y rises by `within` per unit of x.
    """
    from lmmkit import lmer

    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(groups), size)
    centres = _APART * (np.arange(groups) - (groups - 1) / 2)
    inside = rng.normal(0.0, 0.7, (groups, size))
    inside = (inside - inside.mean(1, keepdims=True)).ravel()
    errors = rng.standard_normal((groups, size)).ravel()
    x = centres[codes] + inside
    y = 10 + between * centres[codes] + within * inside + noise * errors
    data = pd.DataFrame({"x": x, "y": y, "group": [f"g{c + 1}" for c in codes]})

    n = len(x)
    sxx = ((x - x.mean()) ** 2).sum()
    b = ((x - x.mean()) * y).sum() / sxx
    a = y.mean() - b * x.mean()
    pooled_se = np.sqrt(((y - a - b * x) ** 2).sum() / (n - 2) / sxx)
    slope = slope_se = None
    intercepts = np.full(groups, a)
    # A mixed model needs two groups, and something that the line through all points leaves over.
    if groups > 1 and (noise > 0 or within != between):
        fit = lmer("y ~ x + (1 | group)", data)
        slope, slope_se = float(fit.fixef["x"]), float(fit.se["x"])
        intercepts = fit.coef()["group"]["(Intercept)"].to_numpy()
    elif groups > 1:
        slope, slope_se = float(b), 0.0
    means = np.column_stack([centres, y.reshape(groups, size).mean(1)])
    return Simpson(data, groups, (float(a), float(b)), float(pooled_se), slope, slope_se, intercepts, means)


def draw(r: Simpson, fig: Figure) -> None:
    """The points by group with the mixed model's lines, the pooled line, and both slopes with their
    intervals.
    """
    left, right = style.panels(fig, (2.1, 1), gap=0.13)
    codes = pd.factorize(r.data["group"])[0]
    x, y = r.data["x"].to_numpy(), r.data["y"].to_numpy()
    for g in range(r.groups):
        mine = codes == g
        look = style.group_style(g)
        left.plot(x[mine], y[mine], linestyle="", markersize=6, alpha=0.75, **look)
        if r.slope is not None:
            ends = np.array([x[mine].min(), x[mine].max()])
            left.plot(ends, r.intercepts[g] + r.slope * ends, color=look["color"], linewidth=3)
    ends = np.array([x.min(), x.max()])
    left.plot(ends, r.pooled[0] + r.pooled[1] * ends, color=style.BLACK, linestyle="--", linewidth=3)
    left.set(xlabel="x", ylabel="y", title="dashed: pooled line; solid: mixed model")

    rows = [("pooled", r.pooled[1], r.pooled_se, style.BLACK, "s")]
    if r.slope is not None and r.slope_se is not None:
        rows.append(("mixed", r.slope, r.slope_se, style.RED, "o"))
    for place, (name, slope, se, colour, marker) in enumerate(rows):
        low, high = slope - 1.96 * se, slope + 1.96 * se
        style.interval(right, low, slope, high, -place, marker=marker, color=colour, size=11)
        right.text(0.0, 0.22 - place, f"{name} {number(slope)}", ha="center", color=colour, fontsize=16)
    for place in range(len(rows)):
        right.plot([0, 0], [-0.3 - place, 0.12 - place], color=style.GREY, linestyle=":", zorder=0)
    reach = max(0.6, *(abs(slope) + 2.3 * se for _, slope, se, _, _ in rows)) * 1.25
    right.set(xlim=(-reach, reach), ylim=(-1.5, 0.7), yticks=[], xlabel="slope", title="slopes, ± 1.96 SE")


def sentence(r: Simpson) -> str:
    """Both slopes in words."""
    pooled = f"Through all points the line has slope {number(r.pooled[1])} (SE {r.pooled_se:.2f})"
    if r.slope is None:
        return f"{pooled}; with a single group there is nothing else to see."
    assert r.slope_se is not None
    mixed = f"inside the groups the mixed model finds {number(r.slope)} (SE {r.slope_se:.2f})"
    if r.paradox:
        return f"{pooled}, but {mixed}: the trend turns round, which is Simpson's paradox."
    return f"{pooled}, and {mixed}: both point the same way, so there is no paradox."


EXPLORER = Explorer(
    name="simpson",
    title="Simpson's paradox: which slope do you mean?",
    prompt="Turn the slope between the groups while the slope within them stays; watch the two lines part.",
    controls=(
        Slider("within", "Slope within groups", -2.0, 2.0, 0.1),
        Slider("between", "Slope between groups", -2.0, 2.0, 0.1),
        Slider("groups", "Groups", 1, 12, 1),
        Slider("noise", "Noise (SD)", 0.0, 3.0, 0.1),
        Slider("size", "Points per group", 3, 40, 1),
        Number("seed", "Seed", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
)
