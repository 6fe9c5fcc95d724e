"""The look of all pictures: letters, sizes, legends, and the curves that several of them draw."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy import stats

from ..fitted.predict import predict
from ..formatting.colours import BLACK, BLUE, COLOURS, GREY, LINES, MARKERS, PALE, RED
from ..formula.syntax import read
from ..formula.tree import children, write
from ..numerics import arguments
from ..numerics.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


__all__ = [
    "BLACK", "BLUE", "COLOURS", "GREY", "LINES", "MARKERS", "PALE", "RED", "alpha", "axes",
    "legend_above", "look", "normal_quantiles", "panels", "predictor", "qq_band", "qq_line", "response",
    "smoother",
]  # fmt: skip

SIZE = (6.4, 4.4)  # inches


def look() -> AbstractContextManager[None]:
    """The context in which a picture is drawn: readable at the size at which a notebook shows it."""
    import matplotlib

    settings: Any = {
        "font.size": 11.0,
        "axes.titlesize": 12.0,
        "axes.labelsize": 11.5,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "figure.constrained_layout.use": True,
        "legend.frameon": False,
        "lines.linewidth": 2.0,
    }
    return matplotlib.rc_context(settings)


def axes(ax: Axes | None, size: tuple[float, float] = SIZE) -> Axes:
    """The axes given, or new ones in a figure of their own."""
    if ax is not None:
        return cast("Axes", arguments.axes(ax))
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size)[1]


def panels(count: int, width: float = 3.4, height: float = 3.0, most: int = 3) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels, at most so many in a row; places left over are empty."""
    import matplotlib.pyplot as plt

    columns = min(count, most)
    rows = -(-count // columns)
    size = (max(width * columns, 4.6), height * rows)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False)
    every = list(grid.ravel())
    for ax in every[count:]:
        ax.set_visible(False)
    return figure, every[:count]


def legend_above(ax: Axes) -> None:
    """The legend above the upper right corner, where it covers no data; the title stands on the left."""
    look: Any = {"ncols": 2, "fontsize": 9.5, "handlelength": 1.5, "columnspacing": 1.0}
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.3, **look)


def alpha(n: int) -> float:
    """How opaque points are: the more of them, the less."""
    return float(np.clip(40 / np.sqrt(n) / 4, 0.15, 0.75))


def smoother(x: Array, y: Array) -> tuple[Array, Array]:
    """Lowess, at the distinct values of x (Cleveland 1979; statsmodels)."""
    from statsmodels.nonparametric.smoothers_lowess import lowess

    if np.ptp(x) == 0:
        return x[:1], np.array([y.mean()])
    found = lowess(y, x, frac=2 / 3, delta=0.01 * float(np.ptp(x)))
    keep = np.append(True, np.diff(found[:, 0]) > 0) & np.isfinite(found[:, 1])
    return found[keep, 0], found[keep, 1]


def normal_quantiles(n: int) -> Array:
    """Where the quantiles of n normal values are expected (R's ``ppoints``)."""
    a = 3 / 8 if n <= 10 else 1 / 2
    return np.asarray(stats.norm.ppf((np.arange(1, n + 1) - a) / (n + 1 - 2 * a)))


def qq_line(ordered: Array) -> tuple[float, float]:
    """Intercept and slope of the line through the quartiles (R's ``qqline``)."""
    low, high = np.quantile(ordered, [0.25, 0.75])
    slope = (high - low) / (2 * stats.norm.ppf(0.75))
    return float((low + high) / 2), float(slope)


def qq_band(n: int, level: float = 0.95) -> tuple[Array, Array]:
    """Where each ordered value of n standard normal ones lies with this probability, one at a time."""
    i = np.arange(1, n + 1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = (stats.norm.ppf(stats.beta.ppf(tail, i, n - i + 1)) for tail in tails)
    return np.asarray(low), np.asarray(high)


def response(fit: Any) -> str:
    """What the response is called on an axis; hits out of trials are a share."""
    text: str = fit.design.response
    if fit.design.trials is None:
        return text
    hits = children(read(text))[0]
    return f"share of {write(hits)}"


def predictor(fit: Any) -> Array:
    """Linear predictor of each row, with the random effects if there are any."""
    return np.asarray(predict(fit, kind="link"))
