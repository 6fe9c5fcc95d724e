"""Pictures of variance fractions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..formatting.colours import BLUE, COLOURS, GREY
from ..numerics.arrays import Array
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bars", "stratified", "violin"]

RESIDUALS = "#949494"  # what the model does not explain is grey
HATCHES = ("", "//", "\\\\", "xx")  # a second turn through the colours is told apart by its hatch


def violin(fractions: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How the share of each term is spread over the responses: a violin with a box inside.

    Parameters
    ----------
    fractions : DataFrame
        From :func:`lmmkit.variance_partition`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Shares in percent, a violin for each term.

    Notes
    -----
    As ``plotVarPart`` of variancePartition.

    Examples
    --------
    >>> fractions = pd.DataFrame({"tissue": [0.6, 0.2, 0.4], "Residuals": [0.4, 0.8, 0.6]})
    >>> violin(fractions).get_ylabel()
    'variance explained (%)'
    """
    import seaborn as sns

    ax = style.axes(ax, (1.4 * fractions.shape[1] + 1.2, 4.0))
    percent = 100 * pd.DataFrame(fractions).dropna()
    names = list(percent.columns)
    palette = {name: colour for name, (colour, _) in _looks(names).items()}
    long = percent.melt(var_name="term", value_name="percent")
    sns.violinplot(
        long, x="term", y="percent", hue="term", order=names, palette=palette, cut=0, density_norm="width",
        inner="box", linewidth=1, legend=False, ax=ax,
    )  # fmt: skip
    ax.set(xlabel="", ylabel="variance explained (%)", ylim=(0, 100))
    if max(map(len, names)) > 10:
        ax.tick_params(axis="x", rotation=30)
    sns.despine(ax=ax)
    return ax


def bars(fractions: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """One stacked bar for each response, the first at the top.

    Parameters
    ----------
    fractions : DataFrame
        Some rows from :func:`lmmkit.variance_partition`, say ``parts.head(10)``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Shares in percent.

    Notes
    -----
    As ``plotPercentBars`` of variancePartition.

    Examples
    --------
    >>> fractions = pd.DataFrame({"tissue": [0.6, 0.2], "Residuals": [0.4, 0.8]}, index=["gene 1", "gene 2"])
    >>> bars(fractions).get_xlabel()
    'variance explained (%)'
    """
    import seaborn as sns

    ax = style.axes(ax, (7.0, 0.34 * len(fractions) + 1.3))
    at = np.arange(len(fractions))
    left = np.zeros(len(fractions))
    for name, (colour, hatch) in _looks(list(fractions.columns)).items():
        width = 100 * fractions[name].to_numpy()
        ax.barh(at, width, 0.8, left=left, color=colour, hatch=hatch, edgecolor="white", label=name)
        left = left + width
    labels = [str(name) for name in fractions.index]
    ax.set(yticks=at, yticklabels=labels, xlim=(0, 100), xlabel="variance explained (%)")
    ax.set_ylim(len(fractions) - 0.5, -0.5)
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    sns.despine(ax=ax, left=True)
    ax.tick_params(axis="y", length=0)
    ax.figure.set_layout_engine("tight")  # type: ignore[union-attr]
    return ax


def stratified(values: pd.Series, by: pd.Series, ax: Axes | None = None) -> Axes:
    """A response in each level of a factor: boxes with the observations over them.

    Parameters
    ----------
    values : Series of length n
        Its name labels the axis.
    by : Series of length n
        The factor.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        In the units of the response.

    Notes
    -----
    As ``plotStratify`` of variancePartition. Levels stand in their own order.

    Examples
    --------
    >>> tissue, values = pd.Series(list("aabb"), name="tissue"), pd.Series([1.0, 2.0, 3.0, 5.0], name="gene 1")
    >>> stratified(values, tissue).get_ylabel()
    'gene 1'
    """
    import seaborn as sns

    ordered = isinstance(by.dtype, pd.CategoricalDtype)
    levels = list(by.cat.categories) if ordered else sorted(by.dropna().unique())
    ax = style.axes(ax, (max(4.0, 0.3 * len(levels) + 1.5), 3.8))
    long = pd.DataFrame({"by": by.to_numpy(), "value": values.to_numpy()}).dropna()
    shown: dict[str, Any] = {"x": "by", "y": "value", "order": levels, "ax": ax}
    sns.stripplot(long, **shown, color=BLUE, size=4, alpha=0.7, jitter=0.15)
    _boxes(ax, [long["value"][long["by"] == level].to_numpy() for level in levels])
    ax.set(xlabel=str(by.name), ylabel=str(values.name))
    if len(levels) > 12:
        ax.tick_params(axis="x", rotation=90)
    sns.despine(ax=ax)
    return ax


def _looks(names: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and hatch of each term."""
    looks, number = {}, 0
    for name in names:
        if name == "Residuals":
            looks[name] = (RESIDUALS, "")
            continue
        looks[name] = (COLOURS[number % len(COLOURS)], HATCHES[number // len(COLOURS) % len(HATCHES)])
        number += 1
    return looks


def _boxes(ax: Axes, values: list[Array]) -> None:
    """Boxes behind what stands at 0, 1, 2, …; without outliers, which the points show.

    By matplotlib itself: seaborn 0.13 asks for them in a way that matplotlib is about to forget.
    """
    line: Any = {"color": GREY, "linewidth": 1}
    face: Any = {"facecolor": "#cfe3f1", "edgecolor": GREY, "linewidth": 1}
    ax.boxplot(
        values, positions=range(len(values)), widths=0.6, showfliers=False, patch_artist=True, boxprops=face,
        medianprops=line, whiskerprops=line, capprops=line, manage_ticks=False, zorder=0,
    )  # fmt: skip
