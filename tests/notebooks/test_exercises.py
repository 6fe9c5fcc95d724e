"""A solution is right in every task; an untouched exercise runs, and has nothing right and nothing to copy."""

import nbformat
import pytest
from nbclient import NotebookClient

from tools.build_notebooks import ROOT, exercise_target, sources, target

SOURCES = [source for source in sources(ROOT, []) if exercise_target(source) is not None]


def verdicts(notebook):
    """What each cell that checks an answer said."""
    said = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("check("):
            said += [output["data"]["text/plain"] for output in cell.outputs if "data" in output]
    return said


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_solution_is_right(source):
    said = verdicts(nbformat.read(target(source), as_version=4))
    assert len(said) >= 5
    assert [verdict for verdict in said if not verdict.startswith("✔")] == []


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_an_untouched_exercise_runs_and_scores_nothing(source, monkeypatch):
    monkeypatch.setenv("LMMKIT_PROGRESS", "off")
    notebook = nbformat.read(exercise_target(source), as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    said = verdicts(notebook)
    assert len(said) >= 5
    assert [verdict for verdict in said if "not answered yet" not in verdict] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_no_line_of_a_solution_is_in_the_exercise(source):
    solution = nbformat.read(target(source), as_version=4)
    exercise = exercise_target(source).read_text(encoding="utf-8")
    for cell in solution.cells:
        if set(cell.metadata.get("tags", [])) & {"solution", "written", "rubric", "hidden"}:
            for line in filter(None, map(str.strip, cell.source.splitlines())):
                assert line not in exercise
