"""What INSTRUCTORS.md promises: everything it names is there, and its minutes and hours add up."""

import re
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from lmmkit.course import explorers
from tools.student_version import read_source
from tools.timetable import TIMED, is_gone, timetable, what_is_missing

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
#: As it is for the lessons that are there: whoever takes some away finds these tests green.
TEXT = timetable(PAGE, what_is_missing(ROOT))
EXERCISE, CAPSTONE = 45, 90


def numbers_there(room):
    """The numbers of the lessons or exercises that are there."""
    return sorted(int(path.stem[:2]) for path in (ROOT / room / "source").glob("[0-9][0-9]_*.py"))


def tables(*header, text=TEXT):
    """The rows of each table whose first cells are these."""
    found, rows = [], None
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")] if line.startswith("|") else None
        if cells is None:
            rows = None
        elif tuple(cells[: len(header)]) == header:
            rows = []
            found.append(rows)
        elif rows is not None and not set(line) <= set("|- "):
            rows.append(cells)
    assert found
    return found


def lesson_minutes(number):
    (source,) = (ROOT / "lessons" / "source").glob(f"{int(number):02d}_*.py")
    minutes = read_source(source).cells[0].metadata.get("minutes")
    assert minutes, f"the title cell of {source.name} must say how long the lesson takes, as minutes=45"
    return int(minutes)


def minutes_of(name):
    """How long the lesson, exercise or capstone of this name takes; None for anything else."""
    kind, _, which = name.strip().partition(" ")
    if kind == "lesson" and which.isdigit():
        return lesson_minutes(which)
    return {"exercise": EXERCISE, "capstone": CAPSTONE}.get(kind)


def clock(time):
    hours, minutes = time.split(":")
    return 60 * int(hours) + int(minutes)


GONE = what_is_missing(ROOT)
LESSONS = [
    number
    for number in sorted(set(re.findall(r"\blesson (\d+)", TEXT, re.IGNORECASE)), key=int)
    if not is_gone(f"lesson {number}", GONE)
]
EXERCISES = [
    number
    for number in sorted(set(re.findall(r"\bexercise (\d+)", TEXT)), key=int)
    if not is_gone(f"exercise {number}", GONE)
]
CAPSTONES = sorted(set(re.findall(r"\bcapstone ([a-z]+)\b", TEXT)))


def test_it_names_the_whole_course():
    assert {int(number) for number in LESSONS} >= set(numbers_there("lessons"))
    assert {int(number) for number in EXERCISES} >= set(numbers_there("solutions"))
    assert set(CAPSTONES) >= {"forest", "fields", "owls"}


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_it_names_exists(number):
    assert len(list((ROOT / "lessons").glob(f"{int(number):02d}_*.ipynb"))) == 1


@pytest.mark.parametrize("number", EXERCISES)
def test_an_exercise_it_names_exists(number):
    for room in ("exercises", "solutions"):
        assert len(list((ROOT / room).glob(f"{int(number):02d}_*.ipynb"))) == 1, room


@pytest.mark.parametrize("name", ["forest", "fields", "owls"])
def test_a_capstone_it_names_exists(name):
    for room in ("exercises", "solutions"):
        assert (ROOT / room / f"capstone_{name}.ipynb").exists(), room


def test_its_links_lead_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert len(links) >= 17
    assert [link for link in links if not (ROOT / link.partition("#")[0]).exists()] == []
    opened = [unquote(path).split("lessons/")[1] for path in re.findall(r"urlpath=(\S+)", TEXT)]
    assert len(opened) == 2
    assert all((ROOT / "lessons" / notebook).exists() for notebook in opened)


def test_each_lesson_has_its_minutes_and_shows_its_explorer():
    (rows,) = tables("Lesson", "Minutes")
    assert len(rows) == len(numbers_there("lessons"))
    for number, (lesson, minutes, explorer, _) in zip(numbers_there("lessons"), rows, strict=True):
        assert f"[{number} " in lesson
        assert int(minutes) == lesson_minutes(number)
        name = explorer.strip("`")
        assert name in explorers.__all__
        notebook = re.search(r"\(lessons/(.+)\.ipynb\)", lesson)[1]
        source = (ROOT / "lessons" / "source" / f"{notebook}.py").read_text(encoding="utf-8")
        assert f"explorers.{name}" in source


def test_every_week_adds_up_and_every_lab_fits_into_two_hours():
    (rows,) = tables("Week", "Topic")
    assert [row[0] for row in rows] == [str(week) for week in range(1, 11)]
    total = 0
    for week, _, before, lab, homework, minutes in rows:
        parts = [TIMED.findall(cell) for cell in (before, lab, homework)]
        assert all(
            found or cell == "–" for found, cell in zip(parts, (before, lab, homework), strict=True)
        ), week
        for name, said in chain(*parts):
            assert minutes_of(name) in (None, int(said)), (week, name)
        assert sum(int(said) for _, said in chain(*parts)) == int(minutes), week
        assert sum(int(said) for _, said in parts[1]) <= 120, week
        total += int(minutes)
    assert f"That is {total} minutes." in TEXT


def test_the_ten_weeks_hold_each_lesson_exercise_and_capstone_once():
    (rows,) = tables("Week", "Topic")
    names = [name.strip() for row in rows for cell in row[2:5] for name, _ in TIMED.findall(cell)]
    wanted = [f"lesson {number}" for number in numbers_there("lessons")]
    wanted += [f"exercise {number}" for number in numbers_there("solutions")]
    wanted += [f"capstone {name}" for name in ("fields", "forest", "owls")]
    assert sorted(name for name in names if minutes_of(name)) == sorted(wanted)


@pytest.mark.parametrize("day", ["Day 1", "Day 2"])
def test_a_day_of_the_workshop_has_no_gap_and_enough_time_for_each_lesson(day):
    (rows,) = tables(day, "What")
    slots = [[clock(time) for time in when.split("–")] for when, _ in rows]
    assert slots[0][0] == clock("09:00")
    assert all(first[1] == second[0] for first, second in pairwise(slots))
    for (start, end), (_, what) in zip(slots, rows, strict=True):
        assert end - start >= (minutes_of(re.split("[:,]", what)[0]) or 5), what


def test_each_path_adds_up():
    (rows,) = tables("Path", "For whom")
    for path, _, what, minutes in rows:
        parts = TIMED.findall(what)
        for name, said in parts:
            assert minutes_of(name) in (None, int(said)), (path, name)
        assert sum(int(said) for _, said in parts) == int(minutes), path
    whole = dict(TIMED.findall(rows[-1][2]))
    lessons, exercises, capstones = (int(said) for said in whole.values())
    assert lessons == sum(lesson_minutes(number) for number in numbers_there("lessons"))
    assert (exercises, capstones) == (len(numbers_there("solutions")) * EXERCISE, 3 * CAPSTONE)


def test_the_shares_of_the_mark_make_a_whole():
    (rows,) = tables("Part", "Share")
    assert sum(int(share.split()[0]) for _, share in rows) == 100


def test_its_commands_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:`|^ *)make ([a-z-]+)", TEXT, re.MULTILINE))
    assert {"lab", "release", "nbgrader"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    variables = re.findall(r"make [a-z-]+ ([A-Z_]+)=", TEXT)
    assert set(variables) == {"WITHOUT", "NB", "OWN_DATA", "BLIND"}
    assert all(f"$({name}" in makefile for name in variables)
    own = {"17_beetles"}  # a lesson that a reader may begin
    for name in set(re.findall(r"(?:NB=|nbgrader \w+ |marks\.py )(\w+)", TEXT)) - own:
        assert (ROOT / "solutions" / f"{name}.ipynb").exists(), name


# ---------------------------------------------------------------- a course that leaves something out


WITHOUT = frozenset({"14", "15"})


def test_nothing_changes_where_nothing_is_left_out():
    assert timetable(PAGE, frozenset()) == PAGE


def test_rows_and_parts_of_what_is_left_out_are_gone():
    page = timetable(PAGE, WITHOUT)
    timed = {name.strip() for name, _ in TIMED.findall(page)}
    assert not timed & {"lesson 14", "lesson 15", "exercise 14", "exercise 15"}
    assert {"lesson 13", "exercise 16"} <= timed
    (rows,) = tables("Lesson", "Minutes", text=page)
    (all_rows,) = tables("Lesson", "Minutes", text=PAGE)
    assert len(rows) == len(all_rows) - 2
    assert "\n| 14 |" not in page and "\n| 13 |" in page


@pytest.mark.parametrize("header", [("Week", "Topic"), ("Path", "For whom")])
def test_sums_are_made_anew(header):
    page = timetable(PAGE, WITHOUT)
    (before,), (after,) = tables(*header, text=PAGE), tables(*header, text=page)
    for old, new in zip(before, after, strict=True):
        assert sum(int(said) for _, said in TIMED.findall(" | ".join(new))) == int(new[-1]), new
        lost = [int(said) for name, said in TIMED.findall(" | ".join(old)) if is_gone(name, WITHOUT)]
        if "all lessons" in " ".join(old):
            (rows,) = tables("Lesson", "Minutes", text=PAGE)
            said = [int(row[1]) for row in rows if is_gone(f"lesson {row[0].strip('[').split()[0]}", WITHOUT)]
            lost = [*said, 2 * EXERCISE]
        assert int(old[-1]) - int(new[-1]) == sum(lost), old
    if header[0] == "Week":
        assert f"That is {sum(int(row[-1]) for row in after)} minutes." in page


def test_without_any_exercise_the_homework_is_empty():
    page = timetable(PAGE, frozenset({"ex"}))
    assert "exercise" not in {name.strip().partition(" ")[0] for name, _ in TIMED.findall(page)}
    (rows,) = tables("Week", "Topic", text=page)
    assert rows[0][4] == "–"
