"""How every explorer's picture looks: colours told apart by colour-blind eyes, letters read from the back
row.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from lmmkit.formatting.colours import (
    BLACK,
    BLUE,
    COLOURS,
    CONTROL,
    GREEN,
    GREY,
    LINES,
    MARKERS,
    ORANGE,
    PINK,
    RED,
    SKY,
    TREATED,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

__all__ = [
    "BLACK", "BLUE", "COLOURS", "CONTROL", "DPI", "FAINT", "GREEN", "GREY", "LINES", "MARKERS", "ORANGE", "PINK", "RED",
    "SKY", "TREATED", "axes", "bars", "dots", "group_style", "interval", "line", "look", "new_figure", "panels",
    "png", "shown",
]  # fmt: skip

FAINT = "#949494"  # the palest line that has three times the contrast of the paper

DPI = 100
_RC = {
    "font.size": 15.5,
    "axes.titlesize": 16.0,
    "axes.labelsize": 15.5,
    "xtick.labelsize": 14.5,
    "ytick.labelsize": 14.5,
    "legend.fontsize": 14.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titley": 1.02,  # a fixed place spares measuring all that is above the axes
    "lines.linewidth": 2.0,
    "text.hinting": "none",  # a quarter of the time of a redraw
}


def group_style(number: int) -> dict[str, Any]:
    """Colour and marker of group `number`: two cues, so that no group is told by its colour alone."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[(number + number // len(COLOURS)) % len(MARKERS)],
    }


def new_figure(size: tuple[float, float]) -> Figure:
    """A figure that belongs to nobody else: pyplot does not know it, so nothing is shown twice or leaks."""
    from matplotlib.figure import Figure

    from lmmkit.course.explorers.letters import Canvas

    fig = Figure(figsize=size, dpi=DPI)
    Canvas(fig)
    return fig


def look() -> AbstractContextManager[None]:
    """The context in which a picture is drawn and saved."""
    import matplotlib

    settings: Any = _RC
    return matplotlib.rc_context(settings)


def png(fig: Figure, caption: str = "") -> bytes:
    """The figure as PNG bytes, with `caption` printed under it where no page can print it."""
    from PIL import Image

    out = io.BytesIO()
    _count_tick_labels(fig, bool(caption))
    if caption:
        text = fig.text(0.01, -0.02, caption, va="top", ha="left", fontsize=14)
        fig.savefig(out, format="png", bbox_inches="tight", pil_kwargs={"optimize": True})
        text.remove()
        return out.getvalue()
    canvas: Any = fig.canvas
    canvas.draw()
    image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1)
    # Few colours are enough for flat drawings: a quarter of the time to pack them, a third of the bytes.
    flat = image.convert("RGB").quantize(palette=_palette(), dither=Image.Dither.NONE)
    flat.save(out, format="png", compress_level=1)
    return out.getvalue()


def _count_tick_labels(fig: Figure, counted: bool) -> None:
    """Whether tick labels are measured: for the edge of a cropped picture; all else stands at fixed places."""
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            for tick in axis.majorTicks:
                tick.label1.set_in_layout(counted)


@cache
def _palette() -> Image:
    """Every colour of the course and its way to white, on which its soft edges and see-through parts lie."""
    from matplotlib.colors import to_rgb
    from PIL import Image

    hues = np.array([to_rgb(colour) for colour in (*COLOURS, GREY)])
    shades = np.linspace(0, 1, 16)[:, None, None]  # with more, white itself is taken for a shade
    values = np.round(255 * (hues + shades * (1 - hues))).astype(np.uint8).reshape(-1)
    picture = Image.new("P", (1, 1))
    picture.putpalette(values.tobytes())
    return picture


def axes(fig: Figure, places: Sequence[tuple[float, float, float, float]]) -> list[Axes]:
    """Empty axes at `places` (left, bottom, width, height).

    A second drawing on the same figure gets the same axes, emptied: making axes and their ticks anew would
    double the time of a redraw. Whatever one drawing sets beside its artists (limits, scales, ticks) the next
    must therefore set too.
    """
    from matplotlib.ticker import MaxNLocator

    if len(fig.axes) == len(places):
        for ax in fig.axes:
            _empty(ax)
        for text in list(fig.texts):
            text.remove()
        return list(fig.axes)
    fig.clear()
    made = []
    width, height = fig.get_size_inches()
    for place in places:
        ax = fig.add_axes(place)
        for axis, inches in ((ax.xaxis, place[2] * width), (ax.yaxis, place[3] * height)):
            axis.set_major_locator(MaxNLocator(4 if inches > 2.5 else 3, steps=[1, 2, 5, 10]))
        # Fixed places of the labels spare measuring every tick label.
        ax.xaxis.set_label_coords(0.5, -0.46 / (place[3] * height))
        ax.yaxis.set_label_coords(-0.58 / (place[2] * width), 0.5)
        made.append(ax)
    return made


def _empty(ax: Axes) -> None:
    from matplotlib.transforms import Bbox

    own: Any = ax
    keep = {ax.title, own._left_title, own._right_title, ax.patch, ax.xaxis, ax.yaxis, *ax.spines.values()}
    for artist in ax.get_children():
        if artist not in keep:
            artist.remove()
    ax.containers.clear()
    ax.dataLim = Bbox.null()
    ax.autoscale(True)


def panels(
    fig: Figure,
    widths: Sequence[float],
    *,
    left: float = 0.085,
    right: float = 0.985,
    bottom: float = 0.16,
    top: float = 0.9,
    gap: float = 0.1,
) -> list[Axes]:
    """Empty axes side by side, `widths` in proportion."""
    room = right - left - gap * (len(widths) - 1)
    places, x = [], left
    for width in widths:
        share = room * width / sum(widths)
        places.append((x, bottom, share, top - bottom))
        x += share + gap
    return axes(fig, places)


def line(ax: Axes, x: ArrayLike, y: ArrayLike, **look: Any) -> None:
    """``ax.plot`` for axes whose limits are set by hand: finding them takes two thirds of its time."""
    from matplotlib.lines import Line2D

    ax.add_artist(Line2D(np.asarray(x), np.asarray(y), **look))


def dots(ax: Axes, x: ArrayLike, y: ArrayLike, marker: str, **look: Any) -> None:
    """The same for points that no line joins."""
    line(ax, x, y, marker=marker, linestyle="", **look)


def shown(
    ax: Axes,
    x: ArrayLike,
    y: ArrayLike,
    marker: str,
    *,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    **look: Any,
) -> int:
    """Points on axes whose limits do not follow them; returns how many lie beyond.

    Those are drawn as a small arrowhead at the edge that they have crossed.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    left, right, under, above = x < xlim[0], x > xlim[1], y < ylim[0], y > ylim[1]
    beyond = left | right | under | above
    dots(ax, x[~beyond], y[~beyond], marker, **look)
    edge = {**look, "markersize": 7, "clip_on": False}
    at = np.clip(x, *xlim), np.clip(y, *ylim)
    for head, mine in (
        ("<", left),
        (">", right),
        ("v", under & ~left & ~right),
        ("^", above & ~left & ~right),
    ):
        if mine.any():
            dots(ax, at[0][mine], at[1][mine], head, **edge)
    return int(beyond.sum())


def interval(
    ax: Axes,
    low: float,
    at: float,
    high: float,
    place: float,
    *,
    marker: str,
    color: str,
    size: float = 10,
    limits: tuple[float, float] | None = None,
) -> None:
    """An estimate and its interval, lying at height `place`: two artists where errorbar makes five.

    An end beyond `limits` of the axis becomes an arrowhead at its edge.
    """
    if limits is None or (limits[0] <= low and high <= limits[1]):
        line(ax, [low, high], [place, place], marker="|", color=color, markersize=12, markeredgewidth=2)
        dots(ax, [at], [place], marker, color=color, markersize=size)
        return
    ends = np.clip([low, high], *limits)
    line(ax, ends, [place, place], color=color)
    for end, head in ((low, "<"), (high, ">")):
        inside = limits[0] <= end <= limits[1]
        mark = "|" if inside else head
        dots(ax, [np.clip(end, *limits)], [place], mark, color=color, markersize=12 if inside else 9,
             markeredgewidth=2 if inside else 1, clip_on=False)  # fmt: skip
    if limits[0] <= at <= limits[1]:
        dots(ax, [at], [place], marker, color=color, markersize=size)


def bars(
    ax: Axes,
    at: ArrayLike,
    length: ArrayLike,
    width: float,
    *,
    base: Any = 0.0,
    across: bool = False,
    **look: Any,
) -> None:
    """Bars as one artist, which draws several times faster than a patch each; `across` makes them
    horizontal.
    """
    from matplotlib.collections import PolyCollection

    place, size, start = np.broadcast_arrays(
        np.asarray(at, float), np.asarray(length, float), np.asarray(base, float)
    )
    low, high = place - width / 2, place + width / 2
    end = start + size
    corners = np.stack(
        [np.stack(pair, -1) for pair in ((low, start), (low, end), (high, end), (high, start))], 1
    )
    if across:
        corners = corners[..., ::-1]
    ax.add_collection(PolyCollection(list(corners), **look), autolim=False)
