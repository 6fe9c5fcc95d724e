"""A course for nbgrader, made from the solutions' sources: `make nbgrader`.

`dist/nbgrader_course/` then holds `source/<assignment>/<assignment>.ipynb` for every exercise and capstone, a
configuration, what happens to a notebook while it is marked, a small program that tells the marks, and a README with
the steps. How the course was made is remembered there, in `course.json`. Of each cell of a source

- a solution becomes an answer cell: `name = ...`, and between nbgrader's marks what the student does not see;
- `check(...)` becomes a locked test that counts the question's points and fails when the answer is wrong, for the
  student who validates the notebook as well; the hidden part asks lmmkit itself, so that a `check` of the student's
  own making earns nothing;
- a written answer becomes a cell marked by hand, and its rubric a locked cell whose text the students' version
  has lost and the marker's has regained;
- what imports and loads data is locked, all else is left as it is.

`--own-data` gives every student nine rows in ten (`lmmkit.course.own_data`), and numbers and lists of their own
(`lmmkit.course.own_task`): a text with places such as `{{w1.between}}` becomes a cell that shows it, and before an
answer that is made of given words stands a cell that numbers these words. The student signs in at the top of the
notebook; when it is marked, a cell put in before all others signs in by the name of the folder that it was
handed in under, and nothing in the notebook can change that by accident.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import shutil
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from lmmkit.course.check import find
from lmmkit.course.own_data import PLACE
from tools.build_notebooks import ROOT, as_text
from tools.make_release import is_left_out, refuse_unknown
from tools.student_version import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    CODE_STUB,
    END_HIDDEN,
    END_SOLUTION,
    TEXT_STUB,
    BuildError,
    chapter_of,
    read_source,
    regular,
    replace_regions,
    stub_of,
    tags,
    words_in_view,
)

HERE = Path(__file__).resolve().parent / "nbgrader"
BEGIN_SCHEME, END_SCHEME = "### BEGIN MARK SCHEME", "### END MARK SCHEME"
LOADS = re.compile(r"\b(?:lk\.)?load_data\(")
SET_UP = re.compile(r"^(import|from) |\bown_data\(|\bload_data\(", re.MULTILINE)

#: What the exercises promise of a verdict, which a blind course does not give.
PROMISE = re.compile(r"[:.]\s+[Yy]ou\s+get\s+a\s+verdict\s+at\s+once,[^.]*\.")

NOTE = """*This copy is marked. Write into the answer cells, add cells where you like, and leave the other cells as they
are. Before you hand it in, run it once from top to bottom (Kernel ▸ Restart Kernel and Run All Cells).*"""
NOTE_BLIND = """ *Whether an answer is right you learn when it has been marked; what the button Validate says means only
that the cells can be run.*"""
STUDENT_CELL = "STUDENT = ...  # your student id in quotes, exactly as your course knows you"
SIGN_IN_CELL = """\
from lmmkit.course.own_data import own_data, sign_in
from lmmkit.course.own_task import numbered, own_list, own_numbers, own_task

sign_in(STUDENT)"""
NOTE_OWN = """ *Sign in below and run the notebook: some numbers and lists are your own, and are seen when their cells
have been run.*"""


class Assignment:
    """Turns the cells of one source into those of an assignment, each under an id of its own.

    Parameters
    ----------
    source : Path
        A file in `solutions/source`.
    own_data : bool
        Whether students have rows of their own.
    blind : bool
        Whether students are told at once if they are right (False), or only when they are marked (True).
    """

    def __init__(self, source: Path, own_data: bool = False, blind: bool = False) -> None:
        self.source, self.own_data, self.blind = source, own_data, blind
        self.chapter = chapter_of(source.stem)
        self.ids: Counter[str] = Counter()
        self.model_answers: dict[str, str] = {}
        self.cells = read_source(source, own=own_data).cells
        self.keep = words_in_view(read_source(source))

    def notebook(self) -> NotebookNode:
        """The assignment as nbgrader's source."""
        cells = [made for number, cell in enumerate(self.cells) for made in self.cells_for(number, cell)]
        note = NOTE + (NOTE_BLIND if self.blind else "") + (NOTE_OWN if self.own_data else "")
        top = [new_markdown_cell(note)]
        if self.own_data:
            top += [new_code_cell(STUDENT_CELL), self._locked(new_code_cell(SIGN_IN_CELL), "sign_in")]
        return regular([cells[0], *top, *cells[1:]])  # below the title

    def cells_for(self, number: int, cell: NotebookNode) -> list[NotebookNode]:
        """What becomes of one cell: a cell, or none."""
        kinds, task = tags(cell), str(cell.metadata.get("task", f"cell{number}"))
        text = LOADS.sub("own_data(", cell.source) if self.own_data else cell.source
        if self.blind and cell.cell_type != "code":
            text = PROMISE.sub(".", text)
        try:
            if "written" in kinds:
                return [self._written(cell, text, task)]
            if "rubric" in kinds:
                return [self._rubric(cell, text, task)]
            if cell.cell_type != "code":
                return [] if kinds & {"solution", "hidden"} else self._text(text, f"cell{number}")
            if "solution" in kinds or BEGIN_SOLUTION in text:
                return self._answer(text, task, cell.metadata.get("given", ""))
            if kinds & {"test", "hidden"}:
                return [self._test(cell, hidden(text) if "hidden" in kinds else text, f"{task}_test")]
            if text.startswith("check("):
                return [self._check(text)]
        except (ValueError, SyntaxError) as error:
            raise BuildError(f"{self.source.stem}, cell {number}: {error}") from error
        made = new_code_cell(text)
        if kinds & {"raises-exception"}:
            made.metadata.tags = ["raises-exception"]
        return [self._locked(made, f"cell{number}") if SET_UP.search(text) else made]

    def _text(self, text: str, name: str) -> list[NotebookNode]:
        """A text; with numbers of the student's own in it, its title and a cell that shows the rest."""
        if not PLACE.search(text):
            return [new_markdown_cell(text)]
        before, title, after = (
            text.rpartition("\n## ") if "\n## " in text else ("", "## ", text.removeprefix("## "))
        )
        heading, _, body = after.partition("\n")
        shows = new_code_cell(f'own_task("{self.chapter}", r"""\n{body.strip()}\n""")')
        shows.metadata.jupyter = {"source_hidden": True}
        return [new_markdown_cell(f"{before}{title}{heading}".strip()), self._locked(shows, name)]

    def _answer(self, text: str, task: str, given: str) -> list[NotebookNode]:
        """An answer cell, and before it the list of words if there is one."""
        key = f"{self.chapter}.{task}"
        question = find(key) if self.own_data else None
        if question is None or not question.words:
            return [
                self._marked(
                    new_code_cell(answer_cell(text, self.keep, given)), f"{task}_answer", solution=True
                )
            ]
        answer = next(
            asked(cell.source)[1] for cell in self.cells if cell.source.startswith(f'check("{key}"')
        )
        text = answer_cell(f"{text}\n{answer} = numbered({key!r}, {answer})", self.keep, given)
        text = text.replace(f"{answer} = ...", f"{answer} = ...  # by the numbers of your own list", 1)
        listed = self._locked(new_code_cell(f'own_list("{key}")'), f"{task}_list")
        return [listed, self._marked(new_code_cell(text), f"{task}_answer", solution=True)]

    def _check(self, text: str) -> NotebookNode:
        key, _ = asked(text)
        question = find(key)
        if question is None:
            raise ValueError(f"there is no question {key!r}")
        cell = new_code_cell(test_of(text, blind=self.blind))
        return self._marked(cell, key.replace(".", "_"), points=question.points)

    def _test(self, cell: NotebookNode, text: str, name: str) -> NotebookNode:
        return self._marked(new_code_cell(text), name, points=cell.metadata.get("points", 1))

    def _written(self, cell: NotebookNode, text: str, task: str) -> NotebookNode:
        points = cell.metadata.get("points", 1)
        self.model_answers[task] = text
        return self._marked(new_markdown_cell(text), f"{task}_written", points=points, solution=True)

    def _rubric(self, cell: NotebookNode, text: str, task: str) -> NotebookNode:
        shown = "*The text above is marked by hand.*"
        if task in self.model_answers:
            text = f"{text}\n\n**A model answer**\n\n{self.model_answers[task]}"
        cell = new_markdown_cell(f"{shown}\n\n{BEGIN_SCHEME}\n{text}\n{END_SCHEME}")
        return self._locked(cell, f"{task}_rubric")

    def _locked(self, cell: NotebookNode, name: str) -> NotebookNode:
        return self._marked(cell, name)

    def _marked(
        self, cell: NotebookNode, name: str, points: float | None = None, solution: bool = False
    ) -> NotebookNode:
        """The cell with nbgrader's metadata: graded when it has points, locked when it is no solution."""
        self.ids[name] += 1
        grade_id = name if self.ids[name] == 1 else f"{name}_{self.ids[name]}"
        details: dict[str, Any] = {
            "grade": points is not None,
            "grade_id": grade_id,
            "locked": not solution,
            "schema_version": 3,
            "solution": solution,
            "task": False,
        }
        if points is not None:
            details["points"] = points
        cell.metadata.nbgrader = details
        return cell


def answer_cell(text: str, keep: set[str] | None = None, given: str = "") -> str:
    """A solution that nbgrader can take out: what the student is given and the names first, then the marked region.

    Examples
    --------
    >>> print(answer_cell("answer_2 = 3 / 4"))
    answer_2 = ...
    ### BEGIN SOLUTION
    answer_2 = 3 / 4
    ### END SOLUTION
    """
    if BEGIN_SOLUTION not in text:
        text = f"{BEGIN_SOLUTION}\n{text}\n{END_SOLUTION}"

    def with_names(region: str) -> str:
        names = stub_of(region, keep, given).removeprefix(f"{CODE_STUB}\n")
        return f"{names}\n{BEGIN_SOLUTION}\n{region}\n{END_SOLUTION}"

    return replace_regions(text, BEGIN_SOLUTION, END_SOLUTION, with_names)


def test_of(text: str, blind: bool = False) -> str:
    """A cell that checks, as a test: it fails when the answer is wrong.

    The hidden part stands first, and another one last, because nbgrader takes the first thing that a cell shows
    for its mark: an error for none, a number for that many points.

    Examples
    --------
    >>> print(test_of('check("ex06.q1", answer_1)'))
    ### BEGIN HIDDEN TESTS
    from lmmkit.course.grading import assert_right
    assert_right('ex06.q1', answer_1)
    ### END HIDDEN TESTS
    check("ex06.q1", answer_1).must_be_right()
    ### BEGIN HIDDEN TESTS
    None
    ### END HIDDEN TESTS
    """
    key, answer = asked(text)
    import_line = "from lmmkit.course.grading import assert_right"
    shown = "# This is checked when you have handed it in." if blind else f"{text.strip()}.must_be_right()"
    return "\n".join([hidden(f"{import_line}\nassert_right({key!r}, {answer})"), shown, hidden("None")])


def asked(text: str) -> tuple[str, str]:
    """The question and the answer, as code, of a cell that checks.

    Raises
    ------
    ValueError
        If the cell does anything else.

    Examples
    --------
    >>> asked('check("ex06.q1", answer_1)')
    ('ex06.q1', 'answer_1')
    """
    match ast.parse(text).body:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(key)), answer], []))]:
            return key, ast.unparse(answer)
    raise ValueError(f"a cell that checks an answer does only that, check(key, answer): {text!r}")


test_of.__test__ = False  # type: ignore[attr-defined]  # pytest is not meant


def hidden(text: str) -> str:
    """The text between nbgrader's marks of what students do not see."""
    return f"{BEGIN_HIDDEN}\n{text}\n{END_HIDDEN}"


@dataclass(frozen=True)
class Settings:
    """How a course was made; remembered in its folder, so that every assignment is made alike.

    Attributes
    ----------
    own_data, blind : bool
        As for :class:`Assignment`.
    without : str
        The exercises that are left out, as in `make release`: ``"14 15"``.
    """

    own_data: bool = False
    blind: bool = False
    without: str = ""


#: How each setting is given to make.
AS_GIVEN = {"own_data": "OWN_DATA", "blind": "BLIND", "without": "WITHOUT"}
REMEMBERED, CONFIG = "course.json", "nbgrader_config.py"


def settings_for(folder: Path, asked: dict[str, Any]) -> Settings:
    """The settings of the course in a folder: those it was made with, else those asked for.

    Parameters
    ----------
    folder : Path
        Of the course.
    asked : dict
        Settings by name; None means that nothing was said.

    Raises
    ------
    BuildError
        If the course was made with other settings than those asked for.
    """
    asked = {name: value for name, value in asked.items() if value is not None}
    if "without" in asked:  # whatever their order
        asked["without"] = " ".join(sorted(set(asked["without"].split())))
    file = folder / REMEMBERED
    if not file.exists():
        return Settings(**asked)
    made = json.loads(file.read_text(encoding="utf-8"))["settings"]
    for name, value in asked.items():
        if made[name] != value:
            raise BuildError(
                f"this course was made with {AS_GIVEN[name]}={_as_text(made[name])}, and is marked so; "
                f"leave {AS_GIVEN[name]} out, or make another course: --folder elsewhere, or move {folder} away"
            )
    return Settings(**made)


def _as_text(value: bool | str) -> str:
    return repr(value) if isinstance(value, str) else str(int(value))


def write_course(folder: Path, names: list[str], **asked: Any) -> list[Path]:
    """Write the course.

    Parameters
    ----------
    folder : Path
        Made if it is not there. What was handed in to an earlier version of the course stays there, and so does
        `nbgrader_config.py` once somebody has changed it.
    names : list of str
        Only these exercises (names or beginnings of names); empty means all.
    **asked
        The fields of :class:`Settings`; what is left out is as the course was made before.

    Returns
    -------
    list of Path
        The assignments' notebooks.

    Raises
    ------
    BuildError
        If no exercise of the course has one of the names, a source cannot become an assignment, or the course was
        made with other settings.
    """
    settings = settings_for(folder, asked)
    found = sorted((ROOT / "solutions" / "source").glob("*.py"))
    for name in names:
        if not any(source.stem.startswith(name) for source in found):
            raise BuildError(f"no exercise is called {name}; there are {', '.join(s.stem for s in found)}")
    left_out = frozenset(settings.without.split())
    there = [source for source in found if not is_left_out(f"exercises/{source.stem}", left_out)]
    for name in names:
        if not any(source.stem.startswith(name) for source in there):
            raise BuildError(
                f"{name} is left out of this course, which was made with WITHOUT={settings.without!r}"
            )
    written = []
    for source in there:
        if names and not source.stem.startswith(tuple(names)):
            continue
        path = folder / "source" / source.stem / f"{source.stem}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook = Assignment(source, settings.own_data, settings.blind).notebook()
        path.write_text(as_text(notebook), encoding="utf-8")
        written.append(path)
    copy_programs(folder, settings)
    return written


def copy_programs(folder: Path, settings: Settings) -> None:
    """Copy what works on the course, and remember its settings; a configuration that was changed is left alone."""
    config, file = folder / CONFIG, folder / REMEMBERED
    ours = (HERE / CONFIG).read_text(encoding="utf-8").replace('"*YOUR ANSWER HERE*"', repr(TEXT_STUB))
    before = json.loads(file.read_text(encoding="utf-8"))["config"] if file.exists() else None
    for path in HERE.rglob("*"):
        if path.is_file() and path.name != CONFIG and "__pycache__" not in path.parts:
            target = folder / path.relative_to(HERE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    if not config.exists() or _digest(config.read_text(encoding="utf-8")) == before:
        config.write_text(ours, encoding="utf-8")
    elif config.read_text(encoding="utf-8") != ours:
        print(
            f"{config} has been changed by you and is left as it is; what is new in ours may be missing there"
        )
    remembered = {"settings": asdict(settings), "config": _digest(ours)}
    file.write_text(json.dumps(remembered, indent=1) + "\n", encoding="utf-8")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write a course for nbgrader.")
    parser.add_argument("names", nargs="*", help="only these, e.g. 06_pooling or 06")
    yes_or_no = argparse.BooleanOptionalAction
    parser.add_argument(
        "--own-data", action=yes_or_no, default=None, help="each student has nine rows in ten"
    )
    parser.add_argument(
        "--blind", action=yes_or_no, default=None, help="students learn what is right when they are marked"
    )
    parser.add_argument("--without", default=None, help="exercises to leave out, such as '14 15'")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist" / "nbgrader_course")
    options = parser.parse_args(argv)
    asked = {name: getattr(options, name) for name in AS_GIVEN}
    try:
        refuse_unknown(frozenset((options.without or "").split()))
        written = write_course(options.folder, options.names, **asked)
        settings = settings_for(options.folder, {})
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    told = ", ".join(f"{AS_GIVEN[name]}={_as_text(value)}" for name, value in asdict(settings).items())
    print(f"{len(written)} assignments in {options.folder} ({told}); its README.md has the next steps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
