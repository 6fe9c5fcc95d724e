"""A solution is right in every task; an untouched exercise runs, and has nothing right and nothing to copy."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from lmmkit.course import check as checking
from lmmkit.course.check import find
from tests.leaks import secret_lines, secret_numbers, shows, texts
from tools.build_notebooks import ROOT, exercise_target, sources, target
from tools.student_version import NOTEBOOK_METADATA, RUNNING_TAGS

SOURCES = [source for source in sources(ROOT, []) if exercise_target(source) is not None]


def verdicts(notebook):
    """What each cell that checks an answer said."""
    said = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and re.search(r"^check\(", cell.source, re.MULTILINE):
            said += [output["data"]["text/plain"] for output in cell.outputs if "data" in output]
    return said


def earned(said):
    """The points that verdicts stand for."""
    return sum(find(verdict.split()[1].rstrip(":")).points for verdict in said if verdict.startswith("✔"))


def code_of(source):
    """The chapter's code: ex06 for 06_pooling, capstoneforest for capstone_forest."""
    return f"ex{source.stem[:2]}" if source.stem[0].isdigit() else source.stem.replace("_", "", 1)


def cells_tagged(source, tag):
    cells = nbformat.read(target(source), as_version=4).cells
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_solution_earns_all_points(source):
    questions = checking.questions_of(checking.chapters()[code_of(source)])
    said = verdicts(nbformat.read(target(source), as_version=4))
    assert [verdict for verdict in said if not verdict.startswith("✔")] == []
    assert sorted(verdict.split()[1].rstrip(":") for verdict in said) == sorted(
        f"{code_of(source)}.{name}" for name in questions
    )
    assert earned(said) == sum(question.points for question in questions.values()) >= 5


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_an_exercise_has_tasks_of_all_kinds(source):
    questions = checking.questions_of(checking.chapters()[code_of(source)])
    written, rubrics = cells_tagged(source, "written"), cells_tagged(source, "rubric")
    assert (
        {cell.metadata.task for cell in written} == {cell.metadata.get("task") for cell in rubrics} != set()
    )
    assert all(cell.metadata.points >= 1 for cell in written)
    assert 5 <= len(questions) + len(written) <= (10 if source.stem[0].isdigit() else 12)
    assert {cell.metadata.task for cell in cells_tagged(source, "solution")} >= set(questions)
    exercise = nbformat.read(exercise_target(source), as_version=4)
    assert any("explorers." in cell.source for cell in exercise.cells if cell.cell_type == "code")


def test_every_question_of_an_exercise_has_its_notebook():
    chapters = {code for code, module in checking.chapters().items() if not module.startswith("lesson_")}
    assert chapters == {code_of(source) for source in SOURCES}


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_an_untouched_exercise_runs_and_scores_nothing(source, monkeypatch):
    monkeypatch.setenv("LMMKIT_PROGRESS", "off")
    notebook = nbformat.read(exercise_target(source), as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    said = verdicts(notebook)
    assert len(said) == len(checking.questions_of(checking.chapters()[code_of(source)]))
    assert [verdict for verdict in said if "not answered yet" not in verdict] == []
    assert earned(said) == 0


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_no_line_of_a_solution_is_in_any_exercise(source):
    lines = secret_lines(source)
    assert len(lines) >= 5
    for exercise in (ROOT / "exercises").glob("*.ipynb"):
        text = texts(nbformat.read(exercise, as_version=4))
        assert [line for line in lines if line in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_an_exercise_has_no_outputs_no_keys_and_no_number_that_is_asked_for(source):
    notebook = nbformat.read(exercise_target(source), as_version=4)
    assert notebook.metadata == NOTEBOOK_METADATA
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert set(cell.metadata) <= {"tags", "jupyter"}
        assert set(cell.metadata.get("tags", [])) <= RUNNING_TAGS
    text = texts(notebook)
    assert "HIDDEN TESTS" not in text
    for name, question in checking.questions_of(checking.chapters()[code_of(source)]).items():
        assert [number for number in secret_numbers(name, question) if shows(text, number)] == []
