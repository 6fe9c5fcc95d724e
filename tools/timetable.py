"""INSTRUCTORS.md for a course that leaves something out: rows, parts and sums follow the lessons that are there.

`make release WITHOUT="14 15"` writes it to dist/INSTRUCTORS.md. What is left out is written as there: `14` is a lesson
and its exercise, `ex06` an exercise alone, `ex` all exercises.
"""

from __future__ import annotations

import re
from pathlib import Path

#: A part of a table that takes time: `lesson 6 (40)`.
TIMED = re.compile(r"([^,|]+?) \((\d+)\)")
#: Where the minutes of a whole row stand.
SUMS = ("Week", "Path")
LESSONS, EXERCISES = "all lessons", "all exercises"


def what_is_missing(root: Path) -> frozenset[str]:
    """Lessons and exercises that INSTRUCTORS.md names and whose sources somebody has taken away."""
    text = (root / "INSTRUCTORS.md").read_text(encoding="utf-8")
    rooms = {"lesson": root / "lessons" / "source", "exercise": root / "solutions" / "source"}
    return frozenset(
        number.zfill(2) if kind == "lesson" else f"ex{number.zfill(2)}"
        for kind, number in set(re.findall(r"\b(lesson|exercise) (\d+)", text))
        if not list(rooms[kind].glob(f"{int(number):02d}_*.py"))
    )


def is_gone(name: str, without: frozenset[str]) -> bool:
    """Whether a lesson or exercise, as `lesson 14`, is left out.

    Examples
    --------
    >>> gone = frozenset({"14", "ex06"})
    >>> [is_gone(name, gone) for name in ("lesson 14", "exercise 14", "exercise 6", "lesson 6")]
    [True, True, True, False]
    """
    kind, _, number = name.strip().partition(" ")
    if kind not in ("lesson", "exercise") or not number.isdigit():
        return False
    code = number.zfill(2)
    return code in without or (kind == "exercise" and bool({"ex", f"ex{code}"} & without))


def timetable(text: str, without: frozenset[str]) -> str:
    """The page without what is left out, all sums made anew; the page itself when nothing is."""
    if not without:
        return text
    minutes = {name.strip(): int(said) for name, said in TIMED.findall(text)}
    lines: list[str] = []
    head, total = "", 0
    for line in text.splitlines():
        left: str | None = line
        if not line.startswith("|"):
            head = ""
        elif not head:
            head = line.split("|")[1].strip()
        elif not set(line) <= set("|- "):
            left = _row(line, head, without, minutes)
            total += _last(left) if head == "Week" else 0
        lines += [] if left is None else [left]
    page = "\n".join(lines)
    page = re.sub(r"That is \d+ minutes\.", f"That is {total} minutes.", page)
    told = ", ".join(sorted(without))
    return page.replace("\n\n", f"\n\n*(Made for a course without {told}.)*\n\n", 1) + "\n"


def _row(line: str, head: str, without: frozenset[str], minutes: dict[str, int]) -> str | None:
    """A row of a table as it is without what is left out; None if nothing of it is left."""
    cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    first = cells[0].strip("[").partition("]")[0]
    if head == "Lesson" and is_gone(f"lesson {first.split()[0]}", without):
        return None
    if head == "Exercise" and is_gone(f"exercise {first}", without):
        return None
    if head.startswith("Day") and is_gone(re.split("[:,]", cells[1])[0], without):
        cells[1] = "questions, or what went too fast"
    if head in SUMS:
        cells = [cells[0], *(_parts(cell, without, minutes) for cell in cells[1:-1]), ""]
        cells[-1] = str(sum(int(said) for cell in cells[1:-1] for _, said in TIMED.findall(cell)))
    return f"| {' | '.join(cells)} |"


def _parts(cell: str, without: frozenset[str], minutes: dict[str, int]) -> str:
    """The parts of a cell that are left, and the sums that stand for all lessons or exercises."""
    if not TIMED.search(cell):
        return cell
    kept = []
    for part in cell.split(", "):
        name = part.partition(" (")[0]
        lost = sum(
            said
            for one, said in minutes.items()
            if is_gone(one, without)
            and one.startswith({LESSONS: "lesson ", EXERCISES: "exercise "}.get(name, "\0"))
        )
        if lost:
            part = f"{name} ({int(TIMED.findall(part)[0][1]) - lost})"
        if not is_gone(name, without):
            kept.append(part)
    return ", ".join(kept) or "–"


def _last(line: str | None) -> int:
    """The number at the end of a row."""
    return int(line.strip("| ").rpartition("|")[2]) if line else 0
