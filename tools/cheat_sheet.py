"""The cheat sheet: one page with formula, picture and sentence, and with question, test and line of code.

What stands on it comes from `lessons/source/cheat_sheet.toml`; this file draws it, as a PDF to print and as a
notebook to look into.
"""

import base64
import io
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from lmmkit.formatting.colours import BLUE, GREEN, GREY, PINK, RED
from tools.student_version import regular

SOURCE = Path("lessons", "source", "cheat_sheet.toml")
PAGE = Path("lessons", "cheat_sheet.ipynb")
PDF = Path("lessons", "cheat_sheet.pdf")
A4 = (11.69, 8.27)
COLOURS = (BLUE, RED, GREEN, PINK)
X = np.array([0.0, 1.0])
Row = dict[str, str]


def read(root: Path) -> dict[str, list[Row]]:
    """Its rows: `model` and `question`; none where there is no sheet."""
    if not (root / SOURCE).exists():
        return {"model": [], "question": []}
    with (root / SOURCE).open("rb") as file:
        return tomllib.load(file)


# ---------------------------------------------------------------- seven small pictures


def one(ax: Axes) -> None:
    """One line through dots of all groups."""
    ax.plot(X, 0.3 + 0.4 * X, color="black", lw=2)
    _dots(ax, [0.14, 0.26, 0.37, 0.46], [0.4] * 4)


def parallel(ax: Axes) -> None:
    """Four parallel lines."""
    _lines(ax, [0.1, 0.25, 0.4, 0.55], [0.35] * 4)


def fan(ax: Axes) -> None:
    """Four lines, the higher the steeper."""
    _lines(ax, [0.15, 0.22, 0.3, 0.36], [0.1, 0.25, 0.4, 0.55])


def loose(ax: Axes) -> None:
    """Four lines whose slopes have nothing to do with their levels."""
    _lines(ax, [0.1, 0.25, 0.45, 0.6], [0.5, 0.1, 0.45, 0.2])


def nested(ax: Axes) -> None:
    """Two large circles, each with three small ones of its own."""
    _tree(ax, {0.25: (0.1, 0.25, 0.4), 0.75: (0.6, 0.75, 0.9)})


def crossed(ax: Axes) -> None:
    """Three circles above, three below, each joined with each."""
    columns = (0.15, 0.5, 0.85)
    _tree(ax, dict.fromkeys(columns, columns))


def counts(ax: Axes) -> None:
    """Curves that bend upwards, one a group."""
    x = np.linspace(0, 1, 40)
    for height, colour in zip((0.05, 0.09, 0.14, 0.2), COLOURS, strict=True):
        ax.plot(x, height * np.exp(1.5 * x), color=colour, lw=1.8)


def _lines(ax: Axes, levels: list[float], slopes: list[float]) -> None:
    for level, slope, colour in zip(levels, slopes, COLOURS, strict=True):
        ax.plot(X, level + slope * X, color=colour, lw=1.8)
    _dots(ax, levels, slopes)


def _dots(ax: Axes, levels: list[float], slopes: list[float]) -> None:
    x = np.array([0.1, 0.35, 0.6, 0.85])
    off = np.array([0.03, -0.035, 0.02, -0.02])
    for level, slope, colour, marker in zip(levels, slopes, COLOURS, "os^D", strict=True):
        ax.plot(x, level + slope * x + off, marker, color=colour, ms=3)
        off = -np.roll(off, 1)


def _tree(ax: Axes, joined: dict[float, tuple[float, ...]]) -> None:
    for above, below in joined.items():
        for place in below:
            ax.plot([above, place], [0.8, 0.2], color=GREY, lw=1.2, zorder=1)
            ax.plot(place, 0.2, "s", color=RED, ms=8, zorder=2)
        ax.plot(above, 0.8, "o", color=BLUE, ms=11, zorder=2)
    ax.text(-0.03, 0.8, "a", va="center", ha="right")
    ax.text(-0.03, 0.2, "b", va="center", ha="right")


PICTURES: dict[str, Callable[[Axes], None]] = {
    draw.__name__: draw for draw in (one, parallel, fan, loose, nested, crossed, counts)
}


# ---------------------------------------------------------------- the page


def draw(rows: dict[str, list[Row]]) -> Figure:
    """The sheet, an A4 page across."""
    figure = Figure(figsize=A4)
    figure.text(0.03, 0.955, "Mixed models on one page", fontsize=18, weight="bold")
    figure.text(0.97, 0.955, "lmmkit", fontsize=12, ha="right", color=GREY)
    width = 0.94 / len(rows["model"])
    for number, row in enumerate(rows["model"]):
        _model(figure, row, 0.03 + number * width, width)
    _questions(figure, rows["question"])
    return figure


def _model(figure: Figure, row: Row, left: float, width: float) -> None:
    figure.text(left, 0.905, row["name"], fontsize=10, weight="bold", color=BLUE)
    formula = row["formula"].replace(" + (", "\n+ (", 1) if len(row["formula"]) > 18 else row["formula"]
    figure.text(left, 0.89, formula, fontsize=8, family="monospace", va="top")
    ax = figure.add_axes((left, 0.69, width - 0.02, 0.145))
    PICTURES[row["picture"]](ax)
    ax.set(xlim=(-0.12, 1.05), ylim=(-0.02, 1.0), xticks=[], yticks=[])
    ax.spines[["top", "right"]].set_visible(False)
    figure.text(left, 0.675, textwrap.fill(row["sentence"], 23), fontsize=8.5, va="top", linespacing=1.35)


def _questions(figure: Figure, rows: list[Row]) -> None:
    columns = (0.03, 0.34, 0.58)
    top, bottom = 0.525, 0.03
    step = (top - bottom) / (len(rows) + 1)
    titles = ("You ask", "Test or method", "Line of code")
    for left, title in zip(columns, titles, strict=True):
        figure.text(left, top, title, fontsize=10, weight="bold", color=BLUE, va="center")
    for number, row in enumerate(rows, 1):
        height = top - number * step
        figure.add_artist(_rule(height + step / 2))
        figure.text(columns[0], height, row["question"], fontsize=9, va="center")
        figure.text(columns[1], height, row["test"], fontsize=9, va="center")
        figure.text(columns[2], height, row["code"], fontsize=8.5, va="center", family="monospace")


def _rule(height: float) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([0.03, 0.97], [height, height], color="#cccccc", lw=0.6)


def _drawn(rows: dict[str, list[Row]], **how: Any) -> bytes:
    """The sheet as a file, whatever look of pictures has been set before."""
    buffer = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        draw(rows).savefig(buffer, **how)
    return buffer.getvalue()


def pdf(rows: dict[str, list[Row]]) -> bytes:
    """The sheet to print; the same bytes each time."""
    return _drawn(rows, format="pdf", metadata={"CreationDate": None})


def page(rows: dict[str, list[Row]]) -> NotebookNode:
    """The sheet as a notebook: the picture of the models, and both tables as text."""
    picture = _drawn(rows, format="png", dpi=110, metadata={"Software": None})
    alt = "; ".join(f"{row['name']}, {row['formula'].replace('|', 'by')}" for row in rows["model"])
    top = new_markdown_cell(
        "# Mixed models on one page\n\n[As a PDF, to print](cheat_sheet.pdf). "
        "Words are explained in the [glossary](glossary.ipynb).\n\n"
        f"![Seven small pictures: {alt}. Below them the table that also follows as text]"
        "(attachment:sheet.png)"
    )
    top.attachments = {"sheet.png": {"image/png": base64.b64encode(picture).decode()}}
    models = [f"| `{_bar(row['formula'])}` | {row['name']} | {row['sentence']} |" for row in rows["model"]]
    questions = [f"| {row['question']} | {row['test']} | `{row['code']}` |" for row in rows["question"]]
    return regular(
        [
            top,
            new_markdown_cell("\n".join(["## Formula", "", *_head("Formula", "Name", "It says"), *models])),
            new_markdown_cell("\n".join(["## Question", "", *_head("You ask", "Test", "Code"), *questions])),
        ]
    )


def _head(*titles: str) -> list[str]:
    return [f"| {' | '.join(titles)} |", f"| {' | '.join('---' for _ in titles)} |"]


def _bar(formula: str) -> str:
    """A formula inside a table of Markdown, where a bar would end the cell."""
    return formula.replace("|", "\\|")
