"""From a notebook's source to what the student gets: tags and marked regions decide what is left out.

The marks are nbgrader's (`### BEGIN SOLUTION`, `### BEGIN HIDDEN TESTS`, `# YOUR CODE HERE`), so that one
source serves the exercises for self-study and a graded course alike. CONTRIBUTING has a table of the tags.
"""

import ast
import hashlib
import re
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from lmmkit.course.own_data import PLACE
from lmmkit.course.own_task import own_task

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
GIVEN = "### GIVEN "
OWN = "### OWN "
CODE_STUB = "# YOUR CODE HERE"
TEXT_STUB = "*YOUR ANSWER HERE: double-click to write*"

# A tag that is not one of these is refused: a mistyped `solution` would hand out the answer.
EXERCISE_TAGS = {"solution", "written", "test", "hidden", "rubric"}
RUNNING_TAGS = {"raises-exception", "nbval-ignore-output"}
# Cells that are read by what they show: their code is folded under its first line, a comment that is its caption.
FOLDED_TAGS = {"picture", "box", "fold"}

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


class BuildError(Exception):
    """A source that cannot become a notebook; the message says which, where and why."""


def read_source(source: Path, own: bool = False) -> NotebookNode:
    """Read a py:percent file as a notebook without outputs, its metadata and cell ids made regular.

    Parameters
    ----------
    source : Path
        The `.py` file.
    own : bool
        For a course in which each student has numbers of their own: places such as `{{w1.between}}` are left in the
        texts, and an answer is what its lines `### OWN` say. Else the places hold everybody's numbers.

    Returns
    -------
    NotebookNode
        nbformat 4.5. Cells keep their tags and the keys that their source gives them (`task`, `points`).

    Raises
    ------
    BuildError
        When a cell has a tag that is not in the table of CONTRIBUTING, or a folded cell has no caption.
    """
    import jupytext  # of those who build: a student's set-up has this module, but not that package

    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    known = EXERCISE_TAGS | RUNNING_TAGS | FOLDED_TAGS
    for number, cell in enumerate(notebook.cells):
        cell.metadata.pop("lines_to_next_cell", None)
        unknown = tags(cell) - known
        if unknown:
            listed = ", ".join(sorted(known))
            raise BuildError(
                f"{source}, cell {number}: tag {min(unknown)!r} is not known; there are {listed}"
            )
        if tags(cell) & FOLDED_TAGS:
            if not is_caption(cell.source.partition("\n")[0]):
                raise BuildError(
                    f"{source}, cell {number}: a folded cell shows only its first line; make that a comment "
                    "that says what the cell shows, such as '# Picture: six drivers, three lines each'"
                )
            cell.metadata.jupyter = {"source_hidden": True}
        take_out_given(cell)
        take_own(cell, own)
        if not own and PLACE.search(cell.source):
            cell.source = own_task(chapter_of(source.stem), cell.source)
    return regular(notebook.cells)


def is_caption(line: str) -> bool:
    """Whether a line is a comment of at least three words, such as stands over a folded cell."""
    return line.startswith("# ") and len(line.split()) >= 4


def take_out_given(cell: NotebookNode) -> None:
    """Put what a half-written answer gives the student, the lines after `### GIVEN`, into the metadata."""
    lines = cell.source.splitlines()
    given = [line.strip().removeprefix(GIVEN) for line in lines if line.strip().startswith(GIVEN)]
    if given:
        cell.metadata.given = "\n".join(given)
        cell.source = "\n".join(line for line in lines if not line.strip().startswith(GIVEN))


def take_own(cell: NotebookNode, own: bool) -> None:
    """Make of an answer with lines `### OWN` the one or the other: these lines, or all but these."""
    lines = cell.source.splitlines()
    marked = [line.strip().removeprefix(OWN) for line in lines if line.strip().startswith(OWN)]
    if marked:
        kept = marked if own else [line for line in lines if not line.strip().startswith(OWN)]
        cell.source = "\n".join(kept)


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
    cells: list[NotebookNode] = []
    try:
        keep = words_in_view(solved)
    except ValueError as error:
        raise BuildError(f"{name}: {error}") from error
    after_answer = False  # whether the cell before is an answer's
    for number, cell in enumerate(solved.cells):
        try:
            text = student_text(cell, keep)
        except (ValueError, SyntaxError) as error:
            raise BuildError(f"{name}, cell {number}: {error}") from error
        if after_answer and text.startswith("check("):
            cells[-1].source += f"\n\n{text}"  # the verdict stands where the answer is
            after_answer = False
        elif text.strip():
            cells.append(student_cell(cell, text))
            after_answer = cell.cell_type == "code" and "solution" in tags(cell)
        if "written" in tags(cell) and "task" in cell.metadata:
            cells.append(new_code_cell(REVEAL.format(key=f"{chapter_of(name)}.{cell.metadata.task}")))
    return regular(cells)


#: The cell below a written answer; what it shows is asked for by a click.
REVEAL = """\
# After writing: a model answer, and what to look for in yours
from lmmkit.course.check import model_answer

model_answer("{key}")"""


def chapter_of(name: str) -> str:
    """The code of an exercise's questions, from its name: `ex06` for `solutions/06_pooling`.

    Examples
    --------
    >>> chapter_of("06_pooling"), chapter_of("exercises/capstone_forest")
    ('ex06', 'capstoneforest')
    """
    stem = name.rpartition("/")[2]
    return f"ex{stem[:2]}" if stem[:2].isdigit() else stem.replace("_", "", 1)


def words_in_view(solved: NotebookNode) -> set[str]:
    """What a student has to know of: names that cells outside the answers use, and words between backticks in a text.

    A name that a cell makes for itself, such as that of a loop, is not used by it in this sense.
    """
    words: set[str] = set()
    for cell in solved.cells:
        if tags(cell) & EXERCISE_TAGS - {"test"}:
            continue
        text = replace_regions(drop_hidden(cell.source), BEGIN_SOLUTION, END_SOLUTION, lambda region: "...")
        if cell.cell_type == "code":
            words |= names_used(text)
        else:
            words.update(
                word
                for piece in re.findall(r"`([^`]+)`", text)
                for word in re.findall(r"(?<![\w.])\w+", piece)
            )
    return words


def names_used(code: str) -> set[str]:
    """The names that a cell uses without having made them.

    Examples
    --------
    >>> sorted(names_used("line = 1\\nfor row in rows:\\n    print(row, line, model)"))
    ['model', 'print', 'rows']
    >>> sorted(names_used("total = total + 1\\ndef f(x):\\n    return x + shift"))
    ['shift', 'total']
    """
    used: set[str] = set()
    made: set[str] = set()
    for statement in ast.parse(code).body:
        nodes = list(ast.walk(statement))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        inner = {node.arg for node in nodes if isinstance(node, ast.arg)}
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            inner |= stored - set(names_given(statement))  # of comprehensions on its right side
        else:
            inner |= stored
        used |= {node.id for node in names if isinstance(node.ctx, ast.Load)} - made - inner
        made |= stored | {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        made |= {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}
    return used


def student_text(cell: NotebookNode, keep: set[str] | None = None) -> str:
    """What the student reads in a cell; nothing when the cell is not for students."""
    kinds = tags(cell)
    if kinds & {"hidden", "rubric"} or (cell.cell_type != "code" and "solution" in kinds):
        return ""
    if "written" in kinds:
        return TEXT_STUB
    if cell.cell_type != "code":
        return str(cell.source)
    given = cell.metadata.get("given", "")
    return stub(drop_hidden(cell.source), whole="solution" in kinds, keep=keep, given=given)


def student_cell(cell: NotebookNode, text: str) -> NotebookNode:
    """A cell for the student; of its metadata only what changes how it runs, and whether it is folded, is kept."""
    keep = sorted(tags(cell) & RUNNING_TAGS)
    metadata: dict[str, object] = {"tags": keep} if keep else {}
    if "jupyter" in cell.metadata:
        metadata["jupyter"] = dict(cell.metadata.jupyter)
    make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
    return make(text, metadata=metadata)


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """The page as a student opens it: nothing has been run, and a prediction is a prediction.

    Parameters
    ----------
    notebook : NotebookNode
        An executed lesson. It is left as it is.

    Returns
    -------
    NotebookNode
        The same cells without outputs, and without the metadata that only those who build need.
    """
    cells = [student_cell(cell, cell.source) for cell in notebook.cells]
    return regular(cells)


def stub(text: str, whole: bool = False, keep: set[str] | None = None, given: str = "") -> str:
    """Replace the solution in a code cell by `# YOUR CODE HERE` and `name = ...` for each name it gives.

    Parameters
    ----------
    text : str
        The cell. What stands between `### BEGIN SOLUTION` and `### END SOLUTION` is the solution.
    whole : bool
        Without such a region the whole cell is the solution.
    keep : set of str, optional
        Of the names that the solution gives only these are left; all of them when nothing is said.
    given : str
        What a half-written answer begins with.

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

    def replace(region: str) -> str:
        return stub_of(region, keep, given)

    if whole and BEGIN_SOLUTION not in text:
        return replace(text)
    return replace_regions(text, BEGIN_SOLUTION, END_SOLUTION, replace)


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


def stub_of(solution: str, keep: set[str] | None = None, given: str = "") -> str:
    """What stands in a solution's place: a comment, and the names it would have given, not yet given.

    Examples
    --------
    >>> print(stub_of("own = means()\\nfar = own.idxmax()", keep={"far"}, given="# own = ...mean()"))
    # YOUR CODE HERE
    # own = ...mean()
    far = ...
    >>> print(stub_of("model = fit(1)", given="# model = fit(...)"))
    # YOUR CODE HERE
    model = ...
    # model = fit(...)
    """
    lines = []
    for statement in ast.parse(solution).body:
        if isinstance(statement, ast.FunctionDef):
            lines.append(f"def {statement.name}({ast.unparse(statement.args)}):\n    ...")
        lines += [f"{name} = ..." for name in names_given(statement) if is_asked_for(name, keep)]
    lines = list(dict.fromkeys(lines or ["..."]))
    # What is half-written as a comment stands below its name, or it would be undone when the # is taken away.
    begun = [line for line in lines if f"# {line.removesuffix('...')}" in given]
    rest = [line for line in lines if line not in begun]
    return "\n".join([CODE_STUB, *begun, *given.splitlines(), *rest])


def is_asked_for(name: str, keep: set[str] | None) -> bool:
    """Whether the student has to know of a name."""
    return not name.startswith("_") and (keep is None or name in keep)


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
