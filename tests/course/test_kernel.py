"""A kernel with the course's settings says in words that a name is not known yet."""

import os

import nbformat
import pytest
from nbclient import NotebookClient

from lmmkit.course import kernel
from tools import jupyter_settings


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("check('06.q1', 'flatter')", "Run the first code cell"),
        ("perch.head()", "Run All Above Selected Cell"),
    ],
)
def test_a_question_answered_before_its_imports_ran_says_so(code, said, tmp_path, monkeypatch):
    jupyter_settings.install(tmp_path)
    place = tmp_path / "etc" / "ipython"
    monkeypatch.setenv("IPYTHONDIR", str(place))
    (place / "profile_default").mkdir()
    (place / "ipython_kernel_config.py").rename(place / "profile_default" / "ipython_kernel_config.py")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=60).execute(
        env=dict(os.environ)
    )
    (error,) = [output for output in notebook.cells[0].outputs if output.output_type == "error"]
    assert error.ename == "NameError" and said in "\n".join(error.traceback)


def test_it_knows_all_that_the_first_cell_names():
    from lmmkit.course import start

    assert set(start.__all__) == kernel.FIRST_CELL


def test_settings_go_where_jupyter_looks(tmp_path):
    jupyter_settings.install(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")} == set(
        jupyter_settings.PLACES.values()
    )
