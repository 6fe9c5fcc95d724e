"""A canvas that remembers the words it has drawn: a moved slider changes few of them, and letters are slow."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, cos, radians, sin
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray

__all__ = ["Canvas"]

_MARGIN = 8  # pixels around a word, for letters that reach beyond their box


class Word(NamedTuple):
    """How much ink each pixel has, and where the bottom left of that lies from the word's own origin."""

    ink: NDArray[np.uint8]
    left: int
    bottom: int


@lru_cache(maxsize=2048)
def _word(text: str, font: FontProperties, angle: float, maths: bool, dpi: float) -> Word:
    """The word drawn by matplotlib on a sheet of its own."""
    width, height, _ = RendererAgg(1, 1, dpi).get_text_width_height_descent(text, font, maths)
    across, along = abs(sin(radians(angle))), abs(cos(radians(angle)))
    x = ceil(along * width + across * height) + _MARGIN
    y = ceil(across * width + along * height) + _MARGIN
    sheet = RendererAgg(2 * x, 2 * y, dpi)
    sheet.draw_text(sheet.new_gc(), x, y, text, font, angle, maths)
    ink = np.asarray(sheet.buffer_rgba())[..., 3]
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return Word(np.zeros((0, 0), np.uint8), 0, 0)
    inked = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Word(np.ascontiguousarray(inked), int(columns[0]) - x, int(rows[-1]) + 1 - y)


class _Renderer(RendererAgg):
    """Matplotlib's own, with words set at whole pixels from memory."""

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        word = _word(s, prop.copy(), angle, bool(ismath), self.dpi)
        if word.ink.size:
            self._renderer.draw_text_image(word.ink, round(x) + word.left, round(y) + word.bottom, 0, gc)


class Canvas(FigureCanvasAgg):
    """Matplotlib's canvas for pictures in memory, with that renderer."""

    def get_renderer(self) -> RendererAgg:
        width, height = self.get_width_height(physical=True)
        key = width, height, self.figure.dpi
        if self._lastKey != key:
            self.renderer = _Renderer(width, height, self.figure.dpi)
            self._lastKey = key
        return self.renderer
