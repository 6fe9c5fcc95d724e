"""A printout as a picture, with an arrow to each of its lines and words at the arrow's other end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from lmmkit.errors import DataError
from lmmkit.formatting.colours import BLUE

__all__ = ["annotated"]

#: Inches: the picture's width and a line's height; points: the letters.
WIDTH, LINE, LETTERS = 10.0, 0.26, 14
#: Of a line, how high an empty one is drawn.
EMPTY = 0.35
#: The share of the width where the words begin, and the printed letters that stand left of it.
WORDS_AT, PRINTED = 0.6, 50


def annotated(printout: object, notes: Mapping[str, str]) -> str:
    """Draw a printout with an arrow to each line that is explained; returns the same in words.

    Parameters
    ----------
    printout : object
        What is printed, such as ``fit.summary(ddf="none")``; its messages, which stand last, are left out.
    notes : mapping of str to str
        How a line begins, leading spaces aside, and what it says. Keys are looked for one after the other, each
        below the line of the one before. Long notes are broken with line breaks by whoever writes them.

    Returns
    -------
    str
        Each explained line with its words: the picture's alternative text.

    Raises
    ------
    DataError
        If no line begins like a key, or if a printed line is too long for the picture.

    Examples
    --------
    >>> print(annotated("Residual 0.94\\nNumber of obs: 50", {"Residual": "within", "Number": "mice"}))
    A printout with a note at each line. "Residual 0.94": within. "Number of obs: 50": mice.
    >>> import matplotlib.pyplot as plt
    >>> plt.close()  # a notebook has lesson.show(...) instead
    """
    import matplotlib.pyplot as plt

    lines = str(printout).split("\nMessages:")[0].rstrip().splitlines()
    longest = max(map(len, lines))
    if longest > PRINTED:
        raise DataError(f"a line of {longest} letters does not fit: the picture has room for {PRINTED}")
    places = places_of(lines, list(notes))
    heights = [0.9 * (note.count("\n") + 1) for note in notes.values()]  # a note is set tighter
    starts = [0.0, *accumulate(1.0 if line.strip() else EMPTY for line in lines)]
    tops = spread([starts[place] for place in places], heights)
    rows = max(starts[-1], tops[-1] + heights[-1])
    fig = plt.figure(figsize=(WIDTH, LINE * (rows + 0.6)))
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 1), ylim=(rows + 0.3, -0.3))
    ax.axis("off")
    for start, line in zip(starts[:-1], lines, strict=True):
        ax.text(0.01, start + 0.5, line, family="monospace", fontsize=LETTERS, va="center")
    for place, top, height, note in zip(places, tops, heights, notes.values(), strict=True):
        end = (
            0.02 + len(lines[place]) * 0.0109,
            starts[place] + 0.5,
        )  # a letter of 14 points is 0.109 inches wide
        ax.annotate(
            note, end, (WORDS_AT, top + height / 2), fontsize=LETTERS - 0.5, va="center", color=BLUE,
            linespacing=1.15, arrowprops={"arrowstyle": "->", "color": BLUE, "lw": 1.3, "relpos": (0, 0.5)},
        )  # fmt: skip
    told = [
        f'"{" ".join(lines[at].split())}": {" ".join(note.split()).rstrip(".")}.'
        for at, note in zip(places, notes.values(), strict=True)
    ]
    return " ".join(["A printout with a note at each line.", *told])


def places_of(lines: Sequence[str], keys: Sequence[str]) -> list[int]:
    """The line that begins like each key, each below the one before.

    Raises
    ------
    DataError
        If there is none.
    """
    places: list[int] = []
    for key in keys:
        below = places[-1] + 1 if places else 0
        found = next((at for at in range(below, len(lines)) if lines[at].lstrip().startswith(key)), None)
        if found is None:
            raise DataError(
                f"no line of the printout begins with {key!r} (below the one explained before it)"
            )
        places.append(found)
    return places


def spread(wanted: Sequence[float], heights: Sequence[float], gap: float = 0.25) -> list[float]:
    """Tops of blocks of these heights, in order, each as near as can be to its line and none over another.

    Parameters
    ----------
    wanted : sequence of float
        The lines that the blocks belong to, from top to bottom.
    heights : sequence of float
        How many lines each block has.
    gap : float
        The least distance between two blocks, in lines.

    Returns
    -------
    list of float

    Examples
    --------
    >>> spread([0, 1, 5], [1, 2, 1], gap=0)
    [0.0, 1.0, 5.0]
    >>> spread([3, 3], [2, 2], gap=0)
    [1.5, 3.5]
    """
    blocks: list[list[float]] = []  # [top, height] of runs of blocks that touch each other
    members: list[list[int]] = []
    for number, (line, height) in enumerate(zip(wanted, heights, strict=True)):
        blocks.append([max(0.0, line + 0.5 - height / 2), height])
        members.append([number])
        while len(blocks) > 1 and blocks[-2][0] + blocks[-2][1] + gap > blocks[-1][0]:
            below, those = blocks.pop(), members.pop()
            above = blocks[-1]
            shift = (above[0] + above[1] + gap - below[0]) * len(those) / (len(those) + len(members[-1]))
            above[0] = max(0.0, above[0] - shift)
            above[1] += gap + below[1]
            members[-1] += those
    tops: list[float] = []
    for (top, _), run in zip(blocks, members, strict=True):
        for number in run:
            tops.append(top)
            top += heights[number] + gap
    return tops
