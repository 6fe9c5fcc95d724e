"""The student's copy: without outputs, brought up to date, and never written over."""

import json
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.leaks import leaks, secrets, texts
from tools import working_copy
from tools.build_notebooks import ROOT
from tools.working_copy import FOLDER, student_files, update

NAME = "lessons/06_pooling.ipynb"


def lesson(root, text="print(42)", room="lessons", name="06_pooling"):
    cells = [
        new_markdown_cell("# 6. Pooling", metadata={"covers": "003-20", "minutes": 45}),
        new_code_cell(text, outputs=[new_output("stream", text="forty-two")], execution_count=3),
    ]
    (root / room).mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), root / room / f"{name}.ipynb")


@pytest.fixture
def root(tmp_path):
    lesson(tmp_path)
    lesson(tmp_path, room="exercises")
    (tmp_path / "lessons" / "cheat_sheet.pdf").write_bytes(b"%PDF")
    update(tmp_path)
    return tmp_path


def files(root):
    return sorted(
        path.relative_to(root / FOLDER).as_posix() for path in (root / FOLDER).rglob("*.*") if path.is_file()
    )


def test_it_holds_pages_without_outputs(root):
    assert files(root) == [
        working_copy.RECORD, "exercises/06_pooling.ipynb", "lessons/06_pooling.ipynb", "lessons/cheat_sheet.pdf"
    ]  # fmt: skip
    text = (root / FOLDER / NAME).read_text()
    assert "print(42)" in text and "forty-two" not in text and "covers" not in text
    assert nbformat.read(root / FOLDER / NAME, 4).cells[1].execution_count is None


def test_what_is_untouched_is_replaced(root):
    lesson(root, "print(43)")
    assert update(root) == []
    assert "print(43)" in (root / FOLDER / NAME).read_text() and len(files(root)) == 4


def test_a_notebook_that_was_only_opened_is_untouched(root):
    opened = nbformat.read(root / FOLDER / NAME, 4)
    opened.metadata.language_info["version"] = "3.11.7"  # as JupyterLab does
    opened.cells[0].metadata["editable"] = True
    nbformat.write(opened, root / FOLDER / NAME)
    lesson(root, "print(43)")
    assert update(root) == []
    assert "print(43)" in (root / FOLDER / NAME).read_text()


def test_a_notebook_that_was_run_is_touched(root):
    run = nbformat.read(root / FOLDER / NAME, 4)
    run.cells[1].outputs = [new_output("stream", text="42")]
    nbformat.write(run, root / FOLDER / NAME)
    lesson(root, "print(43)")
    assert len(update(root)) == 1 and '"42"' in (root / FOLDER / NAME).read_text()


def test_what_is_touched_stays_and_the_newer_one_lies_beside_it(root):
    mine = (root / FOLDER / NAME).read_text().replace("print(42)", "print(42)  # my answer")
    (root / FOLDER / NAME).write_text(mine)
    assert update(root) == []  # nothing newer yet
    lesson(root, "print(43)")
    (said,) = update(root)
    assert "you have worked in yours: the new one is lessons/06_pooling_new.ipynb" in said
    assert (root / FOLDER / NAME).read_text() == mine
    assert "print(43)" in (root / FOLDER / "lessons/06_pooling_new.ipynb").read_text()
    assert update(root) == []  # said once
    lesson(root, "print(44)")
    (said,) = update(root)
    assert "print(44)" in (root / FOLDER / "lessons/06_pooling_new.ipynb").read_text()
    (root / FOLDER / "lessons/06_pooling_new.ipynb").write_text("mine, too")
    lesson(root, "print(45)")
    (said,) = update(root)
    assert said.endswith("lessons/06_pooling_new_2.ipynb")
    assert (root / FOLDER / "lessons/06_pooling_new.ipynb").read_text() == "mine, too"
    assert (root / FOLDER / NAME).read_text() == mine


def test_what_is_deleted_comes_back_fresh(root):
    (root / FOLDER / NAME).unlink()
    update(root)
    assert "print(42)" in (root / FOLDER / NAME).read_text()


@pytest.mark.parametrize("damage", ["{half", "[]", None])
def test_without_its_record_every_file_is_the_students(root, damage):
    record = root / FOLDER / working_copy.RECORD
    record.write_text(damage) if damage else record.unlink()
    before = (root / FOLDER / NAME).read_text()
    lesson(root, "print(43)")
    assert len(update(root)) == 1
    assert (root / FOLDER / NAME).read_text() == before


def test_who_is_interrupted_loses_nothing(root, monkeypatch):
    lesson(root, "print(43)")
    real = working_copy.write_whole

    def stop(file, content):
        if file.name == "06_pooling.ipynb":
            raise KeyboardInterrupt
        real(file, content)

    with monkeypatch.context() as patch:
        patch.setattr(working_copy, "write_whole", stop)
        with pytest.raises(KeyboardInterrupt):
            update(root)
    assert "print(42)" in (root / FOLDER / NAME).read_text()
    assert update(root) == [] and "print(43)" in (root / FOLDER / NAME).read_text()


def test_progress_of_an_earlier_visit_is_taken_along_once(root):
    (root / working_copy.PROGRESS).write_text('{"a": 1}')
    update(root)
    copy = root / FOLDER / working_copy.PROGRESS
    assert json.loads(copy.read_text()) == {"a": 1}
    copy.write_text('{"a": 2}')
    update(root)
    assert json.loads(copy.read_text()) == {"a": 2}


def test_git_does_not_see_it():
    run = subprocess.run(["git", "check-ignore", "-q", f"{FOLDER}/{NAME}"], cwd=ROOT)
    assert run.returncode == 0


@pytest.fixture(scope="module")
def real_copy():
    """The notebooks that a student gets today, by place."""
    pages = {name: content for name, content in student_files(ROOT).items() if name.endswith(".ipynb")}
    return {name: nbformat.reads(content.decode(), 4) for name, content in pages.items()}


@pytest.mark.slow
def test_the_real_copy_has_every_page_and_no_output_or_solution(real_copy):
    rooms = ("lessons", "exercises")
    assert set(real_copy) == {
        f"{room}/{path.name}" for room in rooms for path in (ROOT / room).glob("*.ipynb")
    }
    assert "lessons/appendix_lectures.ipynb" in real_copy
    for name, notebook in real_copy.items():
        cells = notebook.cells
        assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells), name
        assert leaks(texts(notebook), exercise=name.startswith("exercises/")) == set(), name


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "lessons/appendix_lectures.ipynb",
        "lessons/explorers.ipynb",
        "lessons/glossary.ipynb",
        "lessons/06_pooling.ipynb",
        "exercises/06_pooling.ipynb",
        "exercises/capstone_owls.ipynb",
    ],
)
def test_a_solution_that_slips_into_the_copy_is_seen(real_copy, name):
    words, code = secrets()
    assert len(words) > 100 and len(code) > 200
    notebook, exercise = real_copy[name], name.startswith("exercises/")
    sentence = max(words, key=len)
    fit = next(
        line for line in sorted(code) if line.startswith("model = lk.lmer(") and len(line.split()) > 10
    )
    for secret, kind in (
        (sentence, new_markdown_cell),
        (f"# {sentence}", new_code_cell),
        (fit, new_code_cell),
    ):
        spoiled = new_notebook(cells=[*notebook.cells, kind(secret)])
        assert leaks(texts(spoiled), exercise=exercise) == {secret.removeprefix("# ")}
    shown = new_code_cell("fit", outputs=[new_output("stream", text=sentence)])
    assert leaks(texts(new_notebook(cells=[*notebook.cells, shown])), exercise=exercise) == {sentence}
    short = new_markdown_cell('answer_2 = "it says so"', metadata={"note": min(words, key=len)})
    assert bool(leaks(texts(new_notebook(cells=[*notebook.cells, short])), exercise=exercise)) == exercise
