"""Settings of nbgrader for this course; nbgrader reads them in the folder where it is started."""

import os
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    Execute,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

#: Whether each student has rows of their own.
OWN_DATA = False
#: Seconds that one cell may run while it is marked.
TIMEOUT = int(os.environ.get("NBGRADER_TIMEOUT", "60"))

HERE = Path(__file__).resolve().parent

# The kernels that run students' notebooks inherit these.
os.environ["LMMKIT_PROGRESS"] = "off"
os.environ["OMP_NUM_THREADS"] = "1"


class MendCells(NbGraderPreprocessor):
    """Makes the cells that the course has marked what they were: each there once, with its own metadata.

    Of a cell that was copied the last copy counts. Tests, rubrics and set-up that were deleted are put back behind
    the marked cell before them. nbgrader's own ways stop at such notebooks: `DeduplicateIds` leaves metadata that
    ends the whole run, and `OverwriteCells.add_missing_cells` gives up when two neighbours are gone.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        names = resources["nbgrader"]
        assignment, notebook = names["assignment"], names["notebook"]
        master = nbformat.read(HERE / "source" / assignment / f"{notebook}.ipynb", as_version=4)
        last = {}
        for cell in nb.cells:
            details = cell.metadata.pop("nbgrader", None)
            if isinstance(details, dict):
                last[str(details.get("grade_id"))] = cell
        place = 0
        with Gradebook(names["db_url"]) as gradebook:
            for original in master.cells:
                details = original.metadata.get("nbgrader")
                if details is None:
                    continue
                name = details.grade_id
                if name not in last and (details.grade or details.locked):
                    # The gradebook's copy, which has the hidden tests and not the solutions.
                    text = gradebook.find_source_cell(name, notebook, assignment).source
                    last[name] = (new_code_cell if original.cell_type == "code" else new_markdown_cell)(text)
                    nb.cells.insert(place, last[name])
                    self.log.warning("Cell %s was missing; put back", name)
                if name in last:
                    last[name].metadata["nbgrader"] = details
                    place = nb.cells.index(last[name]) + 1
        return nb, resources


class SignIn(NbGraderPreprocessor):
    """Signs in by the name of the folder that a notebook was handed in under, before anything else is run."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        student = resources["nbgrader"]["student"]
        text = f"from lmmkit.course.own_data import sign_in\n\nsign_in({student!r}, final=True)"
        nb.cells.insert(0, new_code_cell(text))
        return nb, resources


c = get_config()  # type: ignore[name-defined]  # noqa: F821  # nbgrader gives this name

c.CourseDirectory.course_id = "lmmkit"
c.CourseDirectory.root = str(HERE)
c.NbGrader.logfile = str(HERE / "nbgrader.log")

# In an answer cell the names stand above the solution already, so that an untouched notebook runs.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearSolutions.text_stub = "*YOUR ANSWER HERE*"
# Rubrics stand in locked cells: the release loses their text, marking brings it back.
c.ClearMarkScheme.enforce_metadata = False

c.Execute.timeout = TIMEOUT
c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    MendCells,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    *([SignIn] if OWN_DATA else []),
    Execute,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
