"""From a notebook's source to what the student gets: tags and marked regions decide what is left out.

The marks are nbgrader's (`### BEGIN SOLUTION`, `### BEGIN HIDDEN TESTS`, `# YOUR CODE HERE`), so that one
source serves the exercises for self-study and a graded course alike. CONTRIBUTING has a table of the tags.
"""

import ast
import hashlib
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
CODE_STUB = "# YOUR CODE HERE"
TEXT_STUB = "*YOUR ANSWER HERE*"

# A tag that is not one of these is refused: a mistyped `solution` would hand out the answer.
EXERCISE_TAGS = {"solution", "written", "test", "hidden", "rubric"}
RUNNING_TAGS = {"raises-exception", "nbval-ignore-output"}

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


class BuildError(Exception):
    """A source that cannot become a notebook; the message says which, where and why."""


def read_source(source: Path) -> NotebookNode:
    """Read a py:percent file as a notebook without outputs, its metadata and cell ids made regular.

    Parameters
    ----------
    source : Path
        The `.py` file.

    Returns
    -------
    NotebookNode
        nbformat 4.5. Cells keep their tags and the keys that their source gives them (`task`, `points`).

    Raises
    ------
    BuildError
        When a cell has a tag that is not in the table of CONTRIBUTING.
    """
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.metadata.pop("lines_to_next_cell", None)
        unknown = tags(cell) - EXERCISE_TAGS - RUNNING_TAGS
        if unknown:
            known = ", ".join(sorted(EXERCISE_TAGS | RUNNING_TAGS))
            raise BuildError(f"{source}, cell {number}: tag {min(unknown)!r} is not known; there are {known}")
    return regular(notebook.cells)


def regular(cells: list[NotebookNode]) -> NotebookNode:
    """A notebook of these cells, with the one metadata all have and an id made from each cell's content."""
    seen: Counter[str] = Counter()
    for cell in cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] += 1  # two cells alike still get two ids
        cell.id = hashlib.sha256(f"{seen[content]}\n{content}".encode()).hexdigest()[:8]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=NOTEBOOK_METADATA)
    notebook.nbformat_minor = 5
    return notebook


def tags(cell: NotebookNode) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def make_exercise(solved: NotebookNode, name: str = "notebook") -> NotebookNode:
    """The student's version of a solved notebook: stubs for answers; no outputs, hidden tests or rubrics.

    Parameters
    ----------
    solved : NotebookNode
        As `read_source` gives it. It is left as it is.
    name : str
        For messages.

    Returns
    -------
    NotebookNode
        `hidden` and `rubric` cells are gone, `solution` cells are stubs, `written` cells are empty answers.

    Raises
    ------
    BuildError
        When a marked region is not closed, or a solution is not Python.
    """
    cells = []
    for number, cell in enumerate(solved.cells):
        try:
            text = student_text(cell)
        except (ValueError, SyntaxError) as error:
            raise BuildError(f"{name}, cell {number}: {error}") from error
        if text.strip():
            cells.append(student_cell(cell, text))
    return regular(cells)


def student_text(cell: NotebookNode) -> str:
    """What the student reads in a cell; nothing when the cell is not for students."""
    kinds = tags(cell)
    if kinds & {"hidden", "rubric"} or (cell.cell_type != "code" and "solution" in kinds):
        return ""
    if "written" in kinds:
        return TEXT_STUB
    if cell.cell_type != "code":
        return str(cell.source)
    return stub(drop_hidden(cell.source), whole="solution" in kinds)


def student_cell(cell: NotebookNode, text: str) -> NotebookNode:
    """A cell for the student; of its metadata only the tags that change how it runs are kept."""
    keep = sorted(tags(cell) & RUNNING_TAGS)
    metadata = {"tags": keep} if keep else {}
    make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
    return make(text, metadata=metadata)


def stub(text: str, whole: bool = False) -> str:
    """Replace the solution in a code cell by `# YOUR CODE HERE` and `name = ...` for each name it gives.

    Parameters
    ----------
    text : str
        The cell. What stands between `### BEGIN SOLUTION` and `### END SOLUTION` is the solution.
    whole : bool
        Without such a region the whole cell is the solution.

    Raises
    ------
    ValueError
        When a region is not closed, or closed before it begins.

    Examples
    --------
    >>> print(stub("effect = fit.fixef['Days']\\nprint(effect)", whole=True))
    # YOUR CODE HERE
    effect = ...
    >>> print(stub("a = 1\\n### BEGIN SOLUTION\\nb = a + 1\\n### END SOLUTION\\ncheck('ex00.q1', b)"))
    a = 1
    # YOUR CODE HERE
    b = ...
    check('ex00.q1', b)
    """
    if whole and BEGIN_SOLUTION not in text:
        return stub_of(text)
    return replace_regions(text, BEGIN_SOLUTION, END_SOLUTION, stub_of)


def drop_hidden(text: str) -> str:
    """A cell of tests without those between `### BEGIN HIDDEN TESTS` and `### END HIDDEN TESTS`."""
    return replace_regions(text, BEGIN_HIDDEN, END_HIDDEN, lambda region: "")


def replace_regions(text: str, begin: str, end: str, replace: Callable[[str], str]) -> str:
    """Put `replace(region)` in the place of each region between marker lines, indented as its marker is."""
    lines: list[str] = []
    region: list[str] | None = None
    margin = ""
    for line in text.splitlines():
        mark = line.strip()
        if mark == begin:
            if region is not None:
                raise ValueError(f"'{begin}' stands inside a region that is still open")
            region, margin = [], line[: len(line) - len(line.lstrip())]
        elif mark == end:
            if region is None:
                raise ValueError(f"'{end}' closes a region that was never opened")
            lines += textwrap.indent(replace(textwrap.dedent("\n".join(region))), margin).splitlines()
            region = None
        else:
            (lines if region is None else region).append(line)
    if region is not None:
        raise ValueError(f"'{begin}' is never closed by '{end}'")
    return "\n".join(lines)


def stub_of(solution: str) -> str:
    """What stands in a solution's place: a comment, and the names it would have given, not yet given."""
    lines = []
    for statement in ast.parse(solution).body:
        if isinstance(statement, ast.FunctionDef):
            lines.append(f"def {statement.name}({ast.unparse(statement.args)}):\n    ...")
        lines += [f"{name} = ..." for name in names_given(statement) if not name.startswith("_")]
    return "\n".join([CODE_STUB, *dict.fromkeys(lines or ["..."])])


def names_given(statement: ast.stmt) -> list[str]:
    """The names that an assignment binds, in order; none for any other statement."""
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return []
    parts = [part for target in targets for part in ast.walk(target)]
    return [part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
