"""What has been done so far: one local file for the whole course, so that a visit begins where the last ended."""

from __future__ import annotations

import html
import json
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmmkit.formatting.colours import GREEN, GREY

#: Where progress is kept; the environment variable of this name overrides, ``off`` keeps it in memory only.
VARIABLE = "LMMKIT_PROGRESS"
FILE = ".lmmkit_progress.json"
#: Notebooks run in these folders of the course, and share the file in the folder around them.
ROOMS = {"lessons", "exercises", "solutions"}

_DONE, _OPEN = "●", "○"

Known = dict[str, dict[str, Any]]
#: What could not be kept in a file, or should not: lost when the notebook's kernel stops.
_IN_MEMORY: dict[Path | None, Known] = {}


def path() -> Path | None:
    """The file, or None when nothing is to be kept."""
    wanted = os.environ.get(VARIABLE, "")
    if wanted.lower() == "off":
        return None
    here = Path.cwd()
    return Path(wanted) if wanted else (here.parent if here.name in ROOMS else here) / FILE


def load() -> Known:
    """What is known of each question, ``{"ex04.q2": {"tries": 3, "right": true}}``; empty without a file."""
    file = path()
    if file in _IN_MEMORY:
        return _IN_MEMORY[file]
    try:
        known = json.loads(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {key: entry for key, entry in known.items() if isinstance(entry, dict)}


def record(key: str, right: bool) -> int:
    """Count one attempt; returns how many there have been. A question once right stays right."""
    known = load()
    before = known.get(key, {}).get("tries", 0)
    tries = (before if isinstance(before, int) else 0) + 1
    known[key] = {"tries": tries, "right": bool(known.get(key, {}).get("right")) or right}
    file = path()
    if file is None:
        _IN_MEMORY[file] = known
        return tries
    try:
        draft = file.with_suffix(".part")
        draft.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(file)  # never half a file
    except OSError:
        _IN_MEMORY[file] = known  # a read-only folder must not stop anybody from learning
    return tries


@dataclass(frozen=True)
class Chapter:
    """One set of questions: a row of the table, or half of one."""

    code: str  # as in ``check("ex06.q1")``: 06, ex06, capstoneforest
    title: str
    total: int

    @property
    def row(self) -> str:
        """What a lesson and its exercise share."""
        return self.code.removeprefix("ex")


class Progress:
    """A table of what is done, lessons and exercises side by side; shows itself at the end of a cell.

    Parameters
    ----------
    chapters : mapping of str to Chapter
        All chapters, by code.

    Attributes
    ----------
    done : dict of str to int
        Questions answered rightly, by code.
    """

    def __init__(self, chapters: Mapping[str, Chapter]) -> None:
        self.chapters = chapters
        self.done: dict[str, int] = defaultdict(int)
        for key, entry in load().items():
            code = key.partition(".")[0]
            if code in chapters:
                self.done[code] += bool(entry.get("right"))

    def __repr__(self) -> str:
        rows = [[label, self._text(lesson), self._text(task)] for label, lesson, task in self._rows()]
        rows.insert(0, ["", "lesson", "exercise"])
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows
        ]
        return "\n".join(line.rstrip() for line in [*lines, "", self._sum()])

    def _repr_html_(self) -> str:
        cell = "<td style='text-align:left;white-space:pre'>"
        rows = "".join(
            f"<tr>{cell}{html.escape(label)}</td>{cell}{self._dots(lesson)}</td>{cell}{self._dots(task)}</td></tr>"
            for label, lesson, task in self._rows()
        )
        head = "".join(f"<th style='text-align:left'>{title}</th>" for title in ("", "lesson", "exercise"))
        return f"<table><tr>{head}</tr>{rows}</table><p>{self._sum()}</p>"

    def _rows(self) -> list[tuple[str, Chapter | None, Chapter | None]]:
        """For each row its label, its lesson and its exercise; capstones, which have no number, come last."""
        names = sorted(
            {chapter.row for chapter in self.chapters.values()}, key=lambda row: (not row.isdigit(), row)
        )
        rows = []
        for name in names:
            lesson, task = self.chapters.get(name), self.chapters.get(f"ex{name}")
            if not name.isdigit():
                lesson, task = None, lesson
            known = lesson or task
            assert known is not None
            label = f"{int(name):>2}  {known.title}" if name.isdigit() else f"Capstone: {known.title}"
            rows.append((label, lesson, task))
        return rows

    def _sum(self) -> str:
        total = sum(chapter.total for chapter in self.chapters.values())
        return f"{sum(self.done.values())} of {total} questions are done."

    def _count(self, chapter: Chapter) -> int:
        return min(self.done[chapter.code], chapter.total)

    def _text(self, chapter: Chapter | None) -> str:
        if chapter is None:
            return ""
        done = self._count(chapter)
        return f"{_DONE * done}{_OPEN * (chapter.total - done)} {done}/{chapter.total}"

    def _dots(self, chapter: Chapter | None) -> str:
        if chapter is None:
            return ""
        done = self._count(chapter)
        return (
            f"<span style='color:{GREEN}'>{_DONE * done}</span>"
            f"<span style='color:{GREY}'>{_OPEN * (chapter.total - done)} {done}/{chapter.total}</span>"
        )
