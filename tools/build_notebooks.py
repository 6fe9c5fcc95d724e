"""Build the notebooks from their sources: `make notebooks`.

`lessons/source/NN_name.py` (jupytext's py:percent) becomes `lessons/NN_name.ipynb`, executed. In the same way
`solutions/source/NN_name.py` becomes `solutions/NN_name.ipynb`, and besides `exercises/NN_name.ipynb`, which
is what the student gets: no outputs, no answers.

A build fails when a cell raises, writes to stderr (a warning, say), shows something that is different every
time or a picture without words, or when a solution does not earn its points. Two builds from one source on one
machine give the same file, byte for byte.

At the end it says how many sentences that count or compare have no claim; for notebooks that were named, which.
"""

import argparse
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbval.plugin import coalesce_streams, get_sanitize_patterns

from tools import claims, glossary, lesson_page, page_rules, student_version
from tools.lesson_page import exercise_page
from tools.student_version import NOTEBOOK_METADATA, BuildError, chapter_of, read_source

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("lessons", "solutions")
SANITIZE = Path("tests/notebooks/sanitize.cfg")  # what nbval is given, too
CELL_TIMEOUT = 120  # seconds; the same as nbval's in the Makefile

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
BARE_WIDGET = re.compile(r"\w+\((children|value|layout|options|description|outputs)=")
QUIET_END = "end the cell with a line that gives no value, such as plt.show()"
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # of a traceback in a terminal


# ---------------------------------------------------------------- where things stand


def sources(root: Path, wanted: list[str]) -> list[Path]:
    """The sources to build, in order; `wanted` are names or beginnings of names, none means all."""
    found = [source for room in ROOMS for source in sorted((root / room / "source").glob("[0-9a-z]*.py"))]
    for name in wanted:
        if not any(source.stem.startswith(name) for source in found):
            raise BuildError(f"no source is called {name}; there are {', '.join(s.stem for s in found)}")
    return [source for source in found if not wanted or source.stem.startswith(tuple(wanted))]


def title(source: Path) -> str:
    """The name of a notebook in messages, e.g. `lessons/06_pooling`."""
    return f"{source.parent.parent.name}/{source.stem}"


def target(source: Path) -> Path:
    """Where the executed notebook of a source stands."""
    return source.parent.parent / f"{source.stem}.ipynb"


def exercise_target(source: Path) -> Path | None:
    """Where the exercise made from a source stands; lessons have none."""
    room = source.parent.parent
    return room.parent / "exercises" / f"{source.stem}.ipynb" if room.name == "solutions" else None


def is_stale(source: Path, root: Path) -> bool:
    """Whether a notebook is older than its source or than anything that its outputs depend on."""
    products = [path for path in (target(source), exercise_target(source)) if path is not None]
    if not all(path.exists() for path in products):
        return True
    inputs = [source, *BUILDERS, *library(source, root), *(root / "data").glob("*.csv")]
    inputs += [path for path in [root / glossary.SOURCE] if path.exists()]
    return max(path.stat().st_mtime for path in inputs) > min(path.stat().st_mtime for path in products)


#: What decides how a source becomes a notebook.
BUILDERS = tuple(
    Path(str(module.__file__)) for module in (student_version, lesson_page, glossary, page_rules)
)


def library(source: Path, root: Path) -> list[Path]:
    """The modules that a notebook's outputs depend on: the answers to other notebooks' questions are none."""
    kind, number = "exercise" if exercise_target(source) else "lesson", source.stem[:2]
    own = f"{kind}_{number}.py" if number.isdigit() else f"{source.stem}.py"
    answers = root / "lmmkit" / "course" / "answers"
    found = (root / "lmmkit").rglob("*.py")
    return [path for path in found if path.parent != answers or path.name in (own, "__init__.py")]


# ---------------------------------------------------------------- building


def build(source: Path) -> None:
    """Build a source's notebook, and the exercise of a solution; nothing is written unless all is well."""
    exercise = exercise_target(source)
    student = exercise_page(source) if exercise else None
    executed = execute(source)
    refuse_lost_points(executed, source)
    write(executed, target(source))
    if exercise and student:
        write(student, exercise)


def page_of(source: Path) -> NotebookNode:
    """What is executed: a solution as its source has it, a lesson with what the build adds."""
    return read_source(source) if exercise_target(source) else lesson_page.lesson_page(source)


def refuse_lost_points(executed: NotebookNode, source: Path) -> None:
    """Refuse a solution that its own questions do not call right, and a lesson that answers wrongly.

    A lesson may leave an answer to its reader.

    Raises
    ------
    BuildError
        With the first verdict that is not "right".
    """
    solves = exercise_target(source) is not None
    own = f"{chapter_of(source.stem)}." if solves else f"{source.stem[:2]}."
    wrong, what = ("✘…", "the solution") if solves else ("✘", "the answer")
    for number, cell in enumerate(executed.cells):
        for output in cell.get("outputs", []):
            said = str(output.get("data", {}).get("text/plain", ""))
            if said[:1] in wrong and said[2:].startswith(own):
                raise BuildError(f"{title(source)}, cell {number}: {what} is not right: {said}")


def execute(source: Path) -> NotebookNode:
    """Run a source's cells in a fresh kernel, started where the notebook stands, and keep the outputs.

    Raises
    ------
    BuildError
        When a cell raises and is not tagged `raises-exception`, or is and does not, takes too long, writes to
        stderr, ends in a semicolon, or shows a memory address, a widget that has no picture to stand in for it,
        or a picture without words for those who do not see it.
    """
    notebook = page_of(source)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.rstrip().endswith(";"):
            # nbval runs cells without a history, and IPython looks for the semicolon there.
            where = f"{title(source)}, cell {number}"
            raise BuildError(f"{where}: nbval overlooks a closing semicolon; {QUIET_END}")
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(target(source).parent)}},
        store_widget_state=False,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # the kernel's own remarks are not the notebook's
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise BuildError(f"{title(source)}: {COLOUR.sub('', str(error))}") from error
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            where = f"{title(source)}, cell {number}"
            cell.outputs = [storable(output, where) for output in coalesce_streams(cell.outputs)]
            raised = any(output.output_type == "error" for output in cell.outputs)
            if (
                "raises-exception" in student_version.tags(cell) and not raised
            ):  # nbclient and nbval let that pass
                raise BuildError(f"{where} is tagged raises-exception, and does not raise")
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)  # the kernel adds its version, which may differ
    return notebook


def storable(output: NotebookNode, where: str) -> NotebookNode:
    """An output as it is to be stored; refuses what a reader should not see and what every run changes.

    A picture without a text for those who do not see it is refused, too.
    """
    if output.output_type == "stream" and output.name == "stderr":
        raise BuildError(f"{where} writes to stderr; put right what it warns of:\n{output.text}")
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]  # the rest is line numbers of the machine
        return output
    shown: dict[str, Any] = output.get("data", {"text/plain": output.get("text", "")})
    # A widget's view lives only as long as its kernel: a page just opened shows the picture in its place.
    is_widget = shown.pop(WIDGET_VIEW, None) is not None
    plain = str(shown.get("text/plain", ""))
    if is_widget and set(shown) <= {"text/plain"} and (not plain or BARE_WIDGET.match(plain)):
        raise BuildError(f"{where} shows a bare widget, which is blank until it is run; show a panel")
    if ADDRESS.search(plain):
        raise BuildError(f"{where} shows a memory address, {plain!r}; {QUIET_END}")
    if "image/png" in shown and not output.get("metadata", {}).get("image/png", {}).get("alt"):
        raise BuildError(
            f"{where} shows a picture without words; end the cell with lesson.show('what is seen')"
        )
    return output


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook in its one regular form."""
    nbformat.validate(notebook)
    path.parent.mkdir(exist_ok=True)
    path.write_text(as_text(notebook), encoding="utf-8")


def as_text(notebook: NotebookNode) -> str:
    """The text of a notebook's file."""
    text: str = nbformat.writes(notebook, version=4, indent=1, sort_keys=True, ensure_ascii=False)
    return text.rstrip("\n") + "\n"


# ---------------------------------------------------------------- comparing with what is stored


def differences(source: Path, root: Path) -> list[str]:
    """Build anew, write nothing, and say how the result differs from the stored files."""
    found = stored_differences(source)
    if not target(source).exists():
        return found
    patterns = get_sanitize_patterns((root / SANITIZE).read_text(encoding="utf-8"))
    stored = nbformat.read(target(source), as_version=4)
    for number, (new, old) in enumerate(zip(execute(source).cells, stored.cells, strict=False)):
        if new.cell_type == "code" and comparable(new, patterns) != comparable(old, patterns):
            found.append(f"{title(source)}: cell {number} gives another output than the stored one")
    return found


def stored_differences(source: Path) -> list[str]:
    """How the stored notebooks differ from their source, as far as can be told without running them."""
    again = f"make notebooks NB={source.stem}"
    if not target(source).exists():
        return [f"{title(source)} has not been built: {again}"]
    found = []
    blank = page_of(source)
    stored = nbformat.read(target(source), as_version=4)
    for cell in stored.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if as_text(stored) != as_text(blank):
        found.append(f"{title(source)}.ipynb is not what its source gives: {again}")
    exercise = exercise_target(source)
    if exercise:
        student = as_text(exercise_page(source))
        if not exercise.exists() or exercise.read_text(encoding="utf-8") != student:
            found.append(f"exercises/{source.stem}.ipynb is not what its source gives: {again}")
    return found


def comparable(cell: NotebookNode, patterns: list[tuple[str, str]]) -> list[dict[str, str]]:
    """A code cell's outputs as nbval compares them: text sanitised, pictures left out."""

    def clean(text: Any) -> str:
        text = str(text)
        for pattern, replacement in patterns:
            text = re.sub(pattern, replacement, text)
        return text

    rows = []
    for output in cell.outputs:
        shown = output.get("data", {key: output[key] for key in ("text", "ename", "evalue") if key in output})
        rows.append({mime: clean(text) for mime, text in shown.items() if not mime.startswith("image/")})
    return rows


# ---------------------------------------------------------------- the command


def work(source: Path, root: Path, check: bool) -> list[str]:
    """Build or check one source, say so, and return what is wrong."""
    start = time.perf_counter()
    found: list[str] = []
    try:
        if check:
            found = differences(source, root)
        else:
            build(source)
    except BuildError as error:
        found = [str(error)]
    print(f"{title(source)}: {'FAILED' if found else 'ok'}, {time.perf_counter() - start:.1f} s", flush=True)
    return found


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the notebooks from their sources.")
    parser.add_argument("names", nargs="*", help="only these, e.g. 06_pooling or 06")
    parser.add_argument("--force", action="store_true", help="also those that are up to date")
    parser.add_argument("--check", action="store_true", help="compare with what is stored, write nothing")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time")
    options = parser.parse_args(argv)
    try:
        wanted = sources(root, options.names)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    todo = [source for source in wanted if options.check or options.force or is_stale(source, root)]
    with ProcessPoolExecutor(max_workers=max(1, options.jobs)) as pool:
        found = list(pool.map(work, todo, [root] * len(todo), [options.check] * len(todo)))
    for problem in (problem for problems in found for problem in problems):
        print(problem, file=sys.stderr)
    for source in todo:
        print("\n".join(claims.report(source, bool(options.names), root)))
    well = sum(not problems for problems in found)
    print(f"{well} of {len(wanted)} notebooks {'are as their sources say' if options.check else 'built'}")
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main())
