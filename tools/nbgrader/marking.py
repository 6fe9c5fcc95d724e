"""What happens to a notebook between the moment it is handed in and its mark.

Its marked cells are found again and put back (`MendCells`), the student is signed in by the name of the folder, the
notebook is run behind a wall where there is one, and before each test it is looked up whether what judges the answer
is still what it was (`SealedExecute`). What is odd goes into the notebook's metadata, where `marks.py` reads it.
"""

import ast
import atexit
import hashlib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient.exceptions import CellTimeoutError
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    Execute,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets import Bool

HERE = Path(__file__).resolve().parent
KERNELS = HERE / "kernels"
#: How the course was made; `make nbgrader` writes it.
COURSE = json.loads((HERE / "course.json").read_text(encoding="utf-8"))["settings"]
#: What was handed in when marking began, and whether there was a wall; `marks.py` reads it.
BEGUN = HERE / "marking_began.json"
NO_WALL = (
    "There is no wall here: what a student has written can read the solutions and hidden tests, change what others "
    "have handed in, and use the network while it is marked. Install bubblewrap (on Debian: apt install bubblewrap), "
    "or mark in a container or as a user that can see nothing else."
)

sys.path.insert(0, str(KERNELS / "walled"))
import wall  # noqa: E402  # the program that starts the kernel

WALL = wall.stands()


def begin() -> None:
    """Note what has been handed in, and tell if there is no wall, when `nbgrader autograde` begins."""
    if "autograde" not in sys.argv[1:2]:
        return
    if not WALL:
        print(NO_WALL, file=sys.stderr)
    files = sorted((HERE / "submitted").glob("*/*/*"))
    BEGUN.write_text(
        json.dumps({"wall": WALL, "files": {key(path): digest(path) for path in files if path.is_file()}})
    )


def key(path: Path) -> str:
    """A file that was handed in, as `student/assignment/name`."""
    return path.relative_to(HERE / "submitted").as_posix()


def digest(path: Path) -> str:
    """A fingerprint of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def remark(notebook: NotebookNode, text: str) -> None:
    """Note something that the marker should know."""
    notebook.metadata.setdefault("lmmkit", {}).setdefault("remarks", []).append(text)


# ---------------------------------------------------------------- the marked cells


class MendCells(NbGraderPreprocessor):
    """Makes the cells that the course has marked what they were: each there once, in its place, with its metadata.

    Of a cell that was copied the last copy counts. A cell that has lost its metadata is known by its text, an answer
    by the first name that it assigns, a written answer by the text above it. Tests, rubrics and set-up that were
    deleted are put back behind the marked cell before them. nbgrader's own ways stop at such notebooks:
    `DeduplicateIds` leaves metadata that ends the whole run, and `OverwriteCells.add_missing_cells` gives up when two
    neighbours are gone.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        names = resources["nbgrader"]
        assignment, notebook = names["assignment"], names["notebook"]
        refuse_link(names["student"], assignment, notebook)
        master = nbformat.read(HERE / "source" / assignment / f"{notebook}.ipynb", as_version=4)
        released = released_cells(assignment, notebook)
        found = by_metadata(nb)
        nb.metadata.pop("lmmkit", None)  # only we write remarks
        lost = [name for name in marked(master) if name not in found]
        again = by_text(nb, found, released, lost)
        if again:
            remark(nb, f"the marks of {listed(again, lost)} were lost, as if another program had saved the notebook; "
                       "put back by what stands in the cells: please look")  # fmt: skip
        found |= again
        with Gradebook(names["db_url"]) as gradebook:
            for name, original in marked(master).items():
                details = original.metadata.nbgrader
                if name not in found and (details.grade or details.locked):
                    # The gradebook's copy, which has the hidden tests and not the solutions.
                    text = gradebook.find_source_cell(name, notebook, assignment).source
                    found[name] = (new_code_cell if original.cell_type == "code" else new_markdown_cell)(text)
                    insert_after_its_neighbour(nb, found, list(marked(master)), name)
                    self.log.warning("Cell %s was missing; put back", name)
        for name, original in marked(master).items():
            if name in found:
                found[name].metadata["nbgrader"] = original.metadata.nbgrader
        moved = put_in_order(nb, [name for name in marked(master) if name in found])
        if moved:
            remark(nb, f"{', '.join(moved)} stood elsewhere; moved back")
        return nb, resources


def refuse_link(student: str, assignment: str, notebook: str) -> None:
    """Refuse a submission that only points to a file elsewhere, which may be anybody's, or the solution."""
    folder = HERE / "submitted"
    path = folder / student / assignment / f"{notebook}.ipynb"
    if path.exists() and path.resolve() != folder.resolve() / student / assignment / path.name:
        raise ValueError(f"{path.name} is a link to another file; ask for the notebook itself")


def marked(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that the course has marked, by name, in order."""
    cells = {}
    for cell in notebook.cells:
        details = cell.metadata.get("nbgrader")
        if isinstance(details, dict) and "grade_id" in details:
            cells[str(details["grade_id"])] = cell
    return cells


def by_metadata(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that still carry their names; all metadata of nbgrader is taken off, for it may be anything."""
    cells = marked(notebook)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    return cells


def released_cells(assignment: str, notebook: str) -> list[NotebookNode]:
    """The cells as the students got them; none if the release is kept elsewhere."""
    path = HERE / "release" / assignment / f"{notebook}.ipynb"
    return list(nbformat.read(path, as_version=4).cells) if path.exists() else []


def by_text(
    notebook: NotebookNode, found: dict[str, NotebookNode], released: list[NotebookNode], lost: list[str]
) -> dict[str, NotebookNode]:
    """Cells without a name that must be the lost ones: by text, by the first name they assign, by the text above."""
    taken = {id(cell) for cell in found.values()}
    known = {cell.source.strip() for cell in released if cell.cell_type == "markdown"}
    again: dict[str, NotebookNode] = {}
    for place, cell in enumerate(released):
        name = str(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if name not in lost:
            continue
        free = [one for one in notebook.cells if id(one) not in taken and one.cell_type == cell.cell_type]
        if cell.metadata.nbgrader.locked:
            fits = [one for one in free if one.source.strip() == cell.source.strip()]
        elif cell.cell_type == "code":
            fits = [
                one for one in free if (first := first_name(cell.source)) and first_name(one.source) == first
            ]
        else:
            above = next((one.source.strip() for one in reversed(released[:place])), "")
            fits = [
                one
                for one in below(notebook, above)
                if id(one) not in taken and one.source.strip() not in known
            ]
            fits = fits or [one for one in free if one.source.strip() == cell.source.strip()]
        if fits:
            again[name] = fits[-1]
            taken.add(id(fits[-1]))
    return again


def below(notebook: NotebookNode, text: str) -> list[NotebookNode]:
    """The text cell right below the one with this text."""
    for above, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if above.source.strip() == text and cell.cell_type == "markdown":
            return [cell]
    return []


def first_name(code: str) -> str | None:
    """The first name that a cell assigns, or None; also of code that does not compile.

    Examples
    --------
    >>> first_name("# mine\\nanswer_2, n = 3, 4"), first_name("model = lk.lmer("), first_name("print(1)")
    ('answer_2', 'model', None)
    """
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError):
        start = re.search(r"^(\w+)\s*=[^=]", code, re.MULTILINE)
        return start[1] if start else None
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return next((node.id for node in ast.walk(targets[0]) if isinstance(node, ast.Name)), None)
        if isinstance(statement, ast.FunctionDef):
            return statement.name
    return None


def listed(again: dict[str, NotebookNode], lost: list[str]) -> str:
    """The names, or how many when they are many."""
    return ", ".join(again) if len(again) <= 3 else f"{len(again)} of {len(lost)} cells"


def insert_after_its_neighbour(
    notebook: NotebookNode, found: dict[str, NotebookNode], order: list[str], name: str
) -> None:
    """Put a cell behind the nearest marked one that comes before it, or at the top."""
    before = [one for one in order[: order.index(name)] if one in found]
    place = index_of(notebook, found[before[-1]]) + 1 if before else 0
    notebook.cells.insert(place, found[name])


def index_of(notebook: NotebookNode, cell: NotebookNode) -> int:
    """The place of this very cell; others may be equal to it."""
    return next(place for place, one in enumerate(notebook.cells) if one is cell)


def put_in_order(notebook: NotebookNode, order: list[str]) -> list[str]:
    """Bring marked cells into their order, each with the cells of the student's that follow it; what was moved."""
    groups: dict[str, list[NotebookNode]] = {"": []}
    current = ""
    for cell in notebook.cells:
        current = str(cell.metadata.get("nbgrader", {}).get("grade_id", "")) or current
        groups.setdefault(current, []).append(cell)
    stood = [name for name in groups if name]
    if stood == order:
        return []
    notebook.cells = [cell for name in ["", *order] for cell in groups[name]]
    return [name for name in order if name not in longest_in_order(stood, order)]


def longest_in_order(stood: list[str], order: list[str]) -> set[str]:
    """A largest set of names that stand in the right order; the others are those that were moved.

    Examples
    --------
    >>> sorted(longest_in_order(["b", "c", "a", "d"], ["a", "b", "c", "d"]))
    ['b', 'c', 'd']
    """
    best: list[list[str]] = [[]]
    for name in stood:
        before = [chain for chain in best if not chain or order.index(chain[-1]) < order.index(name)]
        best.append([*sorted(before, key=len)[-1], name])
    return set(sorted(best, key=len)[-1])


# ---------------------------------------------------------------- running it

#: Run in the kernel, outside the notebook: which objects judge answers, and run the cells that ask them, now. Their
#: identities are compared in here, in the marker's process, where a notebook cannot reach.
LOOK = """
import builtins, importlib, json, pkgutil, sys
from IPython import get_ipython
from lmmkit.course.own_data import sign_in
if STUDENT is not None:
    sign_in(STUDENT, final=True)
if FIRST:
    import lmmkit, lmmkit.course.grading
    for module in pkgutil.walk_packages(lmmkit.__path__, "lmmkit."):
        if "explorers" not in module.name and "plots" not in module.name and "__main__" not in module.name:
            try:
                importlib.import_module(module.name)
            except ImportError:
                pass
found = {}
def note(name, value):
    value = getattr(value, "__func__", value)  # a bound method is another object each time
    code = getattr(value, "__code__", None)
    found[name] = f"{id(value)} {id(code)}"
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] != "lmmkit":
        continue
    found[name] = str(id(module))
    for key, value in list(vars(module).items()):
        if callable(value):
            note(f"{name}.{key}", value)
        if isinstance(value, type) and str(value.__module__).startswith("lmmkit"):
            for inner, member in list(vars(value).items()):
                if callable(member) or isinstance(member, (property, staticmethod, classmethod)):
                    note(f"{name}.{key}.{inner}", member)
        if isinstance(value, dict) and key == "QUESTIONS":
            for question, asked in value.items():
                for inner, member in list(getattr(asked, "__dict__", {}).items()):
                    note(f"{name}.{question}.{inner}", member)
# What runs a test: it could leave out, or rewrite, the lines that ask.
for name, value in list(vars(builtins).items()):
    if callable(value):
        note(f"builtins.{name}", value)
shell = get_ipython()
for name in (
    *("run_cell", "run_cell_async", "run_code", "run_ast_nodes", "transform_cell", "transform_ast"),
    *("compile", "showtraceback", "CustomTB", "kernel"),
):
    note(f"IPython.{name}", getattr(shell, name, None))
lines = shell.input_transformer_manager
for name, several in (
    ("ast_transformers", shell.ast_transformers),
    ("custom_exceptions", shell.custom_exceptions),
    ("input_transformers_cleanup", lines.cleanup_transforms),
    ("input_transformers_post", shell.input_transformers_post),
    ("line_transforms", lines.line_transforms),
    ("token_transformers", lines.token_transformers),
):
    found[f"IPython.{name}"] = " ".join(str(id(one)) for one in several)
# Not as the value of the cell: whether IPython shows that depends on how the student's last cell ends.
shell.display_pub.publish({"text/plain": json.dumps(found)})
"""


#: Seconds that this may take, however short a student's cell may run.
PATIENCE = 240
NO_ANSWER = "its kernel did not answer in time: mark it again, with nothing else at work on the machine"
NO_END = "a cell did not stop when its time was over, or printed without end:"


class SealedExecute(Execute):
    """Runs a notebook behind the wall, and counts no test once what judges it has been replaced.

    A test runs in the student's own kernel, where any object of Python can be replaced by another. So the marker's
    process keeps the identity of every function and class of lmmkit from before the first cell, and looks again
    before each test.
    """

    def create_kernel_manager(self) -> Any:
        """The kernel behind the wall if there is one, else that of the notebook."""
        if not WALL:
            return super().create_kernel_manager()
        sockets = tempfile.mkdtemp(prefix="lmmkit-")
        atexit.register(shutil.rmtree, sockets, ignore_errors=True)
        self.km = self.kernel_manager_class(
            kernel_name="walled",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(KERNELS)]),
            transport="ipc",
            connection_file=f"{sockets}/kernel.json",
            config=self.config,
        )
        return self.km

    def preprocess(self, nb: NotebookNode, resources: Any, km: Any = None) -> tuple[NotebookNode, Any]:
        self._known: dict[str, str] | None = None
        return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        if self._known is None:
            self._known = self._look(resources, index, first=True)
            if not self._known:
                raise RuntimeError(NO_ANSWER)
        if not cell.metadata.get("nbgrader", {}).get("grade") or cell.cell_type != "code":
            return self._run(cell, resources, index)
        now = self._look(resources, index)
        replaced = sorted(name for name, identity in self._known.items() if now.get(name) != identity)
        if replaced or not self._known:
            self._refuse(cell, replaced)
            return cell, resources
        cell, resources = self._run(cell, resources, index)
        for output in cell.outputs:  # nbgrader counts a warning as a failure
            if output.output_type == "stream" and output.name == "stderr":
                output.name = "stdout"
        return cell, resources

    def _run(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Run a cell; of one that swallows the interrupt nbclient says nothing that helps."""
        try:
            return super().preprocess_cell(cell, resources, index)
        except CellTimeoutError:
            first = next(iter(cell.source.strip().splitlines()), "")[:40]
            raise RuntimeError(f"{NO_END} {first}") from None

    def _look(self, resources: Any, index: int, first: bool = False) -> dict[str, str]:
        """The identities of what judges answers; none if the kernel does not tell."""
        student = resources["nbgrader"]["student"] if COURSE["own_data"] else None
        scope = f"{{'STUDENT': {student!r}, 'FIRST': {first}}}"
        asking = new_code_cell(f"(lambda scope: exec({LOOK!r}, scope))({scope})")
        here, limit = self.nb.cells[index], self.trait_values()["timeout"]
        self.timeout = max(
            limit or 0, PATIENCE
        )  # on a busy machine lmmkit is slow to load, which is nobody's fault
        try:
            self.execute_cell(asking, index, store_history=False)
        except CellTimeoutError:
            raise RuntimeError(NO_ANSWER) from None
        finally:
            self.nb.cells[index] = here
            self.set_trait("timeout", limit)
        for output in asking.outputs:
            if output.output_type == "display_data":
                return dict(json.loads(output.data["text/plain"]))
        return {}

    def _refuse(self, cell: NotebookNode, replaced: list[str]) -> None:
        names = ", ".join(replaced[:3]) + (" and others" if len(replaced) > 3 else "")
        text = f"not counted: the notebook has replaced {names or 'what judges it'}"
        cell.outputs = [new_output("error", ename="Replaced", evalue=text, traceback=[text])]
        told = f"replaced what judges it: {names or 'it does not answer'}"
        if told not in self.nb.metadata.get("lmmkit", {}).get("remarks", []):
            remark(self.nb, told)


class SignIn(NbGraderPreprocessor):
    """Signs in by the name of the folder that a notebook was handed in under, before anything else is run."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        student = resources["nbgrader"]["student"]
        text = f"from lmmkit.course.own_data import sign_in\n\nsign_in({student!r}, final=True)"
        nb.cells.insert(0, new_code_cell(text))
        return nb, resources


class ForStudents(NbGraderPreprocessor):
    """Takes out of a feedback page what is the marker's: hidden tests and, unless asked for, the mark scheme."""

    show_rubric = Bool(False, help="Whether students see how a written answer is marked.").tag(config=True)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        kinds = ["HIDDEN TESTS"] if self.show_rubric else ["HIDDEN TESTS", "MARK SCHEME"]
        for kind in kinds:
            cell.source = re.sub(rf"### BEGIN {kind}\n.*?### END {kind}\n?", "", cell.source, flags=re.DOTALL)
        return cell, resources


FEEDBACK = [GetGrades, ForStudents, CSSHTMLHeaderPreprocessor]
SANITIZE = [ClearOutput, MendCells, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
MARK = [
    *([SignIn] if COURSE["own_data"] else []),
    SealedExecute,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
