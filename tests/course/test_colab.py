"""Lessons on a machine that is not the student's, such as Colab's: it has older widgets, and no lmmkit at first."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement

from lmmkit.course import explorers
from tools.build_notebooks import ROOT
from tools.lesson_page import INSTALL, exercise_page, lesson_page
from tools.page_rules import START

VERSIONS = Path(__file__).with_name("colab_versions.txt")
PINS = [Requirement(line) for line in VERSIONS.read_text("utf-8").splitlines() if not line.startswith("#")]
LESSONS = sorted((ROOT / "lessons" / "source").glob("*.py"))
EXERCISES = sorted((ROOT / "solutions" / "source").glob("*.py"))


def first_line(page):
    """The first code cell of a page."""
    return next(cell.source for cell in page.cells if cell.cell_type == "code")


def test_colabs_versions_are_good_enough_for_the_course():
    """Then installing lmmkit replaces nothing that is running."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {need.name: need for need in map(Requirement, project["optional-dependencies"]["course"])}
    for pin in PINS:
        version = next(iter(pin.specifier)).version
        assert pin.name not in asked or asked[pin.name].specifier.contains(version), pin
    assert {"ipykernel", "ipywidgets"} <= set(asked)


@pytest.mark.parametrize(
    "source", LESSONS + EXERCISES, ids=lambda source: f"{source.parts[-3]}-{source.stem}"
)
def test_the_first_cell_says_what_to_install(source):
    page = (lesson_page if source in LESSONS else exercise_page)(source)
    told, *rest = first_line(page).splitlines()
    assert told == INSTALL and START.match(rest[0])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = Requirement(INSTALL.rpartition(" ")[2].strip('"'))
    assert wanted.name == project["name"] and wanted.extras <= set(project["optional-dependencies"])


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """A kernel with Colab's widgets and shell, and all else from the environment of these tests; its name."""
    folder = tmp_path_factory.mktemp("colab")
    python = folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [
        python,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "-r",
        VERSIONS,
    ]
    for command in ([sys.executable, "-m", "venv", folder / "env"], pip):
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if run.returncode != 0:
            said = (run.stderr.strip() or "no reason given").splitlines()[-1]
            pytest.skip(f"Colab's versions cannot be installed here: {said}")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    ours, theirs = (
        subprocess.check_output([one, "-c", where], text=True).strip() for one in (sys.executable, python)
    )
    (Path(theirs) / "course.pth").write_text(ours)  # searched after the environment's own
    kernel = folder / "kernels" / "colab"
    kernel.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "colab", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    return folder


def run(cells, colab, tmp_path, monkeypatch, **environment):
    """Run cells as Colab would, in a folder with nothing in it."""
    monkeypatch.setenv("JUPYTER_PATH", str(colab))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    notebook = new_notebook(cells=cells)
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, kernel_name="colab", resources=where).execute()
    return notebook


@pytest.mark.slow
def test_a_lesson_and_every_explorer_run_with_colabs_widgets(colab, tmp_path, monkeypatch):
    page = lesson_page(ROOT / "lessons" / "source" / "00_start_here.py")
    versions = "import ipywidgets, IPython\nprint(ipywidgets.__version__, IPython.__version__)"
    shown = [f"panel = explorers.{name}()\npanel" for name in explorers.__all__]
    moved = "panel = explorers.random_effects()\nbefore = panel.readout.value\npanel.set(groups=5)"
    moved += "\npanel.readout.value != before"
    cells = [*page.cells, *map(new_code_cell, [versions, moved, *shown])]
    done = run(cells, colab, tmp_path, monkeypatch, PYTHONPATH=str(ROOT)).cells
    told, change, *panels = done[len(page.cells) :]
    assert told.outputs[0].text.split() == ["7.7.1", "7.34.0"]
    assert change.outputs[0].data["text/plain"] == "True"
    for cell in panels:
        (output,) = cell.outputs
        assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= set(output.data), cell.source
    assert not [out for cell in done for out in cell.get("outputs", []) if out.output_type == "error"]
    nbformat.validate(new_notebook(cells=done))


@pytest.mark.slow
def test_without_lmmkit_the_error_shows_what_to_install(colab, tmp_path, monkeypatch):
    """The editable install of these tests is hidden by a file that stands for a machine without it."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['lmmkit'] = None\n")
    cell = new_code_cell(first_line(lesson_page(LESSONS[0])))
    with pytest.raises(CellExecutionError) as failed:
        run([cell], colab, tmp_path, monkeypatch, PYTHONPATH=str(tmp_path))
    assert "ModuleNotFoundError" in str(failed.value) and INSTALL in str(failed.value)
