"""What a lesson asks of its reader: words, screens, minutes, and how much of its code is model code.

`python -m tools.lesson_report` measures the stored notebooks and writes `lessons/REPORT.md`; with names, such as
`06`, it only prints the rows of these lessons. The limits stand in `tools.page_rules`.

The height of a page is estimated, in pixels of a JupyterLab 1300 px wide: 21 for a line of 110 letters of text,
17 for a line of code or of printed text, 30 for a row of a table and for a folded cell, pictures by their own height
(made smaller when they are wider than the page), and 12 to 45 around cells, paragraphs and headings. A screen is
900 px. In a browser, lesson 2 was once 16,700 px and lesson 6 9,800 px high; by this rule they were 16,300 and 9,500.

The minutes that a reader needs are reckoned, too: a minute for 200 words, for six visible lines of code and for thirty
lines of printed text or rows of a table; half a minute for a picture or a formula; a minute and a half for a question
and four for an explorer. A lesson must not promise to be shorter.
"""

from __future__ import annotations

import ast
import base64
import math
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools import glossary, page_rules
from tools.build_notebooks import ROOT

PAGE = Path("lessons", "REPORT.md")
SCREEN = 900
WIDTH, LETTERS = 1000, 110
#: How many a reader takes in a minute, and how many minutes one takes.
WORDS, CODE, PRINTED = 200, 6, 30
SIGHT, QUESTION, EXPLORER = 0.5, 1.5, 4.0
#: Names that draw, and names that frame: statements that use them are the page's, not the model's.
DRAWING = {"plt", "ax", "axes", "fig", "sns", "show", "legend"}
FRAMES = {"key_points", "lecture_vs_truth", "in_words", "Box", "use_course_look"}


@dataclass(frozen=True)
class Report:
    """The measures of one lesson.

    Attributes
    ----------
    name : str
        The notebook's file, without its ending.
    words : int
        Of running text, those in boxes counted.
    screens : float
        Of 900 px, folded cells folded.
    model_code : float
        The share of visible lines of code that are data, models or questions to models.
    boxes : int
    box_words : float
        Their share of the words.
    minutes : int
        That the title cell promises; 0 when it does not.
    reckoned : float
        Minutes by what is to be read and done.
    ease : float
        Flesch's reading ease of the text: 60 to 70 is plain English, below 50 hard.
    pictures, described : int
        Stored pictures, and those among them that have words.
    """

    name: str
    words: int
    screens: float
    model_code: float
    boxes: int
    box_words: float
    minutes: int
    reckoned: float
    ease: float
    pictures: int
    described: int

    def faults(self) -> list[str]:
        """In which rules of a page the lesson fails, in words."""
        found = []
        if self.screens > page_rules.MAX_SCREENS:
            found.append(f"{self.screens:.1f} screens, {page_rules.MAX_SCREENS:.0f} are allowed")
        if self.model_code < page_rules.MIN_MODEL_CODE:
            found.append(f"{self.model_code:.0%} model code, {page_rules.MIN_MODEL_CODE:.0%} is asked for")
        if self.boxes > page_rules.MAX_BOXES:
            found.append(f"{self.boxes} boxes, {page_rules.MAX_BOXES} are allowed")
        if self.box_words > page_rules.MAX_BOX_WORDS:
            found.append(
                f"{self.box_words:.0%} of the words in boxes, {page_rules.MAX_BOX_WORDS:.0%} are allowed"
            )
        if self.described < self.pictures:
            found.append(f"{self.pictures - self.described} of {self.pictures} pictures have no words")
        if not self.minutes:
            found.append("the title cell does not say minutes=")
        elif self.minutes < self.reckoned:
            found.append(f"{self.minutes} minutes are promised, {self.reckoned:.0f} are reckoned")
        return found


def measure(path: Path) -> Report:
    """Measure a stored, executed lesson."""
    cells = nbformat.read(path, as_version=4).cells
    texts = [glossary.plain(cell.source) for cell in cells if cell.cell_type == "markdown"]
    boxed = [" ".join(_shown(cell)) for cell in cells if is_box(cell)]
    words = sum(len(text.split()) for text in [*texts, *boxed])
    images = [output for cell in cells for output in cell.get("outputs", []) if "image/png" in _data(output)]
    model, page = (sum(lines) for lines in zip(*map(code_lines, cells), strict=True))
    return Report(
        name=path.stem,
        words=words,
        screens=sum(map(height, cells)) / SCREEN,
        model_code=model / max(1, model + page),
        boxes=len(boxed),
        box_words=sum(len(text.split()) for text in boxed) / max(1, words),
        minutes=int(cells[0].metadata.get("minutes", 0)),
        reckoned=words / WORDS + sum(map(reckoned_minutes, cells)),
        ease=reading_ease(" ".join(texts)),
        pictures=len(images),
        described=sum(bool(image.metadata.get("image/png", {}).get("alt")) for image in images),
    )


def reckoned_minutes(cell: NotebookNode) -> float:
    """What a reader needs for a cell besides the minutes for its words.

    Examples
    --------
    >>> reckoned_minutes(nbformat.v4.new_code_cell("your_guess = ...\\ncheck('06.q1', your_guess)"))
    1.5
    """
    if cell.cell_type != "code":
        return SIGHT * (cell.source.count("$$") // 2)
    pictures = sum("image/png" in _data(output) for output in cell.outputs)
    printed = 0 if is_box(cell) else sum(map(_printed_lines, cell.outputs))
    asked = len(re.findall(r"^check\(", cell.source, re.MULTILINE))
    explored = len(re.findall(r"^explorers\.\w+\(", cell.source, re.MULTILINE))
    seen = sum(code_lines(cell)) / CODE + printed / PRINTED
    return seen + SIGHT * pictures + QUESTION * asked + EXPLORER * explored


def _printed_lines(output: NotebookNode) -> int:
    """Lines of printed text, or rows of a table; a picture has none."""
    shown = _data(output)
    text = output.get("text", "") or shown.get("text/plain", "")
    return 0 if "image/png" in shown else len(text.splitlines())


def is_box(cell: NotebookNode) -> bool:
    """Whether a cell shows one of the course's boxes; what only says computed numbers in a sentence is none."""
    return cell.cell_type == "code" and bool(re.search(r"\b(key_points|lecture_vs_truth|Box)\(", cell.source))


def _data(output: NotebookNode) -> dict[str, str]:
    return dict(output.get("data", {}))


def _shown(cell: NotebookNode) -> list[str]:
    """The texts that a cell's outputs show."""
    return [output.get("text", "") or _data(output).get("text/plain", "") for output in cell.outputs]


# ---------------------------------------------------------------- code


def code_lines(cell: NotebookNode) -> tuple[int, int]:
    """How many visible lines of a code cell are the model's, and how many are the page's.

    Imports, drawing and boxes are the page's. Comments, empty lines, questions to the reader and folded cells are
    counted on neither side.

    Examples
    --------
    >>> text = "import numpy as np\\nfit = lk.lmer(f, d)\\nfig, ax = plt.subplots()\\nprint(fit)"
    >>> code_lines(nbformat.v4.new_code_cell(text))
    (2, 2)
    """
    if cell.cell_type != "code" or is_folded(cell):
        return 0, 0
    model = page = 0
    for statement in ast.parse(cell.source).body:
        for number, mine in _judged(statement):
            if mine is None:
                continue
            model, page = (model + number, page) if mine else (model, page + number)
    return model, page


def _judged(statement: ast.stmt) -> Iterator[tuple[int, bool | None]]:
    """The lines of a statement with whose they are; of a loop or a condition, of each part by itself."""
    body = getattr(statement, "body", None)
    if isinstance(body, list) and not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        parts = [part for inner in body for part in _judged(inner)]
        mine = any(part is True for _, part in parts)
        yield statement.body[0].lineno - statement.lineno, mine  # type: ignore[attr-defined]
        yield from parts
        return
    lines = (statement.end_lineno or statement.lineno) - statement.lineno + 1
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(statement) if isinstance(node, ast.Attribute)}
    if "check" in names or _is_guess(statement):
        yield lines, None
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield lines, False
    else:
        yield lines, not names & (DRAWING | FRAMES)


def _is_guess(statement: ast.stmt) -> bool:
    """Whether a statement is a reader's answer still to be given, `your_guess = ...`."""
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and (statement.value.value is ...)
    )


def is_folded(cell: NotebookNode) -> bool:
    """Whether only a cell's first line is seen."""
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


# ---------------------------------------------------------------- height


def height(cell: NotebookNode) -> float:
    """The height of a cell on the page, in pixels, by the rule above."""
    if cell.cell_type != "code":
        return 12 + sum(_block_height(block) for block in re.split(r"\n\s*\n", cell.source.strip()))
    code = 30 if is_folded(cell) else 24 + 17 * len(cell.source.splitlines())
    return code + sum(map(output_height, cell.outputs))


def _block_height(block: str) -> float:
    """A paragraph, a heading, a list, a table or a formula."""
    lines = block.splitlines()
    if block.startswith("#"):
        return 45 + (_block_height("\n".join(lines[1:])) if lines[1:] else 0)
    if block.startswith("|"):
        return 30 * (len(lines) - 1)
    if block.startswith("$$"):
        return 30 + 30 * len(lines)
    if block.startswith("```"):
        return 24 + 17 * len(lines)
    items = re.split(r"\n(?=[-*] |\d+\. )", block)
    return 14 + sum(21 * math.ceil(len(glossary.plain(item)) / LETTERS) for item in items)


def output_height(output: NotebookNode) -> float:
    """The height of what a cell shows."""
    shown = _data(output)
    if "image/png" in shown:
        wide, high = png_size(shown["image/png"])
        return 12 + high * min(1.0, WIDTH / wide)
    if "text/html" in shown:
        html = shown["text/html"]
        plain = re.sub(r"<[^>]+>", "", html)
        rows, paragraphs = html.count("<tr"), html.count("<p")
        return 24 + (30 * rows if rows else 12 * paragraphs + 21 * math.ceil(len(plain) / LETTERS))
    text = output.get("text", "") or shown.get("text/plain", "") or "\n".join(output.get("traceback", []))
    return 12 + 17 * sum(math.ceil(max(1, len(line)) / 125) for line in text.splitlines())


def png_size(encoded: str) -> tuple[int, int]:
    """Width and height of a picture, from its first bytes."""
    wide, high = struct.unpack(">II", base64.b64decode(encoded[:64])[16:24])
    return int(wide), int(high)


# ---------------------------------------------------------------- English


def reading_ease(text: str) -> float:
    """Flesch's reading ease, 206.835 - 1.015 (words a sentence) - 84.6 (syllables a word).

    Examples
    --------
    >>> round(reading_ease("The cat sat on the mat. The dog ate it."), 1)
    117.2
    """
    sentences = [one for one in re.split(r"[.!?:]+(?:\s|$)", text) if re.search(r"[A-Za-z]{2}", one)]
    words = re.findall(r"[A-Za-z]+(?:['’][a-z]+)?", text)
    if not words:
        return 100.0
    per_sentence = len(words) / max(1, len(sentences))
    return 206.835 - 1.015 * per_sentence - 84.6 * sum(map(syllables, words)) / len(words)


def syllables(word: str) -> int:
    """Syllables of an English word: groups of vowels, a silent e not counted.

    Examples
    --------
    >>> [syllables(word) for word in ("owl", "model", "intercept", "residual", "shrinkage", "slope", "table")]
    [1, 2, 3, 4, 2, 1, 2]
    """
    word = re.sub(r"['’].*", "", word.lower())
    silent = re.sub(r"(?<=[^aeiouyl])es?$|(?<=[aeiouy]l)es?$|(?<=[^aeioutd])ed$", "", word)
    groups = re.findall(r"i(?:a|o(?!u)|um)|ua|[aeiouy]+", silent)
    count = len(groups) + sum(group in ("ia", "io", "ium", "ua") for group in groups)
    count -= len(re.findall(r"[tscg]i[ao]", silent)) + len(re.findall(r"[qg]ua", silent))
    return max(1, count)


# ---------------------------------------------------------------- the page


COLUMNS = (
    *("lesson", "minutes", "reckoned", "words", "screens", "model code"),
    *("boxes", "words in boxes", "reading ease", "pictures with words"),
)


def page(reports: list[Report]) -> str:
    """The table for people."""
    lines = [
        "# What the lessons ask of their readers",
        "",
        "Made by `make notebooks`; how it is measured stands in `tools/lesson_report.py`. Screens are of 900 px, with",
        "folded cells folded. Reading ease is Flesch's: 60 to 70 is plain English.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"| {' | '.join('---' for _ in COLUMNS)} |",
    ]
    for one in reports:
        lines.append(
            f"| {one.name} | {one.minutes or '?'} | {one.reckoned:.0f} | {one.words} | {one.screens:.1f} "
            f"| {one.model_code:.0%} | {one.boxes} | {one.box_words:.0%} | {one.ease:.0f} "
            f"| {one.described} of {one.pictures} |"
        )
    return "\n".join([*lines, ""])


def lessons(root: Path = ROOT) -> list[Path]:
    """The stored lessons, in order."""
    return sorted((root / "lessons").glob("[0-9][0-9]_*.ipynb"))


def main(names: list[str]) -> int:
    """Print the table, and the faults of the lessons that are named; without names, write the page."""
    chosen = [path for path in lessons() if not names or path.stem.startswith(tuple(names))]
    reports = [measure(path) for path in chosen]
    print(page(reports))
    if names:
        for one in reports:
            source = ROOT / "lessons" / "source" / f"{one.name}.py"
            faults = one.faults() + page_rules.source_faults(source)
            print("\n".join(f"{one.name}: {fault}" for fault in faults))
    else:
        (ROOT / PAGE).write_text(page(reports), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
