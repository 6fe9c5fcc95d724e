"""What the build adds to a page, so that no author has to: a head, a line for who has not installed lmmkit, links
into the glossary, and the next steps.

The title cell of a lesson says how long it takes and what must be known before, `minutes=45 needs="a line's
slope (01)"`; from that the head is made. The foot links to the exercise, the next lesson and the one before, and
shows the reader's own progress.
"""

import re
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools import glossary
from tools.page_rules import START
from tools.student_version import BuildError, make_exercise, read_source, regular

HEADING = re.compile(r"^# # (.+)$", re.MULTILINE)  # in a source's text cell
NUMBER = re.compile(r"\((\d\d)\)")
PROGRESS = """\
# What you have done here
from lmmkit.course.check import show_progress

show_progress("{code}")"""

#: Above the line that imports: what to do on a machine that has no lmmkit, as Colab's. Python shows it in the error.
INSTALL = (
    """# No module named 'lmmkit'? Run this in a cell above, once: %pip install --quiet "lmmkit[course]\""""
)


class Shelf:
    """The lessons and exercises that there are, in the order in which they are read.

    Parameters
    ----------
    root : Path
        The folder that has `lessons/` and `solutions/` in it.
    """

    def __init__(self, root: Path) -> None:
        self.lessons = {path.stem: _title(path) for path in numbered(root / "lessons" / "source")}
        self.exercises = {path.stem: _title(path) for path in numbered(root / "solutions" / "source")}

    def lesson(self, number: str) -> str | None:
        """The lesson's file of this number, or None."""
        return next((stem for stem in self.lessons if stem.startswith(number)), None)

    def neighbours(self, stem: str) -> tuple[str | None, str | None]:
        """The lesson before and the lesson after."""
        stems = list(self.lessons)
        place = stems.index(stem)
        return (
            stems[place - 1] if place else None,
            stems[place + 1] if place + 1 < len(stems) else None,
        )


def numbered(folder: Path) -> list[Path]:
    """The sources of lessons or exercises that have a number, in order."""
    return sorted(folder.glob("[0-9][0-9]_*.py"))


def _title(source: Path) -> str:
    """What a source calls itself, without the number and the word before it: `Pooling`."""
    found = HEADING.search(source.read_text(encoding="utf-8"))
    return re.sub(r"^(Lesson |Exercise )?\d+\. ", "", found[1]) if found else source.stem


# ---------------------------------------------------------------- whole pages


def lesson_page(source: Path) -> NotebookNode:
    """A lesson as it is executed: the source's cells, and what the build adds."""
    notebook = read_source(source)
    tell_what_to_install(notebook.cells)
    if not source.stem[:2].isdigit():
        return notebook
    root = source.parent.parent.parent
    shelf = Shelf(root)
    head = head_of(notebook.cells[0], shelf, source) if notebook.cells else []
    cells = [*notebook.cells[:1], *head, *notebook.cells[1:], *lesson_foot(source.stem, shelf)]
    terms = glossary.read(root)
    return regular(glossary.linked(cells, terms) if terms else cells)


def exercise_page(source: Path) -> NotebookNode:
    """An exercise as a student opens it: stubs for answers, and the next steps."""
    exercise = make_exercise(read_source(source), f"exercises/{source.stem}")
    tell_what_to_install(exercise.cells)
    if not source.stem[:2].isdigit():
        return exercise
    return regular([*exercise.cells, *exercise_foot(source.stem, Shelf(source.parent.parent.parent))])


def tell_what_to_install(cells: list[NotebookNode]) -> None:
    """Put the line `INSTALL` above the page's line of imports."""
    first = next((cell for cell in cells if cell.cell_type == "code" and START.match(cell.source)), None)
    if first is not None:
        first.source = f"{INSTALL}\n{first.source}"


# ---------------------------------------------------------------- head and foot


def head_of(title: NotebookNode, shelf: Shelf, source: Path) -> list[NotebookNode]:
    """Below the title: how long the lesson takes, and what must be known before; nothing when it does not say.

    Raises
    ------
    BuildError
        If the lesson names one that comes later. One that was taken out of the course is named without a link.
    """
    needs, minutes = title.metadata.get("needs"), title.metadata.get("minutes")
    lines = [f"**Time** about {minutes} minutes."] if minutes else []
    if needs:
        for number in NUMBER.findall(needs):
            if number >= source.stem[:2]:
                raise BuildError(f"{source.stem}: lesson {number} cannot be needed: it does not come before")
        lines.append(f"**What you need to know** {NUMBER.sub(lambda found: _link(found[1], shelf), needs)}.")
    return [new_markdown_cell("\n\n".join(lines))] if lines else []


def _link(number: str, shelf: Shelf) -> str:
    name, there = f"lesson {int(number)}", shelf.lesson(number)
    return f"([{name}]({there}.ipynb))" if there else f"({name}, which is not in this course)"


def lesson_foot(stem: str, shelf: Shelf) -> list[NotebookNode]:
    """What stands below a lesson: the reader's progress, and where to go."""
    number, (before, after) = stem[:2], shelf.neighbours(stem)
    exercise = next((name for name in shelf.exercises if name.startswith(number)), None)
    steps = [
        exercise and f"Practise: [exercise {int(number)}](../exercises/{exercise}.ipynb)",
        after and f"Read on: [lesson {int(after[:2])}, {shelf.lessons[after]}]({after}.ipynb)",
        before and f"Go back: [lesson {int(before[:2])}, {shelf.lessons[before]}]({before}.ipynb)",
        "Look up: [glossary](glossary.ipynb), [cheat sheet](cheat_sheet.ipynb)",
    ]
    return _foot(number, steps)


def exercise_foot(stem: str, shelf: Shelf) -> list[NotebookNode]:
    """What stands below an exercise."""
    number = stem[:2]
    lesson = shelf.lesson(number)
    after = next((name for name in shelf.lessons if name[:2] > number), None)
    steps = [
        after and f"Read on: [lesson {int(after[:2])}, {shelf.lessons[after]}](../lessons/{after}.ipynb)",
        lesson and f"Go back: [lesson {int(number)}, {shelf.lessons[lesson]}](../lessons/{lesson}.ipynb)",
        "Look up: [glossary](../lessons/glossary.ipynb), [cheat sheet](../lessons/cheat_sheet.ipynb)",
    ]
    return _foot(f"ex{number}", steps)


def _foot(code: str, steps: list[str | None]) -> list[NotebookNode]:
    progress = new_code_cell(PROGRESS.format(code=code), metadata={"jupyter": {"source_hidden": True}})
    lines = "\n".join(f"- {step}" for step in steps if step)
    return [progress, new_markdown_cell(f"## Where to go next\n\n{lines}")]
