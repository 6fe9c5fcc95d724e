"""The build, on a room of its own: what it stores, what it refuses, and what it notices."""

import os
import re
import shutil
from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import build_notebooks
from tools.build_notebooks import as_text, exercise_target, is_stale, main, sources, storable, target
from tools.student_version import BuildError, read_source

LESSON = """\
# %% [markdown]
# # A lesson

# %%
import matplotlib.pyplot as plt
from lmmkit.course import lesson
print("one")
print("two")

# %%
plt.plot([1, 2], [3, 4])
lesson.show("A line that rises to the right.")

# %% tags=["raises-exception"]
1 / 0

# %%
"the " + "end"
"""
SOLUTION = '# %% tags=["solution"]\nanswer = 42\n\n# %%\nprint(answer, "is the answer")\n'


@pytest.fixture
def rooms(tmp_path):
    """A small repository: a lesson and a solution, neither built."""
    for room, name, text in (("lessons", "01_first", LESSON), ("solutions", "01_first", SOLUTION)):
        (tmp_path / room / "source").mkdir(parents=True)
        (tmp_path / room / "source" / f"{name}.py").write_text(text, encoding="utf-8")
    cfg = tmp_path / build_notebooks.SANITIZE
    cfg.parent.mkdir(parents=True)
    shutil.copy(build_notebooks.ROOT / build_notebooks.SANITIZE, cfg)
    return tmp_path


def age(path: Path, seconds: float) -> None:
    """Make a file look older (or newer) than it is."""
    now = path.stat().st_mtime
    os.utime(path, (now - seconds, now - seconds))


def output(kind="display_data", **data):
    if kind == "stream":
        return nbformat.v4.new_output("stream", name=data["name"], text=data["text"])
    return nbformat.v4.new_output(kind, data=data["data"])


def test_sources_are_found_by_the_beginning_of_their_name(rooms):
    assert [target(source).relative_to(rooms).as_posix() for source in sources(rooms, [])] == [
        "lessons/01_first.ipynb",
        "solutions/01_first.ipynb",
    ]
    assert len(sources(rooms, ["01"])) == 2
    with pytest.raises(BuildError, match="no source is called 99; there are 01_first, 01_first"):
        sources(rooms, ["99"])


def test_only_solutions_have_exercises(rooms):
    lesson, solution = sources(rooms, [])
    assert exercise_target(lesson) is None
    assert exercise_target(solution) == rooms / "exercises" / "01_first.ipynb"


def test_stderr_is_refused():
    with pytest.raises(BuildError, match=r"lessons/01, cell 3 writes to stderr.*\nUserWarning"):
        storable(output("stream", name="stderr", text="UserWarning: hm"), "lessons/01, cell 3")


def test_a_memory_address_is_refused():
    with pytest.raises(BuildError, match="memory address"):
        storable(output(data={"text/plain": "<Axes at 0x7f30aa12bc>"}), "x")


def test_a_bare_widget_is_refused_and_a_panel_is_stored_as_its_picture():
    view = {build_notebooks.WIDGET_VIEW: {"model_id": "abc"}}
    with pytest.raises(BuildError, match="bare widget"):
        storable(output(data={**view, "text/plain": "IntSlider(value=3)"}), "x")
    panel = nbformat.v4.new_output(
        "display_data",
        data={**view, "text/plain": "A panel", "image/png": "iVBOR"},
        metadata={"image/png": {"alt": "Eight groups, each with a line"}},
    )
    stored = storable(panel, "x")
    assert dict(stored.data) == {"text/plain": "A panel", "image/png": "iVBOR"}


def test_a_picture_without_words_is_refused():
    bare = output(data={"text/plain": "<Figure size 800x460>", "image/png": "iVBOR"})
    with pytest.raises(
        BuildError, match=r"lessons/06, cell 3 shows a picture without words; end the cell with"
    ):
        storable(bare, "lessons/06, cell 3")


def test_only_the_message_of_an_error_is_stored():
    error = nbformat.v4.new_output("error", ename="E", evalue="why", traceback=["/home/x", "line 3"])
    assert storable(error, "x").traceback == ["E: why"]


@pytest.mark.slow
def test_the_build_from_source_to_stored_files(rooms, capsys):
    lesson, solution = sources(rooms, [])
    assert is_stale(lesson, rooms) and is_stale(solution, rooms)
    assert main([], rooms) == 0
    assert "2 of 2 notebooks built" in capsys.readouterr().out

    stored = nbformat.read(target(lesson), as_version=4)
    nbformat.validate(stored)
    first, picture, error, last, _ = (cell.outputs for cell in stored.cells if cell.cell_type == "code")
    assert first == [{"output_type": "stream", "name": "stdout", "text": "one\ntwo\n"}]
    assert "image/png" in picture[0].data
    assert error[0].evalue == "division by zero"
    assert last[0].data["text/plain"] == "'the end'"
    assert [cell.execution_count for cell in stored.cells if cell.cell_type == "code"] == [1, 2, 3, 4, 5]
    assert "version" not in stored.metadata.language_info and "widgets" not in stored.metadata
    assert all("execution" not in cell.metadata for cell in stored.cells)

    student = (rooms / "exercises" / "01_first.ipynb").read_text(encoding="utf-8")
    assert "answer = ..." in student and "42" not in re.sub(r'"id": "\w+"', "", student)

    # nothing to do the second time; the same bytes when forced
    before = {path: path.read_bytes() for path in rooms.glob("*/*.ipynb")}
    assert main([], rooms) == 0
    assert "0 of 2 notebooks built" in capsys.readouterr().out
    assert main(["--force"], rooms) == 0
    assert {path: path.read_bytes() for path in rooms.glob("*/*.ipynb")} == before

    # a source that is younger than its notebook is stale, the other is not
    age(lesson, -60)
    assert is_stale(lesson, rooms) and not is_stale(solution, rooms)


@pytest.mark.slow
def test_check_notices_what_was_changed_by_hand(rooms, capsys):
    lesson, solution = sources(rooms, [])
    assert main(["--check"], rooms) == 1
    assert "lessons/01_first has not been built: make notebooks NB=01_first" in capsys.readouterr().err
    assert main([], rooms) == 0
    assert main(["--check"], rooms) == 0
    before = target(lesson).read_bytes()

    forged = nbformat.read(target(lesson), as_version=4)
    forged.cells[1].outputs[0].text = "one\nthree\n"
    target(lesson).write_text(as_text(forged))
    exercise = exercise_target(solution)
    exercise.write_text(exercise.read_text().replace("answer = ...", "answer = 42"))
    capsys.readouterr()
    assert main(["--check"], rooms) == 1
    said = capsys.readouterr().err
    assert "lessons/01_first: cell 1 gives another output than the stored one" in said
    assert "exercises/01_first.ipynb is not what its source gives" in said

    target(lesson).write_bytes(before)
    lesson.write_text(LESSON.replace("two", "deux"))
    assert main(["--check", "01"], rooms) == 1
    assert "lessons/01_first.ipynb is not what its source gives" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("undefined_name", "NameError"),
        ("import warnings\nwarnings.warn('careful')", "writes to stderr"),
        ("import ipywidgets\nipywidgets.IntSlider()", "bare widget"),
        ("object()", "memory address"),
        ('# %% tags=["raises-exception"]\n1 + 1', "is tagged raises-exception, and does not raise"),
        ("object();", "cell 0: nbval overlooks a closing semicolon"),
    ],
)
def test_a_build_that_fails_writes_nothing(rooms, capsys, code, message):
    source = sources(rooms, [])[0]
    source.write_text(f"# %%\n{code}\n")
    assert main(["--jobs", "1"], rooms) == 1
    assert message in capsys.readouterr().err
    assert not target(source).exists()
    assert target(sources(rooms, [])[1]).exists()


@pytest.mark.parametrize(("said", "refused"), [("✘ 97.q1: no", True), ("… 97.q1: not answered yet", False)])
def test_a_lesson_may_leave_an_answer_open_but_not_give_a_wrong_one(tmp_path, said, refused):
    output = new_output("execute_result", {"text/plain": said})
    notebook = new_notebook(cells=[new_code_cell("check('97.q1', mine)", outputs=[output])])
    source = tmp_path / "lessons" / "source" / "97_beetles.py"
    with pytest.raises(BuildError, match="the answer is not right") if refused else nullcontext():
        build_notebooks.refuse_lost_points(notebook, source)


@pytest.mark.slow
def test_a_solution_that_loses_points_is_refused(rooms, capsys):
    source = sources(rooms, [])[1]
    wrong = "from lmmkit.course.check import check\ncheck('ex01.q1', ['linearity'] * 4)\n"
    source.write_text(f"# %%\n{wrong}")
    assert main(["--jobs", "1", "01"], rooms) == 1
    said = capsys.readouterr()
    assert "solutions/01_first, cell 0: the solution is not right: ✘ ex01.q1" in said.err
    assert "1 of 2 notebooks built" in said.out
    assert not target(source).exists() and not exercise_target(source).exists()


def test_only_its_own_answers_make_a_notebook_stale(rooms):
    answers = rooms / "lmmkit" / "course" / "answers"
    answers.mkdir(parents=True)
    for name in ("exercise_01", "exercise_02", "lesson_01"):
        (answers / f"{name}.py").write_text("QUESTIONS = {}")
    lesson, solution = sources(rooms, [])
    assert [path.stem for path in build_notebooks.library(lesson, rooms)] == ["lesson_01"]
    assert [path.stem for path in build_notebooks.library(solution, rooms)] == ["exercise_01"]


def test_reading_is_repeatable(rooms):
    source = sources(rooms, [])[0]
    assert as_text(read_source(source)) == as_text(read_source(source))
