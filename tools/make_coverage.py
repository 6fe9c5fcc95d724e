"""What the lessons cover of the five lectures, cell by cell: writes `lessons/COVERAGE.md`.

A lesson says so itself: in the source, a cell's line carries `covers="000-s16 001-3"` (sections),
`asks="q000-13"` (questions) or `mends="x000-4"` (slips). A figure belongs to the lesson that covers its
section and whose notebook shows it.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("lessons/COVERAGE.md")
KINDS = {"covers": "lecture_sections.csv", "asks": "lecture_questions.csv", "mends": "lecture_slips.csv"}
Row = dict[str, str]
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")


@dataclass
class Coverage:
    """Which lesson cells name which id, and which ids nobody names.

    Attributes
    ----------
    where : dict
        Id to a list of (lesson, cell number).
    missing : dict
        Kind (`covers`, `asks`, `mends`) to the rows that no cell names.
    unknown : list of str
        Ids that a cell names and no list knows.
    """

    rows: dict[str, list[Row]]
    where: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    missing: dict[str, list[Row]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def read_rows(root: Path, name: str) -> list[Row]:
    """One of the lists that stand beside the lessons' sources."""
    with (root / "lessons" / "source" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lessons(root: Path) -> list[Path]:
    """The lessons' notebooks, the appendix for those lectures and, for what only exercises ask, the solutions'."""
    return [
        *sorted((root / "lessons").glob("[0-9]*.ipynb")),
        *sorted((root / "lessons").glob("appendix_*.ipynb")),
        *sorted((root / "solutions").glob("[0-9]*.ipynb")),
    ]


def measure(root: Path = ROOT) -> Coverage:
    """Read every cell's claims and compare them with the lists."""
    coverage = Coverage({kind: read_rows(root, name) for kind, name in KINDS.items()})
    known = {row["id"] for rows in coverage.rows.values() for row in rows}
    for path in lessons(root):
        notebook = nbformat.read(path, as_version=4)
        for number, cell in enumerate(notebook.cells, 1):
            for kind in KINDS:
                for claim in str(cell.metadata.get(kind, "")).split():
                    coverage.where[claim].append((f"{path.parent.name}/{path.stem}", number))
                    if claim not in known:
                        coverage.unknown.append(f"{path.stem}, cell {number}: {claim}")
    for kind, rows in coverage.rows.items():
        coverage.missing[kind] = [row for row in rows if row["id"] not in coverage.where]
    return coverage


def section_of(figure: Row, sections: list[Row]) -> str:
    """The section that prints a figure."""
    for section in sections:
        names = section["figures_section"].split("|")
        if section["lecture"] == figure["lecture"] and figure["slide"] in names:
            return section["id"]
    raise LookupError(f"figure {figure['id']} stands in no section: {figure['slide']}")


def shown_text(path: Path) -> str:
    """Everything that a notebook's cells say and print."""
    notebook = nbformat.read(path, as_version=4)
    parts = []
    for cell in notebook.cells:
        parts.append(cell.source)
        for output in cell.get("outputs", []):
            parts.append(output.get("text", ""))
            for kind, content in output.get("data", {}).items():
                if kind.startswith("text/"):
                    parts.append(content)
    return "\n".join(parts)


def figures_not_shown(root: Path = ROOT) -> list[str]:
    """Figures that no lesson covering their section shows."""
    coverage, missing = measure(root), []
    texts = {f"{path.parent.name}/{path.stem}": shown_text(path) for path in lessons(root)}
    numbers = {
        name: [float(n) for n in NUMBER.findall(text.replace("−", "-"))] for name, text in texts.items()
    }
    with (root / "data" / "lecture_figures.csv").open(newline="", encoding="utf-8") as file:
        figures = list(csv.DictReader(file))
    for figure in figures:
        section = section_of(figure, coverage.rows["covers"])
        covering = {lesson for lesson, _ in coverage.where.get(section, [])}
        # Where a slip of the lecture is a named exception, the value that we stand by may be shown instead.
        accepted = [value for value in (figure["printed"], figure["stands"]) if value]
        if not any(is_shown(value, texts[name], numbers[name]) for name in covering for value in accepted):
            missing.append(f"{figure['id']} ({section}, {figure['quantity']}): {figure['printed']}")
    return missing


def is_shown(printed: str, text: str, numbers: list[float]) -> bool:
    """Whether a printed figure, or a longer form of it, stands in a text whose numbers are given.

    >>> is_shown("3.31", "", [3.3102]), is_shown("12", "", [120.0]), is_shown("m1", "strain m1", [])
    (True, False, True)
    """
    figure = printed.replace("<", "").strip()
    try:
        value = float(figure)
    except ValueError:
        return figure in text
    mantissa, _, exponent = figure.partition("e")
    decimals = len(mantissa.split(".")[1]) if "." in mantissa else 0
    half = 0.5 * 10.0 ** (int(exponent or 0) - decimals)
    return any(abs(number - value) <= half * 1.001 for number in numbers)


def page(coverage: Coverage) -> str:
    """The table for people."""
    titles = {"covers": "Sections", "asks": "Questions", "mends": "Slips put right"}
    lines = [
        "# What the lessons cover",
        "",
        "Made by `make notebooks` from what the lessons' cells say of themselves.",
    ]
    for kind, title in titles.items():
        rows = coverage.rows[kind]
        done = len(rows) - len(coverage.missing[kind])
        lines += ["", f"## {title}: {done} of {len(rows)}", ""]
        lines += ["| id | lecture | about | where |", "| --- | --- | --- | --- |"]
        for row in rows:
            about = row.get("about") or row["truth"]
            places = ", ".join(f"{lesson} cell {cell}" for lesson, cell in coverage.where.get(row["id"], []))
            about = about.replace("|", "\\|")
            lines.append(f"| {row['id']} | {row['lecture']} | {about} | {places or '**nowhere yet**'} |")
    return "\n".join([*lines, ""])


def main() -> int:
    coverage = measure()
    (ROOT / PAGE).write_text(page(coverage), encoding="utf-8")
    for kind, rows in coverage.missing.items():
        print(f"{kind}: {len(rows)} missing {' '.join(row['id'] for row in rows)}")
    figures = figures_not_shown()
    print(f"figures not shown: {len(figures)}")
    for line in figures:
        print(" ", line)
    print("\n".join(coverage.unknown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
