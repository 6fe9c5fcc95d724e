"""Tell the marks after `nbgrader autograde`, and what was odd: `python marks.py 06_pooling`.

For each student: the points of the tests, the points given by hand or still to be given, and in plain words what
somebody should look at: deleted or doubled cells, cells that raised or ran too long, a notebook that could not be
marked, and why. `--csv` writes the same as a table for a spreadsheet.
"""

import argparse
import csv
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry

HERE = Path(__file__).resolve().parent
Row = tuple[str, str, str, list[str]]
NO_NOTEBOOK = "the file is not a notebook"
HEAD = ("student", "tests", "by hand", "remarks")


def ids(notebook: NotebookNode) -> list[str]:
    """The names of the cells that nbgrader knows, in order."""
    details = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    return [str(one["grade_id"]) for one in details if isinstance(one, dict) and "grade_id" in one]


def oddities_handed_in(assignment: str, student: str) -> list[str]:
    """What is odd about the notebook as it was handed in."""
    path = HERE / "submitted" / student / assignment / f"{assignment}.ipynb"
    if not path.exists():
        return [f"{assignment}.ipynb was not handed in"]
    try:
        handed_in = nbformat.read(path, as_version=4)
    except Exception as error:  # whatever it is, it is no notebook
        return [f"{NO_NOTEBOOK} ({type(error).__name__})"]
    wanted = ids(nbformat.read(HERE / "source" / assignment / f"{assignment}.ipynb", as_version=4))
    counts = Counter(ids(handed_in))
    found = [f"{name} was deleted" for name in wanted if not counts[name]]
    found += [f"{name} is there {n} times; the last one counts" for name, n in counts.items() if n > 1]
    names = re.findall(
        r"^STUDENT\s*=\s*[\"'](.+?)[\"']", "\n".join(c.source for c in handed_in.cells), re.MULTILINE
    )
    return found + [f"signed in as {name}" for name in names if name.strip().lower() != student.lower()]


def oddities_run(assignment: str, student: str) -> list[str] | None:
    """What went wrong when the notebook was run; None if there is no run to look at."""
    path = HERE / "autograded" / student / assignment / f"{assignment}.ipynb"
    if not path.exists():
        return None
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        is_test = cell.metadata.get("nbgrader", {}).get("grade", False)
        for output in cell.get("outputs", []):
            if output.output_type != "error" or "raises-exception" in cell.metadata.get("tags", []):
                continue
            first = next(iter(cell.source.strip().splitlines()), "")[:40]
            if "Timeout" in output.ename or output.ename == "KeyboardInterrupt":
                found.append(f"ran too long and was stopped: {first}")
            elif not is_test:
                found.append(f"raised {output.ename}: {first}")
    return list(dict.fromkeys(found))


def reason(assignment: str, student: str) -> str:
    """Why nbgrader could not mark a notebook, from its log."""
    log = HERE / "nbgrader.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    place = f"There was an error processing assignment: {HERE / 'submitted' / student / assignment}\n"
    _, found, after = text.rpartition(place)
    if not found:
        return "nbgrader has not come to it yet; if it has been run, see nbgrader.log"
    lines = re.split(r"^\[\w+ \| ", after, flags=re.MULTILINE)[1].strip().splitlines()
    return lines[-1].strip()


def row(gradebook: Gradebook, assignment: str, student: str) -> Row:
    """One line of the table."""
    remarks = oddities_handed_in(assignment, student)
    run = oddities_run(assignment, student)
    if run is None:
        told = any(remark.startswith(NO_NOTEBOOK) for remark in remarks)
        return student, "not marked", "", remarks if told else [*remarks, reason(assignment, student)]
    grades = gradebook.find_submission_notebook(assignment, assignment, student).grades
    tests = [grade for grade in grades if grade.cell.cell_type == "code"]
    hand = [grade for grade in grades if grade.cell.cell_type != "code"]
    return student, points(tests), points(hand), remarks + run


def points(grades: list[Any]) -> str:
    """Points given out of points to be had; `?` where somebody has still to look."""
    total = sum(grade.max_score for grade in grades)
    if any(grade.needs_manual_grade for grade in grades):
        return f"? / {total:g}"
    return f"{sum(grade.score for grade in grades):g} / {total:g}"


def table(assignment: str) -> list[Row]:
    """All lines for an assignment, in the order of the students' ids."""
    students = sorted(path.parent.name for path in (HERE / "submitted").glob(f"*/{assignment}"))
    with Gradebook(f"sqlite:///{HERE / 'gradebook.db'}", "lmmkit") as gradebook:
        try:
            gradebook.find_assignment(assignment)
        except MissingEntry:
            sys.exit(
                f"there is no assignment {assignment} in the gradebook; run nbgrader generate_assignment first"
            )
        return [row(gradebook, assignment, student) for student in students]


def main() -> None:
    parser = argparse.ArgumentParser(description="Tell the marks of an assignment.")
    parser.add_argument("assignment")
    parser.add_argument("--csv", action="store_true", help="for a spreadsheet")
    options = parser.parse_args()
    rows = [
        (student, tests, hand, "; ".join(remarks))
        for student, tests, hand, remarks in table(options.assignment)
    ]
    if options.csv:
        csv.writer(sys.stdout).writerows([HEAD, *rows])
        return
    widths = [max(len(line[column]) for line in [HEAD, *rows]) for column in range(3)]
    for line in [HEAD, *rows]:
        left = "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=False))
        print(f"{left}  {line[3]}".rstrip())


if __name__ == "__main__":
    main()
