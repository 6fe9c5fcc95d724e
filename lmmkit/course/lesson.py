"""What the lessons say with computed numbers: sentences, boxes, and one look for all pictures."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from lmmkit.course.annotated import annotated
from lmmkit.errors import DataError
from lmmkit.formatting.colours import BLUE, CONTROL, GREEN, GREY, ORANGE, PINK, RED, SKY, TREATED
from lmmkit.formatting.noted_table import with_p_values
from lmmkit.formatting.wording import p_value

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "BLUE", "CONTROL", "GREEN", "GREY", "ORANGE", "PINK", "RED", "SKY", "TREATED", "Box", "annotated", "in_words",
    "key_points", "lecture_vs_truth", "p_value", "table_text", "use_course_look",
]  # fmt: skip


class Box:
    """A framed piece of text that shows itself at the end of a cell.

    Attributes
    ----------
    title : str
    rows : list of (str, str)
        A label and its text, one pair a line.
    colour : str
        Of the frame's left edge.
    """

    def __init__(self, title: str, rows: list[tuple[str, str]], colour: str) -> None:
        self.title, self.rows, self.colour = title, rows, colour

    def __repr__(self) -> str:
        lines = [f"  {label}: {text}" if label else f"  {text}" for label, text in self.rows]
        return "\n".join([self.title, *lines])

    def _repr_html_(self) -> str:
        lines = "".join(
            f"<p style='margin:4px 0'>{f'<b>{html.escape(label)}:</b> ' if label else ''}"
            f"{html.escape(text)}</p>"
            for label, text in self.rows
        )
        return (
            f"<div style='border:1px solid #999;border-left:6px solid {self.colour};padding:6px 14px;"
            f"margin:8px 0;max-width:52em'><b>{html.escape(self.title)}</b>{lines}</div>"
        )


def lecture_vs_truth(where: str, says: str, truth: str, evidence: str = "") -> Box:
    """Put a slip of a lecture right, kindly, with the evidence beside it.

    Parameters
    ----------
    where : str
        Lecture and slide or section.
    says : str
        What stands there, in our own words.
    truth : str
        What is right.
    evidence : str
        What the lesson has just computed that shows it.

    Returns
    -------
    Box

    Examples
    --------
    >>> lecture_vs_truth("000, slide 15", "lmer lives in package lme", "lmer lives in lme4")
    Lecture vs. truth (000, slide 15)
      The lecture: lmer lives in package lme
      The truth: lmer lives in lme4
    """
    rows = [("The lecture", says), ("The truth", truth)]
    return Box(f"Lecture vs. truth ({where})", rows + ([("Seen here", evidence)] if evidence else []), RED)


def key_points(*points: str) -> Box:
    """The handful of sentences to take home.

    Examples
    --------
    >>> key_points("Mice differ.", "So do owls.")
    Key points
      1: Mice differ.
      2: So do owls.
    """
    return Box("Key points", [(str(number), point) for number, point in enumerate(points, 1)], GREEN)


def in_words(*sentences: str) -> Box:
    """Sentences that contain numbers a cell has computed.

    Examples
    --------
    >>> in_words(f"The mean of the two is {(1 + 3) / 2:.1f}.")
    In words
      The mean of the two is 2.0.
    """
    return Box("In words", [("", sentence) for sentence in sentences], BLUE)


def table_text(table: DataFrame, digits: int = 3) -> str:
    """A table to print, its numbers rounded; p-values are never printed as nought.

    Parameters
    ----------
    table : DataFrame
    digits : int
        Decimals of all numbers but p-values, which have three.

    Returns
    -------
    str

    Examples
    --------
    >>> import pandas as pd
    >>> print(table_text(pd.DataFrame({"t": [13.4965, 1.2], "p_value": [2e-19, 0.23456]}, index=["a", "b"])))
            t p_value
    a  13.496  <0.001
    b   1.200   0.235
    """
    return with_p_values(table).round(digits).to_string(na_rep="")


def show(alt: str) -> None:
    """Show the picture that was drawn last, with words for whoever does not see it.

    Parameters
    ----------
    alt : str
        What is to be seen, in a sentence or two: not which curves were drawn, but how they lie. Numbers in it
        are computed.

    Raises
    ------
    DataError
        If nothing was drawn, or the words are too few to say anything.

    Examples
    --------
    >>> show("A cloud of 180 dots that rises to the right.")
    Traceback (most recent call last):
        ...
    lmmkit.errors.DataError: there is no picture to show: draw one in the same cell first
    """
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.pylabtools import print_figure
    from IPython.display import display

    if len(alt.split()) < 5:
        raise DataError(f"say in a sentence what is to be seen in the picture, not only {alt!r}")
    if not plt.get_fignums():
        raise DataError("there is no picture to show: draw one in the same cell first")
    figure = plt.gcf()
    if InteractiveShell.initialized():
        png = print_figure(figure, fmt="png", base64=True)
        display({"image/png": png, "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)
        plt.close(figure)
    else:
        plt.show()


def use_course_look() -> None:
    """Pictures of one size, with letters that can be read from the back of the room."""
    import matplotlib.pyplot as plt

    look: Any = {
        "figure.figsize": (8.0, 4.6),
        "figure.dpi": 100,
        "font.size": 13,
        "axes.titlesize": 14,
        "axes.titlelocation": "left",
        "axes.labelsize": 13,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "legend.fontsize": 12,
        "lines.linewidth": 2.0,
        "axes.prop_cycle": plt.cycler(color=[BLUE, RED, GREEN, PINK, ORANGE, SKY, GREY]),
    }
    plt.rcParams.update(look)
