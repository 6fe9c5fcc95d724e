"""Tell the marks after `nbgrader autograde`, and what was odd: `python marks.py 06_pooling`.

For each student: the points of the tests, the points given by hand or still to be given, and in plain words what
somebody should look at: a file under another name, an answer in another place, cells that were deleted, moved or
doubled, that raised or ran too long, what was replaced or has changed since, a notebook that could not be marked, and
why. `--csv` writes a table with numbers for a spreadsheet, of all assignments if none is named.
"""

import argparse
import csv
import json
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat
from arrivals import read
from marking import BEGUN, HERE, NO_WALL, digest, first_name, marked, released_cells
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry

HEAD = ("student", "assignment", "tests", "tests_max", "written", "written_max", "state", "remarks")


@dataclass
class Row:
    """What is known of one submission; numbers are None as long as nobody knows them."""

    student: str
    assignment: str
    tests: float | None = None
    tests_max: float | None = None
    written: float | None = None
    written_max: float | None = None
    #: "marked", "to be marked by hand", "look" (a mark may be wrong), "not marked", "not handed in".
    state: str = "not marked"
    remarks: list[str] = field(default_factory=list)

    def points(self, kind: str) -> str:
        """Points given out of points to be had; `?` where somebody has still to look."""
        given, most = getattr(self, kind), getattr(self, f"{kind}_max")
        if most is None:
            return self.state if kind == "tests" else ""
        return f"{'?' if given is None else format(given, 'g')} / {most:g}"


def ids(notebook: NotebookNode) -> list[str]:
    """The names of the cells that nbgrader knows, in order."""
    details = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    return [str(one["grade_id"]) for one in details if isinstance(one, dict) and "grade_id" in one]


def handed_in(student: str, assignment: str) -> tuple[NotebookNode | None, list[str]]:
    """The notebook as it was handed in, if it is one, and what is odd about the file."""
    folder = HERE / "submitted" / student / assignment
    path = folder / f"{assignment}.ipynb"
    files = (one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file() and one != path)
    others = sorted(name for name in files if name != "timestamp.txt" and ".ipynb_checkpoints" not in name)
    notebooks = [name for name in others if name.lower().endswith(".ipynb")]
    if not path.exists():
        if not others:
            return None, [f"{assignment}.ipynb is not there"]
        told = f"there is {', '.join(others)} but no {assignment}.ipynb"
        if not notebooks:
            return None, [told]
        one = folder / notebooks[0]
        command = f"mv {shlex.quote(str(one.relative_to(HERE)))} {shlex.quote(str(path.relative_to(HERE)))}"
        return None, [f"{told}; rename it and mark again: {command}"]
    more = (
        [f"there is {', '.join(notebooks)} as well, which does not count: please look"] if notebooks else []
    )
    try:
        return read(path), more
    except ValueError as error:
        return None, [f"{error}; ask for it again", *more]


def oddities_handed_in(notebook: NotebookNode, student: str, assignment: str, mended: list[str]) -> list[str]:
    """What is odd about the cells as they were handed in."""
    master = nbformat.read(HERE / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    wanted = ids(master)
    tests = [
        name
        for name, cell in marked(master).items()
        if cell.metadata.nbgrader.grade and cell.cell_type == "code"
    ]
    counts = Counter(ids(notebook))
    found = []
    gone = [name for name in wanted if not counts[name]]
    if not any("were lost" in one for one in mended):
        found += [f"{name} was deleted" for name in gone]
        if len(gone) > 6:
            found = [f"{len(gone)} of the {len(wanted)} cells that matter were deleted"]
        if not any(counts[name] for name in tests):
            found.append("none of the tests is in it, perhaps it is another notebook: please look")
    found += [f"{name} is there {n} times; the last one counts" for name, n in counts.items() if n > 1]
    text = "\n".join(cell.source for cell in notebook.cells)
    names = re.findall(r"^STUDENT\s*=\s*[\"'](.+?)[\"']", text, re.MULTILINE)
    return found + [f"signed in as {name}" for name in names if name.strip().lower() != student.lower()]


def answers_elsewhere(run: NotebookNode, assignment: str) -> dict[str, str]:
    """Marked answers that are as they were given out, though the student has written something elsewhere."""
    released = released_cells(assignment, assignment)
    given = {cell.source.strip() for cell in released}
    own = [cell for cell in run.cells if "nbgrader" not in cell.metadata and cell.source.strip() not in given]
    found = {}
    for name, cell in marked(run).items():
        if not cell.metadata.nbgrader.get("solution") or not (
            cell.source.strip() in given or is_empty(cell.source)
        ):
            continue
        if cell.cell_type == "code":
            wanted = first_name(cell.source)
            if wanted and any(first_name(one.source) == wanted for one in own if one.cell_type == "code"):
                found[name] = f"{name} is untouched, but another cell gives {wanted}: please look"
        elif texts := [one for one in own if one.cell_type != "code"]:
            found[name] = (
                f"{name} is untouched, but the student added {counted(len(texts), 'text cell')}: please look"
            )
    return found


def is_empty(code: str) -> bool:
    """Whether an answer cell holds nothing but names that are still to be given.

    Examples
    --------
    >>> is_empty("# mine\\nanswer_2 = ..."), is_empty("answer_2 = 3")
    (True, False)
    """
    lines = [line.partition("#")[0].strip() for line in code.splitlines()]
    return all(re.fullmatch(r"\w+ *= *\.\.\.", line) for line in lines if line)


def counted(number: int, name: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "text cell"), counted(2, "text cell")
    ('1 text cell', '2 text cells')
    """
    return f"{number} {name}{'' if number == 1 else 's'}"


def oddities_run(notebook: NotebookNode) -> list[str]:
    """What went wrong when the notebook was run."""
    found = []
    for cell in notebook.cells:
        names = [output.ename for output in cell.get("outputs", []) if output.output_type == "error"]
        if not names or "raises-exception" in cell.metadata.get("tags", []):
            continue
        first = next(iter(cell.source.strip().splitlines()), "")[:40]
        if any("Timeout" in name for name in names):  # beside the interrupt that ended the cell
            found.append(f"ran too long and was stopped: {first}")
        elif not cell.metadata.get("nbgrader", {}).get("grade", False):
            found += [f"raised {name}: {first}" for name in names]
    return list(dict.fromkeys(found))


def reason(student: str, assignment: str) -> str:
    """Why nbgrader could not mark a notebook, from its log."""
    log = HERE / "nbgrader.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    place = f"There was an error processing assignment: {HERE / 'submitted' / student / assignment}\n"
    _, found, after = text.rpartition(place)
    if not found:
        return "nbgrader has not come to it yet; if it has been run, see nbgrader.log"
    lines = re.split(r"^\[\w+ \| ", after, flags=re.MULTILINE)[1].strip().splitlines()
    told = [line.strip() for line in lines if re.search(r"\w", line)]
    return told[-1].removeprefix("RuntimeError: ") if told else "its kernel did not stop when it was told to"


def since_then(student: str, assignment: str) -> list[str]:
    """What became of the files since marking began."""
    began = json.loads(BEGUN.read_text(encoding="utf-8"))["files"] if BEGUN.exists() else {}
    found = []
    for name, was in began.items():
        if name.startswith(f"{student}/{assignment}/"):
            path = HERE / "submitted" / name
            if not path.exists():
                found.append(f"{path.name} was there when marking began and is gone")
            elif digest(path) != was:
                found.append(f"{path.name} has changed since marking began: mark it again")
    return found


def row(gradebook: Gradebook, student: str, assignment: str) -> Row:
    """What is known of one submission."""
    made = Row(student, assignment)
    changed = since_then(student, assignment)
    if not changed and not (HERE / "submitted" / student / assignment).exists():
        made.state = "not handed in"
        return made
    notebook, odd = handed_in(student, assignment)
    path = HERE / "autograded" / student / assignment / f"{assignment}.ipynb"
    run = nbformat.read(path, as_version=4) if path.exists() else None
    mended = list(run.metadata.get("lmmkit", {}).get("remarks", [])) if run else []
    if notebook is not None:
        odd += oddities_handed_in(notebook, student, assignment, mended)
    made.remarks = changed + odd + mended
    if run is None:
        if notebook is not None:
            made.remarks.append(reason(student, assignment))
        return made
    elsewhere = answers_elsewhere(run, assignment)
    made.remarks += [*elsewhere.values(), *oddities_run(run)]
    fill_in(made, gradebook.find_submission_notebook(assignment, assignment, student).grades, elsewhere)
    if changed or any("please look" in one or one.startswith("replaced") for one in made.remarks):
        made.state = "look"
    return made


def fill_in(made: Row, grades: list[Any], elsewhere: dict[str, str]) -> None:
    """Add up the points; what a person has still to look at makes a sum unknown."""
    tests = [grade for grade in grades if grade.cell.cell_type == "code"]
    hand = [grade for grade in grades if grade.cell.cell_type != "code"]
    made.tests_max, made.written_max = most(tests), most(hand)
    made.tests, made.written = given(tests), given(hand)
    if made.written == 0 and any(grade.cell.name in elsewhere for grade in hand):
        made.written = None
    made.state = "to be marked by hand" if made.written is None else "marked"


def most(grades: list[Any]) -> float:
    """Points to be had."""
    return float(sum(grade.max_score for grade in grades))


def given(grades: list[Any]) -> float | None:
    """Points given, or None while some are still to be given by hand."""
    if any(grade.needs_manual_grade for grade in grades):
        return None
    return float(sum(grade.score for grade in grades))


def table(assignments: list[str]) -> Iterator[Row]:
    """All rows for some assignments (all of them, if none is named), in the order of the students' ids."""
    with Gradebook(f"sqlite:///{HERE / 'gradebook.db'}", "lmmkit") as gradebook:
        known = [one.name for one in gradebook.assignments]
        for assignment in assignments or known:
            try:
                gradebook.find_assignment(assignment)
            except MissingEntry:
                there = ", ".join(known) or "none yet"
                sys.exit(
                    f"there is no assignment {assignment} in the gradebook (there are: {there}); "
                    "run nbgrader generate_assignment first"
                )
            began = json.loads(BEGUN.read_text(encoding="utf-8"))["files"] if BEGUN.exists() else {}
            students = {path.parent.name for path in (HERE / "submitted").glob(f"*/{assignment}")}
            students |= {name.split("/")[0] for name in began if name.split("/")[1] == assignment}
            students |= {student.id for student in gradebook.students}
            for student in sorted(students):
                yield row(gradebook, student, assignment)


def number(value: float | None) -> str:
    """A number for a spreadsheet; empty when nobody knows it yet."""
    return "" if value is None else format(value, "g")


def main() -> None:
    parser = argparse.ArgumentParser(description="Tell the marks of assignments.")
    parser.add_argument("assignments", nargs="*", help="all, if none is named")
    parser.add_argument("--csv", action="store_true", help="numbers for a spreadsheet")
    options = parser.parse_args()
    rows = list(table(options.assignments))
    if options.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(HEAD)
        for one in rows:
            numbers = [number(value) for value in (one.tests, one.tests_max, one.written, one.written_max)]
            writer.writerow([one.student, one.assignment, *numbers, one.state, "; ".join(one.remarks)])
        return
    lines = [("student", "tests", "by hand", "remarks")]
    for one in rows:
        mark = "? " if one.state in ("look", "not marked") else ""
        lines.append((one.student, one.points("tests"), one.points("written"), mark + "; ".join(one.remarks)))
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for line in lines:
        left = "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=False))
        print(f"{left}  {line[3]}".rstrip())
    if BEGUN.exists() and not json.loads(BEGUN.read_text(encoding="utf-8"))["wall"]:
        print(f"\n{NO_WALL}")


if __name__ == "__main__":
    main()
