"""What has been done so far: one local file for the whole course, so that a visit begins where the last ended."""

from __future__ import annotations

import html
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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
#: What is not in a file yet, because it could not be written or none is wanted: added to it at the next attempt.
_PENDING: dict[Path | None, Known] = {}
#: Sentences about the file that the reader has not been told.
_NOTICES: list[str] = []

_ENTRY = re.compile(r'"([\w.]+)"\s*:\s*(\{[^{}]*\})')
_PATIENCE = 5.0  # seconds to wait for another notebook that writes


def path() -> Path | None:
    """The file, or None when nothing is to be kept."""
    wanted = os.environ.get(VARIABLE, "")
    if wanted.lower() == "off":
        return None
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the folder was deleted under the notebook
        return None
    file = Path(wanted) if wanted else (here.parent if here.name in ROOMS else here) / FILE
    return (file / FILE if file.is_dir() else file).resolve()  # where it is a link, what it points to


def load() -> Known:
    """What is known of each question, ``{"ex04.q2": {"tries": 3, "right": true}}``; empty without a file."""
    file = path()
    return _sum_of(_read(file)[0] if file else {}, _PENDING.get(file, {}))


def tries(key: str) -> int:
    """How often a question has been tried."""
    return _count(load().get(key, {}))


def record(key: str, right: bool) -> int:
    """Count one attempt; returns how many there have been. A question once right stays right.

    What cannot be written now, in a folder that is full or read-only, is added to the file at the next attempt;
    what another notebook has written meanwhile stays.
    """
    file = path()
    _PENDING[file] = _sum_of(_PENDING.get(file, {}), {key: {"tries": 1, "right": right}})
    if file is not None:
        with suppress(OSError), _alone(file):
            known = _set_aside_unless_whole(file)
            _write(file, _sum_of(known, _PENDING[file]))
            del _PENDING[file]
    return tries(key)


def take_notice() -> str:
    """What the reader has to be told about the file, once; empty when there is nothing."""
    notice = " ".join(_NOTICES)
    _NOTICES.clear()
    return notice


def is_kept() -> bool:
    """Whether nothing waits for a file that cannot be written."""
    file = path()
    return file is None or not _PENDING.get(file)


def _sum_of(known: Known, more: Known) -> Known:
    """Two accounts of what was done, added up."""
    both = {key: dict(entry) for key, entry in known.items()}
    for key, entry in more.items():
        before = both.get(key, {})
        both[key] = before | {
            "tries": _count(before) + _count(entry),
            "right": bool(before.get("right")) or bool(entry.get("right")),
        }
    return both


def _count(entry: Mapping[str, Any]) -> int:
    tried = entry.get("tries", 0)
    return tried if isinstance(tried, int) else 0


def _read(file: Path) -> tuple[Known, bool]:
    """What a file says, and whether all of it could be read; of a damaged one, the entries that are whole."""
    try:
        raw = file.read_bytes()
    except OSError:
        return {}, not file.exists()
    if not raw.strip():
        return {}, True
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        known = json.loads(raw.decode(encoding))
    except (ValueError, RecursionError):  # a byte that cannot be decoded is a ValueError, too
        return _saved_from(raw.decode(encoding, errors="replace")), False
    if not isinstance(known, dict):
        return {}, False
    whole = {key: entry for key, entry in known.items() if isinstance(entry, dict)}
    return whole, len(whole) == len(known)


def _saved_from(text: str) -> Known:
    """The entries that can still be read in a damaged file."""
    saved: Known = {}
    for key, entry in _ENTRY.findall(text):
        with suppress(ValueError):
            saved = _sum_of(saved, {key: json.loads(entry)})
    return saved


def _set_aside_unless_whole(file: Path) -> Known:
    """What a file says; one that cannot be read whole is kept as a copy first, and the reader is told."""
    known, whole = _read(file)
    if not whole:
        number = 1 + len(list(file.parent.glob(f"{file.stem}.unreadable-*")))
        copy = file.with_name(f"{file.stem}.unreadable-{number}{file.suffix}")
        copy.write_bytes(file.read_bytes())
        _NOTICES.append(
            f"The file of your progress, {file.name}, could not be read. A copy of it is kept as {copy.name}; "
            f"{len(known)} questions could be saved from it."
        )
    return known


def _write(file: Path, known: Known) -> None:
    draft = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        draft.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(file)  # never half a file
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """While no other notebook writes this file.

    Raises
    ------
    TimeoutError
        If another one does not come to an end.
    FileNotFoundError
        If there is no folder to write to.
    """
    try:
        from filelock import FileLock
    except ImportError:  # the library without the course's packages: no Jupyter, so no second kernel
        yield
        return
    if not file.parent.is_dir():
        raise FileNotFoundError(file.parent)  # or the lock would make the folder
    lock = FileLock(file.with_name(f"{file.name}.lock"))
    try:
        lock.acquire(timeout=_PATIENCE)
    except TimeoutError:
        raise
    except (OSError, NotImplementedError):  # a file system without locks: better written than lost
        yield
        return
    try:
        yield
    finally:
        lock.release()


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


def _linked(shown: str, chapter: Chapter | None) -> str:
    """HTML that leads to a chapter's notebook, where that lies beside the one that runs."""
    where = _notebook(chapter.code) if chapter else ""
    return f"<a href='{where}'>{shown}</a>" if where else shown


def _notebook(code: str) -> str:
    """The address of a chapter's notebook, as seen from the room of the one that runs; empty where there is none."""
    room = "exercises" if code.startswith(("ex", "capstone")) else "lessons"
    name = code.removeprefix("ex")
    stem = f"capstone_{name.removeprefix('capstone')}" if name.startswith("capstone") else f"{name}_*"
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return ""
    if here.name not in ROOMS:
        return ""
    course = here.parent
    found = [path.stem for path in (course / room).glob(f"{stem}.ipynb")]
    # While a course is being built, a notebook may not be there yet, but what it is made from is.
    source = "solutions" if room == "exercises" else room
    found += [path.stem for path in (course / source / "source").glob(f"{stem}.py")]
    return f"../{room}/{min(found)}.ipynb" if found else ""


class Progress:
    """A table of what is done, lessons and exercises side by side; shows itself at the end of a cell.

    Each row leads to its lesson and to its exercise.

    Parameters
    ----------
    chapters : mapping of str to Chapter
        All chapters, by code.

    Attributes
    ----------
    done : dict of str to int
        Questions answered rightly, by code.
    kept : bool
        Whether they stand in a file, which the next visit finds.
    """

    def __init__(self, chapters: Mapping[str, Chapter]) -> None:
        self.chapters = chapters
        self.kept = is_kept()
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
            f"<tr>{cell}{_linked(html.escape(label), lesson or task)}</td>{cell}{self._dots(lesson)}</td>"
            f"{cell}{_linked(self._dots(task), task)}</td></tr>"
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
        said = f"{sum(self.done.values())} of {total} questions are done."
        return (
            said
            if self.kept
            else f"{said} (This is not kept: it will be forgotten when the notebook is closed.)"
        )

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
