"""The model answers to tasks in words, from the solutions' sources to the file that `model_answer` reads."""

import json
import re
from pathlib import Path

from nbformat import NotebookNode

from tools.student_version import BuildError, chapter_of, read_source, tags

FILE = Path("lmmkit", "course", "answers", "written.json")


def collect(root: Path) -> dict[str, dict[str, object]]:
    """Every written task's model answer and points, by its key, from the sources below a root."""
    found = {}
    for source in sorted((root / "solutions" / "source").glob("*.py")):
        cells = read_source(source).cells
        for cell in cells:
            if "written" in tags(cell):
                task = cell.metadata.task
                points = [point for scheme in rubrics(cells, task) for point in points_of(scheme.source)]
                if len(points) < 2:
                    raise BuildError(f"{source.stem}, {task}: a rubric is a list, one line a point")
                found[f"{chapter_of(source.stem)}.{task}"] = {"text": cell.source, "points": points}
    return found


def rubrics(cells: list[NotebookNode], task: str) -> list[NotebookNode]:
    """The cells that say how a task is marked."""
    return [cell for cell in cells if "rubric" in tags(cell) and cell.metadata.get("task") == task]


def points_of(rubric: str) -> list[str]:
    """The points of a rubric: the items of its list; what stands around the list is for the marker alone.

    Examples
    --------
    >>> points_of("For three points\\n\\n- the mother is\\n  named;\\n- so is the nest.\\n\\nNo point for luck.")
    ['the mother is named', 'so is the nest']
    """
    items = re.findall(r"^- (.+(?:\n  .+)*)", rubric, re.MULTILINE)
    return [" ".join(item.split()).rstrip(".;") for item in items]


def text(root: Path) -> str:
    """The file's text."""
    return json.dumps(collect(root), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
