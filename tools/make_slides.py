"""A deck for the lecture hall and a hand-out for each lesson: `make slides` writes `dist/slides/`.

A deck has the lesson's pictures, questions and key points, in its order, taken from the executed notebook by the
tags of its cells. It is one file that asks nothing of any other. A hand-out is the same on paper, two slides a sheet,
with the words of each picture below it; Chromium prints it.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser, math_to_image
from nbformat import NotebookNode

from tools.page_rules import PREDICT, TURN
from tools.student_version import tags

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tools" / "slides"
#: A lecture has no time for more.
MOST_SLIDES = 20
#: Words that a slide holds in large letters; with more, they become smaller.
LARGE = 55
#: Words that a slide holds at all.
MOST_WORDS = 100
#: Rows that a table, and lines that a printout may have beside a question; longer ones have a slide of their own.
FEW_ROWS, FEW_LINES = 7, 7
#: Words of a printout and its question together that one slide holds.
MOST_BESIDE = 70
#: Lines that a slide holds.
MOST_LINES = 16
#: How a question speaks of what stands further up.
SPEAKS_OF = re.compile(r"(numbers|words|table|printed) above|use the table", re.IGNORECASE)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@dataclass
class Slide:
    """One slide.

    Parameters
    ----------
    title : str
        The lesson's part that it belongs to.
    body : str
        HTML.
    notes : str
        What stands below it on paper.
    """

    title: str
    body: str
    notes: str = ""


def slides_of(notebook: NotebookNode) -> list[Slide]:
    """The slides of an executed lesson: what it teaches, then pictures and questions in order, then key points.

    A question brings with it the table or printout that it asks about: the last one since the slide before, or before
    that where it speaks of it.
    """
    title, *rest = notebook.cells
    heading, _, goals = title.source.partition("\n")
    goals = re.sub(r"^\*\*(?:Data|Time)\*\*.*", "", goals, flags=re.MULTILINE | re.DOTALL).strip()
    slides = [Slide(heading.lstrip("# "), words(goals))]
    part, above, last = slides[0].title, "", ""
    for cell in rest:
        if cell.cell_type == "markdown":
            asked = question(cell.source)
            fresh = re.findall(r"^## (.+)$", cell.source, re.MULTILINE)[-1:]
            if fresh:
                part, above = fresh[0], ""
            if asked:
                above = above or (last if SPEAKS_OF.search(asked) else "")
                both = len(f"{above} {asked}".split())
                if "<pre" in above and (above.count("\n") >= FEW_LINES or both > MOST_BESIDE):
                    slides.append(Slide(plain(part), above))
                    above = ""
                slides.append(Slide(plain(part), words(asked, "question", above)))
                above = ""
            continue
        drawn = [Slide(plain(part), picture, alt) for picture, alt in pictures(cell)]
        slides += drawn
        shown = printed(cell)
        last = shown if shown.count("\n") else last
        above = "" if drawn else shown or above
        if "box" in tags(cell) and "key_points(" in cell.source:
            slides.append(Slide("Key points", key_points(cell)))
    return slides


def question(text: str) -> str:
    """What a text asks, and what leads to it where a slide has room for both.

    Examples
    --------
    >>> question("Owls hunt.\\n\\n**Your turn.** How often?")
    'Owls hunt.\\n\\n**Your turn.** How often?'
    """
    paragraphs = re.split(r"\n{2,}", text.strip())
    first = next((place for place, said in enumerate(paragraphs) if PREDICT in said or TURN in said), None)
    if first is None:
        return ""
    asked = "\n\n".join(paragraphs[first:])
    before = paragraphs[first - 1] if first else "#"
    most = MOST_WORDS if before.startswith("- ") else LARGE
    roomy = len(f"{before} {asked}".split()) <= most and not before.startswith(("#", "$$"))
    return f"{before}\n\n{asked}" if roomy else asked


def printed(cell: NotebookNode) -> str:
    """The last table or printout of a cell that a slide has room for, as HTML; nothing of a check or a box.

    A printout loses its empty lines and its stars' key, so that the rest can be larger.

    Examples
    --------
    >>> output = nbformat.v4.new_output("stream", text="slope 0.98\\n")
    >>> printed(nbformat.v4.new_code_cell("print(slope)", outputs=[output]))
    '<pre style="--lines:1">slope 0.98</pre>'
    """
    if "check(" in cell.source or tags(cell) & {"box", "explorer"}:
        return ""
    found = ""
    for output in cell.outputs:
        data = output.get("data", {})
        table = re.search(r"<table.*?</table>", data.get("text/html", ""), re.DOTALL)
        text = (output.get("text") or data.get("text/plain", "")).rstrip()
        kept = [
            line
            for line in text.splitlines()
            if line.strip() and not line.startswith(("---", "Signif. codes"))
        ]
        if table:
            found = table[0] if table[0].count("<tr") - 1 <= FEW_ROWS else ""
        elif text and "text/html" not in data and len(kept) <= MOST_LINES:
            found = f'<pre style="--lines:{len(kept)}">{html.escape(chr(10).join(kept))}</pre>'
    return found


def plain(text: str) -> str:
    """Markdown without links, and with formulas as pictures; code stays as it is.

    Examples
    --------
    >>> plain("A [slope](05_slopes.ipynb)")
    'A slope'
    """
    pieces = re.split(r"(`[^`]+`)", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text))
    math = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
    pieces[::2] = [math.sub(lambda found: formula(found[1] or found[2]), piece) for piece in pieces[::2]]
    return "".join(pieces)


def formula(tex: str) -> str:
    """TeX as a picture that stands in a line of text: a deck has no MathJax with it.

    Examples
    --------
    >>> formula("x^2")[:22]
    '<img class="math" alt='
    """
    shown, size = f"${' '.join(tex.split())}$", 10.0
    drawn, letters = io.BytesIO(), FontProperties(size=size)
    depth = math_to_image(shown, drawn, prop=letters, dpi=72, format="svg")
    height = MathTextParser("path").parse(shown, dpi=72, prop=letters).height
    source = base64.b64encode(drawn.getvalue()).decode()
    return (
        f'<img class="math" alt="{html.escape(tex.strip(), quote=True)}" src="data:image/svg+xml;base64,{source}" '
        f'style="height:{height / size:.2f}em;vertical-align:{-depth / size:.2f}em">'
    )


def words(text: str, kind: str = "", above: str = "") -> str:
    """Markdown as the body of a slide, in letters that its length allows; a table or printout may stand above it."""
    long = " long" if above or len(text.split()) > LARGE else ""
    made = MarkdownIt("commonmark").enable("table").render(plain(text))
    return f'<div class="words {kind}{long}">{above}{made}</div>'


def pictures(cell: NotebookNode) -> list[tuple[str, str]]:
    """The pictures that a cell shows, as HTML, each with its words; an explorer's is one of them."""
    found = []
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            alt = " ".join(output.metadata.get("image/png", {}).get("alt", "").split())
            source = f"data:image/png;base64,{data['image/png'].strip()}"
            found.append((f'<figure><img alt="{html.escape(alt, quote=True)}" src="{source}"></figure>', alt))
    return found


def key_points(cell: NotebookNode) -> str:
    """The box at the end, as a list."""
    said = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
    points = re.findall(r"<b>\d+:</b> (.*?)</p>", said)
    long = " long" if sum(len(point.split()) for point in points) > LARGE else ""
    return (
        f'<div class="words points{long}"><ul>{"".join(f"<li>{point}</li>" for point in points)}</ul></div>'
    )


def deck(slides: list[Slide]) -> str:
    """All slides as one page that needs no other file."""
    lesson = html.escape(slides[0].title)
    made = []
    for number, slide in enumerate(slides, 1):
        level = "h1" if number == 1 else "h2"
        title = MarkdownIt("commonmark").renderInline(slide.title)
        notes = f'<p class="notes">{html.escape(slide.notes)}</p>' if slide.notes else ""
        made.append(
            f'<div class="sheet"><section aria-label="slide {number} of {len(slides)}"><{level}>{title}</{level}>'
            f"{slide.body}<footer><span>{lesson}</span><span>{number} / {len(slides)}</span></footer></section>"
            f"{notes}</div>"
        )
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("deck.css", "deck.js"))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{lesson}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head>\n<body>'
        + "\n".join(made)
        + f"\n<script>{script}</script></body></html>\n"
    )


def chromium() -> str | None:
    """Where Chromium is, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def print_handout(page: Path, target: Path) -> None:
    """Print a deck on paper.

    Raises
    ------
    subprocess.CalledProcessError
        When Chromium cannot.
    """
    with tempfile.TemporaryDirectory() as profile:
        command = [str(chromium()), *FLAGS, f"--user-data-dir={profile}", "--no-pdf-header-footer"]
        subprocess.run(
            [*command, f"--print-to-pdf={target}", page.resolve().as_uri()], check=True, capture_output=True
        )


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write a deck and a hand-out for each lesson.")
    parser.add_argument("names", nargs="*", help="beginnings of lessons' names; all when none is given")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist" / "slides")
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    if chromium() is None:
        print("no Chromium is installed here: decks are written, hand-outs are not")
    for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb")):
        if options.names and not path.stem.startswith(tuple(options.names)):
            continue
        slides = slides_of(nbformat.read(path, as_version=4))
        page = options.folder / f"{path.stem}.html"
        page.write_text(deck(slides), encoding="utf-8")
        if chromium():
            print_handout(page, page.with_suffix(".pdf"))
        print(f"{page}: {len(slides)} slides")
    return 0


if __name__ == "__main__":
    sys.exit(main())
